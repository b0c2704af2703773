//! `regctl import`: the names of images, and several images with one name; through a pipe and from
//! a file.

use serde_json::{Value, json};

use crate::import_support::{Import, both};
use crate::support::archive::{Packed, Tar, gzipped, hex};
use crate::support::{OCI_INDEX, OCI_MANIFEST, sha256};

const REF: &str = "org.opencontainers.image.ref.name";
const FULL: &str = "io.containerd.image.name";

/// `index.json` of some manifests, each with its annotations.
pub(crate) fn index(entries: &[(&[u8], Value)]) -> Value {
    let manifests: Vec<Value> = entries
        .iter()
        .map(|(bytes, more)| {
            let mut entry = json!({
                "mediaType": OCI_MANIFEST, "digest": sha256(bytes).to_string(), "size": bytes.len(),
            });
            for (key, value) in more.as_object().unwrap() {
                entry[key] = value.clone();
            }
            entry
        })
        .collect();
    json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests})
}

/// A layout of images, each with the fields of its entry.
fn layout(images: &[(&Packed, Value)]) -> Tar {
    let mut tar = Tar::new();
    let mut manifests = Vec::new();
    for (image, more) in images {
        let manifest = image.oci_manifest(gzipped, "+gzip");
        tar = image.blobs(tar, gzipped).blob(&manifest);
        manifests.push((manifest, more.clone()));
    }
    let entries: Vec<(&[u8], Value)> = manifests
        .iter()
        .map(|(bytes, more)| (&bytes[..], more.clone()))
        .collect();
    tar.json("oci-layout", &json!({"imageLayoutVersion": "1.0.0"}))
        .json("index.json", &index(&entries))
}

pub(crate) fn named(full: &str) -> Value {
    json!({"annotations": {FULL: full}})
}

fn digest(image: &Packed) -> String {
    sha256(&image.oci_manifest(gzipped, "+gzip")).to_string()
}

pub(crate) fn tags(import: &Import, repository: &str) -> Vec<String> {
    import.server.remote(repository).tags()
}

#[test]
fn a_digest_in_a_name_is_not_a_tag() {
    let (one, two) = (Packed::small(1), Packed::small(2));
    let (first, second) = (digest(&one), digest(&two));
    let archive = layout(&[
        (&one, named(&format!("docker.io/team/app@{first}"))),
        (&two, named(&format!("docker.io/team/app@{second}"))),
    ]);
    let archive = archive.finish();
    both(|import| {
        let rows = import.done(&archive, &[]);
        assert_eq!(rows[0]["references"], json!([format!("team/app@{first}")]));
        assert!(tags(import, "team/app").is_empty());
        for digest in [&first, &second] {
            import.server.remote("team/app").verify(digest);
        }
    });
    // Docker's own list has such names, too; the created manifest has a digest of its own.
    let item = json!([{
        "Config": "c", "RepoTags": [format!("h:5000/team/app@{first}")], "Layers": ["a.tar", "b.tar"],
    }]);
    let archive = Tar::new()
        .file("c", &one.config)
        .file("a.tar", &one.layers[0])
        .file("b.tar", &one.layers[1])
        .json("manifest.json", &item)
        .finish();
    both(|import| {
        let rows = import.done(&archive, &[]);
        let digest = rows[0]["digest"].as_str().unwrap().to_owned();
        assert_eq!(rows[0]["references"], json!([format!("team/app@{digest}")]));
        assert!(tags(import, "team/app").is_empty());
        import.server.remote("team/app").verify(&digest);
    });
}

#[test]
fn an_id_is_not_a_name() {
    let image = Packed::small(1);
    let id = sha256(&image.config).to_string();
    let manifest = image.oci_manifest(gzipped, "+gzip");
    let entries = [
        (&manifest[..], named("docker.io/team/app:1")),
        (&manifest[..], json!({"annotations": {FULL: id, REF: id}})),
        (&manifest[..], named(&hex(&image.config))),
    ];
    let archive = image
        .blobs(Tar::new(), gzipped)
        .blob(&manifest)
        .json("index.json", &index(&entries))
        .finish();
    both(|import| {
        let rows = import.done(&archive, &[]);
        assert_eq!(rows[0]["references"], json!(["team/app:1"]));
    });
}

#[test]
fn invalid_names_are_reported() {
    let image = Packed::small(1);
    let archive = |tags: Value| {
        let item = json!([{"Config": "c", "RepoTags": tags, "Layers": ["a.tar", "b.tar"]}]);
        Tar::new()
            .file("c", &image.config)
            .file("a.tar", &image.layers[0])
            .file("b.tar", &image.layers[1])
            .json("manifest.json", &item)
            .finish()
    };
    let bad = "REG.example.org/Team/App:1";
    both(|import| {
        let outcome = import.run(&archive(json!([bad, "app:1"])), &[]);
        assert_eq!(outcome.code, 0, "{}", outcome.said);
        assert!(outcome.said.contains(bad), "{}", outcome.said);
        assert_eq!(outcome.rows[0]["references"], json!(["app:1"]));
        let said = import.fails(1, &archive(json!([bad])), &[]);
        assert!(said.contains(bad) && said.contains("--name"), "{said}");
        import.done(&archive(json!([bad])), &["--name", "app:2"]);
        // The host in --name selects the registry.
        let full = format!("{}/team/app:3", import.server.host());
        let rows = import.done(&archive(json!([bad])), &["--name", &full]);
        assert_eq!(rows[0]["references"], json!([full]));
        import.server.remote("team/app").verify("3");
    });
}

/// An image with the attachments of hauler or cosign under the same name.
#[test]
fn signatures_get_their_own_tag() {
    let image = Packed::small(1);
    let manifest = image.oci_manifest(gzipped, "+gzip");
    let payload = br#"{"critical":{}}"#;
    let config = json!({"architecture": "", "os": "", "config": {}, "rootfs": {"type": "layers",
        "diff_ids": [sha256(payload).to_string()]}});
    let config = config.to_string().into_bytes();
    let blob = |media_type: &str, bytes: &[u8]| json!({"mediaType": media_type, "digest": sha256(bytes).to_string(), "size": bytes.len()});
    let signature = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": blob("application/vnd.oci.image.config.v1+json", &config),
        "layers": [blob("application/vnd.dev.cosign.simplesigning.v1+json", payload)],
    });
    let signature = signature.to_string().into_bytes();
    for (kinds, tagged) in [
        (["dev.hauler/image", "dev.hauler/sigs"], "sig"),
        (
            [
                "dev.cosignproject.cosign/image",
                "dev.cosignproject.cosign/atts",
            ],
            "att",
        ),
    ] {
        let entry = |kind: &str| json!({"annotations": {"kind": kind, REF: "team/app:1"}});
        let entries = [
            (&manifest[..], entry(kinds[0])),
            (&signature[..], entry(kinds[1])),
        ];
        let archive = image
            .blobs(Tar::new(), gzipped)
            .blob(&manifest)
            .blob(payload)
            .blob(&config)
            .blob(&signature)
            .json("index.json", &index(&entries))
            .finish();
        both(|import| {
            import.done(&archive, &[]);
            let tag = format!("sha256-{}.{tagged}", hex(&manifest));
            assert_eq!(tags(import, "team/app"), ["1", &tag]);
            assert_eq!(import.manifest("team/app", "1").0, digest(&image));
            assert_eq!(
                import.manifest("team/app", &tag).0,
                sha256(&signature).to_string()
            );
        });
    }
}

/// As `oras copy -r` writes them: a signature of an SBOM of an image, none with a name of its own.
#[test]
fn referrers_without_a_name_belong_to_their_subject() {
    let image = Packed::small(1);
    let manifest = image.oci_manifest(gzipped, "+gzip");
    let referrer = |kind: &str, subject: &[u8]| {
        json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": kind,
            "config": {
                "mediaType": "application/vnd.oci.empty.v1+json",
                "digest": sha256(b"{}").to_string(), "size": 2,
            },
            "layers": [],
            "subject": {
                "mediaType": OCI_MANIFEST,
                "digest": sha256(subject).to_string(), "size": subject.len(),
            },
        })
        .to_string()
        .into_bytes()
    };
    let sbom = referrer("application/spdx+json", &manifest);
    let signature = referrer("application/x.signature", &sbom);
    let stray = referrer("application/x.signature", b"elsewhere");
    let archive = |more: &[(&[u8], Value)]| {
        let first = [(&manifest[..], named("team/app:1"))];
        let entries: Vec<_> = more.iter().cloned().chain(first).collect();
        let mut tar = image.blobs(Tar::new(), gzipped).blob(b"{}");
        for (bytes, _) in &entries {
            tar = tar.blob(bytes);
        }
        tar.json("oci-layout", &json!({"imageLayoutVersion": "1.0.0"}))
            .json("index.json", &index(&entries))
            .finish()
    };
    let whole = archive(&[(&signature, json!({})), (&sbom, json!({}))]);
    both(|import| {
        for (options, repository) in [
            (&[][..], "team/app"),
            (&["--to", "other"], "other/team/app"),
            (&["--name", "renamed:7"], "renamed"),
        ] {
            import.done(&whole, options);
            let remote = import.server.remote(repository);
            assert_eq!(remote.tags().len(), 1, "{repository}");
            for bytes in [&manifest, &sbom, &signature] {
                remote.verify(&sha256(bytes).to_string());
            }
            let referrers = remote.path(&format!("referrers/{}", sha256(&manifest)));
            let listed = remote.client.get(&referrers).expect(200);
            let listed = String::from_utf8(listed.body).unwrap();
            assert!(listed.contains(&sha256(&sbom).to_string()), "{listed}");
        }
    });
    // One whose subject is not in the archive still has no place.
    let alone = archive(&[(&stray, json!({}))]);
    both(|import| {
        let outcome = import.run(&alone, &[]);
        assert_eq!(outcome.code, 5, "{}", outcome.said);
        assert_eq!(tags(import, "team/app"), ["1"]);
    });
}

#[test]
fn two_images_under_one_name() {
    let layers = Packed::small(1).layers;
    let (amd, arm) = (
        Packed::for_platform(&layers, "amd64"),
        Packed::for_platform(&layers, "arm64"),
    );
    // Images for different platforms become one.
    let archive = layout(&[(&amd, named("team/app:1")), (&arm, named("team/app:1"))]).finish();
    both(|import| {
        let rows = import.done(&archive, &[]);
        assert_eq!(rows.as_array().unwrap().len(), 1);
        let (_, whole) = import.manifest("team/app", "1");
        let listed = whole["manifests"].as_array().unwrap();
        let of = |at: usize| listed[at]["digest"].as_str().unwrap().to_owned();
        assert_eq!([of(0), of(1)], [digest(&amd), digest(&arm)]);
        assert_eq!(listed[1]["platform"]["architecture"], "arm64");
    });
    // In docker's format, whose manifests are created by the import, as well.
    let item = |image: &Packed| {
        let layers: Vec<String> = image.layers.iter().map(|layer| hex(layer)).collect();
        json!({"Config": image.config_name(), "RepoTags": ["team/app:1"], "Layers": layers})
    };
    let mut docker = Tar::new().json("manifest.json", &json!([item(&amd), item(&arm)]));
    for image in [&amd, &arm] {
        docker = docker.file(&image.config_name(), &image.config);
    }
    for layer in &layers {
        docker = docker.file(&hex(layer), layer);
    }
    let docker = docker.finish();
    both(|import| {
        let rows = import.done(&docker, &[]);
        assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
        let (_, whole) = import.manifest("team/app", "1");
        let listed = whole["manifests"].as_array().unwrap();
        for (at, image) in [&amd, &arm].into_iter().enumerate() {
            let manifest = image.docker_manifest(gzipped, ".gzip");
            assert_eq!(listed[at]["digest"], sha256(&manifest).to_string());
            assert_eq!(listed[at]["size"], manifest.len());
        }
        assert_eq!(listed[1]["platform"]["architecture"], "arm64");
        import.server.remote("team/app").verify("1");
    });
    // All others are an error that names both, and the third image is imported.
    let (one, two, other) = (Packed::small(3), Packed::small(4), Packed::small(5));
    let archive = layout(&[
        (&one, named("team/app:1")),
        (&two, named("registry.example.org/team/app:1")),
        (&other, named("team/other:1")),
    ]);
    let archive = archive.finish();
    both(|import| {
        let outcome = import.run(&archive, &[]);
        assert_eq!(outcome.code, 5, "{}", outcome.said);
        for digest in [digest(&one), digest(&two)] {
            assert!(outcome.said.contains(&digest), "{}", outcome.said);
        }
        let errors = outcome.said.matches("error: ").count();
        assert_eq!(errors, 1, "{}", outcome.said);
        assert!(tags(import, "team/app").is_empty());
        assert_eq!(tags(import, "team/other"), ["1"]);
    });
    // The registries in their names distinguish them.
    both(|import| {
        let map = ["--map", "registry.example.org/team/app=team/second"];
        import.done(&archive, &map);
        assert_eq!(tags(import, "team/second"), ["1"]);
    });
}
