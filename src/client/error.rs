//! What can go wrong between a client and a registry, each as the one line that a person reads.
//!
//! Owns the wording: what failed, on which registry, the registry's own words, and what to do.
//! A registry's words are a stranger's: they are cut to a length and stripped of control characters
//! before they get here (see [`super::words`]). Exit codes are the business of `cli`; [`Error::class`] is
//! all that it needs.

use std::fmt;

use reqwest::StatusCode;

use crate::oci::Digest;

/// The kinds of failure that a caller may want to treat apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// What was asked for is not there.
    NotFound,
    /// The registry wants other credentials, or none are enough.
    Denied,
    /// The registry can't be reached, or goes on failing.
    Unavailable,
    /// Content does not hash to its digest.
    Mismatch,
    /// What was asked can't be meant.
    Usage,
    /// Anything else.
    Other,
}

/// Why a request to a registry did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The registry answers 404.
    #[error("{registry} has no {what}{}{}", Said(words), Hint(hint))]
    NotFound {
        /// The registry, as it was named.
        registry: String,
        /// What was asked for.
        what: String,
        /// The registry's own words.
        words: String,
        /// What to do.
        hint: String,
    },
    /// The registry answers 401 or 403, or its token service does.
    #[error("{registry} denies access to {what}{}{}", Said(words), Hint(hint))]
    Denied {
        /// The registry, as it was named.
        registry: String,
        /// What was asked for.
        what: String,
        /// The registry's own words.
        words: String,
        /// What to do.
        hint: String,
    },
    /// The registry, or its token service, does not take a user for who they say they are.
    #[error("{registry} does not let {user} in{}{}", Said(words), Hint(hint))]
    Rejected {
        /// The registry, as it was named.
        registry: String,
        /// The user.
        user: String,
        /// The registry's own words.
        words: String,
        /// What to do.
        hint: String,
    },
    /// The registry does not do this at all: 405, or 400 with `UNSUPPORTED`.
    #[error("{registry} does not allow {what}{}{}", Said(words), Hint(hint))]
    Unsupported {
        /// The registry, as it was named.
        registry: String,
        /// What was to be done.
        what: String,
        /// The registry's own words.
        words: String,
        /// What to do.
        hint: String,
    },
    /// The registry still answers 408, 429 or 5xx after the last retry.
    #[error(
        "{registry} can't answer for {what} now ({status}){}{}",
        Said(words),
        Hint(hint)
    )]
    Unavailable {
        /// The registry, as it was named.
        registry: String,
        /// What was asked for.
        what: String,
        /// The last status.
        status: StatusCode,
        /// The registry's own words.
        words: String,
        /// What to do.
        hint: String,
    },
    /// Something answers there, and it is no registry.
    #[error(
        "{registry} answers and is no registry: {reason}; hint: name the host and the port of one, \
         HOST[:PORT]"
    )]
    NoRegistry {
        /// What was named.
        registry: String,
        /// How it shows.
        reason: String,
    },
    /// The registry speaks https and was asked over http.
    #[error(
        "{registry} speaks https, and was asked over http ({status}){}; hint: leave out --plain-http \
         or http://",
        Said(words)
    )]
    Encrypted {
        /// The registry, as it was named.
        registry: String,
        /// The status.
        status: StatusCode,
        /// The registry's own words.
        words: String,
    },
    /// No connection to the registry comes about, or it breaks again and again.
    #[error("can't reach {host}: {reason}{}", Hint(hint))]
    Unreachable {
        /// The host and port that were tried.
        host: String,
        /// What the network or TLS said.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// Bytes that came do not have the digest that they were asked for by, or announced with.
    #[error(
        "the content of {what} does not match its digest: it should be {expected} and is {actual}; \
         hint: the registry's storage or something on the way damages it"
    )]
    Mismatch {
        /// What was asked for.
        what: String,
        /// The digest it should have.
        expected: Box<Digest>,
        /// The digest it has.
        actual: Box<Digest>,
    },
    /// Content that comes has another length than was announced.
    #[error(
        "the content of {what} does not have its length: it should be {expected} bytes and is \
         {actual}; hint: the registry's storage or something on the way damages it"
    )]
    Length {
        /// What was asked for.
        what: String,
        /// The length that it should have, in bytes.
        expected: u64,
        /// The length that it has, in bytes; of what is too long, as far as it was read.
        actual: u64,
    },
    /// What is to be sent can't be read, or is not what it was said to be.
    #[error("can't read what is sent for {what}: {reason}")]
    Source {
        /// What it was sent for.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An upload broke off, and what has to be sent again comes from a source that can't go back.
    #[error(
        "{what} of {registry} broke off: the registry has {offset} of {kept} bytes, and what lies \
         between can't be read again; hint: run it again, from a file instead of a pipe if there is \
         one; what is there already is not sent twice"
    )]
    Interrupted {
        /// The registry, as it was named.
        registry: String,
        /// What was sent.
        what: String,
        /// How many bytes the registry has.
        offset: u64,
        /// How many bytes were read.
        kept: u64,
    },
    /// The registry answers a status that says no more than that it will not.
    #[error("{registry} refuses {what} ({status}){}", Said(words))]
    Refused {
        /// The registry, as it was named.
        registry: String,
        /// What was asked for.
        what: String,
        /// The status.
        status: StatusCode,
        /// The registry's own words.
        words: String,
    },
    /// The registry's answer is not one that the specification knows, or is not safe to follow.
    #[error("{registry} gives an answer for {what} that can't be used: {reason}")]
    Malformed {
        /// The registry, as it was named.
        registry: String,
        /// What was asked for.
        what: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// What should name a registry is no name of a host.
    #[error(
        "no registry is named {name:?}: {reason}; hint: a registry is named HOST[:PORT], or ssh://[USER@]HOST[:PORT][/REGISTRY-PORT]"
    )]
    Name {
        /// What was given.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Something on this side can't be used: a file, a certificate.
    #[error("can't use {what}: {reason}{}", Hint(hint))]
    Setup {
        /// The file or value.
        what: String,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        hint: String,
    },
}

impl Error {
    /// The kind of failure.
    pub fn class(&self) -> Class {
        match self {
            Self::NotFound { .. } => Class::NotFound,
            Self::Denied { .. } | Self::Rejected { .. } => Class::Denied,
            Self::Unavailable { .. } | Self::Unreachable { .. } | Self::Interrupted { .. } => {
                Class::Unavailable
            }
            Self::Mismatch { .. } | Self::Length { .. } => Class::Mismatch,
            Self::Name { .. } => Class::Usage,
            Self::Unsupported { .. }
            | Self::NoRegistry { .. }
            | Self::Encrypted { .. }
            | Self::Refused { .. }
            | Self::Malformed { .. }
            | Self::Source { .. }
            | Self::Setup { .. } => Class::Other,
        }
    }
}

struct Said<'a>(&'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.0)
    }
}

struct Hint<'a>(&'a str);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, "; hint: {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_with_a_hint() {
        let error = Error::NotFound {
            registry: "a:5000".into(),
            what: "b:1".into(),
            words: "manifest unknown".into(),
            hint: "look".into(),
        };
        assert_eq!(
            error.to_string(),
            "a:5000 has no b:1: manifest unknown; hint: look"
        );
        assert_eq!(error.class(), Class::NotFound);
    }
}
