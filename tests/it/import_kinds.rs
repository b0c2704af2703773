//! `regctl import`: archives of all kinds, old and unusual forms, and files that are not image
//! archives; through a pipe and from a file.

use serde_json::{Value, json};

use crate::import_names::{index, named, tags};
use crate::import_support::{Way, both};
use crate::support::archive::{Packed, Tar, gzipped, hex, layer};
use crate::support::{OCI_MANIFEST, sha256};

/// The format of `docker save` before 1.10.
#[test]
fn docker_before_1_10() {
    let layers = [layer(1, 3000), layer(2, 200)];
    let ids = [hex(b"lower"), hex(b"upper")];
    let mut tar = Tar::new();
    for (number, (id, layer)) in ids.iter().zip(&layers).enumerate() {
        let mut description = json!({
            "id": id, "created": "2015-03-20T00:00:00Z", "config": {"Cmd": ["/bin/sh"]},
            "container_config": {"Cmd": ["/bin/sh", "-c", format!("step {number}")]},
        });
        if number > 0 {
            description["parent"] = json!(ids[number - 1]);
        }
        tar = tar
            .directory(id)
            .file(&format!("{id}/VERSION"), b"1.0")
            .json(&format!("{id}/json"), &description)
            .file(&format!("{id}/layer.tar"), layer);
    }
    let whole = tar.json(
        "repositories",
        &json!({"team/old": {"6": ids[1], "latest": ids[1]}}),
    );
    let archive = whole.finish();
    both(|import| {
        let rows = import.done(&archive, &[]);
        assert_eq!(
            rows[0]["references"],
            json!(["team/old:6", "team/old:latest"])
        );
        let (_, manifest) = import.manifest("team/old", "6");
        let config = manifest["config"]["digest"].as_str().unwrap();
        let config = import
            .server
            .remote("team/old")
            .blob(&config.parse().unwrap());
        let config: Value = serde_json::from_slice(&config.body).unwrap();
        let diff_ids: Vec<String> = layers
            .iter()
            .map(|layer| sha256(layer).to_string())
            .collect();
        assert_eq!(config["rootfs"]["diff_ids"], json!(diff_ids));
        assert_eq!(config["history"][1]["created_by"], "/bin/sh -c step 1");
        assert_eq!(config["architecture"], "amd64");
        import.server.remote("team/old").verify("latest");
    });
    // A loop, and a missing layer.
    let loops = Tar::new()
        .json(&format!("{}/json", ids[0]), &json!({"parent": ids[1]}))
        .json(&format!("{}/json", ids[1]), &json!({"parent": ids[0]}))
        .json("repositories", &json!({"app": {"1": ids[1]}}))
        .finish();
    let lacking = Tar::new()
        .json(&format!("{}/json", ids[0]), &json!({}))
        .json("repositories", &json!({"app": {"1": ids[0]}}))
        .finish();
    both(|import| {
        assert!(import.fails(1, &loops, &[]).contains("lead back to"));
        assert!(import.fails(1, &lacking, &[]).contains("layer 1 of 1"));
    });
}

fn docker(config: &[u8], layers: &[(&str, &[u8])], more: impl Fn(Tar) -> Tar) -> Vec<u8> {
    let names: Vec<&str> = layers.iter().map(|(name, _)| *name).collect();
    let item = json!([{"Config": "c", "RepoTags": ["app:1"], "Layers": names}]);
    let mut tar = Tar::new().json("manifest.json", &item).file("c", config);
    for (name, bytes) in layers {
        tar = tar.file(name, bytes);
    }
    more(tar).finish()
}

/// Layers in compressions that registries don't support are recompressed.
#[test]
fn layers_in_xz_and_bzip2() {
    let plain = layer(1, 50_000);
    let image = Packed::new(std::slice::from_ref(&plain));
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::default()).unwrap();
    std::io::Write::write_all(&mut xz, &plain).unwrap();
    let xz = xz.finish().unwrap();
    let mut bz2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    std::io::Write::write_all(&mut bz2, &plain).unwrap();
    let bz2 = bz2.finish().unwrap();
    for bytes in [&xz, &bz2] {
        let archive = docker(&image.config, &[("1.tar", bytes)], |tar| tar);
        both(|import| {
            import.gives(
                &archive,
                "app",
                "1",
                &image.docker_manifest(gzipped, ".gzip"),
            );
            let cut = docker(
                &image.config,
                &[("1.tar", &bytes[..bytes.len() / 2])],
                |tar| tar,
            );
            let code = import.run(&cut, &["--name", "cut:1"]).code;
            assert!(code == 1 || code == 7, "{code}");
            assert!(tags(import, "cut").is_empty());
        });
    }
}

#[test]
fn unneeded_members_are_not_errors() {
    let plain = layer(1, 3000);
    let image = Packed::new(std::slice::from_ref(&plain));
    let manifest = image.docker_manifest(gzipped, ".gzip");
    let with = |more: &dyn Fn(Tar) -> Tar| docker(&image.config, &[("1.tar", &plain)], more);
    for archive in [
        with(&|tar| tar.hard_link("manifest.json", "manifest.json")),
        with(&|tar| tar.symlink("1.tar", "1.tar")),
        with(&|tar| tar.symlink("latest", "/var/lib/images/x.tar")),
        with(&|tar| tar.symlink("a/b", "../../x")),
        with(&|tar| tar.hard_link("a", "../x")),
        with(&|tar| tar.header(b'V', "/backup", "", 0)),
        with(&|tar| tar.directory("/absolute")),
    ] {
        both(|import| {
            import.gives(&archive, "app", "1", &manifest);
        });
    }
}

/// Sparse files, as GNU tar stores them.
#[test]
fn layers_with_holes() {
    if !crate::support::have(&["tar"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut plain = layer(1, 3000);
    let end = plain.len() - 1024;
    plain.splice(
        end..end,
        Tar::new().file("zeros", &vec![0; 2 << 20]).finish(),
    );
    let image = Packed::new(std::slice::from_ref(&plain));
    let write = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes);
    let item = json!([{"Config": "c", "RepoTags": ["app:1"], "Layers": ["1.tar"]}]);
    write("c", &image.config).unwrap();
    write("manifest.json", item.to_string().as_bytes()).unwrap();
    // Written with a hole: the zeros are not stored.
    let file = std::fs::File::create(directory.path().join("1.tar")).unwrap();
    for (number, block) in plain.chunks(4096).enumerate() {
        if block.iter().any(|byte| *byte != 0) {
            let offset = number as u64 * 4096;
            std::os::unix::fs::FileExt::write_all_at(&file, block, offset).unwrap();
        }
    }
    file.set_len(plain.len() as u64).unwrap();
    for format in [
        &["--format=gnu"][..],
        &["--format=pax"],
        &["--format=pax", "--sparse-version=0.1"],
    ] {
        let mut tar = std::process::Command::new("tar");
        tar.arg("-C")
            .arg(directory.path())
            .arg("--sparse")
            .args(format);
        let packed = tar
            .args(["-cf", "-", "1.tar", "c", "manifest.json"])
            .output()
            .unwrap();
        assert!(
            packed.status.success() && packed.stdout.len() < plain.len(),
            "{format:?}"
        );
        both(|import| {
            import.gives(
                &packed.stdout,
                "app",
                "1",
                &image.docker_manifest(gzipped, ".gzip"),
            );
        });
    }
}

/// An OCI image whose manifest does not match the type of its layer.
fn layout_of(config: &[u8], layer_type: &str, bytes: &[u8], more: &Value) -> (Vec<u8>, Vec<u8>) {
    let mut manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": sha256(config).to_string(), "size": config.len()},
        "layers": [{"mediaType": layer_type, "digest": sha256(bytes).to_string(), "size": bytes.len()}],
    });
    for (key, value) in more.as_object().unwrap() {
        manifest[key] = value.clone();
    }
    let manifest = manifest.to_string().into_bytes();
    let archive = Tar::new()
        .blob(config)
        .blob(bytes)
        .blob(&manifest)
        .json("index.json", &index(&[(&manifest, named("app:1"))]))
        .finish();
    (manifest, archive)
}

/// Blobs that are not plain layers of an image keep their bytes and digests, even through a pipe,
/// where the manifest comes last.
#[test]
fn blobs_that_are_not_changed() {
    let plain = layer(1, 30_000);
    let tar = "application/vnd.oci.image.layer.v1.tar";
    let image = Packed::new(std::slice::from_ref(&plain)).config;
    let empty = json!({"artifactType": "application/vnd.unknown.artifact.v1",
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": sha256(b"{}").to_string(), "size": 2}});
    let no_rootfs = br#"{"architecture":"amd64","os":"linux"}"#;
    let secret = vec![0x8f; 5000];
    for (manifest, archive) in [
        layout_of(b"{}", tar, &plain, &empty),
        layout_of(no_rootfs, tar, &plain, &json!({})),
        layout_of(no_rootfs, tar, b"a file", &json!({})),
        layout_of(&image, &format!("{tar}+gzip"), &plain, &json!({})),
        layout_of(
            &image,
            &format!("{tar}+gzip+encrypted"),
            &secret,
            &json!({}),
        ),
        layout_of(
            b"{}",
            "application/vnd.example.bundle.v1.tar",
            &plain,
            &json!({}),
        ),
    ] {
        for compression in ["gzip", "zstd"] {
            both(|import| {
                import.done(&archive, &["--compression", compression]);
                assert_eq!(import.manifest("app", "1").0, sha256(&manifest).to_string());
                import.server.remote("app").verify("1");
            });
        }
    }
}

/// Bills of materials may be large and numerous; they are not documents of an image.
#[test]
fn much_json_content() {
    let image = Packed::small(1);
    let mut tar = image.blobs(Tar::new(), gzipped);
    let mut entries = Vec::new();
    for number in 0..9 {
        let filler = "x".repeat(3 << 20);
        let statement = json!({"_type": "x", "n": number, "predicate": filler}).to_string();
        let (statement, config) = (statement.into_bytes(), br#"{"architecture":"unknown"}"#);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": sha256(config).to_string(), "size": config.len()},
            "layers": [{"mediaType": "application/vnd.in-toto+json",
                "digest": sha256(&statement).to_string(), "size": statement.len()}],
        });
        let manifest = manifest.to_string().into_bytes();
        tar = tar.blob(config).blob(&statement).blob(&manifest);
        entries.push((manifest, named(&format!("team/sbom:{number}"))));
    }
    let entries: Vec<(&[u8], Value)> = entries
        .iter()
        .map(|(m, more)| (&m[..], more.clone()))
        .collect();
    let archive = tar.json("index.json", &index(&entries)).finish();
    both(|import| {
        import.done(&archive, &[]);
        assert_eq!(tags(import, "team/sbom").len(), 9);
        import.server.remote("team/sbom").verify("8");
        // An exported archive is imported.
        let path = import.regctl.home.path().join("again.tar");
        let names: Vec<String> = (0..9).map(|number| format!("team/sbom:{number}")).collect();
        let mut arguments = vec!["export", "-q", "-o", path.to_str().unwrap()];
        arguments.extend(names.iter().map(String::as_str));
        import.regctl.run(&arguments).success();
        let again = std::fs::read(&path).unwrap();
        import.done(&again, &["--to", "again"]);
        import.server.remote("again/team/sbom").verify("8");
    });
}

#[test]
fn a_large_configuration() {
    let plain = layer(1, 300);
    let mut config: Value =
        serde_json::from_slice(&Packed::new(std::slice::from_ref(&plain)).config).unwrap();
    config["config"] = json!({"Labels": {"big": "y".repeat(5 << 20)}});
    let archive = docker(config.to_string().as_bytes(), &[("1.tar", &plain)], |tar| {
        tar
    });
    both(|import| {
        import.done(&archive, &[]);
        import.server.remote("app").verify("1");
    });
}

#[test]
fn other_archives_are_recognised() {
    let fs = |tar: Tar| {
        tar.file("etc/passwd", b"root:x:0:0\n")
            .file("usr/bin/env", b"x")
    };
    for (archive, words) in [
        (
            fs(Tar::new()
                .file(".dockerenv", b"")
                .symlink("bin/sh", "/bin/busybox")),
            &["docker export", "docker commit"][..],
        ),
        (fs(Tar::new().file("var/x", b"y")), &["docker export"]),
        (
            Tar::new()
                .file("version", b"Directory Transport Version: 1.1\n")
                .json(
                    "manifest.json",
                    &json!({"schemaVersion": 2, "config": {}, "layers": []}),
                ),
            &["skopeo", "skopeo copy --all dir:"],
        ),
        (
            Tar::new().json(
                "manifest.json",
                &json!([{"Image": {"Refs": ["a/b"], "Layers": []}}]),
            ),
            &["imgpkg", "imgpkg copy --tar"],
        ),
        (
            Tar::new()
                .json("image/oci-layout", &json!({"imageLayoutVersion": "1.0.0"}))
                .json("image/index.json", &json!({"manifests": []})),
            &["one directory down", "tar -C image"],
        ),
    ] {
        let archive = archive.finish();
        both(|import| {
            let said = import.fails(1, &archive, &[]);
            for word in words {
                assert!(said.contains(word), "{word}: {said}");
            }
        });
    }
}

/// Layers that another repository of the registry has are mounted.
#[test]
fn into_a_second_prefix_nothing_is_sent() {
    let image = Packed::small(1);
    let archive = image
        .blobs(Tar::new(), gzipped)
        .blob(&image.oci_manifest(gzipped, "+gzip"))
        .layout(&[(
            OCI_MANIFEST,
            &image.oci_manifest(gzipped, "+gzip"),
            Some("app:1"),
        )])
        .finish();
    both(|import| {
        import.done(&archive, &["--to", "one"]);
        // Another machine, without the cache.
        let cache = import.regctl.home.path().join("cache");
        let _ = std::fs::remove_dir_all(cache);
        let rows = import.done(&archive, &["--to", "two"]);
        let config = image.config.len() as u64;
        assert!(rows[0]["sent"].as_u64().unwrap() <= config, "{rows}");
        import.server.remote("two/app").verify("1");
        assert!(import.way == Way::File || tags(import, "two/regctl-import").is_empty());
    });
}
