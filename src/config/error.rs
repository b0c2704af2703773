//! Errors in a configuration, with their positions.
//!
//! Each error is one line for a person: the position, the key, the reason, and a hint. A value is
//! quoted only if it can't be a secret.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A configuration file.
    File(Arc<Path>),
    /// An environment variable, by name.
    Environment(Arc<str>),
    /// A flag of the command line, by its spelling (`--listen`).
    Flag(&'static str),
}

/// The position of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The source.
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

    /// The position without the column, as warnings show it.
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
    /// No file was named, and none of the usual places has one.
    #[error(
        "there is no configuration file at {looked}; hint: name one with --config FILE, or leave \
         --config out to serve with defaults"
    )]
    NotFound {
        /// The places, as text.
        looked: String,
    },
    /// A file exists or was named, and can't be read.
    #[error("{} can't be read: {error}; hint: name another file with --config FILE", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        error: std::io::Error,
    },
    /// A text is not YAML, or not the YAML of a configuration.
    #[error("{place}: not valid YAML: {reason}; hint: {hint}")]
    Syntax {
        /// Where parsing stopped.
        place: Place,
        /// The error of the parser.
        reason: String,
        /// What to write instead.
        hint: &'static str,
    },
    /// A value is invalid, or a required key is missing.
    #[error("{place}: {key} {reason}; hint: {hint}")]
    Value {
        /// Its position.
        place: Place,
        /// The path of the key (`http.addr`).
        key: String,
        /// What is wrong.
        reason: String,
        /// What to write instead.
        hint: String,
    },
    /// The configuration requires a feature that regctl lacks, and ignoring it would be dangerous
    /// or useless.
    #[error("{place}: {key} {reason}; hint: {hint}")]
    Unsupported {
        /// Its position.
        place: Place,
        /// The path of the key (`auth.htpasswd`).
        key: String,
        /// The missing feature.
        reason: String,
        /// What to do instead.
        hint: String,
    },
    /// No root was named, and the user has no data directory for one.
    #[error(
        "there is no data directory for this user to serve from; hint: name one with --root DIR"
    )]
    NoDataDirectory,
}

impl ConfigError {
    /// Whether the value is from the command line.
    pub fn is_of_command_line(&self) -> bool {
        match self {
            Self::Syntax { place, .. }
            | Self::Value { place, .. }
            | Self::Unsupported { place, .. } => matches!(place.origin, Origin::Flag(_)),
            Self::NotFound { .. } | Self::Unreadable { .. } | Self::NoDataDirectory => false,
        }
    }
}
