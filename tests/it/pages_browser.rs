//! The pages in a real browser: in both languages and colours, wide and narrow, with scripts and
//! without.

use serde_json::json;

use crate::support::browser::Browser;
use crate::support::{Image, Server, have};

/// Something on every page.
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
    let long = ["component-that-is-long"; 11].join("/");
    server.remote(&long).push(&"t".repeat(128), &Image::new(7));
    server
}

/// The address of every kind of page.
fn addresses(server: &Server) -> Vec<String> {
    let long = ["component-that-is-long"; 11].join("/");
    [
        "/".to_owned(),
        "/?q=app&sort=name".to_owned(),
        "/?ns=team-1".to_owned(),
        "/r/library/app".to_owned(),
        "/r/library/app/-/tags?sort=version".to_owned(),
        "/r/library/app:1.0.0".to_owned(),
        format!("/r/{long}"),
        format!("/r/{long}:{}", "t".repeat(128)),
        "/compare?a=library/app:1.0.0&b=library/app:1.1.0".to_owned(),
        "/about".to_owned(),
        "/r/nothing/here".to_owned(),
    ]
    .map(|path| format!("http://{}{path}", server.host()))
    .to_vec()
}

/// What is wrong with the page that is shown: a width that scrolls, a control without a name, an
/// identifier that is there twice, a picture without a text, a heading left out.
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
fn every_page_in_each_language_colour_and_width() {
    if !have(&["chromium", "chromedriver"]) {
        return;
    }
    let server = furnished();
    let browser = Browser::start(true);
    let host = format!("http://{}/", server.host());
    for (language, theme, width) in [
        ("en", "light", 1280),
        ("en", "dark", 360),
        ("zh-Hans", "dark", 1280),
        ("zh-Hans", "light", 360),
    ] {
        browser.resize(width, 900);
        browser.open(&host);
        // The switches of the page itself.
        for (name, value) in [("language", language), ("theme", theme)] {
            let select = format!("select[name={name}] option[value='{value}']");
            browser.click(&select);
            let state = "[document.documentElement.lang, document.documentElement.dataset.theme]";
            crate::support::eventually("the switch applies", || {
                let shown = browser.evaluate(state);
                shown[usize::from(name == "theme")] == json!(value)
            });
        }
        for address in addresses(&server) {
            browser.open(&address);
            let faults = browser.evaluate(FAULTS);
            assert_eq!(faults, json!([]), "{address} {language} {theme} {width}");
            let loaded = browser.evaluate(
                "performance.getEntriesByType('resource').map((one) => new URL(one.name).host)",
            );
            let own = json!(server.host());
            for asked in loaded.as_array().unwrap() {
                assert_eq!(*asked, own, "{address} asked another host");
            }
            let said: Vec<_> = browser
                .console()
                .into_iter()
                // The browser notes the status of the page that is not there.
                .filter(|line| !line.contains("404"))
                .collect();
            assert_eq!(said, [""; 0], "{address}");
        }
    }
    drop(browser);
    server.stop();
}

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
    crate::support::eventually("the search is shown", || {
        browser.address().ends_with("?q=service-07")
    });
    let rows = "document.querySelectorAll('table.list tbody tr').length";
    assert_eq!(browser.evaluate(rows), json!(1));
    browser.click("table.list tbody th a");
    crate::support::eventually("the repository is shown", || {
        browser.address().ends_with("/r/team-1/service-07")
    });
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
    crate::support::eventually("the search is shown", || {
        browser.address().ends_with("?q=app")
    });
    browser.click("select[name=theme] option[value=dark]");
    browser.click("form.switches button");
    crate::support::eventually("the colours are kept", || {
        browser.evaluate("document.documentElement.dataset.theme") == json!("dark")
    });
    assert!(browser.address().ends_with("?q=app"));
    browser.click("table.list tbody th a");
    browser.click("h2 a");
    crate::support::eventually("the tags are shown", || {
        browser.address().ends_with("/r/library/app/-/tags")
    });
    drop(browser);
    server.stop();
}
