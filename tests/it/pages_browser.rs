//! The pages in a real browser, with scripts and without.

use serde_json::json;

use crate::support::browser::Browser;
use crate::support::{Image, Server, have};

/// A server with several repositories, one of which has several tags.
fn furnished() -> Server {
    let server = Server::regctl();
    for number in 0..30 {
        server
            .remote(&format!("team-{}/service-{number:02}", number % 3))
            .push("1.0.0", &Image::new(number));
    }
    let app = server.remote("library/app");
    for (seed, tag) in ["1.0.0", "1.1.0", "1.10.0", "2.0.0-rc1"].iter().enumerate() {
        app.push(tag, &Image::new(100 + seed as u64));
    }
    server
}

/// Lists the faults of the current page: sideways scrolling, a control without a name, a repeated
/// identifier, a picture without a text, a skipped heading level.
pub(crate) const FAULTS: &str = r#"(() => {
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`scrolls sideways: ${root.scrollWidth}`);
  if (!root.lang) faults.push("no language");
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  if (document.querySelectorAll("main").length !== 1) faults.push("not one main");
  for (const control of document.querySelectorAll("input:not([type=hidden]), select")) {
    if (!control.labels.length && !control.getAttribute("aria-label"))
      faults.push(`no label: ${control.outerHTML}`);
  }
  for (const one of document.querySelectorAll("a, button")) {
    if (!one.textContent.trim() && !one.getAttribute("aria-label"))
      faults.push(`no text: ${one.outerHTML}`);
  }
  for (const picture of document.querySelectorAll("img:not([alt]), svg:not([aria-label]):not([aria-hidden])"))
    faults.push(`no text: ${picture.outerHTML}`);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  if (new Set(ids).size !== ids.length) faults.push("an id twice");
  for (const table of document.querySelectorAll("table"))
    if (!table.querySelector("th")) faults.push("a table without headings");
  const channel = (value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  };
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\)$/.test(colour) && colour !== "transparent") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  for (const one of document.querySelectorAll("body *")) {
    const text = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const box = one.getBoundingClientRect();
    if (!text || box.width < 2 || !box.height) continue;
    const [a, b] = [luminance(getComputedStyle(one).color), luminance(behind(one))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faults.push(`contrast ${contrast.toFixed(2)}: ${one.outerHTML.slice(0, 90)}`);
  }
  return faults;
})()"#;

#[test]
fn search_and_filter_with_the_keyboard() {
    if !have(&["chromium", "chromedriver"]) {
        return;
    }
    let server = furnished();
    let browser = Browser::start(true);
    browser.open(&format!("http://{}/", server.host()));
    browser.write("body", "/");
    assert_eq!(browser.evaluate("document.activeElement.id"), json!("q"));
    browser.write("#q", "service-07\u{e007}");
    browser.wait_for("/?q=service-07");
    let rows = "document.querySelectorAll('table.list tbody tr').length";
    assert_eq!(browser.evaluate(rows), json!(1));
    browser.click("table.list tbody th a");
    browser.wait_for("/r/team-1/service-07");
    browser.open(&format!("http://{}/r/library/app/-/tags", server.host()));
    browser.write("#filter", "1.1");
    let shown =
        "[...document.querySelectorAll('table.list tbody tr')].filter((r) => !r.hidden).length";
    assert_eq!(browser.evaluate(shown), json!(2));
    drop(browser);
    server.stop();
}

#[test]
fn everything_works_without_scripts() {
    if !have(&["chromium", "chromedriver"]) {
        return;
    }
    let server = furnished();
    let browser = Browser::start(false);
    browser.open(&format!("http://{}/", server.host()));
    browser.write("#q", "app");
    browser.click("form.search button");
    browser.wait_for("/?q=app");
    browser.click("select[name=theme] option[value=dark]");
    browser.click("form.switches button");
    browser.wait_until("document.documentElement.dataset.theme === 'dark'");
    browser.wait_for("/?q=app");
    browser.click("table.list tbody th a");
    browser.click("h2 a");
    browser.wait_for("/r/library/app/-/tags");
    drop(browser);
    server.stop();
}
