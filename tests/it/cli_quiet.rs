//! `-q`: only data and errors, with every command, before the command and after it.

use crate::accounts_support::Guarded;
use crate::admin_support::{Admin, WITH_TRASH, serve};
use crate::cli_support::{Regctl, text};
use crate::support::Image;

/// stdout of a command with -q, which must print nothing on stderr.
#[track_caller]
fn quiet(admin: &Admin, arguments: &[&str]) -> String {
    let after = [arguments, &["-q"]].concat();
    let run = admin.run(&after).success();
    let output = run.get_output();
    assert_eq!(text(&output.stderr), "", "{arguments:?}");
    text(&output.stdout)
}

#[test]
fn commands_that_change_something_print_nothing() {
    let guarded = Guarded::start();
    let admin = Admin::of(guarded.server.root());
    let accounts = guarded.regctl.home.path().join("accounts.csv");
    std::fs::write(&accounts, "alice\ndora,dora-secret\n").unwrap();
    for line in [
        "user add erik --no-password",
        "user disable erik",
        "user enable erik",
        &format!("user import {}", accounts.display()),
        "group add team erik alice",
        "group remove team alice",
        "grant team team/* pull",
        "revoke team team/* pull",
        "group remove team",
        "user remove erik",
        "gc",
        "gc --dry-run",
        "prune ** --match none* --yes",
        "prune nothing/** --match none* --dry-run",
        "trash --empty",
        "check",
        "check --repair",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(quiet(&admin, &words), "", "{line}");
    }
}

#[test]
fn data_is_printed() {
    let guarded = Guarded::start();
    let admin = Admin::of(guarded.server.root());
    for (line, part) in [
        ("user list", "alice"),
        ("rights", "team/*"),
        ("audit", "create-account"),
        ("du", "In all: "),
        ("gc --status", "No collection runs"),
        ("gc -o json", "\"blobs\": 0"),
        ("trash -o json", "[]"),
        ("token create ci --user alice", "regctl_"),
        ("token list -o name", ""),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let printed = quiet(&admin, &words);
        assert!(
            !printed.is_empty() && printed.contains(part),
            "{line}: {printed}"
        );
    }
    let (printed, error) = admin.fails(3, &["restore", "team/app:none", "-q"]);
    assert!(
        printed.is_empty() && error.contains("is not in the trash"),
        "{error}"
    );
}

#[test]
fn names_of_changed_objects_are_data() {
    let server = serve(WITH_TRASH);
    let remote = server.remote("team/app");
    for tag in ["v1", "v2"] {
        remote.push(tag, &Image::new(1));
    }
    let admin = Admin::of(server.root());
    let prune = ["prune", "team/app", "--match", "v1", "-o", "name"];
    assert_eq!(quiet(&admin, &prune), "team/app:v1\n");
    assert_eq!(quiet(&admin, &["restore", "team/app:v1"]), "");
    remote.delete("v1").expect(202);
    let restore = ["restore", "team/app:v1", "-o", "name"];
    assert_eq!(quiet(&admin, &restore), "team/app:v1\n");
    let regctl = Regctl::new(&server.host());
    for (line, printed) in [
        ("-q copy team/app:v1 team/app:v3", ""),
        ("copy -q team/app:v1 team/app:v4 -o name", "team/app:v4\n"),
        ("-q delete team/app:v3", ""),
        ("tags team/app -q -o name", "v1\nv2\nv4\n"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let run = regctl.run(&words).success();
        let output = run.get_output();
        let both = (text(&output.stdout), text(&output.stderr));
        assert_eq!(both, (printed.to_owned(), String::new()), "{line}");
    }
}

#[test]
fn quiet_and_verbose_contradict_each_other() {
    let regctl = Regctl::new("127.0.0.1:1");
    for line in [
        "-q catalog -v",
        "catalog -v -q",
        "-v catalog -q",
        "-q -v catalog",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let error = regctl.fails(2, &words);
        assert!(
            error.contains("--quiet and --verbose contradict"),
            "{line}: {error}"
        );
    }
}
