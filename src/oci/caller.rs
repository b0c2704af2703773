//! Callers: who sends a request, and from where.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Grant, NamePattern};

/// The longest account, group or token name, in characters.
const ACCOUNT_LIMIT: usize = 128;

/// The name of an account, a group or a robot: letters, digits and `.`, `_`, `-`, `@`, `+`, beginning
/// with a letter, a digit or `_`, at most 128 characters. Case matters. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountName(Arc<str>);

/// The text is not an account name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an account name is 1 to 128 letters, digits, '.', '_', '-', '@' and '+', and begins with a \
     letter, a digit or '_'"
)]
pub struct AccountNameError;

impl AccountName {
    /// The text as it was parsed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountName {
    type Err = AccountNameError;

    fn from_str(text: &str) -> Result<Self, AccountNameError> {
        let allowed = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@' | b'+')
        };
        let bytes = text.as_bytes();
        if bytes.len() > ACCOUNT_LIMIT
            || !bytes
                .first()
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            || !bytes.iter().copied().all(allowed)
        {
            return Err(AccountNameError);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for AccountName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AccountName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Work that the registry starts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// The start of a server.
    Start,
    /// A scheduled collection or retention rule.
    Schedule,
    /// Housekeeping: expired leases, sessions and trash.
    Upkeep,
    /// The background check of stored bytes.
    Check,
}

/// Who performs an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A client that has not signed in.
    Anonymous,
    /// A process on this host, by its user id: the admin socket, or a command on the root itself.
    Uid(u32),
    /// An account that signed in with its password or a token of the token service.
    Account {
        /// The account.
        name: AccountName,
        /// Whether it has the admin right.
        admin: bool,
    },
    /// A personal or robot token. It may do what its owner may, within its own scope.
    Token {
        /// The public part of the token, used to list and revoke it.
        id: Arc<str>,
        /// The owner of the token. A robot has no account: this is its own name.
        owner: AccountName,
        /// What it is limited to.
        scope: Arc<[Grant]>,
    },
    /// A workload that signed in with the token of its platform. It has no account.
    Workload {
        /// The name of its rule, which may also be that of an account.
        name: AccountName,
        /// The subject of its token.
        subject: Arc<str>,
    },
    /// The registry itself.
    Task(Task),
}

impl Caller {
    /// The caller as logs and events name it: `anonymous`, `uid:0`, `alice`, `token:ID@alice`,
    /// `workload:SUBJECT@ci`, `task:schedule`.
    pub fn actor(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Uid(uid) => format!("uid:{uid}"),
            Self::Account { name, .. } => name.to_string(),
            Self::Token { id, owner, .. } => format!("token:{id}@{owner}"),
            Self::Workload { name, subject } => format!("workload:{subject}@{name}"),
            Self::Task(task) => match task {
                Task::Start => "task:start",
                Task::Schedule => "task:schedule",
                Task::Upkeep => "task:upkeep",
                Task::Check => "task:check",
            }
            .to_owned(),
        }
    }
}

/// The caller of an action, with the request, client address and time. The listener, the admin
/// socket or a task creates it, and the index writes it into events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Who.
    pub caller: Caller,
    /// The id of the request; empty for tasks.
    pub request: Arc<str>,
    /// The address of the client, if there is one.
    pub address: Option<IpAddr>,
    /// The client's `User-Agent`, cut to 256 characters.
    pub agent: Option<Arc<str>>,
}

impl Context {
    /// The context of work that the registry starts by itself.
    pub fn task(task: Task) -> Self {
        Self {
            caller: Caller::Task(task),
            request: "".into(),
            address: None,
            agent: None,
        }
    }

    /// The context of a process on this host with this user id.
    pub fn uid(uid: u32) -> Self {
        Self {
            caller: Caller::Uid(uid),
            ..Self::task(Task::Start)
        }
    }
}

/// The repositories that a caller may see. Listings filter by it in their query, so that pages are
/// full and reveal nothing hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visibility {
    /// All of them.
    Everything,
    /// Public repositories (if `public`), and those that a pattern covers.
    Only {
        /// Whether public repositories are visible.
        public: bool,
        /// The patterns of the caller's rights, sorted, none of which covers another.
        patterns: Arc<[NamePattern]>,
    },
}

impl Visibility {
    /// No repository is visible.
    pub fn nothing() -> Self {
        Self::Only {
            public: false,
            patterns: Arc::default(),
        }
    }

    /// Without public repositories, unless a pattern covers them.
    #[must_use]
    pub fn without_public(self) -> Self {
        match self {
            Self::Everything => Self::Everything,
            Self::Only { patterns, .. } => Self::Only {
                public: false,
                patterns,
            },
        }
    }

    /// Parts that together are equal to this: one for each pattern, and one for public
    /// repositories. One part if there would be more than `most`.
    pub fn parts(&self, most: usize) -> Vec<Self> {
        let Self::Only { public, patterns } = self else {
            return vec![self.clone()];
        };
        if patterns.len() + usize::from(*public) > most || patterns.is_empty() {
            return vec![self.clone()];
        }
        let one = |pattern: &NamePattern| Self::Only {
            public: false,
            patterns: Arc::from([pattern.clone()]),
        };
        let open = public.then(|| Self::Only {
            public: true,
            patterns: Arc::default(),
        });
        patterns.iter().map(one).chain(open).collect()
    }

    /// Whether a repository is visible, given whether it is public.
    pub fn shows(&self, name: &super::Repository, is_public: bool) -> bool {
        match self {
            Self::Everything => true,
            Self::Only { public, patterns } => {
                (*public && is_public) || patterns.iter().any(|pattern| pattern.matches(name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_what_is_visible() {
        let only = |public, patterns: &[&str]| Visibility::Only {
            public,
            patterns: patterns.iter().map(|text| text.parse().unwrap()).collect(),
        };
        let both = only(true, &["a/*", "b"]);
        assert_eq!(
            both.parts(3),
            [only(false, &["a/*"]), only(false, &["b"]), only(true, &[])]
        );
        for whole in [
            both.clone(),
            only(false, &[]),
            only(true, &[]),
            Visibility::Everything,
        ] {
            assert_eq!(whole.parts(2), std::slice::from_ref(&whole));
        }
    }

    #[test]
    fn account_names() {
        for text in ["alice", "ci.bot-1", "a@example.com", "A_b+c", "7"] {
            assert!(text.parse::<AccountName>().is_ok(), "{text}");
        }
        let long = "a".repeat(129);
        for text in [
            "",
            "-x",
            ".x",
            "a b",
            "a:b",
            "a/b",
            "ü",
            "a\n",
            long.as_str(),
        ] {
            assert!(text.parse::<AccountName>().is_err(), "{text}");
        }
    }

    #[test]
    fn private_repositories_are_visible_only_through_a_pattern() {
        let team: super::super::Repository = "team/app".parse().unwrap();
        let nothing = Visibility::Only {
            public: true,
            patterns: Arc::default(),
        };
        assert!(nothing.shows(&team, true));
        assert!(!nothing.shows(&team, false));
        let some = Visibility::Only {
            public: false,
            patterns: Arc::new(["team/*".parse().unwrap()]),
        };
        assert!(some.shows(&team, false));
        assert!(some.shows(&team, true));
    }
}
