//! Signing in and out: the requests to the registry, and where credentials are stored.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use assert_cmd::assert::Assert;
use serde_json::{Value, json};

use crate::cli_support::{Regctl, text};
use crate::strange::{REGISTRY, Strange, answer};
use crate::support::{Program, Setup, Sshd, have, run};

/// `ada:p:w`, with a colon in the password.
const ADA: &str = "Basic YWRhOnA6dw==";

/// A registry that accepts one `Authorization` header.
fn guarded(authorization: &'static str, challenge: String) -> Strange {
    Strange::start(move |request, _| match &request.authorization {
        Some(shown) if shown == authorization && request.line.contains("_catalog") => {
            answer("200 OK", &[], br#"{"repositories":["team/app"]}"#)
        }
        Some(shown) if shown == authorization => answer("200 OK", &[], b"{}"),
        _ => {
            let body = br#"{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}"#;
            answer("401 Unauthorized", &[&challenge], body)
        }
    })
}

fn basic() -> Strange {
    guarded(ADA, "WWW-Authenticate: Basic realm=\"x\"".into())
}

fn config(regctl: &Regctl) -> PathBuf {
    regctl.home.path().join(".docker/config.json")
}

fn write(regctl: &Regctl, value: &Value) {
    std::fs::create_dir_all(config(regctl).parent().unwrap()).unwrap();
    std::fs::write(config(regctl), value.to_string()).unwrap();
}

fn read(regctl: &Regctl) -> Value {
    serde_json::from_slice(&std::fs::read(config(regctl)).unwrap()).unwrap()
}

fn login(regctl: &Regctl, password: &str, arguments: &[&str]) -> Assert {
    let mut command = regctl.command();
    command.args(["login", "-u", "ada", "--password-stdin"]);
    command.args(arguments).write_stdin(password).assert()
}

fn talk(assert: &Assert) -> String {
    text(&assert.get_output().stderr)
}

#[test]
fn login_whoami_and_logout() {
    let strange = basic();
    let host = &strange.host;
    let regctl = Regctl::new(host);
    let who = ["whoami", "--plain-http", host];
    let error = regctl.fails(4, &who);
    assert!(
        error.contains(&format!("hint: `regctl login {host}`")),
        "{error}"
    );

    // A refused password is not stored.
    let refused = login(&regctl, "wrong\n", &["--plain-http"]).code(4);
    assert!(
        talk(&refused).contains("rejects the credentials of ada: who are you"),
        "{}",
        talk(&refused)
    );
    assert!(!config(&regctl).exists());

    let done = login(&regctl, "p:w\n", &["--plain-http", host]).success();
    let done = done.stdout(format!("Signed in to {host} as ada\n"));
    assert!(talk(&done).contains("unencrypted in "), "{}", talk(&done));
    assert_eq!(
        read(&regctl),
        json!({"auths": {host: {"auth": "YWRhOnA6dw=="}}})
    );
    let mode = |path: PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(config(&regctl)), 0o600);
    assert_eq!(mode(regctl.home.path().join(".docker")), 0o700);

    assert_eq!(
        regctl.stdout(&["catalog", "--plain-http", "-o", "name"]),
        "team/app\n"
    );
    assert_eq!(
        regctl.stdout(&[&who[..], &["-o", "name"]].concat()),
        "ada\n"
    );
    let json = regctl.json(&[&who[..], &["-o", "json"]].concat());
    let source = config(&regctl).display().to_string();
    let expected = json!({"registry": host, "user": "ada", "source": source, "accepted": true});
    assert_eq!(json, expected);

    if have(&["skopeo"]) {
        let mut other = std::process::Command::new("skopeo");
        other.args(["login", "--get-login", "--authfile", &source, host]);
        assert_eq!(run(&mut other), "ada\n");
    }

    let out = regctl.stdout(&["logout", host]);
    assert_eq!(
        out,
        format!("Signed out of {host}: removed from {source}\n")
    );
    assert_eq!(read(&regctl), json!({"auths": {}}));
    regctl.fails(4, &who);
    regctl.run(&["logout", host]).success().stdout("");
}

#[test]
fn other_content_of_the_file_is_kept() {
    let strange = basic();
    let regctl = Regctl::new(&strange.host);
    let before = json!({
        "psFormat": "x", "auths": {"other": {"auth": "eDp5", "note": 1}},
        "HttpHeaders": {"A": "b"}, "detachKeys": "ctrl-e",
    });
    write(&regctl, &before);
    // The file is a symbolic link, as with settings in another place.
    let real = regctl.home.path().join("settings.json");
    std::fs::rename(config(&regctl), &real).unwrap();
    std::os::unix::fs::symlink("../settings.json", config(&regctl)).unwrap();
    login(&regctl, "p:w", &["--plain-http"]).success();
    assert!(config(&regctl).is_symlink());
    let mut expected = before.clone();
    expected["auths"][&strange.host] = json!({"auth": "YWRhOnA6dw=="});
    assert_eq!(read(&regctl), expected);
    let order = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(order(&read(&regctl)), order(&before));
    regctl.run(&["logout"]).success();
    assert_eq!(read(&regctl), before);
    let names = std::fs::read_dir(regctl.home.path().join(".docker")).unwrap();
    assert_eq!(names.count(), 1);

    // An unreadable file is not overwritten.
    std::fs::write(&real, "{\"auths\": ").unwrap();
    let error = login(&regctl, "p:w", &["--plain-http"]).code(1);
    assert!(talk(&error).contains("repair it"), "{}", talk(&error));
    assert_eq!(std::fs::read(&real).unwrap(), b"{\"auths\": ");
}

#[test]
fn a_token_is_stored_instead_of_the_password() {
    let tokens = Strange::start(|request, _| {
        let password = request.authorization.as_deref() == Some(ADA);
        if password || request.body.contains("refresh_token=r1") {
            let body = br#"{"access_token":"t1","refresh_token":"r1"}"#;
            return answer("200 OK", &[], body);
        }
        let body = br#"{"details":"incorrect username or password"}"#;
        answer("401 Unauthorized", &[], body)
    });
    let challenge = format!(
        "WWW-Authenticate: Bearer realm=\"http://{}/token\",service=\"s\"",
        tokens.host
    );
    let strange = guarded("Bearer t1", challenge);
    let regctl = Regctl::new(&strange.host);
    let refused = login(&regctl, "wrong", &["--plain-http"]).code(4);
    assert!(
        talk(&refused).contains("incorrect username or password"),
        "{}",
        talk(&refused)
    );
    login(&regctl, "p:w", &["--plain-http"]).success();
    let asked = tokens.seen().pop().unwrap().line;
    assert!(
        asked.contains("offline_token=true") && asked.contains("account=ada"),
        "{asked}"
    );
    let kept = json!({"auth": "YWRhOg==", "identitytoken": "r1"});
    assert_eq!(read(&regctl)["auths"][&strange.host], kept);
    let who = regctl.stdout(&["whoami", "--plain-http", "-o", "name"]);
    assert_eq!(who, "ada\n");
    assert!(tokens.seen().pop().unwrap().line.starts_with("POST /token"));
    regctl.run(&["catalog", "--plain-http"]).success();
}

#[test]
fn the_helper_that_docker_would_use() {
    let strange = basic();
    let host = &strange.host;
    let regctl = Regctl::new(host);
    let home = regctl.home.path().to_owned();
    let helper = home.join("docker-credential-test");
    let script = |text: &str| {
        std::fs::write(&helper, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let keeper = format!(
        "cd {}\ncase $1 in\nstore) cat > kept;;\nget) read s; [ -f kept ] && grep -q \"\\\"$s\\\"\" kept \
         && cat kept || {{ echo credentials not found in native keychain; exit 1; }};;\nerase) rm kept;;\nesac",
        home.display()
    );
    let with_path = |mut command: assert_cmd::Command| {
        command.env("PATH", format!("{}:/usr/bin:/bin", home.display()));
        command
    };
    let tool = |arguments: &[&str]| with_path(regctl.command()).args(arguments).assert();
    let sign_in = || {
        let mut command = with_path(regctl.command());
        command.args(["login", "-u", "ada", "--password-stdin", "--plain-http"]);
        command.write_stdin("p:w").assert()
    };
    let before = json!({"credHelpers": {host: "test"}, "credsStore": "surely-not-installed"});
    write(&regctl, &before);

    // If a helper fails, that is an error, and the password is not stored anywhere else.
    for broken in ["cat; exit 1", "echo locked; exit 1"] {
        script(broken);
        let failed = sign_in().code(1);
        let said = talk(&failed);
        assert!(said.contains("can't use docker-credential-test"), "{said}");
        assert!(
            said.contains("locked") == broken.contains("locked"),
            "{said}"
        );
        assert!(!said.contains("p:w"), "{said}");
        assert_eq!(read(&regctl), before);
    }

    script(&keeper);
    let done = sign_in().success();
    assert!(!talk(&done).contains("warning"), "{}", talk(&done));
    assert_eq!(read(&regctl)["auths"], json!({host: {}}));
    let kept: Value = serde_json::from_slice(&std::fs::read(home.join("kept")).unwrap()).unwrap();
    assert_eq!(
        kept,
        json!({"ServerURL": host, "Username": "ada", "Secret": "p:w"})
    );
    tool(&["catalog", "--plain-http"]).success();
    let who = tool(&["whoami", "--plain-http"]).success();
    let who = text(&who.get_output().stdout);
    assert!(who.contains("docker-credential-test"), "{who}");
    tool(&["logout"]).success();
    assert!(!home.join("kept").exists());
    assert_eq!(read(&regctl)["auths"], json!({}));
}

#[test]
fn all_spellings_of_docker_hub_are_removed() {
    let regctl = Regctl::new("docker.io");
    write(
        &regctl,
        &json!({"auths": {
            "https://index.docker.io/v1/": {"auth": "eDp5"}, "docker.io": {"auth": "eDp5"},
            "registry-1.docker.io": {"auth": "eDp5"}, "https://index.docker.io/v1": {},
            "docker.io/team": {"auth": "eDp5"}, "other": {"auth": "eDp5"},
        }}),
    );
    regctl.run(&["logout", "index.docker.io"]).success();
    let left = json!({"auths": {"docker.io/team": {"auth": "eDp5"}, "other": {"auth": "eDp5"}}});
    assert_eq!(read(&regctl), left);
}

#[test]
fn secrets_are_not_sent_elsewhere() {
    let strange = basic();
    let regctl = Regctl::new(&strange.host);
    // On the loopback http is detected, and credentials may be sent over it.
    login(&regctl, "p:w", &[]).success();
    // A token service on another host does not receive them over http.
    let elsewhere = "WWW-Authenticate: Bearer realm=\"http://tokens.example.org/token\"";
    let strange = guarded(ADA, elsewhere.into());
    let refused = login(&regctl, "p:w", &[&strange.host]).code(1);
    assert!(
        talk(&refused).contains("http://tokens.example.org is not https"),
        "{}",
        talk(&refused)
    );
    for (arguments, said) in [
        (&["login", "-p", "secret"][..], "has no option -p"),
        (&["login", "-u", "ada"], "--password-stdin"),
        (&["login", "--password-stdin"], "--username"),
        (&["login", "--registry", "a", "b"], "two registries"),
    ] {
        let error = regctl.fails(2, arguments);
        assert!(error.contains(said), "{error}");
    }
    let empty = login(&regctl, "\n", &[]).code(2);
    assert!(talk(&empty).contains("empty"), "{}", talk(&empty));
}

#[test]
fn sources_that_override_the_file_are_reported() {
    let strange = basic();
    let host = &strange.host;
    let regctl = Regctl::new(host);
    let other = json!({"auths": {host: {"auth": "eDp5"}}}).to_string();
    let mut command = regctl.command();
    command.args(["login", "-u", "ada", "--password-stdin", "--plain-http"]);
    command.env("DOCKER_AUTH_CONFIG", &other).write_stdin("p:w");
    let done = command.assert().success();
    assert!(
        talk(&done).contains("DOCKER_AUTH_CONFIG take precedence"),
        "{}",
        talk(&done)
    );
    let mut command = regctl.command();
    command
        .args(["whoami", "--plain-http"])
        .env("DOCKER_AUTH_CONFIG", &other);
    let refused = command.assert().code(4);
    let said = talk(&refused);
    assert!(
        said.contains("rejects the credentials of x") && said.contains("stored in DOCKER_AUTH"),
        "{said}"
    );
    // podman's file is podman's.
    let podman = regctl.home.path().join("auth.json");
    std::fs::write(&podman, &other).unwrap();
    let mut command = regctl.command();
    command.arg("logout").env("REGISTRY_AUTH_FILE", &podman);
    let out = command.assert().success();
    assert!(talk(&out).contains("auth.json still has"), "{}", talk(&out));
    assert_eq!(std::fs::read_to_string(&podman).unwrap(), other);
}

#[test]
fn a_registry_without_sign_in() {
    let strange = Strange::start(|_, _| answer("200 OK", &[REGISTRY], b"{}"));
    let regctl = Regctl::new(&strange.host);
    let done = login(&regctl, "p:w", &["--plain-http"]).success();
    assert!(
        talk(&done).contains("could not be verified"),
        "{}",
        talk(&done)
    );
    let who = regctl.stdout(&["whoami", "--plain-http"]);
    assert!(who.contains("not asked"), "{who}");
    // Neither is a web server with a page for everything one without sign-in.
    for status in ["404 Not Found", "200 OK"] {
        let page = ["Content-Type: text/html"];
        let none = Strange::start(move |_, _| answer(status, &page, b"<html>"));
        let error = talk(&login(&regctl, "p:w", &["--plain-http", &none.host]).code(1));
        assert!(error.contains("is not a registry"), "{error}");
        assert!(read(&regctl)["auths"][&none.host].is_null());
    }
}

/// Over ssh to Debian's registry with an htpasswd file.
#[test]
fn a_registry_behind_ssh() {
    if !have(&["docker-registry"]) {
        return;
    }
    let Some(sshd) = Sshd::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    let htpasswd = directory.path().join("htpasswd");
    // `p:w`
    let line = "ada:$2y$05$c.ipvbBKaxaZVEE3fkipO.FOMS0QP0CiIa3cFk4wo6iZBfzG.gJKm\n";
    std::fs::write(&htpasswd, line).unwrap();
    let config = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: /nowhere}}}}\nhttp: {{addr: \
         \"127.0.0.1:0\"}}\nauth: {{htpasswd: {{realm: x, path: {}}}}}\n",
        htpasswd.display()
    );
    let server = Setup::new(Program::DockerRegistry).config(&config).start();
    let port = server.address().port();
    let registry = format!("ssh://far/{port}");
    let regctl = Regctl::new(&registry).through(&sshd.ssh());
    std::fs::create_dir(regctl.home.path().join("tmp")).unwrap();
    let error = regctl.fails(4, &["catalog"]);
    assert!(
        error.contains(&format!("hint: sign in with `regctl login {registry}`")),
        "{error}"
    );
    login(&regctl, "p:w", &[]).success();
    // Its name without ssh.
    let kept = json!({format!("far:{port}"): {"auth": "YWRhOnA6dw=="}});
    assert_eq!(read(&regctl)["auths"], kept);
    regctl.run(&["catalog"]).success().stdout("");
    assert_eq!(regctl.stdout(&["whoami", "-o", "name"]), "ada\n");
    regctl.run(&["logout"]).success();
    regctl.fails(4, &["catalog"]);
}
