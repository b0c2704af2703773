//! Requests of browsers, proxies and unusual clients, answered like registry:2 or by RFC 9112.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;

use crate::support::{Image, Manifest, OCI_MANIFEST, Request, Server, next_target};

const CONFIG: &str = "version: 0.1\nstorage:\n  filesystem: {rootdirectory: /nowhere}\n";

/// Sends these bytes. Returns the status line of the answer.
fn raw(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8_lossy(&answer).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn preflight_requests_are_answered() {
    let text = format!(
        "{CONFIG}http:\n  addr: 127.0.0.1:0\n  headers:\n    Access-Control-Allow-Origin: ['https://ui.example']\n    \
         Access-Control-Allow-Methods: ['HEAD, GET, OPTIONS, DELETE']\n    \
         Access-Control-Allow-Headers: [Authorization, Accept]\n"
    );
    let server = Server::regctl_with(&text);
    let digest = format!("sha256:{}", "0".repeat(64));
    for (target, methods) in [
        ("/v2/".to_owned(), "GET, HEAD, OPTIONS"),
        ("/v2/_catalog".to_owned(), "GET, HEAD, OPTIONS"),
        ("/v2/a/b/tags/list".to_owned(), "GET, HEAD, OPTIONS"),
        (
            "/v2/a/manifests/1".to_owned(),
            "GET, HEAD, PUT, DELETE, OPTIONS",
        ),
        (
            format!("/v2/a/blobs/{digest}"),
            "GET, HEAD, DELETE, OPTIONS",
        ),
        (format!("/v2/a/referrers/{digest}"), "GET, HEAD, OPTIONS"),
        ("/v2/a/blobs/uploads/".to_owned(), "POST, OPTIONS"),
    ] {
        let request = Request::new("OPTIONS", &target)
            .header("Origin", "https://ui.example")
            .header("Access-Control-Request-Method", "GET")
            .header("Access-Control-Request-Headers", "authorization");
        let answer = server.client().send(&request).expect(200);
        assert_eq!(answer.need("Allow"), methods, "{target}");
        assert_eq!(
            answer.need("Access-Control-Allow-Origin"),
            "https://ui.example"
        );
        assert_eq!(
            answer.list("Access-Control-Allow-Headers"),
            ["Authorization", "Accept"]
        );
        assert!(answer.body.is_empty());
    }
    // Outside of `/v2`: what front ends and health checks of proxies request.
    for (target, methods) in [
        ("/v1/search?q=a", "GET, HEAD, OPTIONS"),
        ("/v1/_ping", "GET, HEAD, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
        ("/livez", "GET, HEAD, OPTIONS"),
        ("/readyz", "GET, HEAD, OPTIONS"),
        ("/auth/token", "GET, HEAD, POST, OPTIONS"),
        ("*", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    ] {
        let answer = server.client().send(&Request::new("OPTIONS", target));
        let answer = answer.expect(200);
        assert_eq!(answer.need("Allow"), methods, "{target}");
        let origin = answer.need("Access-Control-Allow-Origin");
        assert_eq!(origin, "https://ui.example");
    }
    // No page of another origin may use these.
    for (method, target, methods) in [
        ("OPTIONS", "/api/v1/operations", "POST"),
        ("OPTIONS", "/r/a", "GET, HEAD"),
        ("POST", "/livez", "GET, HEAD"),
        ("DELETE", "/readyz", "GET, HEAD"),
        ("POST", "/v1/search", "GET, HEAD"),
    ] {
        let answer = server.client().send(&Request::new(method, target));
        assert_eq!(answer.expect(405).need("Allow"), methods, "{target}");
    }
    for target in ["/v2/a", "/v2/A/tags/list", "/nothing"] {
        let answer = server.client().send(&Request::new("OPTIONS", target));
        answer.expect_one_of(&[400, 404]);
    }
    server.stop();
}

#[test]
fn the_next_page_is_a_path() {
    let text = format!(
        "{CONFIG}http: {{addr: 127.0.0.1:0, prefix: /registry/, host: 'https://fixed.example'}}\n"
    );
    for (server, prefix) in [
        (Server::regctl(), ""),
        (Server::regctl_with(&text), "/registry"),
    ] {
        let client = server.client();
        let config = json!({"mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "digest":
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"});
        let manifest = |subject: Option<serde_json::Value>, number: usize| {
            let value = json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config,
                "layers": [], "subject": subject, "annotations": {"n": number.to_string()}});
            Manifest::new(OCI_MANIFEST, &value)
        };
        let upload = format!(
            "{prefix}/v2/a/blobs/uploads/?digest={}",
            config["digest"].as_str().unwrap()
        );
        client
            .send(&Request::new("POST", &upload).body(b"{}"))
            .expect(201);
        let put = |name: &str, tag: &str, manifest: &Manifest| {
            let target = format!("{prefix}/v2/{name}/manifests/{tag}");
            let request = Request::new("PUT", &target)
                .header("Content-Type", &manifest.media_type)
                .body(&manifest.bytes);
            client.send(&request).expect(201);
        };
        let subject = manifest(None, 0);
        put("a", "1", &subject);
        put("a", "2", &subject);
        for number in 1..3 {
            let referrer = manifest(Some(subject.descriptor()), number);
            put("a", &referrer.digest().to_string(), &referrer);
        }
        let other = format!(
            "{prefix}/v2/b/blobs/uploads/?mount={}&from=a",
            config["digest"].as_str().unwrap()
        );
        client.post(&other).expect(201);
        put("b", "1", &subject);
        for list in [
            "/v2/_catalog".to_owned(),
            "/v2/a/tags/list".to_owned(),
            "/v2/_regctl/catalog".to_owned(),
            format!("/v2/a/referrers/{}", subject.digest()),
        ] {
            let request = Request::new("GET", &format!("{prefix}{list}?n=1"))
                .header("X-Forwarded-Host", "outer.example")
                .header("X-Forwarded-Proto", "https");
            let answer = client.send(&request).expect(200);
            let link = answer.need("Link");
            assert!(link.starts_with(&format!("<{prefix}{list}?")), "{link}");
            assert!(link.ends_with(">; rel=\"next\""), "{link}");
            assert!(answer.body.ends_with(b"}\n"), "{answer}");
        }
        server.stop();
    }
}

#[test]
fn pages_of_referrers_are_limited_by_bytes() {
    let server = Server::regctl();
    let remote = server.remote("large");
    let image = Image::new(1);
    let subject = remote.push("1", &image);
    let mut expected = Vec::new();
    for number in 0..30 {
        let note = format!("{number:02}").repeat(100_000);
        let mut value = image.manifest.json();
        value["subject"] = image.manifest.descriptor();
        value["annotations"] = json!({ "note": note });
        let referrer = Manifest::new(OCI_MANIFEST, &value);
        let digest = referrer.digest().to_string();
        remote.put(&digest, &referrer).expect(201);
        expected.push(digest);
    }
    expected.sort();
    let (mut listed, mut pages) = (Vec::new(), 0);
    let mut target = Some(remote.path(&format!("referrers/{subject}")));
    while let Some(next) = target {
        let answer = remote.client.get(&next).expect(200);
        assert!(answer.body.len() < 4 << 20, "{} bytes", answer.body.len());
        let json = answer.json();
        let manifests = json["manifests"].as_array().unwrap();
        listed.extend(
            manifests
                .iter()
                .map(|one| one["digest"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        target = answer.header("Link").map(next_target);
    }
    assert_eq!(listed, expected);
    assert_eq!(pages, 2);
    server.stop();
}

#[test]
fn paths_are_parsed_as_in_registry_2() {
    let server = Server::regctl();
    let remote = server.remote("team/app");
    let digest = remote.push("1", &Image::new(1));
    let client = server.client();
    for target in [
        "/v2/team%2Fapp/manifests/1".to_owned(),
        "/v2/team%2fapp/tags/list".to_owned(),
        "/v2/team/app/tags/list/".to_owned(),
        "/v2/team/app/manifests/1/".to_owned(),
        format!(
            "/v2/team%2Fapp/manifests/{}",
            digest.to_string().replace(':', "%3A")
        ),
        "/v2/_catalog/".to_owned(),
        "/v2/_catalog?n=".to_owned(),
        "/v2/team/app/tags/list?n=&last=".to_owned(),
    ] {
        let answer = client.get(&target).expect(200);
        assert!(!answer.body.is_empty(), "{target}");
    }
    for n in ["-1", "x", "1x", "+1"] {
        let answer = client.get(&format!("/v2/_catalog?n={n}"));
        answer.refused(400, "PAGINATION_NUMBER_INVALID");
    }
    server.stop();
}

#[test]
fn a_request_may_have_many_header_fields() {
    let server = Server::regctl();
    for count in [99, 100, 101, 500] {
        let mut request = Request::new("GET", "/v2/");
        for number in 0..count {
            request = request.header(&format!("X-Field-{number}"), "value");
        }
        server.client().send(&request).expect(200);
    }
    server.stop();
}

#[test]
fn a_request_names_exactly_one_host() {
    let server = Server::regctl();
    let close = "Connection: close\r\n\r\n";
    for (head, status) in [
        ("GET /v2/ HTTP/1.1\r\nHost: a\r\n", "HTTP/1.1 200"),
        ("GET /v2/ HTTP/1.1\r\n", "HTTP/1.1 400"),
        (
            "GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n",
            "HTTP/1.1 400",
        ),
        ("GET /v2/ HTTP/1.1\r\nHost: a_b:5000\r\n", "HTTP/1.1 200"),
        ("GET /v2/ HTTP/1.1\r\nHost: a b\r\n", "HTTP/1.1 400"),
        ("GET /v2/ HTTP/1.1\r\nHost: u@h\r\n", "HTTP/1.1 400"),
        ("GET /readyz HTTP/1.0\r\nHost: a/b\r\n", "HTTP/1.0 400"),
        (
            "GET /livez HTTP/1.1\r\nHost: a\r\nHost: a\r\n",
            "HTTP/1.1 400",
        ),
        ("GET /v2/ HTTP/1.0\r\n", "HTTP/1.0 200"),
        (
            "GET /v2/ HTTP/1.0\r\nHost: a\r\nHost: b\r\n",
            "HTTP/1.0 400",
        ),
    ] {
        let line = raw(&server, &format!("{head}{close}"));
        assert!(line.starts_with(status), "{head:?}: {line}");
    }
    server.stop();
}

#[test]
fn health_checks_work_with_and_without_the_prefix() {
    let text = format!("{CONFIG}http: {{addr: 127.0.0.1:0, prefix: /registry/}}\n");
    let server = Server::regctl_with(&text);
    for path in ["/livez", "/readyz", "/registry/livez", "/registry/readyz"] {
        server.client().get(path).expect(200);
    }
    for path in ["/other", "/livez/", "/registry/other"] {
        server.client().get(path).expect(404);
    }
    server.stop();
}
