//! Tags whose manifests can't be read hold up no deletion.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cli_support::Regctl;
use crate::support::{Action, Image, Meddler, Server};
use crate::transfer_support::answer;

/// A registry without regctl's own lists that can't read one tag, nor one digest.
fn broken(server: &Server, digest: &str) -> Meddler {
    let digest = digest.to_owned();
    Meddler::start(server.address(), move |passed, _| {
        let reads = passed.line.starts_with("HEAD") || passed.line.starts_with("GET");
        let is_broken = passed.line.ends_with("/bad") || passed.line.ends_with(&digest);
        if passed.line.contains("/_regctl/") {
            Action::Answer(answer("404 Not Found", &[], b"404 page not found"))
        } else if reads && is_broken {
            Action::Answer(answer("500 Internal Server Error", &[], b""))
        } else {
            Action::Pass
        }
    })
}

#[test]
fn a_broken_tag_holds_up_no_deletion() {
    let server = Server::regctl();
    let remote = server.remote("app");
    for (tag, seed) in [("1", 1), ("2", 2), ("3", 3), ("bad", 9)] {
        remote.push(tag, &Image::new(seed));
    }
    let other = Image::new(3).digest().to_string();
    let registry = broken(&server, &other);
    let regctl = Regctl::new(&registry.host);
    let delete = |what: &str| regctl.stdout(&["delete", "--retries", "0", what]);
    // The broken tag may point at it.
    assert!(delete("app:1").contains(" still has perhaps tag bad, which can't be read"));
    let two = format!("app@{}", Image::new(2).digest());
    let refused = regctl.fails(1, &["delete", "--retries", "0", &two]);
    let lost = "1 tag: 2, and perhaps 1 tag that can't be read: bad; hint: --force";
    assert!(refused.contains(lost), "{refused}");
    regctl.stdout(&["delete", "--retries", "0", "--force", &two]);
    regctl.stdout(&[
        "delete",
        "--retries",
        "0",
        "--force",
        &format!("app@{other}"),
    ]);
    assert!(delete("app:bad").contains("its manifest can't be read"));
    assert_eq!(remote.tags(), [""; 0]);
    regctl.fails(3, &["delete", "app:absent"]);
    // A whole repository, where the registry can't delete it at once.
    remote.push("1", &Image::new(1));
    remote.push("bad", &Image::new(9));
    let whole = ["delete", "--retries", "0", "--yes", "--repository", "app"];
    regctl.run(&whole).success();
    assert_eq!(remote.tags(), [""; 0]);
}

/// A registry without regctl's own lists that answers some requests otherwise.
fn other(
    server: &Server,
    judge: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static,
) -> (Meddler, Regctl) {
    let registry = Meddler::start(server.address(), move |passed, _| {
        let own = || answer("404 Not Found", &[], b"404 page not found");
        let other = if passed.line.contains("/_regctl/") {
            Some(own())
        } else {
            judge(&passed.line)
        };
        other.map_or(Action::Pass, Action::Answer)
    });
    let regctl = Regctl::new(&registry.host);
    (registry, regctl)
}

#[test]
fn after_a_rate_limit_unread_tags_count_as_tags_of_the_manifest() {
    let server = Server::regctl();
    let remote = server.remote("app");
    let tags: Vec<String> = (10..50).map(|number| number.to_string()).collect();
    for tag in &tags {
        remote.push(tag, &Image::new(1));
    }
    let reads = AtomicUsize::new(0);
    let (registry, regctl) = other(&server, move |line| {
        let is_tag = line.starts_with("HEAD") && !line.contains("sha256:");
        let limited = is_tag && reads.fetch_add(1, Ordering::Relaxed) >= 5;
        limited.then(|| answer("429 Too Many Requests", &[], b""))
    });
    let manifest = format!("app@{}", Image::new(1).digest());
    let error = regctl.fails(1, &["delete", "--retries", "0", &manifest]);
    assert!(
        error.contains("is not deleted") && error.contains(" tags that can't be read: "),
        "{error}"
    );
    assert!(error.contains(", 48, 49; hint: --force"), "{error}");
    assert_eq!(remote.tags(), tags);
    // Most of the tags are not asked for.
    assert!(registry.passed().len() < 30, "{:?}", registry.passed());
}

#[test]
fn a_tag_that_nobody_may_read_holds_up_no_other() {
    let server = Server::regctl();
    let remote = server.remote("app");
    remote.push("1", &Image::new(1));
    remote.push("old", &Image::new(2));
    let (_registry, regctl) = other(&server, |line| {
        let blocked = line.contains("/manifests/old");
        blocked.then(|| answer("403 Forbidden", &[], b"a blocking policy"))
    });
    assert!(regctl.stdout(&["delete", "app:1"]).contains("deleted"));
    assert_eq!(remote.tags(), ["old"]);
}

#[test]
fn nothing_is_said_of_tags_that_nobody_can_list() {
    let server = Server::regctl();
    for tag in ["1", "2", "3"] {
        server.remote("app").push(tag, &Image::new(1));
    }
    let (_registry, regctl) = other(&server, |line| {
        let is_list = line.contains("/tags/list");
        is_list.then(|| answer("403 Forbidden", &[], b"not for you"))
    });
    let digest = Image::new(1).digest();
    let said = regctl.stdout(&["delete", "app:1"]);
    let unknown = format!("deleted app:1: whether {digest} has other tags is not known\n");
    assert_eq!(said, unknown);
    let rows = regctl.json(&["delete", "-o", "json", "app:2"]);
    assert_eq!(rows[0]["tags"], serde_json::Value::Null, "{rows}");
}

#[test]
fn where_manifests_stay_as_long_as_they_have_tags() {
    let server = Server::regctl();
    let remote = server.remote("app");
    let tagged = std::sync::Arc::new(AtomicUsize::new(0));
    let left = tagged.clone();
    let (_registry, regctl) = other(&server, move |line| {
        if !line.starts_with("DELETE") {
            return None;
        }
        if !line.contains("sha256:") {
            left.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let code = br#"{"errors":[{"code":"GOOGLE_MANIFEST_DANGLING_TAG","message":"Manifest is still referenced by tag"}]}"#;
        (left.load(Ordering::Relaxed) > 0).then(|| answer("400 Bad Request", &[], code))
    });
    let manifest = format!("app@{}", Image::new(1).digest());
    for arguments in [
        vec!["delete", "--force", &manifest],
        vec!["delete", "--yes", "--repository", "app"],
    ] {
        for tag in ["1", "2"] {
            remote.push(tag, &Image::new(1));
            tagged.fetch_add(1, Ordering::Relaxed);
        }
        regctl.run(&arguments).success();
        assert_eq!(remote.tags(), [""; 0]);
    }
}

#[test]
fn a_deletion_that_stops_half_way_says_so() {
    let server = Server::regctl();
    let remote = server.remote("app");
    for (tag, seed) in [("1", 1), ("2", 2)] {
        remote.push(tag, &Image::new(seed));
    }
    let second = Image::new(2).digest().to_string();
    let (_registry, regctl) = other(&server, move |line| {
        let refused = line.starts_with("DELETE") && line.ends_with(&second);
        refused.then(|| answer("403 Forbidden", &[], b""))
    });
    let error = regctl.fails(5, &["delete", "--yes", "--repository", "app"]);
    let part = "; 1 of its manifests and tags had been deleted before";
    assert!(error.contains(part), "{error}");
    assert_eq!(remote.tags(), ["2"]);
}
