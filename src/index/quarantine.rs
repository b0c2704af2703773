//! Quarantine: blobs whose bytes turned out to be others than their digest says.
//!
//! Their relations stay, and they are served as unknown, so that the next push of them brings the
//! right bytes.

use super::events::NewEvent;
use super::{Index, IndexError, LayoutChange};
use crate::clock::Millis;
use crate::oci::Digest;

impl Index {
    /// Puts a blob into quarantine; whether it was there and sound so far. Its bytes are laid aside.
    pub async fn quarantine(&self, canonical: Digest, now: Millis) -> Result<bool, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let found = sqlx::query(
                    "UPDATE blobs SET quarantined_at = $2 \
                     WHERE digest = $1 AND quarantined_at IS NULL",
                )
                .bind(canonical.to_string())
                .bind(now)
                .execute(transaction.connection())
                .await?;
                if found.rows_affected() == 0 {
                    return Ok(false);
                }
                transaction
                    .event(NewEvent::new("quarantine", now).digest(canonical))
                    .await?;
                let digest = canonical;
                transaction
                    .journal(LayoutChange::BlobQuarantined { digest })
                    .await?;
                Ok(true)
            })
        })
        .await
    }

    /// The blobs in quarantine, and since when.
    pub async fn quarantined(&self) -> Result<Vec<(Digest, Millis)>, IndexError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT digest, quarantined_at FROM blobs WHERE quarantined_at IS NOT NULL \
             ORDER BY digest",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|(digest, since)| Ok((super::parsed("digest", digest)?, *since)))
            .collect()
    }
}
