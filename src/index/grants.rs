//! Grants: who may do what in which repositories; and which repositories are public.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;
use sqlx::SqliteConnection;

use super::events::NewEvent;
use super::{Index, IndexError, parsed};
use crate::clock::Millis;
use crate::oci::{AccountName, AccountNameError, Grant, NamePattern, Repository, Rights};

/// Who a grant is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grantee {
    /// Everybody, signed in or not.
    Anonymous,
    /// Every account.
    Users,
    /// An account, or every account of a group.
    Named(AccountName),
}

impl Grantee {
    /// How it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Users => "users",
            Self::Named(name) => name.as_str(),
        }
    }

    /// Whether a text is one of the words that name no account.
    pub fn is_reserved(text: &str) -> bool {
        matches!(text, "anonymous" | "users")
    }
}

impl FromStr for Grantee {
    type Err = AccountNameError;

    fn from_str(text: &str) -> Result<Self, AccountNameError> {
        match text {
            "anonymous" => Ok(Self::Anonymous),
            "users" => Ok(Self::Users),
            name => name.parse().map(Self::Named),
        }
    }
}

impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Grantee {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Grantee {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A grant and its grantee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GrantRecord {
    /// Who it is for.
    pub grantee: Grantee,
    /// What it allows, where.
    pub grant: Grant,
}

fn records(rows: Vec<(String, String, i64)>) -> Result<Vec<GrantRecord>, IndexError> {
    rows.into_iter()
        .map(|(grantee, pattern, rights)| {
            Ok(GrantRecord {
                grantee: parsed("grantee", &grantee)?,
                grant: Grant {
                    pattern: parsed("pattern of a grant", &pattern)?,
                    rights: Rights::from_bits(u8::try_from(rights).unwrap_or_default()),
                },
            })
        })
        .collect()
}

/// Whether an account or a group has this name.
async fn may_be_granted(
    connection: &mut SqliteConnection,
    name: &AccountName,
) -> Result<bool, IndexError> {
    let found: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM accounts WHERE name = $1 UNION SELECT 1 FROM account_groups WHERE name = $1",
    )
    .bind(name.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

impl Index {
    /// Adds rights. Returns false if no account or group has the name of the grantee: the rights of a
    /// robot are those of its tokens.
    pub async fn grant(
        &self,
        grantee: Grantee,
        grant: Grant,
        now: Millis,
    ) -> Result<bool, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                if let Grantee::Named(name) = &grantee
                    && !may_be_granted(connection, name).await?
                {
                    return Ok(false);
                }
                sqlx::query(
                    "INSERT INTO grants (grantee, pattern, rights, created_at) \
                     VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (grantee, pattern) DO UPDATE SET rights = grants.rights | $3",
                )
                .bind(grantee.as_str())
                .bind(grant.pattern.to_string())
                .bind(i64::from(grant.rights.bits()))
                .bind(now)
                .execute(connection)
                .await?;
                let detail = json!({ "grantee": grantee, "grant": grant });
                transaction.event(NewEvent::on_access("grant", detail));
                Ok(true)
            })
        })
        .await
    }

    /// Revokes rights that were granted on exactly this pattern. Returns the revoked ones.
    pub async fn revoke(
        &self,
        grantee: Grantee,
        pattern: NamePattern,
        rights: Rights,
    ) -> Result<Rights, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let pattern = pattern.to_string();
                let held: Option<i64> = sqlx::query_scalar(
                    "SELECT rights FROM grants WHERE grantee = $1 AND pattern = $2",
                )
                .bind(grantee.as_str())
                .bind(&pattern)
                .fetch_optional(&mut *connection)
                .await?;
                let held = Rights::from_bits(
                    held.and_then(|held| u8::try_from(held).ok())
                        .unwrap_or_default(),
                );
                let left = held.without(rights);
                if left.is_empty() {
                    sqlx::query("DELETE FROM grants WHERE grantee = $1 AND pattern = $2")
                        .bind(grantee.as_str())
                        .bind(&pattern)
                        .execute(connection)
                        .await?;
                } else {
                    sqlx::query(
                        "UPDATE grants SET rights = $3 WHERE grantee = $1 AND pattern = $2",
                    )
                    .bind(grantee.as_str())
                    .bind(&pattern)
                    .bind(i64::from(left.bits()))
                    .execute(connection)
                    .await?;
                }
                let taken = held.intersection(rights);
                if !taken.is_empty() {
                    let detail = json!({
                        "grantee": grantee,
                        "grant": { "pattern": pattern, "rights": taken },
                    });
                    let revoked = NewEvent::on_access("revoke", detail);
                    transaction.event(revoked);
                }
                Ok(taken)
            })
        })
        .await
    }

    /// All grants, sorted by grantee and pattern.
    pub async fn grants(&self) -> Result<Vec<GrantRecord>, IndexError> {
        let rows =
            sqlx::query_as("SELECT grantee, pattern, rights FROM grants ORDER BY grantee, pattern")
                .fetch_all(&self.readers)
                .await?;
        records(rows)
    }

    /// The grants that hold for an account, including those of its groups and of everybody; without
    /// an account, those for anonymous callers.
    pub async fn grants_for(
        &self,
        account: Option<&AccountName>,
    ) -> Result<Vec<GrantRecord>, IndexError> {
        let rows = match account {
            None => {
                sqlx::query_as(
                    "SELECT grantee, pattern, rights FROM grants WHERE grantee = 'anonymous' \
                     ORDER BY pattern",
                )
                .fetch_all(&self.readers)
                .await?
            }
            Some(account) => {
                sqlx::query_as(
                    "SELECT grantee, pattern, rights FROM grants \
                     WHERE grantee IN ('anonymous', 'users', $1) OR grantee IN \
                       (SELECT group_name FROM group_members WHERE account = $1) \
                     ORDER BY grantee, pattern",
                )
                .bind(account.as_str())
                .fetch_all(&self.readers)
                .await?
            }
        };
        records(rows)
    }

    /// Makes a repository public or private. Returns false if it is unknown.
    pub async fn set_public(&self, name: Repository, public: bool) -> Result<bool, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                let done = sqlx::query("UPDATE repositories SET public = $2 WHERE name = $1")
                    .bind(name.as_str())
                    .bind(public)
                    .execute(transaction.connection())
                    .await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                let set = NewEvent::on_repository("set-visibility", &name);
                let set = set.detail(json!({ "public": public }));
                transaction.event(set);
                Ok(true)
            })
        })
        .await
    }

    /// Sets whether new repositories are public. Existing ones do not change.
    pub async fn set_new_public(&self, public: bool) -> Result<(), IndexError> {
        let value = if public { "public" } else { "private" };
        self.set_setting("new-repositories", value.to_owned()).await
    }

    /// Whether a repository is public; `None` if it is unknown.
    pub async fn is_public(&self, name: &Repository) -> Result<Option<bool>, IndexError> {
        let public = sqlx::query_scalar("SELECT public FROM repositories WHERE name = $1")
            .bind(name.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(public)
    }

    /// Whether there is a public repository.
    pub async fn has_public_repository(&self) -> Result<bool, IndexError> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM repositories WHERE public LIMIT 1")
                .fetch_optional(&self.readers)
                .await?;
        Ok(found.is_some())
    }
}
