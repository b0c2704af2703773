//! The links of the pages: with the base, and each part percent-encoded.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Request;
use crate::oci::{Digest, Reference, Repository};

const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b':')
    .remove(b'@');

/// Encodes a value of a query or a part of a path.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

/// Writes links under a base path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Links<'a>(pub(super) &'a str);

impl Links<'_> {
    /// The link to a path below the base.
    pub(super) fn path(self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The first page.
    pub(super) fn home(self) -> String {
        self.path("/")
    }

    /// The repositories below a namespace.
    pub(super) fn namespace(self, name: &str) -> String {
        self.path(&format!("/?ns={}", encoded(name)))
    }

    /// The path and query of a request.
    pub(super) fn here(self, request: &Request) -> String {
        let path = self.path(&request.path);
        match request.query.as_str() {
            "" => path,
            query => format!("{path}?{query}"),
        }
    }

    /// The page of a repository.
    pub(super) fn repository(self, name: &Repository) -> String {
        self.path(&format!("/r/{name}"))
    }

    /// The tags of a repository.
    pub(super) fn tags(self, name: &Repository) -> String {
        self.path(&format!("/r/{name}/-/tags"))
    }

    /// The page of a tag or a manifest.
    pub(super) fn image(self, name: &Repository, reference: &Reference) -> String {
        match reference {
            Reference::Tag(tag) => self.path(&format!("/r/{name}:{tag}")),
            Reference::Digest(digest) => self.digest(name, digest),
        }
    }

    /// The page of a manifest.
    pub(super) fn digest(self, name: &Repository, digest: &Digest) -> String {
        self.path(&format!("/r/{name}@{digest}"))
    }
}

/// A query from its fields, without empty ones. Begins with `?` unless it is empty.
pub(super) fn query(fields: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(&encoded(value));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_leave_out_what_is_empty() {
        assert_eq!(query(&[("q", ""), ("page", "")]), "");
        assert_eq!(
            query(&[("q", "a&b=\"<"), ("sort", "name")]),
            "?q=a%26b%3D%22%3C&sort=name"
        );
    }
}
