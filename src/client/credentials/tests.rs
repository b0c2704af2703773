//! Which credential applies.

use base64::Engine as _;

use super::*;

#[test]
fn podmans_file_without_a_session_is_found() {
    let path = without_session(1000);
    assert_eq!(path, PathBuf::from("/run/containers/1000/auth.json"));
    if variable("XDG_RUNTIME_DIR").is_none() && variable("REGISTRY_AUTH_FILE").is_none() {
        let own = without_session(rustix::process::getuid().as_raw());
        assert!(paths().contains(&own));
    }
}

fn credentials(host: &str, files: &[&str]) -> Credentials {
    let mut credentials = Credentials {
        host: canonical(host).to_owned(),
        sources: Vec::new(),
    };
    for (number, file) in files.iter().enumerate() {
        credentials.add(&number.to_string(), file.as_bytes(), &|warning| {
            panic!("{warning}")
        });
    }
    credentials
}

fn user(found: Option<Found>) -> Option<String> {
    match found?.credential {
        Credential::Basic { user, password } => Some(format!("{user}:{password}")),
        Credential::Identity(token) | Credential::Registry(token) => Some(token),
    }
}

fn auth(text: &str) -> String {
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(text)
}

#[test]
fn the_most_specific_key_wins() {
    let file = serde_json::json!({"auths": {
        "h:5000": {"auth": auth("host:1")},
        "h:5000/team": {"auth": auth("team:p:w")},
        "h:5000/team/app": {"auth": auth("app:3")},
        "other": {"auth": auth("other:4")},
    }});
    let credentials = credentials("h:5000", &[&file.to_string()]);
    for (repository, expected) in [
        (Some("team/app"), "app:3"),
        (Some("team/app/deep"), "app:3"),
        (Some("team/other"), "team:p:w"),
        (Some("teamwork/x"), "host:1"),
        (None, "host:1"),
    ] {
        let repository = repository.map(|name| name.parse().unwrap());
        assert_eq!(
            user(credentials.find(repository.as_ref())).as_deref(),
            Some(expected)
        );
    }
}

#[test]
fn docker_hub_by_all_its_names() {
    for key in [
        "https://index.docker.io/v1/",
        "docker.io",
        "index.docker.io",
        "registry-1.docker.io",
    ] {
        let file = serde_json::json!({"auths": {key: {"auth": auth("hub:1")}}}).to_string();
        for host in ["docker.io", "registry-1.docker.io", "index.docker.io"] {
            let found = credentials(host, &[&file]).find(None);
            assert_eq!(user(found).as_deref(), Some("hub:1"), "{key} {host}");
        }
    }
}

#[test]
fn entries_of_all_kinds() {
    for (entry, expected) in [
        (
            serde_json::json!({"username": "u", "password": "p"}),
            Some("u:p"),
        ),
        (
            serde_json::json!({"identitytoken": "t", "auth": auth("x:")}),
            Some("t"),
        ),
        (serde_json::json!({"registrytoken": "r"}), Some("r")),
        (serde_json::json!({"auth": "not base64!"}), None),
        (serde_json::json!({"auth": auth("no colon")}), None),
        (serde_json::json!({}), None),
    ] {
        let file = serde_json::json!({"auths": {"https://h/": entry}, "unknown": 1});
        let found = credentials("h", &[&file.to_string()]).find(None);
        assert_eq!(user(found).as_deref(), expected, "{entry}");
    }
}

#[test]
fn an_earlier_source_takes_precedence() {
    let file = |user: &str| {
        serde_json::json!({"auths": {"h": {"username": user, "password": ""}}}).to_string()
    };
    let found = credentials("h", &[&file("a"), &file("b")]).find(None);
    assert_eq!(user(found).as_deref(), Some("a:"));
}

#[test]
fn a_helper_belongs_to_its_source() {
    let file = |user: &str, key: &str| {
        serde_json::json!({"auths": {key: {"username": user, "password": ""}}}).to_string()
    };
    let helped = Credentials::only("h", "x", Credential::Identity("helper".into()));
    let helped = &helped.sources[0].helped;
    let app = "team/app".parse().unwrap();
    for (files, by, repository, expected) in [
        (["a", "b"], 0, None, "helper"),
        (["a", "b"], 1, None, "a:"),
        (["a", "b"], 1, Some(&app), "a:"),
        (["team", "b"], 0, Some(&app), "team:"),
        (["team", "b"], 0, None, "helper"),
        (["team", "b"], 1, None, "helper"),
        (["a", "team"], 0, Some(&app), "helper"),
    ] {
        let files = files.map(|user| match user {
            "team" => file(user, "h/team"),
            user => file(user, "h"),
        });
        let mut credentials = credentials("h", &[&files[0], &files[1]]);
        credentials.sources[by].helped.clone_from(helped);
        let found = credentials.find(repository);
        assert_eq!(user(found).as_deref(), Some(expected), "{files:?} {by}");
    }
}

#[test]
fn null_is_absent() {
    let good = serde_json::json!({"auth": auth("ada:1"), "identitytoken": null});
    for file in [
        serde_json::json!({"auths": {"h": good}}),
        serde_json::json!({"auths": {"h": good, "other": null}, "credsStore": null}),
        serde_json::json!({"auths": {"h": good}, "credHelpers": null}),
        serde_json::json!({"auths": {"h": good}, "credHelpers": {"x": null}, "y": null}),
    ] {
        let found = credentials("h", &[&file.to_string()]).find(None);
        assert_eq!(user(found).as_deref(), Some("ada:1"), "{file}");
    }
    assert!(
        credentials("h", &[r#"{"auths":null}"#])
            .find(None)
            .is_none()
    );
}

#[test]
fn keys_that_are_addresses() {
    for key in [
        "https://h/",
        "http://h",
        "https://h/v1/",
        "https://h/some/path",
    ] {
        let file = serde_json::json!({"auths": {key: {"auth": auth("ada:1")}}});
        let found = credentials("h", &[&file.to_string()]).find(None);
        assert_eq!(user(found).as_deref(), Some("ada:1"), "{key}");
    }
    let file = serde_json::json!({"auths": {"h/some/path": {"auth": auth("ada:1")}}});
    assert!(credentials("h", &[&file.to_string()]).find(None).is_none());
}

#[test]
fn a_damaged_file_is_a_warning() {
    let mut credentials = credentials("h", &[]);
    let warned = std::cell::Cell::new(false);
    credentials.add("x", b"{\"auths\": 3}", &|_| warned.set(true));
    assert!(warned.get() && credentials.sources.is_empty());
}
