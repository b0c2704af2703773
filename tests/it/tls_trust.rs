//! TLS with the server's own authority, and clients that trust it: regctl, docker, podman. Client
//! certificates as configured in `config.yml`.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::interop::{base, podman};
use crate::interop_docker::Dockerd;
use crate::support::{Log, Program, Server, Setup, attempt, eventually, have, is_root, run, skip};

/// A server with its own authority on all addresses. Dropping it kills it.
pub(crate) struct Own {
    child: Child,
    pub(crate) log: Log,
    pub(crate) root: tempfile::TempDir,
    pub(crate) port: String,
}

impl Own {
    fn start(more: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), more)
    }

    pub(crate) fn start_in(root: tempfile::TempDir, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_regctl"))
            .args([
                "serve",
                "--listen",
                "0.0.0.0:0",
                "--tls",
                "self-signed",
                "--root",
            ])
            .arg(root.path())
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Log::default();
        log.drain(child.stderr.take().unwrap());
        let mut port = None;
        eventually("it serves", || {
            let text = log.text();
            let after = text.split_once("Serving https://0.0.0.0:");
            port = after.and_then(|(_, rest)| Some(rest.split_once('"')?.0.to_owned()));
            port.is_some()
        });
        Self {
            child,
            log,
            root,
            port: port.unwrap(),
        }
    }

    /// The fingerprint in its log.
    fn fingerprint(&self) -> String {
        let text = self.log.text();
        let (_, rest) = text.split_once("authority=").unwrap();
        rest.split_whitespace()
            .next()
            .unwrap()
            .trim_matches('"')
            .to_owned()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn regctl(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regctl"));
    command
        .env("HOME", home)
        .env_remove("XDG_CONFIG_HOME")
        .stdin(Stdio::null());
    command
}

/// An address of this machine that is not the loopback.
fn outer_address() -> Option<String> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then(|| address.to_string())
}

#[test]
fn an_authority_is_trusted_by_its_fingerprint_and_forgotten() {
    if !is_root() {
        return;
    }
    let server = Own::start(&[]);
    let home = tempfile::tempdir().unwrap();
    let host = format!("127.0.0.1:{}", server.port);
    let fingerprint = server.fingerprint();
    let files: Vec<PathBuf> = ["docker", "containers", "containerd"]
        .iter()
        .map(|client| PathBuf::from(format!("/etc/{client}/certs.d/{host}/regctl-ca.crt")))
        .collect();
    let untrusted =
        attempt(regctl(home.path()).args(["catalog", "--registry", &format!("https://{host}")]));
    assert!(!untrusted.success, "{}", untrusted.text);

    // Without a terminal and without a fingerprint it is an error.
    let asked = attempt(regctl(home.path()).args(["trust", &host]));
    assert!(
        !asked.success && asked.text.contains(&fingerprint),
        "{}",
        asked.text
    );
    let other = format!("sha256:{}", "0".repeat(64));
    let wrong = attempt(regctl(home.path()).args(["trust", &host, "--fingerprint", &other]));
    assert!(
        !wrong.success && wrong.text.contains(&fingerprint),
        "{}",
        wrong.text
    );
    assert!(!files.iter().any(|file| file.exists()));

    let upper = fingerprint.to_ascii_uppercase();
    run(regctl(home.path()).args(["trust", &host, "--fingerprint", &upper]));
    let authority = server.root.path().join("regctl/tls/ca.pem");
    for file in &files {
        let (kept, made) = (
            std::fs::read_to_string(file),
            std::fs::read_to_string(&authority),
        );
        let same = |text: String| text.split_whitespace().collect::<String>();
        assert_eq!(same(kept.unwrap()), same(made.unwrap()));
    }
    let trusted = regctl(home.path())
        .args(["catalog", "--registry", &format!("https://{host}")])
        .output();
    run(regctl(home.path()).args(["trust", &host, "--remove"]));
    assert!(trusted.unwrap().status.success());
    assert!(!files.iter().any(|file| file.parent().unwrap().exists()));
}

#[test]
fn servers_without_tls_or_with_another_name_are_not_trusted() {
    let home = tempfile::tempdir().unwrap();
    let plain = Server::regctl();
    let said = attempt(regctl(home.path()).args(["trust", &plain.host(), "--yes"]));
    assert!(
        !said.success && said.text.contains("does not speak TLS"),
        "{}",
        said.text
    );
    let server = Own::start(&["--host", "registry.example.com"]);
    let said = attempt(regctl(home.path()).args([
        "trust",
        &format!("127.0.0.2:{}", server.port),
        "--yes",
    ]));
    assert!(
        !said.success && said.text.contains("--host"),
        "{}",
        said.text
    );
}

#[test]
fn plain_http_gets_an_error_on_a_tls_port_and_a_warning_elsewhere() {
    let server = Own::start(&[]);
    for request in [
        "GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.0\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{}", server.port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(
            answer.contains("HTTP request to an HTTPS server"),
            "{answer}"
        );
    }
    assert!(!server.log.text().contains("plain HTTP"));
    for (address, warned) in [
        ("0.0.0.0:0", true),
        ("127.0.0.1:0", false),
        ("localhost:0", false),
    ] {
        let root = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_regctl"))
            .args(["serve", "--listen", address, "--root"])
            .arg(root.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Log::default();
        log.drain(child.stderr.take().unwrap());
        eventually("it serves", || log.text().contains("Serving http://"));
        let said = log.text().contains("plain HTTP") && log.text().contains("--tls self-signed");
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(said, warned, "{address}: {}", log.text());
    }
}

#[test]
fn docker_and_podman_trust_the_fetched_authority() {
    if !is_root() || !have(&["dockerd", "docker", "containerd", "podman", "tar"]) {
        return;
    }
    let Some(address) = outer_address() else {
        skip("this machine has no address but the loopback");
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let (Some(archive), Some(daemon)) = (base(scratch.path()), Dockerd::start()) else {
        return;
    };
    let server = Own::start(&[]);
    let host = format!("{address}:{}", server.port);
    let image = format!("{host}/team/tool:1");
    run(daemon.docker().arg("import").arg(&archive).arg(&image));
    let refused = attempt(daemon.docker().args(["push", &image]));
    assert!(
        !refused.success && refused.text.contains("certificate"),
        "{}",
        refused.text
    );
    run(regctl(scratch.path()).args(["trust", &host, "--fingerprint", &server.fingerprint()]));
    let pushed = attempt(daemon.docker().args(["push", &image]));
    let pulled = attempt(podman(scratch.path()).args(["pull", &image]));
    run(regctl(scratch.path()).args(["trust", &host, "--remove"]));
    assert!(pushed.success, "{}", pushed.text);
    assert!(pulled.success, "{}", pulled.text);
    let forgotten = attempt(podman(scratch.path()).args(["pull", &image]));
    assert!(!forgotten.success, "{}", forgotten.text);
}

#[test]
fn client_certificates_of_configured_authorities_are_accepted() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name);
    let write = |name: &str, text: String| std::fs::write(path(name), text).unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let server_side = rcgen::generate_simple_self_signed(names).unwrap();
    write("server.pem", server_side.cert.pem());
    write("server.key", server_side.signing_key.serialize_pem());
    let mut params = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let authority = params.self_signed(&authority_key).unwrap();
    write("clients.pem", authority.pem());
    // A configured certificate may be that of a client, too.
    let itself = format!("{}{}", authority.pem(), authority_key.serialize_pem());
    let issuer = rcgen::Issuer::new(params, authority_key);
    let client_key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["ci".to_owned()]).unwrap();
    let client_side = params.signed_by(&client_key, &issuer).unwrap();
    let identity = format!("{}{}", client_side.pem(), client_key.serialize_pem());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (auth, without) in [
        ("", false),
        ("    clientauth: require-and-verify-client-cert\n", false),
        ("    clientauth: verify-client-cert-if-given\n", true),
    ] {
        let directory = scratch.path().display();
        let text = format!(
            "version: 0.1\nhttp:\n  addr: 127.0.0.1:0\n  tls:\n    certificate: {directory}/server.pem\n    \
             key: {directory}/server.key\n    clientcas: [{directory}/clients.pem]\n{auth}"
        );
        let server = Setup::new(Program::Regctl).config(&text).start();
        let url = format!("https://{}/v2/", server.host());
        let get = |identity: Option<&str>| {
            let trusted =
                reqwest::Certificate::from_pem(server_side.cert.pem().as_bytes()).unwrap();
            let mut builder = reqwest::Client::builder()
                .tls_certs_only([trusted])
                .no_proxy();
            if let Some(pem) = identity {
                builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap());
            }
            let client = builder.build().unwrap();
            runtime.block_on(async { client.get(&url).send().await.is_ok() })
        };
        assert_eq!(get(None), without, "{auth}");
        assert!(get(Some(&identity)), "{auth}");
        assert!(get(Some(&itself)), "{auth}");
        // Issued by another authority.
        let stranger = rcgen::generate_simple_self_signed(vec!["ci".to_owned()]).unwrap();
        let pem = format!(
            "{}{}",
            stranger.cert.pem(),
            stranger.signing_key.serialize_pem()
        );
        assert!(!get(Some(&pem)), "{auth}");
        let health = |config: &str| {
            let config_file = path("config.yml");
            std::fs::write(&config_file, config).unwrap();
            let mut command = regctl(scratch.path());
            command.arg("health").arg("--config").arg(config_file);
            attempt(&mut command)
        };
        let config = text.replace("127.0.0.1:0", &server.host());
        let healthy = health(&config);
        assert!(healthy.success, "{}", healthy.text);
        let said = if without {
            "ready"
        } else {
            "requires a client certificate"
        };
        assert!(healthy.text.contains(said), "{}", healthy.text);
        server.stop();
        assert!(!health(&config).success, "no server runs");
    }
}

#[test]
fn the_doctor_reports_problems_and_remedies() {
    let home = tempfile::tempdir().unwrap();
    let doctor = |host: &str| {
        let output = regctl(home.path())
            .args(["doctor", host])
            .env_remove("HTTPS_PROXY")
            .env_remove("https_proxy")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), text)
    };
    let plain = Server::regctl();
    let server = Own::start(&[]);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = free.local_addr().unwrap().to_string();
    drop(free);
    let own = format!("127.0.0.1:{}", server.port);
    let fingerprint = server.fingerprint();
    for (host, expected) in [
        (
            plain.host(),
            vec!["http, without TLS", "sign-in", "podman: ", "containerd: "],
        ),
        (
            own.clone(),
            vec![
                "https",
                "not trusted by this machine",
                "issuer       regctl authority",
                "podman: as root, regctl trust",
                &fingerprint,
            ],
        ),
        (
            format!("127.0.0.2:{}", server.port),
            vec!["not valid for 127.0.0.2", "--host 127.0.0.2"],
        ),
        (closed, vec!["refused", "see that the registry runs"]),
        ("no-such-host.invalid:5000".to_owned(), vec!["/etc/hosts"]),
    ] {
        let (code, text) = doctor(&host);
        assert_eq!(code, Some(1), "{text}");
        for part in expected {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    // The server's own words about its certificate.
    let root = server.root.path().display().to_string();
    let output = regctl(home.path())
        .args(["doctor", "--root", &root])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    for part in [
        "self-signed",
        "issuer       regctl authority",
        &fingerprint,
        " days left",
        "Nothing has to be done",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    if is_root() {
        run(regctl(home.path()).args(["trust", &own, "--fingerprint", &fingerprint]));
        let (code, text) = doctor(&own);
        run(regctl(home.path()).args(["trust", &own, "--remove"]));
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("Nothing has to be done"), "{text}");
    }
    plain.stop();
}
