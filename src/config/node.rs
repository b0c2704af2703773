//! YAML as a tree in which every value has its position in the text.
//!
//! Scalars keep their spelling (`0.10` is not `0.1`): the key that uses a value interprets it.
//! Anchors and merge keys are resolved here. This module contains no keys of the configuration.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, NonFiniteFloatPolicy, Spanned, UserMessageFormatter};

use super::error::{ConfigError, Origin, Place};

/// Maximum nesting: far beyond any configuration, and safe for the stack.
const DEPTH_LIMIT: usize = 48;

/// A value and its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
}

/// A value before it is interpreted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a map, its position, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) node: Node,
}

impl Node {
    /// Parses a text; an empty one is [`Value::Null`].
    pub(super) fn parse(text: &str, origin: &Origin) -> Result<Self, ConfigError> {
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! { max_depth: DEPTH_LIMIT },
            strict_booleans: true,
            non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
            with_snippet: false,
        };
        match serde_saphyr::from_str_with_options::<Parsed>(text, options) {
            Ok(parsed) => Ok(parsed.located(text, origin)),
            Err(error) => Err(refusal(&error, origin)),
        }
    }

    /// A null at a position.
    pub(super) fn null(place: Place) -> Self {
        Self {
            value: Value::Null,
            place,
        }
    }

    /// Where the configuration selects one of several sections (`storage`, `auth`), a name alone
    /// means that section without any keys.
    pub(super) fn expand_choice(&mut self) {
        if let Value::Scalar(name) = &self.value
            && !name.is_empty()
        {
            let entry = Entry {
                key: name.clone(),
                place: self.place.clone(),
                node: Self::null(self.place.clone()),
            };
            self.value = Value::Map(vec![entry]);
        }
    }
}

/// The parser's error in one line, with the position once.
fn refusal(error: &serde_saphyr::Error, origin: &Origin) -> ConfigError {
    let error = error.without_snippet();
    let (place, suffix) = match error.location() {
        Some(location) => (
            place_of(location, origin),
            format!(" at line {}, column {}", location.line(), location.column()),
        ),
        None => (Place::start_of(origin.clone()), String::new()),
    };
    if let serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. } = error {
        return ConfigError::Syntax {
            place,
            reason: format!("the key {key:?} is a duplicate"),
            hint: "keep one of the two",
        };
    }
    let text = error.render_with_formatter(&UserMessageFormatter);
    let text = if suffix.is_empty() {
        text
    } else {
        text.replace(&suffix, "")
    };
    let words: Vec<_> = text.split_whitespace().collect();
    ConfigError::Syntax {
        place,
        reason: words.join(" "),
        hint: "check the indentation, the brackets and the quotes",
    }
}

fn place_of(location: Location, origin: &Origin) -> Place {
    Place {
        origin: origin.clone(),
        line: u32::try_from(location.line()).unwrap_or(u32::MAX),
        column: u32::try_from(location.column()).unwrap_or(u32::MAX),
    }
}

/// A value from the parser.
struct Parsed(Spanned<Kind>);

enum Kind {
    Null,
    /// A scalar that the parser read as a number or a boolean: the text has its spelling.
    Inferred(String),
    Text(String),
    List(Vec<Parsed>),
    Map(Vec<(Spanned<String>, Parsed)>),
}

impl Parsed {
    fn located(self, text: &str, origin: &Origin) -> Node {
        let Self(Spanned {
            value,
            referenced,
            defined,
        }) = self;
        let value = match value {
            Kind::Null => Value::Null,
            Kind::Inferred(parsed) => {
                Value::Scalar(spelling(text, defined, &parsed).unwrap_or(parsed))
            }
            Kind::Text(text) => Value::Scalar(text),
            Kind::List(items) => Value::List(
                items
                    .into_iter()
                    .map(|item| item.located(text, origin))
                    .collect(),
            ),
            Kind::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| Entry {
                        place: place_of(key.referenced, origin),
                        key: key.value,
                        node: value.located(text, origin),
                    })
                    .collect(),
            ),
        };
        Node {
            value,
            place: place_of(referenced, origin),
        }
    }
}

/// The characters at a location, if they match the parsed value.
fn spelling(text: &str, location: Location, parsed: &str) -> Option<String> {
    let start = usize::try_from(location.span().byte_offset()?).ok()?;
    let length = usize::try_from(location.span().byte_len()?).ok()?;
    let written = text.get(start..start.checked_add(length)?)?.trim();
    let plain = !written.is_empty()
        && written
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte));
    (plain && written != parsed).then(|| written.to_owned())
}

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Inferred(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Inferred(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Kind, E> {
        Ok(Kind::Inferred(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Kind, E> {
        Ok(Kind::Inferred(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Kind, E> {
        Ok(Kind::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Kind, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Kind::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Kind, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Kind::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Node, ConfigError> {
        Node::parse(text, &Origin::Environment("TEXT".into()))
    }

    fn scalar(text: &str) -> String {
        match parse(text).unwrap().value {
            Value::Scalar(scalar) => scalar,
            other => panic!("{text:?} is {other:?}"),
        }
    }

    #[test]
    fn scalars_keep_their_spelling() {
        for text in [
            "0.1", "0.10", "0x10", "007", "1_000", "+5", "true", "True", "yes", "off", "1e3", ".5",
            "168h", ":5000", "-3", "1e999",
        ] {
            assert_eq!(scalar(text), text);
        }
        assert_eq!(scalar("'5'"), "5");
        assert_eq!(scalar("\u{feff}0.10\r\n"), "0.10");
        assert_eq!(scalar("!!str 0.10"), "0.10");
        assert_eq!(scalar("\"a\\tb\""), "a\tb");
    }

    #[test]
    fn anchors_and_merge_keys_are_resolved() {
        let node = parse("a: &one {x: 0.10, y: &n 007}\nb: {<<: *one, z: 3}\nc: *n\n").unwrap();
        let Value::Map(entries) = &node.value else {
            panic!("{node:?}")
        };
        let Value::Map(merged) = &entries[1].node.value else {
            panic!("{node:?}")
        };
        let mut values: Vec<_> = merged
            .iter()
            .map(|entry| (entry.key.as_str(), entry.node.value.clone()))
            .collect();
        values.sort_by_key(|(key, _)| *key);
        assert_eq!(
            values,
            [("x", "0.10"), ("y", "007"), ("z", "3")]
                .map(|(key, value)| (key, Value::Scalar(value.to_owned())))
        );
        assert_eq!(entries[2].node.value, Value::Scalar("007".to_owned()));
        assert_eq!(
            (entries[2].node.place.line, entries[2].node.place.column),
            (3, 4)
        );
    }

    #[test]
    fn refusals_say_where() {
        let file = Origin::File(std::path::Path::new("c.yml").into());
        let deep = format!("{}1", "[".repeat(500));
        for (text, expected) in [
            ("a: 1\nb: [1, 2\n", "c.yml:"),
            ("a: 1\nb: 2\na: 3\n", "c.yml:3:1: not valid YAML: "),
            ("a: *nobody\n", "c.yml:1:4: not valid YAML: "),
            (deep.as_str(), "c.yml:"),
        ] {
            let error = Node::parse(text, &file).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
            assert!(!error.contains('\n'), "{error}");
            assert!(!error.contains(" at line"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            let _ = parse(&text);
        }

        #[test]
        fn any_yaml_like_text_is_read_or_refused(
            text in "([ \\n]|- |: |[a-c&*!'\"{}\\[\\]|>#,?%~<0-9.]){0,80}",
        ) {
            let _ = parse(&text);
        }
    }
}
