//! `regctl import`: archives as each producer writes them, through a pipe and from a file, each with
//! the manifest digest that it has to get.

use std::io::Write as _;

use regctl::archive::Compression;
use serde_json::{Value, json};

use crate::import_support::{Way, both};
use crate::support::archive::{
    Packed, Tar, compressed, crane, docker_24, docker_25, gzipped, hex, layer, oci, podman,
};
use crate::support::{OCI_INDEX, OCI_MANIFEST, descriptor, sha256};

#[test]
fn docker_before_25() {
    // The first layer comes again: as a symbolic link, before what it leads to.
    let repeated = layer(1, 5000);
    let image = Packed::new(&[repeated.clone(), layer(2, 40_000), repeated]);
    let other = Packed::small(7);
    let archive = docker_24(&[
        (&image, json!(["app:1", "app:stable"])),
        (&other, json!(["docker.io/team/db:2"])),
    ]);
    let archive = archive.finish();
    both(|import| {
        let manifest = image.docker_manifest(gzipped, ".gzip");
        let rows = import.gives(&archive, "app", "1", &manifest);
        assert_eq!(
            import.manifest("app", "stable").0,
            sha256(&manifest).to_string()
        );
        assert_eq!(rows[0]["previous"], Value::Null);
        assert_eq!(rows[0]["platforms"], json!(["linux/amd64"]));
        let manifest = other.docker_manifest(gzipped, ".gzip");
        assert_eq!(rows[1]["digest"], sha256(&manifest).to_string());
        assert_eq!(
            import.manifest("team/db", "2").0,
            sha256(&manifest).to_string()
        );
    });
}

#[test]
fn docker_since_25() {
    let image = Packed::small(10);
    let archive = docker_25(&image, "app:1").finish();
    let plain = image.oci_manifest(<[u8]>::to_vec, "");
    both(|import| {
        let rows = import.done(&archive, &[]);
        let (digest, manifest) = import.manifest("app", "1");
        assert_eq!(rows[0]["previous"], sha256(&plain).to_string());
        assert_eq!(rows[0]["digest"], digest);
        // The image keeps its ID and all else that its manifest says.
        assert_eq!(
            manifest["config"]["digest"],
            sha256(&image.config).to_string()
        );
        assert_eq!(manifest["annotations"]["org.example.kept"], "yes");
        for (layer, plain) in manifest["layers"]
            .as_array()
            .unwrap()
            .iter()
            .zip(&image.layers)
        {
            assert_eq!(
                layer["mediaType"],
                "application/vnd.oci.image.layer.v1.tar+gzip"
            );
            assert_eq!(layer["digest"], sha256(&gzipped(plain)).to_string());
        }
        let said = import.run(&archive, &[]).said;
        assert!(
            said.contains("its digest is") && said.contains("in the archive it was"),
            "{said}"
        );
    });
}

#[test]
fn plain_layers_stay_plain_when_asked_to() {
    let image = Packed::small(12);
    let oci = image.oci_manifest(<[u8]>::to_vec, "");
    let docker = image.docker_manifest(<[u8]>::to_vec, "");
    let b = docker_25(&image, "app:1").finish();
    let a = docker_24(&[(&image, json!(["app:2"]))]).finish();
    both(|import| {
        import.done(&b, &["--compression", "none"]);
        assert_eq!(import.manifest("app", "1").0, sha256(&oci).to_string());
        import.done(&a, &["--compression", "none"]);
        assert_eq!(import.manifest("app", "2").0, sha256(&docker).to_string());
    });
}

#[test]
fn zstd_makes_an_oci_manifest() {
    let image = Packed::small(14);
    let archive = docker_24(&[(&image, json!(["app:1"]))]).finish();
    both(|import| {
        import.done(&archive, &["--compression", "zstd"]);
        let (_, manifest) = import.manifest("app", "1");
        assert_eq!(manifest["mediaType"], OCI_MANIFEST);
        let blob = compressed(&image.layers[0], Compression::Zstd);
        assert_eq!(manifest["layers"][0]["digest"], sha256(&blob).to_string());
        assert_eq!(
            manifest["layers"][0]["mediaType"],
            "application/vnd.oci.image.layer.v1.tar+zstd"
        );
    });
}

#[test]
fn compressed_layers_and_their_manifests_stay_as_they_are() {
    let image = Packed::small(16);
    let manifest = image.oci_manifest(gzipped, "+gzip");
    for documents_first in [false, true] {
        let archive = oci(&image, "app:1", documents_first).finish();
        both(|import| {
            let rows = import.gives(&archive, "app", "1", &manifest);
            assert_eq!(rows[0]["previous"], rows[0]["digest"]);
            let staged = import.server.client().head(&format!(
                "/v2/regctl-import/blobs/{}",
                sha256(&gzipped(&image.layers[0]))
            ));
            // Only a pipe that does not say first whose its blobs are has them wait somewhere.
            let waits = import.way == Way::Pipe && !documents_first;
            assert_eq!(staged.status, if waits { 200 } else { 404 });
        });
    }
}

#[test]
fn podman_and_crane() {
    let repeated = layer(20, 3000);
    let image = Packed::new(&[repeated.clone(), repeated, layer(21, 9000)]);
    let manifest = image.docker_manifest(gzipped, ".gzip");
    let of_podman = podman(&image, &json!(["localhost/app:1"])).finish();
    let of_crane = crane(&image, "registry.example.org:5000/team/app:1").finish();
    both(|import| {
        import.gives(&of_podman, "app", "1", &manifest);
        import.gives(&of_crane, "team/app", "1", &manifest);
    });
}

#[test]
fn packed_by_hand() {
    let image = Packed::small(30);
    let manifest = image.docker_manifest(gzipped, ".gzip");
    let long = format!("{}/layer.tar", "a-directory-of-a-long-name/".repeat(8));
    let item = json!([{
        "Config": "config.json", "RepoTags": ["app:1"], "Layers": ["link/one.tar", long],
    }]);
    let mut marked = b"\xef\xbb\xbf".to_vec();
    marked.extend_from_slice(item.to_string().as_bytes());
    let archive = Tar::new()
        .directory("./")
        .file("./._manifest.json", b"Mac OS X")
        .file("./.DS_Store", b"Bud1")
        .header(b'g', "pax_global_header", "", 0)
        .hard_link("./link/one.tar", "./layers/one.tar")
        .file("./layers/one.tar", &image.layers[0])
        .pax_file(&format!("./{long}"), &image.layers[1])
        .header(b'3', "./dev/null", "", 9 << 30)
        .header(b'4', "./dev/sda", "", 0)
        .header(b'6', "./pipe", "", 0)
        .file("./config.json", &image.config)
        .file("./manifest.json", &marked)
        .finish();
    both(|import| {
        import.gives(&archive, "app", "1", &manifest);
    });
}

#[test]
fn a_long_name_of_gnu() {
    let image = Packed::small(32);
    let name = format!("{}.tar", "long".repeat(40));
    let archive = Tar::new()
        .file(&name, &image.layers[0])
        .file("b.tar", &image.layers[1])
        .file("c", &image.config)
        .json(
            "manifest.json",
            &json!([{"Config": "c", "RepoTags": ["app:1"], "Layers": [name, "b.tar"]}]),
        )
        .finish();
    both(|import| {
        import.gives(
            &archive,
            "app",
            "1",
            &image.docker_manifest(gzipped, ".gzip"),
        );
    });
}

#[test]
fn outer_compression() {
    let image = Packed::small(34);
    let manifest = image.docker_manifest(gzipped, ".gzip");
    let archive = docker_24(&[(&image, json!(["app:1"]))]).finish();
    let (first, second) = archive.split_at(archive.len() / 2);
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(&archive).unwrap();
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    xz.write_all(&archive).unwrap();
    for packed in [
        [gzipped(first), gzipped(second)].concat(),
        compressed(&archive, Compression::Zstd),
        xz.finish().unwrap(),
        bzip2.finish().unwrap(),
    ] {
        both(|import| {
            import.gives(&packed, "app", "1", &manifest);
        });
    }
}

#[test]
fn no_layers_at_all() {
    let image = Packed::new(&[]);
    let archive = Tar::new()
        .file("c.json", &image.config)
        .json(
            "manifest.json",
            &json!([{"Config": "c.json", "RepoTags": ["app:1"], "Layers": null}]),
        )
        .finish();
    both(|import| {
        import.gives(
            &archive,
            "app",
            "1",
            &image.docker_manifest(gzipped, ".gzip"),
        );
    });
}

#[test]
fn a_manifest_without_layers_gives_way_to_dockers_own() {
    let image = Packed::small(36);
    let empty = Packed {
        layers: Vec::new(),
        config: image.config.clone(),
    };
    let manifest = empty.oci_manifest(<[u8]>::to_vec, "");
    let archive = image
        .blobs(Tar::new(), <[u8]>::to_vec)
        .blob(&manifest)
        .layout(&[(OCI_MANIFEST, &manifest, Some("app:1"))])
        .json(
            "manifest.json",
            &json!([image.item(&json!(["app:1"]), <[u8]>::to_vec)]),
        )
        .finish();
    both(|import| {
        import.gives(
            &archive,
            "app",
            "1",
            &image.docker_manifest(gzipped, ".gzip"),
        );
    });
}

/// An index of two platforms of which some are in the archive.
fn platforms(present: &[&str]) -> (Vec<u8>, Vec<u8>, Vec<Vec<u8>>) {
    let images = ["amd64", "arm64"].map(|architecture| {
        let layers = [
            layer(40, 2000),
            layer(u64::from(architecture.as_bytes()[1]), 4000),
        ];
        (architecture, Packed::for_platform(&layers, architecture))
    });
    let manifests: Vec<_> = images
        .iter()
        .map(|(_, image)| image.oci_manifest(gzipped, "+gzip"))
        .collect();
    let children: Vec<_> = images
        .iter()
        .zip(&manifests)
        .map(|((architecture, _), manifest)| {
            let mut child = descriptor(OCI_MANIFEST, manifest);
            child["platform"] = json!({"os": "linux", "architecture": architecture});
            child
        })
        .collect();
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children});
    let index = serde_json::to_vec_pretty(&index).unwrap();
    let mut tar = Tar::new().blob(&index);
    for ((architecture, image), manifest) in images.iter().zip(&manifests) {
        if present.contains(architecture) {
            tar = image.blobs(tar, gzipped).blob(manifest);
        }
    }
    let archive = tar.layout(&[(OCI_INDEX, &index, Some("app:1"))]).finish();
    (archive, index, manifests)
}

#[test]
fn all_platforms() {
    let (archive, index, manifests) = platforms(&["amd64", "arm64"]);
    both(|import| {
        let rows = import.gives(&archive, "app", "1", &index);
        assert_eq!(rows[0]["platforms"], json!(["linux/amd64", "linux/arm64"]));
        import.done(
            &archive,
            &["--platform", "linux/arm64/v8", "--name", "one:2"],
        );
        assert_eq!(
            import.manifest("one", "2").0,
            sha256(&manifests[1]).to_string()
        );
        let said = import.fails(1, &archive, &["--platform", "linux/s390x"]);
        assert!(
            said.contains("linux/s390x") && said.contains("linux/arm64"),
            "{said}"
        );
    });
}

#[test]
fn a_sparse_index() {
    let (archive, _, manifests) = platforms(&["arm64"]);
    both(|import| {
        let outcome = import.run(&archive, &[]);
        assert_eq!(outcome.code, 0, "{}", outcome.said);
        assert!(
            outcome
                .said
                .contains("app:1: linux/amd64 is not in the archive and left out"),
            "{}",
            outcome.said
        );
        assert_eq!(
            import.manifest("app", "1").0,
            sha256(&manifests[1]).to_string()
        );
        let said = import.fails(1, &archive, &["--platform", "linux/amd64"]);
        assert!(
            said.contains("linux/amd64") && said.contains("hint: `docker pull"),
            "{said}"
        );
    });
}

#[test]
fn an_index_follows_the_manifests_under_it() {
    let images = ["amd64", "arm64"].map(|architecture| {
        let layers = [
            layer(50, 2000),
            layer(u64::from(architecture.as_bytes()[1]), 400),
        ];
        Packed::for_platform(&layers, architecture)
    });
    let plain = <[u8]>::to_vec;
    let mut tar = Tar::new();
    let mut children = Vec::new();
    for image in &images {
        let manifest = image.oci_manifest(plain, "");
        tar = image.blobs(tar, plain).blob(&manifest);
        children.push(descriptor(OCI_MANIFEST, &manifest));
    }
    let attested = children[0]["digest"].clone();
    let statement = json!({"_type": "https://in-toto.io/Statement/v0.1"}).to_string();
    let attestation = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
        "layers": [descriptor("application/vnd.in-toto+json", statement.as_bytes())],
    });
    let attestation = attestation.to_string().into_bytes();
    let mut child = descriptor(OCI_MANIFEST, &attestation);
    child["platform"] = json!({"os": "unknown", "architecture": "unknown"});
    child["annotations"] = json!({"vnd.docker.reference.digest": attested});
    children.push(child);
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children});
    let index = index.to_string().into_bytes();
    let archive = tar
        .blob(b"{}")
        .blob(statement.as_bytes())
        .blob(&attestation)
        .blob(&index)
        .layout(&[(OCI_INDEX, &index, Some("app:1"))])
        .finish();
    both(|import| {
        let rows = import.done(&archive, &[]);
        assert_eq!(rows[0]["previous"], sha256(&index).to_string());
        let (digest, index) = import.manifest("app", "1");
        assert_eq!(rows[0]["digest"], digest);
        let children = index["manifests"].as_array().unwrap();
        assert_eq!(children.len(), 3);
        assert_ne!(children[0]["digest"], attested);
        assert_eq!(
            children[2]["annotations"]["vnd.docker.reference.digest"],
            children[0]["digest"]
        );
        assert_eq!(children[2]["digest"], sha256(&attestation).to_string());
    });
}

#[test]
fn an_artifact_keeps_its_blobs() {
    let blob = layer(60, 3000);
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "application/vnd.example",
        "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [
            descriptor("application/octet-stream", b"not tar, not JSON"),
            descriptor("application/vnd.example.json", br#"{"a":1}"#),
        ],
    });
    let manifest = manifest.to_string().into_bytes();
    let archive = Tar::new()
        .blob(b"{}")
        .blob(b"not tar, not JSON")
        .blob(br#"{"a":1}"#)
        .blob(&blob)
        .blob(&manifest)
        .layout(&[(OCI_MANIFEST, &manifest, Some("thing:1"))])
        .finish();
    both(|import| {
        import.gives(&archive, "thing", "1", &manifest);
    });
}

#[test]
fn tar_files_of_an_artifact_are_not_compressed() {
    let blob = layer(62, 3000);
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "application/vnd.example",
        "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [descriptor("application/x-tar", &blob)],
    });
    let manifest = manifest.to_string().into_bytes();
    let archive = Tar::new()
        .blob(b"{}")
        .blob(&blob)
        .blob(&manifest)
        .layout(&[(OCI_MANIFEST, &manifest, Some("thing:1"))])
        .finish();
    both(|import| match import.way {
        Way::File => {
            import.gives(&archive, "thing", "1", &manifest);
        }
        Way::Pipe => {
            let said = import.fails(1, &archive, &[]);
            assert!(
                said.contains("application/x-tar") && said.contains("from a file"),
                "{said}"
            );
            import.done(&archive, &["--compression", "none"]);
            assert_eq!(
                import.manifest("thing", "1").0,
                sha256(&manifest).to_string()
            );
        }
    });
}

#[test]
fn names_only_in_part() {
    let image = Packed::small(70);
    let manifest = image.oci_manifest(gzipped, "+gzip");
    let index = json!({"schemaVersion": 2, "manifests": [{
        "mediaType": OCI_MANIFEST, "digest": sha256(&manifest).to_string(), "size": manifest.len(),
        "annotations": {"org.opencontainers.image.ref.name": "3.1"},
    }]});
    let archive = image
        .blobs(Tar::new(), gzipped)
        .blob(&manifest)
        .json("index.json", &index)
        .finish();
    both(|import| {
        let said = import.fails(1, &archive, &[]);
        assert!(said.contains("hint: name it with --name"), "{said}");
        import.done(&archive, &["--name", "team/app"]);
        assert_eq!(
            import.manifest("team/app", "3.1").0,
            sha256(&manifest).to_string()
        );
    });
}

#[test]
fn a_hundred_thousand_members() {
    let image = Packed::small(72);
    let mut tar = Tar::new();
    for number in 0..100_000 {
        tar = tar.file(&format!("some/file-{number}"), b"x");
    }
    let archive = [
        tar.unfinished(),
        docker_24(&[(&image, json!(["app:1"]))]).finish(),
    ]
    .concat();
    both(|import| {
        import.gives(
            &archive,
            "app",
            "1",
            &image.docker_manifest(gzipped, ".gzip"),
        );
    });
    assert_eq!(hex(b"").len(), 64);
}
