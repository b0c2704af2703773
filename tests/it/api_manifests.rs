//! Manifests: pushed by tag and by digest, read back, refused if something is missing.

use serde_json::json;

use crate::support::{
    Image, Manifest, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, Request, Server, descriptor, path_of,
    sha256, sha512,
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
fn a_manifest_with_a_matching_etag_is_not_sent_again() {
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
fn a_missing_manifest_is_manifest_unknown() {
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
fn each_missing_blob_is_named() {
    let server = Server::regctl();
    let remote = server.remote("incomplete");
    let image = Image::with_layers(3, &[10, 20, 30]);
    remote.push_blob(&image.blobs[1]);
    // A blob in another repository does not count.
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
    // Refused as a whole: an invalid tag, content with another digest, too many tags.
    let digest = image.digest();
    let many: Vec<String> = (0..2000).map(|number| format!("tag=n{number}")).collect();
    server.unchanged(|| {
        remote
            .put(&format!("{digest}?tag=ok&tag=-bad"), &image.manifest)
            .refused(400, "TAG_INVALID");
        remote
            .put(&format!("{digest}?tag=ok"), &old.manifest)
            .refused(400, "DIGEST_INVALID");
        remote
            .put(&format!("{digest}?{}", many.join("&")), &image.manifest)
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
    // Blobs may be referenced by sha512, and must exist.
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
fn a_manifest_over_four_mebibytes_is_413() {
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
        // Likewise without an announced length.
        let target = remote.manifest_path("over");
        let chunks: Vec<&[u8]> = over.bytes.chunks(1 << 16).collect();
        let request = Request::new("PUT", &target)
            .header("Content-Type", OCI_MANIFEST)
            .chunked(&chunks);
        remote.client.send(&request).expect(413);
    });
    server.stop();
}
