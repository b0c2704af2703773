//! Blobs: read whole, in ranges, conditionally; mounted; deleted.

use crate::support::{Image, Request, Server, path_of, random_bytes, sha256, sha512, with_query};

#[test]
fn a_blob_is_read_back_with_digest_and_length() {
    let server = Server::regctl();
    let remote = server.remote("team/app");
    let bytes = random_bytes(1, 300_000);
    let digest = remote.push_blob(&bytes);
    let got = remote.blob(&digest).expect(200);
    assert_eq!(got.body, bytes);
    let head = remote.blob_head(&digest).expect(200);
    for answer in [&got, &head] {
        assert_eq!(answer.need("Docker-Content-Digest"), digest.to_string());
        assert_eq!(answer.need("Content-Length"), "300000");
        assert_eq!(answer.need("Content-Type"), "application/octet-stream");
        assert!(answer.need("Cache-Control").contains("immutable"));
        assert_eq!(answer.need("Accept-Ranges"), "bytes");
    }
    assert!(head.body.is_empty());
    server.stop();
}

#[test]
fn an_empty_blob_is_a_blob() {
    let server = Server::regctl();
    let remote = server.remote("empty");
    let digest = remote.push_blob(b"");
    let got = remote.blob(&digest).expect(200);
    assert_eq!(got.need("Content-Length"), "0");
    assert!(got.body.is_empty());
    remote.blob_head(&digest).expect(200);
    server.stop();
}

#[test]
fn a_missing_blob_is_blob_unknown() {
    let server = Server::regctl();
    let remote = server.remote("team/app");
    let elsewhere = server.remote("other").push_blob(b"elsewhere");
    let absent = sha256(b"absent");
    for digest in [absent, elsewhere] {
        server.unchanged(|| {
            remote.blob(&digest).refused(404, "BLOB_UNKNOWN");
            let head = remote.blob_head(&digest).expect(404);
            assert!(head.body.is_empty());
            remote
                .client
                .delete(&remote.blob_path(&digest))
                .refused(404, "BLOB_UNKNOWN");
        });
    }
    server.stop();
}

#[test]
fn ranges_are_exact() {
    let server = Server::regctl();
    let remote = server.remote("ranges");
    let bytes = random_bytes(2, 1_000_000);
    let digest = remote.push_blob(&bytes);
    let ask = |range: &str| {
        remote
            .client
            .send(&Request::new("GET", &remote.blob_path(&digest)).header("Range", range))
    };
    for (range, start, end) in [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=65535-65536", 65_535, 65_536),
        ("bytes=999999-", 999_999, 999_999),
        ("bytes=500000-", 500_000, 999_999),
        ("bytes=999000-5000000", 999_000, 999_999),
        ("bytes=-1", 999_999, 999_999),
        ("bytes=-262145", 737_855, 999_999),
        ("bytes=-2000000", 0, 999_999),
        ("bytes=0-999999", 0, 999_999),
    ] {
        let part = ask(range).expect(206);
        assert_eq!(
            part.need("Content-Range"),
            format!("bytes {start}-{end}/1000000"),
            "{range}"
        );
        assert_eq!(part.need("Content-Length"), (end - start + 1).to_string());
        assert_eq!(part.need("Docker-Content-Digest"), digest.to_string());
        assert!(part.body == bytes[start..=end], "{range}: other bytes");
    }
    for range in ["bytes=1000000-", "bytes=1000000-1000001", "bytes=-0"] {
        let refused = ask(range).expect(416);
        assert_eq!(refused.need("Content-Range"), "bytes */1000000", "{range}");
    }
    // A text that is not a range is ignored: the answer is the whole content.
    for range in ["bytes=5-1", "bytes=x-y", "lines=1-2", "bytes=--5", "bytes="] {
        let whole = ask(range).expect(200);
        assert!(whole.body == bytes, "{range}: other bytes");
    }
    server.stop();
}

#[test]
fn a_blob_with_a_matching_etag_is_not_sent_again() {
    let server = Server::regctl();
    let remote = server.remote("cached");
    let digest = remote.push_blob(b"the content");
    let etag = remote.blob(&digest).need("ETag").to_owned();
    let ask = |method: &str, etag: &str| {
        remote
            .client
            .send(&Request::new(method, &remote.blob_path(&digest)).header("If-None-Match", etag))
    };
    for known in [
        etag.clone(),
        format!("\"other\", {etag}"),
        "*".to_owned(),
        format!("W/{etag}"),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = ask(method, &known).expect(304);
            assert!(answer.body.is_empty());
            assert_eq!(answer.need("ETag"), etag);
        }
    }
    ask("GET", "\"other\"").expect(200);
    server.stop();
}

#[test]
fn sha512_names_a_blob_as_well() {
    let server = Server::regctl();
    let remote = server.remote("long/digests");
    let bytes = random_bytes(3, 70_000);
    let digest = sha512(&bytes);
    let session = remote.start_upload();
    let done = remote
        .client
        .put(&with_query(&session, &format!("digest={digest}")), &bytes)
        .expect(201);
    assert_eq!(done.need("Docker-Content-Digest"), digest.to_string());
    assert_eq!(path_of(done.need("Location")), remote.blob_path(&digest));
    let got = remote.blob(&digest).expect(200);
    assert!(got.body == bytes);
    assert_eq!(got.need("Docker-Content-Digest"), digest.to_string());
    remote.blob_head(&digest).expect(200);
    // On disk: the bytes under their sha256, and a link with that digest.
    let link = server.layout().join(format!(
        "repositories/long/digests/_layers/sha512/{}/link",
        digest.hex()
    ));
    assert_eq!(
        std::fs::read_to_string(link).unwrap(),
        sha256(&bytes).to_string()
    );
    assert_eq!(
        std::fs::read(server.blob_file(&sha256(&bytes))).unwrap(),
        bytes
    );

    let server = server.restart();
    let remote = server.remote("long/digests");
    assert!(remote.blob(&digest).expect(200).body == bytes);
    remote.client.delete(&remote.blob_path(&digest)).expect(202);
    remote.blob(&digest).refused(404, "BLOB_UNKNOWN");
    server.stop();
}

#[test]
fn a_mount_from_another_repository_sends_no_bytes() {
    let server = Server::regctl();
    let digest = server.remote("source/here").push_blob(b"shared");
    let target = server.remote("target/there");
    let mounted = target
        .client
        .post(&target.path(&format!("blobs/uploads/?mount={digest}&from=source/here")))
        .expect(201);
    assert_eq!(mounted.need("Docker-Content-Digest"), digest.to_string());
    assert_eq!(path_of(mounted.need("Location")), target.blob_path(&digest));
    assert_eq!(target.blob(&digest).expect(200).body, b"shared");
    // The slash of a name may be encoded.
    let third = server.remote("third");
    third
        .client
        .post(&third.path(&format!(
            "blobs/uploads/?mount={}&from=source%2Fhere",
            digest.to_string().replace(':', "%3A")
        )))
        .expect(201);
    assert!(server.open_uploads().is_empty());
    server.stop();
}

#[test]
fn a_mount_without_from_finds_the_blob() {
    let server = Server::regctl();
    let digest = server.remote("somewhere").push_blob(b"shared");
    let target = server.remote("target");
    target
        .client
        .post(&target.path(&format!("blobs/uploads/?mount={digest}")))
        .expect(201);
    target.blob_head(&digest).expect(200);
    server.stop();
}

#[test]
fn a_mount_of_a_missing_blob_is_an_upload() {
    let server = Server::regctl();
    let present = server.remote("source").push_blob(b"present");
    let target = server.remote("target");
    let absent = sha256(b"absent");
    for query in [
        format!("mount={absent}&from=source"),
        format!("mount={absent}&from=never/heard/of"),
        format!("mount={absent}"),
    ] {
        let answer = target
            .client
            .post(&target.path(&format!("blobs/uploads/?{query}")))
            .expect(202);
        let session = path_of(answer.need("Location"));
        target
            .client
            .put(
                &with_query(&session, &format!("digest={}", sha256(b"x"))),
                b"x",
            )
            .expect(201);
    }
    target.blob_head(&absent).expect(404);
    target.blob_head(&present).expect(404);
    server.stop();
}

#[test]
fn a_blob_is_deleted_from_one_repository_only() {
    let server = Server::regctl();
    let (one, other) = (server.remote("one"), server.remote("other"));
    let digest = one.push_blob(b"shared");
    other.push_blob(b"shared");
    one.client.delete(&one.blob_path(&digest)).expect(202);
    one.blob_head(&digest).expect(404);
    one.blob(&digest).refused(404, "BLOB_UNKNOWN");
    one.client
        .delete(&one.blob_path(&digest))
        .refused(404, "BLOB_UNKNOWN");
    assert_eq!(other.blob(&digest).expect(200).body, b"shared");
    // After another push it exists again.
    one.push_blob(b"shared");
    one.blob_head(&digest).expect(200);
    server.stop();
}

#[test]
fn a_push_of_an_existing_blob_is_complete() {
    let server = Server::regctl();
    let image = Image::with_layers(4, &[100_000, 10]);
    let first = server.remote("first").push("1", &image);
    let second = server.remote("second").push("1", &image);
    assert_eq!(first, second);
    server.remote("first").verify("1");
    server.remote("second").verify("1");
    server.stop();
}
