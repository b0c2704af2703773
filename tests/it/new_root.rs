//! The first account is created before the first start of the server.

use std::fs;
use std::path::Path;

use crate::accounts_support::basic;
use crate::admin_support::Admin;
use crate::cli_support::Regctl;
use crate::support::{Program, Setup};

const ADD: [&str; 4] = ["user", "add", "alice", "--password-stdin"];

/// Creates an account in a root.
#[track_caller]
fn add(root: &Path, code: i32) -> String {
    let mut command = Regctl::new("").command();
    command.args(ADD).arg("--root").arg(root);
    let done = command.write_stdin("alice-secret\n").assert().code(code);
    String::from_utf8(done.get_output().stderr.clone()).unwrap()
}

#[test]
fn the_first_account_begins_a_root() {
    let setup = Setup::new(Program::Regctl);
    let place = tempfile::tempdir().unwrap();
    for kind in ["missing", "empty", "mounted"] {
        let root = place.path().join(kind);
        match kind {
            "empty" => fs::create_dir(&root).unwrap(),
            // The root of a file system.
            "mounted" => fs::create_dir_all(root.join("lost+found")).unwrap(),
            _ => {}
        }
        let said = add(&root, 0);
        let new = format!("{} is a new root now", root.display());
        assert!(said.contains(&new), "{said}");
        let config =
            "version: 0.1\nregctl: {accounts: {enabled: true}}\nstorage: {filesystem: {}}\n";
        let server = setup.clone().root(&root).config(config).start();
        server.client().get("/v2/").expect(401);
        let alice = server.client().authorized(&basic("alice", "alice-secret"));
        alice.get("/v2/").expect(200);
        server.stop();
    }
}

#[test]
fn a_directory_that_may_be_a_mistake_does_not_become_a_root() {
    let place = tempfile::tempdir().unwrap();
    let other = place.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("file"), "").unwrap();
    for root in [other.clone(), place.path().join("missing/root")] {
        let error = add(&root, 3);
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains("hint: "), "{error}");
    }
    assert_eq!(fs::read_dir(&other).unwrap().count(), 1);
    assert!(!place.path().join("missing").exists());
    // Other commands have nothing to do there.
    Admin::of(&place.path().join("root")).fails(3, &["group", "add", "a", "b"]);
    assert!(!place.path().join("root").exists());

    // The default may be another root than that of the server.
    let regctl = Regctl::new("");
    let mut command = regctl.command();
    command.args(ADD).env("XDG_DATA_HOME", place.path());
    command.current_dir(place.path());
    let done = command.write_stdin("alice-secret\n").assert().code(3);
    let error = String::from_utf8(done.get_output().stderr.clone()).unwrap();
    let hint = format!("--root {}/regctl begins a new one", place.path().display());
    assert!(error.contains(&hint), "{error}");
    assert!(!place.path().join("regctl").exists());
}
