//! Administrators: who may administer the registry over the network.
//!
//! The last administrator who may sign in cannot be removed: such a change is refused in its
//! transaction. Administration on the registry's own host needs no account.

use serde_json::json;
use sqlx::SqliteConnection;

use super::accounts::changed;
use super::{Index, IndexError};
use crate::oci::AccountName;

/// Why a change of an account was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountRefusal {
    /// There is no such account.
    NoAccount,
    /// Nobody could administer the registry over the network any more.
    LastAdministrator,
}

/// Refuses to change the only administrator who may sign in. This check and the change run in one
/// transaction of the only writer.
pub(super) async fn must_leave_an_administrator(
    connection: &mut SqliteConnection,
    name: &AccountName,
) -> Result<Result<(), AccountRefusal>, IndexError> {
    let administrators: Vec<String> =
        sqlx::query_scalar("SELECT name FROM accounts WHERE admin AND NOT disabled LIMIT 2")
            .fetch_all(connection)
            .await?;
    Ok(if administrators == [name.as_str()] {
        Err(AccountRefusal::LastAdministrator)
    } else {
        Ok(())
    })
}

/// The result of a statement that changes one account.
pub(super) fn existing(changed: bool) -> Result<(), AccountRefusal> {
    if changed {
        Ok(())
    } else {
        Err(AccountRefusal::NoAccount)
    }
}

impl Index {
    /// Grants or removes the admin right of an account.
    pub async fn set_admin(
        &self,
        name: AccountName,
        admin: bool,
    ) -> Result<Result<(), AccountRefusal>, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                if !admin {
                    let left = must_leave_an_administrator(transaction.connection(), &name).await?;
                    if left.is_err() {
                        return Ok(left);
                    }
                }
                let done = sqlx::query("UPDATE accounts SET admin = $2 WHERE name = $1")
                    .bind(name.as_str())
                    .bind(admin)
                    .execute(transaction.connection())
                    .await?;
                let detail = json!({ "account": name, "admin": admin });
                let done = changed(transaction, &done, "set-admin", detail).await;
                done.map(existing)
            })
        })
        .await
    }
}
