//! People who sign in through another issuer, and their accounts in this registry.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::accounts::{name_is_taken, without_grants};
use super::events::NewEvent;
use super::grants::Grantee;
use super::writer::Transaction;
use super::{Index, IndexError, parsed};
use crate::clock::Millis;
use crate::oci::{AccountName, Caller, Context};

/// A person who signed in through another issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsidePerson {
    /// The issuer.
    pub issuer: String,
    /// The issuer's name for the person, never used for anybody else.
    pub subject: String,
    /// The name of the account that the first sign-in creates; `None` if the issuer sent no valid one.
    pub name: Option<AccountName>,
    /// The groups that the account is to have; `None` does not change them.
    pub groups: Option<Vec<AccountName>>,
}

/// The account of a person who signed in through another issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideAccount {
    /// Its name.
    pub name: AccountName,
    /// The groups that it was not added to.
    pub ignored: Vec<(AccountName, IgnoredGroup)>,
}

/// Why an account was not added to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoredGroup {
    /// Its name has a meaning in grants.
    Reserved,
    /// An account or a robot has its name.
    Taken,
}

/// Why a person from another issuer has no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutsideRefusal {
    /// The person is new and has no name.
    Unnamed,
    /// The person is new, and the name has a meaning in grants.
    Reserved,
    /// The person is new, and another account, group or robot has the name.
    Taken,
    /// The account is disabled. Nothing was changed.
    Disabled(AccountName),
}

impl Index {
    /// The account of a person from another issuer, created at the first sign-in, in the request of
    /// this context.
    pub async fn outside_account(
        &self,
        person: OutsidePerson,
        context: Context,
        now: Millis,
    ) -> Result<Result<OutsideAccount, OutsideRefusal>, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let known: Option<(String, bool)> = sqlx::query_as(
                    "SELECT a.name, a.disabled FROM outside_identities o \
                     JOIN accounts a ON a.name = o.account WHERE issuer = $1 AND subject = $2",
                )
                .bind(&person.issuer)
                .bind(&person.subject)
                .fetch_optional(&mut *connection)
                .await?;
                let is_new = known.is_none();
                let account = match (known, &person.name) {
                    (Some((account, disabled)), _) => {
                        let account = parsed("outside_identities.account", &account)?;
                        if disabled {
                            return Ok(Err(OutsideRefusal::Disabled(account)));
                        }
                        account
                    }
                    (None, None) => return Ok(Err(OutsideRefusal::Unnamed)),
                    (None, Some(name)) if Grantee::is_reserved(name.as_str()) => {
                        return Ok(Err(OutsideRefusal::Reserved));
                    }
                    (None, Some(name)) if name_is_taken(connection, name).await? => {
                        return Ok(Err(OutsideRefusal::Taken));
                    }
                    (None, Some(name)) => name.clone(),
                };
                let context = Arc::new(Context {
                    caller: Caller::Account {
                        name: account.clone(),
                        admin: false,
                    },
                    ..context
                });
                if is_new {
                    create(transaction, &person, &account, &context, now).await?;
                }
                let ignored = match &person.groups {
                    Some(groups) => {
                        set_groups(transaction, &account, groups, &context, now).await?
                    }
                    None => Vec::new(),
                };
                Ok(Ok(OutsideAccount {
                    name: account,
                    ignored,
                }))
            })
        })
        .await
    }
}

async fn create(
    transaction: &mut Transaction,
    person: &OutsidePerson,
    name: &AccountName,
    context: &Arc<Context>,
    now: Millis,
) -> Result<(), IndexError> {
    let connection = transaction.connection();
    without_grants(connection, name).await?;
    sqlx::query(
        "INSERT INTO accounts (name, password, admin, disabled, created_at) \
         VALUES ($1, NULL, FALSE, FALSE, $2)",
    )
    .bind(name.as_str())
    .bind(now)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO outside_identities (issuer, subject, account, created_at) \
         VALUES ($1, $2, $3, $4)",
    )
    .bind(&person.issuer)
    .bind(&person.subject)
    .bind(name.as_str())
    .bind(now)
    .execute(connection)
    .await?;
    let detail = json!({ "account": name, "admin": false, "issuer": person.issuer });
    transaction.event_of(context, NewEvent::on_access("create-account", detail));
    Ok(())
}

/// Makes an account a member of exactly these groups. Creates a missing group, unless an account or
/// a robot has its name, or the name has a meaning in grants; returns these groups.
async fn set_groups(
    transaction: &mut Transaction,
    account: &AccountName,
    groups: &[AccountName],
    context: &Arc<Context>,
    now: Millis,
) -> Result<Vec<(AccountName, IgnoredGroup)>, IndexError> {
    let mut ignored = Vec::new();
    let old: Vec<String> =
        sqlx::query_scalar("SELECT group_name FROM group_members WHERE account = $1")
            .bind(account.as_str())
            .fetch_all(transaction.connection())
            .await?;
    let old: BTreeSet<&str> = old.iter().map(String::as_str).collect();
    let new: BTreeSet<&str> = groups.iter().map(AccountName::as_str).collect();
    for group in old.difference(&new) {
        sqlx::query("DELETE FROM group_members WHERE group_name = $1 AND account = $2")
            .bind(group)
            .bind(account.as_str())
            .execute(transaction.connection())
            .await?;
        let detail = json!({ "group": group, "accounts": [account] });
        transaction.event_of(context, NewEvent::on_access("remove-from-group", detail));
    }
    for group in groups {
        if old.contains(group.as_str()) {
            continue;
        }
        if Grantee::is_reserved(group.as_str()) {
            ignored.push((group.clone(), IgnoredGroup::Reserved));
            continue;
        }
        let connection = transaction.connection();
        let known: Option<i64> = sqlx::query_scalar("SELECT 1 FROM account_groups WHERE name = $1")
            .bind(group.as_str())
            .fetch_optional(&mut *connection)
            .await?;
        if known.is_none() {
            if name_is_taken(connection, group).await? {
                ignored.push((group.clone(), IgnoredGroup::Taken));
                continue;
            }
            without_grants(connection, group).await?;
            sqlx::query("INSERT INTO account_groups (name, created_at) VALUES ($1, $2)")
                .bind(group.as_str())
                .bind(now)
                .execute(&mut *connection)
                .await?;
        }
        let done = sqlx::query(
            "INSERT INTO group_members (group_name, account) VALUES ($1, $2) \
             ON CONFLICT (group_name, account) DO NOTHING",
        )
        .bind(group.as_str())
        .bind(account.as_str())
        .execute(connection)
        .await?;
        if done.rows_affected() > 0 {
            let detail = json!({ "group": group, "accounts": [account] });
            transaction.event_of(context, NewEvent::on_access("add-to-group", detail));
        }
    }
    Ok(ignored)
}
