//! The environment of the listener: variables, the log, proxies, the socket.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Stdio;

use crate::support::{Program, Request, Server, Setup, eventually, is_root};

#[test]
fn variables_of_podman_and_kubernetes_are_ignored_with_one_line() {
    let mut setup = Setup::new(Program::Regctl);
    for (name, value) in [
        ("REGISTRY_AUTH_FILE", "/run/auth.json"),
        ("REGISTRY_SERVICE_HOST", "10.0.0.1"),
        ("REGISTRY_PORT", "tcp://10.0.0.1:5000"),
        ("REGISTRY_PORT_5000_TCP_ADDR", "10.0.0.1"),
        ("REGISTRY_HTTP_SERVICE_PORT", "80"),
        ("REGISTRY_AUTH_PORT", "tcp://10.0.0.1:5000"),
    ] {
        setup = setup.environment(name, value);
    }
    let server = setup.start();
    assert_eq!(server.client().get("/v2/").status, 200);
    let log = server.log_with("REGISTRY_");
    let said: Vec<_> = log
        .lines()
        .filter(|line| line.contains("REGISTRY_"))
        .collect();
    assert_eq!(said.len(), 1, "{log}");
    assert!(said[0].contains("REGISTRY_AUTH_FILE") && said[0].contains("REGISTRY_AUTH_PORT"));
    server.stop();
}

#[test]
fn every_line_of_a_json_log_is_json() {
    let server = Server::regctl_with(
        "version: 0.1\nlog: {formatter: json, level: debug}\nunknown: 1\nhttp: {addr: '127.0.0.1:0'}\n",
    );
    server.client().get("/v2/_catalog");
    let log = server.log_with("_catalog");
    for line in log.lines() {
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(line);
        assert!(parsed.is_ok_and(|value| value.is_object()), "{line}");
    }
    let serving = log
        .lines()
        .find(|line| line.contains("Serving http://"))
        .unwrap();
    assert!(serving.contains("\"data\""), "{serving}");
    server.stop();
}

#[test]
fn the_log_has_the_address_that_a_trusted_proxy_names() {
    const FORGED: &str = "6.6.6.6, 192.0.2.7";
    let http = "http: {addr: '127.0.0.1:0'}\n";
    for (own, header, expected) in [
        ("", ("X-Forwarded-For", FORGED), "192.0.2.7 - - ["),
        (
            "",
            ("Forwarded", "for=\"[2001:db8::7]:1\""),
            "2001:db8::7 - - [",
        ),
        (
            "regctl: {trusted-proxies: [127.0.0.0/8, 192.0.2.0/24]}\n",
            ("X-Forwarded-For", FORGED),
            "6.6.6.6 - - [",
        ),
        (
            "regctl: {trusted-proxies: [10.0.0.0/8]}\n",
            ("X-Forwarded-For", FORGED),
            "127.0.0.1 - - [",
        ),
        (
            "regctl: {trusted-proxies: []}\n",
            ("X-Forwarded-For", FORGED),
            "127.0.0.1 - - [",
        ),
    ] {
        let server = Server::regctl_with(&format!("version: 0.1\n{http}{own}"));
        for _ in 0..3 {
            let request = Request::new("GET", "/v2/").header(header.0, header.1);
            assert_eq!(server.client().send(&request).status, 200);
        }
        eventually("the access log", || {
            server.log().matches(expected).count() == 3
        });
        let warnings = server.log().matches("regctl.trusted-proxies").count();
        assert_eq!(
            warnings,
            usize::from(expected.starts_with("127")),
            "{}",
            server.log()
        );
        server.stop();
    }
}

#[test]
fn a_socket_has_the_mode_and_group_of_the_configuration() {
    let setup = Setup::new(Program::Regctl);
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("registry.sock");
    let group = if is_root() { "group: '1', " } else { "" };
    let text = format!(
        "version: 0.1\nhttp: {{net: unix, addr: {}}}\nregctl: {{socket: {{{group}mode: 0620}}}}\n",
        path.display()
    );
    let config = scratch.path().join("config.yml");
    std::fs::write(&config, text).unwrap();
    let mut command = setup.command();
    let root = scratch.path().join("root");
    let mut fresh = std::process::Command::new(command.get_program());
    fresh
        .args(["serve", "--config"])
        .arg(&config)
        .arg("--root")
        .arg(root);
    command = fresh;
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the socket", || path.exists());
    let metadata = path.metadata().unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o620);
    if is_root() {
        assert_eq!(metadata.gid(), 1);
    }
    // A file that is not a socket is not replaced.
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "precious").unwrap();
    let output = command.stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
}

#[test]
fn port_and_certificate_are_checked_before_the_root_is_opened() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("root");
    let program = env!("CARGO_BIN_EXE_regctl");
    for (more, said) in [
        ("", "another process listens there"),
        (
            "  tls: {certificate: /nowhere.pem, key: /nowhere.key}\n",
            "/nowhere.pem",
        ),
    ] {
        let text = format!("version: 0.1\nhttp:\n  addr: 127.0.0.1:{port}\n{more}");
        let config = scratch.path().join("config.yml");
        std::fs::write(&config, text).unwrap();
        let output = std::process::Command::new(program)
            .args(["serve", "--config"])
            .arg(&config)
            .arg("--root")
            .arg(&root)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(said), "{error}");
        assert!(!root.join("regctl/index.db").exists());
    }
}
