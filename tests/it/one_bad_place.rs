//! An unusable path in a root is skipped and reported, and everything else is served.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::admin_support::{Admin, serve};
use crate::support::{Image, Server, sha256};

const CONFIG: &str = "\
version: 0.1
storage: {delete: {enabled: true}, filesystem: {rootdirectory: /nowhere}}
";

/// Occupies a path with something else.
fn occupy(path: &Path, with: &str) {
    if path.is_dir() {
        std::fs::remove_dir_all(path).unwrap();
    } else {
        std::fs::remove_file(path).unwrap();
    }
    match with {
        "a directory" => std::fs::create_dir(path).unwrap(),
        "a file" => std::fs::write(path, "x").unwrap(),
        "a loop" => symlink(path, path).unwrap(),
        "a FIFO" => {
            let mode = rustix::fs::Mode::RUSR;
            rustix::fs::mkfifoat(rustix::fs::CWD, path, mode).unwrap();
        }
        _ => unreachable!("{with}"),
    }
}

/// The text of `/readyz`, whose status is 200.
fn ready(server: &Server) -> String {
    let answer = server.client().get("/readyz").expect(200);
    String::from_utf8(answer.body.clone()).unwrap()
}

#[test]
fn one_unusable_path_is_reported_and_the_rest_is_served() {
    let image = Image::new(1);
    let revision = image.digest();
    for (place, with) in [
        ("_manifests/tags/v1/current/link".to_owned(), "a directory"),
        ("_manifests/tags/v1/current/link".to_owned(), "a loop"),
        ("_manifests/tags/v1/current/link".to_owned(), "a FIFO"),
        ("_manifests/tags".to_owned(), "a file"),
        (
            format!("_manifests/revisions/sha256/{}/link", revision.hex()),
            "a loop",
        ),
        ("_manifests/revisions/sha256".to_owned(), "a file"),
        ("_layers".to_owned(), "a loop"),
        (String::new(), "a loop"),
    ] {
        let server = serve(CONFIG);
        server.remote("team/bad").push("v1", &image);
        server.remote("team/good").push("v1", &Image::new(2));
        let repositories = server.root().join("docker/registry/v2/repositories");
        let path = repositories.join("team/bad").join(&place);
        let path = path.components().as_path().to_path_buf();
        let root = server.root().to_path_buf();
        let setup = server.stop();
        occupy(&path, with);
        let what = format!("{with} at {place}");

        let server = setup.start();
        server.remote("team/good").verify("v1");
        server.remote("team/good").push("v2", &Image::new(3));
        // The names of repositories are not for everybody.
        let shown = ready(&server);
        assert!(shown.contains("unreadable paths: "), "{what}: {shown}");
        assert!(!shown.contains("team/"), "{what}: {shown}");
        let (found, _) = Admin::of(&root).fails(1, &["check", "-q"]);
        assert!(found.contains("team/bad"), "{what}: {found}");
        assert!(!found.contains("team/good"), "{what}: {found}");
        // The state of the index is served.
        assert_eq!(server.remote("team/bad").verify("v1"), revision, "{what}");
        let setup = server.stop();

        // Without a server, and without the rows of the index.
        let (found, _) = Admin::of(&root).fails(1, &["check", "-q"]);
        assert!(found.contains("team/bad"), "{what}: {found}");
        remove_index(&root);
        let server = setup.start();
        server.remote("team/good").verify("v1");
        server.remote("team/good").verify("v2");
        server.stop();
    }
}

/// Removes the index, so that the next start reads the whole root.
fn remove_index(root: &Path) {
    for file in std::fs::read_dir(root.join("regctl")).unwrap() {
        let file = file.unwrap();
        if file.file_name().to_string_lossy().starts_with("index.db") {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
}

#[test]
fn an_unreadable_manifest_loses_only_itself_until_it_is_readable_again() {
    let (bad, good) = (Image::new(1), Image::new(2));
    for with in ["a directory", "a loop", "a FIFO"] {
        let server = serve(CONFIG);
        let remote = server.remote("team/app");
        remote.push("bad", &bad);
        remote.push("good", &good);
        let blob = server.blob_file(&bad.digest());
        let bytes = std::fs::read(&blob).unwrap();
        let root = server.root().to_path_buf();
        let setup = server.stop();
        occupy(&blob, with);
        remove_index(&root);

        let server = setup.start();
        let remote = server.remote("team/app");
        remote.verify("good");
        remote.client.get(&remote.path("manifests/bad")).expect(404);
        assert_eq!(remote.tags(), ["good"], "{with}");
        let place = bad.digest().hex();
        let ready = ready(&server);
        assert!(ready.contains("unreadable paths: 1"), "{with}: {ready}");
        let admin = Admin::of(&root);
        for options in [&["check", "-q"][..], &["check", "-q", "--repair"]] {
            // To a repair, a link to nothing is a missing file, and what refers to it is moved away.
            if with == "a loop" && options.len() > 2 {
                continue;
            }
            let (found, error) = admin.fails(1, options);
            assert!(found.contains(&place), "{with}: {found} {error}");
            assert!(!error.contains("error:"), "{with}: {error}");
        }
        remote.verify("good");
        // What it refers to is unknown, so nothing is collected.
        let (_, error) = admin.fails(1, &["gc", "--untagged", "--end-leases"]);
        assert!(error.contains("could not be read at the start"), "{error}");
        let setup = server.stop();
        if blob.is_dir() {
            std::fs::remove_dir_all(&blob).unwrap();
        } else {
            let _ = std::fs::remove_file(&blob);
        }
        std::fs::write(&blob, &bytes).unwrap();

        let server = setup.start();
        let remote = server.remote("team/app");
        assert_eq!(remote.verify("bad"), bad.digest(), "{with}");
        remote.verify("good");
        admin.stdout(&["gc", "--untagged", "--end-leases"]);
        assert_eq!(remote.verify("bad"), bad.digest(), "{with}");
        server.stop();
    }
}

#[test]
fn what_an_unreadable_place_refers_to_is_not_collected() {
    let image = Image::new(1);
    let hex = image.digest().hex();
    for place in [
        format!("_manifests/revisions/sha256/{hex}/link"),
        "_manifests/tags/v1/current/link".to_owned(),
        format!("_layers/sha256/{}/link", sha256(&image.blobs[1]).hex()),
    ] {
        let server = serve(CONFIG);
        server.remote("team/app").push("v1", &image);
        let repositories = server.root().join("docker/registry/v2/repositories");
        let link = repositories.join("team/app").join(&place);
        let bytes = std::fs::read(&link).unwrap();
        let root = server.root().to_path_buf();
        let setup = server.stop();
        occupy(&link, "a FIFO");
        remove_index(&root);

        let server = setup.start();
        let admin = Admin::of(&root);
        for options in [&["--untagged", "--end-leases"][..], &["--dry-run"]] {
            let line = [&["gc"][..], options].concat();
            let (_, error) = admin.fails(1, &line);
            assert!(error.contains("nothing is collected"), "{place}: {error}");
        }
        let setup = server.stop();
        std::fs::remove_file(&link).unwrap();
        std::fs::write(&link, &bytes).unwrap();
        let server = setup.start();
        assert_eq!(server.remote("team/app").verify("v1"), image.digest());
        admin.stdout(&["gc", "--untagged", "--end-leases"]);
        assert_eq!(server.remote("team/app").verify("v1"), image.digest());
        server.stop();
    }
}

#[test]
fn a_check_goes_on_after_an_unreadable_manifest() {
    let (bad, other) = (Image::new(1), Image::new(2));
    let server = serve(CONFIG);
    server.remote("team/app").push("bad", &bad);
    server.remote("team/other").push("v1", &other);
    let (blob, layer) = (
        server.blob_file(&bad.digest()),
        server.blob_file(&sha256(&other.blobs[1])),
    );
    let root = server.root().to_path_buf();
    let _setup = server.stop();
    occupy(&blob, "a FIFO");
    let mut bytes = std::fs::read(&layer).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&layer, bytes).unwrap();
    let (found, error) = Admin::of(&root).fails(7, &["check", "-q", "--read"]);
    for digest in [bad.digest(), sha256(&other.blobs[1])] {
        assert!(found.contains(&digest.hex()), "{digest}: {found}");
    }
    assert!(!error.contains("error:"), "{error}");
}

/// Gives each file and directory another mode, and so another time of its last change, as `chown -R`
/// and labels of SELinux do.
fn change_modes(path: &Path) {
    let metadata = std::fs::symlink_metadata(path).unwrap();
    let mode = metadata.permissions().mode() ^ 0o004;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            change_modes(&entry.unwrap().path());
        }
    }
}

#[test]
fn another_owner_or_mode_is_no_change_by_another_program() {
    for all in [false, true] {
        let server = serve(CONFIG);
        let remote = server.remote("team/app");
        let (old, new) = (Image::new(1), Image::new(2));
        remote.push("v1", &old);
        let manifests = "docker/registry/v2/repositories/team/app/_manifests";
        let tag = server.root().join(manifests).join("tags/v1");
        let occupied = tag.join("index/sha256").join(new.digest().hex());
        std::fs::write(&occupied, "x").unwrap();
        remote.push("v1", &new);
        let root = server.root().to_path_buf();
        // It is no difference that a repair could end.
        for arguments in [&["check"][..], &["check", "--repair"]] {
            let (found, _) = Admin::of(&root).fails(1, arguments);
            assert!(
                found.contains("tags/v1/current/link: a change waits for it: "),
                "{found}"
            );
            assert!(!found.contains("repair"), "{found}");
        }
        let setup = server.stop();
        let current = tag.join("current/link");
        let link = std::fs::read_to_string(&current).unwrap();
        assert_eq!(link, old.digest().to_string(), "the change is postponed");
        std::fs::remove_file(&occupied).unwrap();
        change_modes(if all { &root } else { &tag });
        let server = setup.start();
        assert_eq!(server.remote("team/app").verify("v1"), new.digest());
        let link = std::fs::read_to_string(&current).unwrap();
        assert_eq!(link, new.digest().to_string());
        server.stop();
    }
}
