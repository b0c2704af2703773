//! Stars: repositories that accounts have marked.

use serde_json::json;

use super::events::NewEvent;
use super::{Index, IndexError, repositories};
use crate::clock::Millis;
use crate::oci::{AccountName, Repository};

impl Index {
    /// How many stars a repository has, and whether this account gave one.
    pub async fn stars(
        &self,
        name: &Repository,
        account: Option<&AccountName>,
    ) -> Result<(u64, bool), IndexError> {
        let (count, own): (i64, i64) = sqlx::query_as(
            "SELECT COUNT(*), COALESCE(SUM(CASE WHEN s.account = $2 THEN 1 ELSE 0 END), 0) \
             FROM stars s JOIN repositories r ON r.id = s.repository_id WHERE r.name = $1",
        )
        .bind(name.as_str())
        .bind(account.map_or("", AccountName::as_str))
        .fetch_one(&self.readers)
        .await?;
        Ok((count.unsigned_abs(), own > 0))
    }

    /// Adds or removes the star of an account. Returns the repository's number of stars; `None` if
    /// it is unknown.
    pub async fn star(
        &self,
        name: Repository,
        account: AccountName,
        starred: bool,
        now: Millis,
    ) -> Result<Option<u64>, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let Some(id) = repositories::find(connection, &name).await? else {
                    return Ok(None);
                };
                let done = if starred {
                    sqlx::query(
                        "INSERT INTO stars (repository_id, account, created_at) \
                         VALUES ($1, $2, $3) ON CONFLICT (repository_id, account) DO NOTHING",
                    )
                    .bind(id)
                    .bind(account.as_str())
                    .bind(now)
                    .execute(&mut *connection)
                    .await?
                } else {
                    sqlx::query("DELETE FROM stars WHERE repository_id = $1 AND account = $2")
                        .bind(id)
                        .bind(account.as_str())
                        .execute(&mut *connection)
                        .await?
                };
                let count: i64 =
                    sqlx::query_scalar("SELECT COUNT(*) FROM stars WHERE repository_id = $1")
                        .bind(id)
                        .fetch_one(connection)
                        .await?;
                if done.rows_affected() > 0 {
                    let star = NewEvent::within("star", now, &name);
                    let star = star.detail(json!({ "starred": starred }));
                    transaction.event(star);
                }
                Ok(Some(count.unsigned_abs()))
            })
        })
        .await
    }
}
