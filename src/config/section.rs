//! A section of the configuration during interpretation: keys are removed one by one, and the
//! remaining keys are unknown.
//!
//! A section has the path and the position of each value, for error messages. A key whose value is
//! null or empty counts as missing, as in registry:2, except for lists of which an empty one is the
//! opposite of a missing one. This module names no keys.

use super::error::{ConfigError, Origin, Place};
use super::node::{Entry, Node, Value};
use super::values::BadValue;

/// A map of the configuration, with its path (`http.tls`; empty at the top).
#[derive(Debug)]
pub(super) struct Section {
    path: String,
    place: Place,
    entries: Vec<Entry>,
}

/// The value of a key, with its path.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) path: String,
    pub(super) node: Node,
}

/// Warnings about keys that are accepted and ignored, or interpreted differently.
#[derive(Debug, Default)]
pub(super) struct Warnings(Vec<(Place, String)>);

impl Warnings {
    /// Adds a warning about a key.
    pub(super) fn add(&mut self, place: &Place, path: &str, instead: &str) {
        let line = format!("{}: {path} {instead}", place.line());
        self.0.push((place.clone(), line));
    }

    /// Adds a warning about the environment as a whole.
    pub(super) fn add_line(&mut self, line: String) {
        let place = Place::start_of(Origin::Environment("REGISTRY_".into()));
        self.0.push((place, line));
    }

    /// One line each: first those of the file, in its order.
    pub(super) fn into_lines(mut self) -> Vec<String> {
        self.0.sort_by_key(|(place, _)| {
            let in_file = matches!(place.origin, Origin::File(_));
            (!in_file, place.line, place.column)
        });
        self.0.into_iter().map(|(_, line)| line).collect()
    }
}

impl Section {
    /// Interprets a value as a section; null is an empty one.
    pub(super) fn of(path: String, node: Node) -> Result<Self, ConfigError> {
        let entries = match node.value {
            Value::Map(entries) => entries,
            Value::Null => Vec::new(),
            Value::Scalar(text) if text.is_empty() => Vec::new(),
            Value::Scalar(_) | Value::List(_) => {
                return Err(refused(
                    Field { path, node },
                    "is not a section",
                    "write its keys below it, indented, as in `key: value`",
                ));
            }
        };
        Ok(Self {
            path,
            place: node.place,
            entries,
        })
    }

    /// Its position.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The path of a key in it, on one line.
    pub(super) fn path_of(&self, key: &str) -> String {
        let key = if key.contains(char::is_control) {
            key.escape_debug().to_string()
        } else {
            key.to_owned()
        };
        if self.path.is_empty() {
            key
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Removes and returns a key, unless it is missing.
    pub(super) fn take(&mut self, key: &str) -> Option<Field> {
        self.take_written(key).filter(|field| !field.is_empty())
    }

    /// Removes and returns a key that is not null; its value may be empty. Names of variables can't
    /// have dashes: the spelling without them takes precedence.
    pub(super) fn take_written(&mut self, key: &str) -> Option<Field> {
        let written = self.remove(key);
        let plain = key.replace('-', "");
        let node = self.remove(&plain).or(written)?;
        (node.value != Value::Null).then(|| Field {
            path: self.path_of(key),
            node,
        })
    }

    fn remove(&mut self, key: &str) -> Option<Node> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(placed(self.entries.remove(index)))
    }

    /// Removes and returns a section; a missing one is empty.
    pub(super) fn section(&mut self, key: &str) -> Result<Section, ConfigError> {
        match self.take(key) {
            Some(field) => Self::of(field.path, field.node),
            None => Ok(Self {
                path: self.path_of(key),
                place: self.place.clone(),
                entries: Vec::new(),
            }),
        }
    }

    /// Removes a value and parses it.
    pub(super) fn value<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, BadValue>,
    ) -> Result<Option<T>, ConfigError> {
        self.take(key).map(|field| field.read(parse)).transpose()
    }

    /// Removes and returns a text.
    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, ConfigError> {
        self.value(key, |text| Ok(text.to_owned()))
    }

    /// Removes and returns a list; a single value is a list of one.
    pub(super) fn list(&mut self, key: &str) -> Result<Vec<Field>, ConfigError> {
        self.take(key).map_or(Ok(Vec::new()), Field::items)
    }

    /// Removes and returns a list of which an empty one means nothing, and a missing one a default.
    pub(super) fn written_list(&mut self, key: &str) -> Result<Option<Vec<Field>>, ConfigError> {
        match self.take_written(key) {
            Some(field) if field.is_empty() => Ok(Some(Vec::new())),
            field => field.map(Field::items).transpose(),
        }
    }

    /// Removes and returns all remaining keys with their values, including null.
    pub(super) fn rest(&mut self) -> Vec<(String, Field)> {
        std::mem::take(&mut self.entries)
            .into_iter()
            .map(|entry| {
                let key = entry.key.clone();
                let path = self.path_of(&key);
                let node = placed(entry);
                (key, Field { path, node })
            })
            .collect()
    }

    /// Removes a known key that has no effect, with a warning.
    pub(super) fn ignore(&mut self, key: &str, instead: &str, warnings: &mut Warnings) {
        if let Some(field) = self.take(key) {
            warnings.add(&field.node.place, &field.path, instead);
        }
    }

    /// Ends the section: the remaining keys are unknown.
    pub(super) fn finish(self, warnings: &mut Warnings) {
        for entry in &self.entries {
            // The position of a key that a variable created is the variable.
            warnings.add(
                &entry.place,
                &self.path_of(&entry.key),
                "is not a known key: it is ignored",
            );
        }
    }
}

impl Field {
    /// Whether its value is null or empty.
    pub(super) fn is_empty(&self) -> bool {
        match &self.node.value {
            Value::Null => true,
            Value::Scalar(text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
        }
    }

    /// Parses its text.
    pub(super) fn read<T>(
        self,
        parse: impl FnOnce(&str) -> Result<T, BadValue>,
    ) -> Result<T, ConfigError> {
        match &self.node.value {
            Value::Scalar(text) => parse(text).map_err(|bad| refused(self, bad.reason, bad.hint)),
            Value::Null => parse("").map_err(|bad| refused(self, bad.reason, bad.hint)),
            Value::List(_) => Err(refused(self, "is a list", "write one value")),
            Value::Map(_) => Err(refused(self, "is a section", "write one value")),
        }
    }

    /// The items of a list; a single value is a list of one.
    pub(super) fn items(self) -> Result<Vec<Field>, ConfigError> {
        match self.node.value {
            Value::List(items) => Ok(items
                .into_iter()
                .enumerate()
                .map(|(index, node)| Field {
                    path: format!("{}[{index}]", self.path),
                    node,
                })
                .collect()),
            Value::Null => Ok(Vec::new()),
            Value::Scalar(_) => Ok(vec![self]),
            Value::Map(_) => Err(refused(
                self,
                "is not a list",
                "write its items below it, each after a dash",
            )),
        }
    }
}

/// The value of a key. For people, a list or a section begins at its key.
fn placed(entry: Entry) -> Node {
    let mut node = entry.node;
    let plain = matches!(&node.value, Value::Scalar(_));
    if !plain && node.place.origin == entry.place.origin {
        node.place = entry.place;
    }
    node
}

/// The error for an invalid value.
pub(super) fn refused(
    field: Field,
    reason: impl Into<String>,
    hint: impl Into<String>,
) -> ConfigError {
    ConfigError::Value {
        place: field.node.place,
        key: field.path,
        reason: reason.into(),
        hint: hint.into(),
    }
}

/// The error for a feature that regctl lacks and that can't be ignored safely.
pub(super) fn unsupported(
    field: Field,
    reason: impl Into<String>,
    hint: impl Into<String>,
) -> ConfigError {
    ConfigError::Unsupported {
        place: field.node.place,
        key: field.path,
        reason: reason.into(),
        hint: hint.into(),
    }
}
