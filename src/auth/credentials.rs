//! The credentials of a client: the value of an `Authorization` header.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::oci::AccountName;

/// A text that is never written to logs or errors.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// What a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// No credentials, or the empty name and password that docker sends for a search.
    None,
    /// A name, and a password or a personal token.
    Basic {
        /// The name.
        user: String,
        /// The password or token.
        password: Secret,
    },
    /// A token of a token service, or a personal token.
    Bearer(Secret),
    /// The name of a user whom a trusted proxy has signed in.
    Carried(AccountName),
    /// Another scheme, or text that can't be decoded.
    Malformed,
}

impl Credentials {
    /// Parses the value of an `Authorization` header.
    pub fn parse(header: Option<&[u8]>) -> Self {
        let Some(header) = header else {
            return Self::None;
        };
        let Ok(text) = std::str::from_utf8(header) else {
            return Self::Malformed;
        };
        let (scheme, value) = text.trim().split_once(' ').unwrap_or((text, ""));
        let value = value.trim();
        if scheme.eq_ignore_ascii_case("bearer") && !value.is_empty() {
            return Self::Bearer(Secret::new(value));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Self::Malformed;
        }
        let decoded = STANDARD.decode(value).ok();
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded.as_deref().and_then(|text| text.split_once(':')) {
            Some(("", "")) => Self::None,
            Some((user, password)) => Self::Basic {
                user: user.to_owned(),
                password: Secret::new(password),
            },
            None => Self::Malformed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_clients() {
        let parse = |text: &str| Credentials::parse(Some(text.as_bytes()));
        let basic = |user: &str, password: &str| Credentials::Basic {
            user: user.into(),
            password: Secret::new(password),
        };
        assert_eq!(Credentials::parse(None), Credentials::None);
        assert_eq!(parse("Basic Og=="), Credentials::None);
        assert_eq!(parse("Basic YWxpY2U6YTpi"), basic("alice", "a:b"));
        assert_eq!(parse("basic  YWxpY2U6"), basic("alice", ""));
        assert_eq!(
            parse("Bearer x.y.z"),
            Credentials::Bearer(Secret::new("x.y.z"))
        );
        for text in [
            "",
            "Basic",
            "Basic !",
            "Basic YWxpY2U=",
            "Bearer",
            "Digest x",
            "Basic /////w==",
        ] {
            assert_eq!(parse(text), Credentials::Malformed, "{text}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let shown = format!("{:?}", Credentials::parse(Some(b"Basic YWxpY2U6aHVudGVy")));
        assert!(
            shown.contains("alice") && !shown.contains("hunter"),
            "{shown}"
        );
    }
}
