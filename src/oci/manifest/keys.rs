//! Keys in another case: Go, and therefore registry:2, reads `"Layers"` as `"layers"`.
//!
//! If they were ignored, a manifest would lose its references, and a collection their content.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

const KNOWN: [&str; 10] = [
    "schemaVersion",
    "mediaType",
    "artifactType",
    "config",
    "layers",
    "manifests",
    "blobs",
    "subject",
    "annotations",
    "fsLayers",
];

/// The document with its known keys as the specification writes them; of several that mean the same
/// the last counts. Documents that are not objects stay as they are.
pub(super) fn canonical(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !serde_json::from_slice(bytes).is_ok_and(|Odd(odd)| odd) {
        return Cow::Borrowed(bytes);
    }
    let Ok(Value::Object(object)) = serde_json::from_slice(bytes) else {
        return Cow::Borrowed(bytes);
    };
    let mut renamed = Map::new();
    for (key, value) in object {
        let key = known(&key).map_or(key, str::to_owned);
        renamed.insert(key, value);
    }
    serde_json::to_vec(&renamed).map_or(Cow::Borrowed(bytes), Cow::Owned)
}

/// The known key that a key means, by Go's rule: case does not count, and two letters outside of ASCII
/// (a long s and the sign of kelvin) equal those that they look like.
fn known(key: &str) -> Option<&'static str> {
    let fold = |letter: char| match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        letter => letter.to_ascii_lowercase(),
    };
    KNOWN
        .into_iter()
        .find(|known| known.chars().map(fold).eq(key.chars().map(fold)))
}

/// Whether a key of an object is a known one in another case.
struct Odd(bool);

impl<'de> Deserialize<'de> for Odd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Odd;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Odd, A::Error> {
                let mut odd = false;
                while let Some((key, _)) = map.next_entry::<Cow<'de, str>, IgnoredAny>()? {
                    odd |= known(&key).is_some_and(|known| known != key);
                }
                Ok(Odd(odd))
            }
        }

        deserializer.deserialize_map(Keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys_are_renamed_and_others_kept() {
        for (document, expected) in [
            (r#"{"Layers":[1],"x":2}"#, r#"{"layers":[1],"x":2}"#),
            (r#"{"LAYERS":[1],"layers":[2]}"#, r#"{"layers":[2]}"#),
            (r#"{"layers":[2],"LayerS":[1]}"#, r#"{"layers":[1]}"#),
            (
                r#"{"layerſ":[1],"FSlayers":[]}"#,
                r#"{"layers":[1],"fsLayers":[]}"#,
            ),
            // Only keys of the document itself.
            (
                r#"{"Annotations":{"Layers":"x"}}"#,
                r#"{"annotations":{"Layers":"x"}}"#,
            ),
        ] {
            let read = canonical(document.as_bytes());
            assert_eq!(String::from_utf8_lossy(&read), expected);
        }
        for same in [
            r#"{"layers" : [1], "Other":{"Layers":1}}"#,
            "[1]",
            "{",
            "",
            r#""Layers""#,
        ] {
            assert!(
                matches!(canonical(same.as_bytes()), Cow::Borrowed(_)),
                "{same}"
            );
        }
    }
}
