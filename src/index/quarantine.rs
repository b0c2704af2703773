//! Quarantine: blobs whose content does not match their digest, or is missing.
//!
//! Their relations are kept, and clients see them as unknown, so that the next push replaces their
//! bytes.

use sqlx::SqliteConnection;

use super::events::NewEvent;
use super::{Index, IndexError, LayoutChange, parsed};
use crate::clock::Millis;
use crate::oci::{Algorithm, Digest};

/// Number of digests in a query.
const AT_ONCE: usize = 500;

/// The given canonical digests that are known and not quarantined.
pub(super) async fn known_among(
    connection: &mut SqliteConnection,
    digests: &[Digest],
) -> Result<Vec<Digest>, IndexError> {
    let mut query = sqlx::QueryBuilder::new(
        "SELECT b.digest FROM blobs b WHERE b.quarantined_at IS NULL AND b.digest IN (",
    );
    let mut list = query.separated(", ");
    for digest in digests {
        list.push_bind(digest.to_string());
    }
    query.push(
        ") UNION SELECT b.digest FROM digest_aliases a JOIN blobs b ON b.id = a.blob_id \
         WHERE b.quarantined_at IS NULL AND a.digest IN (",
    );
    let mut list = query.separated(", ");
    for digest in digests {
        list.push_bind(digest.to_string());
    }
    query.push(")");
    let found: Vec<String> = query.build_query_scalar().fetch_all(connection).await?;
    found.iter().map(|text| parsed("digest", text)).collect()
}

impl Index {
    /// Those of some canonical digests whose blobs are known and not quarantined.
    pub async fn blobs_among(&self, mut digests: Vec<Digest>) -> Result<Vec<Digest>, IndexError> {
        digests.retain(|digest| digest.algorithm() == Algorithm::Sha256);
        let mut known = Vec::new();
        if digests.is_empty() {
            return Ok(known);
        }
        let mut connection = self.readers.acquire().await?;
        for some in digests.chunks(AT_ONCE) {
            known.extend(known_among(&mut connection, some).await?);
        }
        Ok(known)
    }

    /// Quarantines a blob and moves its bytes to `regctl/lost+found`. Returns false if it is
    /// unknown or already quarantined.
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
                transaction.event(NewEvent::new("quarantine", now).digest(canonical));
                let digest = canonical;
                transaction.journal(LayoutChange::BlobQuarantined { digest });
                Ok(true)
            })
        })
        .await
    }

    /// The blobs in quarantine, and when each was quarantined.
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
