//! `regctl check`: each kind of damage, made by hand, is found, reported with its remedy, and
//! repaired if possible.

use std::fs;

use regctl::oci::Digest;

use crate::admin_support::{Admin, FORGETFUL, each_way, serve};
use crate::support::{Image, Mount, Program, Server, Setup, sha256};

fn image(server: &Server) -> Image {
    let image = Image::with_layers(1, &[3000, 5000]);
    server.remote("team/app").push("v1", &image);
    image
}

fn link(server_root: &std::path::Path, name: &str) -> std::path::PathBuf {
    let layout = server_root.join("docker/registry/v2/repositories");
    layout.join(name)
}

fn file(root: &std::path::Path, digest: &Digest) -> std::path::PathBuf {
    let hex = digest.hex();
    let blobs = root.join("docker/registry/v2/blobs/sha256");
    blobs.join(&hex[..2]).join(&hex).join("data")
}

/// The content of lost+found: the ends of the paths.
fn lost(root: &std::path::Path) -> Vec<String> {
    let found = crate::support::files(&root.join("regctl/lost+found"));
    let paths = found.into_keys();
    paths.map(|path| path.display().to_string()).collect()
}

#[test]
fn a_sound_root_has_no_differences() {
    each_way(
        FORGETFUL,
        image,
        |admin, _| {
            let well = "1 repository, 4 blobs: all is well\n";
            assert_eq!(admin.stdout(&["check"]), well);
            let read = admin.stdout(&["check", "--read"]);
            assert!(read.starts_with("1 repository, 4 blobs, "), "{read}");
            assert!(read.ends_with(" read: all is well\n"), "{read}");
            assert_eq!(admin.stdout(&["check", "-q"]), "");
            assert_eq!(admin.stdout(&["check", "--read", "--repair", "-q"]), "");
        },
        |server, image| assert_eq!(server.remote("team/app").verify("v1"), image.digest()),
    );
}

#[test]
fn wrong_bytes_are_found_by_reading_and_replaced_by_the_next_push() {
    let server = serve(FORGETFUL);
    let image = image(&server);
    let admin = Admin::of(server.root());
    let layer = sha256(&image.blobs[1]);
    let mut bytes = image.blobs[1].clone();
    bytes[1500] ^= 1;
    fs::write(server.blob_file(&layer), &bytes).unwrap();

    admin.stdout(&["check"]);
    let line =
        format!("blob {layer}: its bytes are damaged; remedy: push an image with it again\n");
    let (found, _) = admin.fails(7, &["check", "--read", "-q"]);
    assert_eq!(found, line);
    // A check changes nothing without --repair.
    let remote = server.remote("team/app");
    remote.blob_head(&layer).expect(200);
    let (found, _) = admin.fails(7, &["check", "--read", "--repair", "-q"]);
    assert_eq!(found, line);
    // It is now unknown to clients, and reported as damaged without reading.
    remote.blob_head(&layer).expect(404);
    remote.blob(&layer).expect(404);
    let (found, _) = admin.fails(7, &["check", "-q"]);
    assert_eq!(found, line);
    let (found, _) = admin.fails(7, &["check", "--repair", "-q"]);
    assert_eq!(found, line);

    remote.push_blob(&image.blobs[1]);
    assert_eq!(remote.verify("v1"), image.digest());
    admin.stdout(&["check", "--read"]);
    let server = server.restart();
    assert_eq!(server.remote("team/app").verify("v1"), image.digest());
    Admin::of(server.root()).stdout(&["check", "--read"]);
}

#[test]
fn a_wrong_size_is_found_without_reading() {
    each_way(
        FORGETFUL,
        |server| {
            let image = image(server);
            let layer = sha256(&image.blobs[2]);
            fs::write(server.blob_file(&layer), &image.blobs[2][..1000]).unwrap();
            layer
        },
        |admin, layer| {
            let (found, _) = admin.fails(7, &["check", "-q"]);
            let expected = format!("blob {layer}: its bytes are damaged");
            assert!(found.starts_with(&expected), "{found}");
        },
        |server, layer| {
            server.remote("team/app").blob_head(layer).expect(404);
        },
    );
}

#[test]
fn missing_bytes_are_found() {
    each_way(
        FORGETFUL,
        |server| {
            let image = image(server);
            let layer = sha256(&image.blobs[1]);
            fs::remove_dir_all(server.blob_file(&layer).parent().unwrap()).unwrap();
            (image, layer)
        },
        |admin, (image, layer)| {
            let (found, _) = admin.fails(1, &["check", "-q"]);
            let gone = format!("blob {layer}: its bytes are missing; ");
            let manifest = image.digest();
            let needed = format!("manifest team/app@{manifest}: needs {layer}, which is missing; ");
            // A start detects the missing bytes; a running server does not.
            assert!(found.contains(&gone) || found.contains(&needed), "{found}");
            let remedy = "remedy: push an image with it again";
            assert!(found.contains(remedy), "{found}");
            // A repair can't restore them.
            let again = admin.run(&["check", "--repair", "-q"]);
            assert!(matches!(again.get_output().status.code(), Some(1 | 5)));
        },
        |server, (image, _)| {
            let remote = server.remote("team/app");
            remote.push("v1", image);
            assert_eq!(remote.verify("v1"), image.digest());
            Admin::of(server.root()).stdout(&["check", "--read"]);
        },
    );
}

#[test]
fn links_are_restored_and_dangling_ones_moved_away() {
    let server = serve(FORGETFUL);
    let image = image(&server);
    let admin = Admin::of(server.root());
    let root = server.root().to_path_buf();
    let (config, layer) = (sha256(&image.blobs[0]), sha256(&image.blobs[1]));
    let layers = link(&root, "team/app/_layers/sha256");
    let nothing = sha256(b"nothing");
    fs::remove_file(layers.join(layer.hex()).join("link")).unwrap();
    fs::write(layers.join(config.hex()).join("link"), layer.to_string()).unwrap();
    fs::create_dir(layers.join(nothing.hex())).unwrap();
    fs::write(layers.join(nothing.hex()).join("link"), nothing.to_string()).unwrap();
    let tags = link(&root, "team/app/_manifests/tags");
    fs::remove_dir_all(tags.join("v1")).unwrap();
    fs::create_dir_all(tags.join("v9/current")).unwrap();
    fs::write(tags.join("v9/current/link"), nothing.to_string()).unwrap();
    let revision = format!(
        "team/app/_manifests/revisions/sha256/{}/link",
        image.digest().hex()
    );
    fs::remove_file(link(&root, &revision)).unwrap();

    let mut expected = [
        format!("blob {config} of team/app: its link differs from the index; remedy: check --repair adds it"),
        format!("blob {layer} of team/app: its link is missing; remedy: check --repair adds it"),
        format!("blob {nothing} of team/app: its link points to nothing; remedy: check --repair moves it to regctl/lost+found"),
        format!("manifest team/app@{}: its link is missing; remedy: check --repair adds it", image.digest()),
        "tag team/app:v1: its link is missing; remedy: check --repair adds it".to_owned(),
        "tag team/app:v9: its link points to nothing; remedy: check --repair moves it to regctl/lost+found".to_owned(),
    ];
    expected.sort();
    let (found, _) = admin.fails(1, &["check", "-q"]);
    let mut found: Vec<&str> = found.lines().collect();
    found.sort_unstable();
    assert_eq!(found, expected);

    let repaired = admin.stdout(&["check", "--repair"]);
    assert!(
        repaired.ends_with("6 differences repaired, all is well now\n"),
        "{repaired}"
    );
    assert_eq!(admin.stdout(&["check", "-q"]), "");
    let lost = lost(&root);
    assert_eq!(lost.len(), 2, "{lost:?}");
    assert!(
        lost.iter()
            .any(|path| path.ends_with("_manifests/tags/v9/current/link"))
    );
    let server = server.restart();
    assert_eq!(server.remote("team/app").verify("v1"), image.digest());
    assert_eq!(server.remote("team/app").tags(), ["v1"]);
}

#[test]
fn unknown_content_is_reindexed() {
    let server = serve(FORGETFUL);
    let image = image(&server);
    let admin = Admin::of(server.root());
    let root = server.root().to_path_buf();
    // As if another program had written it beside the server.
    let other = Image::new(7);
    for blob in other.blobs.iter().chain([&other.manifest.bytes]) {
        let path = file(&root, &sha256(blob));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, blob).unwrap();
    }
    let write = |name: String, digest: &Digest| {
        let path = link(&root, &name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, digest.to_string()).unwrap();
    };
    for blob in &other.blobs {
        let digest = sha256(blob);
        write(
            format!("team/app/_layers/sha256/{}/link", digest.hex()),
            &digest,
        );
    }
    let digest = other.digest();
    write(
        format!("team/app/_manifests/revisions/sha256/{}/link", digest.hex()),
        &digest,
    );
    write(
        "team/app/_manifests/tags/v2/current/link".to_owned(),
        &digest,
    );
    let (found, _) = admin.fails(1, &["check", "-q"]);
    assert!(found.contains("not in the index"), "{found}");
    assert!(!found.contains("points to nothing"), "{found}");
    admin.stdout(&["check", "--repair"]);
    assert_eq!(admin.stdout(&["check", "--read", "-q"]), "");
    let remote = server.remote("team/app");
    assert_eq!(remote.verify("v2"), digest);
    assert_eq!(remote.verify("v1"), image.digest());
}

#[test]
fn stray_files_are_moved_to_lost_and_found() {
    each_way(
        FORGETFUL,
        |server| {
            let image = image(server);
            let layout = server.layout();
            let hex = image.digest().hex();
            for path in [
                "notes.txt".to_owned(),
                "blobs/sha256/zz/file".to_owned(),
                format!("blobs/sha256/{}/{hex}/data.bak", &hex[..2]),
                "repositories/README".to_owned(),
                "repositories/team/app/_layers/md5/x/link".to_owned(),
                // These are not reported.
                "repositories/team/app/_layers/sha256/x.tmp".to_owned(),
                "repositories/team/app/_manifests/signatures/x".to_owned(),
                "repositories/team/_private/x".to_owned(),
            ] {
                let path = layout.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "something").unwrap();
            }
            (image, server.root().to_path_buf())
        },
        |admin, (_, root)| {
            let (found, _) = admin.fails(1, &["check", "-q"]);
            assert_eq!(found.lines().count(), 5, "{found}");
            let line = "docker/registry/v2/notes.txt: is not part of the layout of a registry; remedy: check \
                        --repair moves it to regctl/lost+found";
            assert!(found.lines().any(|one| one == line), "{found}");
            let repaired = admin.stdout(&["check", "--repair"]);
            assert!(repaired.contains("5 differences repaired"), "{repaired}");
            assert_eq!(lost(root).len(), 5);
            assert_eq!(admin.stdout(&["check", "-q"]), "");
            let left = root.join("docker/registry/v2/repositories/team/_private/x");
            assert!(left.exists());
        },
        |server, (image, _)| assert_eq!(server.remote("team/app").verify("v1"), image.digest()),
    );
}

/// In a root that was taken over, such a manifest is in no index.
#[test]
fn a_damaged_manifest_is_called_damaged() {
    let server = serve(FORGETFUL);
    let image = image(&server);
    let root = server.root().to_owned();
    let setup = server.stop();
    fs::remove_dir_all(root.join("regctl")).unwrap();
    let bytes = fs::read_to_string(file(&root, &image.digest())).unwrap();
    fs::write(
        file(&root, &image.digest()),
        bytes.replace("schemaVersion", "schemaVersioN"),
    )
    .unwrap();
    let server = setup.start();
    let admin = Admin::of(&root);
    let line = format!(
        "manifest team/app@{}: its bytes are damaged; remedy: push an image with it again\n",
        image.digest()
    );
    for options in [&[][..], &["--read"], &["--repair"], &[]] {
        let (found, _) = admin.fails(7, &[&["check", "-q"], options].concat());
        assert!(
            found.ends_with(&line) && !found.contains("not in the index"),
            "{found}"
        );
    }
    server.remote("team/app").push("v1", &image);
    admin.stdout(&["check", "--read"]);
}

#[test]
fn what_is_on_another_file_system_is_left_there() {
    let Some(mount) = Mount::new("size=64m") else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let layout = directory.path().join("docker/registry/v2");
    fs::create_dir_all(&layout).unwrap();
    let blobs = layout.join("blobs");
    std::os::unix::fs::symlink(mount.path(), &blobs).unwrap();
    let setup = Setup::new(Program::Regctl).config(FORGETFUL);
    let server = setup.root(directory.path()).start();
    let image = image(&server);
    let admin = Admin::of(server.root());
    // Made by the system on ext4.
    fs::create_dir(blobs.join("lost+found")).unwrap();
    admin.stdout(&["check"]);
    fs::create_dir(blobs.join("zz")).unwrap();
    fs::write(blobs.join("notes"), "a file").unwrap();
    let mode = rustix::fs::Mode::from(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, blobs.join("pipe"), mode).unwrap();
    let (found, _) = admin.fails(5, &["check", "--repair", "-q"]);
    assert_eq!(found.lines().count(), 3, "{found}");
    for name in ["zz", "pipe"] {
        let line = format!(
            "docker/registry/v2/blobs/{name}: is not part of the layout of a registry, and is left there: \
             regctl/lost+found is on another file system; remedy: remove it, or move it out of \
             docker/registry/v2"
        );
        assert!(found.lines().any(|one| one == line), "{found}");
    }
    assert_eq!(lost(server.root()).len(), 1);
    assert_eq!(server.remote("team/app").verify("v1"), image.digest());
}
