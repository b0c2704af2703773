//! The `REGISTRY_…` variables, applied to the tree of a configuration before its keys are
//! interpreted.
//!
//! `REGISTRY_HTTP_TLS_KEY` is `http.tls.key`; an item of a list is named by its number, from 0. A
//! value is YAML and replaces the existing value, even a whole section; missing sections and keys
//! are created in lower case. Parents are applied before their children, and items in the order of
//! their numbers, regardless of the order of the variables.

use std::cmp::Ordering;

use super::error::{ConfigError, Origin, Place};
use super::node::{Entry, Node, Value};
use super::section::Warnings;

const PREFIX: &str = "REGISTRY_";
/// The variable that names the file; not a key.
pub(super) const FILE_VARIABLE: &str = "REGISTRY_CONFIGURATION_PATH";
/// The sections in which a name alone selects a subsection.
const CHOICES: [&str; 2] = ["storage", "auth"];

/// A variable and the keys in its name.
struct Variable<'a> {
    name: &'a str,
    keys: Vec<&'a str>,
    value: &'a str,
}

/// Applies the variables to `root`. `known` are the top-level keys; variables with other keys are
/// not read, because the environment is full of other programs' variables.
pub(super) fn apply(
    root: &mut Node,
    environment: &[(String, String)],
    known: &[&str],
    warnings: &mut Warnings,
) -> Result<(), ConfigError> {
    let foreign: Vec<&str> = environment
        .iter()
        .filter(|(name, value)| is_foreign(name, value))
        .map(|(name, _)| name.as_str())
        .collect();
    if !foreign.is_empty() {
        warnings.add_line(format!(
            "the environment: {} {} of podman or Kubernetes and no setting of the registry",
            foreign.join(", "),
            if foreign.len() == 1 { "is" } else { "are" },
        ));
    }
    let mut variables: Vec<Variable<'_>> = environment
        .iter()
        .filter(|(name, value)| name != FILE_VARIABLE && !is_foreign(name, value))
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

/// The variables that [`apply`] reads, in the order of their names.
pub(super) fn settings(environment: &[(String, String)], known: &[&str]) -> Vec<(String, String)> {
    let is_setting = |name: &str, value: &str| {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            return false;
        };
        let top = rest.split('_').next().unwrap_or_default();
        let is_known = known.iter().any(|known| known.eq_ignore_ascii_case(top));
        name != FILE_VARIABLE && is_known && !is_foreign(name, value)
    };
    let mut settings: Vec<(String, String)> = environment
        .iter()
        .filter(|(name, value)| is_setting(name, value))
        .cloned()
        .collect();
    settings.sort();
    settings
}

/// Whether a variable that looks like a setting comes from podman, which reads its credentials from
/// the file that `REGISTRY_AUTH_FILE` names, or from Kubernetes, which describes a service named
/// `registry` or `registry-…` by variables (`REGISTRY_SERVICE_HOST`,
/// `REGISTRY_PORT_5000_TCP_ADDR`).
fn is_foreign(name: &str, value: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return false;
    };
    let is_address = ["tcp://", "udp://", "sctp://"]
        .iter()
        .any(|scheme| value.starts_with(scheme));
    // SERVICE_HOST, or AUTH_SERVICE_HOST: the service may have a longer name.
    let below = format!("_{rest}");
    let describes_port = below.split("_PORT_").skip(1).any(|port| {
        let mut parts = port.split('_');
        parts.next().is_some_and(is_number)
            && matches!(parts.next(), Some("TCP" | "UDP" | "SCTP"))
            && matches!(parts.next(), None | Some("PROTO" | "PORT" | "ADDR"))
    });
    rest == "AUTH_FILE"
        || below.ends_with("_SERVICE_HOST")
        || below.ends_with("_SERVICE_PORT")
        || below.contains("_SERVICE_PORT_")
        || (below.ends_with("_PORT") && is_address)
        || describes_port
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
        Err(SetError::NotASection) => {
            warnings.add(&place, &path, "is below a scalar: it is ignored");
            Ok(())
        }
        Err(SetError::Item(reason)) => Err(ConfigError::Value {
            place,
            key: path,
            reason,
            hint: "number the items from 0, without gaps".to_owned(),
        }),
    }
}

/// Why a variable can't be applied.
enum SetError {
    /// A key of its path has a scalar value.
    NotASection,
    /// It names an invalid item of a list.
    Item(String),
}

/// Sets the value at a path below `node` and creates missing sections.
fn set(node: &mut Node, keys: &[&str], value: Node, depth: usize) -> Result<(), SetError> {
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
                SetError::Item(format!("is in a list, but {key:?} is not a number"))
            })?;
            if index > length {
                return Err(SetError::Item(format!(
                    "is item {index} of a list that has {length}"
                )));
            }
            if index == length {
                items.push(Node::null(place));
            }
            set(&mut items[index], below, value, depth + 1)
        }
        Value::Null | Value::Scalar(_) => Err(SetError::NotASection),
    }
}

fn is_number(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_digit())
}

/// Parents before children, numbers by value and before names, names alphabetically.
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
mod tests;
