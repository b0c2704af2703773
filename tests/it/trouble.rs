//! Failures of the machine: a full disk, a second server on the same root, a root that has lost its
//! content.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::support::{
    Image, Program, Request, Server, Setup, attempt, eventually, have, is_root, random_bytes,
    sha256, skip, with_query,
};

#[test]
fn a_second_serve_on_the_same_root_names_the_first() {
    let server = Server::regctl();
    let second = Setup::new(Program::Regctl).root(server.root());
    let output = attempt(&mut second.command());
    assert_eq!(output.code, Some(1));
    let said = output.text;
    assert!(
        said.lines()
            .any(|line| line.contains(&server.pid().to_string())),
        "the process {} is not named: {said}",
        server.pid()
    );
    // The first server is not affected, and after it is killed the root is free.
    let image = Image::new(1);
    server.remote("a").push("1", &image);
    let server = server.kill().start();
    server.remote("a").verify("1");
    server.stop();
}

#[test]
fn an_emptied_root_stops_the_start() {
    let server = Server::regctl();
    let remote = server.remote("a");
    for seed in 0..5 {
        remote.push(&format!("{seed}"), &Image::new(seed));
    }
    let layout = server.layout();
    let setup = server.stop();
    let aside = layout.with_extension("aside");
    std::fs::rename(&layout, &aside).unwrap();
    // Missing, and empty: both look like a disk that is not mounted.
    for make in [false, true] {
        if make {
            std::fs::create_dir_all(&layout).unwrap();
        }
        let output = attempt(&mut setup.command());
        assert_eq!(output.code, Some(1), "{}", output.text);
        assert!(output.text.contains("hint: "), "{}", output.text);
        assert!(!output.text.contains("panicked"), "{}", output.text);
    }
    // Nothing was discarded because of it.
    let _ = std::fs::remove_dir_all(&layout);
    std::fs::rename(&aside, &layout).unwrap();
    let server = setup.start();
    for seed in 0..5 {
        server.remote("a").verify(&format!("{seed}"));
    }
    server.stop();
}

#[test]
fn a_root_without_an_index_is_reindexed() {
    let server = Server::regctl();
    let image = Image::with_layers(1, &[5000, 100]);
    let untagged = Image::new(2);
    let remote = server.remote("team/app");
    remote.push("1", &image);
    remote.push_blobs(&untagged);
    remote
        .put(&untagged.digest().to_string(), &untagged.manifest)
        .expect(201);
    server.remote("other").push("x", &image);
    let (catalog, files) = (server.catalog(), server.layout_files());
    let root = server.root().to_path_buf();
    let setup = server.stop();
    std::fs::remove_dir_all(root.join("regctl")).unwrap();
    let server = setup.start();
    assert_eq!(server.catalog(), catalog);
    assert_eq!(server.layout_files(), files);
    let remote = server.remote("team/app");
    remote.verify("1");
    remote.verify(&untagged.digest().to_string());
    remote.push("2", &Image::new(3));
    server.stop();
}

#[test]
fn foreign_files_in_the_layout_are_kept() {
    let server = Server::regctl();
    let image = Image::new(1);
    server.remote("a/b").push("1", &image);
    let layout = server.layout();
    let setup = server.stop();
    let foreign: Vec<PathBuf> = [
        "README.txt",
        "blobs/sha256/note",
        "blobs/tarsum/v1/x",
        "repositories/a/b/_manifests/note.tmp",
        "repositories/a/b/_manifests/tags/1/current/link.8b1a.tmp",
        "repositories/a/b/_layers/tarsum/x/link",
        "repositories/a/b/_manifests/revisions/sha256/0123/signatures/sha256/4567/link",
        "repositories/a/b/_other/thing",
        "repositories/UPPER/_manifests/tags/1/current/link",
    ]
    .iter()
    .map(|path| layout.join(path))
    .collect();
    for file in &foreign {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "not ours").unwrap();
    }
    std::fs::write(layout.join("../../../scheduler-state.json"), "{}").unwrap();
    let untouched = |layout: &Path| {
        for file in &foreign {
            assert_eq!(
                std::fs::read(file).ok().as_deref(),
                Some(b"not ours".as_slice()),
                "{file:?}"
            );
        }
        assert!(layout.join("../../../scheduler-state.json").exists());
    };
    let server = setup.start();
    untouched(&layout);
    assert_eq!(server.catalog().into_keys().collect::<Vec<_>>(), ["a/b"]);
    let remote = server.remote("a/b");
    remote.verify("1");
    remote.push("2", &Image::new(2));
    remote.delete("2").expect(202);
    remote
        .delete(&Image::new(2).digest().to_string())
        .expect(202);
    untouched(&layout);
    let _setup = server.restart().stop();
    untouched(&layout);
}

/// A small file system that exists until the test ends.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(place: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir(place).unwrap();
        let size = format!("size={megabytes}m");
        let mount = attempt(
            Command::new("mount")
                .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
                .arg(place),
        );
        if mount.success {
            return Some(Self(place.to_path_buf()));
        }
        skip(&format!(
            "no file system can be mounted here: {}",
            mount.text
        ));
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Fills the disk with one file, except for some space.
fn fill(file: &Path, room: u64) {
    use std::io::Write as _;
    let mut ballast = std::fs::File::create(file).unwrap();
    let mut length = 0;
    while let Ok(written @ 1..) = ballast.write(&[0; 16 << 10]) {
        length += u64::try_from(written).unwrap();
    }
    ballast.set_len(length.saturating_sub(room)).unwrap();
}

#[test]
fn a_full_disk_is_reported_and_loses_nothing() {
    if !is_root() || !have(&["mount", "umount"]) {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&place.path().join("disk"), 24) else {
        return;
    };
    let server = Setup::new(Program::Regctl).root(&disk.0).start();
    let remote = server.remote("full");
    let image = Image::with_layers(1, &[1 << 20]);
    remote.push("kept", &image);
    // Another file uses up the disk, except for a little space.
    let ballast = disk.0.join("ballast");
    fill(&ballast, 5 << 19);

    let mut acknowledged = Vec::new();
    let mut refused = 0;
    for seed in 0..8 {
        let bytes = random_bytes(100 + seed, 1 << 20);
        let digest = sha256(&bytes);
        let target = remote.path(&format!("blobs/uploads/?digest={digest}"));
        // Even a session may not have enough space.
        let Ok(answer) = remote
            .client
            .try_send(&Request::new("POST", &target).body(&bytes))
        else {
            refused += 1;
            continue;
        };
        match answer.status {
            201 => acknowledged.push((digest, bytes)),
            500 | 507 => {
                assert_ne!(answer.code(), "", "{answer}");
                refused += 1;
            }
            _ => panic!("{answer}"),
        }
    }
    assert!(refused > 0, "the disk was never full");
    // Acknowledged content is readable on a full disk.
    remote.verify("kept");
    for (digest, bytes) in &acknowledged {
        assert!(remote.blob(digest).expect(200).body == *bytes);
    }
    // Small content as well, to the last page.
    for seed in 200..260 {
        let small = Image::with_layers(seed, &[60_000]);
        for blob in small.blobs.iter().chain([&small.manifest.bytes]) {
            let target = remote.path(&format!("blobs/uploads/?digest={}", sha256(blob)));
            let Ok(answer) = remote
                .client
                .try_send(&Request::new("POST", &target).body(blob))
            else {
                continue;
            };
            answer.expect_one_of(&[201, 500, 507]);
        }
    }
    remote.verify("kept");
    std::fs::remove_file(&ballast).unwrap();
    // With space again uploads continue; an open session may have to be restarted.
    let bytes = random_bytes(300, 2 << 20);
    let digest = sha256(&bytes);
    let session = remote.start_upload();
    remote
        .client
        .put(&with_query(&session, &format!("digest={digest}")), &bytes)
        .expect(201);
    remote.push("after", &Image::new(3));
    let server = server.restart();
    let remote = server.remote("full");
    for tag in ["kept", "after"] {
        remote.verify(tag);
    }
    for (digest, bytes) in &acknowledged {
        assert!(remote.blob(digest).expect(200).body == *bytes);
    }
    server.stop();
}

#[test]
fn a_limit_for_the_size_of_files_refuses_a_push_and_not_more() {
    let server = Server::regctl();
    let image = Image::new(1);
    server.remote("a").push("1", &image);
    let pid = i32::try_from(server.pid()).ok().and_then(Pid::from_raw);
    let limit = Rlimit {
        current: Some(8 << 20),
        maximum: Some(8 << 20),
    };
    prlimit(pid, Resource::Fsize, limit).unwrap();
    let bytes = random_bytes(1, 9 << 20);
    let target = server.remote("a").path("blobs/uploads/");
    let target = with_query(&target, &format!("digest={}", sha256(&bytes)));
    let remote = server.remote("a");
    let answer = remote
        .client
        .send(&Request::new("POST", &target).body(&bytes));
    answer.refused(507, "UNAVAILABLE");
    eventually("the log has the hint", || {
        server.log().contains("ulimit -f")
    });
    assert_eq!(remote.verify("1"), image.digest());
    remote.push("2", &Image::new(2));
}
