//! Sessions of the pages: who is signed in with which browser.
//!
//! Only a hash of a session's secret is stored. Its id is public: lists show it, and a request to
//! end the session names it. The room `auth` decides whether a session is still valid.

use serde_json::json;

use super::accounts::changed;
use super::{Index, IndexError, parsed};
use crate::clock::Millis;
use crate::oci::AccountName;

/// Maximum number of sessions of an account; beyond it, the one used least recently ends.
const PER_ACCOUNT: i64 = 100;

/// A session as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The public part.
    pub id: String,
    /// Who is signed in.
    pub account: AccountName,
    /// When the account signed in.
    pub created_at: Millis,
    /// When the session was last used, to the minute.
    pub used_at: Millis,
    /// The latest time of its end.
    pub expires_at: Millis,
    /// The address from which the sign-in came.
    pub address: Option<String>,
    /// The browser's `User-Agent` at the sign-in.
    pub agent: Option<String>,
}

/// A session with the data to check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// The session.
    pub record: SessionRecord,
    /// SHA-256 of the stored password hash at the sign-in, in hexadecimal.
    pub password: String,
}

/// A session to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The session.
    pub record: SessionRecord,
    /// SHA-256 of the secret, in hexadecimal.
    pub secret: String,
    /// SHA-256 of the stored password hash, in hexadecimal.
    pub password: String,
    /// Sessions of any account that were not used since this time are removed.
    pub idle_since: Millis,
}

type Row = (
    String,
    String,
    i64,
    i64,
    i64,
    Option<String>,
    Option<String>,
    String,
);

fn stored(row: Row) -> Result<StoredSession, IndexError> {
    let (id, account, created_at, used_at, expires_at, address, agent, password) = row;
    Ok(StoredSession {
        record: SessionRecord {
            id,
            account: parsed("account name", &account)?,
            created_at,
            used_at,
            expires_at,
            address,
            agent,
        },
        password,
    })
}

impl Index {
    /// Adds a session, and removes those that have expired.
    pub async fn create_session(&self, session: NewSession) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let record = session.record;
                sqlx::query("DELETE FROM sessions WHERE expires_at <= $1 OR used_at < $2")
                    .bind(record.created_at)
                    .bind(session.idle_since)
                    .execute(&mut *connection)
                    .await?;
                sqlx::query(
                    "DELETE FROM sessions WHERE account = $1 AND id NOT IN \
                     (SELECT id FROM sessions WHERE account = $1 ORDER BY used_at DESC LIMIT $2)",
                )
                .bind(record.account.as_str())
                .bind(PER_ACCOUNT - 1)
                .execute(&mut *connection)
                .await?;
                sqlx::query(
                    "INSERT INTO sessions (id, secret, account, password, created_at, used_at, \
                     expires_at, address, agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                )
                .bind(record.id)
                .bind(session.secret)
                .bind(record.account.as_str())
                .bind(session.password)
                .bind(record.created_at)
                .bind(record.used_at)
                .bind(record.expires_at)
                .bind(record.address)
                .bind(record.agent)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// A session by the hash of its secret.
    pub async fn stored_session(&self, secret: &str) -> Result<Option<StoredSession>, IndexError> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT id, account, created_at, used_at, expires_at, address, agent, password \
             FROM sessions WHERE secret = $1",
        )
        .bind(secret)
        .fetch_optional(&self.readers)
        .await?;
        row.map(stored).transpose()
    }

    /// The sessions of an account, most recently used first.
    pub async fn sessions(&self, account: &AccountName) -> Result<Vec<StoredSession>, IndexError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, account, created_at, used_at, expires_at, address, agent, password \
             FROM sessions WHERE account = $1 ORDER BY used_at DESC, id",
        )
        .bind(account.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(stored).collect()
    }

    /// Records when a session was used.
    pub async fn note_session_use(&self, id: String, now: Millis) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                sqlx::query("UPDATE sessions SET used_at = $2 WHERE id = $1")
                    .bind(id)
                    .bind(now)
                    .execute(transaction.connection())
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Ends a session of an account, and writes an event. Returns false if it has no session with
    /// this id.
    pub async fn end_session(&self, account: AccountName, id: String) -> Result<bool, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let done = sqlx::query("DELETE FROM sessions WHERE account = $1 AND id = $2")
                    .bind(account.as_str())
                    .bind(id)
                    .execute(transaction.connection())
                    .await?;
                changed(
                    transaction,
                    &done,
                    "sign-out",
                    json!({ "account": account }),
                )
                .await
            })
        })
        .await
    }

    /// Ends the sessions of an account except the one with the id `keep`. Returns how many.
    pub async fn end_sessions(
        &self,
        account: AccountName,
        keep: String,
    ) -> Result<u64, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let done = sqlx::query("DELETE FROM sessions WHERE account = $1 AND id <> $2")
                    .bind(account.as_str())
                    .bind(keep)
                    .execute(transaction.connection())
                    .await?;
                let count = done.rows_affected();
                let detail = json!({ "account": account, "sessions": count });
                changed(transaction, &done, "sign-out", detail).await?;
                Ok(count)
            })
        })
        .await
    }
}
