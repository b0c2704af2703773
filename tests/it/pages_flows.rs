//! Complete flows of a signed-in user in a real browser, with and without scripts.

use std::process::Stdio;

use serde_json::json;

use crate::accounts_clients::sign_in;
use crate::accounts_support::Guarded;
use crate::interop_docker::Dockerd;
use crate::support::browser::Browser;
use crate::support::{Image, have, is_root};

fn furnished() -> Guarded {
    let guarded = Guarded::start();
    guarded.administer(&["grant", "alice", "team/*", "delete"]);
    let remote = guarded.remote("alice", "team/app");
    for (seed, tag) in ["1.0", "1.1", "1.2", "2.0"].iter().enumerate() {
        remote.push(tag, &Image::new(seed as u64));
    }
    guarded
}

/// Signs in, deletes two tags, undoes it, and adds another tag.
fn flow(guarded: &Guarded, browser: &Browser, has_script: bool) {
    let host = format!("http://{}", guarded.server.host());
    let title = |text: &str| {
        browser.wait_until(&format!(
            "document.querySelector('h1').textContent.includes('{text}')"
        ));
    };
    browser.open(&format!(
        "{host}/sign-in?next=/r/team/app/-/tags%3Fsort=name"
    ));
    browser.write("#name", "alice");
    browser.write("#password", "alice-secret\u{e007}");
    browser.wait_for("/r/team/app/-/tags?sort=name");
    browser.click("input[value='1.0']");
    if has_script {
        let range = "(() => { const box = document.querySelector('input[value=\"1.2\"]'); \
             box.dispatchEvent(new MouseEvent('click', {shiftKey: true, bubbles: true, cancelable: true})); \
             return document.querySelectorAll('input[name=tag]:checked').length; })()";
        assert_eq!(browser.evaluate(range), json!(3));
    } else {
        browser.click("input[value='1.1']");
    }
    browser.click("form .actions button");
    title("Delete");
    browser.click("button.main");
    title("Deleted");
    let remote = guarded.remote("alice", "team/app");
    let left = if has_script { 1 } else { 2 };
    assert_eq!(remote.tags().len(), left);
    browser.click("main form button");
    title("Restored");
    assert_eq!(remote.tags().len(), 4);
    browser.open(&format!("{host}/r/team/app:2.0"));
    browser.write("#new-tag", "stable\u{e007}");
    browser.wait_for("/r/team/app:stable");
    assert_eq!(remote.tags().len(), 5);
    for path in [
        "/account",
        "/r/team/app/-/tags",
        "/r/team/app/-/trash",
        "/r/team/app:2.0",
    ] {
        browser.open(&format!("{host}{path}"));
        assert_eq!(
            browser.evaluate(crate::pages_browser::FAULTS),
            json!([]),
            "{path}"
        );
    }
    let said = browser.console();
    assert_eq!(said, [""; 0]);
    browser.click("form[action='/sign-out'] button");
    browser.wait_until("document.querySelector('form[action=\"/sign-out\"]') === null");
}

#[test]
fn delete_undo_and_retag_with_scripts_and_without() {
    if !have(&["chromium", "chromedriver"]) {
        return;
    }
    for has_script in [true, false] {
        let guarded = furnished();
        let browser = Browser::start(has_script);
        flow(&guarded, &browser, has_script);
        drop(browser);
        guarded.server.stop();
    }
}

#[test]
fn a_token_of_the_pages_signs_docker_in() {
    if !is_root()
        || !have(&[
            "chromium",
            "chromedriver",
            "dockerd",
            "docker",
            "containerd",
            "runc",
        ])
    {
        return;
    }
    let Some(daemon) = Dockerd::start() else {
        return;
    };
    let guarded = furnished();
    let browser = Browser::start(true);
    let host = guarded.server.host();
    browser.open(&format!("http://{host}/sign-in?next=/account"));
    browser.write("#name", "alice");
    browser.write("#password", "alice-secret\u{e007}");
    browser.wait_for("/account");
    browser.write("#label", "laptop\u{e007}");
    let field = "document.querySelector('.notice .command input').value";
    browser.wait_until(&format!("{field} !== ''"));
    let token = browser.evaluate(field);
    let mut login = daemon.docker();
    login
        .args(["login", "-u", "alice", "--password-stdin", &host])
        .stdin(Stdio::piped());
    assert!(sign_in(&mut login, token.as_str().unwrap()));
    drop(browser);
    guarded.server.stop();
}
