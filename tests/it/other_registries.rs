//! The client against registries that are not regctl: Quay, ECR, limits, proxies in front.

use serde_json::json;

use crate::cli_support::{Regctl, digest, text};
use crate::strange::{BODY, RAW, Strange, answer, manifest};
use crate::support::{Action, Image, Meddler, Server};

fn not_found() -> Vec<u8> {
    answer("404 Not Found", &[], b"{}")
}

/// Its links have a page number, and it ignores `last`. A name without the port is that of a proxy.
#[test]
fn a_full_last_page_after_a_link() {
    let strange = Strange::start(|request, _| {
        let page = |names: [&str; 2]| json!({"repositories": names}).to_string();
        match request.line.split("/v2/_catalog").nth(1) {
            Some("?n=2&next_page=2") => answer("200 OK", &[], page(["c", "d"]).as_bytes()),
            Some(_) => {
                let link = "Link: <https://127.0.0.1/v2/_catalog?n=2&next_page=2>; rel=\"next\"";
                answer("200 OK", &[link], page(["a", "b"]).as_bytes())
            }
            None => not_found(),
        }
    });
    let names = Regctl::new(&strange.host).stdout(&["catalog", "-o", "name"]);
    assert_eq!(names, "a\nb\nc\nd\n");
    let asked = |request: &&crate::strange::Seen| request.line.contains("/v2/_catalog");
    assert_eq!(strange.seen().iter().filter(asked).count(), 2);
}

/// Its token service refuses the scope of the catalog; a token without any lists everything.
#[test]
fn a_token_service_without_a_scope_for_lists() {
    for knows_the_user in [true, false] {
        let tokens = Strange::start(move |request, _| {
            if request.line.contains("scope=") || !knows_the_user {
                answer("400 Bad Request", &[], br#"{"error":"Unable to decode"}"#)
            } else {
                answer("200 OK", &[], br#"{"token":"t1","expires_in":300}"#)
            }
        });
        let challenge = format!(
            "WWW-Authenticate: Bearer realm=\"http://{}/token\",service=\"s\"",
            tokens.host
        );
        let strange = Strange::start(move |request, _| {
            let token = request.authorization.as_deref();
            match request.line.as_str() {
                "GET /v2/" if token.is_none() => answer("401 Unauthorized", &[&challenge], b"{}"),
                line if line.starts_with("GET /v2/_catalog") => match token {
                    Some("Bearer t1") => {
                        answer("200 OK", &[], br#"{"repositories":["own","public"]}"#)
                    }
                    _ => answer("200 OK", &[], br#"{"repositories":["public"]}"#),
                },
                _ => not_found(),
            }
        });
        let regctl = Regctl::new(&strange.host);
        let config = json!({"auths": {&strange.host: {"username": "u", "password": "p"}}});
        let mut command = regctl.command();
        command
            .env("DOCKER_AUTH_CONFIG", config.to_string())
            .args(["catalog", "-o", "name", "--sort", "size"]);
        let run = command.assert().success();
        let (names, said) = (
            text(&run.get_output().stdout),
            text(&run.get_output().stderr),
        );
        let warned = said
            .matches("only public repositories are listed: ")
            .count();
        if knows_the_user {
            assert_eq!((&*names, warned), ("own\npublic\n", 0), "{said}");
        } else {
            assert_eq!((&*names, warned), ("public\n", 1), "{said}");
            assert!(said.contains("Unable to decode"), "{said}");
        }
    }
}

/// It has answered three requests for manifests and then wants an hour of silence.
fn limited() -> Strange {
    Strange::start(|request, before| {
        let line = &request.line;
        if line.contains("/tags/list") {
            let tags: Vec<String> = (0..60).map(|tag| tag.to_string()).collect();
            answer(
                "200 OK",
                &[],
                json!({ "tags": tags }).to_string().as_bytes(),
            )
        } else if !line.contains("/manifests/") {
            not_found()
        } else if before < 5 {
            manifest(&digest(BODY))
        } else {
            let body = br#"{"errors":[{"code":"TOOMANYREQUESTS","message":"too many pulls"}]}"#;
            answer("429 Too Many Requests", &["Retry-After: 3600"], body)
        }
    })
}

#[test]
fn a_rate_limit_ends_the_questions() {
    let strange = limited();
    let run = Regctl::new(&strange.host)
        .run(&["tags", "app", "-o", "json"])
        .code(5);
    let rows: serde_json::Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 60);
    let said = text(&run.get_output().stderr);
    assert_eq!(said.matches("too many pulls").count(), 1, "{said}");
    assert!(said.contains("warning: the details of "), "{said}");
    assert!(strange.seen().len() < 30, "{}", strange.seen().len());

    let strange = limited();
    // The first four are a manifest that an unwritable destination does not take.
    let target = Strange::start(|_, _| not_found());
    let name = format!("{}/app", target.host);
    let run = Regctl::new(&strange.host).run(&["copy", "--all-tags", "-o", "json", "app", &name]);
    let rows: serde_json::Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 60);
    assert_eq!(rows[59]["error"], "not tried because of the rate limit");
    let said = text(&run.get_output().stderr);
    assert_eq!(said.matches("asks to wait 3600 s").count(), 1, "{said}");
    assert!(said.contains("images were not tried"), "{said}");
    assert!(strange.seen().len() < 30, "{}", strange.seen().len());
}

/// Everything under it is limited: the reason has its exit code.
#[test]
fn a_rate_limit_from_the_start() {
    let strange = Strange::start(|request, _| {
        if request.line.contains("/tags/list") {
            answer("200 OK", &[], br#"{"tags":["1","2","3","4","5","6"]}"#)
        } else {
            answer("429 Too Many Requests", &["Retry-After: 3600"], b"{}")
        }
    });
    let target = Server::regctl();
    let name = format!("{}/app", target.host());
    let error = Regctl::new(&strange.host).fails(6, &["copy", "--all-tags", "app", &name]);
    assert_eq!(error.matches("asks to wait 3600 s").count(), 1, "{error}");
}

/// Of a blob it says that it exists, and not how long it is.
#[test]
fn a_blob_of_unknown_length_exists() {
    let (from, to) = (Server::regctl(), Server::regctl());
    let image = Image::new(4);
    let digest = from.remote("app").push("1", &image);
    to.remote("app").push("1", &image);
    let target = Meddler::start(to.address(), |passed, _| {
        if passed.line.starts_with("HEAD") && passed.line.contains("/blobs/") {
            Action::Answer(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec())
        } else {
            Action::Pass
        }
    });
    let name = format!("{}/app:2", target.host);
    Regctl::new(&from.host())
        .run(&["copy", "app:1", &name])
        .success();
    assert_eq!(target.count("POST"), 0, "{:?}", target.passed());
    assert_eq!(to.remote("app").verify("2"), digest);
}

/// The hint names the source of the credential that was sent.
#[test]
fn the_refused_credential_is_named() {
    let strange = Strange::start(|_, _| {
        answer(
            "401 Unauthorized",
            &["WWW-Authenticate: Basic realm=\"x\""],
            b"{}",
        )
    });
    let regctl = Regctl::new(&strange.host);
    let entry = |key: &str| json!({"auths": {key: {"username": "u", "password": "p"}}}).to_string();
    let directory = regctl.home.path().join(".docker");
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("config.json");
    let refused = || {
        let mut command = regctl.command();
        command
            .env(
                "DOCKER_AUTH_CONFIG",
                entry(&format!("{}/app", strange.host)),
            )
            .args(RAW);
        text(&command.assert().code(4).get_output().stderr)
    };
    for kept in [entry(&strange.host), "{}".to_owned()] {
        std::fs::write(&file, kept).unwrap();
        let said = refused();
        let hint = "hint: the credentials used are those of DOCKER_AUTH_CONFIG";
        assert!(said.contains(hint), "{said}");
    }
}

/// The answer about a blob has no body, unlike an earlier one about the manifest.
#[test]
fn the_reason_of_a_denial_is_kept() {
    let from = Server::regctl();
    from.remote("app").push("1", &Image::new(5));
    let target = Strange::start(|request, _| {
        let body = br#"{"errors":[{"code":"DENIED","message":"Your token has expired"}]}"#;
        if request.line.starts_with("HEAD") {
            answer("403 Forbidden", &[], b"")
        } else {
            answer("403 Forbidden", &[], body)
        }
    });
    let name = format!("{}/app", target.host);
    let error = Regctl::new(&from.host()).fails(4, &["copy", "app:1", &name]);
    assert!(error.contains("denies access to blob app@"), "{error}");
    assert!(error.contains(": Your token has expired"), "{error}");
}
