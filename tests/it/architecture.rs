//! The rules of the project that a compiler does not check: which room may use which, how a file
//! begins, and its maximum length.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each room, and the rooms that it may use. `telemetry` and `clock` are open to all.
const ROOMS: [(&str, &[&str]); 18] = [
    ("oci", &[]),
    ("hash", &["oci"]),
    ("store", &["oci", "hash"]),
    ("index", &["oci"]),
    ("registry", &["oci", "hash", "store", "index"]),
    ("auth", &["oci", "index"]),
    ("admin", &["oci", "registry", "auth"]),
    ("http", &["oci", "registry", "auth", "admin", "web"]),
    ("web", &["oci", "hash", "registry", "auth", "admin"]),
    ("client", &["oci", "hash"]),
    ("archive", &["oci", "hash"]),
    ("transfer", &["oci", "hash", "client", "archive"]),
    ("config", &["oci"]),
    (
        "server",
        &[
            "oci", "hash", "store", "index", "registry", "auth", "admin", "http", "web", "client",
            "archive", "transfer", "config",
        ],
    ),
    (
        "cli",
        &[
            "client", "archive", "transfer", "admin", "config", "server", "oci",
        ],
    ),
    ("telemetry", &[]),
    ("clock", &[]),
    // The build script.
    ("link", &[]),
];

/// Files that may be longer than others, and the reason.
const LONG: [(&str, &str); 0] = [];

const LIMIT: usize = 400;

/// The Rust files below a directory of the project, with their relative paths.
fn sources(directory: &str) -> Vec<(PathBuf, String)> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut directories = vec![project.join(directory)];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(project).unwrap().to_path_buf(), text));
            }
        }
    }
    files.sort();
    files
}

/// The room of a file: `src/http/v2/blobs.rs` is in `http`, `src/hash.rs` is `hash`.
fn room(path: &Path) -> String {
    let first = path.iter().nth(1).unwrap().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The first names after each `crate::` in a text, with groups expanded; comments don't count.
fn used(text: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_') {
            continue;
        }
        let rest = code[at + "crate::".len()..].trim_start();
        match rest.strip_prefix('{') {
            Some(group) => names.extend(heads(group)),
            None => names.extend(head(rest)),
        }
    }
    names
}

/// The name at the beginning of a text.
fn head(text: &str) -> Option<String> {
    let text = text.trim_start();
    let end = text
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// The first name of each item of a group, up to its closing brace.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.extend(head(&group[start..at]));
                start = at + 1;
                if letter == '}' {
                    return names;
                }
            }
            _ => {}
        }
    }
    names
}

#[test]
fn imports_are_parsed() {
    let text = "use crate::oci::{Digest, Tag};\n// use crate::comment;\nuse crate::{store::{a, b}, \
                hash, index::x};\nlet x = crate::registry::open(); mycrate::no();\n";
    let expected = ["hash", "index", "oci", "registry", "store"];
    assert_eq!(used(text).into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn rooms_use_only_permitted_rooms() {
    let mut broken = Vec::new();
    for (path, text) in sources("src") {
        let room = room(&path);
        // The crate's own two files may use every room.
        if room == "lib" || room == "main" {
            continue;
        }
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            broken.push(format!(
                "{}: {room} is no room of the table",
                path.display()
            ));
            continue;
        };
        for name in used(&text) {
            let is_room = ROOMS.iter().any(|(room, _)| *room == name);
            let open = name == room || name == "telemetry" || name == "clock";
            if is_room && !open && !allowed.contains(&name.as_str()) {
                broken.push(format!("{}: {room} may not use {name}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// The lines of the crate that contain `text`, as `path: line`.
fn lines_with(text: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for (path, source) in sources("src") {
        for line in source.lines().filter(|line| line.contains(text)) {
            found.push((path.clone(), line.trim().to_owned()));
        }
    }
    found
}

#[test]
fn only_the_decision_creates_permits() {
    for (path, line) in lines_with("Permit::grant") {
        let decides = path.ends_with("auth/decide.rs") || path.ends_with("auth/local.rs");
        assert!(decides, "{}: {line}", path.display());
    }
}

#[test]
fn handlers_reach_the_registry_only_with_a_permit() {
    // `http` has a registry in one place only, which requires a permit.
    let holders: BTreeSet<PathBuf> = sources("src")
        .into_iter()
        .filter(|(path, text)| path.starts_with("src/http") && text.contains("registry: Registry"))
        .map(|(path, _)| path)
        .collect();
    let allowed = ["src/http/guard.rs", "src/http/mod.rs", "src/http/v2/mod.rs"];
    let allowed: BTreeSet<PathBuf> = allowed.iter().map(PathBuf::from).collect();
    assert_eq!(holders, allowed);
    let text = |path: &str| {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
    };
    // `mod` only passes the registry to the guard.
    let hub = text("src/http/mod.rs");
    assert_eq!(hub.matches("Guard::new(registry, ").count(), 1);
    assert!(!hub.contains("self.registry") && !hub.contains("registry.clone()"));
    // The guard gives it to handlers in one function only, which requires a permit.
    let guard = text("src/http/guard.rs");
    assert!(guard.contains("fn reach(&self, permit: &Permit) -> Registry"));
    assert_eq!(guard.matches("-> Registry").count(), 1);
    // A call is created in one place, from an admitted action.
    let calls = text("src/http/v2/mod.rs");
    assert!(calls.contains("app.guard()?.admit(context, &identity, &action)"));
    assert_eq!(
        calls.matches("Call {").count() - calls.matches("impl Call {").count(),
        2
    );
}

#[test]
fn every_file_begins_with_its_purpose() {
    let silent: Vec<_> = sources("src")
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "without a first line of //!: {silent:?}");
}

/// A name that has moved loses its place in memory without a word.
#[test]
fn names_for_the_linker_exist() {
    let sources = sources("src");
    let names = include_str!("../../src/link/start.txt");
    let own: Vec<_> = names
        .lines()
        .filter(|name| name.starts_with("regctl::"))
        .collect();
    assert!(own.len() > 50, "{own:?}");
    for name in own {
        let path: Vec<&str> = name.split("::").skip(1).collect();
        // A module, or a type or function of one.
        let is_module = |path: &[&str], file: &Path| {
            let module = PathBuf::from("src").join(path.join("/"));
            *file == module.with_extension("rs") || *file == module.join("mod.rs")
        };
        let found = sources.iter().any(|(file, text)| {
            is_module(&path, file)
                || *file == Path::new("src/main.rs") && path == ["main"]
                || (1..path.len()).any(|end| {
                    is_module(&path[..end], file) && text.contains(&format!(" {}", path[end]))
                })
        });
        assert!(found, "{name}: delete it, or run .ci/start-order");
    }
}

#[test]
fn files_have_a_maximum_length() {
    let mut long = Vec::new();
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        let lines = text.lines().count();
        let excused = LONG.iter().any(|(name, _)| Path::new(name) == path);
        if lines > LIMIT && !excused {
            long.push(format!("{}: {lines} lines", path.display()));
        }
        if excused && lines <= LIMIT {
            long.push(format!("{} needs no excuse any more", path.display()));
        }
    }
    assert!(long.is_empty(), "over {LIMIT} lines:\n{}", long.join("\n"));
}

#[test]
fn the_gate_installs_every_program_that_tests_need() {
    let gate =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/run")).unwrap();
    let mut asked = BTreeSet::new();
    for (_, text) in sources("tests") {
        for list in text.split("have(&[").skip(1) {
            let list = list.split(']').next().unwrap_or_default();
            asked.extend(list.split('"').skip(1).step_by(2).map(str::to_owned));
        }
        for name in text.split(" find(\"").skip(1) {
            asked.extend(name.split('"').next().map(str::to_owned));
        }
    }
    // The lines of this file that look for the calls.
    asked.retain(|name| !name.contains(['(', ')']));
    assert!(
        asked.contains("docker-registry") && asked.contains("nginx"),
        "{asked:?}"
    );
    let missing: Vec<_> = asked
        .iter()
        .filter(|name| !gate.contains(&format!("\nneed {name} ")))
        .collect();
    assert!(missing.is_empty(), "not installed by .ci/run: {missing:?}");
}
