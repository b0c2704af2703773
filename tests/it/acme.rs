//! Certificates of an ACME directory: requested, used, stored, renewed; and the effect of failures.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustls::pki_types::CertificateDer;
use serde_json::Value;
use tokio_rustls::rustls;

use crate::support::{AcmeDirectory, Judgement, Program, Server, Setup, attempt, eventually, tls};

const HOST: &str = "registry.example.com";

/// A server that requests a certificate from this directory.
pub(crate) fn setup(directory: &AcmeDirectory, more: &str) -> (Setup, tempfile::TempDir) {
    let scratch = tempfile::tempdir().unwrap();
    let authority = scratch.path().join("authority.pem");
    directory.write_authority(&authority);
    let config = format!(
        "\
version: 0.1
storage: {{filesystem: {{}}}}
http:
  tls:
    letsencrypt:
      cachefile: {}
      email: admin@example.com
      hosts: [{HOST}, Other.Example.com]
      directoryurl: {}
regctl: {{acme: {{ca: {}{more}}}}}
",
        scratch.path().join("cache").display(),
        directory.url(),
        authority.display(),
    );
    (Setup::new(Program::Regctl).config(&config), scratch)
}

fn record(scratch: &Path) -> (PathBuf, Value) {
    let path = scratch.join("cache/acme.json");
    let text = std::fs::read(&path).unwrap();
    (path, serde_json::from_slice(&text).unwrap())
}

/// The certificate for a client that trusts the directory's authority.
fn trusted(server: &Server, directory: &AcmeDirectory) -> Option<CertificateDer<'static>> {
    let authority = Some(directory.authority());
    let shown = tls::peer(server.address().port(), HOST, &[b"http/1.1"], authority);
    shown.ok().map(|(certificates, _)| certificates[0].clone())
}

fn await_trusted(server: &Server, directory: &AcmeDirectory) -> CertificateDer<'static> {
    let mut shown = None;
    eventually("the certificate is in use", || {
        shown = trusted(server, directory);
        shown.is_some()
    });
    shown.unwrap()
}

#[test]
fn a_certificate_is_issued_by_tls_alpn_stored_and_renewed() {
    let directory = AcmeDirectory::start(Judgement::Fair);
    let (setup, scratch) = setup(&directory, "");
    let server = setup.start();
    // Before validation, connections work with an untrusted certificate.
    assert!(
        server
            .log()
            .contains("a temporary one is served that no client trusts")
    );
    let port = server.address().port();
    assert!(tls::peer(port, HOST, &[b"http/1.1"], None).is_ok());
    assert!(trusted(&server, &directory).is_none());

    directory.validates_at(port, None);
    let first = await_trusted(&server, &directory);
    assert_eq!(
        directory.validated(),
        [
            "tls-alpn-01 other.example.com",
            "tls-alpn-01 registry.example.com"
        ]
    );
    assert_eq!(
        directory.contacts(),
        [serde_json::json!(["mailto:admin@example.com"])]
    );
    // The challenge has ended: it is no longer answered.
    assert!(tls::peer(port, HOST, &[b"acme-tls/1"], None).is_err());
    for file in ["acme-account.json", "acme-certificate.pem", "acme.json"] {
        use std::os::unix::fs::PermissionsExt as _;
        let path = scratch.path().join("cache").join(file);
        assert_eq!(
            path.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{file}"
        );
    }

    // A restart sends no request.
    eventually("it is recorded", || {
        record(scratch.path()).1["issued"].is_object()
    });
    let server = server.restart();
    server.log_with("valid until");
    assert_eq!(trusted(&server, &directory), Some(first.clone()));
    assert_eq!((directory.orders(), directory.accounts()), (1, 1));

    // A certificate without a record is served until another is issued.
    let mut stopped = server.stop();
    let (path, _) = record(scratch.path());
    for lost in ["", "{"] {
        std::fs::write(&path, lost).unwrap();
        directory.validates_at(1, None);
        let server = stopped.start();
        assert_eq!(trusted(&server, &directory), Some(first.clone()));
        server.log_with("until it is issued the earlier one is served");
        stopped = server.stop();
    }
    let server = {
        std::fs::write(&path, "").unwrap();
        let server = stopped.start();
        directory.validates_at(server.address().port(), None);
        server
    };
    eventually("another is issued", || {
        trusted(&server, &directory).is_some_and(|shown| shown != first)
    });
    eventually("it is recorded", || {
        record(scratch.path()).1["issued"].is_object()
    });
    let first = trusted(&server, &directory).unwrap();
    let orders = directory.orders();

    // It is renewed in time, by the same account, and used by the running server.
    let stopped = server.stop();
    let account = scratch.path().join("cache/acme-account.json");
    let text = std::fs::read_to_string(&account).unwrap();
    std::fs::write(&account, text.replace("admin@", "former@")).unwrap();
    let (path, mut text) = record(scratch.path());
    text["issued"]["renew"] = "2026-01-01T00:00:00Z".into();
    std::fs::write(path, text.to_string()).unwrap();
    let server = stopped.start();
    directory.validates_at(server.address().port(), None);
    eventually("it is renewed", || {
        trusted(&server, &directory).is_some_and(|shown| shown != first)
    });
    assert_eq!((directory.orders(), directory.accounts()), (orders + 1, 1));
    // The authority learns a new address for mail.
    let contact = serde_json::json!(["mailto:admin@example.com"]);
    assert_eq!(directory.contacts(), [contact.clone(), contact]);
}

#[test]
fn a_certificate_is_issued_by_http() {
    let directory = AcmeDirectory::start(Judgement::Fair);
    let (setup, _scratch) = setup(&directory, ", http: '127.0.0.1:0'");
    let server = setup.start();
    let log = server.log_with("challenges are answered at");
    let (_, rest) = log
        .split_once("challenges are answered at http://127.0.0.1:")
        .unwrap();
    let digits = rest
        .chars()
        .take_while(char::is_ascii_digit)
        .collect::<String>();
    directory.validates_at(server.address().port(), digits.parse().ok());
    await_trusted(&server, &directory);
    assert!(directory.validated().contains(&format!("http-01 {HOST}")));
    let at = format!("http://127.0.0.1:{digits}");
    let other = crate::support::Client::new(at["http://".len()..].parse().unwrap(), false);
    assert_eq!(other.get("/.well-known/acme-challenge/unknown").status, 404);
    assert_eq!(other.get("/v2/").status, 404);
    server.stop();
}

#[test]
fn a_failure_is_logged_once_and_not_repeated_by_restarts() {
    let directory = AcmeDirectory::start(Judgement::Refuse);
    let (setup, scratch) = setup(&directory, "");
    let server = setup.start();
    directory.validates_at(server.address().port(), None);
    let log = server.log_with("no certificate for");
    let line = log
        .lines()
        .find(|line| line.contains("no certificate for"))
        .unwrap();
    assert!(
        line.contains(": this test refuses; next attempt 20"),
        "{line}"
    );
    assert!(
        line.contains("hint: the authority must reach these names"),
        "{line}"
    );
    let mut server = server;
    for _ in 0..3 {
        server = server.restart();
        assert!(tls::peer(server.address().port(), HOST, &[], None).is_ok());
        let log = server.log_with("because the last attempt failed (");
        assert!(log.contains("will be requested at 20"), "{log}");
    }
    assert_eq!(directory.orders(), 1);
    let (path, text) = record(scratch.path());
    assert_eq!(text["failures"], 1);
    // After a repair a restart tries at once, but not again and again.
    let stopped = server.stop();
    let mut text = text;
    text["tried"] = "2026-01-01T00:00:00Z".into();
    text["next"] = "2996-01-01T00:00:00Z".into();
    std::fs::write(path, text.to_string()).unwrap();
    let _server = stopped.start();
    eventually("it is tried again", || directory.orders() == 2);
}

#[test]
fn usage_errors_are_reported_before_any_request() {
    let check = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_regctl"));
        let output = attempt(command.args(["serve", "--check"]).args(arguments));
        assert!(
            !output.success || arguments.contains(&HOST),
            "{}",
            output.text
        );
        output.text
    };
    let text = check(&["--tls", "acme"]);
    assert!(
        text.contains("hint: write it as in --tls acme --host"),
        "{text}"
    );
    let text = check(&["--tls", "acme", "--host", "10.0.0.1"]);
    assert!(text.contains("which is not a host name"), "{text}");
    let text = check(&["--acme-email", "a@b"]);
    assert!(text.contains("--acme-email has no effect"), "{text}");
    let ca = ["--tls", "acme", "--host", HOST, "--acme-ca", "/nonexistent"];
    assert!(check(&ca).contains("--acme-ca: /nonexistent"));
    let plain = [
        "--tls",
        "acme",
        "--host",
        HOST,
        "--acme-directory",
        "http://ca/",
    ];
    assert!(check(&plain).contains("which is not the https address"));
    let text = check(&["--tls", "acme", "--host", HOST, "--acme-http", ":80"]);
    let expected = "Certificate: from https://acme-v02.api.letsencrypt.org/directory for \
                    registry.example.com, by HTTP-01 at :80, or TLS-ALPN-01, TLS 1.2 or later";
    assert!(text.contains(expected), "{text}");
}
