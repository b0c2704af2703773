//! `regctl import`: its memory, through a pipe and from a file.

use std::io::Write as _;
use std::process::{Command, ExitStatus, Stdio};

use serde_json::json;

use crate::import_support::{Import, Way, both};
use crate::support::archive::{Packed, Tar, layer, podman};
use crate::support::random_bytes;

/// The peak resident memory of a process, in KiB.
fn peak(child: &std::process::Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Imports an archive. Returns the peak memory, in KiB.
fn memory_of(import: &Import, archive: &[u8]) -> u64 {
    let (most, status) = memory_and_status(import, archive);
    assert!(status.success());
    most
}

/// Imports an archive, with any result.
fn memory_and_status(import: &Import, archive: &[u8]) -> (u64, ExitStatus) {
    let path = import.regctl.home.path().join("big.tar");
    std::fs::write(&path, archive).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_regctl"))
        .args(["import", "-q", "--registry", &import.server.host()])
        .arg(match import.way {
            Way::Pipe => "-".into(),
            Way::File => path,
        })
        .env("HOME", import.regctl.home.path())
        .env("XDG_CACHE_HOME", import.regctl.home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut most = 0;
    if import.way == Way::Pipe {
        for chunk in archive.chunks(1 << 20) {
            stdin.write_all(chunk).unwrap();
            most = most.max(peak(&child).unwrap_or(0));
        }
    }
    drop(stdin);
    let status = loop {
        most = most.max(peak(&child).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    (most, status)
}

/// KiB: the documented 64 MiB, and the additional code of a debug build.
const LIMIT: u64 = (64 + 8) * 1024;

#[test]
fn memory_is_bounded() {
    let content = random_bytes(1, 1 << 20).repeat(96);
    let big = Tar::new().file("big", &content).finish();
    let image = Packed::new(&[
        big.clone(),
        layer(30, 100),
        big[..big.len() - 10240].to_vec(),
    ]);
    let archive = podman(&image, &json!(["app:1"])).finish();
    both(|import| {
        let most = memory_of(import, &archive);
        assert!(most > 1000 && most <= LIMIT, "{:?}: {most} KiB", import.way);
        import.manifest("app", "1");
    });
}

#[test]
fn three_hundred_thousand_members_are_remembered() {
    let image = Packed::small(31);
    let mut tar = Tar::new();
    for number in 0..300_000 {
        tar = tar.symlink(&format!("links/{number:064}"), "../manifest.json");
    }
    let item = json!([{"Config": "c", "RepoTags": ["app:1"], "Layers": ["a.tar", "b.tar"]}]);
    let archive = tar
        .file("c", &image.config)
        .file("a.tar", &image.layers[0])
        .file("b.tar", &image.layers[1])
        .json("manifest.json", &item)
        .finish();
    both(|import| {
        let most = memory_of(import, &archive);
        assert!(most <= LIMIT, "{:?}: {most} KiB", import.way);
        import.manifest("app", "1");
    });
}

/// KiB: the documented 64 MiB, and the additional code of a debug build that reports an image (35
/// instead of 12 MiB for an archive with one name). A limit on the difference from such a short
/// import would depend on when its memory is looked at.
const NAMES_LIMIT: u64 = (64 + 23) * 1024;

#[test]
fn two_hundred_thousand_names() {
    let names: Vec<String> = (0..200_000).map(|number| format!("app:{number}")).collect();
    // Everything except the images: the configuration is missing.
    let item = json!([{"Config": "gone", "RepoTags": names, "Layers": ["1.tar"]}]);
    let tar = Tar::new().json("manifest.json", &item);
    let archive = tar.file("1.tar", &layer(1, 300)).finish();
    both(|import| {
        let (most, status) = memory_and_status(import, &archive);
        assert_eq!(status.code(), Some(1), "{:?}", import.way);
        assert!(
            most > 1000 && most <= NAMES_LIMIT,
            "{:?}: {most} KiB",
            import.way
        );
    });
}
