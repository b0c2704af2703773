//! Blobs uploaded by the client: through broken connections, to busy registries, from sources that
//! can or can't seek.

use std::sync::atomic::{AtomicU64, Ordering};

use regctl::client::{Class, Error, Uploaded};

use crate::strange::REGISTRY;
use crate::support::{
    Action, Meddler, Passed, Random, Server, eventually, have, random_bytes, sha256,
};
use crate::transfer_support::{Pieces, answer, block_on, client, client_with, repository};

const MIB: usize = 1 << 20;

/// Sends a source through a proxy. Returns the result, and the number of bytes sent.
fn send(host: &str, source: &mut Pieces) -> (Result<Uploaded, Error>, u64) {
    let sent = AtomicU64::new(0);
    let progress = |bytes| {
        sent.fetch_add(bytes, Ordering::Relaxed);
    };
    let client = client(host);
    let repository = repository("team/app");
    let uploaded = block_on(client.upload_blob(&repository, source, &progress));
    (uploaded, sent.load(Ordering::Relaxed))
}

#[track_caller]
fn arrived(server: &Server, bytes: &[u8], uploaded: Result<Uploaded, Error>) {
    let uploaded = uploaded.unwrap();
    assert_eq!(uploaded.size, bytes.len() as u64);
    assert_eq!(uploaded.digest, sha256(bytes));
    let remote = server.remote("team/app");
    assert!(remote.blob(&uploaded.digest).expect(200).body == bytes);
}

fn servers() -> Vec<Server> {
    let mut servers = vec![Server::regctl()];
    if have(&["docker-registry"]) {
        servers.push(Server::docker_registry());
    }
    servers
}

#[test]
fn of_all_lengths() {
    for server in servers() {
        for (seed, length) in [
            (1, 0),
            (2, 1),
            (3, 2),
            (4, 100_000),
            (4, 300_000),
            (5, 9 * MIB),
        ] {
            let bytes = random_bytes(seed, length);
            for mut source in [Pieces::new(&bytes, 64 << 10), Pieces::piped(&bytes, 77_777)] {
                let (uploaded, sent) = send(&server.host(), &mut source);
                arrived(&server, &bytes, uploaded);
                assert_eq!(sent, length as u64);
                assert_eq!(source.rewound, 0);
            }
        }
    }
}

/// Cuts the first PATCH requests, each after some bytes.
fn cuts(seed: u64, most: usize) -> impl Fn(&Passed, usize) -> Action + Send + Sync + 'static {
    move |passed, number| {
        let mut random = Random::new(seed + number as u64);
        if !passed.line.starts_with("PATCH") || number > 6 {
            return Action::Pass;
        }
        Action::Cut {
            body: random.below(most),
            answer: random.below(200),
        }
    }
}

#[test]
fn a_broken_transfer_is_resumed() {
    let server = Server::regctl();
    let bytes = random_bytes(7, 12 * MIB);
    for seed in 0..3 {
        let proxy = Meddler::start(server.address(), cuts(seed, 6 * MIB));
        let mut source = if seed == 0 {
            Pieces::new(&bytes, 200_000)
        } else {
            Pieces::piped(&bytes, 200_000)
        };
        let (uploaded, _) = send(&proxy.host, &mut source);
        arrived(&server, &bytes, uploaded);
        assert_eq!(proxy.count("POST"), 1, "one session was enough");
        // Repeated bytes are sent separately, and then the rest in one stream.
        assert!(proxy.count("PATCH") < 14, "{:?}", proxy.passed());
        assert_eq!(server.open_uploads(), [""; 0]);
    }
}

#[test]
fn lost_bytes_are_sent_again() {
    if !have(&["docker-registry"]) {
        return;
    }
    let server = Server::docker_registry();
    let bytes = random_bytes(8, 20 * MIB);
    for seed in 0..2 {
        let proxy = Meddler::start(server.address(), cuts(seed, 16 * MIB));
        let (uploaded, _) = send(&proxy.host, &mut Pieces::new(&bytes, 200_000));
        arrived(&server, &bytes, uploaded);
    }
}

/// A redirect during an upload: the same bytes are sent to its target.
#[test]
fn a_redirected_segment() {
    let server = Server::regctl();
    let bytes = random_bytes(14, 3 * MIB);
    let elsewhere = Meddler::start(server.address(), |_, _| Action::Pass);
    let place = elsewhere.host.clone();
    let first = Meddler::start(server.address(), move |passed, _| {
        let path = passed.line.split(' ').nth(1).unwrap_or_default();
        if passed.line.starts_with("PATCH") {
            let location = format!("Location: http://{place}{path}");
            Action::Answer(answer("307 Temporary Redirect", &[&location], b""))
        } else {
            Action::Pass
        }
    });
    let (uploaded, _) = send(&first.host, &mut Pieces::piped(&bytes, 100_000));
    arrived(&server, &bytes, uploaded);
    assert_eq!((first.count("PATCH"), elsewhere.count("PATCH")), (1, 1));
}

/// A small blob is sent in one request after the session is opened; if interrupted, in another
/// session.
#[test]
fn a_small_blob() {
    let server = Server::regctl();
    let bytes = random_bytes(13, 200_000);
    for cut in [false, true] {
        let proxy = Meddler::start(server.address(), move |passed, number| {
            if cut && passed.line.starts_with("PUT") && number < 3 {
                return Action::Cut {
                    body: 100_000,
                    answer: 0,
                };
            }
            Action::Pass
        });
        let (uploaded, _) = send(&proxy.host, &mut Pieces::new(&bytes, 50_000));
        arrived(&server, &bytes, uploaded);
        assert_eq!(proxy.count("PATCH"), 0);
        assert_eq!(server.open_uploads(), [""; 0]);
        server
            .remote("team/app")
            .client
            .delete(&server.remote("team/app").blob_path(&sha256(&bytes)));
    }
}

#[test]
fn a_source_that_can_not_seek_is_reported() {
    let server = Server::regctl();
    let bytes = random_bytes(9, 20 * MIB);
    // The session is lost after more bytes than the window has.
    let proxy = Meddler::start(server.address(), |passed, _| {
        match passed.line.split(' ').next() {
            Some("PATCH") => Action::Cut {
                body: 15 * MIB,
                answer: 0,
            },
            Some("GET") if passed.line.contains("/uploads/") => {
                Action::Answer(answer("404 Not Found", &[], b"{}"))
            }
            _ => Action::Pass,
        }
    });
    let (uploaded, _) = send(&proxy.host, &mut Pieces::piped(&bytes, 200_000));
    let error = uploaded.unwrap_err();
    assert_eq!(error.class(), Class::Unavailable);
    let text = error.to_string();
    assert!(text.contains("hint: run it again, from a file"), "{text}");
}

#[test]
fn a_busy_registry_is_retried() {
    let server = Server::regctl();
    let bytes = random_bytes(10, 2 * MIB);
    let busy = |passed: &Passed, number| match number {
        0 => Action::Answer(answer("429 Too Many Requests", &["Retry-After: 1"], b"")),
        2 | 5 => Action::Answer(answer("503 Service Unavailable", &["Retry-After: 0"], b"")),
        _ if passed.line.starts_with("PUT") && number < 8 => {
            Action::Answer(answer("502 Bad Gateway", &[], b""))
        }
        _ => Action::Pass,
    };
    let proxy = Meddler::start(server.address(), busy);
    let (uploaded, _) = send(&proxy.host, &mut Pieces::piped(&bytes, 100_000));
    arrived(&server, &bytes, uploaded);
    assert_eq!(proxy.count("POST"), 2);
}

/// A registry that forgets each session before its end.
#[test]
fn lost_sessions_use_up_the_retries() {
    let server = Server::regctl();
    let bytes = random_bytes(15, MIB);
    for status in ["404 Not Found", "416 Range Not Satisfiable"] {
        let proxy = Meddler::start(server.address(), move |passed, _| {
            if passed.line.starts_with("PUT") {
                Action::Answer(answer(status, &[], b"{}"))
            } else {
                Action::Pass
            }
        });
        let client = client_with(&proxy.host, 2);
        let repository = repository("team/app");
        let mut source = Pieces::new(&bytes, 100_000);
        let uploaded = block_on(client.upload_blob(&repository, &mut source, &|_| {}));
        let error = uploaded.unwrap_err();
        assert_eq!(error.class(), Class::Unavailable);
        let text = error.to_string();
        assert!(text.contains("lost the session of an upload"), "{text}");
        assert_eq!((proxy.count("POST"), proxy.count("PUT")), (3, 3));
    }
}

/// A registry that reports more bytes than it has refuses what is sent after them: a new upload.
#[test]
fn a_wrong_offset_costs_one_session() {
    let server = Server::regctl();
    let bytes = random_bytes(18, 2 * MIB);
    for reported in ["0-100000", "0-99999999"] {
        let sessions = AtomicU64::new(0);
        let proxy = Meddler::start(server.address(), move |passed, number| {
            let method = passed.line.split(' ').next().unwrap_or_default();
            if method == "POST" {
                sessions.fetch_add(1, Ordering::Relaxed);
            }
            let range = format!("Range: {reported}");
            match (method, sessions.load(Ordering::Relaxed)) {
                ("PATCH", 1) if number == 1 => Action::Cut {
                    body: MIB,
                    answer: 0,
                },
                ("PATCH", 1) => Action::Answer(answer("416 Range Not Satisfiable", &[&range], b"")),
                ("GET", 1) => Action::Answer(answer("204 No Content", &[REGISTRY, &range], b"")),
                _ => Action::Pass,
            }
        });
        let (uploaded, _) = send(&proxy.host, &mut Pieces::new(&bytes, 200_000));
        arrived(&server, &bytes, uploaded);
        assert_eq!(proxy.count("POST"), 2, "{:?}", proxy.passed());
        assert_eq!(server.open_uploads(), [""; 0]);
    }
}

#[test]
fn an_address_for_uploads_where_nothing_listens() {
    let server = Server::regctl();
    let proxy = Meddler::start(server.address(), |_, _| {
        let location = "Location: http://127.0.0.1:1/v2/team/app/blobs/uploads/1";
        Action::Answer(answer("202 Accepted", &[location], b""))
    });
    for length in [1000, MIB] {
        let bytes = random_bytes(19, length);
        let mut source = Pieces::new(&bytes, 100_000);
        let client = client_with(&proxy.host, 0);
        let repository = repository("team/app");
        let uploaded = block_on(client.upload_blob(&repository, &mut source, &|_| {}));
        let error = uploaded.unwrap_err().to_string();
        let begin = format!(
            "can't reach 127.0.0.1:1: nothing listens there; {} gives that address for uploads; \
             hint: a proxy",
            proxy.host
        );
        assert!(error.starts_with(&begin), "{error}");
    }
}

/// A session on another host names itself by a path, which is one of that host.
#[test]
fn a_relative_location_belongs_to_the_host_that_answers() {
    let server = Server::regctl_with(
        "version: 0.1\nstorage:\n  filesystem: {rootdirectory: /nowhere}\n\
         http: {addr: 127.0.0.1:0, relativeurls: true}\n",
    );
    let bytes = random_bytes(16, MIB);
    let elsewhere = Meddler::start(server.address(), |_, _| Action::Pass);
    let place = elsewhere.host.clone();
    let first = Meddler::start(server.address(), move |passed, _| {
        let path = passed.line.split(' ').nth(1).unwrap_or_default();
        if passed.line.starts_with("POST") {
            let location = format!("Location: http://{place}{path}");
            Action::Answer(answer("307 Temporary Redirect", &[&location], b""))
        } else {
            Action::Pass
        }
    });
    let (uploaded, _) = send(&first.host, &mut Pieces::new(&bytes, 100_000));
    arrived(&server, &bytes, uploaded);
    assert_eq!((first.count("PATCH"), elsewhere.count("PATCH")), (0, 1));
}

/// A token that expires before a segment is renewed without a retry.
#[test]
fn an_expired_token_is_no_failure() {
    let server = Server::regctl();
    let bytes = random_bytes(17, MIB);
    let tokens = Meddler::start(server.address(), |_, number| {
        let body = format!("{{\"token\":\"t{number}\",\"expires_in\":300}}");
        Action::Answer(answer("200 OK", &[], body.as_bytes()))
    });
    let challenge = format!("WWW-Authenticate: Bearer realm=\"http://{}/\"", tokens.host);
    let proxy = Meddler::start(server.address(), move |passed, _| {
        let token = passed.authorization.as_deref();
        let expired = passed.line.starts_with("PATCH") && token == Some("Bearer t0");
        if token.is_none() || expired {
            Action::Answer(answer("401 Unauthorized", &[&challenge], b"{}"))
        } else {
            Action::Pass
        }
    });
    let client = client_with(&proxy.host, 0);
    let repository = repository("team/app");
    let mut source = Pieces::new(&bytes, 100_000);
    let uploaded = block_on(client.upload_blob(&repository, &mut source, &|_| {}));
    arrived(&server, &bytes, uploaded);
}

/// The last answer is lost, but the blob exists.
#[test]
fn a_lost_last_answer_is_no_error() {
    let server = Server::regctl();
    let bytes = random_bytes(11, MIB);
    let proxy = Meddler::start(server.address(), |passed, number| {
        if passed.line.starts_with("PUT") && number < 3 {
            Action::Cut {
                body: usize::MAX,
                answer: 10,
            }
        } else {
            Action::Pass
        }
    });
    let (uploaded, sent) = send(&proxy.host, &mut Pieces::piped(&bytes, 100_000));
    arrived(&server, &bytes, uploaded);
    assert_eq!(sent, MIB as u64);
}

#[test]
fn a_wrong_digest_or_length_is_an_error_and_leaves_no_session() {
    struct Liar(Pieces, Option<u64>);
    impl regctl::client::Source for Liar {
        fn next(
            &mut self,
        ) -> futures_util::future::BoxFuture<'_, std::io::Result<Option<bytes::Bytes>>> {
            self.0.next()
        }
        fn size(&self) -> Option<u64> {
            self.1
        }
        fn digest(
            &mut self,
        ) -> futures_util::future::BoxFuture<'_, std::io::Result<regctl::oci::Digest>> {
            Box::pin(async { Ok(sha256(b"something else")) })
        }
        fn rewind(
            &mut self,
            offset: u64,
        ) -> futures_util::future::BoxFuture<'_, std::io::Result<bool>> {
            self.0.rewind(offset)
        }
    }
    let server = Server::regctl();
    let client = client(&server.host());
    let repository = repository("team/app");
    let bytes = random_bytes(12, 300_000);
    for size in [None, Some(300_001), Some(299_999)] {
        let mut liar = Liar(Pieces::new(&bytes, 100_000), size);
        let uploaded = block_on(client.upload_blob(&repository, &mut liar, &|_| {}));
        let error = uploaded.unwrap_err().to_string();
        let said = if size.is_some() { "it has " } else { "digest" };
        assert!(error.contains(said), "{size:?}: {error}");
        // An interrupted request may still be running.
        eventually("no session is left", || server.open_uploads().is_empty());
    }
}
