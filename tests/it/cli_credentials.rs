//! The client commands against registries with sign-in: which secret is sent where.

use serde_json::json;

use crate::cli_support::{Regctl, digest};
use crate::strange::{BODY, RAW, REGISTRY, Strange, answer, manifest};

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
    let plain = [&RAW[..], &["--plain-http"]].concat();
    let error = regctl.fails(4, &plain);
    assert!(
        error.contains("who are you (UNAUTHORIZED); hint: sign in with"),
        "{error}"
    );
    signed_in(&regctl, &strange.host);
    assert!(
        strange
            .seen()
            .iter()
            .all(|seen| seen.authorization.is_none())
    );
    regctl.run(&plain).success().stdout(BODY);
    // On the loopback http is detected, and nobody can read the credentials.
    regctl.run(&RAW).success().stdout(BODY);
    signed_in(&regctl, "other.example");
    regctl.fails(4, &plain);
}

#[test]
fn one_odd_entry_hides_no_other() {
    let strange = Strange::start(|request, _| match &request.authorization {
        Some(basic_user) if basic_user == "Basic dXNlcjpwYXNz" => manifest(&digest(BODY)),
        _ => basic(),
    });
    let regctl = Regctl::new(&strange.host);
    signed_in(&regctl, &strange.host);
    let file = regctl.home.path().join(".docker/config.json");
    for odd in [json!(5), json!([]), json!({"auth": 5}), json!(null)] {
        let auths = json!({"odd.example": odd, &strange.host: {"auth": "dXNlcjpwYXNz"}});
        std::fs::write(&file, json!({ "auths": auths }).to_string()).unwrap();
        regctl.run(&RAW).success().stdout(BODY);
    }
    std::fs::write(&file, "null").unwrap();
    let error = regctl.fails(4, &RAW);
    assert!(error.contains("sign in with"), "{error}");
    assert!(!error.contains("ignored"), "{error}");
}

/// Numbers that no type of ours holds, in members that are nobody else's business.
#[test]
fn a_sign_in_keeps_the_text_of_other_members() {
    let strange = Strange::start(|_, _| answer("200 OK", &[REGISTRY], b"{}"));
    let regctl = Regctl::new(&strange.host);
    signed_in(&regctl, "other.example");
    let file = regctl.home.path().join(".docker/config.json");
    let before = concat!(
        "{\n\t\"auths\": {\n\t\t\"other.example\": {\"auth\": \"dTpw\", \"n\": 1.0}\n\t},\n",
        "\t\"plugins\": {\"p\": {\"id\": 12345678901234567890123, \"most\":1e400, \"a\": \"\\u00e9\"}}\n}"
    );
    std::fs::write(&file, before).unwrap();
    for (command, input) in [("login", "secret"), ("logout", "")] {
        let mut run = regctl.command();
        run.args([command, &strange.host]);
        if command == "login" {
            run.args(["--plain-http", "-u", "ada", "--password-stdin"]);
        }
        run.write_stdin(input).assert().success();
        let after = std::fs::read_to_string(&file).unwrap();
        assert_eq!(after.contains(&strange.host), command == "login", "{after}");
        let plugins = before.split("\"plugins\"").nth(1).unwrap();
        assert!(after.ends_with(plugins), "{after}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn a_redirect_gets_no_credentials() {
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
    let plain = [&RAW[..], &["--plain-http"]].concat();
    regctl.run(&plain).success().stdout(BODY);
    assert_eq!(storage.seen()[0].authorization, None);
    // A challenge of another server is not answered.
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
    let plain = [&RAW[..], &["--plain-http"]].concat();
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

/// A list that takes longer than its token lives; `scopes` is whether the service knows the scope of
/// lists.
fn list_longer_than_a_token(scopes: bool) {
    // Each token is good for two requests.
    let tokens = Strange::start(move |request, earlier| {
        if request.authorization.is_none() || (!scopes && request.line.contains("catalog")) {
            return answer("403 Forbidden", &[], b"{}");
        }
        let token = json!({"token": format!("t{earlier}"), "expires_in": 300});
        answer("200 OK", &[], token.to_string().as_bytes())
    });
    let challenge = format!(
        "WWW-Authenticate: Bearer realm=\"http://{}/token\",service=\"s\"",
        tokens.host
    );
    let uses = std::sync::Mutex::new(std::collections::HashMap::new());
    let strange = Strange::start(move |request, _| {
        let Some(token) = &request.authorization else {
            return answer("401 Unauthorized", &[&challenge], b"{}");
        };
        let mut uses = uses.lock().unwrap();
        let uses = uses.entry(token.clone()).or_insert(0);
        *uses += 1;
        if *uses > 2 {
            return answer("401 Unauthorized", &[&challenge], b"{}");
        }
        if !request.line.contains("/v2/_catalog") {
            let status = if request.line.contains("_regctl") {
                "404 Not Found"
            } else {
                "200 OK"
            };
            return answer(status, &[], b"{}");
        }
        let last = request
            .line
            .split_once("last=r")
            .map_or("0", |(_, rest)| &rest[..1]);
        let number = last.parse::<u32>().unwrap() + 1;
        let link = format!("Link: </v2/_catalog?last=r{number}>; rel=\"next\"");
        let links = [link.as_str()];
        let links = if number < 7 { &links[..] } else { &[] };
        let body = json!({"repositories": [format!("r{number}")]});
        answer("200 OK", links, body.to_string().as_bytes())
    });
    let regctl = Regctl::new(&strange.host);
    signed_in(&regctl, &strange.host);
    let names = regctl.stdout(&["catalog", "--plain-http", "-o", "name"]);
    assert_eq!(names.lines().count(), 7, "{names}");
    assert!(
        tokens
            .seen()
            .iter()
            .all(|seen| seen.authorization.is_some())
    );
}

#[test]
fn a_list_that_takes_longer_than_its_token_continues_with_another() {
    list_longer_than_a_token(true);
    list_longer_than_a_token(false);
}

/// Registries lock accounts after a few wrong passwords.
#[test]
fn a_command_sends_an_outdated_password_once() {
    let tokens = Strange::start(|_, _| {
        let body = br#"{"errors":[{"code":"UNAUTHORIZED","message":"wrong password"}]}"#;
        answer("401 Unauthorized", &[], body)
    });
    let challenge = format!(
        "WWW-Authenticate: Bearer realm=\"http://{}/token\",service=\"s\"",
        tokens.host
    );
    let guarded = Strange::start(move |_, _| answer("401 Unauthorized", &[&challenge], b"{}"));
    let plain = Strange::start(|_, _| basic());
    let other = Strange::start(|_, _| answer("404 Not Found", &[], b""));
    let copied = format!("{}/app:1", other.host);
    for registry in [&guarded, &plain] {
        let regctl = Regctl::new(&registry.host);
        signed_in(&regctl, &registry.host);
        let line = format!("regctl tags --registry {} te", registry.host);
        for arguments in [
            &["catalog"][..],
            &["tags", "app"],
            &["complete", "--", &line],
            &["search", "app"],
            &["copy", "app:1", &copied],
            &["copy", "app:1", "app:2"],
            &["sync", "app", "other"],
            &["delete", "app:1"],
            &["inspect", "app:1"],
            &["doctor"],
            &["whoami"],
        ] {
            let sent = || {
                let seen = tokens.seen().into_iter().chain(plain.seen());
                seen.filter(|seen| seen.authorization.is_some()).count()
            };
            let before = sent();
            regctl.run(arguments);
            let sent = sent() - before;
            assert!(sent <= 1, "{arguments:?} sent it {sent} times");
        }
    }
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
            .args(RAW)
            .arg("--plain-http");
        command.assert()
    };
    script(r#"printf '{"ServerURL":"%s","Username":"u","Secret":"p"}' "$server""#);
    run().success().stdout(BODY);
    let seen = strange.seen().pop().unwrap().authorization;
    assert_eq!(seen.as_deref(), Some("Basic dTpw"));
    // A helper of a later source is not asked.
    signed_in(&regctl, &strange.host);
    let file = regctl.home.path().join(".docker/config.json");
    std::fs::write(&file, r#"{"credsStore":"test"}"#).unwrap();
    script("touch \"$0.asked\"; exit 1");
    let first = json!({"auths": {&strange.host: {"auth": "dXNlcjpwYXNz"}}});
    let mut command = regctl.command();
    command
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", regctl.home.path().display()),
        )
        .env("DOCKER_AUTH_CONFIG", first.to_string())
        .args(RAW);
    command.assert().success().stdout(BODY);
    let seen = strange.seen().pop().unwrap().authorization;
    assert_eq!(seen.as_deref(), Some("Basic dXNlcjpwYXNz"));
    assert!(!helper.with_extension("asked").exists());
    std::fs::remove_file(&file).unwrap();
    script("echo secret; exit 1");
    let output = run().code(4);
    let talk = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert!(
        talk.contains("warning: docker-credential-test") && !talk.contains("secret"),
        "{talk}"
    );
}

#[test]
fn a_token_service_that_knows_no_scope_for_deletes() {
    let tokens = Strange::start(|request, _| {
        if request.line.contains("%3Adelete") {
            answer("400 Bad Request", &[], br#"{"error":"Unable to decode"}"#)
        } else {
            answer("200 OK", &[], br#"{"token":"t1","expires_in":1}"#)
        }
    });
    let challenge = format!(
        "WWW-Authenticate: Bearer realm=\"http://{}/token\",scope=\"repository:app:pull,push\"",
        tokens.host
    );
    let strange = Strange::start(move |request, _| match &request.authorization {
        Some(_) if request.line.starts_with("DELETE") => answer("202 Accepted", &[], b""),
        Some(_) if request.line.contains("/_regctl/") => answer("404 Not Found", &[], b""),
        Some(_) if request.line.contains("/tags/list") => {
            answer("200 OK", &[REGISTRY], br#"{"name":"app","tags":["1"]}"#)
        }
        Some(_) => manifest(&digest(BODY)),
        None => answer("401 Unauthorized", &[&challenge], b""),
    });
    let regctl = Regctl::new(&strange.host);
    regctl.run(&["delete", "--plain-http", "app:1"]).success();
}

#[test]
fn a_refusal_by_the_storage_behind_a_registry_is_not_about_the_credentials() {
    let storage = Strange::start(|_, _| {
        let body = b"<?xml version=\"1.0\"?><Error><Message>Request has expired</Message></Error>";
        answer("403 Forbidden", &[], body)
    });
    let location = format!("Location: http://{}/bytes", storage.host);
    let strange = Strange::start(move |request, _| match &request.authorization {
        Some(_) => answer("307 Temporary Redirect", &[REGISTRY, &location], b""),
        None => basic(),
    });
    let regctl = Regctl::new(&strange.host);
    signed_in(&regctl, &strange.host);
    let error = regctl.fails(4, &[&RAW[..], &["--plain-http"]].concat());
    let said = format!("{} denies access to ", storage.host);
    assert!(error.contains(&said), "{error}");
    let reason = format!(
        ": Request has expired; hint: {} redirects there",
        strange.host
    );
    assert!(error.contains(&reason), "{error}");
    assert!(
        storage
            .seen()
            .iter()
            .all(|seen| seen.authorization.is_none())
    );
}
