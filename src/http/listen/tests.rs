//! Connections without a complete request are closed after the idle timeout, whatever part of a
//! request they have sent.

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::http::address::{Address, SocketAccess};
use crate::http::tls::Certificate;
use crate::http::{Locations, Options, PageLimits, RateLimits, Tls, TlsVersion};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn app() -> App {
    App::of_pages(Options {
        locations: Locations::default(),
        rates: RateLimits::default(),
        trusted_proxies: Vec::new(),
        user_header: None,
        limits: PageLimits {
            catalog: 1,
            tags: 1,
        },
        headers: Vec::new(),
        access_log: None,
        access_log_json: false,
        metrics: Arc::default(),
        health: Arc::default(),
        metrics_path: None,
        pages: None,
    })
}

/// Sends a part of a request and waits until the server closes the connection.
async fn closes(mut stream: impl AsyncRead + AsyncWrite + Unpin, sent: &[u8]) {
    stream.write_all(sent).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = Vec::new();
    let closed = stream.read_to_end(&mut answer);
    let closed = tokio::time::timeout(Duration::from_secs(30), closed).await;
    // A reset and an end without close_notify are ends, too.
    assert!(closed.is_ok(), "open after {sent:?}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a certificate for the test")]
async fn a_part_of_a_request_has_a_deadline() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(path("key.pem"), signed.signing_key.serialize_pem()).unwrap();
    std::fs::write(path("chain.pem"), signed.cert.pem()).unwrap();
    let tls = Tls {
        certificate: Certificate::load(&path("chain.pem"), &path("key.pem")).unwrap(),
        minimum: TlsVersion::Tls12,
        clients: None,
        challenges: None,
    };
    let mut roots = RootCertStore::empty();
    roots.add(signed.cert.der().clone()).unwrap();
    for (encrypted, protocol) in [(false, None), (true, None), (true, Some("h2"))] {
        let address = Address::Tcp("127.0.0.1".to_owned(), 0);
        let bound = Bound::bind(&address, SocketAccess::default())
            .await
            .unwrap();
        let Socket::Tcp(listener) = &bound.socket else {
            panic!("a port is no socket file")
        };
        let address = listener.local_addr().unwrap();
        let service = Service {
            app: app(),
            serves: Serves::Registry,
            acceptor: encrypted.then(|| tls.acceptor(true).unwrap()),
            http2: true,
            timeouts: Timeouts {
                idle: Duration::from_millis(300),
                ..TIMEOUTS
            },
        };
        let limits = Limits {
            connections: 9,
            requests: 9,
        };
        let listening = bound.start(service, limits);
        for sent in [
            &b""[..],
            b"GET /v2/ HT",
            b"PRI * HTTP/2.0\r\n\r\nSM",
            PREFACE,
        ] {
            let stream = TcpStream::connect(address).await.unwrap();
            if !encrypted {
                closes(stream, sent).await;
                continue;
            }
            let config =
                ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                    .with_safe_default_protocol_versions()
                    .unwrap()
                    .with_root_certificates(roots.clone());
            let mut config = config.with_no_client_auth();
            config.alpn_protocols = protocol
                .iter()
                .map(|name: &&str| name.as_bytes().to_vec())
                .collect();
            let name = ServerName::try_from("localhost").unwrap();
            let connector = TlsConnector::from(Arc::new(config));
            closes(connector.connect(name, stream).await.unwrap(), sent).await;
        }
        assert!(listening.drain(Duration::from_secs(30)).await);
    }
}
