//! Manifests of every kind are stored byte for byte, with their media type.

use serde_json::json;

use crate::support::{
    Image, Manifest, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Request, Server, descriptor,
    index,
};

#[test]
fn sparse_and_nested_indexes_are_accepted() {
    let server = Server::regctl();
    let remote = server.remote("platforms");
    let images = [Image::new(4), Image::new(5)];
    let sparse = index(&[&images[0].manifest, &images[1].manifest]);
    remote.put("sparse", &sparse).expect(201);
    let got = remote.manifest("sparse").expect(200);
    assert_eq!(got.body, sparse.bytes);
    assert_eq!(got.need("Content-Type"), OCI_INDEX);
    remote
        .manifest(&images[0].digest().to_string())
        .refused(404, "MANIFEST_UNKNOWN");
    for image in &images {
        remote.push_blobs(image);
        remote
            .put(&image.digest().to_string(), &image.manifest)
            .expect(201);
    }
    let nested = index(&[&sparse]);
    remote.put("nested", &nested).expect(201);
    assert_eq!(remote.verify("nested"), nested.digest());
    server.stop();
}

#[test]
fn docker_media_types_are_preserved() {
    let server = Server::regctl();
    let remote = server.remote("docker");
    let image = Image::new(6);
    remote.push_blobs(&image);
    let manifest = Manifest::new(
        "application/vnd.docker.distribution.manifest.v2+json",
        &json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": descriptor("application/vnd.docker.container.image.v1+json", &image.blobs[0]),
            "layers": [
                descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", &image.blobs[1]),
            ],
        }),
    );
    remote.put("1", &manifest).expect(201);
    let list = Manifest::new(
        "application/vnd.docker.distribution.manifest.list.v2+json",
        &json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
            "manifests": [{
                "mediaType": manifest.media_type,
                "digest": manifest.digest().to_string(),
                "size": manifest.bytes.len(),
                "platform": { "os": "linux", "architecture": "amd64" },
            }],
        }),
    );
    remote.put("list", &list).expect(201);
    for (tag, manifest) in [("1", &manifest), ("list", &list)] {
        let got = remote.manifest(tag).expect(200);
        assert_eq!(got.need("Content-Type"), manifest.media_type);
        assert_eq!(got.body, manifest.bytes);
    }
    server.stop();
}

#[test]
fn bytes_and_custom_fields_are_preserved() {
    let server = Server::regctl();
    let remote = server.remote("bytes");
    let image = Image::new(7);
    remote.push_blobs(&image);
    // Unusual white space and order, unknown fields, escapes: the digest covers all of it.
    let text = format!(
        "\n{{ \"layers\":[ {} ],\t\"x-custom\": {{\"a\\u00e9\": [1, 2.50, null]}},\r\n \"config\": {},\
         \"schemaVersion\" : 2, \"mediaType\":\"{OCI_MANIFEST}\" }}\n\n",
        descriptor(OCI_LAYER, &image.blobs[1]),
        descriptor(OCI_CONFIG, &image.blobs[0]),
    );
    let manifest = Manifest::raw(OCI_MANIFEST, text.into_bytes());
    remote.put("odd", &manifest).expect(201);
    let server = server.restart();
    let remote = server.remote("bytes");
    assert_eq!(remote.manifest("odd").expect(200).body, manifest.bytes);
    assert_eq!(remote.verify("odd"), manifest.digest());
    server.stop();
}

#[test]
fn unusual_manifests_are_accepted() {
    let server = Server::regctl();
    let remote = server.remote("unusual");
    let image = Image::new(8);
    remote.push_blobs(&image);
    remote.push_blob(b"{}");
    let config = descriptor(OCI_CONFIG, &image.blobs[0]);
    let mut with_data = descriptor("application/vnd.oci.empty.v1+json", b"{}");
    with_data["data"] = json!("e30=");
    let mut foreign = descriptor(
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        b"not here",
    );
    foreign["urls"] = json!(["https://example.com/layer"]);
    let nondistributable = descriptor(
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        b"not here either",
    );
    let image_of = |config: &serde_json::Value, layers: serde_json::Value| {
        Manifest::new(
            OCI_MANIFEST,
            &json!({
                "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers,
            }),
        )
    };
    let unknown = "application/vnd.example.unheard-of.v7+json";
    for (tag, manifest) in [
        ("no-layers", image_of(&config, json!([]))),
        ("data", image_of(&with_data, json!([with_data]))),
        (
            "foreign",
            image_of(&config, json!([foreign, nondistributable])),
        ),
        (
            "unknown",
            Manifest::new(
                unknown,
                &json!({ "mediaType": unknown, "anything": { "goes": true } }),
            ),
        ),
        (
            "empty-index",
            Manifest::new(
                OCI_INDEX,
                &json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [] }),
            ),
        ),
    ] {
        remote.put(tag, &manifest).expect(201);
        let got = remote.manifest(tag).expect(200);
        assert_eq!(got.body, manifest.bytes, "{tag}");
        assert_eq!(got.need("Content-Type"), manifest.media_type, "{tag}");
    }
    server.stop();
}

#[test]
fn the_type_comes_from_the_body_or_else_the_header_or_else_the_shape() {
    let server = Server::regctl();
    let remote = server.remote("types");
    let image = Image::new(9);
    remote.push_blobs(&image);
    let mut body = image.manifest.json();
    body.as_object_mut().unwrap().remove("mediaType");
    let bytes = body.to_string().into_bytes();
    remote
        .put("header", &Manifest::raw(OCI_MANIFEST, bytes.clone()))
        .expect(201);
    body["x"] = json!("no header");
    let target = remote.manifest_path("shape");
    remote
        .client
        .send(&Request::new("PUT", &target).body(body.to_string().as_bytes()))
        .expect(201);
    for tag in ["header", "shape"] {
        let got = remote.manifest(tag).expect(200);
        assert_eq!(got.need("Content-Type"), OCI_MANIFEST, "{tag}");
    }
    // A header that contradicts the body is an error.
    server.unchanged(|| {
        let contradiction = Manifest::raw(OCI_INDEX, image.manifest.bytes.clone());
        remote
            .put("contradiction", &contradiction)
            .refused(400, "MANIFEST_INVALID");
    });
    server.stop();
}

#[test]
fn a_push_with_a_subject_gets_its_header() {
    let server = Server::regctl();
    let remote = server.remote("subjects");
    let absent = Image::new(10);
    let signature = Image::new(11).with_field("subject", absent.manifest.descriptor());
    remote.push_blobs(&signature);
    let put = remote.put("signature", &signature.manifest).expect(201);
    assert_eq!(put.need("OCI-Subject"), absent.digest().to_string());
    let plain = Image::new(12);
    remote.push_blobs(&plain);
    let put = remote.put("plain", &plain.manifest).expect(201);
    assert_eq!(put.header("OCI-Subject"), None);
    server.stop();
}
