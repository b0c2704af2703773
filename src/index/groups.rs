//! Groups of accounts. A grant to a group is a grant to each of its members.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::accounts::{changed, name_is_taken, without_grants};
use super::events::NewEvent;
use super::{Index, IndexError, parsed};
use crate::clock::Millis;
use crate::oci::AccountName;

/// A group with its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupRecord {
    /// Its name.
    pub name: AccountName,
    /// The accounts in it, sorted.
    pub members: Vec<AccountName>,
}

/// Why a group could not be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupRefusal {
    /// An account or a robot has the name.
    NameTaken,
    /// There is no account of this name.
    NoAccount(AccountName),
}

impl Index {
    /// Adds accounts to a group, creating the group if needed. Adds none if one of the accounts
    /// does not exist.
    pub async fn add_to_group(
        &self,
        group: AccountName,
        accounts: Vec<AccountName>,
        now: Millis,
    ) -> Result<Result<(), GroupRefusal>, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let known: Option<i64> =
                    sqlx::query_scalar("SELECT 1 FROM account_groups WHERE name = $1")
                        .bind(group.as_str())
                        .fetch_optional(&mut *connection)
                        .await?;
                if known.is_none() && name_is_taken(connection, &group).await? {
                    return Ok(Err(GroupRefusal::NameTaken));
                }
                if known.is_none() {
                    without_grants(connection, &group).await?;
                }
                for account in &accounts {
                    let known: Option<i64> =
                        sqlx::query_scalar("SELECT 1 FROM accounts WHERE name = $1")
                            .bind(account.as_str())
                            .fetch_optional(&mut *connection)
                            .await?;
                    if known.is_none() {
                        return Ok(Err(GroupRefusal::NoAccount(account.clone())));
                    }
                }
                sqlx::query(
                    "INSERT INTO account_groups (name, created_at) VALUES ($1, $2) \
                     ON CONFLICT (name) DO NOTHING",
                )
                .bind(group.as_str())
                .bind(now)
                .execute(&mut *connection)
                .await?;
                for account in &accounts {
                    sqlx::query(
                        "INSERT INTO group_members (group_name, account) VALUES ($1, $2) \
                         ON CONFLICT (group_name, account) DO NOTHING",
                    )
                    .bind(group.as_str())
                    .bind(account.as_str())
                    .execute(&mut *connection)
                    .await?;
                }
                let detail = json!({ "group": group, "accounts": accounts });
                let added = NewEvent::on_access("add-to-group", detail);
                transaction.event(added);
                Ok(Ok(()))
            })
        })
        .await
    }

    /// Removes accounts from a group. Returns how many were members.
    pub async fn remove_from_group(
        &self,
        group: AccountName,
        accounts: Vec<AccountName>,
    ) -> Result<u64, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                let mut removed = 0;
                for account in &accounts {
                    let done = sqlx::query(
                        "DELETE FROM group_members WHERE group_name = $1 AND account = $2",
                    )
                    .bind(group.as_str())
                    .bind(account.as_str())
                    .execute(transaction.connection())
                    .await?;
                    removed += done.rows_affected();
                }
                if removed > 0 {
                    let detail = json!({ "group": group, "accounts": accounts });
                    let taken = NewEvent::on_access("remove-from-group", detail);
                    transaction.event(taken);
                }
                Ok(removed)
            })
        })
        .await
    }

    /// Removes a group with its grants; its members stay accounts. Returns false if there is no such
    /// group.
    pub async fn remove_group(&self, group: AccountName) -> Result<bool, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                let done = sqlx::query("DELETE FROM account_groups WHERE name = $1")
                    .bind(group.as_str())
                    .execute(transaction.connection())
                    .await?;
                let detail = json!({ "group": group });
                if !changed(transaction, &done, "remove-group", detail).await? {
                    return Ok(false);
                }
                sqlx::query("DELETE FROM grants WHERE grantee = $1")
                    .bind(group.as_str())
                    .execute(transaction.connection())
                    .await?;
                Ok(true)
            })
        })
        .await
    }

    /// All groups, in the order of their names.
    pub async fn groups(&self) -> Result<Vec<GroupRecord>, IndexError> {
        let rows: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT g.name, m.account FROM account_groups g \
             LEFT JOIN group_members m ON m.group_name = g.name ORDER BY g.name, m.account",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut groups: Vec<GroupRecord> = Vec::new();
        for (name, member) in rows {
            if groups
                .last()
                .is_none_or(|group| group.name.as_str() != name)
            {
                groups.push(GroupRecord {
                    name: parsed("group name", &name)?,
                    members: Vec::new(),
                });
            }
            if let (Some(group), Some(member)) = (groups.last_mut(), member) {
                group.members.push(parsed("account name", &member)?);
            }
        }
        Ok(groups)
    }
}
