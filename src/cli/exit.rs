//! Exit codes: the result of a command for scripts.

use std::io::ErrorKind;
use std::process::ExitCode;

use crate::admin;
use crate::client;
use crate::config::ConfigError;

/// The result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done.
    Done = 0,
    /// A failure.
    Error = 1,
    /// The command line is invalid.
    Usage = 2,
    /// The requested object does not exist.
    NotFound = 3,
    /// The registry denies it.
    Denied = 4,
    /// Only a part was done.
    Partly = 5,
    /// The registry can't be reached or keeps failing, even after retries.
    Unavailable = 6,
    /// Content does not match its digest.
    Mismatch = 7,
    /// The terminal was closed: SIGHUP.
    HungUp = 129,
    /// Ctrl-C: SIGINT.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Exit> for i32 {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<client::Class> for Exit {
    fn from(class: client::Class) -> Self {
        match class {
            client::Class::NotFound => Self::NotFound,
            client::Class::Denied => Self::Denied,
            client::Class::Unavailable => Self::Unavailable,
            client::Class::Mismatch => Self::Mismatch,
            client::Class::Usage => Self::Usage,
            client::Class::Other => Self::Error,
        }
    }
}

/// A command line that parses, with values that contradict each other or are invalid.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Usage(pub(super) String);

impl Exit {
    /// The code of an error.
    pub(super) fn of(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            if let Some(error) = cause.downcast_ref::<client::Error>() {
                return error.class().into();
            }
            if let Some(failure) = cause.downcast_ref::<admin::Failure>() {
                return match failure.kind {
                    admin::FailureKind::NotFound => Self::NotFound,
                    admin::FailureKind::Denied => Self::Denied,
                    admin::FailureKind::Busy => Self::Unavailable,
                    admin::FailureKind::Usage => Self::Usage,
                    admin::FailureKind::Error => Self::Error,
                };
            }
            if cause.is::<Usage>() {
                return Self::Usage;
            }
            if let Some(error) = cause.downcast_ref::<ConfigError>()
                && error.is_of_command_line()
            {
                return Self::Usage;
            }
            if let Some(error) = cause.downcast_ref::<std::io::Error>() {
                match error.kind() {
                    // The reader, such as `head`, has closed the pipe.
                    ErrorKind::BrokenPipe => return Self::Done,
                    // Ctrl-C at a password prompt.
                    ErrorKind::Interrupted => return Self::Interrupted,
                    _ => {}
                }
            }
        }
        Self::Error
    }

    /// The exit code of several results: the common one, [`Exit::Partly`] if only some succeeded,
    /// [`Exit::Error`] if they failed for different reasons.
    pub(super) fn of_all(each: impl IntoIterator<Item = Self>) -> Self {
        let mut all: Option<Self> = None;
        for exit in each {
            all = Some(match all {
                None => exit,
                Some(all) if all == exit => all,
                Some(Self::Done | Self::Partly) => Self::Partly,
                Some(_) if exit == Self::Done => Self::Partly,
                Some(_) => Self::Error,
            });
        }
        all.unwrap_or(Self::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_at_once() {
        use Exit::{Denied, Done, Error, NotFound, Partly};
        for (each, all) in [
            (&[][..], Done),
            (&[Done, Done], Done),
            (&[NotFound, NotFound], NotFound),
            (&[NotFound, Denied], Error),
            (&[Done, NotFound], Partly),
            (&[NotFound, Denied, Done], Partly),
            (&[Done, NotFound, Done], Partly),
        ] {
            assert_eq!(Exit::of_all(each.iter().copied()), all, "{each:?}");
        }
    }

    #[test]
    fn a_broken_pipe_is_success() {
        let error = std::io::Error::from(ErrorKind::BrokenPipe);
        assert_eq!(Exit::of(&anyhow::Error::new(error)), Exit::Done);
        assert_eq!(Exit::of(&anyhow::anyhow!("x")), Exit::Error);
        assert_eq!(
            Exit::of(&anyhow::Error::new(Usage("x".into()))),
            Exit::Usage
        );
    }
}
