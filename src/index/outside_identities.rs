//! People who sign in through another issuer, and their accounts in this registry.

use sqlx::SqliteConnection;

use super::accounts::name_is_taken;
use super::{Index, IndexError, parsed};
use crate::clock::Millis;
use crate::oci::AccountName;

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
    /// The account of a person from another issuer, created at the first sign-in. `None` if another
    /// account, group or robot has its name.
    pub async fn outside_account(
        &self,
        person: OutsidePerson,
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
                let account = match known {
                    Some(account) => parsed("outside_identities.account", &account)?,
                    None if name_is_taken(connection, &person.name).await? => return Ok(None),
                    None => {
                        create(connection, &person, now).await?;
                        person.name
                    }
                };
                if let Some(groups) = &person.groups {
                    set_groups(connection, &account, groups, now).await?;
                }
                Ok(Some(account))
            })
        })
        .await
    }
}

async fn create(
    connection: &mut SqliteConnection,
    person: &OutsidePerson,
    now: Millis,
) -> Result<(), IndexError> {
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
    Ok(())
}

/// Makes an account a member of exactly these groups. Creates a missing group, unless an account or
/// a robot has its name.
async fn set_groups(
    connection: &mut SqliteConnection,
    account: &AccountName,
    groups: &[AccountName],
    now: Millis,
) -> Result<(), IndexError> {
    sqlx::query("DELETE FROM group_members WHERE account = $1")
        .bind(account.as_str())
        .execute(&mut *connection)
        .await?;
    for group in groups {
        let known: Option<i64> = sqlx::query_scalar("SELECT 1 FROM account_groups WHERE name = $1")
            .bind(group.as_str())
            .fetch_optional(&mut *connection)
            .await?;
        if known.is_none() {
            if name_is_taken(connection, group).await? {
                continue;
            }
            sqlx::query("INSERT INTO account_groups (name, created_at) VALUES ($1, $2)")
                .bind(group.as_str())
                .bind(now)
                .execute(&mut *connection)
                .await?;
        }
        sqlx::query(
            "INSERT INTO group_members (group_name, account) VALUES ($1, $2) \
             ON CONFLICT (group_name, account) DO NOTHING",
        )
        .bind(group.as_str())
        .bind(account.as_str())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
