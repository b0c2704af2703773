//! `regctl import` of directories: of the first registry, and of registry:2. Usable parts are
//! imported, the others are reported.

use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli_support::{Regctl, text};
use crate::support::archive::{Packed, docker_25, gzipped, hex, layer};
use crate::support::{Server, have, sha256};

/// A directory of docker-registry 0.x.
struct First(tempfile::TempDir);

impl First {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("images")).unwrap();
        std::fs::create_dir_all(directory.path().join("repositories")).unwrap();
        Self(directory)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Adds a layer with a parent. Returns its ID.
    fn layer(&self, name: &str, parent: Option<&str>, bytes: &[u8]) -> String {
        let id = hex(name.as_bytes());
        let here = self.path().join("images").join(&id);
        std::fs::create_dir_all(&here).unwrap();
        let mut description = json!({
            "id": id, "created": "2014-05-01T00:00:00Z", "os": "linux", "architecture": "amd64",
            "container_config": {"Cmd": ["/bin/sh", "-c", name]}, "config": {"Cmd": ["/start"]},
        });
        let mut ancestry = vec![id.clone()];
        if let Some(parent) = parent {
            let parent = hex(parent.as_bytes());
            description["parent"] = json!(parent);
            let below = self.path().join("images").join(&parent).join("ancestry");
            let below = std::fs::read(below).unwrap_or_else(|_| b"[]".to_vec());
            let below: Vec<String> = serde_json::from_slice(&below).unwrap();
            ancestry.extend(below);
        }
        std::fs::write(here.join("json"), description.to_string()).unwrap();
        std::fs::write(here.join("ancestry"), json!(ancestry).to_string()).unwrap();
        std::fs::write(here.join("layer"), bytes).unwrap();
        id
    }

    fn file(&self, layer: &str, name: &str) -> std::path::PathBuf {
        let id = hex(layer.as_bytes());
        self.path().join("images").join(id).join(name)
    }

    fn tag(&self, repository: &str, tag: &str, id: &str) {
        let here = self.path().join("repositories").join(repository);
        std::fs::create_dir_all(&here).unwrap();
        std::fs::write(here.join(format!("tag_{tag}")), id).unwrap();
    }
}

/// Imports a directory. Returns the exit code, the rows, and stderr.
fn import(server: &Server, path: &Path, command: &str) -> (i32, Value, String) {
    let regctl = Regctl::new(&server.host());
    let mut process = regctl.command();
    let output = process
        .args([command, "-o", "json"])
        .arg(path)
        .output()
        .unwrap();
    let rows = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), rows, text(&output.stderr))
}

#[test]
fn the_first_registry() {
    let first = First::new();
    let (base, upper, other) = (layer(1, 4000), layer(2, 300), layer(3, 200));
    first.layer("base", None, &base);
    let app = first.layer("app", Some("base"), &gzipped(&upper));
    let second = first.layer("second", Some("base"), &other);
    first.tag("library/app", "1", &app);
    first.tag("library/app", "latest", &format!("\"{app}\"\n"));
    first.tag("team/second", "2", &second);
    let server = Server::regctl();
    let (code, rows, said) = import(&server, first.path(), "import-v1");
    assert_eq!(code, 0, "{said}");
    assert_eq!(rows.as_array().unwrap().len(), 2, "{rows}");
    assert_eq!(server.remote("app").tags(), ["1", "latest"]);
    server.remote("app").verify("latest");
    let remote = server.remote("team/second");
    remote.verify("2");
    let read = |repository: &str, tag: &str| server.remote(repository).manifest(tag).json();
    let (one, two) = (read("app", "1"), read("team/second", "2"));
    assert_eq!(
        one["layers"][0], two["layers"][0],
        "the lowest layer is shared"
    );
    assert_eq!(
        one["layers"][1]["digest"],
        json!(sha256(&gzipped(&upper)).to_string())
    );
    let config = two["config"]["digest"].as_str().unwrap().parse().unwrap();
    let config: Value = serde_json::from_slice(&remote.blob(&config).body).unwrap();
    let diff_ids = [&base, &other].map(|layer| sha256(layer).to_string());
    assert_eq!(config["rootfs"]["diff_ids"], json!(diff_ids));
    assert_eq!(config["history"][0]["created_by"], "/bin/sh -c base");
    assert_eq!(config["config"]["Cmd"], json!(["/start"]));
    assert_eq!(config.get("parent"), None);
}

#[test]
fn a_damaged_first_registry() {
    let first = First::new();
    let plain = layer(1, 400);
    first.layer("base", None, &plain);
    // Each of these can't be imported, for a reason of its own.
    for name in [
        "lacking",
        "loop",
        "odd",
        "outside",
        "empty",
        "garbage",
        "unfinished",
        "number",
    ] {
        let id = first.layer(name, Some("base"), &layer(2, 100));
        first.tag("team/bad", name, &id);
        let (json, ancestry) = (first.file(name, "json"), first.file(name, "ancestry"));
        let bytes = first.file(name, "layer");
        match name {
            "lacking" => std::fs::remove_file(&bytes).unwrap(),
            "loop" => {
                std::fs::write(&json, json!({"parent": id}).to_string()).unwrap();
                std::fs::write(&ancestry, json!([id, id]).to_string()).unwrap();
            }
            "odd" => std::fs::write(&json, "[1, 2").unwrap(),
            "empty" => std::fs::write(&bytes, "").unwrap(),
            "garbage" => std::fs::write(&bytes, [0x5a; 2000]).unwrap(),
            "unfinished" => std::fs::write(first.file(name, "_inprogress"), "").unwrap(),
            "number" => {
                std::fs::write(&json, json!({"parent": 5}).to_string()).unwrap();
                std::fs::remove_file(&ancestry).unwrap();
            }
            _ => {
                std::fs::remove_file(&bytes).unwrap();
                symlink("/etc/passwd", &bytes).unwrap();
            }
        }
    }
    first.tag("team/bad", "nothing", "not an id");
    first.tag("team/bad", "blank", " \n");
    first.tag("team/bad", "long", &"7".repeat(100_000));
    // These can: a loop only in the ancestry, a linked layer, an unrelated directory.
    let id = first.layer("sound", Some("base"), &layer(3, 100));
    std::fs::write(first.file("sound", "ancestry"), json!([id, id]).to_string()).unwrap();
    first.tag("team/good", "1", &id);
    // Names that are invalid today are omitted; the image is reported by a valid one.
    first.tag("Team/Upper", "1", &id);
    first.tag("team/good", "a b", &id);
    let id = first.layer("linked", Some("base"), b"");
    std::fs::remove_file(first.file("linked", "layer")).unwrap();
    symlink(first.file("sound", "layer"), first.file("linked", "layer")).unwrap();
    first.tag("team/good", "2", &id);
    std::fs::create_dir_all(first.path().join("repositories/team/good/_index_images")).unwrap();
    let server = Server::regctl();
    let (code, _, said) = import(&server, first.path(), "import");
    assert_eq!(code, 5, "{said}");
    for words in [
        "team/bad:lacking: the layer images/",
        "team/bad:loop: its layers lead back to",
        "team/bad:odd: the description",
        "is a link that leads out of the directory",
        "team/bad:nothing: \"not an id\" is not the ID of a layer",
        "team/bad:blank: it names no layer",
        "7777\"… is not the ID of a layer",
        "/layer is empty",
        "/layer is neither a tar file nor compressed",
        "team/bad:unfinished: the upload of the layer images/",
        "team/bad:number: \"5\" is not the ID of a layer",
        "team/good:1: \"Team/Upper:1\" can't be its name in a registry",
        "team/good:1: \"team/good:a b\" can't be its name in a registry",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(said.lines().all(|line| line.len() < 400), "{said}");
    assert_eq!(server.remote("team/good").tags(), ["1", "2"]);
    for tag in ["1", "2"] {
        server.remote("team/good").verify(tag);
    }
    assert!(server.remote("team/bad").tags().is_empty());
    // A directory of another kind.
    let none = tempfile::tempdir().unwrap();
    let (code, _, said) = import(&server, none.path(), "import");
    assert_eq!(code, 1);
    assert!(said.contains("not that of a registry"), "{said}");
    // One of skopeo's, and an OCI layout: the hint is a command that can work.
    for (name, text, hint) in [
        ("index.json", "{}", "`tar -C "),
        (
            "version",
            "Directory Transport Version: 1.1\n",
            "`skopeo copy --all dir:",
        ),
    ] {
        std::fs::write(none.path().join(name), text).unwrap();
        let (_, _, said) = import(&server, none.path(), "import");
        assert!(said.contains(&format!("hint: {hint}")), "{said}");
    }
}

#[test]
fn the_directory_of_a_registry_2() {
    let mut sources = vec![Server::regctl()];
    if have(&["docker-registry"]) {
        sources.push(Server::docker_registry());
    }
    for source in sources {
        let mut expected = Vec::new();
        let regctl = Regctl::new(&source.host());
        let path = regctl.home.path().join("image.tar");
        for (name, tag, seed) in [
            ("app", "1", 1),
            ("library/app", "2", 2),
            ("team/deep/er", "x", 3),
        ] {
            let archive = docker_25(&Packed::small(seed), "any:1").finish();
            std::fs::write(&path, archive).unwrap();
            let full = format!("{name}:{tag}");
            let import = ["import", "-q", "--name", &full, path.to_str().unwrap()];
            regctl.run(&import).success();
            expected.push((name, tag, source.remote(name).verify(tag)));
        }
        let server = Server::regctl();
        let (code, _, said) = import(&server, source.root(), "import");
        assert_eq!(code, 0, "{said}");
        for (name, tag, digest) in expected {
            assert_eq!(server.remote(name).verify(tag), digest);
        }
        // A missing blob and a missing link.
        let tags = "docker/registry/v2/repositories/library/app/_manifests/tags/2/current/link";
        std::fs::write(source.root().join(tags), b"").unwrap();
        let lacking = source.remote("team/deep/er").manifest("x").json();
        let layer = lacking["layers"][0]["digest"].as_str().unwrap().to_owned();
        let hex = layer.trim_start_matches("sha256:");
        let blob = format!("docker/registry/v2/blobs/sha256/{}/{hex}/data", &hex[..2]);
        std::fs::remove_file(source.root().join(blob)).unwrap();
        let server = Server::regctl();
        let (code, _, said) = import(&server, source.root(), "import");
        assert_eq!(code, 5, "{said}");
        assert!(
            said.contains("library/app:2: its link is not a digest"),
            "{said}"
        );
        assert!(said.contains(hex), "{said}");
        assert_eq!(server.remote("app").tags(), ["1"]);
        assert!(server.remote("team/deep/er").tags().is_empty());
    }
}
