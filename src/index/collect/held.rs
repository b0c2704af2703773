//! Temporary holds: manifests and blobs that a collection would delete if there were no leases, no
//! trash, no minimum age and no recent pull.
//!
//! A second plan treats all of these as ended and finds what they hold. A child or referrer is held
//! as long as its parent or subject, a blob as long as the manifests that reference it.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Sqlite};

use super::super::{IndexError, parsed};
use super::plan::{DEPENDENTS, EXAMINED_BLOBS, PAGE};
use super::{CollectTerms, HeldBlob, HeldManifest, Hold, Plan, planned_blob};
use crate::clock::Millis;

/// The manifests in `planned_manifests` after the round `$5`, with the end of each hold: by the clock
/// of the day for the trash, by the steady clock for the others.
const ENDS: &str = "SELECT m.id, r.name, m.digest, \
    (SELECT MAX(l.expires_at) FROM blobs b CROSS JOIN leases l \
      WHERE b.id = m.blob_id AND l.digest = b.digest AND l.expires_at > $1), \
    (SELECT MAX(until) FROM ( \
      SELECT x.expires_at AS until FROM trash_tags y CROSS JOIN trash x \
        WHERE y.digest = m.digest AND x.id = y.trash_id AND x.repository = r.name \
        AND x.expires_at > $2 \
      UNION ALL SELECT x.expires_at FROM trash_references f CROSS JOIN trash_manifests p \
        CROSS JOIN trash x WHERE f.digest = m.digest AND f.kind = 'manifest' \
        AND p.id = f.manifest_id AND p.repository = r.name AND x.id = p.trash_id \
        AND x.expires_at > $2 \
      UNION ALL SELECT x.expires_at FROM trash_manifests s CROSS JOIN trash x \
        WHERE s.digest = m.subject AND s.repository = r.name AND x.id = s.trash_id \
        AND x.expires_at > $2)), \
    CASE WHEN m.pushed_at > $3 THEN m.pushed_at + ($1 - $3) END, \
    CASE WHEN m.pulled_at > $4 THEN m.pulled_at + ($1 - $4) END \
    FROM planned_manifests g CROSS JOIN manifests m CROSS JOIN repositories r \
    WHERE g.round > $5 AND m.id = g.id AND r.id = m.repository_id ORDER BY g.round, g.id";

/// Which manifests in `planned_manifests` after the round `$1` hold others of them.
const EDGES: &str = "SELECT p.id, c.id FROM planned_manifests g CROSS JOIN manifests p \
    CROSS JOIN manifest_references f CROSS JOIN manifests c CROSS JOIN planned_manifests h \
    WHERE g.round > $1 AND p.id = g.id AND f.manifest_id = p.id AND f.kind = 'manifest' \
    AND c.repository_id = p.repository_id AND c.digest = f.digest AND h.id = c.id \
    AND h.round > $1 \
    UNION SELECT s.id, c.id FROM planned_manifests g CROSS JOIN manifests c CROSS JOIN manifests s \
    CROSS JOIN planned_manifests h WHERE g.round > $1 AND c.id = g.id AND s.repository_id = c.repository_id \
    AND s.digest = c.subject AND h.id = s.id AND h.round > $1";

type End = (
    i64,
    String,
    String,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

/// The hold that lasts longest, and its end.
fn longest(ends: [(Hold, Option<Millis>); 4]) -> Option<(Hold, Millis)> {
    let ends = ends.into_iter().filter_map(|(by, end)| Some((by, end?)));
    ends.max_by_key(|(_, end)| *end)
}

impl Plan {
    /// Manifests with temporary holds. Call it after the blobs to delete were found; from then on
    /// [`Plan::held`] includes the blobs of these manifests. Empty if untagged manifests are not
    /// collected.
    pub async fn held_manifests(&mut self) -> Result<Vec<HeldManifest>, IndexError> {
        if self.terms.untagged.is_none() {
            return Ok(Vec::new());
        }
        let (terms, before) = (self.terms, self.rounds);
        // Plan as if every temporary hold had ended.
        self.terms = CollectTerms {
            now: Millis::MAX,
            steady: Millis::MAX,
            trash: Millis::MAX,
            untagged: Some(Millis::MAX),
            pulled: Millis::MAX,
        };
        let found = self.plan_all().await;
        self.terms = terms;
        found?;
        let held = self.ends(before).await?;
        for some in held.chunks(256) {
            let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO held_manifests (id, until) ");
            insert.push_values(some, |mut row, held| {
                row.push_bind(held.id).push_bind(held.until);
            });
            let insert = insert.build().persistent(false);
            insert.execute(&mut self.connection).await?;
        }
        // Also look at the blobs of these manifests.
        let [_, of_manifests, _] = EXAMINED_BLOBS;
        self.run(of_manifests).await?;
        Ok(held)
    }

    /// Stops treating held manifests as deleted.
    pub async fn release_held(&mut self, rounds: i64) -> Result<(), IndexError> {
        sqlx::query("DELETE FROM planned_manifests WHERE round > $1")
            .bind(rounds)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// Number of rounds planned so far.
    pub fn rounds(&self) -> i64 {
        self.rounds
    }

    async fn plan_all(&mut self) -> Result<(), IndexError> {
        loop {
            self.rounds += 1;
            let found = self
                .run(concat!(
                    "INSERT INTO planned_manifests (id, round) SELECT m.id, $5 FROM examined_manifests s \
                     CROSS JOIN manifests m WHERE m.id = s.id \
                     AND m.id NOT IN (SELECT id FROM planned_manifests) AND ",
                    free_manifest!(),
                    " AND ",
                    kept_manifest!(),
                    " IS NULL"
                ))
                .await?;
            if found == 0 {
                return Ok(());
            }
            for statement in DEPENDENTS {
                self.run(statement).await?;
            }
        }
    }

    /// The manifests of rounds after `before`, each with its longest hold.
    async fn ends(&mut self, before: i64) -> Result<Vec<HeldManifest>, IndexError> {
        let rows: Vec<End> = sqlx::query_as_with(ENDS, self.terms.arguments()?)
            .bind(before)
            .fetch_all(&mut self.connection)
            .await?;
        let edges: Vec<(i64, i64)> = sqlx::query_as(EDGES)
            .bind(before)
            .fetch_all(&mut self.connection)
            .await?;
        let mut holders: HashMap<i64, Vec<i64>> = HashMap::new();
        for (holder, held) in edges {
            holders.entry(held).or_default().push(holder);
        }
        let mut ends: HashMap<i64, (Hold, Millis)> = HashMap::new();
        let mut held = Vec::with_capacity(rows.len());
        // A holder belongs to an earlier round than the manifests that it holds.
        for (id, repository, digest, leased, trashed, pushed, pulled) in rows {
            let shown = |end: Option<Millis>| end.map(|end| self.terms.shown(end));
            let own = longest([
                (Hold::Lease, shown(leased)),
                (Hold::Trash, trashed),
                (Hold::Age, shown(pushed)),
                (Hold::Pull, shown(pulled)),
            ]);
            let of_holders = holders.get(&id).into_iter().flatten();
            let of_holders = of_holders.filter_map(|holder| ends.get(holder));
            let inherited = of_holders.map(|(_, until)| (Hold::Manifest, *until));
            let Some((by, until)) = inherited.chain(own).max_by_key(|(_, until)| *until) else {
                // Its hold ended after the plan was made: the next collection deletes it.
                continue;
            };
            ends.insert(id, (by, until));
            held.push(HeldManifest {
                id,
                repository: parsed("repository name", &repository)?,
                digest: parsed("digest", &digest)?,
                by,
                until,
            });
        }
        Ok(held)
    }

    /// A page after `last` of the held blobs that no retained manifest references.
    pub async fn held(&mut self, last: Option<&HeldBlob>) -> Result<Vec<HeldBlob>, IndexError> {
        type Row = (
            i64,
            String,
            i64,
            Option<String>,
            bool,
            Option<i64>,
            Option<i64>,
            Option<i64>,
        );
        let rows: Vec<Row> = sqlx::query_as_with(
            concat!(
                "SELECT * FROM (SELECT b.id, b.digest, b.size, \
                   COALESCE((SELECT MIN(r.name) FROM repository_blobs l \
                     CROSS JOIN repositories r \
                     WHERE l.blob_id = b.id AND r.id = l.repository_id), \
                     s.repository), NOT (",
                beside_readable!(),
                ") AS beside, ",
                leased_until!(),
                " AS leased, ",
                trashed_until!(),
                " AS trashed, ",
                "(SELECT MAX(h.until) FROM ( \
                   SELECT f.manifest_id AS id FROM manifest_references f WHERE f.digest = b.digest \
                   UNION ALL SELECT m.id FROM manifests m WHERE m.blob_id = b.id \
                   UNION ALL SELECT f.manifest_id FROM digest_aliases a \
                     CROSS JOIN manifest_references f WHERE a.blob_id = b.id \
                     AND f.digest = a.digest) x CROSS JOIN held_manifests h WHERE h.id = x.id) \
                   AS managed \
                 FROM examined_blobs s CROSS JOIN blobs b \
                 WHERE b.id = s.id AND s.id > $5 AND s.id NOT IN (SELECT id FROM planned_blobs) AND ",
                unreferenced!(),
                ") WHERE beside OR leased IS NOT NULL OR trashed IS NOT NULL \
                 OR managed IS NOT NULL ORDER BY 1 LIMIT $6"
            ),
            self.terms.arguments()?,
        )
        .bind(last.map_or(i64::MIN, |held| held.blob.id))
        .bind(PAGE)
        .fetch_all(&mut self.connection)
        .await?;
        rows.into_iter()
            .map(
                |(id, digest, size, repository, beside, leased, trashed, managed)| {
                    let end = longest([
                        (Hold::Manifest, managed),
                        (Hold::Trash, trashed),
                        (Hold::Lease, leased.map(|end| self.terms.shown(end))),
                        (Hold::Age, None),
                    ]);
                    let (by, until) = match end {
                        Some((by, until)) if !beside => (by, Some(until)),
                        _ => (Hold::Unreadable, None),
                    };
                    let blob = planned_blob((id, digest, size, repository))?;
                    Ok(HeldBlob { blob, by, until })
                },
            )
            .collect()
    }
}
