//! Manifests: every kind, kept byte for byte; pushed by tag and by digest; refused when they are
//! not what they say.

use serde_json::json;

use crate::support::{
    Image, Manifest, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Request, Server, descriptor,
    index, path_of, sha256, sha512,
};

#[test]
fn a_manifest_is_read_by_tag_and_by_digest() {
    let server = Server::regctl();
    let remote = server.remote("team/app");
    let image = Image::with_layers(1, &[2000, 3000]);
    remote.push_blobs(&image);
    let put = remote.put("1.0", &image.manifest).expect(201);
    let digest = image.digest().to_string();
    assert_eq!(put.need("Docker-Content-Digest"), digest);
    assert_eq!(path_of(put.need("Location")), remote.manifest_path(&digest));
    for reference in ["1.0", digest.as_str()] {
        let got = remote.manifest(reference).expect(200);
        assert_eq!(got.body, image.manifest.bytes);
        let head = remote.manifest_head(reference).expect(200);
        assert!(head.body.is_empty());
        for answer in [&got, &head] {
            assert_eq!(answer.need("Docker-Content-Digest"), digest);
            assert_eq!(answer.need("Content-Type"), OCI_MANIFEST);
            let length = image.manifest.bytes.len().to_string();
            assert_eq!(answer.need("Content-Length"), length);
            let immutable = answer
                .header("Cache-Control")
                .is_some_and(|value| value.contains("immutable"));
            assert_eq!(immutable, reference != "1.0", "{reference}");
        }
    }
    assert_eq!(remote.verify("1.0"), image.digest());
    server.stop();
}

#[test]
fn a_manifest_that_the_client_has_is_not_sent_again() {
    let server = Server::regctl();
    let remote = server.remote("cached");
    let (old, new) = (Image::new(1), Image::new(2));
    remote.push("1", &old);
    let etag = remote.manifest("1").need("ETag").to_owned();
    let ask = || {
        remote
            .client
            .send(&Request::new("GET", &remote.manifest_path("1")).header("If-None-Match", &etag))
    };
    assert!(ask().expect(304).body.is_empty());
    remote.push("1", &new);
    assert_eq!(ask().expect(200).body, new.manifest.bytes);
    server.stop();
}

#[test]
fn what_is_not_there_is_manifest_unknown() {
    let server = Server::regctl();
    let remote = server.remote("known");
    remote.push("1", &Image::new(1));
    let absent = sha256(b"absent").to_string();
    server.unchanged(|| {
        for reference in ["2", absent.as_str(), ".no-tag-starts-so"] {
            remote.manifest(reference).refused(404, "MANIFEST_UNKNOWN");
            assert!(remote.manifest_head(reference).expect(404).body.is_empty());
        }
        for reference in ["2", absent.as_str()] {
            remote.delete(reference).refused(404, "MANIFEST_UNKNOWN");
            let answer = server.remote("unknown").manifest(reference).expect(404);
            assert!(
                ["MANIFEST_UNKNOWN", "NAME_UNKNOWN"].contains(&answer.code().as_str()),
                "{answer}"
            );
        }
    });
    // The manifest of one repository is not in another.
    let other = server.remote("other");
    other.push("1", &Image::new(2));
    other
        .manifest(&Image::new(1).digest().to_string())
        .refused(404, "MANIFEST_UNKNOWN");
    server.stop();
}

#[test]
fn missing_blobs_are_named_each() {
    let server = Server::regctl();
    let remote = server.remote("incomplete");
    let image = Image::with_layers(3, &[10, 20, 30]);
    remote.push_blob(&image.blobs[1]);
    // In another repository it does not help.
    server.remote("elsewhere").push_blobs(&image);
    server.unchanged(|| {
        let answer = remote.put("1", &image.manifest).expect_one_of(&[400, 404]);
        assert_eq!(answer.code(), "MANIFEST_BLOB_UNKNOWN", "{answer}");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        for (number, blob) in image.blobs.iter().enumerate() {
            let named = text.contains(&sha256(blob).to_string());
            assert_eq!(named, number != 1, "blob {number}: {text}");
        }
    });
    remote.manifest("1").expect(404);
    remote.push_blobs(&image);
    remote.put("1", &image.manifest).expect(201);
    server.stop();
}

#[test]
fn a_sparse_index_is_taken_and_a_nested_one() {
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
fn docker_types_are_kept_as_they_are() {
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
fn bytes_and_custom_fields_are_kept() {
    let server = Server::regctl();
    let remote = server.remote("bytes");
    let image = Image::new(7);
    remote.push_blobs(&image);
    // Odd white space, odd order, a field of nobody, escapes: all of it is what the digest is of.
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
fn unusual_manifests_are_taken() {
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
    // A header that contradicts the body is a mistake of somebody.
    server.unchanged(|| {
        let contradiction = Manifest::raw(OCI_INDEX, image.manifest.bytes.clone());
        remote
            .put("contradiction", &contradiction)
            .refused(400, "MANIFEST_INVALID");
    });
    server.stop();
}

#[test]
fn a_subject_is_answered() {
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

#[test]
fn a_push_by_digest_may_set_tags() {
    let server = Server::regctl();
    let remote = server.remote("tagged");
    let (old, image) = (Image::new(13), Image::new(14));
    remote.push("t3", &old);
    remote.push_blobs(&image);
    let tags: Vec<String> = (0..10).map(|number| format!("t{number}")).collect();
    let query = format!("?tag={}", tags.join("&tag="));
    let put = remote
        .put(&format!("{}{query}", image.digest()), &image.manifest)
        .expect(201);
    let mut answered = put.list("OCI-Tag");
    answered.sort_unstable();
    assert_eq!(answered, tags);
    assert_eq!(remote.tags(), tags);
    for tag in &tags {
        assert_eq!(remote.verify(tag), image.digest());
    }
    // Refused as a whole: a tag that is none, content that is not the digest, too many.
    let digest = image.digest();
    let many: String = (0..2000).map(|number| format!("&tag=n{number}")).collect();
    server.unchanged(|| {
        remote
            .put(&format!("{digest}?tag=ok&tag=-bad"), &image.manifest)
            .refused(400, "TAG_INVALID");
        remote
            .put(&format!("{digest}?tag=ok"), &old.manifest)
            .refused(400, "DIGEST_INVALID");
        remote
            .put(&format!("{digest}?{}", &many[1..]), &image.manifest)
            .expect(414);
    });
    server.stop();
}

#[test]
fn sha512_names_a_manifest_as_well() {
    let server = Server::regctl();
    let remote = server.remote("long");
    let image = Image::new(15);
    let digest = sha512(&image.manifest.bytes);
    remote.push_blobs(&image);
    let put = remote
        .put(&format!("{digest}?tag=long"), &image.manifest)
        .expect(201);
    assert_eq!(put.need("Docker-Content-Digest"), digest.to_string());
    let server = server.restart();
    let remote = server.remote("long");
    let got = remote.manifest(&digest.to_string()).expect(200);
    assert_eq!(got.body, image.manifest.bytes);
    assert_eq!(got.need("Docker-Content-Digest"), digest.to_string());
    remote.manifest_head(&digest.to_string()).expect(200);
    assert_eq!(
        remote.manifest("long").expect(200).body,
        image.manifest.bytes
    );
    // Blobs may be referenced so, and have to be there.
    let layer = b"a layer known by a longer name";
    let body = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(OCI_CONFIG, &image.blobs[0]),
        "layers": [{ "mediaType": OCI_LAYER, "digest": sha512(layer).to_string(), "size": layer.len() }],
    });
    let manifest = Manifest::new(OCI_MANIFEST, &body);
    let refused = remote.put("layer", &manifest).expect_one_of(&[400, 404]);
    assert_eq!(refused.code(), "MANIFEST_BLOB_UNKNOWN", "{refused}");
    let session = remote.start_upload();
    remote
        .client
        .put(
            &crate::support::with_query(&session, &format!("digest={}", sha512(layer))),
            layer,
        )
        .expect(201);
    remote.put("layer", &manifest).expect(201);
    remote.delete(&digest.to_string()).expect(202);
    remote
        .manifest(&digest.to_string())
        .refused(404, "MANIFEST_UNKNOWN");
    server.stop();
}

#[test]
fn four_mebibytes_are_taken_and_a_byte_more_is_413() {
    let server = Server::regctl();
    let remote = server.remote("limits");
    let image = Image::new(16);
    remote.push_blobs(&image);
    let of_length = |length: usize| {
        let empty = image.with_field("annotations", json!({ "padding": "" }));
        let padding = "x".repeat(length - empty.manifest.bytes.len());
        let full = image.with_field("annotations", json!({ "padding": padding }));
        assert_eq!(full.manifest.bytes.len(), length);
        full.manifest
    };
    let limit = of_length(4 << 20);
    remote.put("limit", &limit).expect(201);
    assert!(remote.manifest("limit").expect(200).body == limit.bytes);
    let over = of_length((4 << 20) + 1);
    server.unchanged(|| {
        remote.put("over", &over).expect(413);
        // Nor with a length that is not said in advance.
        let target = remote.manifest_path("over");
        let chunks: Vec<&[u8]> = over.bytes.chunks(1 << 16).collect();
        let request = Request::new("PUT", &target)
            .header("Content-Type", OCI_MANIFEST)
            .chunked(&chunks);
        remote.client.send(&request).expect(413);
    });
    server.stop();
}
