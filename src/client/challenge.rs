//! `WWW-Authenticate` (RFC 9110, 11.6.1): which schemes a registry offers, with their parameters.
//!
//! Pure. Lenient in what it reads, as several challenges in one header are told apart from the
//! parameters of one only by their form; never fails, an unreadable rest is left out.

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

    /// All the challenges of an answer.
    pub(super) fn all(headers: &HeaderMap) -> Vec<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(Self::parse)
            .collect()
    }

    /// The first of a scheme, in lower case.
    pub(super) fn find<'a>(challenges: &'a [Self], scheme: &str) -> Option<&'a Self> {
        challenges
            .iter()
            .find(|challenge| challenge.scheme == scheme)
    }

    /// All the challenges of one header value.
    pub(super) fn parse(header: &str) -> Vec<Self> {
        let mut challenges: Vec<Self> = Vec::new();
        let mut rest = header;
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            let (word, after) = token(rest);
            if word.is_empty() {
                return challenges;
            }
            let value = after.trim_start();
            match (value.strip_prefix('='), challenges.last_mut()) {
                (Some(value), Some(challenge)) => {
                    let (value, after) = parameter_value(value.trim_start());
                    challenge.parameters.push((word.to_lowercase(), value));
                    rest = after;
                }
                // A parameter before any scheme belongs to nothing.
                (Some(value), None) => rest = parameter_value(value.trim_start()).1,
                (None, _) => {
                    challenges.push(Self {
                        scheme: word.to_lowercase(),
                        parameters: Vec::new(),
                    });
                    rest = after;
                }
            }
        }
    }
}

/// The longest token at the start, and what follows it.
fn token(text: &str) -> (&str, &str) {
    let end = text
        .find(|character: char| {
            !(character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~/".contains(character))
        })
        .unwrap_or(text.len());
    text.split_at(end)
}

/// A token or a quoted string, and what follows it.
fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, character) in quoted.char_indices() {
        match character {
            _ if escaped => {
                value.push(character);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (value, &quoted[at + 1..]),
            _ => value.push(character),
        }
    }
    (value, "")
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
