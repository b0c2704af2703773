//! `regctl delete`, `trash` and `restore`: a restore restores the earlier state.

use serde_json::json;

use crate::admin_support::{Admin, WITH_TRASH, each_way, serve};
use crate::cli_support::{Regctl, each, push_image};
use crate::support::{Image, Server, artifact, index};

#[test]
fn a_deleted_tag_and_a_deleted_manifest_are_restored() {
    each_way(
        WITH_TRASH,
        |server| {
            let remote = server.remote("team/app");
            let images = [Image::new(1), Image::new(2)];
            remote.push("v1", &images[0]);
            remote.push("v2", &images[1]);
            remote.push("also-v2", &images[1]);
            remote.delete("v1").expect(202);
            remote.delete(&images[1].digest().to_string()).expect(202);
            images
        },
        |admin, images| {
            // Not even then.
            admin.stdout(&["gc", "--untagged"]);
            let trash = admin.json(&["trash", "-o", "json"]);
            assert_eq!(trash[0]["kind"], "manifest");
            assert_eq!(trash[0]["tags"], json!(["also-v2", "v2"]));
            assert_eq!(trash[1]["name"], "team/app:v1");
            let table = admin.stdout(&["trash"]);
            assert!(table.starts_with("DELETED "), "{table}");
            let digest = images[1].digest().to_string();
            for (code, short, reason) in [
                (3, "team/app@sha256:0000", "is in the trash"),
                (
                    3,
                    &format!("team/other@{}", &digest[..19]),
                    "is in the trash",
                ),
                (2, "team/app@sha256:xyz", "is not a reference"),
            ] {
                let (_, error) = admin.fails(code, &["restore", short]);
                assert!(error.contains(reason), "{short}: {error}");
            }
            let short = format!("team/app@{}", &digest[..19]);
            let restored = admin.stdout(&["restore", &short, "team/app:v1"]);
            let line =
                |tag: &str, image: &Image| format!("restored team/app:{tag}: {}\n", image.digest());
            let expected = [line("also-v2", &images[1]), line("v2", &images[1])].concat();
            assert!(restored.starts_with(&expected), "{restored}");
            assert!(restored.contains(&line("v1", &images[0])), "{restored}");
            let (_, error) = admin.fails(3, &["restore", "team/app:v2"]);
            assert!(
                error.contains("team/app:v2 is not in the trash; hint: "),
                "{error}"
            );
        },
        |server, images| {
            let remote = server.remote("team/app");
            assert_eq!(remote.tags(), ["also-v2", "v1", "v2"]);
            assert_eq!(remote.verify("v1"), images[0].digest());
            assert_eq!(remote.verify("v2"), images[1].digest());
        },
    );
}

#[test]
fn a_moved_tag_is_not_restored() {
    let server = serve(WITH_TRASH);
    let remote = server.remote("team/app");
    let (first, second) = (Image::new(1), Image::new(2));
    remote.push("v1", &first);
    remote.delete("v1").expect(202);
    remote.push("v1", &second);
    let (_, error) = Admin::of(server.root()).fails(1, &["restore", "team/app:v1"]);
    assert!(error.contains("has been set to"), "{error}");
    assert_eq!(remote.verify("v1"), second.digest());
}

#[test]
fn a_deleted_repository_is_unlisted_at_once_and_restored_completely() {
    let server = serve(WITH_TRASH);
    let remote = server.remote("team/old");
    let image = Image::new(1);
    remote.push("v1", &image);
    remote.put("multi", &index(&[&image.manifest])).expect(201);
    let signature = artifact(&image.manifest.descriptor(), "application/x.signature", 5);
    remote.push_blobs(&signature);
    remote
        .put(&signature.digest().to_string(), &signature.manifest)
        .expect(201);
    server.remote("team/app").push("v1", &Image::new(2));
    let regctl = Regctl::new(&server.host());

    let error = regctl.fails(2, &["delete", "--repository", "team/old"]);
    assert!(error.contains("--yes"), "{error}");
    let planned = regctl.stdout(&["delete", "--repository", "team/old", "--dry-run"]);
    assert_eq!(planned, "delete repository team/old: with tags multi, v1\n");
    assert_eq!(server.catalog().len(), 2);
    let done = regctl.stdout(&["delete", "--repository", "team/old", "--yes"]);
    assert_eq!(done, "deleted repository team/old: with tags multi, v1\n");
    assert_eq!(
        server.catalog().into_keys().collect::<Vec<_>>(),
        ["team/app"]
    );
    remote.manifest("v1").expect(404);
    regctl.fails(3, &["delete", "--repository", "team/old", "--yes"]);
    regctl
        .run(&["delete", "--repository", "team/old", "--ignore-missing"])
        .success();

    let admin = Admin::of(server.root());
    admin.stdout(&["gc", "--untagged"]);
    admin.stdout(&["restore", "team/old"]);
    assert_eq!(remote.tags(), ["multi", "v1"]);
    assert_eq!(remote.verify("multi"), remote.verify("multi"));
    assert_eq!(
        remote.verify(&signature.digest().to_string()),
        signature.digest()
    );
    assert_eq!(admin.stdout(&["check", "--read", "-q"]), "");
}

#[test]
fn a_repository_is_deleted_on_every_registry() {
    each(|registry, regctl| {
        push_image(&registry.host, "team/old", "1", "amd64");
        push_image(&registry.host, "team/old", "2", "arm64");
        push_image(&registry.host, "team/app", "1", "amd64");
        regctl.stdout(&["delete", "--repository", "team/old", "--yes"]);
        regctl.fails(3, &["manifest", "head", "team/old:1"]);
        regctl.stdout(&["manifest", "head", "team/app:1"]);
    });
}

#[test]
fn names_of_other_registries_are_refused() {
    let server = Server::regctl();
    let admin = Admin::of(server.root());
    for reference in ["registry.example.org/team/app:1", "UPPER", "a:1@sha256:0"] {
        let (_, error) = admin.fails(2, &["restore", reference]);
        assert!(error.contains("hint: "), "{error}");
    }
}

#[test]
fn deleting_a_repository_over_http() {
    let server = serve(WITH_TRASH);
    let client = server.client();
    let path = "/v2/team/old/_regctl/repository";
    client.delete(path).expect(404);
    server.remote("team/old").push("v1", &Image::new(1));
    assert_eq!(client.get(path).expect(405).need("Allow"), "DELETE");
    client.delete(path).expect(202);
    client.delete(path).expect(404);
    let closed = Server::regctl_with("version: 0.1\n");
    closed.remote("team/old").push("v1", &Image::new(1));
    closed.client().delete(path).expect(405);
    // An administrator of the root may delete, whatever clients may do.
    let rule = ["prune", "**", "--match", "*", "--all"];
    Admin::of(closed.root()).stdout(&rule);
    assert_eq!(closed.remote("team/old").tags(), [""; 0]);
}

#[test]
fn a_restored_repository_has_the_time_of_its_last_push() {
    let server = serve(WITH_TRASH);
    let remote = server.remote("team/app");
    remote.push("v1", &Image::new(1));
    remote.push("v2", &Image::new(2));
    let regctl = Regctl::new(&server.host());
    let admin = Admin::of(server.root());
    let catalog = || regctl.json(&["catalog", "-o", "json"]);
    let before = catalog();
    let path = "/v2/team/app/_regctl/repository";
    server.client().delete(path).expect(202);
    assert_ne!(catalog(), before);
    admin.stdout(&["restore", "team/app"]);
    assert_eq!(catalog(), before);
    // A restored part has the time of that part, and the rest restores the whole.
    server.client().delete(path).expect(202);
    admin.stdout(&["restore", "team/app:v1"]);
    admin.stdout(&["restore", "team/app"]);
    assert_eq!(catalog(), before);
}
