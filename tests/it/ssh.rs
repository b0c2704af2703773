//! The client commands through a real ssh, to registries that only the remote host reaches.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::cli_support::{Regctl, digest, push_image, start_docker_registry, start_regctl, text};
use crate::strange::{BODY, RAW, Strange, manifest};
use crate::support::{Program, Setup, Sshd, eventually};

/// The binary with a registry at `name`, a port of the remote host, through this ssh.
fn regctl(sshd: &Sshd, name: &str, host: &str) -> Regctl {
    let (_, port) = host.rsplit_once(':').unwrap();
    let regctl = Regctl::new(&format!("ssh://{name}/{port}"));
    std::fs::create_dir(regctl.home.path().join("tmp")).unwrap();
    regctl.through(&sshd.ssh())
}

/// Number of remaining sockets.
fn sockets(regctl: &Regctl) -> usize {
    let temporary = regctl.home.path().join("tmp");
    std::fs::read_dir(temporary).unwrap().count()
}

#[track_caller]
fn nothing_is_left(sshd: &Sshd, regctl: &Regctl) {
    assert_eq!(sshd.clients(), Vec::<i32>::new());
    assert_eq!(sockets(regctl), 0);
}

#[test]
fn every_command() {
    let Some(sshd) = Sshd::start() else { return };
    for registry in start_docker_registry().into_iter().chain([start_regctl()]) {
        let digest = push_image(&registry.host, "team/app", "1", "amd64");
        push_image(&registry.host, "team/app", "2", "arm64");
        let regctl = regctl(&sshd, "far", &registry.host);
        assert_eq!(regctl.stdout(&["catalog", "-o", "name"]), "team/app\n");
        assert_eq!(regctl.stdout(&["tags", "team/app", "-o", "name"]), "1\n2\n");
        let name = format!("team/app@{digest}");
        assert!(regctl.stdout(&["delete", &name]).contains(&digest));
        let error = regctl.fails(3, &["manifest", "head", "team/app:1"]);
        assert!(error.contains("error: ssh://far/"), "{error}");
        let talk = regctl.run(&["catalog", "-v"]).success();
        let talk = text(&talk.get_output().stderr);
        assert!(
            talk.contains("GET ssh://far/") && !talk.contains("127.0.0.1"),
            "{talk}"
        );
        nothing_is_left(&sshd, &regctl);
    }
}

/// Bytes are sent both ways, also if the registry's upload addresses are absolute.
#[test]
fn images_go_both_ways() {
    let Some(sshd) = Sshd::start() else { return };
    let near = start_regctl();
    for far in start_docker_registry().into_iter().chain([start_regctl()]) {
        let digest = push_image(&far.host, "app", "1", "amd64");
        let regctl = regctl(&sshd, "far", &far.host);
        let away = format!("{}/team/away:1", near.host);
        regctl.run(&["copy", "app:1", &away]).success();
        regctl.run(&["copy", &away, "back:1"]).success();
        let head = regctl.json(&["manifest", "head", "back:1", "-o", "json"]);
        assert_eq!(head["digest"], *digest);
        nothing_is_left(&sshd, &regctl);
    }
}

#[test]
fn the_output_of_ssh_is_the_error() {
    let Some(sshd) = Sshd::start() else { return };
    let registry = start_regctl();
    for (name, words) in [
        ("stranger", "Permission denied (publickey"),
        ("changed", "Host key verification failed."),
        (
            "closed",
            "connect to host 127.0.0.1 port 1: Connection refused",
        ),
    ] {
        let regctl = regctl(&sshd, name, &registry.host);
        let talk = regctl.fails(6, &["catalog"]);
        let error = talk.lines().last().unwrap();
        let place = format!("error: can't reach ssh://{name}/");
        assert!(error.starts_with(&place) && error.contains(words), "{talk}");
        // Its other output is forwarded, and nothing is printed twice.
        let warned = talk.contains("REMOTE HOST IDENTIFICATION HAS CHANGED");
        assert_eq!(warned, name == "changed", "{talk}");
        assert_eq!(talk.matches(words).count(), 1, "{talk}");
        nothing_is_left(&sshd, &regctl);
    }
    let missing = regctl(&sshd, "far", &registry.host).through("/nowhere/ssh");
    let error = missing.fails(6, &["catalog"]);
    assert!(
        error.contains("no ssh on this machine; hint: install"),
        "{error}"
    );
}

#[test]
fn no_registry_on_the_far_port() {
    let Some(sshd) = Sshd::start() else { return };
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = closed.local_addr().unwrap().to_string();
    drop(closed);
    let regctl = regctl(&sshd, "far", &host);
    let error = regctl.fails(6, &["catalog"]);
    let said = format!("can't connect to {host} there: connect failed: Connection refused");
    assert!(
        error.contains(&said) && error.contains("ssh://far/PORT"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
    nothing_is_left(&sshd, &regctl);
}

#[test]
fn parts_of_an_address_are_never_options() {
    let regctl = Regctl::new("");
    let trap = regctl.home.path().join("trap");
    let touch = format!("ssh://-oProxyCommand=touch${{IFS}}{}", trap.display());
    for address in [
        &*touch,
        "ssh://-v",
        "ssh://h;id",
        "ssh://-l@h",
        "ssh://u:secret@h",
    ] {
        let error = regctl.fails(2, &["catalog", "--registry", address]);
        assert!(error.contains("hint: a registry is written"), "{error}");
    }
    assert!(!trap.exists());
    let error = regctl.fails(2, &["tags", "ssh://far/app"]);
    assert!(error.contains("hint: leave out ssh://"), "{error}");
}

#[test]
fn ssh_ends_with_regctl_however_that_ends() {
    let Some(sshd) = Sshd::start() else { return };
    // A listener that accepts connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let regctl = regctl(&sshd, "far", &silent.local_addr().unwrap().to_string());
    for signal in [Signal::KILL, Signal::TERM, Signal::INT] {
        let mut command = regctl.process();
        let mut child = command.arg("catalog").stdin(Stdio::null()).spawn().unwrap();
        let (_stream, _) = silent.accept().unwrap();
        assert!(!sshd.clients().is_empty() && sockets(&regctl) == 1);
        kill_process(Pid::from_child(&child), signal).unwrap();
        child.wait().unwrap();
        eventually("ssh ends, and its socket is removed", || {
            sshd.clients().is_empty() && sockets(&regctl) == 0
        });
    }
}

#[test]
fn a_broken_connection_is_opened_again() {
    let Some(sshd) = Sshd::start() else { return };
    let clients = sshd.watch();
    let mut is_first = true;
    let is_pull = |line: &str| line.contains("/manifests/");
    let strange = Strange::start(move |request, _| {
        // Requests before it find out whether TLS is required.
        if is_pull(&request.line) && std::mem::take(&mut is_first) {
            for pid in clients() {
                let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
            }
            eventually("ssh ends", || clients().is_empty());
        }
        manifest(&digest(BODY))
    });
    let regctl = regctl(&sshd, "far", &strange.host);
    regctl.run(&RAW).success().stdout(BODY);
    let seen = strange.seen();
    let pulls = seen.iter().filter(|seen| is_pull(&seen.line)).count();
    assert_eq!(pulls, 2, "{seen:?}");
    nothing_is_left(&sshd, &regctl);
}

/// A connection that the user shares carries the tunnel and outlives it.
#[test]
fn a_shared_connection() {
    let Some(sshd) = Sshd::start() else { return };
    let registry = start_regctl();
    push_image(&registry.host, "app", "1", "amd64");
    let shared = sshd.share();
    let before = shared.descriptors();
    let regctl = regctl(&sshd, "shared", &registry.host);
    for _ in 0..3 {
        assert_eq!(regctl.stdout(&["catalog", "-o", "name"]), "app\n");
        assert_eq!(sockets(&regctl), 0);
    }
    eventually("all sockets are closed", || shared.descriptors() <= before);
    let only_shared = || sshd.clients().len() == 1;
    assert!(only_shared());

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut command = regctl.process();
    command.args(["catalog", "--registry", &format!("ssh://shared/{port}")]);
    let mut child = command.spawn().unwrap();
    let (stream, _) = silent.accept().unwrap();
    // The process that asked for the forwarding may still be ending.
    eventually("only the shared connection is used", || {
        only_shared() && sockets(&regctl) == 1
    });
    child.kill().unwrap();
    child.wait().unwrap();
    drop(stream);
    eventually("all sockets are closed", || {
        shared.descriptors() <= before && sockets(&regctl) == 0 && only_shared()
    });
}

#[test]
fn a_registry_with_tls() {
    let Some(sshd) = Sshd::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    // Issued for another name.
    let signed = rcgen::generate_simple_self_signed(vec!["registry.example.org".into()]).unwrap();
    let at = |name: &str, text: String| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let config = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: /nowhere}}}}\nhttp: {{addr: \
         \"127.0.0.1:0\", tls: {{certificate: {}, key: {}}}}}\n",
        at("cert.pem", signed.cert.pem()),
        at("key.pem", signed.signing_key.serialize_pem())
    );
    let server = Setup::new(Program::Regctl).config(&config).start();
    let regctl = regctl(&sshd, "far", &server.host());
    regctl.run(&["catalog"]).success().stdout("");
}

/// Other forwardings of the user are not affected.
#[test]
fn a_configuration_with_forwardings() {
    let Some(sshd) = Sshd::start() else { return };
    let registry = start_regctl();
    let regctl = regctl(&sshd, "busy", &registry.host);
    let done = regctl.run(&["catalog"]).success();
    let talk = text(&done.get_output().stderr);
    assert!(talk.contains("Address already in use"), "{talk}");
    nothing_is_left(&sshd, &regctl);
}

/// Input for regctl is not read by ssh.
#[test]
fn standard_input_is_not_read() {
    let Some(sshd) = Sshd::start() else { return };
    let registry = start_regctl();
    let regctl = regctl(&sshd, "far", &registry.host);
    let (reader, writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut &writer, b"data").unwrap();
    drop(writer);
    let mut command = regctl.process();
    let status = command
        .arg("catalog")
        .stdin(reader.try_clone().unwrap())
        .status();
    assert!(status.unwrap().success());
    let mut left = String::new();
    (&reader).read_to_string(&mut left).unwrap();
    assert_eq!(left, "data");
}
