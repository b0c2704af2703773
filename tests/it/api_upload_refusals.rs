//! Refused uploads: out of order, with another repository's session, with a wrong digest.

use regctl::oci::Digest;

use crate::support::{
    Remote, Request, Response, Server, path_of, random_bytes, sha256, with_query,
};

/// The address of a session after a chunk, from the answer.
#[track_caller]
fn moved(answer: &Response) -> String {
    path_of(answer.need("Location"))
}

#[track_caller]
fn close(remote: &Remote, session: &str, digest: &Digest, rest: &[u8]) -> Response {
    let target = with_query(session, &format!("digest={digest}"));
    remote.client.put(&target, rest)
}

#[test]
fn a_single_post_of_other_content_is_refused() {
    let server = Server::regctl();
    let remote = server.remote("single");
    let target = remote.path(&format!("blobs/uploads/?digest={}", sha256(b"said")));
    server.unchanged(|| {
        remote
            .client
            .send(&Request::new("POST", &target).body(b"sent"))
            .refused(400, "DIGEST_INVALID");
    });
    assert!(server.open_uploads().is_empty());
    server.stop();
}

#[test]
fn a_chunk_out_of_order_is_416_and_changes_nothing() {
    let server = Server::regctl();
    let remote = server.remote("order");
    let bytes = random_bytes(6, 3000);
    let digest = sha256(&bytes);
    let session = remote.start_upload();
    // At the beginning a gap is an error, too.
    remote
        .client
        .patch_at(&session, 1000, &bytes[1000..2000])
        .expect(416);
    let answer = remote
        .client
        .patch_at(&session, 0, &bytes[..1000])
        .expect(202);
    let session = moved(&answer);
    for (start, end) in [
        (0, 1000),
        (500, 1500),
        (999, 2000),
        (1001, 2000),
        (2000, 3000),
    ] {
        let refused = remote
            .client
            .patch_at(&session, start, &bytes[start..end])
            .refused(416, "RANGE_INVALID");
        assert_eq!(refused.need("Range"), "0-999", "{start}-{end}");
        let status = remote.client.get(&session).expect(204);
        assert_eq!(status.need("Range"), "0-999", "{start}-{end}");
    }
    // Likewise for the closing request.
    for (start, end) in [(0, 2000), (1500, 3000)] {
        let target = with_query(&session, &format!("digest={digest}"));
        remote
            .client
            .send(
                &Request::new("PUT", &target)
                    .header("Content-Range", &format!("{start}-{}", end - 1))
                    .body(&bytes[start..end]),
            )
            .refused(416, "RANGE_INVALID");
    }
    // The upload can still be completed.
    let answer = remote
        .client
        .patch_at(&session, 1000, &bytes[1000..])
        .expect(202);
    close(&remote, &moved(&answer), &digest, b"").expect(201);
    assert!(remote.blob(&digest).expect(200).body == bytes);
    server.stop();
}

#[test]
fn an_invalid_range_is_refused() {
    let server = Server::regctl();
    let remote = server.remote("ranges");
    let session = remote.start_upload();
    for range in [
        "x",
        "0",
        "0-",
        "-5",
        "5-1",
        "0-99999999999999999999999",
        "0--1",
        "1,2-3",
    ] {
        let request = Request::new("PATCH", &session)
            .header("Content-Range", range)
            .body(b"hello");
        remote.client.send(&request).expect_one_of(&[400, 416]);
    }
    // Nor a range of another length than the body.
    for range in ["0-3", "0-5", "0-400"] {
        let request = Request::new("PATCH", &session)
            .header("Content-Range", range)
            .body(b"hello");
        remote.client.send(&request).expect_one_of(&[400, 416]);
    }
    close(&remote, &session, &sha256(b"hello"), b"hello").expect(201);
    server.stop();
}

#[test]
fn a_session_belongs_to_its_repository() {
    let server = Server::regctl();
    let session = server.remote("mine").start_upload();
    let other = session.replace("/mine/", "/yours/");
    let client = server.client();
    client.get(&other).refused(404, "BLOB_UPLOAD_UNKNOWN");
    client
        .patch(&other, b"x")
        .refused(404, "BLOB_UPLOAD_UNKNOWN");
    client.delete(&other).refused(404, "BLOB_UPLOAD_UNKNOWN");
    client.get(&session).expect(204);
    server.stop();
}

#[test]
fn an_invented_session_is_unknown() {
    let server = Server::regctl();
    let remote = server.remote("unknown");
    remote.push_blob(b"so that the repository exists");
    for id in [
        "3d2b6bb9-1f5c-4e4b-9d0e-7a40f5f2a3c1",
        "nonsense",
        "..",
        "%2e%2e",
    ] {
        let target = remote.path(&format!("blobs/uploads/{id}"));
        server.unchanged(|| {
            for method in ["GET", "PATCH", "DELETE"] {
                remote
                    .client
                    .send(&Request::new(method, &target))
                    .expect_one_of(&[400, 404]);
            }
        });
    }
    server.stop();
}

#[test]
fn content_that_does_not_match_is_refused() {
    let server = Server::regctl();
    let remote = server.remote("mismatch");
    let said = sha256(b"said");
    server.unchanged(|| {
        let session = remote.start_upload();
        close(&remote, &session, &said, b"sent").refused(400, "DIGEST_INVALID");
        let session = remote.start_upload();
        let answer = remote.client.patch(&session, b"se").expect(202);
        close(&remote, &moved(&answer), &said, b"nt").refused(400, "DIGEST_INVALID");
    });
    remote.blob_head(&said).expect(404);
    remote.blob_head(&sha256(b"sent")).expect(404);
    server.stop();
}

#[test]
fn a_malformed_digest_is_refused() {
    let server = Server::regctl();
    let remote = server.remote("malformed");
    let hex = sha256(b"hello").hex();
    let session = remote.start_upload();
    for digest in [
        String::new(),
        "sha256".to_owned(),
        "sha256:".to_owned(),
        format!("sha256:{}", &hex[1..]),
        format!("sha256:{hex}0"),
        format!("sha256:{}", hex.to_uppercase()),
        format!("sha512:{hex}"),
        format!("md5:{hex}"),
        format!("sha256:{}", "g".repeat(64)),
        format!("sha256:../../../../{hex}"),
        hex.clone(),
    ] {
        server.unchanged(|| {
            let target = with_query(&session, &format!("digest={digest}"));
            remote
                .client
                .put(&target, b"hello")
                .refused(400, "DIGEST_INVALID");
            if !digest.is_empty() && !digest.contains('/') {
                let blob = remote.path(&format!("blobs/{digest}"));
                remote.client.get(&blob).refused(400, "DIGEST_INVALID");
                remote.client.delete(&blob).refused(400, "DIGEST_INVALID");
            }
        });
    }
    // Without a digest an upload can't be completed.
    remote
        .client
        .put(&session, b"")
        .refused(400, "DIGEST_INVALID");
    server.stop();
}
