//! Archives of `regctl export`, loaded by docker, containerd, podman and skopeo.
//!
//! A loaded image has the digest of its configuration as its ID, and runs.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use regctl::oci::Digest;
use serde_json::json;

use super::interop::{base, podman, skopeo};
use super::interop_docker::Dockerd;
use crate::cli_support::Regctl;
use crate::support::{
    Image, Manifest, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, Server, attempt, descriptor, have, index,
    is_root, run, sha256,
};

/// An image with runnable layers: that of `base`, and one with a greeting.
fn runnable(base: &[u8], architecture: &str) -> Image {
    let mut greeting = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    let text = format!("hello from {architecture}\n");
    header.set_size(text.len() as u64);
    greeting
        .append_data(&mut header, "greeting", text.as_bytes())
        .unwrap();
    let layers = [base.to_vec(), greeting.into_inner().unwrap()];
    let config = json!({
        "architecture": architecture,
        "os": "linux",
        "config": { "Cmd": ["/bin/cat", "/greeting"] },
        "rootfs": {
            "type": "layers",
            "diff_ids": layers.each_ref().map(|layer| sha256(layer).to_string()),
        },
    });
    let config = config.to_string().into_bytes();
    let layers = layers.map(|layer| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&layer).unwrap();
        encoder.finish().unwrap()
    });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(OCI_CONFIG, &config),
        "layers": layers.each_ref().map(|layer| descriptor(OCI_LAYER, layer)),
    });
    Image {
        manifest: Manifest::new(OCI_MANIFEST, &manifest),
        blobs: std::iter::once(config).chain(layers).collect(),
    }
}

/// A server with the images `team/app:1` and `team/app:arm`, and both as `team/app:all`.
struct Stage {
    server: Server,
    regctl: Regctl,
    native: Image,
    foreign: Image,
}

impl Stage {
    fn new() -> Option<Self> {
        let server = Server::regctl();
        let tree = std::fs::read(base(server.scratch())?).unwrap();
        let (native, foreign) = match std::env::consts::ARCH {
            "aarch64" => ("arm64", "amd64"),
            _ => ("amd64", "arm64"),
        };
        let (native, foreign) = (runnable(&tree, native), runnable(&tree, foreign));
        let remote = server.remote("team/app");
        remote.push("1", &native);
        remote.push("arm", &foreign);
        // The first is for linux/amd64, the second for linux/arm64.
        let mut both = [&native.manifest, &foreign.manifest];
        if std::env::consts::ARCH == "aarch64" {
            both.reverse();
        }
        remote.put("all", &index(&both)).expect(201);
        Some(Self {
            regctl: Regctl::new(&server.host()),
            server,
            native,
            foreign,
        })
    }

    /// Exports an archive with these arguments.
    fn export(&self, name: &str, arguments: &[&str]) -> PathBuf {
        let path = self.scratch().join(name);
        let output = ["export", "-q", "-o", path.to_str().unwrap()];
        self.regctl.run(&[&output, arguments].concat()).success();
        path
    }

    fn scratch(&self) -> &Path {
        self.server.scratch()
    }

    /// The IDs of `1`, `all` and `arm`.
    fn ids(&self) -> [Digest; 3] {
        let id = |image: &Image| sha256(&image.blobs[0]);
        [id(&self.native), id(&self.native), id(&self.foreign)]
    }
}

const TAGS: [&str; 3] = ["1", "all", "arm"];
const IMAGES: [&str; 3] = ["team/app:1", "team/app:all", "team/app:arm"];

/// The ID of an image, without the algorithm if the program omits it.
fn id(mut command: Command, image: &str) -> String {
    let arguments = ["image", "inspect", "--format", "{{.Id}}", image];
    let said = run(command.args(arguments));
    said.trim().trim_start_matches("sha256:").to_owned()
}

#[test]
fn docker_and_containerd_load_exports() {
    if !is_root() || !have(&["dockerd", "docker", "containerd", "ctr", "runc", "tar"]) {
        return;
    }
    let Some(stage) = Stage::new() else {
        return;
    };
    let Some(daemon) = Dockerd::start() else {
        return;
    };
    // The base is not loaded yet.
    let delta = stage.export("delta.tar", &["team/app:arm", "--without", "team/app:1"]);
    let refused = attempt(daemon.docker().args(["load", "-i"]).arg(&delta));
    assert!(!refused.success, "{}", refused.text);

    let archive = stage.export("all.tar", &IMAGES);
    let said = run(daemon.docker().args(["load", "-i"]).arg(&archive));
    for (tag, expected) in TAGS.iter().zip(stage.ids()) {
        assert!(
            said.contains(&format!("Loaded image: team/app:{tag}")),
            "{said}"
        );
        assert_eq!(
            id(daemon.docker(), &format!("team/app:{tag}")),
            expected.hex()
        );
    }
    let greeting = ["run", "--rm", "--network", "none", "team/app:all"];
    let said = run(daemon.docker().args(greeting));
    assert!(said.starts_with("hello from "), "{said}");
    // The layers of the base need not be in the archive.
    run(daemon.docker().args(["rmi", "--force", "team/app:arm"]));
    run(daemon.docker().args(["load", "-i"]).arg(&delta));
    assert_eq!(id(daemon.docker(), "team/app:arm"), stage.ids()[2].hex());

    run(daemon
        .ctr()
        .args(["image", "import", "--all-platforms", "--no-unpack"])
        .arg(&archive));
    let said = run(daemon.ctr().args(["image", "ls"]));
    let named = |tag: &str, digest: &Digest| {
        let name = format!("docker.io/team/app:{tag} ");
        let line = said.lines().find(|line| line.starts_with(&name));
        line.is_some_and(|line| line.contains(&digest.to_string()))
    };
    assert!(named("1", &stage.native.digest()), "{said}");
    assert!(
        named("all", &stage.server.remote("team/app").verify("all")),
        "{said}"
    );
    stage.server.stop();
}

#[test]
fn podman_loads_exports() {
    if !is_root() || !have(&["podman", "tar"]) {
        return;
    }
    let Some(stage) = Stage::new() else {
        return;
    };
    let podman = || podman(stage.scratch());
    // A single image is read as an OCI layout, several as docker's archive.
    let one = stage.export("one.tar", &["team/app:1"]);
    run(podman().args(["load", "-i"]).arg(&one));
    assert_eq!(id(podman(), "docker.io/team/app:1"), stage.ids()[0].hex());
    run(podman().args(["rmi", "--all", "--force"]));
    let archive = stage.export("all.tar", &IMAGES);
    run(podman().args(["load", "-i"]).arg(&archive));
    for (tag, expected) in TAGS.iter().zip(stage.ids()) {
        let image = format!("docker.io/team/app:{tag}");
        assert_eq!(id(podman(), &image), expected.hex(), "{tag}");
    }
    // One platform of several.
    run(podman().args(["rmi", "--all", "--force"]));
    let platform = if std::env::consts::ARCH == "aarch64" {
        "amd64"
    } else {
        "arm64"
    };
    let platform = format!("linux/{platform}");
    let other = stage.export("other.tar", &["team/app:all", "--platform", &platform]);
    run(podman().args(["load", "-i"]).arg(&other));
    assert_eq!(id(podman(), "docker.io/team/app:all"), stage.ids()[2].hex());
    stage.server.stop();
}

#[test]
fn skopeo_reads_exports() {
    if !have(&["skopeo", "tar"]) {
        return;
    }
    let Some(stage) = Stage::new() else {
        return;
    };
    let directory = stage.scratch();
    let archive = stage.export("all.tar", &IMAGES);
    for (tag, expected) in TAGS.iter().zip(stage.ids()) {
        let from = format!("docker-archive:{}:team/app:{tag}", archive.display());
        let raw = run(skopeo(directory).args(["inspect", "--config", "--raw", &from]));
        assert_eq!(sha256(raw.as_bytes()), expected, "{tag}");
    }
    let layout = stage.export("layout.tar", &["--format", "oci", "team/app:all"]);
    let into = format!("docker://{}/back:all", stage.server.host());
    run(skopeo(directory)
        .args([
            "copy",
            "--all",
            "--preserve-digests",
            "--dest-tls-verify=false",
        ])
        .args([&format!("oci-archive:{}", layout.display()), &into]));
    assert_eq!(
        stage.server.remote("back").verify("all"),
        stage.server.remote("team/app").verify("all")
    );
    stage.server.stop();
}
