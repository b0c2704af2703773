//! Personal tokens, and robots: names that sign in with tokens only.
//!
//! Only the hash of a token's secret is stored. The id is public: it is the beginning of the token,
//! and lists and revocations use it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::accounts::{changed, name_is_taken};
use super::events::NewEvent;
use super::{Index, IndexError, parsed};
use crate::clock::Millis;
use crate::oci::{AccountName, Grant};

/// A token as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRecord {
    /// The public part.
    pub id: String,
    /// The owner's name for it.
    pub label: String,
    /// The account or robot that owns the token.
    pub owner: AccountName,
    /// Whether the owner is a robot: its rights are the scope of the token.
    pub robot: bool,
    /// Its scope; `None` allows everything that its owner may do.
    pub scope: Option<Vec<Grant>>,
    /// When it was created.
    pub created_at: Millis,
    /// When it expires, if ever.
    pub expires_at: Option<Millis>,
    /// When it was last used.
    pub used_at: Option<Millis>,
}

/// A token with the data to check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// The token.
    pub record: TokenRecord,
    /// SHA-256 of the secret part, in hexadecimal.
    pub secret: String,
}

/// A token to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The public part.
    pub id: String,
    /// The owner's name for it.
    pub label: String,
    /// The account or the robot.
    pub owner: AccountName,
    /// Whether it is a robot.
    pub robot: bool,
    /// SHA-256 of the secret part, in hexadecimal.
    pub secret: String,
    /// Its scope; `None` allows everything that its owner may do.
    pub scope: Option<Vec<Grant>>,
    /// When it expires, if ever.
    pub expires_at: Option<Millis>,
}

type Row = (
    String,
    String,
    String,
    bool,
    Option<String>,
    i64,
    Option<i64>,
    Option<i64>,
    String,
);

fn stored(row: Row) -> Result<StoredToken, IndexError> {
    let (id, label, owner, robot, scope, created_at, expires_at, used_at, secret) = row;
    let scope = match scope {
        Some(text) => Some(
            serde_json::from_str(&text).map_err(|_| IndexError::Damaged {
                what: "scope of a token",
                value: text,
            })?,
        ),
        None => None,
    };
    Ok(StoredToken {
        record: TokenRecord {
            id,
            label,
            owner: parsed("account name", &owner)?,
            robot,
            scope,
            created_at,
            expires_at,
            used_at,
        },
        secret,
    })
}

impl Index {
    /// Adds a token. Returns false if its owner is not an account or, for a robot, if an account or
    /// a group has the name.
    pub async fn create_token(&self, token: NewToken, now: Millis) -> Result<bool, IndexError> {
        let scope = token.scope.as_ref().map(serde_json::to_string).transpose();
        let scope =
            scope.map_err(|error| IndexError::Database(sqlx::Error::Encode(error.into())))?;
        self.change_access(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let owned: Option<i64> = if token.robot {
                    sqlx::query_scalar("SELECT 1 FROM tokens WHERE owner = $1 AND robot LIMIT 1")
                } else {
                    sqlx::query_scalar("SELECT 1 FROM accounts WHERE name = $1")
                }
                .bind(token.owner.as_str())
                .fetch_optional(&mut *connection)
                .await?;
                let allowed = match (token.robot, owned) {
                    (_, Some(_)) => true,
                    (true, None) => !name_is_taken(connection, &token.owner).await?,
                    (false, None) => false,
                };
                if !allowed {
                    return Ok(false);
                }
                let detail = json!({
                    "token": token.id,
                    "label": token.label,
                    "owner": token.owner,
                    "robot": token.robot,
                    "scope": token.scope,
                    "expiresAt": token.expires_at,
                });
                sqlx::query(
                    "INSERT INTO tokens \
                     (id, label, owner, robot, secret, scope, created_at, expires_at) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                )
                .bind(token.id)
                .bind(token.label)
                .bind(token.owner.as_str())
                .bind(token.robot)
                .bind(token.secret)
                .bind(scope)
                .bind(now)
                .bind(token.expires_at)
                .execute(connection)
                .await?;
                let created = NewEvent::on_access("create-token", detail);
                transaction.event(created);
                Ok(true)
            })
        })
        .await
    }

    /// A token by its id.
    pub async fn stored_token(&self, id: &str) -> Result<Option<StoredToken>, IndexError> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT id, label, owner, robot, scope, created_at, expires_at, used_at, secret \
             FROM tokens WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(&self.readers)
        .await?;
        row.map(stored).transpose()
    }

    /// All tokens, or those of one owner, oldest first.
    pub async fn tokens(
        &self,
        owner: Option<&AccountName>,
    ) -> Result<Vec<TokenRecord>, IndexError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, label, owner, robot, scope, created_at, expires_at, used_at, secret \
             FROM tokens WHERE owner = $1 OR $1 = '' ORDER BY created_at, id",
        )
        .bind(owner.map_or("", AccountName::as_str))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter()
            .map(|row| Ok(stored(row)?.record))
            .collect()
    }

    /// Revokes a token by its id or, with an owner, by its label. Returns how many were revoked.
    pub async fn revoke_token(
        &self,
        token: String,
        owner: Option<AccountName>,
    ) -> Result<u64, IndexError> {
        self.change_access(move |transaction| {
            Box::pin(async move {
                let owner = owner.as_ref().map_or("", AccountName::as_str);
                let done = sqlx::query(
                    "DELETE FROM tokens WHERE id = $1 OR (label = $1 AND (owner = $2 OR $2 = ''))",
                )
                .bind(&token)
                .bind(owner)
                .execute(transaction.connection())
                .await?;
                let detail = json!({ "token": token, "owner": owner });
                changed(transaction, &done, "revoke-token", detail).await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}
