//! Shared parts of the tests of the command line: registries, images in them, and the binary in an
//! environment of its own.

use std::fs::Permissions;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use assert_cmd::assert::Assert;
use regctl::hash::Hasher;
use regctl::oci::Algorithm;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Server, have};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A running registry.
pub(crate) struct Registry {
    pub(crate) host: String,
    _server: Server,
}

impl From<Server> for Registry {
    fn from(server: Server) -> Self {
        Self {
            host: server.host(),
            _server: server,
        }
    }
}

/// Debian's registry:2, with deletes enabled.
pub(crate) fn start_docker_registry() -> Option<Registry> {
    have(&["docker-registry"]).then(|| Server::docker_registry().into())
}

/// regctl's own server.
pub(crate) fn start_regctl() -> Registry {
    Server::regctl().into()
}

/// Runs a test against each available registry, with a client for it.
pub(crate) fn each(test: impl Fn(&Registry, &Regctl)) {
    for registry in start_docker_registry().into_iter().chain([start_regctl()]) {
        test(&registry, &Regctl::new(&registry.host));
    }
}

/// Sends one request on a new connection. Returns status, head and body of the answer.
pub(crate) fn request(
    host: &str,
    method: &str,
    path: &str,
    content_type: &str,
    body: &[u8],
) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: \
         {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, answer[end + 4..].to_vec())
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    Hasher::digest(Algorithm::Sha256, bytes).to_string()
}

/// Pushes a blob to a repository. Returns its descriptor.
pub(crate) fn push_blob(host: &str, repository: &str, media_type: &str, bytes: &[u8]) -> Value {
    let path = format!("/v2/{repository}/blobs/uploads/");
    let (status, head, _) = request(host, "POST", &path, "", b"");
    assert_eq!(status, 202, "{head}");
    let location = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("location"))
        .map(|(_, location)| location.trim_start_matches(&format!("http://{host}")))
        .unwrap();
    let and = if location.contains('?') { '&' } else { '?' };
    let path = format!("{location}{and}digest={}", digest(bytes));
    let (status, head, _) = request(host, "PUT", &path, "application/octet-stream", bytes);
    assert_eq!(status, 201, "{head}");
    json!({"mediaType": media_type, "digest": digest(bytes), "size": bytes.len()})
}

/// Pushes a manifest under a tag or digest. Returns its digest.
pub(crate) fn push_manifest(host: &str, repository: &str, tag: &str, manifest: &Value) -> String {
    let bytes = serde_json::to_vec_pretty(manifest).unwrap();
    let path = format!("/v2/{repository}/manifests/{tag}");
    let media_type = manifest["mediaType"].as_str().unwrap();
    let (status, head, body) = request(host, "PUT", &path, media_type, &bytes);
    assert_eq!(status, 201, "{head} {}", String::from_utf8_lossy(&body));
    digest(&bytes)
}

/// Pushes an image of two layers under a tag. Returns its digest.
pub(crate) fn push_image(host: &str, repository: &str, tag: &str, architecture: &str) -> String {
    push_manifest(
        host,
        repository,
        tag,
        &image(host, repository, architecture),
    )
}

/// The manifest of an image whose blobs are in a repository.
pub(crate) fn image(host: &str, repository: &str, architecture: &str) -> Value {
    let config = json!({
        "os": "linux", "architecture": architecture, "created": "2026-11-20T02:03:04Z",
        "config": {
            "Entrypoint": ["/start"], "Cmd": ["--fast"], "Env": ["A=1", "B=2"],
            "Labels": {"org.example.label": "value\u{1b}[31m"}, "ExposedPorts": {"80/tcp": {}},
        },
        "rootfs": {"type": "layers", "diff_ids": []},
        "history": [
            {"created_by": "/bin/sh -c #(nop) ADD file:1 in /"},
            {"created_by": "ENV A=1", "empty_layer": true},
            {"created_by": "RUN make   install # buildkit"},
        ],
    });
    let blob = |media_type, bytes: &[u8]| push_blob(host, repository, media_type, bytes);
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": blob(CONFIG, config.to_string().as_bytes()),
        "layers": [
            blob(LAYER, &vec![b'a'; 2048]),
            blob(LAYER, format!("layer for {architecture}").as_bytes()),
        ],
        "annotations": {"org.example.note": "kept"},
    })
}

/// Pushes an index of two images with the tags `amd64`, `arm64`, `multi`. Returns its digest.
pub(crate) fn push_multi(host: &str, repository: &str) -> String {
    let mut children = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let digest = push_image(host, repository, architecture, architecture);
        let size = serde_json::to_vec_pretty(&image(host, repository, architecture))
            .unwrap()
            .len();
        children.push(json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": size,
            "platform": {"os": "linux", "architecture": architecture},
        }));
    }
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": children});
    push_manifest(host, repository, "multi", &index)
}

/// The binary, with its own home directory and without the tester's settings.
pub(crate) struct Regctl {
    pub(crate) home: TempDir,
    registry: String,
    ssh: Option<String>,
}

impl Regctl {
    pub(crate) fn new(registry: &str) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            registry: registry.to_owned(),
            ssh: None,
        }
    }

    /// With this command line instead of ssh, and its own temporary files.
    pub(crate) fn through(mut self, ssh: &str) -> Self {
        self.ssh = Some(ssh.to_owned());
        self
    }

    /// A process that the test ends.
    pub(crate) fn process(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regctl"));
        for name in [
            "DOCKER_CONFIG",
            "DOCKER_AUTH_CONFIG",
            "REGISTRY_AUTH_FILE",
            "NO_COLOR",
            "https_proxy",
            "HTTPS_PROXY",
            "HTTP_PROXY",
            "http_proxy",
            "ALL_PROXY",
            "all_proxy",
            "NO_PROXY",
            "no_proxy",
            "SSH_AUTH_SOCK",
        ] {
            command.env_remove(name);
        }
        let home: &Path = self.home.path();
        command
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_RUNTIME_DIR", home.join("run"))
            .env("REGCTL_REGISTRY", &self.registry);
        if let Some(ssh) = &self.ssh {
            command
                .env("REGCTL_SSH", ssh)
                .env("TMPDIR", home.join("tmp"));
        }
        command
    }

    pub(crate) fn command(&self) -> assert_cmd::Command {
        let mut command = assert_cmd::Command::from_std(self.process());
        command.timeout(Duration::from_mins(1));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Assert {
        self.command().args(arguments).assert()
    }

    /// stdout of a run that must succeed.
    pub(crate) fn stdout(&self, arguments: &[&str]) -> String {
        text(&self.run(arguments).success().get_output().stdout)
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.stdout(arguments)).unwrap()
    }

    /// stderr of a run with this exit code.
    pub(crate) fn fails(&self, code: i32, arguments: &[&str]) -> String {
        text(&self.run(arguments).code(code).get_output().stderr)
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A directory that other users can read, with a copy of the program.
pub(crate) fn program_of_everybody() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    std::fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    let program = place.path().join("regctl");
    // A process that another test starts meanwhile would inherit a file that this one writes, and a
    // program that is being written can't be started.
    let mut copy = Command::new("cp");
    let copied = copy
        .arg(env!("CARGO_BIN_EXE_regctl"))
        .arg(&program)
        .status();
    assert!(copied.unwrap().success());
    (place, program)
}
