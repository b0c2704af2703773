//! Manifests of programs written in Go: empty fields omitted or `null`.
//!
//! The same manifests are sent to Debian's docker-registry, whose root is then taken over.

use serde_json::{Value, json};

use crate::cli_support::Regctl;
use crate::support::{
    Image, Manifest, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Program, Remote, Server,
    descriptor, have, sha256,
};

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

fn with(value: &Value, key: &str, to: Value) -> Value {
    let mut value = value.clone();
    value[key] = to;
    value
}

fn without(value: &Value, key: &str) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove(key);
    value
}

/// The cases by tag: the manifest, and the type that it is sent as.
fn cases(image: &Image) -> Vec<(&'static str, Manifest)> {
    let config = descriptor(OCI_CONFIG, &image.blobs[0]);
    let layer = descriptor(OCI_LAYER, &image.blobs[1]);
    let oci = |config: &Value, layers: Value| json!({ "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers });
    let docker = |layers: Value| json!({ "schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": descriptor(DOCKER_CONFIG, &image.blobs[0]), "layers": layers });
    let docker_layer = descriptor(DOCKER_LAYER, &image.blobs[1]);
    let empty = descriptor(DOCKER_LAYER, b"");
    let child = image.manifest.descriptor();
    let index = |children: Value| json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children });
    let list = |children: Value| json!({ "schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": children });
    // An image without layers as BuildKit writes it, with its indentation.
    let buildkit = format!(
        "{{\n  \"schemaVersion\": 2,\n  \"mediaType\": \"{OCI_MANIFEST}\",\n  \"config\": {{\n    \"mediaType\": \"{OCI_CONFIG}\",\n    \"digest\": \"{}\",\n    \"size\": {}\n  }},\n  \"layers\": null\n}}",
        sha256(&image.blobs[0]),
        image.blobs[0].len()
    );
    let of = |media_type: &str, value: &Value| Manifest::new(media_type, value);
    let beside = |field: &str| {
        let whole = oci(&config, json!([&layer])).to_string();
        Manifest::raw(
            OCI_MANIFEST,
            whole.replacen('{', &format!("{{{field},"), 1).into_bytes(),
        )
    };
    vec![
        (
            "buildkit",
            Manifest::raw(OCI_MANIFEST, buildkit.into_bytes()),
        ),
        (
            "no-layers",
            of(OCI_MANIFEST, &without(&oci(&config, json!([])), "layers")),
        ),
        (
            "keys-in-another-case",
            Manifest::raw(
                OCI_MANIFEST,
                oci(&config, json!([&layer]))
                    .to_string()
                    .replace("\"layers\"", "\"Layers\"")
                    .replace("\"config\"", "\"CONFIG\"")
                    .into_bytes(),
            ),
        ),
        // What Go reads with replacement characters, or skips.
        (
            "half-a-surrogate-pair",
            beside(r#""annotations":{"a":"\ud800","\udc00":"b"}"#),
        ),
        ("bytes-not-utf-8", {
            let mut manifest = beside(r#""annotations":{"a":"?"}"#);
            for byte in &mut manifest.bytes {
                *byte = if *byte == b'?' { 0xff } else { *byte };
            }
            manifest
        }),
        (
            "nested-deep",
            beside(&format!("\"x\":{}{}", "[".repeat(9000), "]".repeat(9000))),
        ),
        (
            "docker-null-layers",
            of(DOCKER_MANIFEST, &docker(Value::Null)),
        ),
        (
            "docker-no-layers",
            of(DOCKER_MANIFEST, &without(&docker(json!([])), "layers")),
        ),
        (
            "no-size",
            of(
                DOCKER_MANIFEST,
                &docker(json!([docker_layer, without(&empty, "size")])),
            ),
        ),
        (
            "null-size",
            of(
                OCI_MANIFEST,
                &oci(&config, json!([with(&layer, "size", Value::Null)])),
            ),
        ),
        (
            "no-type",
            of(
                OCI_MANIFEST,
                &oci(
                    &without(&config, "mediaType"),
                    json!([without(&layer, "mediaType")]),
                ),
            ),
        ),
        (
            "null-type",
            of(
                OCI_MANIFEST,
                &oci(&config, json!([with(&layer, "mediaType", Value::Null)])),
            ),
        ),
        (
            "null-urls",
            of(
                OCI_MANIFEST,
                &oci(&config, json!([with(&layer, "urls", Value::Null)])),
            ),
        ),
        (
            "null-annotations",
            of(
                OCI_MANIFEST,
                &with(
                    &oci(&config, json!([with(&layer, "annotations", Value::Null)])),
                    "annotations",
                    Value::Null,
                ),
            ),
        ),
        (
            "null-annotation",
            of(
                OCI_MANIFEST,
                &with(
                    &oci(
                        &config,
                        json!([with(&layer, "annotations", json!({"a": null}))]),
                    ),
                    "annotations",
                    json!({"b": null, "c": "d"}),
                ),
            ),
        ),
        (
            "null-manifests-beside",
            of(
                OCI_MANIFEST,
                &with(&oci(&config, json!([layer])), "manifests", Value::Null),
            ),
        ),
        (
            "empty-body-type",
            of(
                OCI_MANIFEST,
                &with(&oci(&config, json!([layer])), "mediaType", json!("")),
            ),
        ),
        (
            "no-body-type",
            of(
                OCI_MANIFEST,
                &without(&oci(&config, Value::Null), "mediaType"),
            ),
        ),
        ("null-manifests", of(OCI_INDEX, &index(Value::Null))),
        (
            "no-manifests",
            of(OCI_INDEX, &without(&index(Value::Null), "manifests")),
        ),
        ("list-null-manifests", of(DOCKER_LIST, &list(Value::Null))),
        (
            "null-platform",
            of(
                OCI_INDEX,
                &index(json!([with(&child, "platform", Value::Null)])),
            ),
        ),
        (
            "empty-platform",
            of(
                OCI_INDEX,
                &index(json!([with(&child, "platform", json!({}))])),
            ),
        ),
        (
            "part-of-a-platform",
            of(
                OCI_INDEX,
                &index(json!([with(
                    &child,
                    "platform",
                    json!({"architecture": "amd64", "os": null})
                )])),
            ),
        ),
        (
            "child-without-size",
            of(OCI_INDEX, &index(json!([without(&child, "size")]))),
        ),
    ]
}

fn push_blobs(remote: &Remote, image: &Image) {
    remote.push("base", image);
    remote.push_blob(b"");
}

#[test]
fn manifests_accepted_by_registry_2_are_accepted_served_and_copied() {
    let image = Image::new(61);
    let server = Server::regctl();
    let remote = server.remote("go");
    push_blobs(&remote, &image);
    let peer = have(&["docker-registry"]).then(Server::docker_registry);
    let peer_remote = peer.as_ref().map(|peer| peer.remote("go"));
    if let Some(remote) = &peer_remote {
        push_blobs(remote, &image);
    }
    let cli = Regctl::new(&server.host());
    for (tag, manifest) in cases(&image) {
        let put = remote.put(tag, &manifest);
        assert_eq!(put.status, 201, "{tag}: {put}");
        let got = remote.manifest(tag).expect(200);
        assert_eq!(got.body, manifest.bytes, "{tag}");
        assert_eq!(got.need("Content-Type"), manifest.media_type, "{tag}");
        if let Some(peer) = &peer_remote {
            peer.put(tag, &manifest).expect(201);
            let theirs = peer.manifest(tag).expect(200);
            assert_eq!(
                got.need("Content-Type"),
                theirs.need("Content-Type"),
                "{tag}"
            );
        }
        let source = format!("{}/go:{tag}", server.host());
        cli.run(&["copy", &source, &format!("{}/copied:{tag}", server.host())])
            .success();
        let copied = server.remote("copied").manifest(tag).expect(200);
        assert_eq!(copied.body, manifest.bytes, "{tag}");
        cli.run(&["manifest", "inspect", &source]).success();
    }
    let Some(peer) = peer else { return };

    // Accepted by registry:2, which ignores these fields; the other fields still count.
    let odd = [
        (
            "odd-subject",
            with(&image.manifest.json(), "subject", json!("nobody")),
        ),
        (
            "odd-artifact-type",
            with(&image.manifest.json(), "artifactType", json!(7)),
        ),
        (
            "odd-blobs",
            with(&image.manifest.json(), "fsLayers", json!(7)),
        ),
    ];
    let remote = peer.remote("go");
    for (tag, value) in &odd {
        remote
            .put(tag, &Manifest::new(OCI_MANIFEST, value))
            .expect(201);
    }
    let unused = remote.push_blob(b"nothing refers to this");
    let server = peer.hand_over(Program::Regctl);
    let remote = server.remote("go");
    for (tag, manifest) in cases(&image) {
        let got = remote.manifest(tag).expect(200);
        assert_eq!(got.body, manifest.bytes, "{tag}");
        assert_eq!(got.need("Content-Type"), manifest.media_type, "{tag}");
    }
    for (tag, value) in odd {
        let got = remote.manifest(tag).expect(200);
        assert_eq!(got.need("Content-Type"), OCI_MANIFEST, "{tag}");
        assert_eq!(got.json(), value, "{tag}");
    }
    // A manifest that was not understood would keep all blobs of its repository.
    let log = server.log();
    assert!(
        !log.contains("nothing in its repository is collected"),
        "{log}"
    );
    remote.blob_head(&unused).expect(200);
    server.stop();
}

#[test]
fn media_types_are_compared_without_case() {
    let server = Server::regctl();
    let remote = server.remote("case");
    let image = Image::new(62);
    remote.push_blobs(&image);
    let shouted = "Application/vnd.OCI.image.Manifest.v1+JSON";
    let body = with(&image.manifest.json(), "mediaType", json!(shouted));
    remote
        .put(
            "sent",
            &Manifest::raw(shouted, image.manifest.bytes.clone()),
        )
        .expect(201);
    remote
        .put("body", &Manifest::new(OCI_MANIFEST, &body))
        .expect(201);
    assert_eq!(
        remote.manifest("sent").expect(200).need("Content-Type"),
        OCI_MANIFEST
    );
    assert_eq!(
        remote.manifest("body").expect(200).need("Content-Type"),
        shouted
    );
    // By its type it is an image, so missing fields are an error.
    let hollow = without(&body, "config");
    remote
        .put("bad", &Manifest::new(shouted, &hollow))
        .refused(400, "MANIFEST_INVALID");
    let signature = with(
        &image.manifest.json(),
        "artifactType",
        json!("Application/X.Example"),
    );
    let signature = with(&signature, "subject", image.manifest.descriptor());
    remote
        .put("signature", &Manifest::new(OCI_MANIFEST, &signature))
        .expect(201);
    let referrers = remote.path(&format!(
        "referrers/{}?artifactType=application%2Fx.example",
        image.digest()
    ));
    let listed = remote.client.get(&referrers).expect(200).json();
    assert_eq!(listed["manifests"].as_array().unwrap().len(), 1);
    server.stop();
}

#[test]
fn schema_1_is_refused_signed_or_not() {
    let server = Server::regctl();
    let remote = server.remote("old");
    let image = Image::new(63);
    remote.push_blobs(&image);
    let body = json!({
        "schemaVersion": 1, "name": "old", "tag": "1", "architecture": "amd64",
        "fsLayers": [{ "blobSum": sha256(&image.blobs[1]).to_string() }], "history": [],
    });
    for media_type in [
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "application/json",
    ] {
        let answer = remote.put("1", &Manifest::new(media_type, &body));
        assert_eq!(answer.status, 400, "{media_type}: {answer}");
    }
    server.stop();
}
