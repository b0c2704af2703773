//! Uploads: in one request, in two, in chunks, in a stream; queried, cancelled, out of order.

use regctl::oci::Digest;

use crate::support::{
    Remote, Request, Response, Server, path_of, random_bytes, sha256, sha512, with_query,
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
fn a_single_post_is_a_whole_upload() {
    let server = Server::regctl();
    let remote = server.remote("single");
    let bytes = random_bytes(1, 100_000);
    let digest = sha256(&bytes);
    let target = remote.path(&format!("blobs/uploads/?digest={digest}"));
    let done = remote
        .client
        .send(
            &Request::new("POST", &target)
                .header("Content-Type", "application/octet-stream")
                .body(&bytes),
        )
        .expect(201);
    assert_eq!(path_of(done.need("Location")), remote.blob_path(&digest));
    assert_eq!(done.need("Docker-Content-Digest"), digest.to_string());
    assert!(remote.blob(&digest).expect(200).body == bytes);
    assert!(server.open_uploads().is_empty());
    server.stop();
}

#[test]
fn post_then_put_is_an_upload() {
    let server = Server::regctl();
    let remote = server.remote("two/requests");
    let bytes = random_bytes(2, 500_000);
    let digest = sha256(&bytes);
    let started = remote
        .client
        .post(&remote.path("blobs/uploads/"))
        .expect(202);
    assert_eq!(started.need("Content-Length"), "0");
    started.need("Range");
    let session = moved(&started);
    let id = session
        .split('?')
        .next()
        .and_then(|path| path.rsplit('/').next())
        .unwrap();
    assert!(uuid::Uuid::parse_str(id).is_ok(), "{id} is no UUID");
    assert_eq!(started.need("Docker-Upload-UUID"), id);
    let done = close(&remote, &session, &digest, &bytes).expect(201);
    assert_eq!(path_of(done.need("Location")), remote.blob_path(&digest));
    assert_eq!(done.need("Docker-Content-Digest"), digest.to_string());
    assert!(remote.blob(&digest).expect(200).body == bytes);
    assert!(server.open_uploads().is_empty());
    remote
        .client
        .get(&session)
        .refused(404, "BLOB_UPLOAD_UNKNOWN");
    server.stop();
}

#[test]
fn the_slash_after_uploads_is_optional() {
    let server = Server::regctl();
    let remote = server.remote("slashless");
    remote
        .client
        .post(&remote.path("blobs/uploads"))
        .expect(202);
    server.stop();
}

#[test]
fn chunks_with_ranges_make_a_blob() {
    let server = Server::regctl();
    let remote = server.remote("chunks");
    let bytes = random_bytes(3, 300_000);
    let digest = sha256(&bytes);
    let mut session = remote.start_upload();
    let mut start = 0;
    for length in [1, 63, 64, 65, 99_807, 100_000] {
        let answer = remote
            .client
            .patch_at(&session, start, &bytes[start..start + length])
            .expect(202);
        start += length;
        assert_eq!(answer.need("Range"), format!("0-{}", start - 1));
        session = moved(&answer);
        let status = remote.client.get(&session).expect(204);
        assert_eq!(status.need("Range"), format!("0-{}", start - 1));
        session = moved(&status);
    }
    // The last chunk is in the closing request, which may have a range.
    let done = remote
        .client
        .send(
            &Request::new("PUT", &with_query(&session, &format!("digest={digest}")))
                .header("Content-Range", &format!("{start}-{}", bytes.len() - 1))
                .body(&bytes[start..]),
        )
        .expect(201);
    assert_eq!(done.need("Docker-Content-Digest"), digest.to_string());
    assert!(remote.blob(&digest).expect(200).body == bytes);
    assert!(server.open_uploads().is_empty());
    server.stop();
}

#[test]
fn a_streamed_body_has_no_length_and_no_range() {
    let server = Server::regctl();
    let remote = server.remote("streamed");
    let bytes = random_bytes(4, 200_000);
    let digest = sha256(&bytes);
    let session = remote.start_upload();
    let chunks: Vec<&[u8]> = bytes.chunks(7919).collect();
    let answer = remote
        .client
        .send(&Request::new("PATCH", &session).chunked(&chunks))
        .expect(202);
    assert_eq!(answer.need("Range"), "0-199999");
    close(&remote, &moved(&answer), &digest, b"").expect(201);
    assert!(remote.blob(&digest).expect(200).body == bytes);

    // The closing request, and a single request, may be streamed, too.
    let bytes = random_bytes(5, 100_000);
    let digest = sha256(&bytes);
    let chunks: Vec<&[u8]> = bytes.chunks(4096).collect();
    let session = remote.start_upload();
    let target = with_query(&session, &format!("digest={digest}"));
    remote
        .client
        .send(&Request::new("PUT", &target).chunked(&chunks))
        .expect(201);
    assert!(remote.blob(&digest).expect(200).body == bytes);
    server.stop();
}

#[test]
fn a_cancelled_upload_is_gone() {
    let server = Server::regctl();
    let remote = server.remote("cancelled");
    let session = remote.start_upload();
    let answer = remote.client.patch(&session, b"some bytes").expect(202);
    let session = moved(&answer);
    assert_eq!(server.open_uploads().len(), 1);
    remote.client.delete(&session).expect(204);
    assert!(server.open_uploads().is_empty());
    server.unchanged(|| {
        for method in ["GET", "PATCH", "DELETE"] {
            remote
                .client
                .send(&Request::new(method, &session))
                .refused(404, "BLOB_UPLOAD_UNKNOWN");
        }
        close(&remote, &session, &sha256(b"some bytes"), b"").refused(404, "BLOB_UPLOAD_UNKNOWN");
    });
    server.stop();
}

#[test]
fn an_upload_may_announce_sha512() {
    let server = Server::regctl();
    let remote = server.remote("early");
    let bytes = random_bytes(7, 150_000);
    let digest = sha512(&bytes);
    let started = remote
        .client
        .post(&remote.path("blobs/uploads/?digest-algorithm=sha512"))
        .expect(202);
    let answer = remote
        .client
        .patch_at(&moved(&started), 0, &bytes[..70_001])
        .expect(202);
    let answer = remote
        .client
        .patch_at(&moved(&answer), 70_001, &bytes[70_001..])
        .expect(202);
    close(&remote, &moved(&answer), &digest, b"").expect(201);
    assert!(remote.blob(&digest).expect(200).body == bytes);
    remote
        .client
        .post(&remote.path("blobs/uploads/?digest-algorithm=md5"))
        .refused(400, "DIGEST_INVALID");
    server.stop();
}

#[test]
fn two_concurrent_uploads_of_one_blob_succeed() {
    let server = Server::regctl();
    let remote = server.remote("twice");
    let bytes = random_bytes(8, 400_000);
    let digest = sha256(&bytes);
    let sessions: Vec<_> = (0..6).map(|_| remote.start_upload()).collect();
    std::thread::scope(|scope| {
        for session in &sessions {
            let (remote, bytes) = (&remote, &bytes);
            scope.spawn(move || {
                let answer = remote.client.patch(session, &bytes[..200_000]).expect(202);
                close(remote, &moved(&answer), &digest, &bytes[200_000..]).expect(201);
                assert!(remote.blob(&digest).expect(200).body == *bytes);
            });
        }
    });
    assert!(server.open_uploads().is_empty());
    server.stop();
}

#[test]
fn two_writers_of_one_session_do_not_mix() {
    let server = Server::regctl();
    let remote = server.remote("shared");
    let halves = [vec![b'a'; 300_000], vec![b'b'; 300_000]];
    let session = remote.start_upload();
    let statuses = std::thread::scope(|scope| {
        let writers: Vec<_> = halves
            .iter()
            .map(|half| scope.spawn(|| remote.client.patch_at(&session, 0, half).status))
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect::<Vec<_>>()
    });
    // The first one succeeds, the other gets an error.
    let taken = statuses.iter().filter(|&&status| status == 202).count();
    assert_eq!(taken, 1, "{statuses:?}");
    let winner = &halves[usize::from(statuses[1] == 202)];
    close(&remote, &session, &sha256(winner), b"").expect(201);
    assert!(remote.blob(&sha256(winner)).expect(200).body == *winner);
    server.stop();
}
