//! Retention rules on the pages: tried, saved with the effect that was shown, removed.

use serde_json::json;

use crate::accounts_support::Guarded;
use crate::pages_person::Person;
use crate::support::browser::Browser;
use crate::support::{Image, have};

const CONFIG: &str = "\
version: 0.1
storage: {delete: {enabled: true}, filesystem: {rootdirectory: /nowhere}}
regctl:
  accounts: {enabled: true}
  gc: {schedule: '0 3 1 1 *', lease: 1ms}
";
const TRY: &str = "/collection?try=1&repositories=team%2F*&match=pr-*&older-than=0&keep-last=";

fn furnished(config: &str) -> Guarded {
    let guarded = Guarded::start_with(config);
    for (seed, tag) in ["pr-1", "pr-2", "1.0"].iter().enumerate() {
        let remote = guarded.remote("root", "team/app");
        remote.push(tag, &Image::new(seed as u64));
    }
    guarded
}

#[test]
fn a_rule_is_tried_saved_and_removed() {
    let guarded = furnished(CONFIG);
    let mut root = Person::signed_in(&guarded.server, "root");
    let page = root.page("/collection");
    assert!(
        page.contains("There are none: every tag is kept."),
        "{page}"
    );
    assert!(!page.contains("value=\"save-rule\""), "{page}");
    let tried = root.page(TRY);
    for text in [
        "In team/*: delete tags that match pr-*, pushed more than 0 seconds ago.",
        "It applies to 1 repositories, and would now delete 2 tags and 2 manifests.",
        "name=\"match\" value=\"pr-*\"",
        "value=\"save-rule\"",
    ] {
        assert!(tried.contains(text), "{text} in {tried}");
    }
    // To try a rule changes nothing.
    let list = || guarded.administer(&["retention", "ls", "-o", "name"]);
    assert_eq!(list(), "");
    assert_eq!(guarded.remote("root", "team/app").tags().len(), 3);

    let rule = [
        ("do", "save-rule"),
        ("repositories", "team/*"),
        ("match", "pr-*"),
        ("older-than", "30"),
    ];
    let saved = root.submit(TRY, "/collection", &rule).expect(303);
    assert_eq!(saved.need("location"), "/collection?saved=1");
    let page = root.page("/collection?saved=1");
    for text in [
        "Rule 1 is saved.",
        "In team/*: delete tags that match pr-*, pushed more than 30 days ago.",
        "Rule 1, saved by root",
        "value=\"remove-rule\"",
    ] {
        assert!(page.contains(text), "{text} in {page}");
    }
    let refused = root.submit(TRY, "/collection", &rule).expect(400);
    let refused = String::from_utf8(refused.body).unwrap();
    // The form is still filled in.
    for text in [
        "The same rule exists already.",
        "name=\"match\" value=\"pr-*\"",
    ] {
        assert!(refused.contains(text), "{text} in {refused}");
    }
    // A link can't claim what did not happen.
    for query in ["saved=9", "removed=1"] {
        let page = root.page(&format!("/collection?{query}"));
        assert!(
            !page.contains("is saved.") && !page.contains("is removed."),
            "{page}"
        );
    }
    let activity = root.page("/activity?action=save-rule");
    assert!(
        activity.contains("In team/*: delete tags that match pr-*, pushed more than 30 days ago."),
        "{activity}"
    );

    let remove = [("do", "remove-rule"), ("id", "1")];
    let removed = root.submit(TRY, "/collection", &remove).expect(303);
    assert_eq!(removed.need("location"), "/collection?removed=1");
    assert_eq!(list(), "");
    let gone = root.submit(TRY, "/collection", &remove).expect(404);
    let gone = String::from_utf8(gone.body).unwrap();
    assert!(gone.contains("There is no such rule any more."), "{gone}");
    guarded.server.stop();
}

#[test]
fn a_wrong_rule_is_explained_and_not_saved() {
    let guarded = furnished(CONFIG);
    let mut root = Person::signed_in(&guarded.server, "root");
    for (query, reason) in [
        ("match=a", "Which repositories?"),
        ("repositories=a", "Which tags?"),
        ("repositories=a&keep-last=x", "whole numbers from 0 on"),
        ("repositories=%5B&keep-last=1", "A pattern is malformed"),
        (
            "repositories=%3Cscript%3E%5B&keep-last=1",
            "&lt;script&gt;[",
        ),
        // What the page shows has to be what is saved.
        (
            "repositories=[!%E2%80%AE]*&keep-last=1",
            "A pattern is malformed",
        ),
        ("repositories=a%00&keep-last=1", "A pattern is malformed"),
        (
            &format!("repositories={}&keep-last=1", "%7B".repeat(2500)),
            "A pattern is malformed",
        ),
    ] {
        let page = root.page(&format!("/collection?try=1&{query}"));
        assert!(page.contains(reason), "{query}: {page}");
        assert!(!page.contains("value=\"save-rule\""), "{query}: {page}");
        assert!(!page.contains("<script>["), "{query}: {page}");
    }
    for fields in [
        &[("do", "save-rule"), ("repositories", "a")][..],
        &[("do", "save-rule"), ("match", "a")],
        &[
            ("do", "save-rule"),
            ("repositories", "["),
            ("keep-last", "1"),
        ],
    ] {
        root.submit(TRY, "/collection", fields).expect(400);
    }
    root.submit(TRY, "/collection", &[("do", "remove-rule"), ("id", "x")])
        .expect(404);
    let rule = [
        ("do", "save-rule"),
        ("repositories", "a"),
        ("keep-last", "1"),
    ];
    // Neither without the token of a form, nor by others, nor by a link.
    root.post("/collection", "", &rule).expect(403);
    let mut bob = Person::signed_in(&guarded.server, "bob");
    bob.submit("/", "/collection", &rule).expect(404);
    root.get("/collection?do=save-rule&repositories=a&keep-last=1")
        .expect(200);
    assert_eq!(guarded.administer(&["retention", "ls", "-o", "name"]), "");
    guarded.server.stop();
}

#[test]
fn browse_only_pages_save_no_rule() {
    let guarded = furnished(&format!("{CONFIG}  pages: {{browse-only: true}}\n"));
    guarded.administer(&["retention", "add", "team/*", "--keep-last", "9"]);
    let mut root = Person::signed_in(&guarded.server, "root");
    let page = root.page(TRY);
    assert!(
        page.contains("would now delete 2 tags") && page.contains("regctl retention add"),
        "{page}"
    );
    assert!(
        !page.contains("value=\"save-rule\"") && !page.contains("value=\"remove-rule\""),
        "{page}"
    );
    let rule = [
        ("do", "save-rule"),
        ("repositories", "a"),
        ("keep-last", "1"),
    ];
    root.submit(TRY, "/collection", &rule).expect(403);
    let remove = [("do", "remove-rule"), ("id", "1")];
    root.submit(TRY, "/collection", &remove).expect(403);
    assert_eq!(
        guarded.administer(&["retention", "ls", "-o", "name"]),
        "1\n"
    );
    guarded.server.stop();
}

#[test]
fn in_a_large_registry_effects_are_shown_on_request() {
    let guarded = furnished(CONFIG);
    guarded.administer(&["retention", "add", "team/*", "--match", "pr-*"]);
    guarded.administer(&["retention", "add", "**", "--match", "x-*"]);
    let mut root = Person::signed_in(&guarded.server, "root");
    let shows = "would now delete 2 tags";
    assert!(root.page("/collection").contains(shows));
    for statement in [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100) \
         INSERT INTO repositories (name, created_at, pushed_at) \
         SELECT printf('large/app-%d', i), 0, 1700000000000 + i FROM n",
        "INSERT INTO manifests (repository_id, digest, blob_id, media_type, platforms, size, \
           content_size, readable, pushed_at) \
         SELECT r.id, m.digest, m.blob_id, m.media_type, m.platforms, m.size, m.content_size, 1, 0 \
         FROM repositories r, manifests m \
         WHERE m.id = (SELECT MIN(id) FROM manifests) AND r.name LIKE 'large/%'",
    ] {
        guarded.server.write_index(statement);
    }
    let page = root.page("/collection");
    assert!(!page.contains(shows), "{page}");
    assert!(
        page.contains("href=\"/collection?rule=0#rule-0\""),
        "{page}"
    );
    let asked = root.page("/collection?rule=0");
    assert!(asked.contains(shows), "{asked}");
    assert!(
        asked.contains("href=\"/collection?rule=1#rule-1\""),
        "{asked}"
    );
    guarded.server.stop();
}

#[test]
fn a_registry_that_applies_no_rules_says_so() {
    let read_only = "maintenance: {readonly: {enabled: true}}, delete";
    for (config, text) in [
        (
            CONFIG.replace("schedule: '0 3 1 1 *', ", ""),
            "only on request",
        ),
        (
            CONFIG.replace("delete", read_only),
            "read-only for maintenance",
        ),
    ] {
        let guarded = Guarded::start_with(&config);
        guarded.administer(&["retention", "add", "team/*", "--match", "pr-*"]);
        let mut root = Person::signed_in(&guarded.server, "root");
        let page = root.page(TRY);
        assert!(page.contains(text), "{text} in {page}");
        let said = page.matches("The server applies no rules now").count();
        assert_eq!(said, 2, "{page}");
        assert!(!page.contains("scheduled collection"), "{page}");
        guarded.server.stop();
    }
}

#[test]
fn a_rule_is_saved_in_a_browser_with_and_without_scripts() {
    if !have(&["chromium", "chromedriver"]) {
        return;
    }
    for has_script in [true, false] {
        let guarded = furnished(CONFIG);
        let browser = Browser::start(has_script);
        let host = format!("http://{}", guarded.server.host());
        browser.open(&format!("{host}/sign-in?next=/collection"));
        browser.write("#name", "root");
        browser.write("#password", "root-secret\u{e007}");
        browser.wait_for("/collection");
        browser.write("input[name=repositories]", "team/*");
        browser.write("input[name=match]", "pr-*");
        browser.click("#try form[method=get] button");
        browser.wait_for_text("would now delete 2 tags");
        for (width, path) in [(360, "light"), (1280, "dark")] {
            browser.resize(width, 900);
            let faults = browser.evaluate(crate::pages_browser::FAULTS);
            assert_eq!(faults, json!([]), "{path} {width}");
        }
        browser.click("button[value=save-rule]");
        browser.wait_for_text("Rule 1 is saved.");
        browser.click("button[value=remove-rule]");
        browser.wait_for_text("Rule 1 is removed.");
        assert_eq!(browser.console(), [""; 0]);
        drop(browser);
        guarded.server.stop();
    }
}
