//! A JSON object whose members keep their text: numbers that no type of ours holds, escapes, white
//! space.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Error, Value};

/// The members of an object, in their order.
#[derive(Debug, Default)]
pub(super) struct RawObject(Vec<(String, Box<RawValue>)>);

impl RawObject {
    /// Parses an object.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(text)
    }

    /// The text of a member. Of several with one name, the last counts.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let mut members = self.0.iter().rev();
        let (_, value) = members.find(|(member, _)| member == name)?;
        Some(value.get())
    }

    /// The value of a member; `None` if it has a number that no type of ours holds.
    pub(super) fn value(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.text(name)?).ok()
    }

    /// The names and values of the members; the value is `None` as in [`RawObject::value`].
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, Option<Value>)> {
        let members = self.0.iter();
        members.map(|(name, value)| (name.as_str(), serde_json::from_str(value.get()).ok()))
    }

    /// Gives a member a new value, or adds it.
    pub(super) fn set(&mut self, name: &str, text: String) -> Result<(), Error> {
        let value = RawValue::from_string(text)?;
        let mut members = self.0.iter_mut().rev();
        match members.find(|(member, _)| member == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
        Ok(())
    }

    /// Keeps the members whose names fit. Returns whether any was removed.
    pub(super) fn retain(&mut self, fits: impl Fn(&str) -> bool) -> bool {
        let before = self.0.len();
        self.0.retain(|(name, _)| fits(name));
        self.0.len() < before
    }

    /// The text of the object at this depth of a file that is indented with tabs.
    pub(super) fn to_text(&self, depth: usize) -> Result<String, Error> {
        let (outer, inner) = ("\t".repeat(depth), "\t".repeat(depth + 1));
        let members = self.0.iter().map(|(name, value)| {
            let name = serde_json::to_string(name)?;
            Ok(format!("{inner}{name}: {}", value.get()))
        });
        let members = members.collect::<Result<Vec<String>, Error>>()?;
        Ok(if members.is_empty() {
            "{}".to_owned()
        } else {
            format!("{{\n{}\n{outer}}}", members.join(",\n"))
        })
    }
}

impl<'de> Deserialize<'de> for RawObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = RawObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawObject, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(RawObject(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_members_keep_their_text() {
        let text =
            "{\"a\": 12345678901234567890123, \"b\":1e999,\"c\": [1.0,\n -0], \"d\": \"\\u0041\"}";
        let mut object = RawObject::parse(text.as_bytes()).unwrap();
        object.set("new", "{}".into()).unwrap();
        object.set("d", "2".into()).unwrap();
        assert!(object.retain(|name| name != "c"));
        assert_eq!(object.value("b"), None);
        assert_eq!(
            object.to_text(0).unwrap(),
            "{\n\t\"a\": 12345678901234567890123,\n\t\"b\": 1e999,\n\t\"d\": 2,\n\t\"new\": {}\n}"
        );
        assert_eq!(RawObject::default().to_text(3).unwrap(), "{}");
    }

    #[test]
    fn what_is_no_object() {
        for text in ["", "[]", "3", "{\"a\"}", "{} x"] {
            assert!(RawObject::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
