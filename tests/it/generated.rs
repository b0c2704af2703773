//! The man pages and completions under version control are up to date, and the README names all
//! commands and options.

use std::collections::{BTreeMap, BTreeSet};
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
fn man_pages_are_complete() {
    let pages = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("man"));
    let commands = pages.iter().filter(|(name, _)| name.ends_with(".1"));
    for (name, page) in commands {
        let mut wanted = vec![
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "EXIT STATUS",
            "FILES",
            "EXAMPLES",
            "SEE ALSO",
        ];
        // No variable changes what `regctl image` writes.
        if name != "regctl-image.1" {
            wanted.push("ENVIRONMENT");
        }
        for section in wanted {
            let headings = page
                .lines()
                .filter(|line| line.replace('"', "") == format!(".SH {section}"));
            assert_eq!(headings.count(), 1, "{name}: {section}");
        }
    }
    assert!(
        pages["regctl-gc.1"].contains("\\fIAGE\\fR"),
        "values in the synopsis"
    );
    for (page, entry) in [
        ("regctl-serve.1", "REGCTL_FIRST_ADMIN_PASSWORD"),
        ("regctl-frontend.1", "ENV_DOCKER_REGISTRY_HOST"),
        ("regctl-copy.1", "REGISTRY_AUTH_FILE"),
        ("regctl-user-demote.1", "REGCTL_REMOTE"),
        ("regctl-token.1", "/etc/regctl/config.yml"),
        ("regctl-manifest.1", "REGCTL_REGISTRY"),
        ("regctl-trust.1", "regctl\\-ca.crt"),
    ] {
        assert!(pages[page].contains(entry), "{page}: {entry}");
    }
}

#[test]
fn completions() {
    current("completions");
}

/// The long options in a text: `--dry-run`.
fn options(text: &str) -> BTreeSet<String> {
    let starts = text.match_indices("--").filter(|(at, _)| {
        let before = text[..*at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '-')
    });
    starts
        .map(|(at, _)| {
            let rest = &text[at + 2..];
            let end = rest.find(|letter: char| !(letter.is_ascii_lowercase() || letter == '-'));
            format!("--{}", &rest[..end.unwrap_or(rest.len())])
        })
        .filter(|option| option.len() > 2 && !option.ends_with('-'))
        .collect()
}

#[test]
fn the_readme_names_each_command_and_option() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(project.join("README.md")).unwrap();
    let (_, commands) = readme.split_once("## Commands\n").unwrap();
    let (commands, _) = commands.split_once("\n## ").unwrap();
    let mut pages = files(&project.join("man"));
    pages.retain(|name, _| name.ends_with(".1"));
    let mut known = BTreeSet::new();
    for (name, page) in &pages {
        let plain = page.replace("\\fB", " ").replace("\\fR", " ");
        known.append(&mut options(&plain.replace('\\', "")));
        let command = name.trim_end_matches(".1").replace('-', " ");
        // The page of a command with subcommands.
        let continued = format!("{}-", name.trim_end_matches(".1"));
        if !pages.keys().any(|other| other.starts_with(&continued)) {
            assert!(commands.contains(&format!("| `{command}")), "{command}");
        }
    }
    assert!(!known.is_empty());
    assert_eq!(options(commands), known);
}
