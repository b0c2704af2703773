//! `regctl gc`: deleted and retained content, with and without a server.

use regctl::oci::Digest;

use crate::admin_support::{Admin, FORGETFUL, WITH_TRASH, each_way, serve};
use crate::support::{Image, Program, Server, have, random_bytes};

/// An image that is kept, an unreferenced blob, and an image whose tag is deleted.
struct Made {
    kept: Image,
    garbage: Digest,
}

fn set_up(server: &Server) -> Made {
    let remote = server.remote("team/app");
    let kept = Image::new(1);
    remote.push("v1", &kept);
    let garbage = remote.push_blob(&random_bytes(99, 2048));
    Made { kept, garbage }
}

/// The lines without times.
fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn garbage_is_deleted_as_the_dry_run_listed() {
    each_way(
        FORGETFUL,
        set_up,
        |admin, made| {
            let planned = admin.stdout(&["gc", "--dry-run"]);
            let again = admin.stdout(&["gc", "--dry-run"]);
            assert_eq!(planned, again, "a dry run deleted something");
            let line = format!(
                "delete blob {} of team/app: 2.0 KiB, no manifest refers to it",
                made.garbage
            );
            assert_eq!(lines(&planned)[0], line);
            assert_eq!(
                lines(&planned)[1..],
                [
                    "REPOSITORY  MANIFESTS  BLOBS     SIZE",
                    "team/app            0      1  2.0 KiB",
                    "Garbage: 1 blob with 2.0 KiB",
                ]
            );
            assert_eq!(admin.stdout(&["gc"]), planned);
            assert_eq!(admin.stdout(&["gc"]), "Garbage: none\n");
            let runs = &admin.json(&["gc", "--status", "-o", "json"])["runs"];
            assert_eq!(runs.as_array().unwrap().len(), 2, "dry runs are not kept");
            assert_eq!(runs[1]["freed"]["size"], 2048);
        },
        |server, made| {
            assert!(!server.blob_file(&made.garbage).exists());
            let remote = server.remote("team/app");
            assert_eq!(remote.verify("v1"), made.kept.digest());
            remote.blob_head(&made.garbage).expect(404);
        },
    );
}

#[test]
fn quiet_is_silent() {
    each_way(
        FORGETFUL,
        set_up,
        |admin, _| {
            let assert = admin.run(&["gc", "-q"]).success();
            assert!(assert.get_output().stdout.is_empty());
            assert!(assert.get_output().stderr.is_empty());
        },
        |server, made| assert!(!server.blob_file(&made.garbage).exists()),
    );
}

#[test]
fn leased_blobs_are_kept_and_reported() {
    let server = Server::regctl();
    let made = set_up(&server);
    let admin = Admin::of(server.root());
    let report = admin.json(&["gc", "-o", "json"]);
    assert_eq!(report["held"]["size"], 2048);
    assert_eq!(report["blobs"], 0);
    let line = &report["lines"][0];
    assert_eq!(line["name"], made.garbage.to_string());
    assert_eq!(line["action"], "keep");
    assert_eq!(line["reason"], "leased: a client relies on it");
    assert!(line["until"].is_string());
    server
        .remote("team/app")
        .blob_head(&made.garbage)
        .expect(200);
}

#[test]
fn the_trash_holds_until_it_is_emptied() {
    each_way(
        WITH_TRASH,
        |server| {
            let remote = server.remote("team/app");
            let (kept, gone) = (Image::new(1), Image::new(2));
            remote.push("v1", &kept);
            remote.push("v2", &gone);
            remote.delete(&gone.digest().to_string()).expect(202);
            gone
        },
        |admin, _| {
            let held = admin.json(&["gc", "-o", "json"]);
            assert_eq!(
                (&held["blobs"], &held["held"]["blobs"]),
                (&0.into(), &3.into())
            );
            let freed = admin.json(&["gc", "--empty-trash", "-o", "json"]);
            assert_eq!(
                (&freed["blobs"], &freed["held"]["blobs"]),
                (&3.into(), &0.into())
            );
            assert_eq!(admin.stdout(&["trash", "-o", "name"]), "");
        },
        |server, gone| {
            for blob in &gone.blobs {
                assert!(!server.blob_file(&crate::support::sha256(blob)).exists());
            }
        },
    );
}

#[test]
fn untagged_manifests_are_deleted_on_request_when_old_enough() {
    each_way(
        FORGETFUL,
        |server| {
            let remote = server.remote("team/app");
            let (kept, moved) = (Image::new(1), Image::new(2));
            remote.push("latest", &moved);
            remote.push("latest", &kept);
            (kept, moved)
        },
        |admin, (_, moved)| {
            assert_eq!(admin.stdout(&["gc"]), "Garbage: none\n");
            let old = ["gc", "--untagged", "--older-than", "1d"];
            let text = admin.stdout(&old);
            let line = format!("keep manifest team/app@{} until 20", moved.digest());
            assert!(text.contains(&line), "{text}");
            assert!(text.contains(": pushed too recently\n"), "{text}");
            let sum = "Garbage: none; held for now: 1 manifest, 3 blobs with ";
            assert!(
                text.contains(sum) && text.contains(", free by 20"),
                "{text}"
            );
            let text = admin.stdout(&["gc", "--untagged"]);
            let line = format!(
                "delete manifest team/app@{}: no tag or index refers to it",
                moved.digest()
            );
            assert!(text.contains(&line), "{text}");
            assert!(
                text.contains("Garbage: 1 manifest, 3 blobs with "),
                "{text}"
            );
        },
        |server, (kept, moved)| {
            let remote = server.remote("team/app");
            assert_eq!(remote.verify("latest"), kept.digest());
            remote.manifest(&moved.digest().to_string()).expect(404);
        },
    );
}

#[test]
fn contradictory_options_are_errors() {
    let server = serve(FORGETFUL);
    let admin = Admin::of(server.root());
    for (code, arguments) in [
        (2, &["gc", "--older-than", "7d"][..]),
        (2, &["gc", "--untagged", "--older-than", "7"]),
        (2, &["gc", "--status", "--dry-run"]),
    ] {
        let (_, error) = admin.fails(code, arguments);
        assert!(error.starts_with("error: "), "{error}");
    }
    let nowhere = Admin::of(&server.scratch().join("nowhere"));
    let (_, error) = nowhere.fails(3, &["gc", "-q"]);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(
        error.contains("there is no") && error.contains("hint: "),
        "{error}"
    );
    std::fs::create_dir(server.scratch().join("empty")).unwrap();
    let empty = Admin::of(&server.scratch().join("empty"));
    let (_, error) = empty.fails(3, &["du"]);
    assert!(error.contains("is not the root of a registry"), "{error}");
    assert!(
        !server.scratch().join("empty/regctl").exists(),
        "it was changed"
    );
}

#[test]
fn registry_2_serves_the_rest() {
    if !have(&["docker-registry"]) {
        return;
    }
    let server = serve(FORGETFUL);
    let made = set_up(&server);
    let shared = server.remote("team/other");
    shared.push("v1", &made.kept);
    let gone = Image::new(3);
    shared.push("gone", &gone);
    shared.delete(&gone.digest().to_string()).expect(202);
    Admin::of(server.root()).stdout(&["gc", "--untagged"]);
    let files = server.layout_files();
    let others = server.hand_over(Program::DockerRegistry);
    for name in ["team/app", "team/other"] {
        assert_eq!(others.remote(name).verify("v1"), made.kept.digest());
        assert_eq!(others.remote(name).tags(), ["v1"]);
    }
    assert_eq!(others.layout_files(), files);
}

#[test]
fn holds_of_untagged_manifests_are_reported_and_can_be_ended() {
    let server = Server::regctl();
    let remote = server.remote("team/app");
    let (kept, moved) = (Image::new(1), Image::new(2));
    remote.push("latest", &moved);
    remote.push("latest", &kept);
    let admin = Admin::of(server.root());
    let report = admin.json(&["gc", "--untagged", "-o", "json"]);
    assert_eq!(report["manifests"], 0);
    assert_eq!(
        (&report["held"]["manifests"], &report["held"]["blobs"]),
        (&1.into(), &3.into())
    );
    assert!(report["held"]["until"].is_string(), "{report}");
    let usage = admin.json(&["du", "-o", "json"]);
    assert_eq!(usage["held"], report["held"]["size"]);
    assert_eq!(usage["heldUntil"], report["held"]["until"]);
    let text = admin.stdout(&["du"]);
    assert!(text.contains("held for now, free by 20"), "{text}");
    let now = ["gc", "--untagged", "--end-leases", "-o", "json"];
    let freed = admin.json(&now);
    assert_eq!(
        (&freed["manifests"], &freed["blobs"]),
        (&1.into(), &3.into())
    );
    assert_eq!(freed["size"], report["held"]["size"]);
    assert_eq!(remote.verify("latest"), kept.digest());
    remote.manifest(&moved.digest().to_string()).expect(404);
}
