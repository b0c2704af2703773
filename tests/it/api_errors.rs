//! Common properties of all answers: headers, the form of errors, addresses; and names that look
//! like something else. The client of these tests checks headers and form on every other answer,
//! too.

use crate::support::{
    Connection, Image, Manifest, OCI_MANIFEST, Remote, Request, Response, Server, path_of,
    random_bytes, sha256,
};

#[test]
fn the_base_identifies_a_registry() {
    let server = Server::regctl();
    let answer = server.client().get("/v2/").expect(200);
    assert_eq!(answer.json(), serde_json::json!({}));
    assert!(answer.need("Content-Type").starts_with("application/json"));
    server.client().head("/v2/").expect(200);
    server.stop();
}

#[test]
fn names_may_look_like_verbs_and_be_deep() {
    let server = Server::regctl();
    let image = Image::new(1);
    let deep = ["d"; 100].join("/");
    let long = format!("{}/{}", "x".repeat(127), "y".repeat(127));
    assert_eq!(long.len(), 255);
    let names = [
        "blobs",
        "manifests",
        "tags",
        "uploads",
        "referrers",
        "list",
        "v2",
        "tags/list",
        "blobs/uploads",
        "manifests/latest",
        "a/blobs/uploads",
        "a/manifests/b/manifests/c",
        "uploads/uploads/uploads",
        "a/tags/list/tags",
        "referrers/referrers",
        "a--b__c.d/e---f",
        "v2/v2",
        "catalog",
        &deep,
        &long,
    ];
    for name in names {
        let remote = server.remote(name);
        let digest = remote.push("latest", &image);
        assert_eq!(remote.verify("latest"), digest, "{name}");
        assert_eq!(remote.tags(), ["latest"], "{name}");
        let session = remote.start_upload();
        remote.client.delete(&session).expect(204);
        let referrers = remote.path(&format!("referrers/{digest}"));
        remote.client.get(&referrers).expect(200);
    }
    let mut listed: Vec<_> = names.map(str::to_owned).to_vec();
    listed.sort();
    assert_eq!(server.catalog().into_keys().collect::<Vec<_>>(), listed);
    server.stop();
}

#[test]
fn invalid_names_are_refused() {
    let server = Server::regctl();
    let image = Image::new(1);
    let too_long = format!("{}/{}", "x".repeat(127), "y".repeat(128));
    for name in [
        "UPPER",
        "a/Upper",
        "-a",
        "a-",
        "_a",
        "a_",
        "a___b",
        "a..b",
        ".a",
        "a.",
        "a/-b",
        "a b",
        "ä",
        "a:b",
        "a@b",
        "a\\b",
        "_regctl",
        "a/_uploads",
        "a*",
        too_long.as_str(),
    ] {
        let name = name
            .replace(' ', "%20")
            .replace('ä', "%C3%A4")
            .replace('\\', "%5C");
        let remote = server.remote(&name);
        server.unchanged(|| {
            for answer in [
                remote.client.post(&remote.path("blobs/uploads/")),
                remote.put("1", &image.manifest),
                remote.manifest("1"),
                remote.blob(&sha256(b"x")),
                remote.client.get(&remote.path("tags/list")),
            ] {
                answer.refused(400, "NAME_INVALID");
            }
        });
    }
    server.stop();
}

#[test]
fn invalid_tags_are_refused() {
    let server = Server::regctl();
    let remote = server.remote("tags");
    let image = Image::new(1);
    remote.push_blobs(&image);
    let longest = "x".repeat(128);
    remote.put(&longest, &image.manifest).expect(201);
    remote.verify(&longest);
    for tag in [
        "-a",
        ".a",
        "a%20b",
        "a+b",
        "a@b",
        "%C3%A4",
        &"x".repeat(129),
    ] {
        server.unchanged(|| {
            remote.put(tag, &image.manifest).refused(400, "TAG_INVALID");
            remote.manifest(tag).expect(404);
        });
    }
    for digest in ["sha256:abc", "sha256:", "md5:0123", "a:b"] {
        server.unchanged(|| {
            remote
                .put(digest, &image.manifest)
                .refused(400, "DIGEST_INVALID");
        });
    }
    let other = sha256(b"other").to_string();
    server.unchanged(|| {
        remote
            .put(&other, &image.manifest)
            .refused(400, "DIGEST_INVALID");
    });
    server.stop();
}

#[test]
fn unknown_routes_are_refused() {
    let server = Server::regctl();
    let client = server.client();
    for target in [
        "/v2/a",
        "/v2/a/b",
        "/v2/a/nothing/here",
        "/v2/a/tags",
        "/v2/_nothing",
    ] {
        let answer = client.get(target).expect_one_of(&[400, 404]);
        assert_ne!(answer.code(), "", "{answer}");
    }
    for (method, target) in [
        ("POST", "/v2/"),
        ("PUT", "/v2/_catalog"),
        ("DELETE", "/v2/a/tags/list"),
        ("PATCH", "/v2/a/manifests/1"),
        ("POST", "/v2/a/manifests/1"),
        ("PUT", "/v2/a/blobs/uploads/"),
        ("BREW", "/v2/a/tags/list"),
    ] {
        let answer = client.send(&Request::new(method, target));
        answer.refused(405, "UNSUPPORTED");
    }
    server.stop();
}

#[test]
fn a_blob_damaged_on_disk_is_never_served_completely() {
    let server = Server::regctl();
    let remote = server.remote("damaged");
    let bytes = random_bytes(1, 200_000);
    // Removed, emptied and truncated while the server runs.
    for (seed, keep) in [(1_u8, None), (2, Some(0)), (3, Some(100_000))] {
        let mut bytes = bytes.clone();
        bytes[0] = seed;
        let digest = remote.push_blob(&bytes);
        let file = server.blob_file(&digest);
        match keep {
            None => std::fs::remove_file(&file).unwrap(),
            Some(length) => std::fs::OpenOptions::new()
                .write(true)
                .open(&file)
                .and_then(|file| file.set_len(length))
                .unwrap(),
        }
        let request = Request::new("GET", &remote.blob_path(&digest));
        match remote.client.try_send(&request) {
            // The client module has checked that the error shows no path.
            Ok(answer) => assert!(
                answer.status >= 400 || sha256(&answer.body) == digest,
                "{answer}"
            ),
            Err(error) => eprintln!("the connection was cut: {error}"),
        }
    }
    remote.client.get("/v2/").expect(200);
    server.stop();
}

fn location(remote: &Remote, headers: &[(&str, &str)]) -> String {
    let mut request = Request::new("POST", &remote.path("blobs/uploads/"));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = remote.client.send(&request).expect(202);
    answer.need("Location").to_owned()
}

const CONFIG: &str = "version: 0.1\nstorage:\n  filesystem: {rootdirectory: /nowhere}\n";

#[test]
fn addresses_are_correct_behind_a_proxy() {
    let server = Server::regctl();
    let remote = server.remote("proxied");
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[], &format!("http://{}/v2/", server.host())),
        (
            &[("Host", "registry.example:8443")],
            "http://registry.example:8443/v2/",
        ),
        (
            &[
                ("Host", "inner"),
                ("X-Forwarded-Proto", "https"),
                ("X-Forwarded-Host", "outer.example"),
            ],
            "https://outer.example/v2/",
        ),
        (
            &[("Host", "same.example"), ("X-Forwarded-Proto", "https")],
            "https://same.example/v2/",
        ),
        (
            &[
                ("Host", "inner"),
                (
                    "Forwarded",
                    "for=1.2.3.4;proto=https;host=\"outer.example:8443\"",
                ),
            ],
            "https://outer.example:8443/v2/",
        ),
        (
            &[
                ("X-Forwarded-Proto", "https, http"),
                ("X-Forwarded-Host", "first.example, second"),
            ],
            "https://first.example/v2/",
        ),
    ];
    for (headers, start) in cases {
        let address = location(&remote, headers);
        assert!(address.starts_with(start), "{headers:?}: {address}");
        // Whatever the address is, the path is that of the session.
        remote.client.get(&path_of(&address)).expect(204);
    }
    // A header that is not a host is not used in an address.
    let address = location(&remote, &[("X-Forwarded-Host", "evil\" <x>/..")]);
    assert!(!address.contains(['"', '<', ' ']), "{address}");
    server.stop();
}

#[test]
fn addresses_follow_the_configuration() {
    let text = format!("{CONFIG}http: {{addr: 127.0.0.1:0, host: 'https://fixed.example:444'}}\n");
    let server = Server::regctl_with(&text);
    let address = location(
        &server.remote("fixed"),
        &[("X-Forwarded-Host", "other"), ("X-Forwarded-Proto", "http")],
    );
    assert!(
        address.starts_with("https://fixed.example:444/v2/fixed/"),
        "{address}"
    );
    server.stop();

    let text = format!("{CONFIG}http: {{addr: 127.0.0.1:0, relativeurls: true}}\n");
    let server = Server::regctl_with(&text);
    let remote = server.remote("relative");
    let address = location(&remote, &[("X-Forwarded-Host", "other")]);
    assert!(
        address.starts_with("/v2/relative/blobs/uploads/"),
        "{address}"
    );
    let image = Image::new(1);
    remote.push("1", &image);
    let put = remote.put("2", &image.manifest).expect(201);
    assert!(put.need("Location").starts_with("/v2/relative/manifests/"));
    server.stop();

    let text = format!("{CONFIG}http: {{addr: 127.0.0.1:0, prefix: /registry/}}\n");
    let server = Server::regctl_with(&text);
    let client = server.client();
    client.get("/registry/v2/").expect(200);
    let answer = client.post("/registry/v2/under/blobs/uploads/").expect(202);
    let address = answer.need("Location").to_owned();
    assert!(
        path_of(&address).starts_with("/registry/v2/under/blobs/uploads/"),
        "{address}"
    );
    client.get(&path_of(&address)).expect(204);
    server.stop();
}

/// Each kind of refusal: the answer to HEAD is that of GET without the body.
#[test]
fn a_refused_head_has_no_body() {
    let server = Server::regctl();
    let remote = server.remote("heads");
    let manifest = Manifest::raw(OCI_MANIFEST, b"{".to_vec());
    remote.put("1", &manifest).refused(400, "MANIFEST_INVALID");
    let statuses = |answer: Response| (answer.status, answer.body.len());
    for path in ["manifests/1", "blobs/sha256:abc", "tags/list", "nothing"] {
        let target = remote.path(path);
        let get = remote.client.get(&target);
        let head = remote.client.head(&target);
        let (status, length) = statuses(head);
        assert_eq!((status, length), (get.status, 0), "{path}");
    }
    server.stop();
}

/// A connection that is closed with a part of a body unread says so, and no other is closed.
#[test]
fn an_answer_after_which_the_connection_is_closed_says_so() {
    const MEBIBYTE: usize = 1 << 20;
    let server = Server::regctl();
    let upload = "/v2/app/blobs/uploads/6e0c3d12-2a4b-4f6e-9d0c-0f1a2b3c4d5e";
    let huge = format!("Content-Length: {}", 100 * MEBIBYTE);
    for (line, header, status) in [
        ("PUT /v2/app/manifests/1", huge.as_str(), 413),
        ("PUT /v2/app/nothing", &huge, 404),
        ("POST /v2/_catalog", &huge, 405),
        ("POST /", "Transfer-Encoding: chunked", 405),
        (
            &format!("PATCH {upload}"),
            "Transfer-Encoding: chunked",
            404,
        ),
        // A client that waits is not told to send what nobody reads.
        (
            "PUT /v2/app/nothing",
            "Content-Length: 5\r\nExpect: 100-continue",
            404,
        ),
    ] {
        let mut connection = Connection::open(server.address()).unwrap();
        let head = format!("{line} HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n");
        connection.send(head.as_bytes()).unwrap();
        let answer = connection.receive("PUT").unwrap().expect(status);
        assert_eq!(
            answer.header("Connection"),
            Some("close"),
            "{line} {header}"
        );
    }
    for (line, length, status) in [
        ("PUT /v2/app/nothing", 5, 404),
        ("PUT /v2/app/nothing", 5 * MEBIBYTE, 404),
        ("PUT /v2/app/manifests/1", 5 * MEBIBYTE, 413),
    ] {
        let mut connection = Connection::open(server.address()).unwrap();
        let head = format!("{line} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        connection.send(head.as_bytes()).unwrap();
        let answer = connection.receive("PUT").unwrap().expect(status);
        assert_eq!(answer.header("Connection"), None, "{line} {length}");
        connection.send(&vec![b' '; length]).unwrap();
        let next = "GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n";
        connection.send(next.as_bytes()).unwrap();
        connection.receive("GET").unwrap().expect(200);
    }
    server.stop();
}
