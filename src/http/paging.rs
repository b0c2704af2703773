//! Queries, and paging by `n` and `last` (OCI distribution specification, "Listing Tags").

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::respond::Refusal;
use crate::oci::ErrorCode;

/// Characters that need no escape in the value of a query.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The query of a request, decoded.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(query: Option<&str>) -> Self {
        let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(pairs.into_owned().collect())
    }

    /// The first value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a name, in order.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// `n`, if it exists and is not empty: a whole number, not negative.
    pub(super) fn count(&self) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.get("n").filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(count) if digits => Ok(Some(count)),
            _ => Err(Refusal::bad(
                ErrorCode::PaginationNumberInvalid,
                format!("n is not a valid number: {text:?}"),
            )),
        }
    }
}

/// The `Link` to the next page. It is a path, as in registry:2: clients refuse another host, and
/// proxies that change host or scheme do not rewrite `Link`.
pub(super) fn next(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        let joint = if query.is_empty() { '?' } else { '&' };
        query.push(joint);
        query.push_str(name);
        query.push('=');
        query.extend(utf8_percent_encode(value, VALUE));
    }
    format!("<{path}{query}>; rel=\"next\"")
}
