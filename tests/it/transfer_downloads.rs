//! Blobs downloaded by the client: through broken connections, from other hosts, with wrong
//! content.

use regctl::client::{Class, Error};
use regctl::oci::Digest;

use crate::support::{Action, Meddler, Random, Server, random_bytes, sha256};
use crate::transfer_support::{answer, block_on, client, repository};

const MIB: usize = 1 << 20;

fn fetch(host: &str, digest: &Digest, size: Option<u64>) -> Result<Vec<u8>, Error> {
    let client = client(host);
    block_on(async {
        let repository = repository("team/app");
        let mut download = client.download_blob(&repository, digest, size).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = download.next().await? {
            bytes.extend_from_slice(&piece);
        }
        assert_eq!(download.size(), bytes.len() as u64);
        Ok(bytes)
    })
}

#[test]
fn a_broken_transfer_is_resumed() {
    let server = Server::regctl();
    let bytes = random_bytes(1, 10 * MIB);
    let digest = server.remote("team/app").push_blob(&bytes);
    for seed in 0..4 {
        let proxy = Meddler::start(server.address(), move |_, number| Action::Cut {
            body: usize::MAX,
            answer: Random::new(seed + number as u64).below(4 * MIB),
        });
        let size = (seed % 2 == 0).then_some(bytes.len() as u64);
        assert!(fetch(&proxy.host, &digest, size).unwrap() == bytes);
    }
}

#[test]
fn a_registry_without_ranges() {
    let bytes = random_bytes(2, MIB);
    let digest = sha256(&bytes);
    let whole = answer("200 OK", &[], &bytes);
    let proxy = Meddler::start("127.0.0.1:1".parse().unwrap(), move |_, number| {
        // Twice a part of the content, without a correct length.
        Action::Answer(whole[..whole.len() - [300_000, 1, 0][number.min(2)]].to_vec())
    });
    assert!(fetch(&proxy.host, &digest, Some(MIB as u64)).unwrap() == bytes);
    assert_eq!(proxy.count("GET"), 3);
}

#[test]
fn wrong_content_is_an_error() {
    let bytes = random_bytes(3, 300_000);
    let mut damaged = bytes.clone();
    damaged[200_000] ^= 1;
    for (served, size) in [
        (damaged, None),
        (bytes[..200_000].to_vec(), Some(300_000)),
        ([&bytes[..], b"more"].concat(), Some(300_000)),
    ] {
        let whole = answer("200 OK", &[], &served);
        let upstream = "127.0.0.1:1".parse().unwrap();
        let proxy = Meddler::start(upstream, move |_, _| Action::Answer(whole.clone()));
        let error = fetch(&proxy.host, &sha256(&bytes), size).unwrap_err();
        assert_eq!(error.class(), Class::Mismatch, "{error}");
    }
}

#[test]
fn no_secret_is_sent_to_another_host() {
    let bytes = random_bytes(4, 300_000);
    let digest = sha256(&bytes);
    let upstream = "127.0.0.1:1".parse().unwrap();
    let whole = answer("200 OK", &[], &bytes);
    let storage = Meddler::start(upstream, move |_, _| Action::Answer(whole.clone()));
    let location = format!("Location: http://{}/signed?by=us", storage.host);
    let token = br#"{"token":"t1"}"#;
    let tokens = Meddler::start(upstream, move |_, _| {
        Action::Answer(answer("200 OK", &[], token))
    });
    let challenge = format!(
        "WWW-Authenticate: Bearer realm=\"http://{}/token\"",
        tokens.host
    );
    let registry = Meddler::start(upstream, move |passed, _| {
        Action::Answer(match passed.authorization.as_deref() {
            Some("Bearer t1") => answer("307 Temporary Redirect", &[&location], b""),
            _ => answer("401 Unauthorized", &[&challenge], b""),
        })
    });
    assert!(fetch(&registry.host, &digest, None).unwrap() == bytes);
    let seen = storage.passed();
    assert_eq!(seen[0].line, "GET /signed?by=us");
    assert_eq!(seen[0].authorization, None);
}
