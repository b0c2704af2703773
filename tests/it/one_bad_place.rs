//! An unusable path in a root is skipped and reported, and everything else is served.

use std::os::unix::fs::symlink;
use std::path::Path;

use crate::admin_support::{Admin, serve};
use crate::support::{Image, Server};

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
        assert!(
            ready(&server).contains("team/bad"),
            "{what}: {}",
            ready(&server)
        );
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
        assert!(ready.contains(&place), "{with}: {ready}");
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
        server.stop();
    }
}
