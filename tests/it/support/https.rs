//! A small HTTPS server for tests, with a certificate of its own authority. It serves until the
//! test process ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio_rustls::rustls;

use super::tls;

/// An answer: status, further headers, body.
pub(crate) type Answer = (u16, Vec<(String, String)>, String);

/// An authority that issues certificates.
pub(crate) struct Authority {
    pub(crate) issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    pub(crate) fn write(&self, path: &Path) {
        std::fs::write(path, &self.pem).unwrap();
    }

    /// TLS with a certificate for 127.0.0.1.
    fn config(&self) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let config = ServerConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            );
        Arc::new(config.unwrap())
    }
}

/// Binds a port. Returns it with its address: `https://127.0.0.1:PORT`.
pub(crate) fn bind() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    (listener, address)
}

/// Answers every request by its method, target and body.
pub(crate) fn serve(
    listener: TcpListener,
    authority: &Authority,
    answer: impl Fn(&str, &str, &[u8]) -> Answer + Send + Sync + 'static,
) {
    let (config, answer) = (authority.config(), Arc::new(answer));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (config, answer) = (Arc::clone(&config), Arc::clone(&answer));
            thread::spawn(move || exchange(stream, config, &*answer));
        }
    });
}

fn exchange(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    answer: &dyn Fn(&str, &str, &[u8]) -> Answer,
) {
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let connection = ServerConnection::new(config).unwrap();
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    let (mut first, mut length) = (String::new(), 0);
    if reader.read_line(&mut first).is_err() {
        return;
    }
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(1..) if line.trim().is_empty() => break,
            Ok(1..) => {}
            _ => return,
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut words = first.split_whitespace();
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (status, mut headers, text) = answer(method, target, &body);
    headers.push(("Content-Length".into(), text.len().to_string()));
    let mut written = format!("HTTP/1.1 {status} .\r\nConnection: close\r\n");
    for (name, value) in headers {
        written.extend([name.as_str(), ": ", value.as_str(), "\r\n"]);
    }
    written.push_str("\r\n");
    if method != "HEAD" {
        written.push_str(&text);
    }
    let stream = reader.get_mut();
    let _ = stream.write_all(written.as_bytes());
    stream.conn.send_close_notify();
    let _ = stream.flush();
}
