//! Storage, collection and retention on the pages: what administrators see and start, in a browser
//! with and without scripts, and that the pages do not exist for others.

use serde_json::json;

use crate::accounts_support::Guarded;
use crate::pages_furnished::built;
use crate::pages_person::Person;
use crate::support::browser::Browser;
use crate::support::{Image, Response, Server, eventually, have};

/// Holds end soon; there are rules, and a schedule that is never due in a test.
const CONFIG: &str = "\
version: 0.1
storage: {delete: {enabled: true}, filesystem: {rootdirectory: /nowhere}}
regctl:
  accounts: {enabled: true}
  gc: {schedule: '0 3 1 1 *', lease: 1ms, trash: 24h}
  retention:
    - {repositories: ['team/*'], keep-last: 1, exclude: [stable]}
    - {repositories: ['**'], match: ['1.0'], older-than: 30d}
";

fn furnished(config: &str) -> Guarded {
    let guarded = Guarded::start_with(config);
    for (repository, first) in [("team/app", 0), ("team/lib", 10), ("tool", 20)] {
        let remote = guarded.remote("root", repository);
        for (seed, tag) in ["1.0", "1.1", "stable"].iter().enumerate() {
            remote.push(tag, &Image::new(first + seed as u64));
        }
    }
    // Its tag moves, so that it becomes untagged.
    let remote = guarded.remote("root", "team/app");
    remote.push("1.1", &Image::new(99));
    guarded
}

fn html(answer: Response) -> String {
    String::from_utf8(answer.body).unwrap()
}

#[test]
fn an_administrator_sees_storage_and_collects() {
    let guarded = furnished(CONFIG);
    let mut root = Person::signed_in(&guarded.server, "root");
    let front = root.page("/");
    assert!(
        front.contains("href=\"/storage\"") && front.contains("href=\"/collection\""),
        "{front}"
    );
    let storage = root.page("/storage");
    for text in [
        "Disk",
        "Stored here",
        "Saved by sharing",
        "Reclaimable now",
        "href=\"/r/team/app\"",
        "<svg class=\"map\"",
        "Recorded since",
    ] {
        assert!(storage.contains(text), "{text} in {storage}");
    }
    // The numbers are those of the command.
    let usage = guarded.administer(&["du", "-o", "json"]);
    let usage: serde_json::Value = serde_json::from_str(&usage).unwrap();
    let blobs = format!("{} blobs", usage["blobs"]);
    assert!(storage.contains(&blobs), "{blobs} in {storage}");

    let page = root.page("/collection");
    for text in [
        "at 0 3 1 1 *, as in crontab",
        "No collection has run yet.",
        "In team/*: delete tags beyond the last 1 pushed, except stable.",
        "In **: delete tags that match 1.0, pushed more than 30 days ago.",
        "It applies to 2 repositories, and would now delete",
        "It would now delete nothing.",
        "under regctl.retention",
        "Nothing: there is no garbage.",
    ] {
        assert!(page.contains(text), "{text} in {page}");
    }
    // A dry run lists what would be deleted and why, and deletes nothing.
    let untagged = [("untagged", "1"), ("days", "0")];
    let form = |what| [&[("do", what)][..], &untagged[..]].concat();
    let planned = html(
        root.submit("/collection", "/collection", &form("plan"))
            .expect(200),
    );
    for text in [
        "no tag or index refers to it",
        "no manifest refers to it",
        "checked",
    ] {
        assert!(planned.contains(text), "{text} in {planned}");
    }
    assert!(
        root.page("/collection")
            .contains("No collection has run yet.")
    );
    let begun = root
        .submit("/collection", "/collection", &form("run"))
        .expect(303);
    assert_eq!(begun.need("location"), "/collection?run=1");
    eventually("the collection ends", || {
        root.page("/collection?run=1")
            .contains("The collection has ended: 1 manifests")
    });
    let page = root.page("/collection");
    assert!(
        page.contains(">root</td>") && page.contains(">done</td>"),
        "{page}"
    );
    // Nothing is running any more.
    root.get("/collection?part=progress").expect(204);
    let status = guarded.administer(&["gc", "--status", "-o", "json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["runs"][0]["by"], "root");

    // The trash can be restored on this page as well.
    let tag = guarded.remote("root", "team/app");
    guarded.administer(&["prune", "team/app", "--match", "1.0", "--yes"]);
    assert_eq!(tag.tags(), ["1.1", "stable"]);
    let page = root.page("/collection");
    assert!(
        page.contains("1.0 (@") && page.contains("/r/team/app/-/restore"),
        "{page}"
    );
    for (fields, status) in [
        (&[("do", "collect-everything")][..], 404),
        (
            &[("do", "plan"), ("untagged", "1"), ("days", "<script>")],
            400,
        ),
        (&[("do", "run"), ("untagged", "1"), ("days", "")], 400),
    ] {
        root.submit("/collection", "/collection", fields)
            .expect(status);
    }
    guarded.server.stop();
}

#[test]
fn the_whole_list_is_sorted_by_size() {
    let server = Server::regctl();
    for (name, versions) in [("small/app", 1), ("zoo/large", 3), ("middle/app", 2)] {
        for version in 0..versions {
            let (tag, date) = (format!("1.{version}"), "2026-11-20T09:30:00Z");
            let image = built(name, &tag, "amd64", date);
            server.remote(name).push(&tag, &image);
        }
    }
    let mut person = Person::new(&server);
    // On pages of one row each: the order spans the whole list.
    let mut first_of = |page: u32| {
        let html = person.page(&format!("/?sort=size&rows=1&page={page}"));
        let row = html.split("<tbody>").nth(1).unwrap().to_owned();
        let name = row.split("href=\"/r/").nth(1).unwrap();
        name.split('"').next().unwrap().to_owned()
    };
    eventually("sizes are counted", || {
        [1, 2, 3].map(&mut first_of) == ["zoo/large", "middle/app", "small/app"]
    });
    // The size is counted again after a push.
    let grown = built("other", "9", "arm64", "2026-11-20T09:30:00Z");
    for tag in ["2.0", "2.1", "2.2"] {
        let more = built(
            &format!("other-{tag}"),
            tag,
            "arm64",
            "2026-11-20T09:30:00Z",
        );
        server.remote("small/app").push(tag, &more);
    }
    server.remote("small/app").push("9", &grown);
    eventually("the largest is another", || first_of(1) == "small/app");
    server.stop();
}

#[test]
fn these_pages_are_hidden_from_others() {
    let guarded = furnished(CONFIG);
    let mut bob = Person::signed_in(&guarded.server, "bob");
    let mut nobody = Person::new(&guarded.server);
    assert!(!bob.page("/").contains("href=\"/storage\""));
    for target in ["/storage", "/collection", "/collection?part=progress"] {
        bob.get(target).expect(404);
        nobody.get(target).expect(404);
    }
    for what in ["plan", "run"] {
        bob.submit("/", "/collection", &[("do", what)]).expect(404);
    }
    let mut root = Person::signed_in(&guarded.server, "root");
    // Without a form token nothing runs, whoever sends it.
    root.post("/collection", "", &[("do", "run")]).expect(403);
    assert!(
        root.page("/collection")
            .contains("No collection has run yet.")
    );
    guarded.server.stop();
}

#[test]
fn browse_only_pages_collect_nothing() {
    let config = format!("{CONFIG}  pages: {{browse-only: true}}\n");
    let guarded = furnished(&config);
    let mut root = Person::signed_in(&guarded.server, "root");
    let page = root.page("/collection");
    assert!(
        !page.contains("value=\"run\"") && page.contains("browse-only"),
        "{page}"
    );
    root.submit("/collection", "/collection", &[("do", "plan")])
        .expect(200);
    root.submit("/collection", "/collection", &[("do", "run")])
        .expect(403);
    assert!(
        root.page("/collection")
            .contains("No collection has run yet.")
    );
    guarded.server.stop();
}

/// Starts a collection on the page and follows it to its end.
fn watched(guarded: &Guarded, browser: &Browser) {
    let host = format!("http://{}", guarded.server.host());
    browser.open(&format!("{host}/sign-in?next=/collection"));
    browser.write("#name", "root");
    browser.write("#password", "root-secret\u{e007}");
    browser.wait_for("/collection");
    browser.click("input[name=untagged]");
    browser.click("button[value=plan]");
    browser.wait_for_text("no tag or index refers to it");
    browser.click("button[value=run]");
    browser.wait_for_text("The collection has ended");
    browser.wait_for("/collection?run=1");
    let status = guarded.administer(&["gc", "--status", "-o", "json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["runs"][0]["freed"]["manifests"], 1);
    // A deleted tag can be restored here.
    let tags = guarded.remote("root", "team/app");
    guarded.administer(&["prune", "team/app", "--match", "1.0", "--yes"]);
    browser.open(&format!("{host}/collection"));
    browser.click("form[action='/r/team/app/-/restore'] button");
    eventually("restored", || tags.tags().len() == 3);
}

#[test]
fn a_collection_is_followed_to_its_end_with_and_without_scripts() {
    if !have(&["chromium", "chromedriver"]) {
        return;
    }
    for has_script in [true, false] {
        let guarded = furnished(CONFIG);
        let browser = Browser::start(has_script);
        watched(&guarded, &browser);
        assert_eq!(browser.console(), [""; 0]);
        drop(browser);
        guarded.server.stop();
    }
}

#[test]
fn these_pages_in_each_language_colour_and_width() {
    if !have(&["chromium", "chromedriver"]) {
        return;
    }
    let guarded = furnished(CONFIG);
    let browser = Browser::start(true);
    let host = format!("http://{}", guarded.server.host());
    let authority = guarded.server.host();
    crate::pages_walk::sign_in(&browser, &authority, "root");
    for (language, theme, width) in [
        ("en", "light", 360),
        ("en", "dark", 1280),
        ("zh-Hans", "dark", 360),
        ("zh-Hans", "light", 1280),
    ] {
        browser.resize(width, 900);
        crate::pages_walk::switch(&browser, &authority, language, theme);
        for path in [
            "/storage",
            "/collection",
            "/collection?rule=0",
            "/collection?try=1&repositories=**&match=1.*",
        ] {
            browser.open(&format!("{host}{path}"));
            browser.evaluate(
                "[...document.querySelectorAll('details')].forEach((one) => { one.open = true })",
            );
            let faults = browser.evaluate(crate::pages_browser::FAULTS);
            assert_eq!(faults, json!([]), "{path} {language} {theme} {width}");
        }
        assert_eq!(browser.console(), [""; 0]);
    }
    drop(browser);
    guarded.server.stop();
}
