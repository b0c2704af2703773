//! An ACME directory (RFC 8555) for tests: it checks every signature, nonce and address, validates
//! challenges by really connecting, and issues certificates of an authority of its own.
//!
//! Names are resolved to 127.0.0.1, and the ports of the server are told to it.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use tokio_rustls::rustls;

use super::acme_checks::{answers_http, answers_tls, contains, requested_key};
use super::tls;

/// How challenges are offered and judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// By what the server answers.
    Fair,
    /// Every challenge fails.
    Refuse,
}

/// The directory. It serves until the test process ends.
#[derive(Clone)]
pub(crate) struct AcmeDirectory {
    pub(super) address: String,
    authority: Arc<(Issuer<'static, KeyPair>, String)>,
    judgement: Judgement,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) nonces: HashSet<String>,
    made: usize,
    /// The x and y of each account's key, and its thumbprint.
    pub(super) accounts: Vec<(Vec<u8>, String)>,
    pub(super) contacts: Vec<Value>,
    orders: Vec<Order>,
    tls_port: Option<u16>,
    http_port: Option<u16>,
    /// The challenges that were answered, as `tls-alpn-01 host`.
    validated: Vec<String>,
}

struct Order {
    hosts: Vec<String>,
    /// The state of each host's authorization, and why it is invalid.
    authorizations: Vec<(&'static str, String)>,
    certificate: Option<String>,
}

impl Order {
    fn status(&self) -> &'static str {
        let all = |status| self.authorizations.iter().all(|(one, _)| *one == status);
        let any = |status| self.authorizations.iter().any(|(one, _)| *one == status);
        match &self.certificate {
            Some(_) => "valid",
            None if any("invalid") => "invalid",
            None if all("valid") => "ready",
            None => "pending",
        }
    }
}

/// An answer: status, further headers, body.
type Answer = (u16, Vec<(String, String)>, String);

impl AcmeDirectory {
    pub(crate) fn start(judgement: Judgement) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let own_key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let own = own.signed_by(&own_key, &issuer).unwrap();
        let config = ServerConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![own.der().clone()],
                PrivatePkcs8KeyDer::from(own_key.serialize_der()).into(),
            )
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let directory = Self {
            address: format!("https://{}", listener.local_addr().unwrap()),
            authority: Arc::new((issuer, pem)),
            judgement,
            state: Arc::default(),
        };
        let serving = directory.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (serving, config) = (serving.clone(), Arc::clone(&config));
                thread::spawn(move || serving.serve(stream, config));
            }
        });
        directory
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/directory", self.address)
    }

    /// The authority of its own and of every certificate that it issues, PEM.
    pub(crate) fn authority(&self) -> &str {
        &self.authority.1
    }

    pub(crate) fn write_authority(&self, path: &Path) {
        std::fs::write(path, self.authority()).unwrap();
    }

    pub(crate) fn validates_at(&self, tls_port: u16, http_port: Option<u16>) {
        let mut state = self.state();
        state.tls_port = Some(tls_port);
        state.http_port = http_port;
    }

    pub(crate) fn orders(&self) -> usize {
        self.state().orders.len()
    }

    pub(crate) fn accounts(&self) -> usize {
        self.state().accounts.len()
    }

    pub(crate) fn contacts(&self) -> Vec<Value> {
        self.state().contacts.clone()
    }

    pub(crate) fn validated(&self) -> Vec<String> {
        self.state().validated.clone()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn serve(&self, stream: TcpStream, config: Arc<ServerConfig>) {
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
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let (status, mut headers, text) = self.answer(method, path, &body);
        headers.push(("Replay-Nonce".into(), self.nonce()));
        let mut answer = format!("HTTP/1.1 {status} .\r\nConnection: close\r\n");
        headers.push(("Content-Length".into(), text.len().to_string()));
        for (name, value) in headers {
            answer.extend([name.as_str(), ": ", value.as_str(), "\r\n"]);
        }
        answer.push_str("\r\n");
        if method != "HEAD" {
            answer.push_str(&text);
        }
        let stream = reader.get_mut();
        let _ = stream.write_all(answer.as_bytes());
        stream.conn.send_close_notify();
        let _ = stream.flush();
    }

    fn nonce(&self) -> String {
        let mut state = self.state();
        state.made += 1;
        let nonce = format!("nonce-{}", state.made);
        state.nonces.insert(nonce.clone());
        nonce
    }

    fn answer(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let at = |path: &str| format!("{}{path}", self.address);
        match (method, path) {
            ("GET", "/directory") => document(
                200,
                &json!({
                    "newNonce": at("/nonce"), "newAccount": at("/account"), "newOrder": at("/order"),
                }),
            ),
            ("HEAD", "/nonce") => (200, Vec::new(), String::new()),
            ("POST", _) => match self.verified(path, body) {
                Ok((account, payload)) => self.act(path, account, &payload),
                Err((kind, detail)) => problem(400, kind, &detail),
            },
            _ => problem(404, "malformed", "there is nothing here"),
        }
    }

    fn act(&self, path: &str, account: Option<usize>, payload: &Value) -> Answer {
        let location = |path: String| ("Location".to_owned(), format!("{}{path}", self.address));
        let Some(account) = account else {
            let (status, mut headers, text) = document(201, &json!({"status": "valid"}));
            headers.push(location(format!("/account/{}", self.accounts() - 1)));
            return (status, headers, text);
        };
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let number = |at: usize| parts.get(at).and_then(|part| part.parse::<usize>().ok());
        match (parts[0], number(1), number(2)) {
            ("order", None, _) => {
                let identifiers = payload["identifiers"].as_array().unwrap();
                let hosts: Vec<_> = identifiers
                    .iter()
                    .map(|identifier| identifier["value"].as_str().unwrap().to_owned())
                    .collect();
                let number = {
                    let mut state = self.state();
                    state.orders.push(Order {
                        authorizations: vec![("pending", String::new()); hosts.len()],
                        hosts,
                        certificate: None,
                    });
                    state.orders.len() - 1
                };
                let (_, mut headers, text) = self.order(number);
                headers.push(location(format!("/order/{number}")));
                (201, headers, text)
            }
            ("order", Some(number), _) if parts.get(2) == Some(&"finalize") => {
                self.finalize(number, payload)
            }
            ("order", Some(number), _) => self.order(number),
            ("authorization", Some(order), Some(host)) => self.authorization(order, host),
            ("challenge", Some(order), Some(host)) => {
                let kind = if parts[3] == "tls" {
                    "tls-alpn-01"
                } else {
                    "http-01"
                };
                let judging = self.clone();
                thread::spawn(move || judging.judge(order, host, account, kind));
                document(
                    200,
                    &json!({
                        "type": kind, "status": "processing", "token": token(order, host),
                        "url": format!("{}{path}", self.address),
                    }),
                )
            }
            ("certificate", Some(number), _) => {
                let chain = self.state().orders[number].certificate.clone().unwrap();
                let kind = "application/pem-certificate-chain".to_owned();
                (200, vec![("Content-Type".into(), kind)], chain)
            }
            _ => problem(404, "malformed", "there is nothing here"),
        }
    }

    fn order(&self, number: usize) -> Answer {
        let state = self.state();
        let order = &state.orders[number];
        let at = |path: String| format!("{}{path}", self.address);
        let hosts = 0..order.hosts.len();
        let mut text = json!({
            "status": order.status(),
            "finalize": at(format!("/order/{number}/finalize")),
            "authorizations":
                hosts.map(|host| at(format!("/authorization/{number}/{host}"))).collect::<Vec<_>>(),
            "identifiers":
                order.hosts.iter().map(|host| json!({"type": "dns", "value": host})).collect::<Vec<_>>(),
        });
        if order.certificate.is_some() {
            text["certificate"] = at(format!("/certificate/{number}")).into();
        }
        document(200, &text)
    }

    fn authorization(&self, order: usize, host: usize) -> Answer {
        let state = self.state();
        let (status, reason) = &state.orders[order].authorizations[host];
        let challenge = |kind: &str, short: &str| {
            let mut one = json!({
                "type": kind, "status": status, "token": token(order, host),
                "url": format!("{}/challenge/{order}/{host}/{short}", self.address),
            });
            if *status == "invalid" {
                one["error"] = json!({
                    "type": "urn:ietf:params:acme:error:unauthorized", "detail": reason,
                });
            }
            one
        };
        document(
            200,
            &json!({
                "status": status,
                "identifier": {"type": "dns", "value": state.orders[order].hosts[host]},
                "challenges": [challenge("http-01", "http"), challenge("tls-alpn-01", "tls")],
            }),
        )
    }

    /// Connects to the server as soon as its ports are known, and judges its answer.
    fn judge(&self, order: usize, host: usize, account: usize, kind: &str) {
        let (port, name, proof) = loop {
            {
                let state = self.state();
                let port = if kind == "http-01" {
                    state.http_port
                } else {
                    state.tls_port
                };
                if let Some(port) = port {
                    let thumbprint = &state.accounts[account].1;
                    let proof = format!("{}.{thumbprint}", token(order, host));
                    break (port, state.orders[order].hosts[host].clone(), proof);
                }
            }
            thread::sleep(Duration::from_millis(10));
        };
        let judged = match kind {
            _ if self.judgement == Judgement::Refuse => Err("this test refuses".to_owned()),
            "http-01" => answers_http(port, &name, &token(order, host), &proof),
            _ => answers_tls(port, &name, &proof),
        };
        let mut state = self.state();
        state.orders[order].authorizations[host] = match judged {
            Ok(()) => {
                state.validated.push(format!("{kind} {name}"));
                ("valid", String::new())
            }
            Err(reason) => ("invalid", reason),
        };
    }

    fn finalize(&self, number: usize, payload: &Value) -> Answer {
        let request = BASE64.decode(payload["csr"].as_str().unwrap()).unwrap();
        let hosts = {
            let state = self.state();
            let order = &state.orders[number];
            if order.status() != "ready" {
                return problem(403, "orderNotReady", "not all names are validated");
            }
            order.hosts.clone()
        };
        let Some(key) = requested_key(&request) else {
            return problem(400, "badCSR", "the signature does not hold");
        };
        let named = |host: &String| contains(&request, host.as_bytes());
        if !hosts.iter().all(named) {
            return problem(400, "badCSR", "other names than those of the order");
        }
        let mut params = CertificateParams::new(hosts).unwrap();
        let now = SystemTime::now();
        params.not_before = now.into();
        params.not_after = (now + Duration::from_hours(90 * 24)).into();
        let leaf = params.signed_by(&key, &self.authority.0).unwrap();
        let chain = format!("{}{}", leaf.pem(), self.authority());
        self.state().orders[number].certificate = Some(chain);
        self.order(number)
    }
}

fn token(order: usize, host: usize) -> String {
    format!("token-{order}-{host}-0123456789abcdefghijk")
}

fn document(status: u16, text: &Value) -> Answer {
    let kind = ("Content-Type".to_owned(), "application/json".to_owned());
    (status, vec![kind], text.to_string())
}

fn problem(status: u16, kind: &str, detail: &str) -> Answer {
    let kind = format!("urn:ietf:params:acme:error:{kind}");
    document(status, &json!({"type": kind, "detail": detail}))
}
