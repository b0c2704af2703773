//! Workloads that sign in with the ID token of their platform, whose keys are discovered.

use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use serde_json::{Value, json};

use crate::accounts_clients::sign_in;
use crate::accounts_support::basic;
use crate::interop::base;
use crate::interop_docker::Dockerd;
use crate::support::https::{self, Authority};
use crate::support::{Image, Remote, Request, Server, attempt, have, is_root, run};

/// An issuer of ID tokens, like a CI system.
struct Issuer {
    address: String,
    authority: Authority,
    key: Arc<Mutex<EncodingKey>>,
}

fn key() -> EncodingKey {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    EncodingKey::from_ec_der(document.unwrap().as_ref())
}

impl Issuer {
    fn start() -> Self {
        let (listener, address) = https::bind();
        let issuer = Self {
            address: address.clone(),
            authority: Authority::new(),
            key: Arc::new(Mutex::new(key())),
        };
        let key = Arc::clone(&issuer.key);
        https::serve(listener, &issuer.authority, move |_, path, _| {
            let text = match path {
                "/.well-known/openid-configuration" => {
                    json!({"issuer": address, "jwks_uri": format!("{address}/keys")})
                }
                "/keys" => {
                    let mut jwk =
                        Jwk::from_encoding_key(&key.lock().unwrap(), Algorithm::ES256).unwrap();
                    jwk.common.key_id = Some("one".into());
                    json!({"keys": [jwk]})
                }
                _ => return (404, Vec::new(), String::new()),
            };
            (200, Vec::new(), text.to_string())
        });
        issuer
    }

    fn token(&self, changes: &Value) -> String {
        let now = get_current_timestamp();
        let mut claims = json!({
            "iss": self.address, "aud": "registry.example.com", "exp": now + 300, "nbf": now,
            "sub": "repo:org/app:ref:refs/heads/main", "repository": "org/app",
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let header = Header {
            kid: Some("one".into()),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, &claims, &self.key.lock().unwrap()).unwrap()
    }
}

fn start(issuer: &Issuer, scratch: &std::path::Path) -> Server {
    start_at(
        issuer,
        scratch,
        "http: {host: 'https://registry.example.com'}\n",
    )
}

/// With an address in the configuration, or without one.
fn start_at(issuer: &Issuer, scratch: &std::path::Path, address: &str) -> Server {
    let authority = scratch.join("authority.pem");
    issuer.authority.write(&authority);
    Server::regctl_with(&format!(
        "\
version: 0.1
storage: {{filesystem: {{}}}}
{address}regctl:
  accounts: {{enabled: true}}
  workloads:
    - issuer: {}
      ca: {}
      audience: registry.example.com
      claims: {{repository: org/app}}
      scope: ['team/app:pull,push']
",
        issuer.address,
        authority.display()
    ))
}

#[test]
fn a_job_pushes_with_the_token_of_its_platform() {
    let (issuer, scratch) = (Issuer::start(), tempfile::tempdir().unwrap());
    let server = start(&issuer, scratch.path());
    let token = issuer.token(&json!({}));
    let signed_in = |token: &str| server.client().authorized(&basic("workload", token));
    let target = "/auth/token?service=registry.example.com\
                  &scope=repository:team/app:pull,push,delete&scope=repository:other:pull";
    let answer = signed_in(&token).send(&Request::new("GET", target));
    let bearer = answer.expect(200).json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let pushing = server.client().authorized(&format!("Bearer {bearer}"));
    let image = Image::new(1);
    Remote::new(pushing.clone(), "team/app").push("v1", &image);
    assert_eq!(pushing.get("/v2/other/tags/list").status, 404);
    assert_eq!(pushing.get("/v2/team/app/tags/list").status, 200);
    // The new repository is private: others do not see it.
    assert_eq!(server.client().get("/v2/team/app/tags/list").status, 401);
    server.log_with("a workload signed in");
    // An account of its name has nothing to do with it.
    let pushed_by = |name: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_regctl"));
        command.args(["audit", "--user", name, "--root"]);
        attempt(command.arg(server.root())).text.contains("set-tag")
    };
    assert!(pushed_by("workload:workload"));
    assert!(!pushed_by("workload"));

    // According to RFC 8693.
    let form = |kind: &str, token: &str| {
        let kind = format!("urn:ietf:params:oauth:token-type:{kind}");
        let text = format!(
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={token}\
             &subject_token_type={kind}&scope=repository:team/app:pull"
        );
        let request = Request::new("POST", "/auth/token")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(text.as_bytes());
        server.client().send(&request)
    };
    let answer = form("id_token", &token).expect(200).json();
    assert_eq!(
        answer["issued_token_type"],
        "urn:ietf:params:oauth:token-type:access_token"
    );
    assert_eq!(form("saml2", &token).status, 400);

    // Others are refused, and the reason is in the log.
    for (changes, reason) in [
        (
            json!({"repository": "org/other"}),
            "no rule of regctl.workloads matches",
        ),
        (json!({"aud": "other.example.com"}), "its audience (aud) is"),
        (json!({"exp": 1}), "it expired at 1970"),
        (
            json!({"iss": "https://other.example.com"}),
            "which no rule of regctl.workloads has",
        ),
    ] {
        let token = issuer.token(&changes);
        assert_eq!(
            signed_in(&token).send(&Request::new("GET", target)).status,
            401
        );
        server.log_with(reason);
    }
    *issuer.key.lock().unwrap() = key();
    let forged = issuer.token(&json!({}));
    assert_eq!(form("jwt", &forged).status, 401);
    assert!(!server.log().contains(&token), "a token in the log");
}

#[test]
fn rules_that_match_everybody_are_refused() {
    let check = |rule: &str, accounts: bool| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.yml");
        let text = format!(
            "version: 0.1\nstorage: {{filesystem: {{}}}}\nregctl:\n  accounts: {{enabled: \
             {accounts}}}\n  workloads: [{rule}]\n"
        );
        std::fs::write(&path, text).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_regctl"));
        command.args(["serve", "--check", "--config"]).arg(&path);
        crate::support::attempt(&mut command).text
    };
    let good = "{issuer: 'https://ci.example.com', claims: {sub: 'a*'}, scope: 'a/*:pull'}";
    let text = check(good, true);
    let line =
        "Workloads (workload): tokens of https://ci.example.com with sub \"a*\" may a/*:pull";
    assert!(text.contains(line), "{text}");
    for (rule, accounts, expected) in [
        (
            good,
            false,
            "which are not enabled; hint: write regctl.accounts.enabled: true",
        ),
        (
            "{issuer: 'https://ci.example.com', scope: 'a:pull'}",
            true,
            "claims is missing",
        ),
        (
            "{issuer: 'https://ci.example.com', claims: {a: b}}",
            true,
            "scope is missing",
        ),
        (
            "{claims: {a: b}, scope: 'a:pull'}",
            true,
            "issuer is missing",
        ),
        (
            "{issuer: 'http://ci', claims: {a: b}, scope: 'a:pull'}",
            true,
            "which is not the https address of an issuer",
        ),
        (
            "{issuer: 'https://ci', claims: {a: b}, scope: 'a:frob'}",
            true,
            "which is not a scope",
        ),
        (
            "{issuer: 'https://ci', claims: {a: b}, scope: 'a:pull', jwks: /nonexistent}",
            true,
            "/nonexistent",
        ),
    ] {
        let text = check(rule, accounts);
        assert!(text.contains(expected), "{rule}: {text}");
    }
}

/// The ID token is the password, on standard input, as in CI systems.
#[test]
fn docker_signs_in_with_the_token_of_a_platform() {
    if !is_root() || !have(&["dockerd", "docker", "containerd", "runc", "tar"]) {
        return;
    }
    let (issuer, scratch) = (Issuer::start(), tempfile::tempdir().unwrap());
    let server = start_at(&issuer, scratch.path(), "");
    let Some(archive) = base(server.scratch()) else {
        return;
    };
    let Some(daemon) = Dockerd::start() else {
        return;
    };
    let host = server.host();
    let image = |name: &str| format!("{host}/{name}:1");
    let login = |token: &str| {
        let mut command = daemon.docker();
        command.args(["login", "-u", "workload", "--password-stdin", &host]);
        sign_in(&mut command, token)
    };
    assert!(!login(&issuer.token(&json!({"repository": "org/other"}))));
    assert!(login(&issuer.token(&json!({}))));
    for name in ["team/app", "team/other"] {
        let mut import = daemon.docker();
        run(import.arg("import").arg(&archive).arg(image(name)));
    }
    run(daemon.docker().args(["push", &image("team/app")]));
    run(daemon.docker().args(["rmi", "--force", &image("team/app")]));
    run(daemon.docker().args(["pull", &image("team/app")]));
    let other = attempt(daemon.docker().args(["push", &image("team/other")]));
    assert!(!other.success, "{}", other.text);
    run(daemon.docker().args(["logout", &host]));
    let gone = attempt(daemon.docker().args(["push", &image("team/app")]));
    assert!(!gone.success, "{}", gone.text);
    server.stop();
}
