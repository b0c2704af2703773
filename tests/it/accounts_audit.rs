//! The recorded events, which contain no secrets.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::accounts_support::{CONFIG, Guarded, basic};
use crate::pages_person::Person;
use crate::support::{Image, Request, eventually};

/// The events as `action actor account repository`, oldest first.
fn audit(guarded: &Guarded, flags: &[&str]) -> Vec<String> {
    let arguments = [&["audit", "-o", "json"], flags].concat();
    let text = guarded.administer(&arguments);
    let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
    let word = |row: &Value, name: &str| row[name].as_str().unwrap_or("-").to_owned();
    rows.iter()
        .rev()
        .map(|row| {
            ["action", "actor", "account", "repository"]
                .map(|name| word(row, name))
                .join(" ")
        })
        .collect()
}

/// Waits until an event is recorded: sign-ins and refusals take a second or two.
#[track_caller]
fn wait_for(guarded: &Guarded, flags: &[&str], wanted: &str) {
    let began = Instant::now();
    loop {
        let lines = audit(guarded, flags);
        if lines.iter().any(|line| line.starts_with(wanted)) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{lines:#?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_access_log_names_the_caller() {
    let config = format!("log: {{formatter: json}}\n{CONFIG}");
    let guarded = Guarded::start_with(&config);
    guarded
        .remote("alice", "team/app")
        .push("1", &Image::new(1));
    guarded.server.client().send(&Request::new("GET", "/v2/"));
    Person::signed_in(&guarded.server, "bob").page("/r/team/app");
    let actors = |method: &str, uri: &str| -> Vec<String> {
        let log = guarded.server.log();
        let lines = log.lines().filter_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            let matches = line["method"] == method && line["uri"] == uri;
            matches.then(|| line["actor"].as_str().unwrap().to_owned())
        });
        lines.collect()
    };
    for (method, uri, actor) in [
        ("PUT", "/v2/team/app/manifests/1", "alice"),
        ("GET", "/v2/", "anonymous"),
        ("GET", "/r/team/app", "bob"),
    ] {
        eventually("the access log", || {
            actors(method, uri).last().is_some_and(|last| last == actor)
        });
    }
    guarded.server.stop();
}

#[test]
fn events_are_listed_and_logged() {
    let guarded = Guarded::start();
    let image = Image::new(1);
    guarded.remote("alice", "team/app").push("1", &image);
    guarded.remote("root", "team/app").delete("1").expect(202);
    let bob = guarded.remote("bob", "team/app");
    bob.client
        .post(&bob.path("blobs/uploads/"))
        .refused(403, "DENIED");
    let wrong = guarded.server.client().hiding("hunter2-secret");
    let wrong = wrong.authorized(&basic("carol", "hunter2-secret"));
    wrong
        .send(&Request::new("GET", "/v2/"))
        .refused(401, "UNAUTHORIZED");
    wait_for(&guarded, &[], "refuse bob bob team/app");
    wait_for(
        &guarded,
        &["--user", "carol"],
        "refuse-sign-in anonymous carol",
    );
    wait_for(&guarded, &[], "sign-in alice alice");
    let own = format!("uid:{}", rustix::process::geteuid().as_raw());
    let lines = audit(&guarded, &[]);
    for wanted in [
        format!("create-account {own} {own} -"),
        format!("grant {own} {own} -"),
        "push-manifest alice alice team/app".to_owned(),
        "set-tag alice alice team/app".to_owned(),
        "delete-tag root root team/app".to_owned(),
    ] {
        assert!(lines.contains(&wanted), "{wanted}: {lines:#?}");
    }
    let in_app = audit(&guarded, &["--repo", "team/app", "--user", "root"]);
    assert_eq!(in_app, ["delete-tag root root team/app"]);
    assert!(audit(&guarded, &["--until", "1d"]).is_empty());
    assert_eq!(audit(&guarded, &["--limit", "2"]).len(), 2);
    assert!(guarded.administer(&["audit"]).contains("delete-tag"));
    let (all, log) = (
        guarded.administer(&["audit", "-o", "json"]),
        guarded.server.log(),
    );
    for secret in ["hunter2", "alice-secret", "$argon2"] {
        assert!(!all.contains(secret) && !log.contains(secret), "{secret}");
    }
    for line in [
        "action=delete-tag",
        "action=refuse ",
        "action=refuse-sign-in",
    ] {
        guarded.server.log_with(line);
    }
    guarded.server.stop();
}
