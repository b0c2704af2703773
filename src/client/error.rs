//! Errors between a client and a registry, each as the one line that a person reads.
//!
//! Defines the wording: what failed, on which registry, the registry's own message, and what to do.
//! Messages of a registry are untrusted: they are shortened and stripped of control characters
//! before they get here (see [`super::words`]). `cli` maps [`Error::class`] to exit codes.

use std::fmt;

use reqwest::StatusCode;

use crate::oci::Digest;

/// The kinds of failure that callers distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It does not exist.
    NotFound,
    /// The registry wants other credentials, or denies access.
    Denied,
    /// The registry can't be reached, or keeps failing.
    Unavailable,
    /// Content does not match its digest.
    Mismatch,
    /// The request is invalid.
    Usage,
    /// Anything else.
    Other,
}

/// Why a request to a registry failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The registry answers 404.
    #[error("{registry} has no {what}{}{}", Message(words), Hint(hint))]
    NotFound {
        /// The registry as the user named it.
        registry: String,
        /// The requested object.
        what: String,
        /// The registry's message.
        words: String,
        /// What to do.
        hint: String,
    },
    /// The registry answers 401 or 403, or its token service does.
    #[error("{registry} denies access to {what}{}{}", Message(words), Hint(hint))]
    Denied {
        /// The registry as the user named it.
        registry: String,
        /// The requested object.
        what: String,
        /// The registry's message.
        words: String,
        /// What to do.
        hint: String,
    },
    /// The registry or its token service does not accept the user's credentials.
    #[error(
        "{registry} rejects the credentials of {user}{}{}",
        Message(words),
        Hint(hint)
    )]
    Rejected {
        /// The registry as the user named it.
        registry: String,
        /// The user.
        user: String,
        /// The registry's message.
        words: String,
        /// What to do.
        hint: String,
    },
    /// The registry does not support this: 405, or 400 with `UNSUPPORTED`.
    #[error("{registry} does not allow {what}{}{}", Message(words), Hint(hint))]
    Unsupported {
        /// The registry as the user named it.
        registry: String,
        /// The operation.
        what: String,
        /// The registry's message.
        words: String,
        /// What to do.
        hint: String,
    },
    /// The registry answers 408, 429 or 5xx even after the last retry.
    #[error(
        "{registry} can't answer for {what} now ({status}){}{}",
        Message(words),
        Hint(hint)
    )]
    Unavailable {
        /// The registry as the user named it.
        registry: String,
        /// The requested object.
        what: String,
        /// The last status.
        status: StatusCode,
        /// The registry's message.
        words: String,
        /// What to do.
        hint: String,
    },
    /// The server answers, but is not a registry.
    #[error("{registry} is not a registry: {reason}; hint: {hint}")]
    NoRegistry {
        /// The name given.
        registry: String,
        /// The evidence.
        reason: String,
        /// What to do.
        hint: &'static str,
    },
    /// The registry speaks https and was contacted over http.
    #[error(
        "{registry} uses https, but the request was sent over http ({status}){}; hint: leave out --plain-http \
         or http://",
        Message(words)
    )]
    Encrypted {
        /// The registry as the user named it.
        registry: String,
        /// The status.
        status: StatusCode,
        /// The registry's message.
        words: String,
    },
    /// No connection can be established, or it keeps breaking.
    #[error("can't reach {host}: {reason}{}", Hint(hint))]
    Unreachable {
        /// The host and port.
        host: String,
        /// The error of the network or of TLS.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// Received bytes do not have the requested or announced digest.
    #[error(
        "the content of {what} does not match its digest: expected {expected}, received {actual}; \
         hint: the registry's storage or something on the way damages it"
    )]
    Mismatch {
        /// The requested object.
        what: String,
        /// The expected digest.
        expected: Box<Digest>,
        /// The actual digest.
        actual: Box<Digest>,
    },
    /// Received content does not have the announced length.
    #[error(
        "the content of {what} does not have its length: expected {expected} bytes, received \
         {actual}; hint: the registry's storage or something on the way damages it"
    )]
    Length {
        /// The requested object.
        what: String,
        /// The expected length in bytes.
        expected: u64,
        /// The actual length in bytes; of content that is too long, the length read.
        actual: u64,
    },
    /// The source of an upload can't be read, or does not match its description.
    #[error("can't read the data for {what}: {reason}")]
    Source {
        /// The upload.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An upload broke, and the source can't go back to the bytes that must be repeated.
    #[error(
        "{what} of {registry} was interrupted: the registry has {offset} of {kept} bytes, and what lies \
         between can't be read again; hint: run it again, from a file instead of a pipe if there is \
         one; what is there already is not sent twice"
    )]
    Interrupted {
        /// The registry as the user named it.
        registry: String,
        /// The upload.
        what: String,
        /// Bytes that the registry has.
        offset: u64,
        /// Bytes that were read.
        kept: u64,
    },
    /// The registry no longer knows the session of an upload, even after the last retry.
    #[error(
        "{registry} lost the session of {what} ({status}){}; hint: several servers behind one name \
         must share their uploads",
        Message(words)
    )]
    SessionLost {
        /// The registry as the user named it.
        registry: String,
        /// The upload.
        what: String,
        /// The last status.
        status: StatusCode,
        /// The registry's message.
        words: String,
    },
    /// The registry refuses without a further explanation.
    #[error("{registry} refuses {what} ({status}){}", Message(words))]
    Refused {
        /// The registry as the user named it.
        registry: String,
        /// The requested object.
        what: String,
        /// The status.
        status: StatusCode,
        /// The registry's message.
        words: String,
    },
    /// The registry's answer is outside of the specification, or unsafe to follow.
    #[error("{registry} gives an answer for {what} that can't be used: {reason}")]
    Malformed {
        /// The registry as the user named it.
        registry: String,
        /// The requested object.
        what: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The name of a registry is not a valid host name.
    #[error(
        "{name:?} does not name a registry: {reason}; hint: a registry is named HOST[:PORT], or ssh://[USER@]HOST[:PORT][/REGISTRY-PORT]"
    )]
    Name {
        /// The name given.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Something on this machine can't be used: a file, a certificate.
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
    /// Whether the registry keeps a manifest because tags point at it, as Google's do.
    pub fn wants_tags_deleted_first(&self) -> bool {
        matches!(self, Self::Refused { words, .. } if words.contains("MANIFEST_DANGLING_TAG"))
    }

    /// Whether the registry has answered: it neither broke the connection nor can't be reached.
    pub fn is_answer(&self) -> bool {
        matches!(
            self,
            Self::NotFound { .. }
                | Self::Denied { .. }
                | Self::Rejected { .. }
                | Self::Unsupported { .. }
                | Self::Unavailable { .. }
                | Self::Refused { .. }
                | Self::Malformed { .. }
        )
    }

    /// Whether the registry limits the rate of requests, and still does so after the last retry.
    pub fn is_rate_limit(&self) -> bool {
        matches!(self, Self::Unavailable { status, .. } if *status == StatusCode::TOO_MANY_REQUESTS)
    }

    /// The kind of failure.
    pub fn class(&self) -> Class {
        match self {
            Self::NotFound { .. } => Class::NotFound,
            Self::Denied { .. } | Self::Rejected { .. } => Class::Denied,
            Self::Unavailable { .. }
            | Self::Unreachable { .. }
            | Self::Interrupted { .. }
            | Self::SessionLost { .. } => Class::Unavailable,
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

struct Message<'a>(&'a str);

impl fmt::Display for Message<'_> {
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
