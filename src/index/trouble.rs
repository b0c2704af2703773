//! Errors of the device that fail all writes of a commit.

use super::IndexError;

/// An error of the device.
#[derive(Debug, Clone)]
pub(super) enum Trouble {
    Full,
    Quota,
    ReadOnly,
    Failing(String),
    Malformed(String),
}

impl Trouble {
    pub(super) fn of(error: &IndexError) -> Option<Self> {
        Some(match error {
            IndexError::Full => Self::Full,
            IndexError::Quota => Self::Quota,
            IndexError::ReadOnly => Self::ReadOnly,
            IndexError::Failing(text) => Self::Failing(text.clone()),
            IndexError::Malformed(text) => Self::Malformed(text.clone()),
            _ => return None,
        })
    }

    /// The error of one of the failed writes.
    pub(super) fn error(&self) -> IndexError {
        match self.clone() {
            Self::Full => IndexError::Full,
            Self::Quota => IndexError::Quota,
            Self::ReadOnly => IndexError::ReadOnly,
            Self::Failing(text) => IndexError::Failing(text),
            Self::Malformed(text) => IndexError::Malformed(text),
        }
    }
}
