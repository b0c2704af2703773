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
    /// The name of the account that the first sign-in creates.
    pub name: AccountName,
    /// The groups that the account is to have; `None` does not change them.
    pub groups: Option<Vec<AccountName>>,
}

impl Index {
    /// The account of a person from another issuer, created at the first sign-in, in the request of
    /// this context. `None` if another account, group or robot has its name, or if the name has a
    /// meaning in grants.
    pub async fn outside_account(
        &self,
        person: OutsidePerson,
        context: Context,
        now: Millis,
    ) -> Result<Option<AccountName>, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let known: Option<String> = sqlx::query_scalar(
                    "SELECT account FROM outside_identities WHERE issuer = $1 AND subject = $2",
                )
                .bind(&person.issuer)
                .bind(&person.subject)
                .fetch_optional(&mut *connection)
                .await?;
                let is_new = known.is_none();
                let account = match known {
                    Some(account) => parsed("outside_identities.account", &account)?,
                    None if Grantee::is_reserved(person.name.as_str())
                        || name_is_taken(connection, &person.name).await? =>
                    {
                        return Ok(None);
                    }
                    None => person.name.clone(),
                };
                let context = Arc::new(Context {
                    caller: Caller::Account {
                        name: account.clone(),
                        admin: false,
                    },
                    ..context
                });
                if is_new {
                    create(transaction, &person, &context, now).await?;
                }
                if let Some(groups) = &person.groups {
                    set_groups(transaction, &account, groups, &context, now).await?;
                }
                Ok(Some(account))
            })
        })
        .await
    }
}

async fn create(
    transaction: &mut Transaction,
    person: &OutsidePerson,
    context: &Arc<Context>,
    now: Millis,
) -> Result<(), IndexError> {
    let connection = transaction.connection();
    without_grants(connection, &person.name).await?;
    sqlx::query(
        "INSERT INTO accounts (name, password, admin, disabled, created_at) \
         VALUES ($1, NULL, FALSE, FALSE, $2)",
    )
    .bind(person.name.as_str())
    .bind(now)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO outside_identities (issuer, subject, account, created_at) \
         VALUES ($1, $2, $3, $4)",
    )
    .bind(&person.issuer)
    .bind(&person.subject)
    .bind(person.name.as_str())
    .bind(now)
    .execute(connection)
    .await?;
    let detail = json!({ "account": person.name, "admin": false, "issuer": person.issuer });
    transaction.event_of(context, NewEvent::on_access("create-account", detail));
    Ok(())
}

/// Makes an account a member of exactly these groups. Creates a missing group, unless an account or
/// a robot has its name, or the name has a meaning in grants.
async fn set_groups(
    transaction: &mut Transaction,
    account: &AccountName,
    groups: &[AccountName],
    context: &Arc<Context>,
    now: Millis,
) -> Result<(), IndexError> {
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
        if old.contains(group.as_str()) || Grantee::is_reserved(group.as_str()) {
            continue;
        }
        let connection = transaction.connection();
        let known: Option<i64> = sqlx::query_scalar("SELECT 1 FROM account_groups WHERE name = $1")
            .bind(group.as_str())
            .fetch_optional(&mut *connection)
            .await?;
        if known.is_none() {
            if name_is_taken(connection, group).await? {
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
    Ok(())
}
