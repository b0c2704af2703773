//! Stops and starts: what happens to uploads, tags and types.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::{
    Image, Remote, Request, Server, Setup, path_of, random_bytes, sha256, sha512, with_query,
};

/// Number of bytes in a session; `0-0` counts as none.
#[track_caller]
fn received(remote: &Remote, session: &str) -> usize {
    let status = remote.client.get(session).expect(204);
    let end: usize = status
        .need("Range")
        .strip_prefix("0-")
        .unwrap()
        .parse()
        .unwrap();
    if end == 0 { 0 } else { end + 1 }
}

fn an_upload_continues_after(end: fn(Server) -> Setup) {
    let bytes = random_bytes(1, 3_000_000);
    // In the middle of a block of the hash.
    let half = 1_234_567;
    for (digest, query) in [
        (sha256(&bytes), ""),
        (sha512(&bytes), "?digest-algorithm=sha512"),
        // Not announced: the bytes must be read again.
        (sha512(&bytes), ""),
    ] {
        let server = Server::regctl();
        let remote = server.remote("resumed");
        let started = remote
            .client
            .post(&remote.path(&format!("blobs/uploads/{query}")))
            .expect(202);
        let session = path_of(started.need("Location"));
        let answer = remote
            .client
            .patch_at(&session, 0, &bytes[..half])
            .expect(202);
        let session = path_of(answer.need("Location"));
        let server = end(server).start();
        let remote = server.remote("resumed");
        // The chunk was acknowledged: all of it is in the session.
        assert_eq!(received(&remote, &session), half);
        let answer = remote
            .client
            .patch_at(&session, half, &bytes[half..2_000_000])
            .expect(202);
        let session = path_of(answer.need("Location"));
        let server = end(server).start();
        let remote = server.remote("resumed");
        remote
            .client
            .put(
                &with_query(&session, &format!("digest={digest}")),
                &bytes[2_000_000..],
            )
            .expect(201);
        assert!(remote.blob(&digest).expect(200).body == bytes);
        assert!(server.open_uploads().is_empty());
        server.stop();
    }
}

#[test]
fn an_upload_continues_after_a_restart() {
    an_upload_continues_after(Server::stop);
}

#[test]
fn an_upload_continues_after_a_kill() {
    an_upload_continues_after(Server::kill);
}

#[test]
fn a_cancelled_upload_stays_cancelled() {
    let server = Server::regctl();
    let remote = server.remote("cancelled");
    let session = remote.start_upload();
    remote.client.patch(&session, b"bytes").expect(202);
    remote.client.delete(&session).expect(204);
    let server = server.kill().start();
    server
        .client()
        .get(&session)
        .refused(404, "BLOB_UPLOAD_UNKNOWN");
    assert!(server.open_uploads().is_empty());
    server.stop();
}

#[test]
fn a_stop_waits_for_an_active_upload() {
    let mut server = Server::regctl();
    let remote = server.remote("drained");
    let bytes = random_bytes(2, 1 << 20);
    let digest = sha256(&bytes);
    let session = remote.start_upload();
    let target = with_query(&session, &format!("digest={digest}"));
    let request = Request::new("PUT", &target).body(&bytes).encode("x");
    let mut connection = remote.client.open().unwrap();
    let (first, rest) = request.split_at(request.len() / 2);
    connection.send(first).unwrap();
    // Enough time for the request to begin.
    std::thread::sleep(Duration::from_millis(200));
    server.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(300));
    assert!(server.is_running(), "it did not wait");
    for piece in rest.chunks(rest.len() / 5) {
        connection.send(piece).unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    connection.receive("PUT").unwrap().expect(201);
    assert_eq!(server.wait().code(), Some(0));
    // New connections were refused meanwhile; acknowledged content exists.
    let server = server.kill().start();
    assert!(server.remote("drained").blob(&digest).expect(200).body == bytes);
    server.stop();
}

#[test]
fn a_second_signal_stops_at_once() {
    let mut server = Server::regctl();
    let remote = server.remote("hurried");
    let mut connection = remote.client.open().unwrap();
    let target = remote.path(&format!("blobs/uploads/?digest={}", sha256(b"x")));
    let head = format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx");
    connection.send(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(300));
    server.signal(Signal::TERM);
    let asked = std::time::Instant::now();
    server.wait();
    assert!(asked.elapsed() < Duration::from_secs(5), "it took its time");
    server.kill().start().stop();
}

#[test]
fn content_survives_a_restart() {
    let server = Server::regctl();
    let remote = server.remote("kept/safe");
    for seed in 0..5 {
        remote.push(&format!("tag-{seed}"), &Image::new(seed));
    }
    remote.push("tag-0", &Image::new(9));
    remote.delete("tag-1").expect(202);
    remote
        .delete(&Image::new(2).digest().to_string())
        .expect(202);
    let (catalog, files) = (server.catalog(), server.layout_files());
    let mut server = server;
    for end in [Server::stop, Server::kill] {
        server = end(server).start();
        assert_eq!(server.catalog(), catalog);
        assert_eq!(server.layout_files(), files);
        let remote = server.remote("kept/safe");
        for tag in remote.tags() {
            remote.verify(&tag);
        }
        remote.manifest("tag-1").expect(404);
        remote
            .manifest(&Image::new(2).digest().to_string())
            .expect(404);
    }
    server.stop();
}

#[test]
fn tags_keep_their_order_and_types_their_name() {
    let server = Server::regctl();
    let remote = server.remote("ordered");
    let image = Image::new(1);
    remote.push_blobs(&image);
    let mut tags: Vec<String> = (0..50)
        .map(|number| format!("v{}.{}", number % 7, number))
        .collect();
    for tag in &tags {
        remote.put(tag, &image.manifest).expect(201);
    }
    tags.sort();
    assert_eq!(remote.tags(), tags);
    let server = server.restart();
    let remote = server.remote("ordered");
    assert_eq!(remote.tags(), tags);
    let (page, mut last) = (remote.path("tags/list?n=7"), String::new());
    for page in remote.client.pages(&page) {
        for tag in crate::support::texts(&page["tags"]) {
            assert!(tag > last, "{tag} after {last}");
            last = tag;
        }
    }
    server.stop();
}
