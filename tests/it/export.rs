//! `regctl export`: the content and order of archives, and omitted content.

use std::collections::BTreeSet;
use std::io::Read as _;

use regctl::oci::Digest;
use serde_json::{Value, json};

use crate::cli_support::{Regctl, text};
use crate::support::{
    Image, Manifest, OCI_INDEX, Remote, Server, artifact, descriptor, have, index, random_bytes,
    sha256,
};

/// The members of an archive, in its order.
struct Archive(Vec<(String, Vec<u8>)>);

impl Archive {
    /// Reads an archive. Every blob must have the digest in its name, and no member may be
    /// repeated.
    fn read(bytes: &[u8]) -> Self {
        let mut archive = tar::Archive::new(bytes);
        let members = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            if let Some(hex) = name.strip_prefix("blobs/sha256/") {
                assert_eq!(sha256(&content).hex(), hex);
            }
            assert!(!name.contains(':'), "{name}");
            (name, content)
        });
        let members: Vec<_> = members.collect();
        let names: BTreeSet<_> = members.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), members.len(), "a member is there twice");
        Self(members)
    }

    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn get(&self, name: &str) -> Option<&[u8]> {
        let member = self.0.iter().find(|(other, _)| other == name);
        member.map(|(_, bytes)| bytes.as_slice())
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(self.get(name).expect(name)).unwrap()
    }

    fn has(&self, digest: &Digest) -> bool {
        self.get(&blob(digest)).is_some()
    }

    /// Names and digests in `index.json`.
    fn images(&self) -> Vec<(String, String)> {
        let index = self.json("index.json");
        let entry = |entry: &Value| {
            let name = &entry["annotations"]["io.containerd.image.name"];
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(name), text(&entry["digest"]))
        };
        index["manifests"]
            .as_array()
            .unwrap()
            .iter()
            .map(entry)
            .collect()
    }
}

fn blob(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

fn pair(name: &str, digest: &Digest) -> (String, String) {
    (name.to_owned(), digest.to_string())
}

/// The archive that an export writes to stdout.
fn export(regctl: &Regctl, arguments: &[&str]) -> Archive {
    let run = regctl.run(&[&["export"], arguments].concat()).success();
    Archive::read(&run.get_output().stdout)
}

/// Two images that share a layer, and an index of both: `1`, `2`, `all`.
fn push_related(remote: &Remote) -> ([Image; 2], Manifest) {
    let first = Image::with_layers(1, &[100_000, 5000]);
    let second = first.with_layer(&random_bytes(9, 70_000));
    remote.push("1", &first);
    remote.push("2", &second);
    let all = index(&[&first.manifest, &second.manifest]);
    remote.put("all", &all).expect(201);
    ([first, second], all)
}

#[test]
fn an_archive_begins_with_its_documents() {
    let server = Server::regctl();
    let image = Image::with_layers(1, &[300_000, 0, 5000]);
    server.remote("team/app").push("1", &image);
    let regctl = Regctl::new(&server.host());
    let run = regctl.run(&["export", "team/app:1"]).success();
    let archive = Archive::read(&run.get_output().stdout);
    let blobs: Vec<_> = image
        .blobs
        .iter()
        .map(|bytes| blob(&sha256(bytes)))
        .collect();
    let mut expected = vec![
        "oci-layout".to_owned(),
        "index.json".into(),
        "manifest.json".into(),
    ];
    expected.push(blob(&image.digest()));
    expected.extend(blobs.clone());
    assert_eq!(archive.names(), expected);
    assert_eq!(
        archive.json("oci-layout"),
        json!({"imageLayoutVersion": "1.0.0"})
    );
    assert_eq!(
        archive.json("manifest.json"),
        json!([{
            "Config": blobs[0], "RepoTags": ["docker.io/team/app:1"], "Layers": blobs[1..],
        }])
    );
    let mut entry = image.manifest.descriptor();
    entry["annotations"] = json!({
        "io.containerd.image.name": "docker.io/team/app:1",
        "org.opencontainers.image.ref.name": "1",
    });
    assert_eq!(archive.json("index.json")["manifests"], json!([entry]));

    let said = text(&run.get_output().stderr);
    let digest = image.digest().to_string();
    assert!(
        said.contains("team/app:1: ") && said.contains(&digest),
        "{said}"
    );
    // The same in a file, without other files.
    let file = regctl.home.path().join("out/app.tar");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    let path = file.to_str().unwrap();
    let quiet = regctl
        .run(&["export", "-q", "team/app:1", "-o", path])
        .success();
    assert!(quiet.get_output().stdout.is_empty() && quiet.get_output().stderr.is_empty());
    assert!(std::fs::read(&file).unwrap() == run.get_output().stdout);
    assert_eq!(
        std::fs::read_dir(file.parent().unwrap()).unwrap().count(),
        1
    );
}

#[test]
fn several_images_share_blobs() {
    let server = Server::regctl();
    let ([first, second], _) = push_related(&server.remote("team/app"));
    server.remote("other").push("x", &first);
    let host = server.host();
    let regctl = Regctl::new(&host);
    let named = format!("{host}/other:x");
    let by_digest = format!("other@{}", first.digest());
    let arguments = ["team/app:2", "team/app:1", &named, &by_digest, "team/app:1"];
    let archive = export(&regctl, &arguments);
    assert_eq!(
        archive.images(),
        [
            pair("docker.io/team/app:2", &second.digest()),
            pair("docker.io/team/app:1", &first.digest()),
            pair(&named, &first.digest()),
            pair(&format!("docker.io/library/{by_digest}"), &first.digest()),
        ]
    );
    let items = archive.json("manifest.json");
    assert_eq!(items[0]["RepoTags"], json!(["docker.io/team/app:2"]));
    assert_eq!(items[1]["RepoTags"], json!(["docker.io/team/app:1", named]));
    assert_eq!(items[2], Value::Null);
    for blob in first.blobs.iter().chain(&second.blobs) {
        assert!(archive.has(&sha256(blob)));
    }
    // Three documents, two manifests, one configuration, three layers.
    assert_eq!(archive.names().len(), 9);
    // An artifact is only in the OCI layout, not in docker's list.
    let format = export(&regctl, &["team/app:1", "--format", "oci"]);
    assert_eq!(format.get("manifest.json"), None);
    let chart = artifact(&first.manifest.descriptor(), "application/vnd.example", 5);
    server.remote("team/chart").push("1", &chart);
    let run = regctl.run(&["export", "team/chart:1"]).success();
    assert!(text(&run.get_output().stderr).contains("no image in it that docker could load"));
    let archive = Archive::read(&run.get_output().stdout);
    assert!(archive.has(&sha256(&chart.blobs[1])) && archive.get("manifest.json").is_none());
}

#[test]
fn platforms_all_or_chosen() {
    let server = Server::regctl();
    let remote = server.remote("app");
    let images = [Image::new(1), Image::new(2), Image::new(3)];
    for image in &images {
        remote.push(&image.digest().hex()[..8], image);
    }
    let list = images.each_ref().map(|image| &image.manifest);
    let all = index(&list);
    remote.put("all", &all).expect(201);
    let regctl = Regctl::new(&server.host());

    let archive = export(&regctl, &["app:all"]);
    assert_eq!(
        archive.images(),
        [pair("docker.io/library/app:all", &all.digest())]
    );
    assert_eq!(
        archive.get(&blob(&all.digest())),
        Some(all.bytes.as_slice())
    );
    assert!(images.iter().all(|image| archive.has(&image.digest())));
    assert_eq!(archive.json("manifest.json").as_array().unwrap().len(), 1);

    // A single platform has no index.
    let archive = export(&regctl, &["app:all", "--platform", "linux/arm64"]);
    assert_eq!(
        archive.images(),
        [pair("docker.io/library/app:all", &images[1].digest())]
    );
    let config = blob(&sha256(&images[1].blobs[0]));
    assert_eq!(archive.json("manifest.json")[0]["Config"], config);
    assert!(!archive.has(&all.digest()) && !archive.has(&images[0].digest()));

    // Several keep their index.
    let platforms = [
        "app:all",
        "--platform",
        "linux/s390x",
        "--platform",
        "linux/arm64",
    ];
    let archive = export(&regctl, &platforms);
    assert_eq!(
        archive.images(),
        [pair("docker.io/library/app:all", &all.digest())]
    );
    let has = images.each_ref().map(|image| archive.has(&image.digest()));
    assert_eq!(has, [false, true, true]);

    let said = regctl.fails(3, &["export", "app:all", "--platform", "linux/riscv64"]);
    assert!(
        said.contains("its platforms: linux/amd64, linux/arm64, linux/s390x"),
        "{said}"
    );
    // The platform of an image without an index is in its configuration.
    let alone = format!("app@{}", images[0].digest());
    export(&regctl, &[&alone, "--platform", "linux/amd64"]);
    regctl.fails(3, &["export", &alone, "--platform", "linux/arm64"]);
    let said = regctl.fails(2, &["export", "app:all", "--platform", "arm64"]);
    assert!(said.contains("hint: one is written linux/amd64"), "{said}");
}

#[test]
fn missing_children_of_an_index_are_reported() {
    let server = Server::regctl();
    let remote = server.remote("app");
    let (here, absent) = (Image::new(1), Image::new(2));
    remote.push("here", &here);
    let sparse = json!({
        "schemaVersion": 2, "mediaType": OCI_INDEX,
        "manifests": [
            with_platform(&absent.manifest, "amd64"), with_platform(&here.manifest, "arm64"),
        ],
    });
    // It was whole once.
    remote.push_blobs(&absent);
    remote
        .put(&absent.digest().to_string(), &absent.manifest)
        .expect(201);
    let sparse = Manifest::new(OCI_INDEX, &sparse);
    remote.put("sparse", &sparse).expect(201);
    let regctl = Regctl::new(&server.host());
    remote.delete(&absent.digest().to_string()).expect(202);
    let run = regctl.run(&["export", "app:sparse"]).success();
    let said = text(&run.get_output().stderr);
    let warning = format!("linux/amd64 {} is listed but missing", absent.digest());
    assert!(said.contains(&warning), "{said}");
    let archive = Archive::read(&run.get_output().stdout);
    assert_eq!(archive.images()[0].1, sparse.digest().to_string());
    let config = blob(&sha256(&here.blobs[0]));
    assert_eq!(archive.json("manifest.json")[0]["Config"], config);
}

fn with_platform(manifest: &Manifest, architecture: &str) -> Value {
    let mut descriptor = descriptor(&manifest.media_type, &manifest.bytes);
    descriptor["platform"] = json!({"os": "linux", "architecture": architecture});
    descriptor
}

#[test]
fn without_the_layers_of_a_base() {
    let server = Server::regctl();
    let ([first, second], _) = push_related(&server.remote("team/app"));
    let regctl = Regctl::new(&server.host());
    let arguments = ["export", "team/app:2", "--without", "team/app:1"];
    let run = regctl.run(&arguments).success();
    let said = text(&run.get_output().stderr);
    assert!(said.contains("left out: 2 layers, 103 KiB"), "{said}");
    let archive = Archive::read(&run.get_output().stdout);
    let base = format!("docker.io/team/app:1@{}", first.digest());
    let index = archive.json("index.json");
    assert_eq!(
        index["annotations"],
        json!({"io.regctl.archive.base": base})
    );
    let layers = archive.json("manifest.json")[0]["Layers"].clone();
    assert_eq!(layers.as_array().unwrap().len(), 3);
    for layer in &first.blobs[1..] {
        assert!(!archive.has(&sha256(layer)));
    }
    for blob in [&second.blobs[0], &second.blobs[3]] {
        assert!(archive.has(&sha256(blob)));
    }
    // A base that shares no layer is not needed.
    server.remote("team/else").push("1", &Image::new(77));
    let arguments = ["export", "team/app:2", "--without", "team/else:1"];
    let run = regctl.run(&arguments).success();
    let said = text(&run.get_output().stderr);
    assert!(said.contains("no layer is shared"), "{said}");
    let archive = Archive::read(&run.get_output().stdout);
    assert_eq!(archive.json("index.json").get("annotations"), None);
    regctl.fails(3, &["export", "team/app:2", "--without", "team/absent:1"]);
}

#[test]
fn a_foreign_layer_is_left_out() {
    let server = Server::regctl();
    let image = Image::new(1);
    let remote = server.remote("app");
    remote.push_blobs(&image);
    let mut layers = image.manifest.json()["layers"].take();
    let mut foreign = descriptor(
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        b"a layer that nobody may hand on",
    );
    foreign["urls"] = json!(["https://layers.example.org/windows"]);
    layers.as_array_mut().unwrap().insert(0, foreign);
    let image = image.with_field("layers", layers);
    remote.put("1", &image.manifest).expect(201);
    let run = Regctl::new(&server.host())
        .run(&["export", "app:1"])
        .success();
    let said = text(&run.get_output().stderr);
    assert!(
        said.contains("from https://layers.example.org/windows"),
        "{said}"
    );
    let archive = Archive::read(&run.get_output().stdout);
    assert_eq!(
        archive.json("manifest.json")[0]["Layers"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(archive.names().len(), 6);
}

#[test]
fn the_same_images_from_another_registry_are_the_same_bytes() {
    if !have(&["docker-registry"]) {
        return;
    }
    let archives = [Server::regctl(), Server::docker_registry()].map(|server| {
        push_related(&server.remote("team/app"));
        let regctl = Regctl::new(&server.host());
        let arguments = ["export", "team/app:all", "team/app:1"];
        let run = regctl.run(&arguments).success();
        run.get_output().stdout.clone()
    });
    assert!(archives[0] == archives[1]);
    assert_eq!(Archive::read(&archives[0]).names().len(), 10);
}
