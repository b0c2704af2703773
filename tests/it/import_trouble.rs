//! `regctl import`: invalid archives, through a pipe and from a file, each with its error; none of
//! their images is tagged.

use serde_json::{Value, json};

use crate::import_support::{Way, both};
use crate::support::archive::{
    Packed, Tar, docker_24, docker_25, gzipped, hex, layer, oci, podman,
};
use crate::support::{OCI_MANIFEST, sha256};

/// An archive is refused both ways, with this exit code and these words.
#[track_caller]
fn refused(archive: &[u8], code: i32, words: &[&str]) {
    both(|import| {
        let said = import.fails(code, archive, &[]);
        for word in words {
            assert!(said.contains(word), "{:?}: {word:?} in {said}", import.way);
        }
        assert!(import.server.remote("app").tags().is_empty());
    });
}

fn by_hand(image: &Packed, tar: Tar) -> Vec<u8> {
    let item = json!([{"Config": "c", "RepoTags": ["app:1"], "Layers": ["a.tar", "b.tar"]}]);
    tar.file("c", &image.config)
        .json("manifest.json", &item)
        .finish()
}

#[test]
fn a_missing_layer() {
    let image = Packed::small(1);
    let archive = by_hand(&image, Tar::new().file("a.tar", &image.layers[0]));
    refused(
        &archive,
        1,
        &[
            "app:1 (linux/amd64): layer 2 of 2, b.tar, is not in the archive",
            "hint: `docker pull --platform linux/amd64 app:1`",
        ],
    );
    let manifest = image.oci_manifest(gzipped, "+gzip");
    let archive = Tar::new()
        .blob(&image.config)
        .blob(&gzipped(&image.layers[1]))
        .blob(&manifest)
        .layout(&[(OCI_MANIFEST, &manifest, Some("app:1"))]);
    let layer = format!("layer 1 of 2, {}", sha256(&gzipped(&image.layers[0])));
    refused(
        &archive.clone().finish(),
        1,
        &["app:1 (linux/amd64)", &layer],
    );
    refused(&archive.unfinished(), 1, &[&layer, "has no end marker"]);
}

#[test]
fn a_layout_that_lacks_what_docker_lists() {
    let image = Packed::small(3);
    let manifest = image.oci_manifest(gzipped, "+gzip");
    let archive = podman(&image, &json!(["app:1"]))
        .blob(&manifest)
        .layout(&[(OCI_MANIFEST, &manifest, Some("app:1"))])
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
fn a_wrong_diff_id() {
    let image = Packed::small(5);
    let tar = Tar::new()
        .file("a.tar", &image.layers[0])
        .file("b.tar", &layer(99, 1000));
    let wrong = sha256(&layer(99, 1000)).to_string();
    let right = sha256(&image.layers[1]).to_string();
    refused(
        &by_hand(&image, tar),
        7,
        &["layer 2 (b.tar)", &wrong, &right],
    );
    let tar = Tar::new()
        .file("a.tar", &image.layers[0])
        .file("b.tar", &gzipped(&layer(99, 1000)));
    refused(
        &by_hand(&image, tar),
        7,
        &["layer 2 (b.tar)", &wrong, &right],
    );
}

#[test]
fn a_wrong_name() {
    let image = Packed::small(7);
    let manifest = image.oci_manifest(gzipped, "+gzip");
    let named = gzipped(&image.layers[0]);
    for other in [
        gzipped(&layer(98, 3000)),
        layer(98, 3000),
        b"junk that is neither".to_vec(),
    ] {
        let archive = Tar::new()
            .blob(&image.config)
            .file(&format!("blobs/sha256/{}", hex(&named)), &other)
            .blob(&gzipped(&image.layers[1]))
            .blob(&manifest)
            .layout(&[(OCI_MANIFEST, &manifest, Some("app:1"))])
            .finish();
        let (said, is) = (sha256(&named).to_string(), sha256(&other).to_string());
        refused(&archive, 7, &[&said, &is]);
    }
    let archive = Tar::new()
        .file(
            &format!("blobs/sha256/{}", hex(&manifest)),
            b"{\"schemaVersion\":2}",
        )
        .layout(&[(OCI_MANIFEST, &manifest, Some("app:1"))])
        .finish();
    refused(&archive, 7, &[&sha256(&manifest).to_string()]);
}

#[test]
fn names_other_than_digests_are_not_trusted() {
    // Two layers with each other's names, and a configuration with a wrong name.
    let image = Packed::small(9);
    let names: Vec<_> = image
        .layers
        .iter()
        .map(|layer| format!("{}.tar", hex(layer)))
        .collect();
    let item = json!([{"Config": "0.json", "RepoTags": ["app:1"], "Layers": [names[1], names[0]]}]);
    let archive = Tar::new()
        .file(&names[1], &image.layers[0])
        .file(&names[0], &image.layers[1])
        .file("0.json", &image.config)
        .json("manifest.json", &item)
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
fn cut_short() {
    let image = Packed::small(11);
    let archive = docker_24(&[(&image, json!(["app:1"]))]).finish();
    refused(&archive[..20_000], 1, &["cut short", "layer.tar"]);
    refused(&archive[..300], 1, &["not an image archive"]);
    refused(&[], 1, &["it is empty"]);
    let packed = gzipped(&archive);
    refused(&packed[..packed.len() / 2], 1, &["cut short"]);
    refused(&packed[..packed.len() - 4], 1, &["cut short"]);
    // A layer that is truncated within its compression.
    let tar = Tar::new()
        .file("a.tar", &image.layers[0])
        .file("b.tar", &gzipped(&image.layers[1])[..20_000]);
    refused(
        &by_hand(&image, tar),
        1,
        &["the compression of b.tar is damaged", "ends early"],
    );
}

#[test]
fn sizes_beyond_the_end() {
    let huge = Tar::new().header(b'0', "a.tar", "", 9 << 30);
    refused(&huge.unfinished(), 1, &["cut short", "a.tar"]);
    let huge = Tar::new()
        .header(b'0', "a.tar", "", u64::MAX - 5)
        .unfinished();
    refused(&huge, 1, &["too large"]);
    let huge = Tar::new()
        .header(b'L', "././@LongLink", "", 9 << 30)
        .unfinished();
    refused(&huge, 1, &["more than 1 MiB"]);
    let huge = Tar::new()
        .header(b'x', "PaxHeader", "", 9 << 30)
        .unfinished();
    refused(&huge, 1, &["more than 1 MiB"]);
}

#[test]
fn names_outside_of_the_archive() {
    for (tar, words) in [
        (
            Tar::new().file("/etc/passwd", b"x"),
            "with an absolute name",
        ),
        (Tar::new().file("a/../../b", b"x"), "with .. in its name"),
    ] {
        refused(&tar.finish(), 1, &[words, "hint:"]);
    }
    // A link is resolved only if something needs it.
    let image = Packed::small(13);
    for (tar, words) in [
        (
            Tar::new().symlink("a.tar", "/etc/passwd"),
            "a link to an absolute path",
        ),
        (
            Tar::new().symlink("a.tar", "../../x"),
            "a link to a path outside",
        ),
        (
            Tar::new().hard_link("a.tar", "../x"),
            "a link to a path outside",
        ),
    ] {
        refused(&by_hand(&image, tar), 1, &["layer 1 of 2, a.tar", words]);
    }
}

#[test]
fn broken_links() {
    let image = Packed::small(13);
    let tar = Tar::new()
        .symlink("a.tar", "b.tar")
        .symlink("b.tar", "a.tar");
    refused(
        &by_hand(&image, tar),
        1,
        &["layer 1 of 2, a.tar, is not in the archive"],
    );
}

#[test]
fn no_images() {
    let archive = Tar::new().file("README", b"hello").finish();
    refused(&archive, 1, &["neither manifest.json nor index.json"]);
    refused(
        b"MZ this is no archive at all".repeat(40).as_slice(),
        1,
        &["not a tar archive"],
    );
    let archive = Tar::new()
        .file("manifest.json", b"[{\"Config\": 5}]")
        .finish();
    refused(&archive, 1, &["can't use manifest.json"]);
    let archive = Tar::new().file("index.json", b"[[[[").finish();
    refused(&archive, 1, &["can't use index.json"]);
}

#[test]
fn too_many_documents() {
    let document = [b"{\"a\":\"".to_vec(), vec![b'x'; 3 << 20], b"\"}".to_vec()].concat();
    let mut tar = Tar::new();
    for number in 0..9 {
        tar = tar.file(&format!("{number}/json"), &document);
    }
    refused(&tar.finish(), 1, &["very many JSON documents", "24 MiB"]);
}

#[test]
fn a_configuration_of_another_number_of_layers() {
    let image = Packed::small(15);
    let item = json!([{"Config": "c", "RepoTags": ["app:1"], "Layers": ["a.tar"]}]);
    let archive = Tar::new()
        .file("a.tar", &image.layers[0])
        .file("c", &image.config)
        .json("manifest.json", &item)
        .finish();
    refused(
        &archive,
        1,
        &["manifest.json lists 1 layers and the configuration 2"],
    );
}

#[test]
fn saved_by_id() {
    let image = Packed::small(17);
    let archive = docker_24(&[(&image, Value::Null)]).finish();
    refused(
        &archive,
        1,
        &["has no name in the archive; hint: name it with --name"],
    );
    both(|import| {
        import.done(&archive, &["--name", "app:9"]);
        let manifest = image.docker_manifest(gzipped, ".gzip");
        assert_eq!(import.manifest("app", "9").0, sha256(&manifest).to_string());
    });
}

#[test]
fn one_image_that_fails_does_not_stop_the_others() {
    let good = Packed::small(19);
    let bad = Packed::small(21);
    let wrong = Packed {
        layers: good.layers.clone(),
        config: bad.config.clone(),
    };
    let archive = docker_24(&[(&wrong, json!(["bad:1"])), (&good, json!(["app:1"]))]).finish();
    both(|import| {
        let outcome = import.run(&archive, &[]);
        assert_eq!(outcome.code, 5, "{}", outcome.said);
        let manifest = good.docker_manifest(gzipped, ".gzip");
        assert_eq!(import.manifest("app", "1").0, sha256(&manifest).to_string());
        assert!(import.server.remote("bad").tags().is_empty());
        assert!(
            outcome.rows[0]["error"]
                .as_str()
                .unwrap()
                .contains("diffID")
        );
        assert_eq!(outcome.rows[1]["error"], Value::Null);
        let several = import.fails(2, &archive, &["--name", "x"]);
        assert!(
            several.contains("--name is for an archive with one image"),
            "{several}"
        );
    });
}

#[test]
fn a_decompression_bomb() {
    let bomb = Tar::new().file("zeros", &vec![0; 64 << 20]).finish();
    let image = Packed::new(std::slice::from_ref(&bomb));
    let archive = oci(&image, "app:1", false).finish();
    assert!(archive.len() < 1 << 20);
    both(|import| {
        import.done(&archive, &[]);
        assert_eq!(
            import.manifest("app", "1").1["layers"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    });
}

#[test]
fn an_unreachable_registry() {
    let layers: Vec<Vec<u8>> = (0..8).map(|seed| layer(seed, 200_000)).collect();
    let image = Packed::new(&layers);
    let archive = docker_25(&image, "app:1").finish();
    // Several layers are being sent when the first fails; no upload outlives the command.
    for _ in 0..5 {
        both(|import| {
            let said = import.fails(
                6,
                &archive,
                &["-q", "--retries", "0", "--registry", "127.0.0.1:1"],
            );
            assert!(said.contains("can't reach 127.0.0.1:1"), "{said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        });
    }
}

#[test]
fn contradictory_arguments() {
    both(|import| {
        for arguments in [
            &["--level", "10"][..],
            &["--compression", "zstd", "--level", "13"],
            &["--platform", "amd64"],
            &["--map", "app"],
            &["--name", "h:5000/app", "--to", "other:5000"],
            &["--to", "https://h"],
            &["--name", "a", "--map", "b=c"],
        ] {
            import.fails(2, b"", arguments);
        }
        if import.way == Way::File {
            let said = import.regctl.fails(1, &["import", "/nowhere/a.tar"]);
            assert!(said.contains("can't open /nowhere/a.tar"), "{said}");
            let said = import.regctl.fails(1, &["import", "/tmp"]);
            assert!(said.contains("it is a directory"), "{said}");
        }
    });
}
