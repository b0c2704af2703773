//! Invalid input from strangers: each gets its error, changes nothing, leaves nothing behind, and
//! the server keeps running.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use crate::support::{
    Image, OCI_MANIFEST, Remote, Request, Response, Server, eventually, random_bytes, sha256,
    with_query,
};

/// The server answers, has its content and no open session, and stops cleanly.
#[track_caller]
pub(crate) fn lives(server: Server, remote: &Remote) {
    remote.client.get("/v2/").expect(200);
    remote.verify("kept");
    eventually(
        "the uploads that were cut are gone or can be resumed",
        || {
            server.open_uploads().iter().all(|id| {
                let target = remote.path(&format!("blobs/uploads/{id}"));
                remote.client.get(&target).status == 204
            })
        },
    );
    server.stop();
}

pub(crate) fn start(name: &str) -> (Server, Remote, Image) {
    let server = Server::regctl();
    let remote = server.remote(name);
    let image = Image::new(1);
    remote.push("kept", &image);
    (server, remote, image)
}

/// The answer to bytes that are sent unchanged, with nothing after them.
fn raw(remote: &Remote, bytes: &[u8]) -> io::Result<Response> {
    let mut connection = remote.client.open()?;
    let _ = connection.send(bytes);
    connection.finish_sending();
    connection.receive("GET")
}

#[test]
fn a_body_that_ends_early_is_refused() {
    let (server, remote, _) = start("short");
    let bytes = random_bytes(2, 50_000);
    let digest = sha256(&bytes);
    server.unchanged(|| {
        let session = remote.start_upload();
        let target = with_query(&session, &format!("digest={digest}"));
        // The full length is announced, half is sent. The sent half has a digest of its own.
        for (method, target) in [
            ("PUT", target.as_str()),
            (
                "POST",
                remote
                    .path(&format!("blobs/uploads/?digest={digest}"))
                    .as_str(),
            ),
            ("PUT", remote.manifest_path("bad").as_str()),
        ] {
            let whole = Request::new(method, target).body(&bytes).encode("x");
            if let Ok(answer) = raw(&remote, &whole[..whole.len() - 25_000]) {
                assert!((400..500).contains(&answer.status), "{answer}");
            }
            let chunked = Request::new(method, target).chunked(&[&bytes]).encode("x");
            if let Ok(answer) = raw(&remote, &chunked[..chunked.len() - 5]) {
                assert!((400..500).contains(&answer.status), "{answer}");
            }
        }
    });
    remote.blob_head(&digest).expect(404);
    lives(server, &remote);
}

#[test]
fn bytes_after_a_body_are_another_request() {
    let (server, remote, _) = start("long");
    let digest = sha256(b"hello");
    let session = remote.start_upload();
    let target = with_query(&session, &format!("digest={digest}"));
    let mut bytes = Request::new("PUT", &target).body(b"hello").encode("x");
    bytes.extend_from_slice(b" and much more than was announced\r\n\r\n");
    let mut connection = remote.client.open().unwrap();
    connection.send(&bytes).unwrap();
    connection.receive("PUT").unwrap().expect(201);
    // The rest is not a request; the server answers with an error or closes the connection.
    if let Ok(answer) = connection.receive("GET") {
        answer.expect(400);
    }
    assert_eq!(remote.blob(&digest).expect(200).body, b"hello");
    lives(server, &remote);
}

#[test]
fn lengths_that_contradict_each_other_are_refused() {
    let (server, remote, _) = start("lengths");
    let session = remote.start_upload();
    for headers in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 5x\r\n",
        "Content-Length: 99999999999999999999999999\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ] {
        let text =
            format!("PATCH {session} HTTP/1.1\r\nHost: x\r\n{headers}\r\nhello\r\n0\r\n\r\n");
        server.unchanged(|| {
            if let Ok(answer) = raw(&remote, text.as_bytes()) {
                assert!((400..=501).contains(&answer.status), "{headers}: {answer}");
            }
        });
    }
    // Nothing was added to the session.
    let target = with_query(&session, &format!("digest={}", sha256(b"whole")));
    remote.client.put(&target, b"whole").expect(201);
    lives(server, &remote);
}

#[test]
fn a_connection_cut_at_any_byte_leaves_nothing() {
    let (server, remote, image) = start("cut");
    let bytes = random_bytes(3, 2000);
    let digest = sha256(&bytes);
    let other = Image::new(9);
    remote.push_blobs(&other);
    let requests = [
        Request::new(
            "POST",
            &remote.path(&format!("blobs/uploads/?digest={digest}")),
        )
        .body(&bytes),
        Request::new(
            "POST",
            &remote.path(&format!("blobs/uploads/?digest={digest}")),
        )
        .chunked(&[&bytes[..1000], &bytes[1000..]]),
        Request::new("PUT", &remote.manifest_path("cut"))
            .header("Content-Type", OCI_MANIFEST)
            .body(&other.manifest.bytes),
        Request::new("DELETE", &remote.manifest_path("kept")),
    ];
    server.unchanged(|| {
        for request in &requests {
            let whole = request.encode("x");
            // Every byte of the head, and a sample of the body; never the last one.
            let head = whole
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
                .unwrap()
                + 4;
            for at in
                (1..whole.len()).filter(|at| *at < head || at % 97 == 0 || whole.len() - at < 8)
            {
                let mut connection = remote.client.open().unwrap();
                connection.send(&whole[..at]).unwrap();
                if at % 2 == 0 {
                    connection.finish_sending();
                    let _ = connection.receive("GET");
                }
            }
        }
    });
    eventually("interrupted uploads are removed", || {
        server.open_uploads().is_empty()
    });
    // In a session, received bytes may be kept: the session reports how many.
    for at in [1_usize, 700, 1999] {
        let session = remote.start_upload();
        let whole = Request::new("PATCH", &session).body(&bytes).encode("x");
        let head = whole.len() - bytes.len();
        let mut connection = remote.client.open().unwrap();
        connection.send(&whole[..head + at]).unwrap();
        drop(connection);
        // The server needs a moment to detect the disconnected client.
        eventually("the session can be used again", || {
            let status = remote.client.get(&session);
            let Some(end) = status
                .header("Range")
                .and_then(|range| range.strip_prefix("0-"))
            else {
                return false;
            };
            let end: usize = end.parse().unwrap();
            assert!(end < at, "more than was sent: {status}");
            // `0-0` means one byte or none.
            let starts = if end == 0 { vec![1, 0] } else { vec![end + 1] };
            starts.into_iter().any(|start| {
                let target = with_query(&session, &format!("digest={digest}"));
                let rest = Request::new("PUT", &target)
                    .header("Content-Range", &format!("{start}-1999"))
                    .body(&bytes[start..]);
                remote.client.send(&rest).status == 201
            })
        });
        remote.client.delete(&remote.blob_path(&digest)).expect(202);
    }
    assert_eq!(remote.verify("kept"), image.digest());
    lives(server, &remote);
}

#[test]
fn path_tricks_are_refused() {
    let (server, remote, _) = start("paths");
    std::fs::write(server.root().join("secret"), "secret").unwrap();
    let blob = sha256(b"x");
    for path in [
        "/v2/../secret",
        "/v2/../../secret",
        "/v2/%2e%2e/secret",
        "/v2/paths/%2e%2e/%2e%2e/manifests/kept",
        "/v2/paths/../paths/manifests/kept",
        "/v2/./paths/manifests/kept",
        "/v2//paths/manifests/kept",
        "/v2/paths//manifests/kept",
        "/v2/paths/manifests//kept",
        "/v2/paths/manifests/../../../secret",
        "/v2/paths/manifests/..%2f..%2fsecret",
        "/v2/paths%2f..%2f..%2fx/manifests/kept",
        "/v2/paths/manifests/kept%00",
        "/v2/paths%00/manifests/kept",
        "/v2/paths/manifests/%",
        "/v2/paths/manifests/%zz",
        "/v2/paths/manifests/%ff%fe",
        "/v2/paths/blobs/sha256:..%2f..%2f..%2fsecret",
        "/v2/paths/blobs/uploads/../../manifests/kept",
        "/v2/paths/blobs/uploads/%2e%2e",
        "/v2/paths/manifests/kept;x=1",
        "/v2/paths\\manifests\\kept",
        "/V2/paths/manifests/kept",
        &format!("/v2/{}/manifests/kept", "a/".repeat(4000)),
        &format!("/v2/paths/manifests/{}", "a".repeat(8000)),
        &format!("/v2/paths/blobs/{blob}%2f.."),
    ] {
        server.unchanged(|| {
            for method in ["GET", "PUT", "DELETE", "POST"] {
                let request = Request::new(method, path).header("Content-Type", OCI_MANIFEST);
                // The HTTP library refuses some of these; then the connection is closed.
                if let Ok(answer) = remote.client.try_send(&request) {
                    assert!(
                        (400..500).contains(&answer.status),
                        "{method} {path}: {answer}"
                    );
                    assert!(
                        !answer.body.windows(6).any(|window| window == b"secret")
                            || path.contains("secret")
                    );
                }
            }
        });
    }
    assert_eq!(
        std::fs::read(server.root().join("secret")).unwrap(),
        b"secret"
    );
    lives(server, &remote);
}

#[test]
fn an_encoded_path_is_the_path() {
    let (server, remote, image) = start("encoded");
    let digest = image.digest().to_string();
    for path in [
        format!("/v2/encoded/manifests/{}", digest.replace(':', "%3A")),
        "/v2/encoded/manifests/%6bept".to_owned(),
        "/v2/encode%64/manifests/kept".to_owned(),
        "/v2/encoded/manifests/kept?".to_owned(),
        "/v2/encoded/manifests/kept?x=%00&%ff".to_owned(),
    ] {
        assert_eq!(
            remote.client.get(&path).expect(200).body,
            image.manifest.bytes,
            "{path}"
        );
    }
    lives(server, &remote);
}

#[test]
fn malformed_http_is_answered_or_closed() {
    let (server, remote, _) = start("http");
    let mut flood = "GET /v2/ HTTP/1.1\r\nHost: x\r\n".to_owned();
    for number in 0..20_000 {
        let _ = write!(flood, "X-{number}: {number}\r\n");
    }
    flood.push_str("\r\n");
    let long = format!(
        "GET /v2/ HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n",
        "x".repeat(10 << 20)
    );
    let endless = "x".repeat(1 << 20);
    for bytes in [
        b"\r\n\r\n".as_slice(),
        b"GET\r\n\r\n",
        b"GET /v2/ HTTP/9.9\r\n\r\n",
        b"GET /v2/\r\n\r\n",
        b"GET /v2/ HTTP/1.1\r\nHost\r\n\r\n",
        b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        b"GET /v2/ HTTP/1.1\r\n: x\r\n\r\n",
        b"GET /v2/\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03hello from TLS",
        &[0xff; 4096],
        endless.as_bytes(),
        flood.as_bytes(),
        long.as_bytes(),
    ] {
        if let Ok(answer) = raw(&remote, bytes) {
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
            assert!((400..600).contains(&answer.status), "{shown:?}: {answer}");
            assert_ne!(answer.status, 500, "{shown:?}: {answer}");
        }
    }
    lives(server, &remote);
}

#[test]
fn requests_byte_by_byte_and_many_at_once_are_understood() {
    let (server, remote, image) = start("odd");
    let request = Request::new("GET", &remote.manifest_path("kept"));
    let bytes = request.encode("x");
    let mut connection = remote.client.open().unwrap();
    for byte in &bytes {
        connection.send(&[*byte]).unwrap();
    }
    let answer = connection.receive("GET").unwrap().expect(200);
    assert_eq!(answer.body, image.manifest.bytes);
    // Then three at once on the same connection: answered in order.
    let mut three = Vec::new();
    for path in [
        "/v2/",
        &remote.path("tags/list"),
        &remote.manifest_path("no"),
    ] {
        three.extend(Request::new("GET", path).encode("x"));
    }
    connection.send(&three).unwrap();
    for status in [200, 200, 404] {
        connection.receive("GET").unwrap().expect(status);
    }
    // A client that sends `Expect: 100-continue` gets the interim answer.
    let digest = sha256(b"hello");
    let target = remote.path(&format!("blobs/uploads/?digest={digest}"));
    let upload = Request::new("POST", &target)
        .header("Expect", "100-continue")
        .body(b"hello");
    connection.send(&upload.encode("x")).unwrap();
    connection.receive("POST").unwrap().expect(201);
    lives(server, &remote);
}

#[test]
fn idle_and_half_open_connections_do_not_stop_the_others() {
    let (server, remote, _) = start("idle");
    let mut hanging = Vec::new();
    for number in 0..200 {
        let mut connection = remote.client.open().unwrap();
        match number % 4 {
            0 => {}
            1 => connection
                .send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX: ")
                .unwrap(),
            2 => {
                let target = remote.path(&format!("blobs/uploads/?digest={}", sha256(b"x")));
                let text =
                    format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx");
                connection.send(text.as_bytes()).unwrap();
            }
            _ => {
                connection
                    .send(&Request::new("GET", "/v2/").encode("x"))
                    .unwrap();
                connection.receive("GET").unwrap().expect(200);
            }
        }
        hanging.push(connection);
    }
    for seed in 10..15 {
        let started = std::time::Instant::now();
        remote.push(&format!("tag-{seed}"), &Image::new(seed));
        remote.verify(&format!("tag-{seed}"));
        assert!(started.elapsed() < Duration::from_secs(20), "it is slow");
    }
    drop(hanging);
    lives(server, &remote);
}
