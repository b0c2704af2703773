//! The pictures of the README, in tests/pictures. This creates them: `cargo test --test it --
//! --ignored pictures_of_the_readme`

use std::fs;
use std::path::Path;

use crate::pages_furnished::furnished;
use crate::pages_person::Person;
use crate::pages_walk::{sign_in, switch};
use crate::support::browser::Browser;
use crate::support::{eventually, have};

/// Maximum size of a picture, in bytes.
const LIMIT: usize = 120 * 1024;

#[test]
#[ignore = "writes files of the project"]
fn pictures_of_the_readme() {
    if !have(&["chromium", "chromedriver"]) {
        return;
    }
    let guarded = furnished();
    // The pages show the name in the browser's request.
    let host = "registry.example.com";
    let port = guarded.server.address().port();
    let rule = format!("--host-resolver-rules=MAP {host}:80 127.0.0.1:{port}");
    let browser = Browser::start_with(true, &[rule, "--hide-scrollbars".to_owned()]);
    browser.resize(1280, 900);
    sign_in(&browser, host, "root");
    // Pulls are saved after some seconds.
    let mut person = Person::signed_in(&guarded.server, "root");
    eventually("the pulls are counted", || {
        person.page("/").contains("data-label=\"Pulls\">13</td>")
    });
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures");
    fs::create_dir_all(&directory).unwrap();
    for (name, path, theme) in [
        ("explore", "/", "light"),
        ("repository", "/r/shop/storefront", "light"),
        ("image", "/r/shop/storefront:2.4.0", "light"),
        ("tags", "/r/shop/storefront/-/tags", "dark"),
    ] {
        switch(&browser, host, "en", theme);
        browser.open(&format!("http://{host}{path}"));
        let picture = browser.picture();
        assert!(picture.len() < LIMIT, "{name}: {} bytes", picture.len());
        fs::write(directory.join(format!("{name}.png")), picture).unwrap();
    }
    drop(browser);
    guarded.server.stop();
}

#[test]
fn the_pictures_are_small_and_are_shown() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(project.join("README.md")).unwrap();
    for entry in fs::read_dir(project.join("tests/pictures")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(project).unwrap().display().to_string();
        assert!(readme.contains(&name), "{name} is in no README");
        assert!(fs::metadata(&path).unwrap().len() < LIMIT as u64, "{name}");
    }
}
