//! `regctl retention`: rules that are saved, and applied by the server.

use serde_json::json;

use crate::admin_support::{Admin, each_way, serve};
use crate::support::{Image, eventually};

const CONFIG: &str = "\
version: 0.1
storage: {filesystem: {rootdirectory: /nowhere}}
regctl:
  retention:
    - {repositories: 'team/*', keep-last: 5, exclude: [stable]}
";

#[test]
fn rules_are_saved_listed_and_removed() {
    each_way(
        CONFIG,
        |_| (),
        |admin, ()| {
            let text = admin.stdout(&[
                "retention",
                "add",
                "team/**",
                "tools",
                "--match",
                "pr-*",
                "--older-than",
                "14d",
            ]);
            assert!(text.starts_with("Rule 1 is saved"), "{text}");
            admin.stdout(&["retention", "add", "tools", "--keep-last", "1", "--all"]);
            let rules = admin.json(&["retention", "list", "-o", "json"]);
            let saved: Vec<_> = rules.as_array().unwrap().iter().collect();
            let saved: Vec<_> = saved.iter().filter(|rule| !rule["id"].is_null()).collect();
            assert_eq!(saved[0]["savedBy"], "uid:0");
            assert_eq!(saved[0]["rule"]["olderThan"], 14 * 86_400_000);
            assert_eq!(
                saved[0]["rule"]["repositories"],
                json!(["team/**", "tools"])
            );
            assert_eq!(admin.stdout(&["retention", "ls", "-o", "name"]), "1\n2\n");
            let table = admin.stdout(&["retention", "ls"]);
            assert!(
                table.contains("'team/**' tools  --older-than 14d --match 'pr-*'")
                    && table.contains("--keep-last 1 --all"),
                "{table}"
            );
            // What is wrong changes nothing.
            for (code, line, reason) in [
                (
                    2,
                    &["add", "tools", "--keep-last", "1", "--all"][..],
                    "rule 2 is the same",
                ),
                (2, &["add", "[", "--keep-last", "1"], "quote a pattern"),
                (2, &["add", "tools", "--all"], "no condition says"),
                (3, &["remove", "7"], "no saved rule 7"),
                (2, &["remove", "last"], "is not a valid number"),
                (
                    2,
                    &["add", &"{".repeat(9000), "--match", "*"],
                    "is not 1 to 255 ASCII characters",
                ),
                (
                    2,
                    &["add", "[!\u{202e}]*", "--match", "*"],
                    "is not 1 to 255 ASCII characters",
                ),
            ] {
                let line = [&["retention"][..], line].concat();
                let (_, error) = admin.fails(code, &line);
                assert!(error.contains(reason), "{line:?}: {error}");
                assert_eq!(error.lines().count(), 1, "{error}");
            }
            admin.stdout(&["retention", "rm", "1"]);
            assert_eq!(admin.stdout(&["retention", "ls", "-o", "name"]), "2\n");
            let audit = admin.stdout(&["audit"]);
            assert!(
                audit.contains("remove-rule") && audit.contains("tools --keep-last 1 --all"),
                "{audit}"
            );
        },
        |server, ()| {
            let rules = Admin::of(server.root()).stdout(&["retention", "ls"]);
            let configured = rules.lines().find(|line| line.contains("configuration"));
            let configured = configured.unwrap_or_else(|| panic!("{rules}"));
            assert!(
                configured.contains("'team/*'")
                    && configured.ends_with("--keep-last 5 --exclude stable"),
                "{rules}"
            );
        },
    );
}

#[test]
fn the_server_applies_configured_and_saved_rules() {
    let config = "\
version: 0.1
storage: {filesystem: {rootdirectory: /nowhere}}
regctl:
  gc: {schedule: 1s}
  retention: [{repositories: 'team/*', match: 'nightly-*'}]
";
    let server = serve(config);
    let remote = server.remote("team/app");
    for (seed, tag) in ["pr-1", "pr-2", "v1"].into_iter().enumerate() {
        remote.push(tag, &Image::new(seed as u64));
    }
    let admin = Admin::of(server.root());
    admin.stdout(&["retention", "add", "team/*", "--match", "pr-*"]);
    eventually("the rule deletes tags", || remote.tags() == ["v1"]);

    // A rule that can't be read is named, and hinders no other.
    admin.stdout(&["retention", "add", "team/*", "--match", "x"]);
    server.write_index("UPDATE retention_rules SET rule = '{\"largerThan\":1}' WHERE id = 2");
    for (seed, tag) in ["nightly-1", "pr-4"].into_iter().enumerate() {
        remote.push(tag, &Image::new(seed as u64));
    }
    eventually("both rules delete tags", || remote.tags() == ["v1"]);
    let log = server.log_with("can't be read and is not applied");
    assert!(log.contains("rule=2"), "{log}");
    let list = admin.stdout(&["retention", "ls"]);
    assert!(list.contains("can't be read, and is not applied"), "{list}");
    admin.stdout(&["retention", "rm", "2"]);
    // Without the rule tags stay.
    admin.stdout(&["retention", "remove", "1"]);
    remote.push("pr-3", &Image::new(7));
    let runs = || admin.json(&["gc", "--status", "-o", "json"])["runs"][0].clone();
    let before = runs();
    eventually("another collection", || runs() != before);
    assert_eq!(remote.tags(), ["pr-3", "v1"]);
    server.stop();
}

#[test]
fn invalid_rules_are_refused() {
    let server = crate::accounts_support::Guarded::start_with(CONFIG_WITH_ACCOUNTS);
    let remote = server.remote("root", "team/app");
    remote.push("v1", &Image::new(1));
    remote.push("v2", &Image::new(2));
    let braces = format!("{}a{}", "{".repeat(100_000), "}".repeat(100_000));
    for (operation, rule) in ["prune", "save-rule"].into_iter().flat_map(|operation| {
        [
            json!({"repositories": ["**"], "keepLast": 0, "largerThan": 5, "all": true}),
            // Such a pattern has no bottom for who reads it by recursion.
            json!({"repositories": [braces], "keepLast": 0}),
            json!({"repositories": ["**"], "olderThan": -86_400_000}),
            json!({"repositories": [""], "keepLast": 0}),
            json!({"repositories": [], "keepLast": 0}),
            json!({"repositories": ["**"], "all": true}),
            json!({"repositories": vec!["a"; 101], "keepLast": 0}),
        ]
        .map(|rule| (operation, rule))
    }) {
        let body = json!({"operation": operation, "rule": rule}).to_string();
        let answer = server.client("root").send(
            &crate::support::Request::new("POST", "/api/v1/operations")
                .header("Content-Type", "application/json")
                .body(body.as_bytes()),
        );
        assert_eq!(answer.status, 400, "{operation}");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(text.contains("rule"), "{text}");
    }
    assert_eq!(remote.tags(), ["v1", "v2"]);
    assert_eq!(server.administer(&["retention", "ls", "-o", "name"]), "");
    server.server.stop();
}

/// Where there is no such zone, the pattern would silently be meant in UTC.
#[test]
fn the_time_zone_of_a_schedule_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.yml");
    let check = |schedule: &str, zone: &str| {
        let text = format!(
            "version: 0.1\nstorage: {{filesystem: {{}}}}\nregctl: {{gc: {{schedule: '{schedule}'}}}}\n"
        );
        std::fs::write(&path, text).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_regctl"));
        command.args(["serve", "--check", "--config"]).arg(&path);
        crate::support::attempt(command.env("TZ", zone)).text
    };
    for (zone, named) in [
        ("Europe/Berlin", "Europe/Berlin"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "CET-1CEST,M3.5.0,M10.5.0/3"),
        ("Mars/Olympus", "UTC"),
    ] {
        let text = check("0 3 * * *", zone);
        let line = format!("Time zone of this pattern: {named}\n");
        assert!(text.contains(&line), "{text}");
        let warns = text.contains("TZ: there is no time zone \"Mars/Olympus\"");
        assert_eq!(warns, named == "UTC", "{text}");
    }
    assert!(!check("24h", "Mars/Olympus").contains("zone"));
}

const CONFIG_WITH_ACCOUNTS: &str = "\
version: 0.1
storage: {delete: {enabled: true}, filesystem: {rootdirectory: /nowhere}}
regctl:
  accounts: {enabled: true}
";
