//! The `REGISTRY_…` variables, laid over the tree of a configuration before a key means anything.
//!
//! `REGISTRY_HTTP_TLS_KEY` is `http.tls.key`; an item of a list goes by its number, from 0. A value
//! is YAML and takes the place of what was there, whole sections too; sections and keys that the
//! file lacks are made, in lower case. Parents come before their children and items in the order
//! of their numbers, whatever order the variables are in.

use std::cmp::Ordering;

use super::error::{ConfigError, Origin, Place};
use super::node::{Entry, Node, Value};
use super::section::Warnings;

const PREFIX: &str = "REGISTRY_";
/// The variable that names the file; no key of it.
pub(super) const FILE_VARIABLE: &str = "REGISTRY_CONFIGURATION_PATH";
/// The keys under which a name alone chooses a section.
const CHOICES: [&str; 2] = ["storage", "auth"];

/// A variable and the keys that its name spells.
struct Variable<'a> {
    name: &'a str,
    keys: Vec<&'a str>,
    value: &'a str,
}

/// Lays the variables over `root`. `known` are the keys of the top; a variable that begins with
/// another is not read at all, since the environment is full of other programs' variables.
pub(super) fn apply(
    root: &mut Node,
    environment: &[(String, String)],
    known: &[&str],
    warnings: &mut Warnings,
) -> Result<(), ConfigError> {
    let mut variables: Vec<Variable<'_>> = environment
        .iter()
        .filter(|(name, _)| name != FILE_VARIABLE)
        .filter_map(|(name, value)| {
            let keys = name.strip_prefix(PREFIX)?.split('_').collect();
            Some(Variable { name, keys, value })
        })
        .collect();
    variables.sort_by(|one, other| in_order(&one.keys, &other.keys));
    for variable in &variables {
        apply_one(root, variable, known, warnings)?;
    }
    Ok(())
}

fn apply_one(
    root: &mut Node,
    variable: &Variable<'_>,
    known: &[&str],
    warnings: &mut Warnings,
) -> Result<(), ConfigError> {
    let origin = Origin::Environment(variable.name.into());
    let place = Place::start_of(origin.clone());
    let path = variable.keys.join(".").to_lowercase();
    let top = variable.keys.first().copied().unwrap_or_default();
    let empty = variable.keys.iter().any(|key| key.is_empty());
    if empty || !known.iter().any(|known| known.eq_ignore_ascii_case(top)) {
        warnings.add(&place, &path, "is not a known key: it is ignored");
        return Ok(());
    }
    let value = Node::parse(variable.value, &origin)?;
    match set(root, &variable.keys, value, 0) {
        Ok(()) => Ok(()),
        Err(Refusal::NotASection) => {
            warnings.add(&place, &path, "lies below a plain value: it is ignored");
            Ok(())
        }
        Err(Refusal::Item(reason)) => Err(ConfigError::Value {
            place,
            key: path,
            reason,
            hint: "number the items from 0, without gaps".to_owned(),
        }),
    }
}

/// Why a variable has nowhere to go.
enum Refusal {
    /// A key of its path has a plain value.
    NotASection,
    /// It names an item that a list can't have.
    Item(String),
}

/// Puts a value at a path below `node`, making what is missing on the way.
fn set(node: &mut Node, keys: &[&str], value: Node, depth: usize) -> Result<(), Refusal> {
    let Some((&key, below)) = keys.split_first() else {
        *node = value;
        return Ok(());
    };
    if matches!(&node.value, Value::Null)
        || matches!(&node.value, Value::Scalar(text) if text.is_empty())
    {
        node.place = value.place.clone();
        node.value = if is_number(key) {
            Value::List(Vec::new())
        } else {
            Value::Map(Vec::new())
        };
    }
    let place = value.place.clone();
    match &mut node.value {
        Value::Map(entries) => {
            let found = entries
                .iter()
                .position(|entry| entry.key.eq_ignore_ascii_case(key));
            let index = found.unwrap_or(entries.len());
            if found.is_none() {
                entries.push(Entry {
                    key: key.to_lowercase(),
                    place: place.clone(),
                    node: Node::null(place),
                });
            }
            let entry = &mut entries[index];
            if depth == 0 && !below.is_empty() && CHOICES.contains(&entry.key.as_str()) {
                entry.node.expand_choice();
            }
            set(&mut entry.node, below, value, depth + 1)
        }
        Value::List(items) => {
            let length = items.len();
            let index: usize = key.parse().map_err(|_| {
                Refusal::Item(format!("goes into a list, and {key:?} is no number"))
            })?;
            if index > length {
                return Err(Refusal::Item(format!(
                    "is item {index} of a list that has {length}"
                )));
            }
            if index == length {
                items.push(Node::null(place));
            }
            set(&mut items[index], below, value, depth + 1)
        }
        Value::Null | Value::Scalar(_) => Err(Refusal::NotASection),
    }
}

fn is_number(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_digit())
}

/// Parents before children, numbers by value and before names, names by letters.
fn in_order(one: &[&str], other: &[&str]) -> Ordering {
    let keys = one.iter().zip(other).map(|(one, other)| {
        match (one.parse::<u64>(), other.parse::<u64>()) {
            (Ok(one), Ok(other)) => one.cmp(&other),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => one.cmp(other),
        }
    });
    keys.fold(Ordering::Equal, Ordering::then)
        .then(one.len().cmp(&other.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: [&str; 4] = ["http", "storage", "log", "health"];

    /// The tree as one line of flow YAML.
    fn shown(node: &Node) -> String {
        match &node.value {
            Value::Null => "~".to_owned(),
            Value::Scalar(text) => text.clone(),
            Value::List(items) => {
                let items: Vec<_> = items.iter().map(shown).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(entries) => {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|entry| format!("{}: {}", entry.key, shown(&entry.node)))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    fn applied(file: &str, variables: &[(&str, &str)]) -> (Result<String, String>, Vec<String>) {
        let mut root = Node::parse(file, &Origin::Flag("file")).unwrap();
        let environment: Vec<_> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut warnings = Warnings::default();
        let result = apply(&mut root, &environment, &KNOWN, &mut warnings)
            .map(|()| shown(&root))
            .map_err(|error| error.to_string());
        (result, warnings.into_lines())
    }

    #[test]
    fn variables_lie_over_the_file() {
        for (file, variables, expected) in [
            (
                "http: {addr: :1}",
                &[("REGISTRY_HTTP_ADDR", ":2")][..],
                "{http: {addr: :2}}",
            ),
            (
                "",
                &[("REGISTRY_HTTP_TLS_KEY", "k")],
                "{http: {tls: {key: k}}}",
            ),
            (
                "http:",
                &[("REGISTRY_HTTP_ADDR", ":2")],
                "{http: {addr: :2}}",
            ),
            // The parent replaces the section, then its child goes in, whatever the order.
            (
                "storage: {s3: {bucket: b}}",
                &[
                    ("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/d"),
                    ("REGISTRY_STORAGE", "{filesystem: {maxthreads: 7}}"),
                ],
                "{storage: {filesystem: {maxthreads: 7, rootdirectory: /d}}}",
            ),
            (
                "storage: inmemory",
                &[("REGISTRY_STORAGE_DELETE_ENABLED", "true")],
                "{storage: {inmemory: ~, delete: {enabled: true}}}",
            ),
            (
                "http: {headers: {X-Frame-Options: [DENY]}}",
                &[
                    ("REGISTRY_HTTP_HEADERS_X-FRAME-OPTIONS_0", "SAMEORIGIN"),
                    ("REGISTRY_HTTP_HEADERS_X-Other", "[a, b]"),
                ],
                "{http: {headers: {X-Frame-Options: [SAMEORIGIN], x-other: [a, b]}}}",
            ),
            (
                "",
                &[
                    ("REGISTRY_HEALTH_FILE_10_FILE", "k"),
                    ("REGISTRY_HEALTH_FILE_2_FILE", "c"),
                    ("REGISTRY_HEALTH_FILE_1_FILE", "b"),
                    ("REGISTRY_HEALTH_FILE_0_FILE", "a"),
                    ("REGISTRY_HEALTH_FILE", "[x,x,x,x,x,x,x,x,x,{file: j}]"),
                    ("REGISTRY_HEALTH_FILE_0", "{interval: 1s}"),
                ],
                "",
            ),
            (
                "log: {level: info}",
                &[("REGISTRY_LOG_LEVEL", "")],
                "{log: {level: ~}}",
            ),
            (
                "",
                &[("REGISTRY_CONFIGURATION_PATH", "/f"), ("HTTP_ADDR", "x")],
                "~",
            ),
        ] {
            let (result, warnings) = applied(file, variables);
            if expected.is_empty() {
                // `x` is a plain value, so three of the items can't be reached into.
                assert_eq!(warnings.len(), 2, "{warnings:?}");
                assert_eq!(
                    result.unwrap(),
                    "{health: {file: [{interval: 1s, file: a}, x, x, x, x, x, x, x, x, {file: j}, \
                     {file: k}]}}"
                );
            } else {
                assert_eq!(
                    (result, warnings),
                    (Ok(expected.to_owned()), vec![]),
                    "{variables:?}"
                );
            }
        }
    }

    #[test]
    fn other_variables_are_named_and_left_alone() {
        for (name, value, expected) in [
            (
                "REGISTRY_PORT",
                "tcp://[",
                "REGISTRY_PORT: port is not a known key: it is ignored",
            ),
            (
                "REGISTRY_HTTP__ADDR",
                ":1",
                "REGISTRY_HTTP__ADDR: http..addr is not a known key: it is ignored",
            ),
            (
                "REGISTRY_HTTP_ADDR_0",
                ":1",
                "REGISTRY_HTTP_ADDR_0: http.addr.0 lies below a plain value: it is ignored",
            ),
        ] {
            let (result, warnings) = applied("http: {addr: :5}", &[(name, value)]);
            assert_eq!(result.unwrap(), "{http: {addr: :5}}");
            assert_eq!(warnings, [expected]);
        }
    }

    #[test]
    fn a_variable_that_can_mean_nothing_is_named() {
        for (name, value, expected) in [
            (
                "REGISTRY_HEALTH_FILE_1",
                "{}",
                "REGISTRY_HEALTH_FILE_1: health.file.1 is item 1 of a list that has 0; hint: \
                 number the items from 0, without gaps",
            ),
            (
                "REGISTRY_LOG_HOOKS_NAME",
                "x",
                "REGISTRY_LOG_HOOKS_NAME: log.hooks.name goes into a list, and \"NAME\" is no \
                 number; hint: number the items from 0, without gaps",
            ),
        ] {
            let (result, _) = applied("log: {hooks: [a]}", &[(name, value)]);
            assert_eq!(result.unwrap_err(), expected);
        }
        let (result, _) = applied("", &[("REGISTRY_HTTP_ADDR", "[:5000")]);
        let error = result.unwrap_err();
        assert!(
            error.starts_with("REGISTRY_HTTP_ADDR: not valid YAML: "),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn any_variables_are_applied_or_refused(
            variables in prop::collection::vec(
                ("REGISTRY(_(HTTP|LOG|HEALTH|FILE|0|1|9|10|1X|9A|)){1,4}", "[a-c0-9:\\[{}, ]{0,6}"),
                0..40,
            ),
        ) {
            let variables: Vec<_> = variables
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let _ = applied("http: {file: [a, {b: c}]}", &variables);
        }
    }
}
