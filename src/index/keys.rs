//! Signing keys of the token service.

use super::{Index, IndexError};
use crate::clock::Millis;

/// A signing key.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKeyRecord {
    /// The thumbprint of its public key, by which tokens name it.
    pub id: String,
    /// The private key, PKCS #8.
    pub private_key: Vec<u8>,
    /// When it was made.
    pub created_at: Millis,
}

impl std::fmt::Debug for SigningKeyRecord {
    /// Without the private key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeyRecord")
            .field("id", &self.id)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

impl Index {
    /// All signing keys, newest first.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, IndexError> {
        let rows: Vec<(String, Vec<u8>, i64)> = sqlx::query_as(
            "SELECT id, private_key, created_at FROM signing_keys ORDER BY created_at DESC, id",
        )
        .fetch_all(&self.readers)
        .await?;
        let keys = rows
            .into_iter()
            .map(|(id, private_key, created_at)| SigningKeyRecord {
                id,
                private_key,
                created_at,
            });
        Ok(keys.collect())
    }

    /// Adds a signing key, and removes those made before `oldest`.
    pub async fn rotate_signing_key(
        &self,
        key: SigningKeyRecord,
        oldest: Millis,
    ) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                sqlx::query("DELETE FROM signing_keys WHERE created_at < $1")
                    .bind(oldest)
                    .execute(transaction.connection())
                    .await?;
                sqlx::query(
                    "INSERT INTO signing_keys (id, private_key, created_at) VALUES ($1, $2, $3)",
                )
                .bind(key.id)
                .bind(key.private_key)
                .bind(key.created_at)
                .execute(transaction.connection())
                .await?;
                Ok(())
            })
        })
        .await
    }
}
