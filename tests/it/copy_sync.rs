//! `sync`: gives one repository the tags of another.

use serde_json::{Value, json};

use crate::cli_support::Regctl;
use crate::strange::{REGISTRY, Strange, answer};
use crate::support::{Image, Server, have};

fn outcomes(rows: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| {
        let name = text(&row["name"]);
        let tag = name.rsplit_once(':').unwrap().1.to_owned();
        (tag, text(&row["outcome"]))
    })
    .collect()
}

fn expected(each: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(tag, outcome): &(&str, &str)| ((*tag).to_owned(), (*outcome).to_owned());
    each.iter().map(owned).collect()
}

#[test]
fn missing_and_surplus_tags() {
    let mut pairs = vec![(Server::regctl(), Server::regctl())];
    if have(&["docker-registry"]) {
        pairs.push((Server::docker_registry(), Server::regctl()));
    }
    for (from, to) in pairs {
        let (source, destination) = (from.remote("app"), to.remote("app"));
        for (tag, seed) in [("1", 1), ("2", 2), ("3", 3)] {
            source.push(tag, &Image::new(seed));
        }
        destination.push("1", &Image::new(1));
        destination.push("2", &Image::new(9));
        destination.push("old", &Image::new(9));
        destination.push("kept-4", &Image::new(9));
        let list = format!("sha256-{}", "0".repeat(64));
        destination.push(&list, &Image::new(9));
        let regctl = Regctl::new(&from.host());
        let target = format!("{}/app", to.host());

        let error = regctl.fails(2, &["sync", "--delete", "app", &target]);
        assert!(
            error.contains("2 tags would be deleted") && error.contains("--yes"),
            "{error}"
        );
        let dry = [
            "sync",
            "-o",
            "json",
            "--dry-run",
            "--delete",
            "app",
            &target,
        ];
        let planned = [
            ("1", "skipped"),
            ("2", "planned"),
            ("3", "planned"),
            ("kept-4", "planned"),
            ("old", "planned"),
        ];
        assert_eq!(outcomes(&regctl.json(&dry)), expected(&planned));
        let rows = regctl.json(&["sync", "-o", "json", "app", &target]);
        let copied = [("1", "skipped"), ("2", "copied"), ("3", "copied")];
        assert_eq!(outcomes(&rows), expected(&copied));
        let matching = ["--match", "[0-9o]*", "--delete", "--yes"];
        let rows = regctl.json(&[&["sync", "-o", "json", "app", &target], &matching[..]].concat());
        let deleted = [
            ("1", "skipped"),
            ("2", "skipped"),
            ("3", "skipped"),
            ("old", "deleted"),
        ];
        assert_eq!(outcomes(&rows), expected(&deleted));
        assert_eq!(rows[3]["source"], json!(null));
        assert_eq!(destination.tags(), ["1", "2", "3", "kept-4", &list]);
        for (tag, seed) in [("1", 1), ("2", 2), ("3", 3)] {
            assert_eq!(destination.verify(tag), Image::new(seed).digest());
        }
    }
}

#[test]
fn an_empty_destination_and_an_absent_source() {
    let (from, to) = (Server::regctl(), Server::regctl());
    from.remote("app").push("1", &Image::new(1));
    let regctl = Regctl::new(&from.host());
    let target = format!("{}/app", to.host());
    let names = regctl.stdout(&["sync", "-o", "name", "--delete", "app", &target]);
    assert_eq!(names, format!("{target}:1\n"));
    to.remote("app").verify("1");
    regctl.fails(3, &["sync", "nothing", &target]);
}

#[test]
fn an_empty_source_deletes_nothing() {
    let to = Server::regctl();
    let destination = to.remote("app");
    destination.push("1", &Image::new(1));
    // Some registries have an empty list for every name.
    let from = Strange::start(|request, _| {
        if request.line.contains("/tags/list") {
            answer("200 OK", &[REGISTRY], br#"{"name":"typo","tags":[]}"#)
        } else {
            answer("404 Not Found", &[REGISTRY], b"")
        }
    });
    let regctl = Regctl::new(&from.host);
    let target = format!("{}/app", to.host());
    for option in ["--yes", "--dry-run"] {
        let error = regctl.fails(2, &["sync", "--delete", option, "typo", &target]);
        assert!(
            error.contains("has no tags") && error.contains("1 tag of"),
            "{error}"
        );
    }
    assert_eq!(destination.tags(), ["1"]);
}
