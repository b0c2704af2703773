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
        for file in std::fs::read_dir(root.join("regctl")).unwrap() {
            let file = file.unwrap();
            if file.file_name().to_string_lossy().starts_with("index.db") {
                std::fs::remove_file(file.path()).unwrap();
            }
        }
        let server = setup.start();
        server.remote("team/good").verify("v1");
        server.remote("team/good").verify("v2");
        server.stop();
    }
}
