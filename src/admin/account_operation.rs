//! Operations on accounts and rights, and their reports.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::auth::{AccountRecord, GrantRecord, Grantee, GroupRecord, TokenRecord};
use crate::clock::Millis;
use crate::oci::{AccountName, Grant, Repository, Rights};

/// Minimum lifetime of a new token.
pub const MINIMUM_LIFETIME: Millis = 60_000;

/// A password or token in a request or report. It never appears in a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// An account read from a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportedAccount {
    /// Its name.
    pub name: AccountName,
    /// Its password, or the bcrypt or argon2 hash of it.
    pub password: Option<Password>,
    /// The groups that it joins.
    #[serde(default)]
    pub groups: Vec<AccountName>,
    /// Whether it may administer the registry.
    #[serde(default)]
    pub admin: bool,
}

/// An operation on accounts and rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum AccountOperation {
    /// Create an account.
    AddUser {
        /// Its name.
        name: AccountName,
        /// Its password; an account without a password signs in with tokens only.
        password: Option<Password>,
        /// Whether it may administer the registry.
        #[serde(default)]
        admin: bool,
    },
    /// Set a password.
    SetPassword {
        /// The account.
        name: AccountName,
        /// The password.
        password: Password,
        /// The hash of the old password, if its owner had to enter it: a password that was changed
        /// since then is kept. Only the pages ask for the old one.
        #[serde(skip)]
        verified: Option<Password>,
    },
    /// Disable or enable an account.
    SetDisabled {
        /// The account.
        name: AccountName,
        /// Whether it is disabled.
        disabled: bool,
    },
    /// Grant an account the admin right, or revoke it.
    SetAdmin {
        /// The account.
        name: AccountName,
        /// Whether it may administer the registry.
        admin: bool,
    },
    /// Remove an account with its grants and tokens.
    RemoveUser {
        /// The account.
        name: AccountName,
    },
    /// Create several accounts. Existing accounts are not changed.
    ImportUsers {
        /// The accounts.
        users: Vec<ImportedAccount>,
    },
    /// List the accounts.
    Users,
    /// Add accounts to a group.
    AddToGroup {
        /// The group; it is created if it does not exist.
        group: AccountName,
        /// The accounts.
        accounts: Vec<AccountName>,
    },
    /// Remove accounts from a group.
    RemoveFromGroup {
        /// The group.
        group: AccountName,
        /// The accounts; without any, the group itself is removed.
        accounts: Vec<AccountName>,
    },
    /// List the groups.
    Groups,
    /// Create a token.
    CreateToken {
        /// Its label in lists.
        label: String,
        /// The account, or the robot.
        owner: AccountName,
        /// Whether the owner is a robot: then the scope is all its rights.
        #[serde(default)]
        robot: bool,
        /// Its scope; absent for all rights of its owner.
        scope: Option<Vec<Grant>>,
        /// Its lifetime in milliseconds, at least [`MINIMUM_LIFETIME`]; absent for a token that does not
        /// expire.
        lifetime: Option<Millis>,
    },
    /// List the tokens.
    Tokens {
        /// Only tokens of this account or robot.
        owner: Option<AccountName>,
    },
    /// Revoke a token.
    RevokeToken {
        /// Its id or name.
        token: String,
        /// Its owner.
        owner: Option<AccountName>,
    },
    /// Grant rights.
    Grant {
        /// The account or group that receives the rights.
        grantee: Grantee,
        /// The rights and the repositories.
        grant: Grant,
    },
    /// Revoke rights.
    Revoke {
        /// The account or group that loses the rights.
        grantee: Grantee,
        /// The rights, and the pattern as it was granted.
        grant: Grant,
    },
    /// List rights.
    Rights {
        /// An account, a group or a repository; absent for all grants.
        about: Option<String>,
    },
    /// Set the description of a repository, which searches use.
    Describe {
        /// The repository.
        repository: Repository,
        /// The description; an empty text removes it.
        text: String,
    },
    /// Make a repository public or private.
    SetVisibility {
        /// The repository.
        repository: Repository,
        /// Whether everybody may pull from it.
        public: bool,
    },
}

impl AccountOperation {
    /// Whether accounts are created.
    pub fn creates_accounts(&self) -> bool {
        matches!(self, Self::AddUser { .. } | Self::ImportUsers { .. })
    }

    /// Whether it only reads.
    pub(super) fn reads(&self) -> bool {
        matches!(
            self,
            Self::Users | Self::Groups | Self::Tokens { .. } | Self::Rights { .. }
        )
    }
}

/// Why the accounts and rights of a root have no effect on clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountsUnused {
    /// The server requires no sign-in.
    Open,
    /// No server runs, and the configuration enables no accounts.
    NoServer,
    /// The server has the accounts of an htpasswd file.
    Htpasswd,
    /// The server accepts the tokens of another one.
    TokenServer,
}

impl AccountsUnused {
    /// Whether an operation has no effect on clients, or lists what has none.
    pub(super) fn concerns(self, operation: &AccountOperation) -> bool {
        match operation {
            // Searches use it, with every kind of sign-in.
            AccountOperation::Describe { .. } => false,
            // Everybody may pull from a public repository, with an htpasswd file, too.
            AccountOperation::SetVisibility { .. } => self != Self::Htpasswd,
            _ => true,
        }
    }
}

/// The report of an operation on accounts and rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum AccountReport {
    /// Done, without details.
    Done,
    /// The number of changed records.
    Changed(u64),
    /// The result of an import.
    Imported {
        /// Accounts that were created.
        created: Vec<AccountName>,
        /// Existing accounts, which were not changed.
        kept: Vec<AccountName>,
    },
    /// The accounts.
    Users(Vec<AccountRecord>),
    /// The groups.
    Groups(Vec<GroupRecord>),
    /// A new token. It is not shown again.
    Token {
        /// Its id.
        id: String,
        /// The token itself, which is secret.
        token: Password,
    },
    /// The tokens.
    Tokens(Vec<TokenRecord>),
    /// The rights that were revoked.
    Revoked(Rights),
    /// Rights and their grants.
    Rights(RightsReport),
}

/// A right of a robot's token that has not expired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RobotGrant {
    /// The robot.
    pub robot: AccountName,
    /// The label of its token.
    pub token: String,
    /// What it allows, where.
    pub grant: Grant,
}

/// Rights with their grants: each grant names the account or group that has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RightsReport {
    /// The grants.
    pub grants: Vec<GrantRecord>,
    /// The rights of robots, which are those of their tokens.
    pub robots: Vec<RobotGrant>,
    /// Administrators, who may do everything.
    pub administrators: Vec<AccountName>,
    /// Whether the requested repository is public; absent if no repository was requested.
    pub public: Option<bool>,
}
