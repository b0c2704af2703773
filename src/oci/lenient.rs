//! Values of documents that others write: one with an unexpected form is left out, and costs nothing
//! else of its document.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// A value, or `None` if it has another form.
pub(crate) fn lenient<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Lenient<T> {
        Good(T),
        Other(IgnoredAny),
    }
    Ok(match Lenient::deserialize(deserializer)? {
        Lenient::Good(value) => Some(value),
        Lenient::Other(_) => None,
    })
}
