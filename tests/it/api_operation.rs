//! Endpoints for operators: health, metrics, headers from the configuration, maintenance, and the
//! endpoints that only regctl has.

use serde_json::Value;

use crate::support::{Client, Image, Program, Server, Setup, artifact, eventually, index};

const CONFIG: &str = "version: 0.1\nstorage:\n  filesystem: {rootdirectory: /nowhere}\n";

#[test]
fn liveness_and_readiness() {
    let server = Server::regctl();
    for path in ["/livez", "/readyz"] {
        server.client().get(path).expect(200);
    }
    server.stop();
}

#[test]
fn the_debug_address_has_health_and_metrics() {
    let text = format!(
        "{CONFIG}http:\n  addr: 127.0.0.1:0\n  debug:\n    addr: 127.0.0.1:0\n    prometheus: \
         {{enabled: true, path: /metrics}}\nhealth:\n  storagedriver: {{enabled: true, interval: 1s}}\n"
    );
    let server = Server::regctl_with(&text);
    server.remote("a").push("1", &Image::new(1));
    let mut address = String::new();
    eventually("it prints the debug address", || {
        let log = server.log();
        let line = log
            .lines()
            .find_map(|line| line.split_once("debug=http://"));
        let line = line.map_or("", |(_, rest)| rest);
        line.split([' ', '/'])
            .next()
            .unwrap_or_default()
            .clone_into(&mut address);
        !address.is_empty()
    });
    let address = address.parse().unwrap();
    let debug = Client::new(address, false);
    assert_eq!(
        debug.get("/debug/health").expect(200).json(),
        serde_json::json!({})
    );
    let metrics = debug.get("/metrics").expect(200);
    let text = String::from_utf8(metrics.body).unwrap();
    for name in [
        "registry_http_requests_total",
        "registry_http_request_duration_seconds",
    ] {
        assert!(text.contains(name), "{name} is missing:\n{text}");
    }
    // Not on the main address.
    server.client().get("/metrics").expect(404);
    server.client().get("/debug/health").expect(404);
    server.stop();
}

#[test]
fn headers_of_the_configuration_are_on_every_answer() {
    let text = format!(
        "{CONFIG}http:\n  addr: 127.0.0.1:0\n  headers:\n    X-Content-Type-Options: [nosniff]\n    \
         X-Example: [one, two]\n    Content-Type: [text/plain]\n    Docker-Content-Digest: [x]\n"
    );
    let server = Server::regctl_with(&text);
    // What an answer says about itself stays.
    let image = Image::new(1);
    let remote = server.remote("own");
    remote.push("1", &image);
    let answer = server.client().get("/v2/own/manifests/1");
    assert_eq!(
        answer.list("Docker-Content-Digest"),
        [image.digest().to_string()]
    );
    assert_eq!(answer.list("Content-Type").len(), 1);
    assert_ne!(answer.need("Content-Type"), "text/plain");
    for path in ["/v2/", "/v2/nothing/manifests/1"] {
        let answer = server.client().get(path);
        assert_eq!(answer.list("X-Example"), ["one", "two"]);
        assert_eq!(answer.list("X-Content-Type-Options"), ["nosniff"]);
    }
    server.stop();
}

#[test]
fn maintenance_refuses_writes() {
    let server = Server::regctl();
    let image = Image::new(1);
    server.remote("kept").push("1", &image);
    let root = server.root().to_path_buf();
    let setup = server.stop();
    let text = "version: 0.1\nstorage:\n  filesystem: {rootdirectory: /nowhere}\n  delete: {enabled: \
                true}\n  maintenance:\n    readonly: {enabled: true}\nhttp: {addr: 127.0.0.1:0}\n";
    let server = Setup::new(Program::Regctl).root(&root).config(text).start();
    let remote = server.remote("kept");
    remote.verify("1");
    server.unchanged(|| {
        remote
            .client
            .post(&remote.path("blobs/uploads/"))
            .refused(405, "UNSUPPORTED");
        remote.put("2", &image.manifest).refused(405, "UNSUPPORTED");
        remote.delete("1").refused(405, "UNSUPPORTED");
    });
    server.stop();
    setup.start().stop();
}

#[test]
fn the_environment_replaces_the_file() {
    let server = Setup::new(Program::Regctl)
        .config(CONFIG)
        .environment("REGISTRY_STORAGE_DELETE_ENABLED", "true")
        .environment("REGISTRY_HTTP_HOST", "https://named.example")
        .start();
    let remote = server.remote("a");
    remote.push("1", &Image::new(1));
    remote
        .delete(&Image::new(1).digest().to_string())
        .expect(202);
    let started = remote
        .client
        .post(&remote.path("blobs/uploads/"))
        .expect(202);
    assert!(
        started
            .need("Location")
            .starts_with("https://named.example/v2/")
    );
    server.stop();
}

/// The items of all pages of a listing.
fn items(client: &Client, target: &str, field: &str) -> Vec<Value> {
    client
        .pages(target)
        .iter()
        .flat_map(|page| page[field].as_array().expect("a list").clone())
        .collect()
}

#[test]
fn the_extension_lists_details_of_repositories() {
    let server = Server::regctl();
    let image = Image::with_layers(1, &[1000, 2000]);
    for name in ["a", "a-b", "a/b"] {
        let remote = server.remote(name);
        remote.push("1", &image);
        remote.push("2", &image);
        remote.push_blob(b"not referred to");
    }
    for n in 1..=4 {
        let listed = items(
            &server.client(),
            &format!("/v2/_regctl/catalog?n={n}"),
            "repositories",
        );
        let names: Vec<_> = listed
            .iter()
            .map(|item| item["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["a", "a-b", "a/b"], "n={n}");
        let content: usize = image.blobs.iter().map(Vec::len).sum();
        let least = content + image.manifest.bytes.len();
        for item in &listed {
            assert_eq!(item["tags"], 2);
            assert_eq!(item["manifests"], 1);
            let size = usize::try_from(item["size"].as_u64().unwrap()).unwrap();
            assert!(
                [least, least + b"not referred to".len()].contains(&size),
                "{item}"
            );
            assert!(item["pushed"].as_str().unwrap().ends_with('Z'), "{item}");
        }
    }
    server.stop();
}

#[test]
fn the_extension_lists_details_of_tags() {
    let server = Server::regctl();
    let remote = server.remote("team/app");
    let (one, two) = (Image::new(1), Image::new(2));
    remote.push("one", &one);
    remote.push("two", &two);
    let list = index(&[&one.manifest, &two.manifest]);
    remote.put("all", &list).expect(201);
    let thing = artifact(
        &one.manifest.descriptor(),
        "application/vnd.example.thing",
        3,
    );
    remote.push("thing", &thing);
    for n in 1..=5 {
        let listed = items(
            &remote.client,
            &remote.path(&format!("_regctl/tags?n={n}")),
            "tags",
        );
        let names: Vec<_> = listed
            .iter()
            .map(|item| item["tag"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["all", "one", "thing", "two"], "n={n}");
        let [all, first, ..] = &listed[..] else {
            panic!("too few");
        };
        assert_eq!(first["digest"], one.digest().to_string());
        assert_eq!(first["mediaType"], one.manifest.media_type);
        assert_eq!(first["platforms"], serde_json::json!(["linux/amd64"]));
        assert_eq!(first["created"], "2026-01-02T03:04:05Z");
        let content: usize = one.blobs.iter().map(Vec::len).sum();
        assert_eq!(first["size"], content + one.manifest.bytes.len());
        assert_eq!(all["digest"], list.digest().to_string());
        assert_eq!(
            all["platforms"],
            serde_json::json!(["linux/amd64", "linux/arm64"])
        );
    }
    remote
        .client
        .get("/v2/never/_regctl/tags")
        .refused(404, "NAME_UNKNOWN");
    server.stop();
}
