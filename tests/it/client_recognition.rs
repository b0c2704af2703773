//! The client against servers that are not registries, and the words of registries that refuse.

use serde_json::json;

use crate::cli_support::{Regctl, text};
use crate::strange::{Seen, Strange, answer};
use crate::support::{Image, Server};

const PAGE: &str = "Content-Type: text/html";
const DIGEST: &str = "app@sha256:2222222222222222222222222222222222222222222222222222222222222222";

/// Runs a command with a password on its standard input. Returns its exit code and its messages.
fn run(regctl: &Regctl, host: &str, arguments: &[&str]) -> (i32, String) {
    let mut command = regctl.command();
    let credentials = json!({"auths": {host: {"auth": "YTpi"}}});
    command.env("DOCKER_AUTH_CONFIG", credentials.to_string());
    let run = command.args(arguments).write_stdin("b\n").assert();
    let output = run.get_output();
    (output.status.code().unwrap(), text(&output.stderr))
}

#[test]
fn a_server_that_is_no_registry_is_reported_as_such() {
    let source = Server::regctl();
    source.remote("app").push("1", &Image::new(1));
    let source = format!("{}/app:1", source.host());
    let things: [fn(&Seen, usize) -> Vec<u8>; 7] = [
        |_, _| answer("404 Not Found", &[PAGE], b"<html>"),
        |_, _| answer("200 OK", &[PAGE], b"<html>hello"),
        |request, _| {
            if request.line.starts_with("GET") {
                answer("404 Not Found", &[], b"404 page not found\n")
            } else {
                answer("501 Unsupported method", &[], b"no")
            }
        },
        // Of an application whose every path exists.
        |_, _| answer("200 OK", &["Content-Type: application/json"], b"{}"),
        |_, _| b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_vec(),
        // To a page for signing in, which leads to itself or has content.
        |_, _| answer("302 Found", &["Location: /login"], b""),
        |request, _| {
            if request.line.ends_with("/login") {
                answer("200 OK", &[PAGE], b"<html>Sign in")
            } else {
                answer("302 Found", &["Location: /login"], b"")
            }
        },
    ];
    for (number, thing) in things.into_iter().enumerate() {
        let thing = Strange::start(thing);
        let regctl = Regctl::new(&thing.host);
        let target = format!("{}/app:1", thing.host);
        for arguments in [
            &["tags", "app"][..],
            &["catalog"],
            &["search", "app"],
            &["manifest", "head", "app:1"],
            &["manifest", "inspect", "app:1"],
            &["manifest", "head", DIGEST],
            &["delete", "--yes", "app:1"],
            &["delete", "--yes", DIGEST],
            &["copy", "-q", &source, &target],
            &["login", "-u", "a", "--password-stdin"],
        ] {
            let (code, said) = run(&regctl, &thing.host, arguments);
            assert!(
                said.contains("is not a registry") && code == 1,
                "{number} {arguments:?}: {code} {said}"
            );
        }
    }
}

#[test]
fn a_registry_without_its_header_is_recognised() {
    let server = Server::regctl();
    let error = Regctl::new(&server.host()).fails(3, &["manifest", "head", "app:1"]);
    assert!(!error.contains("not a registry"), "{error}");
    // One that has nothing and requires no sign-in.
    let empty = Strange::start(|request, _| {
        if request.line.ends_with("/v2/") {
            answer("200 OK", &["Content-Type: application/json"], b"{}")
        } else {
            answer(
                "404 Not Found",
                &[],
                br#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#,
            )
        }
    });
    let regctl = Regctl::new(&empty.host);
    let (code, said) = run(
        &regctl,
        &empty.host,
        &["login", "-u", "a", "--password-stdin"],
    );
    assert!(
        code == 0 && said.contains("requires no sign-in"),
        "{code} {said}"
    );
}

/// A registry without content, which accepts pushes but answers requests of one kind with 404.
fn refusing(kind: &'static str, code: &'static str, message: &'static str) -> Strange {
    Strange::start(move |request, _| {
        let body = |code: &str, message: &str| {
            json!({"errors": [{"code": code, "message": message}]}).to_string()
        };
        let line = &request.line;
        let location = "Location: /v2/app/blobs/uploads/1";
        if line.starts_with(kind) {
            answer("404 Not Found", &[], body(code, message).as_bytes())
        } else if line.starts_with("POST") || line.starts_with("PATCH") {
            answer("202 Accepted", &[location], b"")
        } else if line.starts_with("PUT") {
            answer("201 Created", &[], b"")
        } else if line.starts_with("HEAD") {
            answer("404 Not Found", &[], b"")
        } else {
            answer("404 Not Found", &[], body("NAME_UNKNOWN", "").as_bytes())
        }
    })
}

#[test]
fn the_words_of_a_404_are_not_lost() {
    let server = Server::regctl();
    server.remote("app").push("1", &Image::new(1));
    let source = format!("{}/app:1", server.host());
    let unknown = "blob upload unknown to registry";
    let session = "has lost its session";
    for (kind, code, message, exit, said) in [
        (
            "POST",
            "BLOB_UPLOAD_UNKNOWN",
            unknown,
            1,
            "refuses an upload to app (404 Not Found): blob upload unknown to registry",
        ),
        (
            "POST",
            "PROJECT_POLICY_VIOLATION",
            "no",
            1,
            "refuses an upload to app (404 Not Found): no (PROJECT_POLICY_VIOLATION)",
        ),
        (
            "POST",
            "NAME_UNKNOWN",
            "",
            3,
            "has no repository app to upload to",
        ),
        (
            "PUT /v2/app/blobs",
            "BLOB_UPLOAD_UNKNOWN",
            session,
            6,
            "lost the session of an upload to app (404 Not Found): has lost its session (BLOB_UPLOAD_UNKNOWN)",
        ),
        (
            "PUT /v2/app/manifests",
            "MANIFEST_BLOB_UNKNOWN",
            "blob unknown to registry",
            1,
            "refuses app:1 (404 Not Found): blob unknown to registry (MANIFEST_BLOB_UNKNOWN)",
        ),
        (
            "PUT /v2/app/manifests",
            "NAME_UNKNOWN",
            "",
            3,
            "has no repository app to upload to",
        ),
    ] {
        let strange = refusing(kind, code, message);
        let target = format!("{}/app:1", strange.host);
        let arguments = ["copy", "-q", "--retries", "0", &source, &target];
        let (found, error) = run(&Regctl::new(&strange.host), &strange.host, &arguments);
        assert!(
            found == exit && error.contains(said),
            "{kind} {code}: {found} {error}"
        );
    }
    let strange = refusing("GET", "BLOB_UNKNOWN", "blob unknown to registry");
    let regctl = Regctl::new(&strange.host);
    let error = regctl.fails(3, &["manifest", "inspect", "app:1"]);
    assert!(
        error.contains("has no app:1: blob unknown to registry;"),
        "{error}"
    );
    let error = regctl.fails(3, &["tags", "app"]);
    assert!(
        error.contains("has no repository app: blob unknown to registry;"),
        "{error}"
    );
}
