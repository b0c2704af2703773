//! Connections to the server: TLS, HTTP/2, sockets, prefixes, certificates that change.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode, Version};

use crate::support::Server;

const CONFIG: &str = "version: 0.1\nstorage:\n  delete: {enabled: true}\n";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Writes a certificate for the loopback. Returns its PEM.
fn certify(directory: &Path) -> String {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let signed = rcgen::generate_simple_self_signed(names).unwrap();
    std::fs::write(
        directory.join("key.pem"),
        signed.signing_key.serialize_pem(),
    )
    .unwrap();
    std::fs::write(directory.join("certificate.pem"), signed.cert.pem()).unwrap();
    signed.cert.pem()
}

fn with_tls(directory: &Path, more: &str) -> Server {
    let directory = directory.display();
    Server::regctl_with(&format!(
        "{CONFIG}http:\n  addr: 127.0.0.1:0\n{more}  tls:\n    certificate: {directory}/certificate.pem\n    key: {directory}/key.pem\n"
    ))
}

/// A client that trusts only this certificate.
fn trusting(certificate: &str) -> Client {
    let certificate = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
    Client::builder()
        .tls_certs_only([certificate])
        .no_proxy()
        .build()
        .unwrap()
}

#[test]
fn http_2_over_tls() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = certify(directory.path());
    let server = with_tls(directory.path(), "");
    let url = format!("https://{}", server.address());
    runtime().block_on(async {
        let client = trusting(&certificate);
        for (path, status) in [
            ("/v2/", 200),
            ("/v2/none/manifests/1", 404),
            ("/livez", 200),
            ("/nothing", 404),
        ] {
            let head = client.head(format!("{url}{path}")).send().await.unwrap();
            let get = client.get(format!("{url}{path}")).send().await.unwrap();
            assert_eq!(head.version(), Version::HTTP_2);
            assert_eq!(
                (head.status().as_u16(), get.status().as_u16()),
                (status, status),
                "{path}"
            );
            let length = head.headers()["content-length"]
                .to_str()
                .unwrap()
                .to_owned();
            assert!(head.bytes().await.unwrap().is_empty());
            assert_eq!(
                get.bytes().await.unwrap().len().to_string(),
                length,
                "{path}"
            );
        }
        let large = vec![b' '; 5 << 20];
        let answer = client
            .put(format!("{url}/v2/a/manifests/1"))
            .body(large)
            .send()
            .await;
        assert_eq!(answer.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);

        let blob = vec![7; 3 << 20];
        let digest = regctl::hash::Hasher::digest(regctl::oci::Algorithm::Sha256, &blob);
        let upload = format!("{url}/v2/a/blobs/uploads/?digest={digest}");
        let answer = client.post(upload).body(blob.clone()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        assert!(location.starts_with("https://"), "{location}");
        let read = client
            .get(location)
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        assert_eq!(read, blob);
    });
    server.stop();
}

#[test]
fn http_1_1_without_http_2() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = certify(directory.path());
    let server = with_tls(directory.path(), "  http2: {disabled: true}\n");
    let url = format!("https://{}/v2/", server.address());
    runtime().block_on(async {
        let answer = trusting(&certificate).get(url).send().await.unwrap();
        assert_eq!(answer.version(), Version::HTTP_11);
    });
    server.stop();
}

#[test]
fn http_2_without_tls_if_enabled() {
    let client = || {
        Client::builder()
            .http2_prior_knowledge()
            .no_proxy()
            .build()
            .unwrap()
    };
    for (setting, works) in [("  h2c: {enabled: true}\n", true), ("", false)] {
        let text = format!("{CONFIG}http:\n  addr: 127.0.0.1:0\n{setting}");
        let server = Server::regctl_with(&text);
        let url = format!("http://{}/v2/", server.address());
        runtime().block_on(async {
            let answer = client().get(&url).send().await;
            assert_eq!(
                answer.is_ok_and(|answer| answer.version() == Version::HTTP_2),
                works
            );
            let plain = Client::builder().no_proxy().build().unwrap();
            let answer = plain.get(&url).send().await.unwrap();
            assert_eq!(answer.version(), Version::HTTP_11);
        });
        server.stop();
    }
}

#[test]
fn a_changed_certificate_is_reloaded() {
    let directory = tempfile::tempdir().unwrap();
    let first = certify(directory.path());
    let server = with_tls(directory.path(), "");
    let url = format!("https://{}/v2/", server.address());
    runtime().block_on(async {
        trusting(&first).get(&url).send().await.unwrap();
        // An unusable certificate leaves the old one in use.
        std::fs::write(directory.path().join("certificate.pem"), "nonsense").unwrap();
        tokio::time::sleep(Duration::from_secs(3)).await;
        trusting(&first).get(&url).send().await.unwrap();
        let second = certify(directory.path());
        let begun = Instant::now();
        while trusting(&second).get(&url).send().await.is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "the new certificate is not in use"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        trusting(&first).get(&url).send().await.unwrap_err();
    });
    server.stop();
}

#[test]
fn the_server_answers_only_below_its_prefix() {
    let text = format!("{CONFIG}http:\n  addr: 127.0.0.1:0\n  prefix: /reg/\n");
    let server = Server::regctl_with(&text);
    let url = format!("http://{}", server.address());
    runtime().block_on(async {
        let client = Client::builder().no_proxy().build().unwrap();
        let status = async |method: Method, path: &str| {
            let answer = client
                .request(method, format!("{url}{path}"))
                .send()
                .await
                .unwrap();
            (
                answer.status().as_u16(),
                answer.headers().get("location").cloned(),
            )
        };
        assert_eq!(status(Method::GET, "/reg/v2/").await.0, 200);
        assert_eq!(status(Method::GET, "/v2/").await.0, 404);
        assert_eq!(status(Method::GET, "/livez").await.0, 200);
        let (code, location) = status(Method::POST, "/reg/v2/a/blobs/uploads/").await;
        assert_eq!(code, 202);
        let location = location.unwrap().to_str().unwrap().to_owned();
        assert!(
            location.starts_with(&format!("{url}/reg/v2/a/blobs/uploads/")),
            "{location}"
        );
    });
    server.stop();
}

#[test]
fn a_unix_socket() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("registry.sock");
    // The socket of a killed server is replaced.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let mut server = Command::new(env!("CARGO_BIN_EXE_regctl"))
        .arg("serve")
        .arg("--root")
        .arg(directory.path().join("root"))
        .arg("--listen")
        .arg(format!("unix:{}", socket.display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let mut stream = loop {
        match UnixStream::connect(&socket) {
            Ok(stream) => break stream,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(20), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    stream
        .write_all(b"GET /v2/ HTTP/1.1\r\nHost: registry\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let process = rustix::process::Pid::from_child(&server);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    assert!(server.wait().unwrap().success());
    assert!(!socket.exists());
}
