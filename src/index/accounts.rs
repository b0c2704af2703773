//! Accounts: who may sign in with a password.
//!
//! Accounts, groups and robots share one namespace, which every creation here checks. Each change
//! of rights increments a counter ([`Index::access_changes`]); caches of rights compare it to
//! detect that they are stale. This works while this process is the only writer.

use std::sync::atomic::Ordering;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteQueryResult;

use super::administrators::{AccountRefusal, existing, must_leave_an_administrator};
use super::events::NewEvent;
use super::writer::Transaction;
use super::{Index, IndexError, column, parsed};
use crate::clock::Millis;
use crate::oci::AccountName;

/// Sets the hash of a password ($2), if it is still $3 or there is no $3.
const SET_PASSWORD: &str =
    "UPDATE accounts SET password = $2 WHERE name = $1 AND (password = $3 OR $3 IS NULL)";

/// An account as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountRecord {
    /// Its name.
    pub name: AccountName,
    /// Whether it may administer the registry.
    pub admin: bool,
    /// Whether it may not sign in, with a password or a token.
    pub disabled: bool,
    /// Whether it has a password.
    pub has_password: bool,
    /// The OpenID provider through which it signs in, if it does.
    #[serde(default)]
    pub provider: Option<String>,
    /// When it was created.
    pub created_at: Millis,
    /// When it last signed in.
    pub used_at: Option<Millis>,
    /// The groups that it belongs to, sorted.
    pub groups: Vec<AccountName>,
}

/// An account as a sign-in needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccount {
    /// Its name.
    pub name: AccountName,
    /// The hash of its password: a PHC string, or a line of htpasswd.
    pub password: Option<String>,
    /// Whether it may administer the registry.
    pub admin: bool,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// When it was created.
    pub created_at: Millis,
}

/// An account to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Its name.
    pub name: AccountName,
    /// The hash of its password.
    pub password: Option<String>,
    /// Whether it may administer the registry.
    pub admin: bool,
}

/// Whether an account, a group or a robot already has this name.
pub(super) async fn name_is_taken(
    connection: &mut SqliteConnection,
    name: &AccountName,
) -> Result<bool, IndexError> {
    let taken: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM accounts WHERE name = $1 \
         UNION SELECT 1 FROM account_groups WHERE name = $1 \
         UNION SELECT 1 FROM tokens WHERE owner = $1 AND robot",
    )
    .bind(name.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(taken.is_some())
}

/// Removes the grants that a new account or group would inherit from another one of its name.
pub(super) async fn without_grants(
    connection: &mut SqliteConnection,
    name: &AccountName,
) -> Result<(), IndexError> {
    sqlx::query("DELETE FROM grants WHERE grantee = $1")
        .bind(name.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Appends an event if the statement before it, on accounts or rights, changed a row. Returns false
/// if it changed none.
pub(super) async fn changed(
    transaction: &mut Transaction,
    done: &SqliteQueryResult,
    action: &'static str,
    detail: Value,
) -> Result<bool, IndexError> {
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    transaction.event(NewEvent::on_access(action, detail));
    Ok(true)
}

impl Index {
    /// Number of changes so far to accounts, tokens, grants and the visibility of repositories.
    pub fn access_changes(&self) -> u64 {
        self.access_changes.load(Ordering::Acquire)
    }

    /// Like [`Index::write`], for changes of rights: increments the counter.
    pub(super) async fn change_access<T, F>(&self, work: F) -> Result<T, IndexError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Transaction) -> BoxFuture<'t, Result<T, IndexError>>
            + Send
            + 'static,
    {
        let result = self.write(work).await;
        self.access_changes.fetch_add(1, Ordering::AcqRel);
        result
    }

    /// Creates an account. Returns false if an account, group or robot has its name.
    pub async fn create_account(
        &self,
        account: NewAccount,
        now: Millis,
    ) -> Result<bool, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                if name_is_taken(transaction.connection(), &account.name).await? {
                    return Ok(false);
                }
                without_grants(transaction.connection(), &account.name).await?;
                sqlx::query(
                    "INSERT INTO accounts (name, password, admin, disabled, created_at) \
                     VALUES ($1, $2, $3, FALSE, $4)",
                )
                .bind(account.name.as_str())
                .bind(account.password)
                .bind(account.admin)
                .bind(now)
                .execute(transaction.connection())
                .await?;
                let detail = json!({ "account": account.name, "admin": account.admin });
                let created = NewEvent::on_access("create-account", detail);
                transaction.event(created);
                Ok(true)
            })
        })
        .await
    }

    /// Replaces the hash `verified` of a password with a stronger hash of the same password. Returns
    /// false if the password was changed meanwhile. Writes no event.
    pub async fn upgrade_password(
        &self,
        name: AccountName,
        verified: String,
        password: String,
    ) -> Result<bool, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                let done = sqlx::query(SET_PASSWORD)
                    .bind(name.as_str())
                    .bind(password)
                    .bind(verified)
                    .execute(transaction.connection())
                    .await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }

    /// Sets the hash of a password; with `verified`, only if that is still the hash. Returns false
    /// if there is no such account, or its password was changed meanwhile.
    pub async fn set_password(
        &self,
        name: AccountName,
        verified: Option<String>,
        password: String,
    ) -> Result<bool, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                let done = sqlx::query(SET_PASSWORD)
                    .bind(name.as_str())
                    .bind(password)
                    .bind(verified)
                    .execute(transaction.connection())
                    .await?;
                changed(
                    transaction,
                    &done,
                    "set-password",
                    json!({ "account": name }),
                )
                .await
            })
        })
        .await
    }

    /// Enables or disables the sign-in of an account.
    pub async fn set_disabled(
        &self,
        name: AccountName,
        disabled: bool,
    ) -> Result<Result<(), AccountRefusal>, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                if disabled {
                    let left = must_leave_an_administrator(transaction.connection(), &name).await?;
                    if left.is_err() {
                        return Ok(left);
                    }
                }
                let done = sqlx::query("UPDATE accounts SET disabled = $2 WHERE name = $1")
                    .bind(name.as_str())
                    .bind(disabled)
                    .execute(transaction.connection())
                    .await?;
                let action = if disabled {
                    "disable-account"
                } else {
                    "enable-account"
                };
                let detail = json!({ "account": name });
                changed(transaction, &done, action, detail)
                    .await
                    .map(existing)
            })
        })
        .await
    }

    /// Removes an account with its memberships, grants, tokens, stars and sessions.
    pub async fn remove_account(
        &self,
        name: AccountName,
    ) -> Result<Result<(), AccountRefusal>, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                let left = must_leave_an_administrator(transaction.connection(), &name).await?;
                if left.is_err() {
                    return Ok(left);
                }
                let done = sqlx::query("DELETE FROM accounts WHERE name = $1")
                    .bind(name.as_str())
                    .execute(transaction.connection())
                    .await?;
                let detail = json!({ "account": name });
                if !changed(transaction, &done, "remove-account", detail).await? {
                    return Ok(Err(AccountRefusal::NoAccount));
                }
                for statement in [
                    "DELETE FROM grants WHERE grantee = $1",
                    "DELETE FROM tokens WHERE owner = $1",
                    "DELETE FROM stars WHERE account = $1",
                    "DELETE FROM sessions WHERE account = $1",
                ] {
                    sqlx::query(statement)
                        .bind(name.as_str())
                        .execute(transaction.connection())
                        .await?;
                }
                Ok(Ok(()))
            })
        })
        .await
    }

    /// Reads an account for a sign-in.
    pub async fn stored_account(
        &self,
        name: &AccountName,
    ) -> Result<Option<StoredAccount>, IndexError> {
        let row: Option<(Option<String>, bool, bool, Millis)> = sqlx::query_as(
            "SELECT password, admin, disabled, created_at FROM accounts WHERE name = $1",
        )
        .bind(name.as_str())
        .fetch_optional(&self.readers)
        .await?;
        Ok(
            row.map(|(password, admin, disabled, created_at)| StoredAccount {
                name: name.clone(),
                password,
                admin,
                disabled,
                created_at,
            }),
        )
    }

    /// Accounts after `last`, in the order of their names.
    pub async fn accounts(
        &self,
        last: &str,
        limit: usize,
    ) -> Result<Vec<AccountRecord>, IndexError> {
        type Row = (String, bool, bool, bool, Option<String>, i64, Option<i64>);
        let mut connection = self.readers.acquire().await?;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT name, admin, disabled, password IS NOT NULL, \
             (SELECT MIN(issuer) FROM outside_identities WHERE account = name), created_at, used_at \
             FROM accounts WHERE name > $1 ORDER BY name LIMIT $2",
        )
        .bind(last)
        .bind(column(limit as u64))
        .fetch_all(&mut *connection)
        .await?;
        let mut accounts = Vec::with_capacity(rows.len());
        for (name, admin, disabled, has_password, provider, created_at, used_at) in rows {
            let groups: Vec<String> = sqlx::query_scalar(
                "SELECT group_name FROM group_members WHERE account = $1 ORDER BY group_name",
            )
            .bind(&name)
            .fetch_all(&mut *connection)
            .await?;
            let groups = groups.iter().map(|group| parsed("group name", group));
            accounts.push(AccountRecord {
                name: parsed("account name", &name)?,
                admin,
                disabled,
                has_password,
                provider,
                created_at,
                used_at,
                groups: groups.collect::<Result<_, _>>()?,
            });
        }
        Ok(accounts)
    }

    /// How many accounts there are.
    pub async fn count_accounts(&self) -> Result<u64, IndexError> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM accounts")
            .fetch_one(&self.readers)
            .await?;
        Ok(count.unsigned_abs())
    }

    /// Saves when accounts and tokens were last used. Rights do not change.
    pub async fn note_use(
        &self,
        accounts: Vec<(AccountName, Millis)>,
        tokens: Vec<(String, Millis)>,
    ) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                for (name, at) in accounts {
                    sqlx::query("UPDATE accounts SET used_at = $2 WHERE name = $1")
                        .bind(name.as_str())
                        .bind(at)
                        .execute(transaction.connection())
                        .await?;
                }
                for (id, at) in tokens {
                    sqlx::query("UPDATE tokens SET used_at = $2 WHERE id = $1")
                        .bind(id)
                        .bind(at)
                        .execute(transaction.connection())
                        .await?;
                }
                Ok(())
            })
        })
        .await
    }
}
