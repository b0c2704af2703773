//! The client commands against registries that misbehave, and against a regctl server.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::cli_support::{MANIFEST, Regctl, digest};
use crate::strange::{BODY, RAW, Strange, answer, manifest};
use crate::support::skip;

fn not_found() -> Vec<u8> {
    let body = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
    answer("404 Not Found", &[], body)
}

/// Other protocols: some servers speak first, some answer with an error of their own.
#[test]
fn a_port_of_another_protocol_is_not_a_registry() {
    for (first, said) in [
        (&b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"[..], &b""[..]),
        (
            b"220 mail.example.com ESMTP\r\n",
            b"500 unknown command\r\n",
        ),
        (b"", b"-ERR unknown command 'GET'\r\n"),
        (b"\0\x01\x02\xff\xfe", b"\0"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.write_all(first);
                let _ = stream.read(&mut [0; 1000]);
                let _ = stream.write_all(said);
            }
        });
        let regctl = Regctl::new(&host);
        for arguments in [
            &["tags", "app", "--retries", "0"][..],
            &["catalog", "--retries", "0"],
            &["delete", "app:1", "--yes", "--retries", "0"],
        ] {
            let output = regctl.command().args(arguments).output().unwrap();
            let error = String::from_utf8(output.stderr).unwrap();
            // What comes before the request can break the connection before it is read.
            let broken = !first.is_empty() && error.contains("connection was not ready");
            let code = if broken { 6 } else { 1 };
            assert_eq!(output.status.code(), Some(code), "{first:?}: {error}");
            assert!(
                broken || error.contains("is not a registry: it does not speak HTTP"),
                "{first:?}: {error}"
            );
        }
    }
}

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
fn a_registry_by_an_address_with_colons() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        skip("there is no IPv6");
        return;
    };
    let strange = Strange::on(listener, |_, _| manifest(&digest(BODY)));
    let host = &strange.host;
    let name = format!("{host}/app@{}\n", digest(BODY));
    let arguments = ["manifest", "head", "-o", "name", &format!("{host}/app:1")];
    assert_eq!(Regctl::new("").stdout(&arguments), name);
    for registry in [host.clone(), format!("http://{host}")] {
        let regctl = Regctl::new(&registry);
        regctl.run(&RAW).success().stdout(BODY);
    }
}

#[test]
fn a_busy_registry_is_retried() {
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
fn a_registry_that_keeps_failing() {
    let strange =
        Strange::start(|_, _| answer("503 Service Unavailable", &[], b"upstream\x1b[2J gone"));
    let regctl = Regctl::new(&strange.host);
    let error = regctl.fails(6, &[&RAW[..], &["-q", "--retries", "1"]].concat());
    assert!(
        error.contains("(503 Service Unavailable): upstream [2J gone"),
        "{error}"
    );
    assert_eq!(strange.seen().len(), 2);
    // A too long `Retry-After` is not waited for.
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
    // The host of a link is ignored.
    for host in ["", "http://127.0.0.2:9"] {
        let link = format!("Link: <{host}/v2/_catalog?n=1000>; rel=next");
        let strange = Strange::start(move |_, _| answer("200 OK", &[&link], names));
        let error = Regctl::new(&strange.host).fails(1, &["catalog", "-o", "name"]);
        assert!(error.contains("form a loop"), "{error}");
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
    assert!(error.contains("form a loop"), "{error}");
    let moved = Strange::start(|_, _| answer("307 Moved", &["Location: /v2/again"], b""));
    let error = Regctl::new(&moved.host).fails(1, &RAW);
    assert!(error.contains("too many redirects"), "{error}");
}

/// A regctl server sends in one request per page what other registries send one by one.
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
                       "created": "2026-02-30T00:00:00Z", "pushed": "2026-11-21T02:00:00Z"})
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
    // A date that is none costs nothing else, and no request for each tag.
    for tag in regctl
        .json(&["tags", "app", "-o", "json"])
        .as_array()
        .unwrap()
    {
        assert_eq!((&tag["created"], &tag["size"]), (&json!(null), &json!(3)));
        assert_eq!(tag["pushed"], "2026-11-21T02:00:00Z");
    }
    assert!(
        strange
            .seen()
            .iter()
            .all(|seen| seen.line.contains("_regctl"))
    );
    let deleted = regctl.stdout(&["delete", "app:1"]);
    assert_eq!(
        deleted,
        format!("deleted app:1: {} still has tag 2\n", digest(BODY))
    );
    let last = strange.seen().pop().unwrap().line;
    assert_eq!(last, "DELETE /v2/app/manifests/1");
}
