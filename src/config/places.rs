//! The positions of the values that name files: such a file is read long after the configuration, and
//! an error about it names the key.

use std::path::{Path, PathBuf};

use super::error::Place;
use super::node::{Node, Value};
use super::settings::Settings;

/// The files that the server reads, each with the key that names it and its position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilePlaces(Vec<(PathBuf, String)>);

impl FilePlaces {
    /// Finds the files of `settings` among the values of a tree; those of flags are in none.
    pub(super) fn find(values: &[(String, String, Place)], settings: &Settings) -> Self {
        let files = settings.files().into_iter().map(|(key, path)| {
            let is_named = |(found, text, _): &&(String, String, Place)| {
                Path::new(text) == path && plain(found) == plain(key)
            };
            let named = match values.iter().find(is_named) {
                Some((found, _, place)) => format!("{place}: {found}"),
                None if key.starts_with("http.tls.") => "--tls".to_owned(),
                None if key == "regctl.acme.ca" => "--acme-ca".to_owned(),
                None => key.to_owned(),
            };
            (path.to_owned(), named)
        });
        Self(files.collect())
    }

    /// The position and the key that name a file.
    pub fn naming(&self, path: &Path) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == path);
        found.map(|(_, named)| named.as_str())
    }
}

/// A key without the numbers of list items, and in the spelling of variables.
pub(super) fn plain(key: &str) -> String {
    let parts = key.split('[').enumerate().map(|(number, part)| {
        let rest = part.split_once(']').filter(|_| number > 0);
        rest.map_or(part, |(_, rest)| rest)
    });
    parts.collect::<String>().replace('-', "")
}

/// The plain values of a tree, each with its key and its position.
pub(super) fn values(root: &Node) -> Vec<(String, String, Place)> {
    let mut found = Vec::new();
    let mut nodes = vec![(String::new(), root)];
    while let Some((key, node)) = nodes.pop() {
        match &node.value {
            Value::Null => {}
            Value::Scalar(text) => found.push((key, text.clone(), node.place.clone())),
            Value::List(items) => {
                let items = items.iter().enumerate();
                nodes.extend(items.map(|(number, item)| (format!("{key}[{number}]"), item)));
            }
            Value::Map(entries) => nodes.extend(entries.iter().map(|entry| {
                let dot = if key.is_empty() { "" } else { "." };
                (format!("{key}{dot}{}", entry.key), &entry.node)
            })),
        }
    }
    found
}
