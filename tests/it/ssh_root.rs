//! Administration of a root of another host through a real ssh: the commands, and every way to fail.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::cli_support::{Regctl, text};
use crate::support::{Image, Server, Sshd, eventually, have, is_root};

const BINARY: &str = env!("CARGO_BIN_EXE_regctl");

/// The binary here, behind this ssh, and what it runs there.
struct Far {
    regctl: Regctl,
    remote: String,
}

impl Far {
    fn new(sshd: &Sshd) -> Self {
        Self {
            regctl: Regctl::new("").through(&sshd.ssh()),
            remote: BINARY.to_owned(),
        }
    }

    fn command(&self, arguments: &[&str]) -> assert_cmd::Command {
        let mut command = self.regctl.command();
        command.env("REGCTL_REMOTE", &self.remote).args(arguments);
        command
    }

    /// stdout of a command on a root there, which ends well.
    #[track_caller]
    fn on(&self, root: &Path, arguments: &[&str]) -> String {
        let mut command = self.command(arguments);
        command
            .args(["--registry", "ssh://far", "--root"])
            .arg(root);
        text(&command.assert().success().get_output().stdout)
    }

    /// The error of a command, on one line.
    #[track_caller]
    fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let failed = self.command(arguments).assert().code(code);
        let said = text(&failed.get_output().stderr);
        let errors = said.lines().filter(|line| line.starts_with("error: "));
        assert_eq!(errors.count(), 1, "{said}");
        said
    }

    /// Runs a script there in place of regctl.
    fn script(&mut self, directory: &Path, text: &str) {
        let path = directory.join("regctl-there");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        self.remote = path.display().to_string();
    }
}

#[test]
fn every_command_of_administration() {
    let Some(sshd) = Sshd::start() else { return };
    let far = Far::new(&sshd);
    let server = Server::regctl_with(crate::accounts_support::CONFIG);
    let root = server.root().to_owned();
    let mut add = far.command(&["user", "add", "alice", "--admin", "--password-stdin"]);
    add.args(["--registry", "ssh://far", "--root"])
        .arg(&root)
        .write_stdin("alice-secret\n");
    add.assert().success();
    far.on(&root, &["user", "add", "bob", "--no-password"]);
    far.on(&root, &["group", "add", "team", "bob"]);
    far.on(&root, &["grant", "team", "team/*", "pull"]);
    assert!(far.on(&root, &["rights", "bob"]).contains("team/*"));
    far.on(&root, &["token", "create", "ci", "--user", "bob"]);
    assert_eq!(
        far.on(&root, &["user", "list", "-o", "name"]),
        "alice\nbob\n"
    );

    let basic = crate::accounts_support::basic("alice", "alice-secret");
    let remote = crate::support::Remote::new(server.client().authorized(&basic), "team/app");
    for tag in ["1", "2", "3"] {
        remote.push(tag, &Image::new(tag.parse().unwrap()));
    }
    far.on(&root, &["visibility", "team/app", "public"]);
    far.on(&root, &["describe", "team/app", "--text", "An app"]);
    assert!(far.on(&root, &["du"]).contains("team/app"));
    let rule = ["prune", "team/*", "--keep-last", "1", "--yes"];
    assert!(far.on(&root, &rule).contains("team/app:1"));
    assert_eq!(remote.tags(), ["3"]);
    assert!(far.on(&root, &["trash"]).contains("team/app:2"));
    far.on(&root, &["restore", "team/app:2"]);
    remote.verify("2");
    far.on(&root, &["gc"]);
    far.on(&root, &["check", "--read"]);
    assert!(far.on(&root, &["doctor"]).contains("plain HTTP"));
    // The server knows who came through its socket.
    let uid = rustix::process::getuid().as_raw();
    let done = far.on(&root, &["audit", "-o", "json"]);
    assert!(done.contains(&format!("uid:{uid}")), "{done}");

    // Without a server the command there works on the root itself, as on that host.
    let _stopped = server.stop();
    assert!(far.on(&root, &["du"]).contains("team/app"));
    assert_eq!(sshd.clients(), Vec::<i32>::new());
}

#[test]
fn failures_are_one_line() {
    let Some(sshd) = Sshd::start() else { return };
    let mut far = Far::new(&sshd);
    for (host, said) in [
        ("ssh://stranger", "Permission denied (publickey"),
        ("ssh://changed", "Host key verification failed."),
        ("ssh://closed", "port 1: Connection refused"),
    ] {
        let error = far.fails(6, &["du", "--registry", host]);
        let last = error.lines().last().unwrap();
        let place = format!("error: can't reach {host}: ");
        assert!(last.starts_with(&place) && last.contains(said), "{error}");
    }
    let there = ["du", "--registry", "ssh://far", "--root", "/nowhere"];
    let error = far.fails(3, &there);
    assert!(
        error.starts_with("error: ssh://far: there is no /nowhere; hint:"),
        "{error}"
    );
    for (arguments, said) in [
        (
            &["du", "--registry", "ssh://far/5000"][..],
            "names the port of a registry",
        ),
        (
            &["du", "--registry", "ssh://-v"],
            "ssh://[USER@]HOST[:PORT]",
        ),
        (
            &["du", "--registry", "ssh://far", "--plain-http"],
            "--plain-http",
        ),
        (
            &["du", "--registry", "far", "--root", "/nowhere"],
            "leave out one of them",
        ),
    ] {
        let error = far.fails(2, arguments);
        assert!(error.contains(said), "{error}");
    }

    far.remote = "regctl-is-not-here".to_owned();
    let error = far.fails(6, &there);
    assert!(
        error.contains("there is no regctl there: ") && error.contains("REGCTL_REMOTE"),
        "{error}"
    );
    let scratch = tempfile::tempdir().unwrap();
    let old = "echo \"error: unrecognized subcommand 'relay'\" >&2; exit 2";
    far.script(scratch.path(), old);
    let error = far.fails(6, &there);
    assert!(
        error.contains("unrecognized subcommand 'relay'; hint: install the same version"),
        "{error}"
    );
    // What a shell prints at its start is no answer.
    far.script(
        scratch.path(),
        &format!("echo Welcome; exec {BINARY} \"$@\""),
    );
    far.fails(3, &there);
    far.script(scratch.path(), "echo '{\"version\":1}'; read line; exit 9");
    let error = far.fails(6, &there);
    assert!(
        error.contains("an operation that the server has begun continues"),
        "{error}"
    );
    let here = Far {
        regctl: far.regctl.through("/nowhere/ssh"),
        ..far
    };
    let error = here.fails(6, &there);
    assert!(error.contains("no ssh on this machine"), "{error}");
    assert_eq!(sshd.clients(), Vec::<i32>::new());
}

#[test]
fn others_may_not_use_the_socket() {
    let Some(sshd) = Sshd::start() else { return };
    if !is_root() || !have(&["setpriv"]) {
        return;
    }
    let mut far = Far::new(&sshd);
    let server = Server::regctl();
    let root = server.root().display().to_string();
    far.remote = format!("setpriv --reuid 65534 --clear-groups {BINARY}");
    let there = ["du", "--registry", "ssh://far", "--root", &root];
    let error = far.fails(4, &there);
    assert!(
        error.starts_with("error: ssh://far: administer ")
            && error.contains("run it as the user that serves it, or with sudo"),
        "{error}"
    );
    server.stop();
}

#[test]
fn ssh_ends_with_the_command_however_that_ends() {
    let Some(sshd) = Sshd::start() else { return };
    let mut far = Far::new(&sshd);
    let scratch = tempfile::tempdir().unwrap();
    // Greets, and never answers.
    far.script(
        scratch.path(),
        "echo '{\"version\":1}'; exec cat >/dev/null",
    );
    for signal in [Signal::KILL, Signal::TERM, Signal::INT] {
        let mut command = far.regctl.process();
        let mut child = command
            .env("REGCTL_REMOTE", &far.remote)
            .args(["du", "--registry", "ssh://far"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        eventually("ssh runs", || !sshd.clients().is_empty());
        kill_process(Pid::from_child(&child), signal).unwrap();
        child.wait().unwrap();
        eventually("ssh ends", || sshd.clients().is_empty());
    }
}
