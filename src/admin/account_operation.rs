//! What may be asked about accounts and rights, and what comes of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::auth::{AccountRecord, GrantRecord, Grantee, GroupRecord, TokenRecord};
use crate::clock::Millis;
use crate::oci::{AccountName, Grant, Repository, Rights};

/// A password or token on its way. No log shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Keeps a text from being shown.
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

/// An account that comes from a file.
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
        /// Its password; without one it signs in by tokens alone.
        password: Option<Password>,
        /// Whether it may administer the registry.
        #[serde(default)]
        admin: bool,
    },
    /// Set a password.
    SetPassword {
        /// Whose.
        name: AccountName,
        /// The password.
        password: Password,
    },
    /// Let an account sign in or not.
    SetDisabled {
        /// Which.
        name: AccountName,
        /// Whether it may not.
        disabled: bool,
    },
    /// Give an account the admin right, or take it.
    SetAdmin {
        /// Which.
        name: AccountName,
        /// Whether it may administer the registry.
        admin: bool,
    },
    /// Remove an account with its grants and tokens.
    RemoveUser {
        /// Which.
        name: AccountName,
    },
    /// Create many accounts; those that are there are left as they are.
    ImportUsers {
        /// The accounts.
        users: Vec<ImportedAccount>,
    },
    /// List the accounts.
    Users,
    /// Add accounts to a group.
    AddToGroup {
        /// The group, which is created if it is not there.
        group: AccountName,
        /// The accounts.
        accounts: Vec<AccountName>,
    },
    /// Take accounts out of a group.
    RemoveFromGroup {
        /// The group.
        group: AccountName,
        /// The accounts; without any the group itself is removed.
        accounts: Vec<AccountName>,
    },
    /// List the groups.
    Groups,
    /// Create a token.
    CreateToken {
        /// What it is called.
        label: String,
        /// The account, or the robot.
        owner: AccountName,
        /// Whether the owner is a robot: then the scope is all its rights.
        #[serde(default)]
        robot: bool,
        /// What it is limited to; absent for all that its owner may.
        scope: Option<Vec<Grant>>,
        /// For how long it is good, in milliseconds; absent for ever.
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
        /// Whose it is.
        owner: Option<AccountName>,
    },
    /// Grant rights.
    Grant {
        /// To whom.
        grantee: Grantee,
        /// Which, where.
        grant: Grant,
    },
    /// Take rights.
    Revoke {
        /// From whom.
        grantee: Grantee,
        /// Which, where: the pattern as it was granted.
        grant: Grant,
    },
    /// Say who may do what.
    Rights {
        /// An account, a group or a repository; absent for all grants.
        about: Option<String>,
    },
    /// Say what a repository is, for searches.
    Describe {
        /// Which.
        repository: Repository,
        /// The description; an empty one is taken away.
        text: String,
    },
    /// Make a repository public or private.
    SetVisibility {
        /// Which.
        repository: Repository,
        /// Whether everybody may pull from it.
        public: bool,
    },
}

impl AccountOperation {
    /// Whether it only reads.
    pub(super) fn reads(&self) -> bool {
        matches!(
            self,
            Self::Users | Self::Groups | Self::Tokens { .. } | Self::Rights { .. }
        )
    }
}

/// What came of an operation on accounts and rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum AccountReport {
    /// It was done.
    Done,
    /// So many things were changed.
    Changed(u64),
    /// Accounts that were created, and those that were there already.
    Imported {
        /// Created.
        created: Vec<AccountName>,
        /// Left as they are.
        kept: Vec<AccountName>,
    },
    /// The accounts.
    Users(Vec<AccountRecord>),
    /// The groups.
    Groups(Vec<GroupRecord>),
    /// A token that was created: the only time that it is shown.
    Token {
        /// Its public part.
        id: String,
        /// All of it.
        token: Password,
    },
    /// The tokens.
    Tokens(Vec<TokenRecord>),
    /// The rights that were taken.
    Revoked(Rights),
    /// Who may do what.
    Rights(RightsReport),
}

/// Who may do what, and why: a grant names the account, the group, or everybody who has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RightsReport {
    /// The grants.
    pub grants: Vec<GrantRecord>,
    /// Administrators, who may do everything.
    pub administrators: Vec<AccountName>,
    /// Whether the repository that was asked about is public; absent if none was.
    pub public: Option<bool>,
}
