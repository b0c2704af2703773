//! Real clients against the real binary: podman and skopeo.
//!
//! Each uses its own directories and the loopback; nothing is fetched from other hosts: the base
//! image is a static busybox. Skipped tests print the reason; with `CI=true` they fail.

use std::path::Path;
use std::process::Command;

use crate::support::{Image, Server, attempt, find, have, index, is_root, run, skip, texts};

/// A runnable file tree: a static busybox. `None`, with a message, if it is not installed.
pub(crate) fn base(scratch: &Path) -> Option<std::path::PathBuf> {
    let Some(busybox) = find("busybox") else {
        skip("busybox is not installed (package busybox-static)");
        return None;
    };
    let tree = scratch.join("tree");
    std::fs::create_dir_all(tree.join("bin")).unwrap();
    std::fs::create_dir_all(tree.join("tmp")).unwrap();
    std::fs::copy(busybox, tree.join("bin/busybox")).unwrap();
    for name in ["sh", "cat", "echo", "true"] {
        std::os::unix::fs::symlink("busybox", tree.join("bin").join(name)).unwrap();
    }
    let archive = scratch.join("base.tar");
    run(Command::new("tar")
        .arg("-C")
        .arg(&tree)
        .arg("-cf")
        .arg(&archive)
        .arg("."));
    let context = scratch.join("context");
    std::fs::create_dir(&context).unwrap();
    std::fs::write(context.join("greeting"), "hello from a layer\n").unwrap();
    std::fs::write(
        context.join("Dockerfile"),
        "FROM base:1\nCOPY greeting /greeting\nRUN echo made by a step > /step\n\
         CMD [\"/bin/cat\", \"/greeting\", \"/step\"]\n",
    )
    .unwrap();
    Some(archive)
}

/// A podman command that stores everything in the given directory.
pub(crate) fn podman(directory: &Path) -> Command {
    let mut command = Command::new("podman");
    command
        .arg("--root")
        .arg(directory.join("podman"))
        .arg("--runroot")
        .arg(directory.join("podman-run"))
        .args(["--storage-driver", "vfs"])
        .args(["--cgroup-manager", "cgroupfs", "--events-backend", "file"])
        .env("HOME", directory)
        .env("XDG_RUNTIME_DIR", directory)
        .env_remove("CONTAINER_HOST");
    command
}

#[test]
fn podman_pushes_and_pulls() {
    if !is_root() || !have(&["podman", "tar"]) {
        return;
    }
    let server = Server::regctl();
    let directory = server.scratch().to_path_buf();
    let Some(archive) = base(&directory) else {
        return;
    };
    let image = format!("{}/team/tool:1", server.host());
    run(podman(&directory).arg("import").arg(&archive).arg(&image));
    run(podman(&directory).args(["push", "--tls-verify=false", &image]));
    let remote = server.remote("team/tool");
    let digest = remote.verify("1");
    run(podman(&directory).args(["rmi", "--force", &image]));
    run(podman(&directory).args(["pull", "--tls-verify=false", &image]));
    let by_digest = format!("{}/team/tool@{digest}", server.host());
    run(podman(&directory).args(["pull", "--tls-verify=false", &by_digest]));
    // In the other format too, under a second tag.
    let second = format!("{}/team/tool:docker", server.host());
    run(podman(&directory).args([
        "push",
        "--tls-verify=false",
        "--format",
        "v2s2",
        &image,
        &second,
    ]));
    remote.verify("docker");
    // A list of two platforms is created here and pushed with its images.
    let list = format!("{}/team/tool:all", server.host());
    run(podman(&directory).args(["manifest", "create", "both"]));
    for architecture in ["amd64", "arm64"] {
        run(podman(&directory)
            .args([
                "manifest",
                "add",
                "--tls-verify=false",
                "--arch",
                architecture,
                "both",
            ])
            .arg(format!("docker://{image}")));
    }
    run(podman(&directory)
        .args(["manifest", "push", "--tls-verify=false", "--all", "both"])
        .arg(format!("docker://{list}")));
    remote.verify("all");
    assert_eq!(remote.tags().len(), 3);
    server.stop();
}

pub(crate) fn skopeo(directory: &Path) -> Command {
    let mut command = Command::new("skopeo");
    command
        .arg("--insecure-policy")
        .env("HOME", directory)
        .env("XDG_RUNTIME_DIR", directory);
    command
}

#[test]
fn skopeo_copies_inspects_lists_and_deletes() {
    if !have(&["skopeo"]) {
        return;
    }
    let server = Server::regctl();
    let directory = server.scratch().to_path_buf();
    let remote = server.remote("source/app");
    let images = [Image::new(1), Image::with_layers(2, &[50_000, 60_000])];
    for image in &images {
        remote.push_blobs(image);
        remote
            .put(&image.digest().to_string(), &image.manifest)
            .expect(201);
    }
    let list = index(&[&images[0].manifest, &images[1].manifest]);
    remote.put("all", &list).expect(201);
    let address = |name: &str| format!("docker://{}/{name}", server.host());
    let copy = |from: &str, to: &str, options: &[&str]| {
        run(skopeo(&directory)
            .args([
                "copy",
                "--src-tls-verify=false",
                "--dest-tls-verify=false",
                "--preserve-digests",
            ])
            .args(options)
            .args([from, to]))
    };

    // Every platform into another repository, with the same digest.
    copy(
        &address("source/app:all"),
        &address("target/app:all"),
        &["--all"],
    );
    assert_eq!(server.remote("target/app").verify("all"), list.digest());
    // Through a directory in the OCI layout, and back.
    let layout = format!("oci:{}:app", directory.join("layout").display());
    copy(&address("source/app:all"), &layout, &["--all"]);
    copy(&layout, &address("back/app:all"), &["--all"]);
    assert_eq!(server.remote("back/app").verify("all"), list.digest());
    // A single platform, by digest.
    let one = format!("source/app@{}", images[1].digest());
    copy(&address(&one), &address("target/app:one"), &[]);
    assert_eq!(
        server.remote("target/app").verify("one"),
        images[1].digest()
    );

    let inspected = run(skopeo(&directory)
        .args(["inspect", "--tls-verify=false"])
        .arg(address("target/app:all")));
    let inspected: serde_json::Value = serde_json::from_str(&inspected).unwrap();
    assert_eq!(inspected["RepoTags"].as_array().unwrap().len(), 2);
    assert_eq!(inspected["Architecture"], "amd64");
    let raw = run(skopeo(&directory)
        .args(["inspect", "--tls-verify=false", "--raw"])
        .arg(address("target/app:all")));
    assert_eq!(raw.as_bytes(), list.bytes);
    let tags = run(skopeo(&directory)
        .args(["list-tags", "--tls-verify=false"])
        .arg(address("target/app")));
    let tags: serde_json::Value = serde_json::from_str(&tags).unwrap();
    let mut tags = texts(&tags["Tags"]);
    tags.sort();
    assert_eq!(tags, ["all", "one"]);

    // skopeo resolves the tag and deletes the manifest.
    run(skopeo(&directory)
        .args(["delete", "--tls-verify=false"])
        .arg(address("target/app:one")));
    assert_eq!(server.remote("target/app").tags(), ["all"]);
    let absent = attempt(
        skopeo(&directory)
            .args(["inspect", "--tls-verify=false"])
            .arg(address("target/app:one")),
    );
    assert!(
        !absent.success && absent.text.contains("manifest unknown"),
        "{}",
        absent.text
    );
    server.stop();
}

#[test]
fn skopeo_syncs_a_repository_both_ways() {
    if !have(&["skopeo"]) {
        return;
    }
    let server = Server::regctl();
    let directory = server.scratch().to_path_buf();
    let remote = server.remote("synced/app");
    for seed in 0..4 {
        remote.push(&format!("v{seed}"), &Image::new(seed));
    }
    let host = server.host();
    let copies = directory.join("copies");
    std::fs::create_dir(&copies).unwrap();
    run(skopeo(&directory)
        .args([
            "sync",
            "--all",
            "--preserve-digests",
            "--src-tls-verify=false",
            "--src",
            "docker",
            "--dest",
            "dir",
        ])
        .arg(format!("{host}/synced/app"))
        .arg(&copies));
    run(skopeo(&directory)
        .args([
            "sync",
            "--all",
            "--preserve-digests",
            "--dest-tls-verify=false",
            "--src",
            "dir",
            "--dest",
            "docker",
        ])
        .arg(&copies)
        .arg(format!("{host}/mirror")));
    // And directly from one registry to the other.
    let other = Server::regctl();
    run(skopeo(&directory)
        .args([
            "sync",
            "--all",
            "--preserve-digests",
            "--src-tls-verify=false",
            "--dest-tls-verify=false",
        ])
        .args(["--src", "docker", "--dest", "docker"])
        .arg(format!("{host}/synced/app"))
        .arg(format!("{}/mirror", other.host())));
    for mirror in [server.remote("mirror/app"), other.remote("mirror/app")] {
        for seed in 0..4 {
            assert_eq!(
                mirror.verify(&format!("v{seed}")),
                Image::new(seed).digest()
            );
        }
    }
    server.stop();
    other.stop();
}
