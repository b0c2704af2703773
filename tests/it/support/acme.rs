//! An ACME directory (RFC 8555) for tests: checks every signature, nonce and address, validates
//! challenges over real connections, and issues certificates of its own authority.
//!
//! Names resolve to 127.0.0.1, and the test sets the ports of the server.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rcgen::CertificateParams;
use serde_json::{Value, json};

use super::acme_checks::{answers_http, answers_tls, contains, requested_key};
use super::https::{self, Answer, Authority};

/// How challenges are validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// By the server's answer.
    Fair,
    /// Every challenge fails.
    Refuse,
}

/// The directory. It serves until the test process ends.
#[derive(Clone)]
pub(crate) struct AcmeDirectory {
    pub(super) address: String,
    authority: Arc<Authority>,
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
    /// The validated challenges, as `tls-alpn-01 host`.
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

impl AcmeDirectory {
    pub(crate) fn start(judgement: Judgement) -> Self {
        let (listener, address) = https::bind();
        let directory = Self {
            address,
            authority: Arc::new(Authority::new()),
            judgement,
            state: Arc::default(),
        };
        let serving = directory.clone();
        https::serve(listener, &directory.authority, move |method, path, body| {
            let (status, mut headers, text) = serving.answer(method, path, body);
            headers.push(("Replay-Nonce".into(), serving.nonce()));
            (status, headers, text)
        });
        directory
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/directory", self.address)
    }

    /// The authority of its own certificate and of all that it issues, PEM.
    pub(crate) fn authority(&self) -> &str {
        &self.authority.pem
    }

    pub(crate) fn write_authority(&self, path: &Path) {
        self.authority.write(path);
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
            ("account", Some(_), _) => {
                let contact = payload["contact"].clone();
                self.state().contacts.push(contact);
                document(200, &json!({"status": "valid"}))
            }
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

    /// Connects to the server as soon as its ports are set, and validates its answer.
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
        let leaf = params.signed_by(&key, &self.authority.issuer).unwrap();
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
