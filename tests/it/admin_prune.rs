//! `regctl prune`, by command and by configuration.

use crate::admin_support::{Admin, WITH_TRASH, each_way, serve};
use crate::support::{Image, Server, artifact, eventually, index, sha256};

/// Three tags, the first two of one digest.
fn push(server: &Server) -> [Image; 3] {
    let remote = server.remote("team/app");
    let images = [Image::new(1), Image::new(2), Image::new(3)];
    remote.push("v1", &images[0]);
    remote.push("v2", &images[1]);
    remote.push("v3", &images[2]);
    remote.push("stable", &images[0]);
    server.remote("other").push("v1", &images[0]);
    images
}

#[test]
fn the_plan_is_printed_as_sentences_and_deletions_can_be_restored() {
    each_way(
        WITH_TRASH,
        push,
        |admin, images| {
            let rule = ["prune", "team/*", "--keep-last", "1", "--match", "v*"];
            let with = |more: &[&'static str]| [&rule[..], more].concat();
            let planned = admin.stdout(&with(&["--dry-run"]));
            let expected = format!(
                "keep team/app:stable: the rule does not apply to this name\n\
                 keep team/app:v3: the last one pushed\n\
                 delete team/app:v2: not the last one pushed\n\
                 delete team/app:v1: not the last one pushed; {} is kept, referred to by the tag stable\n\
                 1 repository: delete 2 tags and 1 manifest, keep 2 tags\n",
                images[0].digest()
            );
            assert_eq!(planned, expected);
            let (_, error) = admin.fails(2, &rule);
            assert!(error.contains("--yes"), "{error}");
            assert_eq!(admin.stdout(&with(&["--yes"])), planned);
            admin.stdout(&["gc", "--untagged"]);
            assert_eq!(admin.stdout(&with(&["-q"])), "");
            admin.stdout(&["restore", "team/app:v2"]);
        },
        |server, images| {
            let remote = server.remote("team/app");
            assert_eq!(remote.tags(), ["stable", "v2", "v3"]);
            assert_eq!(remote.verify("v2"), images[1].digest());
            assert_eq!(remote.verify("stable"), images[0].digest());
            assert_eq!(server.remote("other").tags(), ["v1"]);
        },
    );
}

#[test]
fn a_rule_that_would_delete_everything_is_refused() {
    each_way(
        WITH_TRASH,
        push,
        |admin, _| {
            let rule = ["prune", "team/*", "--match", "*", "--yes"];
            let (_, error) = admin.fails(1, &rule);
            let expected = "error: nothing was deleted: the rule would delete every tag of team/app; \
                            hint: --keep-last N keeps some, --all allows it\n";
            assert_eq!(error, expected);
            assert_eq!(admin.stdout(&["trash", "-o", "name"]), "");
            let report = admin.json(&[&rule[..], &["--all", "-o", "json"]].concat());
            assert_eq!(
                (&report["tags"], &report["manifests"]),
                (&4.into(), &3.into())
            );
            for arguments in [
                &["prune", "team/*"][..],
                &["prune", "[", "--keep-last", "1"],
            ] {
                let (_, error) = admin.fails(2, arguments);
                assert!(error.contains("hint: "), "{error}");
            }
        },
        |server, _| {
            assert_eq!(server.remote("team/app").tags(), [""; 0]);
            assert_eq!(server.remote("other").tags(), ["v1"]);
        },
    );
}

#[test]
fn an_index_is_deleted_and_restored_with_its_children() {
    each_way(
        WITH_TRASH,
        |server| {
            let remote = server.remote("team/app");
            let [shared, own, child] = [Image::new(1), Image::new(2), Image::new(3)];
            for image in [&shared, &own, &child] {
                remote.push_blobs(image);
                let digest = image.digest().to_string();
                remote.put(&digest, &image.manifest).expect(201);
            }
            let old = index(&[&shared.manifest, &own.manifest]);
            let new = index(&[&shared.manifest, &child.manifest]);
            remote.put("v1", &old).expect(201);
            let signature = artifact(&old.descriptor(), "application/x.signature", 7);
            remote.push_blobs(&signature);
            let digest = signature.digest().to_string();
            remote.put(&digest, &signature.manifest).expect(201);
            remote.put("v2", &new).expect(201);
            (shared, own, signature)
        },
        |admin, (shared, own, signature)| {
            let text = admin.stdout(&["prune", "**", "--keep-last", "1"]);
            for (image, goes) in [(own, true), (signature, true), (shared, false)] {
                let line = format!("delete manifest team/app@{}: ", image.digest());
                assert_eq!(text.contains(&line), goes, "{text}");
            }
            admin.stdout(&["gc", "--untagged"]);
            assert_eq!(admin.stdout(&["check", "--read", "-q"]), "");
            admin.stdout(&["restore", "team/app:v1"]);
        },
        |server, (_, _, signature)| {
            let remote = server.remote("team/app");
            assert_eq!(remote.tags(), ["v1", "v2"]);
            remote.verify("v1");
            remote.verify("v2");
            remote.verify(&signature.digest().to_string());
        },
    );
}

#[test]
fn pulled_tags_are_kept() {
    each_way(
        WITH_TRASH,
        |server| {
            let images = push(server);
            server.remote("team/app").manifest("v2").expect(200);
            images
        },
        |admin, _| {
            let rule = [
                "prune",
                "team/app",
                "--not-pulled-for",
                "0",
                "--exclude",
                "stable",
            ];
            let text = admin.stdout(&[&rule[..], &["--dry-run"]].concat());
            assert!(text.contains("delete team/app:v2: pulled 20"), "{text}");
            assert!(
                text.contains("delete team/app:v3: no pull recorded in"),
                "{text}"
            );
            let rule = ["prune", "team/app", "--not-pulled-for", "1d", "--dry-run"];
            let text = admin.stdout(&rule);
            assert!(text.contains("keep team/app:v2: pulled 20"), "{text}");
            assert!(text.contains("keep team/app:v3: pushed 20"), "{text}");
        },
        |server, _| assert_eq!(server.remote("team/app").tags().len(), 4),
    );
}

#[test]
fn the_server_applies_configured_rules() {
    let server = serve(
        "\
version: 0.1
storage: {filesystem: {rootdirectory: /nowhere}}
regctl:
  gc: {schedule: 1s, untagged: true, lease: 1ms, trash: 0}
  retention:
    - {repositories: 'team/*', keep-last: 1, match: 'v*', older-than: 1ms}
    - {repositories: other, match: '*'}
",
    );
    let images = push(&server);
    let remote = server.remote("team/app");
    eventually("the rule deletes tags", || {
        remote.tags() == ["stable", "v3"]
    });
    let layer = sha256(&images[1].blobs[1]);
    eventually("the bytes go", || !server.blob_file(&layer).exists());
    assert_eq!(remote.verify("stable"), images[0].digest());
    // A rule that would delete every tag deletes none.
    assert_eq!(server.remote("other").verify("v1"), images[0].digest());
    let log = server.log_with("team/app:v2");
    assert!(log.contains("all: true allows it"), "{log}");
    let status = Admin::of(server.root()).json(&["gc", "--status", "-o", "json"]);
    assert!(!status["runs"].as_array().unwrap().is_empty());
}

#[test]
fn patterns_that_match_nothing_are_named() {
    each_way(
        WITH_TRASH,
        push,
        |admin, _| {
            let rule = |pattern: &'static str, more: &[&'static str]| {
                let fixed = ["prune", pattern, "--keep-last", "9", "--yes"];
                let assert = admin.run(&[&fixed[..], more].concat()).success();
                crate::cli_support::text(&assert.get_output().stderr)
            };
            assert_eq!(rule("team/*", &[]), "");
            for (pattern, more, named) in [
                ("teem/*", &[][..], "teem/*"),
                ("team/*", &["--match", "w*", "--match", "v*"], "w*"),
                ("team/*", &["--exclude", "stabel"], "stabel"),
            ] {
                let expected = format!("warning: {named} matches nothing\n");
                assert_eq!(rule(pattern, more), expected);
            }
        },
        |server, _| assert_eq!(server.remote("team/app").tags().len(), 4),
    );
}
