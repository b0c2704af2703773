//! Every page in a real browser, in both languages and colours, wide and narrow: nothing scrolls
//! sideways, the console is empty, no other host is contacted, and axe-core finds no fault.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::accounts_support::Guarded;
use crate::pages_browser::FAULTS;
use crate::pages_furnished::{crowd, furnished, pages};
use crate::support::browser::Browser;
use crate::support::{Server, have, skip};

/// The rules of axe-core: those of WCAG 2.2 AA, and its best practices.
const RULES: &str = r#"{runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    resultTypes: ["violations"]}"#;

/// The script of axe-core, which `.ci/axe` fetches; prints a message if it is missing.
fn axe() -> Option<String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let found = fs::read_dir(target).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name()?.to_str()?;
        let is_script = path.extension()?.to_str()? == "js";
        (is_script && name.starts_with("axe-core-")).then(|| path.clone())
    });
    if found.is_none() {
        skip("axe-core is missing; .ci/axe fetches it");
    }
    found.map(|path| fs::read_to_string(path).unwrap())
}

/// The violations on the current page: the rules, with the elements that break them.
fn violations(browser: &Browser, axe: &str) -> Value {
    let script = format!(
        "{axe}; const done = arguments[0]; \
         axe.run(document, {RULES}).then((result) => done(result.violations.map((one) => \
             [one.id, one.nodes.slice(0, 5).map((node) => `${{node.html}} ${{node.failureSummary}}`)])), \
             (error) => done([String(error)]));"
    );
    browser.run(&script)
}

/// Chooses language and colours with the forms of the page.
pub(crate) fn switch(browser: &Browser, host: &str, language: &str, theme: &str) {
    browser.open(&format!("http://{host}/about"));
    let root = "document.documentElement";
    for (name, state, value) in [
        ("language", "lang", language),
        ("theme", "dataset.theme", theme),
    ] {
        browser.click(&format!("select[name={name}] option[value='{value}']"));
        browser.wait_until(&format!("{root}.{state} === '{value}'"));
    }
}

/// Signs in with the form.
pub(crate) fn sign_in(browser: &Browser, host: &str, name: &str) {
    browser.open(&format!("http://{host}/sign-in?next=/about"));
    browser.write("#name", name);
    browser.write("#password", &format!("{name}-secret\u{e007}"));
    browser.wait_for("/about");
}

/// Opens a page and lists its faults.
fn faults(
    browser: &Browser,
    host: &str,
    (path, status): (&str, u16),
    axe: Option<&str>,
) -> Vec<Value> {
    browser.open(&format!("http://{host}{path}"));
    let mut found = browser.evaluate(FAULTS).as_array().unwrap().clone();
    let loaded = browser
        .evaluate("performance.getEntriesByType('resource').map((one) => new URL(one.name).host)");
    let foreign = loaded
        .as_array()
        .unwrap()
        .iter()
        .filter(|asked| **asked != json!(host));
    found.extend(foreign.map(|asked| json!(format!("asked {asked}"))));
    let answered = browser.evaluate("performance.getEntriesByType('navigation')[0].responseStatus");
    if answered != json!(status) {
        found.push(json!(format!("status {answered}")));
    }
    // The browser logs the status of a missing page.
    let said = browser.console().into_iter();
    let said = said.filter(|line| status == 200 || !line.contains(&status.to_string()));
    found.extend(said.map(Value::from));
    if let Some(axe) = axe {
        found.extend(violations(browser, axe).as_array().unwrap().clone());
        drop(browser.console());
    }
    found
}

/// The faults of all pages for one viewer.
fn walk(
    browser: &Browser,
    host: &str,
    pages: &[(String, u16)],
    axe: Option<&str>,
) -> Vec<(String, Vec<Value>)> {
    let mut wrong = Vec::new();
    for (language, theme, width) in [
        ("en", "light", 1280),
        ("en", "dark", 360),
        ("zh-Hans", "dark", 1280),
        ("zh-Hans", "light", 360),
    ] {
        browser.resize(width, 900);
        switch(browser, host, language, theme);
        for (path, status) in pages {
            let found = faults(browser, host, (path, *status), axe);
            if !found.is_empty() {
                wrong.push((format!("{path} {language} {theme} {width}"), found));
            }
        }
    }
    wrong
}

#[test]
fn every_page_in_each_language_colour_and_width() {
    if !have(&["chromium", "chromedriver"]) {
        return;
    }
    let axe = axe();
    let axe = axe.as_deref();
    let guarded: Guarded = furnished();
    crowd(&guarded);
    let browser = Browser::start(true);
    let host = guarded.server.host();
    let mut wrong = walk(
        &browser,
        &host,
        &["/", "/sign-in", "/about", "/activity"]
            .map(|path| (path.to_owned(), if path == "/activity" { 404 } else { 200 })),
        axe,
    );
    sign_in(&browser, &host, "root");
    wrong.extend(walk(&browser, &host, &pages(&guarded), axe));
    // An empty registry.
    let empty = Server::regctl();
    wrong.extend(walk(&browser, &empty.host(), &[("/".to_owned(), 200)], axe));
    drop(browser);
    empty.stop();
    guarded.server.stop();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
