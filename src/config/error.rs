//! What is wrong with a configuration, and where.
//!
//! Each error is one line for a person: the place, the key, why, and a hint what to do. A value is
//! quoted only where it can be no secret.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The text a value was written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A configuration file.
    File(Arc<Path>),
    /// An environment variable, by name.
    Environment(Arc<str>),
    /// A flag of the command line, by its spelling (`--listen`).
    Flag(&'static str),
}

/// Where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text it was written in.
    pub origin: Origin,
    /// The line in a file, from 1.
    pub line: u32,
    /// The column in a file, in characters, from 1.
    pub column: u32,
}

impl Place {
    /// The beginning of a text.
    pub(super) fn start_of(origin: Origin) -> Self {
        Self {
            origin,
            line: 1,
            column: 1,
        }
    }

    /// The place to the line, as warnings show it.
    pub(super) fn line(&self) -> impl fmt::Display {
        let line = self.line;
        let origin = self.origin.clone();
        fmt::from_fn(move |f| match &origin {
            Origin::File(path) => write!(f, "{}:{line}", path.display()),
            other => write!(f, "{other}"),
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::File(path) => {
                write!(f, "{}:{}:{}", path.display(), self.line, self.column)
            }
            other => write!(f, "{other}"),
        }
    }
}

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file was to be found in the usual places, and none of them has one.
    #[error(
        "there is no configuration file at {looked}; hint: name one with --config FILE, or leave \
         --config out to serve with defaults"
    )]
    NotFound {
        /// The places, in words.
        looked: String,
    },
    /// A file is there, or was named, and can't be read.
    #[error("{} can't be read: {error}; hint: name another file with --config FILE", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A text is not YAML, or not the YAML of a configuration.
    #[error("{place}: not valid YAML: {reason}; hint: {hint}")]
    Syntax {
        /// Where reading stopped.
        place: Place,
        /// What the parser said.
        reason: String,
        /// What to write instead.
        hint: &'static str,
    },
    /// A value can't mean anything, or a key that is needed is missing.
    #[error("{place}: {key} {reason}; hint: {hint}")]
    Value {
        /// Where it stands.
        place: Place,
        /// The path of the key (`http.addr`).
        key: String,
        /// Why not.
        reason: String,
        /// What to write instead.
        hint: String,
    },
    /// The configuration asks for what regctl does not do, and going on without it would be
    /// dangerous or senseless.
    #[error("{place}: {key} {reason}; hint: {hint}")]
    Unsupported {
        /// Where it stands.
        place: Place,
        /// The path of the key (`auth.htpasswd`).
        key: String,
        /// What regctl would have to do.
        reason: String,
        /// What to do instead.
        hint: String,
    },
    /// No root was named, and the user has no data directory to put one into.
    #[error(
        "there is no data directory for this user to serve from; hint: name one with --root DIR"
    )]
    NoDataDirectory,
}
