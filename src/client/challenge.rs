//! `WWW-Authenticate` (RFC 9110, 11.6.1): the schemes that a registry offers, with their
//! parameters.
//!
//! Pure. http-auth parses the grammar; an unreadable rest of a header is ignored.

use http_auth::parser::ChallengeParser;
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// One challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    /// The scheme in lower case: `basic`, `bearer`, …
    pub(super) scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter, by its name in lower case.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// All challenges of an answer.
    pub(super) fn all(headers: &HeaderMap) -> Vec<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(Self::parse)
            .collect()
    }

    /// The first challenge of a scheme, in lower case.
    pub(super) fn find<'a>(challenges: &'a [Self], scheme: &str) -> Option<&'a Self> {
        challenges
            .iter()
            .find(|challenge| challenge.scheme == scheme)
    }

    /// All challenges of a header value, up to the first unreadable one.
    pub(super) fn parse(header: &str) -> Vec<Self> {
        let challenges = ChallengeParser::new(header).map_while(Result::ok);
        let read = challenges.map(|challenge| Self {
            scheme: challenge.scheme.to_lowercase(),
            parameters: challenge
                .params
                .iter()
                .map(|(name, value)| (name.to_lowercase(), value.to_unescaped()))
                .collect(),
        });
        read.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_registries_write_it() {
        let challenges = Challenge::parse(
            r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push",error="invalid_token""#,
        );
        assert_eq!(challenges.len(), 1);
        assert_eq!(challenges[0].scheme, "bearer");
        assert_eq!(
            challenges[0].parameter("realm"),
            Some("https://auth.docker.io/token")
        );
        assert_eq!(
            challenges[0].parameter("scope"),
            Some("repository:a/b:pull,push")
        );
        assert_eq!(challenges[0].parameter("charset"), None);
    }

    #[test]
    fn several_in_one_header() {
        let challenges =
            Challenge::parse(r#"Negotiate, BASIC Realm="a \"quoted\", one", Bearer realm=b"#);
        let schemes: Vec<_> = challenges
            .iter()
            .map(|challenge| challenge.scheme.as_str())
            .collect();
        assert_eq!(schemes, ["negotiate", "basic", "bearer"]);
        assert_eq!(challenges[1].parameter("realm"), Some("a \"quoted\", one"));
        assert_eq!(challenges[2].parameter("realm"), Some("b"));
    }

    proptest! {
        #[test]
        fn never_panics_and_ends(text in ".{0,200}") {
            let _ = Challenge::parse(&text);
        }

        #[test]
        fn never_panics_near_the_grammar(text in "[Bbearslm =\",\\\\é]{0,60}") {
            let _ = Challenge::parse(&text);
        }
    }
}
