//! A root on a read-only mount, and a root of another user.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::accounts_support::basic;
use crate::admin_support::Admin;
use crate::cli_support::{Regctl, program_of_everybody};
use crate::support::{Image, Mount, Program, Request, Setup, attempt, is_root};

const WRITABLE: &str = "\
version: 0.1
storage: {delete: {enabled: true}, filesystem: {rootdirectory: /nowhere}}
";

fn read_only(own: &str) -> String {
    format!(
        "version: 0.1
storage: {{maintenance: {{readonly: {{enabled: true}}}}, filesystem: {{rootdirectory: /nowhere}}}}
{own}"
    )
}

#[test]
fn a_read_only_root_is_served_if_configured() {
    let Some(mount) = Mount::new("size=64m") else {
        return;
    };
    let root = mount.path().join("root");
    fs::create_dir(&root).unwrap();
    let setup = Setup::new(Program::Regctl).config(WRITABLE).root(&root);
    let elsewhere = tempfile::tempdir().unwrap();
    let index = elsewhere.path().join("index.db");
    let kept = format!("regctl: {{index: {}}}\n", index.display());
    let image = Image::new(1);
    // An index after a clean stop, one after a kill, and none.
    for end in ["stop", "kill", "none"] {
        let server = setup.clone().start();
        server.remote("team/app").push("v1", &image);
        match end {
            "kill" => drop(server.kill()),
            _ => drop(server.stop()),
        }
        if end == "none" {
            fs::remove_dir_all(root.join("regctl")).unwrap();
        }
        mount.read_only(true);
        let refused = attempt(&mut setup.command());
        assert_eq!(refused.code, Some(1), "{}", refused.text);
        assert_eq!(refused.text.lines().count(), 1, "{}", refused.text);
        for part in ["read-only mount", "hint: ", "maintenance.readonly.enabled"] {
            assert!(refused.text.contains(part), "{}", refused.text);
        }
        // In memory, in a file, and in the same file again.
        for own in ["", kept.as_str(), kept.as_str()] {
            let server = setup.clone().config(&read_only(own)).start();
            let remote = server.remote("team/app");
            assert_eq!(remote.verify("v1"), image.digest());
            remote.manifest_head("v1").expect(200);
            remote
                .client
                .post(&remote.path("blobs/uploads/"))
                .expect(405);
            remote.delete("v1").expect(405);
            // Beside a server, and below without one.
            reads_only(&root);
            server.stop();
        }
        reads_only(&root);
        mount.read_only(false);
        fs::remove_file(&index).unwrap();
    }
}

#[test]
fn a_change_that_would_be_lost_with_the_index_is_refused() {
    let Some(mount) = Mount::new("size=64m") else {
        return;
    };
    let root = mount.path().join("root");
    fs::create_dir(&root).unwrap();
    let setup = Setup::new(Program::Regctl).config(WRITABLE).root(&root);
    setup.clone().start().stop();
    let mut made = Regctl::new("").command();
    made.args([
        "user",
        "add",
        "root",
        "--admin",
        "--password-stdin",
        "--root",
    ])
    .arg(&root)
    .write_stdin("root-secret\n");
    made.assert().success();
    mount.read_only(true);
    let elsewhere = tempfile::tempdir().unwrap();
    let index = elsewhere.path().join("index.db");
    let lost = "accounts: {enabled: true}".to_owned();
    let kept = format!("{lost}, index: {}", index.display());
    let add = r#"{"operation":"account","do":"add-user","name":"bob","password":"bob-secret"}"#;
    for (own, code) in [(&lost, 503), (&kept, 200)] {
        let server = setup
            .clone()
            .config(&read_only(&format!("regctl: {{{own}}}\n")))
            .start();
        let client = server.client().authorized(&basic("root", "root-secret"));
        let request = Request::new("POST", "/api/v1/operations")
            .header("Content-Type", "application/json")
            .body(add.as_bytes());
        let answer = client.send(&request).expect(code);
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(text.contains("regctl.index"), code == 503, "{text}");
        server.stop();
    }
    let server = setup
        .config(&read_only(&format!("regctl: {{{kept}}}\n")))
        .start();
    let bob = server.client().authorized(&basic("bob", "bob-secret"));
    bob.get("/v2/").expect(200);
}

/// What only reads works on a read-only root, and the rest names the remedy.
#[track_caller]
fn reads_only(root: &Path) {
    let admin = Admin::of(root);
    admin.stdout(&["check"]);
    let usage = admin.json(&["du", "--output", "json"]);
    assert_eq!(usage["rows"][0]["name"], "team/app", "{usage}");
    admin.stdout(&["gc", "--dry-run"]);
    admin.stdout(&["trash"]);
    admin.stdout(&["user", "list"]);
    for change in [
        ["gc"].as_slice(),
        &["check", "--repair"],
        &["prune", "team/app", "--keep-last", "1", "--yes"],
        &["user", "add", "alice", "--no-password"],
        &["trash", "--empty"],
    ] {
        let (_, error) = admin.fails(1, change);
        assert!(
            error.contains("read-only mount; hint: "),
            "{change:?}: {error}"
        );
        assert_eq!(error.lines().count(), 1, "{change:?}: {error}");
    }
}

#[test]
fn files_of_another_user_in_a_root_are_named() {
    if !is_root() {
        return;
    }
    let (place, program) = program_of_everybody();
    let layout = "docker/registry/v2/repositories";
    let foreign = ["", "docker/registry/v2", layout, "regctl"];
    for (number, foreign) in foreign.into_iter().enumerate() {
        // A new root is empty.
        let existing: &[&str] = if foreign.is_empty() {
            &[]
        } else {
            &[layout, "regctl"]
        };
        let root = place.path().join(format!("root-{number}"));
        fs::create_dir(&root).unwrap();
        chown(&root, Some(1234), None).unwrap();
        for directory in existing {
            let mut path = root.clone();
            for part in Path::new(directory) {
                path.push(part);
                fs::create_dir_all(&path).unwrap();
                chown(&path, Some(1234), None).unwrap();
            }
        }
        chown(root.join(foreign), Some(4321), None).unwrap();
        let mut command = Command::new(&program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--root"]);
        let refused = attempt(command.arg(&root).uid(1234).gid(1234));
        assert_eq!(refused.code, Some(1), "{}", refused.text);
        let (root, path) = (root.display(), root.join(foreign));
        let path = path.display().to_string();
        let expected = format!(
            "error: {} belongs to user 4321, and this is user 1234; hint: chown -R 1234 {root}, or \
             run regctl as user 4321",
            path.trim_end_matches('/')
        );
        assert_eq!(refused.text.trim_end(), expected);
    }
}
