//! The man pages and completions under version control are those of the command line as it is.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli_support::Regctl;

fn files(directory: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn current(what: &str) {
    let regctl = Regctl::new("");
    let fresh = regctl.home.path().join(what);
    regctl
        .run(&["generate", what, fresh.to_str().unwrap()])
        .success();
    let (fresh, kept) = (
        files(&fresh),
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(what)),
    );
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    let refresh = format!("refresh with: rm -r {what} && cargo run -- generate {what} {what}");
    assert_eq!(names(&fresh), names(&kept), "{refresh}");
    for (name, text) in fresh {
        assert!(
            kept[&name] == text,
            "{what}/{name} is out of date; {refresh}"
        );
    }
}

#[test]
fn man_pages() {
    current("man");
}

#[test]
fn completions() {
    current("completions");
}
