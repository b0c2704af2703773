//! The client commands against registries that misbehave, and ones that ask who is there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::cli_support::{MANIFEST, Regctl, digest};

/// A request as it came.
#[derive(Debug, Clone)]
struct Seen {
    /// Method and target.
    line: String,
    authorization: Option<String>,
    body: String,
}

/// A server that answers as a test says, one request a connection.
struct Strange {
    host: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Strange {
    /// `answer` is handed the request and how many came before it; it gives the whole answer.
    fn start(answer: impl Fn(&Seen, usize) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                // A client that looks whether this is TLS is none of the test's business.
                if let Some(request) = read(&mut stream) {
                    let mut log = log.lock().unwrap();
                    let answer = answer(&request, log.len());
                    log.push(request);
                    let _ = stream.write_all(&answer);
                }
            }
        });
        Self { host, seen }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream);
    if reader.fill_buf().ok()?.first() == Some(&0x16) {
        return None;
    }
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        lines.iter().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Seen {
        line: lines.first()?.trim_end_matches(" HTTP/1.1").to_owned(),
        authorization: header("authorization"),
        body: String::from_utf8(body).unwrap(),
    })
}

fn answer(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\nConnection: close\r\n").into_bytes();
    for header in headers {
        bytes.extend(format!("{header}\r\n").bytes());
    }
    bytes.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes());
    bytes.extend(body);
    bytes
}

fn not_found() -> Vec<u8> {
    let body = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
    answer("404 Not Found", &[], body)
}

const BODY: &[u8] = br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#;

fn manifest(announced: &str) -> Vec<u8> {
    let headers = [
        format!("Content-Type: {MANIFEST}"),
        format!("Docker-Content-Digest: {announced}"),
    ];
    answer("200 OK", &[&headers[0], &headers[1]], BODY)
}

const RAW: [&str; 4] = ["manifest", "inspect", "--raw", "app:1"];

#[test]
fn content_of_another_digest() {
    let strange = Strange::start(|_, _| manifest(&digest(b"something else")));
    let regctl = Regctl::new(&strange.host);
    for arguments in [
        &RAW[..],
        &["manifest", "inspect", "app:1"],
        &["manifest", "inspect", &format!("app@{}", digest(b"third"))],
    ] {
        let run = regctl.run(arguments).code(7);
        assert!(run.get_output().stdout.is_empty());
    }
}

#[test]
fn a_busy_registry_is_waited_for() {
    let strange = Strange::start(|_, before| match before {
        0 => answer("429 Too Many Requests", &["Retry-After: 1"], b""),
        _ => manifest(&digest(BODY)),
    });
    let start = Instant::now();
    Regctl::new(&strange.host).run(&RAW).success().stdout(BODY);
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(strange.seen().len(), 2);
}

#[test]
fn a_registry_that_goes_on_failing() {
    let strange =
        Strange::start(|_, _| answer("503 Service Unavailable", &[], b"upstream\x1b[2J gone"));
    let regctl = Regctl::new(&strange.host);
    let error = regctl.fails(6, &[&["-q", "--retries", "1"], &RAW[..]].concat());
    assert!(
        error.contains("(503 Service Unavailable): upstream [2J gone"),
        "{error}"
    );
    assert_eq!(strange.seen().len(), 2);
    // What asks for more patience than anyone has is not waited for.
    let strange =
        Strange::start(|_, _| answer("429 Too Many Requests", &["Retry-After: 9999"], b""));
    let error = Regctl::new(&strange.host).fails(6, &RAW);
    assert!(error.contains("hint: it asks to wait 9999 s"), "{error}");
    assert_eq!(strange.seen().len(), 1);
}

#[test]
fn a_connection_that_breaks() {
    let strange = Strange::start(|_, before| match before {
        0 => b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"schema".to_vec(),
        1 => Vec::new(),
        2 => b"nonsense\r\n\r\n".to_vec(),
        _ => manifest(&digest(BODY)),
    });
    Regctl::new(&strange.host).run(&RAW).success().stdout(BODY);
}

#[test]
fn answers_without_end() {
    let endless = Strange::start(|_, _| {
        let head = format!("Docker-Content-Digest: {}", digest(b""));
        answer("200 OK", &[&head], &vec![b' '; 5 * 1024 * 1024])
    });
    let error = Regctl::new(&endless.host).fails(1, &RAW);
    assert!(error.contains("longer than 4194304 bytes"), "{error}");

    let names = br#"{"repositories":["a"]}"#;
    for (link, reason) in [
        ("</v2/_catalog?n=1000>; rel=next", "lead back"),
        ("<http://127.0.0.2:9/v2/_catalog>; rel=next", "another host"),
    ] {
        let link = format!("Link: {link}");
        let strange = Strange::start(move |_, _| answer("200 OK", &[&link], names));
        let error = Regctl::new(&strange.host).fails(1, &["catalog", "-o", "name"]);
        assert!(error.contains(reason), "{error}");
    }
    let round = Strange::start(move |request, _| {
        let next = if request.line.contains("last=a") {
            "b"
        } else {
            "a"
        };
        let link = format!("Link: </v2/_catalog?last={next}>; rel=next");
        answer("200 OK", &[&link], names)
    });
    let error = Regctl::new(&round.host).fails(1, &["catalog", "-o", "name"]);
    assert!(error.contains("lead back"), "{error}");
    let moved = Strange::start(|_, _| answer("307 Moved", &["Location: /v2/again"], b""));
    let error = Regctl::new(&moved.host).fails(1, &RAW);
    assert!(error.contains("more redirects"), "{error}");
}

fn basic() -> Vec<u8> {
    let body = br#"{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}"#;
    answer(
        "401 Unauthorized",
        &["WWW-Authenticate: Basic realm=\"x\""],
        body,
    )
}

/// A docker configuration with a user and password for a host.
fn signed_in(regctl: &Regctl, host: &str) {
    let directory = regctl.home.path().join(".docker");
    std::fs::create_dir_all(&directory).unwrap();
    let config = json!({"auths": {host: {"auth": "dXNlcjpwYXNz"}}});
    std::fs::write(directory.join("config.json"), config.to_string()).unwrap();
}

#[test]
fn credentials_and_plain_http() {
    let strange = Strange::start(|request, _| match &request.authorization {
        Some(basic_user) if basic_user == "Basic dXNlcjpwYXNz" => manifest(&digest(BODY)),
        _ => basic(),
    });
    let regctl = Regctl::new(&strange.host);
    let plain = [&["--plain-http"], &RAW[..]].concat();
    let error = regctl.fails(4, &plain);
    assert!(error.contains("who are you; hint: sign in with"), "{error}");
    signed_in(&regctl, &strange.host);
    let error = regctl.fails(4, &RAW);
    assert!(error.contains("only with --plain-http"), "{error}");
    assert!(
        strange
            .seen()
            .iter()
            .all(|seen| seen.authorization.is_none())
    );
    regctl.run(&plain).success().stdout(BODY);
    signed_in(&regctl, "other.example");
    regctl.fails(4, &plain);
}

#[test]
fn a_redirect_takes_no_credentials_along() {
    let storage = Strange::start(|request, _| match request.authorization {
        None => manifest(&digest(BODY)),
        Some(_) => answer("400 Bad Request", &[], b"two credentials"),
    });
    let location = format!("Location: http://{}/signed?by=us", storage.host);
    let strange = Strange::start(move |request, _| match request.authorization {
        Some(_) => answer("307 Temporary Redirect", &[&location], b""),
        None => basic(),
    });
    let regctl = Regctl::new(&strange.host);
    signed_in(&regctl, &strange.host);
    let plain = [&["--plain-http"], &RAW[..]].concat();
    regctl.run(&plain).success().stdout(BODY);
    assert_eq!(storage.seen()[0].authorization, None);
    // Nor is a challenge answered that is not the registry's.
    let thief = Strange::start(|_, _| basic());
    let location = format!("Location: http://{}/", thief.host);
    let strange = Strange::start(move |_, _| answer("302 Found", &[&location], b""));
    signed_in(&regctl, &strange.host);
    let mut command = regctl.command();
    command.env("REGCTL_REGISTRY", &strange.host).args(&plain);
    command.assert().code(4);
    assert!(thief.seen().iter().all(|seen| seen.authorization.is_none()));
}

#[test]
fn a_token_service() {
    let tokens = Strange::start(|request, _| {
        let granted = request.authorization.is_some() || request.body.contains("refresh_token=r1");
        if granted {
            answer("200 OK", &[], br#"{"token":"t1","expires_in":1}"#)
        } else {
            answer("401 Unauthorized", &[], b"")
        }
    });
    let challenge = format!(
        "WWW-Authenticate: Bearer realm=\"http://{}/token\",service=\"s\",scope=\"repository:app:pull\"",
        tokens.host
    );
    let strange = Strange::start(move |request, _| match &request.authorization {
        Some(token) if token == "Bearer t1" => manifest(&digest(BODY)),
        _ => answer("401 Unauthorized", &[&challenge], b""),
    });
    let regctl = Regctl::new(&strange.host);
    let plain = [&["--plain-http"], &RAW[..]].concat();
    regctl.fails(4, &plain);
    signed_in(&regctl, &strange.host);
    regctl.run(&plain).success().stdout(BODY);
    let asked = tokens.seen().pop().unwrap();
    assert!(
        asked
            .line
            .starts_with("GET /token?service=s&scope=repository%3Aapp%3Apull&")
    );
    assert_eq!(asked.authorization.as_deref(), Some("Basic dXNlcjpwYXNz"));
    let config = json!({"auths": {&strange.host: {"identitytoken": "r1"}}}).to_string();
    let mut command = regctl.command();
    command.env("DOCKER_AUTH_CONFIG", config).args(&plain);
    command.assert().success().stdout(BODY);
    assert!(tokens.seen().pop().unwrap().line.starts_with("POST /token"));
}

#[cfg(unix)]
#[test]
fn credential_helpers() {
    use std::os::unix::fs::PermissionsExt;
    let strange = Strange::start(|request, _| match &request.authorization {
        Some(_) => manifest(&digest(BODY)),
        None => basic(),
    });
    let regctl = Regctl::new(&strange.host);
    let helper = regctl.home.path().join("docker-credential-test");
    let script = |text: &str| {
        std::fs::write(&helper, format!("#!/bin/sh\nread server\n{text}\n")).unwrap();
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let run = || {
        let mut command = regctl.command();
        let path = format!("{}:/usr/bin:/bin", regctl.home.path().display());
        command
            .env("PATH", path)
            .env("DOCKER_AUTH_CONFIG", r#"{"credsStore":"test"}"#)
            .arg("--plain-http")
            .args(RAW);
        command.assert()
    };
    script(r#"printf '{"ServerURL":"%s","Username":"u","Secret":"p"}' "$server""#);
    run().success().stdout(BODY);
    let seen = strange.seen().pop().unwrap().authorization;
    assert_eq!(seen.as_deref(), Some("Basic dTpw"));
    script("echo secret; exit 1");
    let output = run().code(4);
    let talk = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert!(
        talk.contains("warning: docker-credential-test") && !talk.contains("secret"),
        "{talk}"
    );
}

/// A regctl server tells in one request a page what is asked one by one of others.
#[test]
fn summaries_of_a_regctl_server() {
    let strange = Strange::start(|request, _| {
        let sha = digest(BODY);
        if request.line.starts_with("GET /v2/_regctl/catalog?n=") {
            let entry = |name: &str, size: u64, pushed: &str| json!({"name": name, "tags": 1, "manifests": 2, "size": size, "pushed": pushed});
            let second = request.line.contains("last=");
            let (headers, entries): (&[&str], _) = if second {
                (&[], vec![entry("b", 2_097_152, "2026-11-20T02:00:00Z")])
            } else {
                let link = "Link: </v2/_regctl/catalog?n=1&last=a>; rel=\"next\"";
                (&[link], vec![entry("a", 1024, "2026-11-21T02:00:00Z")])
            };
            let page = json!({"repositories": entries}).to_string();
            answer("200 OK", headers, page.as_bytes())
        } else if request.line.starts_with("GET /v2/app/_regctl/tags") {
            let tag = |tag: &str| {
                json!({"tag": tag, "digest": sha, "mediaType": MANIFEST, "size": 3, "platforms": [],
                       "created": null, "pushed": null})
            };
            let page = json!({"name": "app", "tags": [tag("1"), tag("2")]});
            answer("200 OK", &[], page.to_string().as_bytes())
        } else if request.line.starts_with("DELETE /v2/app/manifests/") {
            answer("202 Accepted", &[], b"")
        } else if request.line.contains("/v2/app/manifests/1") {
            manifest(&sha)
        } else {
            not_found()
        }
    });
    let regctl = Regctl::new(&strange.host);
    let names = regctl.stdout(&["catalog", "--sort", "size", "-o", "name"]);
    assert_eq!(names, "b\na\n");
    let table = regctl.stdout(&["catalog", "--sort", "created"]);
    assert_eq!(
        table,
        "REPOSITORY  TAGS     SIZE  PUSHED\n\
         a              1  1.0 KiB  2026-11-21T02:00:00Z\n\
         b              1  2.0 MiB  2026-11-20T02:00:00Z\n"
    );
    assert!(
        strange
            .seen()
            .iter()
            .all(|seen| seen.line.contains("_regctl"))
    );
    let deleted = regctl.stdout(&["delete", "app:1"]);
    assert_eq!(
        deleted,
        format!("delete app:1: {} is still held by tag 2\n", digest(BODY))
    );
    let last = strange.seen().pop().unwrap().line;
    assert_eq!(last, "DELETE /v2/app/manifests/1");
}
