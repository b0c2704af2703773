//! Damaged stored bytes, and what clients get.

use std::path::PathBuf;

use regctl::oci::Digest;

use crate::support::{Image, Program, Request, Server, eventually, have, random_bytes};

fn file(server: &Server, digest: &Digest) -> PathBuf {
    let hex = digest.hex();
    server
        .root()
        .join("docker/registry/v2/blobs/sha256")
        .join(&hex[..2])
        .join(&*hex)
        .join("data")
}

fn flip(path: &PathBuf, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 4;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn wrong_bytes_are_never_sent_completely() {
    let server = Server::regctl();
    let remote = server.remote("rot");
    // In one slice and in several; at the beginning, in the middle, at the end.
    for (seed, length) in [(1, 1), (2, 5000), (3, 3_000_000)] {
        for at in [0, length / 2, length - 1] {
            let bytes = random_bytes(seed * 10 + at as u64, length);
            let digest = remote.push_blob(&bytes);
            flip(&file(&server, &digest), at);
            let answer = remote
                .client
                .try_send(&Request::new("GET", &remote.blob_path(&digest)));
            assert!(answer.is_err(), "{length} bytes, wrong at {at}: {answer:?}");
            eventually("it is unknown", || remote.blob_head(&digest).status == 404);
            remote.blob(&digest).refused(404, "BLOB_UNKNOWN");
            assert_eq!(remote.push_blob(&bytes), digest);
            assert_eq!(remote.blob(&digest).expect(200).body, bytes);
        }
    }
    server.stop();
}

#[test]
fn checks_of_reads_can_be_disabled() {
    let server = Server::regctl_with("version: 0.1\nregctl: {validation: {reads: false}}");
    let remote = server.remote("rot");
    let bytes = random_bytes(7, 300_000);
    let digest = remote.push_blob(&bytes);
    flip(&file(&server, &digest), 7);
    assert_ne!(remote.blob(&digest).expect(200).body, bytes);
    remote.blob_head(&digest).expect(200);
    server.stop();
}

#[test]
fn damage_by_a_power_cut_is_repaired_by_a_push() {
    if !have(&["docker-registry"]) {
        return;
    }
    let server = Server::docker_registry();
    let remote = server.remote("taken/over");
    let image = Image::with_layers(8, &[1000, 2000, 3000, 4000]);
    let digest = remote.push("1", &image);
    let server = server.hand_over(Program::DockerRegistry);
    for (number, length) in [(1, 0), (2, 7), (3, 2999)] {
        let path = file(&server, &crate::support::sha256(&image.blobs[number]));
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..length]).unwrap();
    }
    let server = server.hand_over(Program::Regctl);
    let remote = server.remote("taken/over");
    for (number, status) in [(0, 200), (1, 404), (2, 404), (3, 404), (4, 200)] {
        let blob = crate::support::sha256(&image.blobs[number]);
        remote.blob_head(&blob).expect(status);
        remote.blob(&blob).expect(status);
    }
    assert_eq!(remote.push("1", &image), digest);
    assert_eq!(remote.verify("1"), digest);
    // The repair is in the layout: another registry on this root serves it as well.
    let server = server.hand_over(Program::DockerRegistry);
    assert_eq!(server.remote("taken/over").verify("1"), digest);
    server.stop();
}

#[test]
fn content_rules_of_the_configuration() {
    let server =
        Server::regctl_with("version: 0.1\nregctl: {validation: {layers: none, types: known}}");
    let remote = server.remote("sparse");
    let image = Image::new(9);
    remote.put("sparse", &image.manifest).expect(201);
    assert_eq!(
        remote.manifest("sparse").expect(200).body,
        image.manifest.bytes
    );
    let unknown = crate::support::Manifest::new(
        "application/vnd.example.v1+json",
        &serde_json::json!({ "mediaType": "application/vnd.example.v1+json" }),
    );
    remote
        .put("unknown", &unknown)
        .refused(400, "MANIFEST_INVALID");
    server.stop();
}
