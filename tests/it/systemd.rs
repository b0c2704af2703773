//! A server under a service manager: reported states, and passed sockets.

use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::cli_support::request;
use crate::support::{Program, Setup, attempt, eventually, find, skip, wait};

#[test]
fn the_service_manager_is_notified_of_start_watchdog_and_stop() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    let next = || {
        let mut message = [0; 256];
        let count = manager.recv(&mut message).unwrap();
        String::from_utf8(message[..count].to_vec()).unwrap()
    };
    let server = Setup::new(Program::Regctl)
        .environment("NOTIFY_SOCKET", path.to_str().unwrap())
        .environment("WATCHDOG_USEC", "300000")
        .start();
    let ready = next();
    assert!(
        ready.starts_with("READY=1\nSTATUS=Serving http://127.0.0.1:"),
        "{ready}"
    );
    for _ in 0..3 {
        assert_eq!(next(), "WATCHDOG=1");
    }
    server.stop();
    let end = std::iter::repeat_with(next).find(|state| state != "WATCHDOG=1");
    assert!(end.unwrap().starts_with("STOPPING=1"));
}

#[test]
fn a_server_starts_despite_a_missing_notify_socket() {
    let server = Setup::new(Program::Regctl)
        .environment("NOTIFY_SOCKET", "/nowhere/notify")
        .start();
    assert_eq!(server.client().get("/v2/").status, 200);
    server.stop();
}

/// `regctl serve` with this descriptor, passed through a shell as systemd passes it.
fn activated(root: &Path, descriptor: OwnedFd, script: &str, arguments: &[&str]) -> Command {
    let serve = Setup::new(Program::Regctl).root(root).command();
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{script}; exec \"$@\"")])
        .arg("sh")
        .arg(serve.get_program())
        .args(serve.get_args())
        .args(arguments)
        .env("HOME", root)
        .stdin(Stdio::from(descriptor))
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

const ONE: &str = "exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1";

fn terminate(mut child: Child) {
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).unwrap();
    let status = wait(&mut child, Duration::from_mins(1)).expect("an end");
    assert!(status.success(), "{status}");
}

#[test]
fn a_passed_port_replaces_the_configured_one() {
    let root = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let again = listener.try_clone().unwrap();
    let child = activated(root.path(), listener.into(), ONE, &[])
        .spawn()
        .unwrap();
    // Early clients wait in the queue of the socket.
    assert_eq!(request(&host, "GET", "/v2/", "", b"").0, 200);
    terminate(child);
    // The socket outlives the server, and the next one gets it.
    let child = activated(root.path(), again.into(), ONE, &[])
        .spawn()
        .unwrap();
    assert_eq!(request(&host, "GET", "/v2/_catalog", "", b"").0, 200);
    terminate(child);
}

#[test]
fn a_passed_unix_socket_is_served_and_not_removed() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("registry.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let child = activated(root.path(), listener.into(), ONE, &[])
        .spawn()
        .unwrap();
    let client = UnixStream::connect(&path).unwrap();
    assert!(answers(client));
    terminate(child);
    assert!(path.exists());
}

fn answers(mut stream: UnixStream) -> bool {
    use std::io::{Read as _, Write as _};
    let request = b"GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    stream.write_all(request).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

#[test]
fn unusable_sockets_are_named() {
    let root = tempfile::tempdir().unwrap();
    let (connection, _other) = UnixStream::pair().unwrap();
    let listener = || OwnedFd::from(TcpListener::bind("127.0.0.1:0").unwrap());
    let two = "exec 3<&0 4<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=2";
    let file = "exec 3</dev/null </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1";
    for (descriptor, script, expected) in [
        (connection.into(), ONE, "no Accept=yes"),
        (
            listener(),
            two,
            "systemd passes 2 sockets, and this configuration uses 1",
        ),
        (listener(), file, "not a socket"),
    ] {
        let child = activated(root.path(), descriptor, script, &[]).spawn();
        let output = child.unwrap().wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("hint: "), "{error}");
    }
}

#[test]
fn sockets_for_another_process_are_ignored() {
    let root = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = listener.local_addr().unwrap();
    let script = "exec 3<&0 </dev/null; export LISTEN_PID=1 LISTEN_FDS=1";
    let child = activated(root.path(), listener.into(), script, &[])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let socket = root.path().join("regctl/admin.sock");
    eventually("the server", || socket.exists());
    let waiting = TcpStream::connect(other).unwrap();
    waiting
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    assert!(std::io::Read::read(&mut &waiting, &mut [0]).is_err());
    terminate(child);
}

#[test]
fn systemd_socket_activate_starts_a_server_at_the_first_request() {
    let Some(activate) = find("systemd-socket-activate") else {
        skip("there is no systemd-socket-activate");
        return;
    };
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("registry.sock");
    let serve = Setup::new(Program::Regctl).root(root.path()).command();
    let child = Command::new(activate)
        .arg("-l")
        .arg(&path)
        .arg(serve.get_program())
        .args(serve.get_args())
        .env("HOME", root.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut client = None;
    eventually("the socket", || {
        client = UnixStream::connect(&path).ok();
        client.is_some()
    });
    assert!(answers(client.unwrap()));
    terminate(child);
}

#[test]
fn systemd_accepts_the_units_and_finds_little_exposed() {
    if find("systemd-analyze").is_none() {
        skip("there is no systemd-analyze");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let regctl = env!("CARGO_BIN_EXE_regctl");
    for (target, name) in [("systemd", "regctl.service"), ("socket", "regctl.socket")] {
        let printed = crate::support::run(
            Command::new(regctl)
                .args(["setup", target, "--root", "/var/lib/registry"])
                .args(["--listen", ":443"]),
        );
        std::fs::write(directory.path().join(name), printed).unwrap();
    }
    // Units of the package, with the path of the tested program.
    let packaged = tempfile::tempdir().unwrap();
    for name in [
        "regctl.service",
        "regctl.socket",
        "regctl-gc.service",
        "regctl-gc.timer",
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/setup/debian");
        let text = std::fs::read_to_string(path.join(name)).unwrap();
        let text = text.replace("/usr/bin/regctl", regctl);
        std::fs::write(packaged.path().join(name), text).unwrap();
    }
    for units in [directory.path(), packaged.path()] {
        for entry in std::fs::read_dir(units).unwrap() {
            let output = attempt(
                Command::new("systemd-analyze")
                    .args(["verify", "--man=no"])
                    .arg(entry.unwrap().path()),
            );
            let own = output.text.lines().filter(|line| line.contains("regctl"));
            assert_eq!(own.collect::<Vec<_>>(), Vec::<&str>::new());
        }
        let security = attempt(
            Command::new("systemd-analyze")
                .args(["security", "--offline=yes", "--threshold=30"])
                .arg(units.join("regctl.service")),
        );
        assert!(security.success, "{}", security.text);
    }
}

#[test]
fn the_unit_of_the_package_is_hardened_like_the_one_that_is_printed() {
    let read = |path: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        std::fs::read_to_string(path).unwrap()
    };
    let packaged = read("src/setup/debian/regctl.service");
    let own = ["ExecStart", "ReadWritePaths"];
    for line in read("src/setup/regctl.service").lines() {
        let key = line.split('=').next().unwrap();
        if !line.contains('=') || line.starts_with('#') || own.contains(&key) {
            continue;
        }
        if line.contains("=@") && !line.contains("@system-service") {
            assert!(packaged.contains(&format!("\n{key}=")), "{line}");
        } else {
            assert!(packaged.contains(&format!("\n{line}\n")), "{line}");
        }
    }
}
