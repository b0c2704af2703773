//! `regctl import`: archives in the form of each producer, through a pipe and from a file, each
//! with the expected manifest digest.

use std::io::Write as _;

use regctl::archive::Compression;
use serde_json::{Value, json};

use crate::import_support::{Way, both};
use crate::support::archive::{
    Packed, Tar, compressed, crane, docker_24, docker_25, gzipped, hex, layer, oci, podman,
};
use crate::support::{OCI_MANIFEST, sha256};

#[test]
fn docker_before_25() {
    // The first layer is repeated: as a symbolic link, before its target.
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
        // The image keeps its ID and the rest of its manifest.
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
fn plain_layers_are_kept_on_request() {
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
fn compressed_layers_and_their_manifests_are_not_changed() {
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
            // Blobs are staged only from a pipe without documents at the beginning.
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
