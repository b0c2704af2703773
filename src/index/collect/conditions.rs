//! The conditions that planning and deleting share, as pieces of SQL.
//!
//! `b` is a row of `blobs`, `m` one of `manifests`. Manifests in the temporary table `planned_manifests` count
//! as deleted. `CROSS JOIN` fixes the order of the tables: from few rows to many. Leases name the
//! canonical digest of a blob, references any of its digests. Rare cases (aliases, unreadable
//! manifests, trash) are tested once for the registry before they are tested for each row.

/// No manifest outside `planned_manifests` references the blob `b` or is stored in it, by any of its digests.
macro_rules! unreferenced {
    () => {
        "NOT EXISTS (SELECT 1 FROM manifest_references f WHERE f.digest = b.digest \
           AND f.manifest_id NOT IN (SELECT id FROM planned_manifests)) \
         AND NOT EXISTS (SELECT 1 FROM manifests m WHERE m.blob_id = b.id \
           AND m.id NOT IN (SELECT id FROM planned_manifests)) \
         AND (NOT EXISTS (SELECT 1 FROM digest_aliases) \
           OR NOT EXISTS (SELECT 1 FROM digest_aliases a CROSS JOIN manifest_references f \
             WHERE a.blob_id = b.id AND f.digest = a.digest \
             AND f.manifest_id NOT IN (SELECT id FROM planned_manifests)))"
    };
}

/// No unreadable manifest is in a repository of the blob `b`. While the bytes of a manifest are
/// missing or damaged, a blob without a repository may belong to it.
macro_rules! beside_readable {
    () => {
        "(NOT EXISTS (SELECT 1 FROM manifests u WHERE NOT u.readable) \
         OR NOT EXISTS (SELECT 1 FROM repository_blobs l CROSS JOIN manifests m \
           WHERE l.blob_id = b.id AND m.repository_id = l.repository_id AND NOT m.readable)) \
         AND (NOT EXISTS (SELECT 1 FROM damaged_manifests) \
           OR (EXISTS (SELECT 1 FROM repository_blobs l WHERE l.blob_id = b.id) \
             AND NOT EXISTS (SELECT 1 FROM repository_blobs l CROSS JOIN damaged_manifests d \
               WHERE l.blob_id = b.id AND d.repository_id = l.repository_id)))"
    };
}

/// When the last lease on the blob `b` ends, if it does after `$1`.
macro_rules! leased_until {
    () => {
        "(SELECT l.expires_at FROM leases l WHERE l.digest = b.digest AND l.expires_at > $1)"
    };
}

/// When the last deletion in the trash that holds the blob `b` ends, if that is after `$2`.
macro_rules! trashed_until {
    () => {
        "(SELECT MAX(until) FROM ( \
           SELECT t.expires_at AS until FROM trash_manifests m CROSS JOIN trash t \
             WHERE m.blob_id = b.id AND t.id = m.trash_id AND t.expires_at > $2 \
           UNION ALL SELECT t.expires_at FROM trash_references f \
             CROSS JOIN trash_manifests m CROSS JOIN trash t WHERE f.digest = b.digest \
             AND m.id = f.manifest_id AND t.id = m.trash_id AND t.expires_at > $2 \
           UNION ALL SELECT t.expires_at FROM digest_aliases a CROSS JOIN trash_references f \
             CROSS JOIN trash_manifests m CROSS JOIN trash t WHERE a.blob_id = b.id \
             AND f.digest = a.digest AND m.id = f.manifest_id AND t.id = m.trash_id \
             AND t.expires_at > $2))"
    };
}

/// Nothing holds the blob `b`. `$1` is the time; trash that ends after `$2` holds.
macro_rules! free_blob {
    () => {
        concat!(
            unreferenced!(),
            " AND ",
            beside_readable!(),
            " AND NOT EXISTS ",
            leased_until!(),
            " AND (NOT EXISTS (SELECT 1 FROM trash) OR ",
            trashed_until!(),
            " IS NULL)"
        )
    };
}

/// Nothing holds the manifest `m`: no tag (a fallback tag of referrers holds while its subject
/// exists), parent, subject, lease or trash, and it was neither pushed nor pulled recently. `$1` is
/// the time; trash that ends after `$2` holds; `$3` and `$4` are the latest times of a push and a
/// pull.
macro_rules! free_manifest {
    () => {
        "m.pushed_at <= $3 AND (m.pulled_at IS NULL OR m.pulled_at <= $4) \
         AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = m.id \
           AND NOT ((t.name LIKE 'sha256-%' OR t.name LIKE 'sha512-%') AND length(t.name) = 71 \
             AND NOT EXISTS (SELECT 1 FROM manifests s WHERE s.repository_id = m.repository_id \
               AND s.digest >= replace(t.name, '-', ':') \
               AND s.digest < replace(t.name, '-', ':') || 'g' \
               AND s.id NOT IN (SELECT id FROM planned_manifests)) \
             AND NOT EXISTS (SELECT 1 FROM repositories r CROSS JOIN trash_manifests s \
               CROSS JOIN trash x WHERE r.id = m.repository_id AND s.repository = r.name \
               AND x.id = s.trash_id AND x.expires_at > $2 \
               AND s.digest >= replace(t.name, '-', ':') \
               AND s.digest < replace(t.name, '-', ':') || 'g'))) \
         AND NOT EXISTS (SELECT 1 FROM manifest_references f CROSS JOIN manifests p \
           WHERE f.digest = m.digest AND f.kind = 'manifest' AND p.id = f.manifest_id \
           AND p.repository_id = m.repository_id AND p.id NOT IN (SELECT id FROM planned_manifests)) \
         AND NOT EXISTS (SELECT 1 FROM manifests s WHERE s.repository_id = m.repository_id \
           AND s.digest = m.subject AND s.id NOT IN (SELECT id FROM planned_manifests)) \
         AND NOT EXISTS (SELECT 1 FROM blobs b CROSS JOIN leases l \
           WHERE b.id = m.blob_id AND l.digest = b.digest AND l.expires_at > $1) \
         AND NOT EXISTS (SELECT 1 FROM trash_tags y CROSS JOIN trash x CROSS JOIN repositories r \
           WHERE y.digest = m.digest AND x.id = y.trash_id AND r.name = x.repository AND r.id = m.repository_id AND x.expires_at > $2) \
         AND NOT EXISTS (SELECT 1 FROM trash_references f CROSS JOIN trash_manifests p \
           CROSS JOIN trash x CROSS JOIN repositories r \
           WHERE f.digest = m.digest AND f.kind = 'manifest' AND p.id = f.manifest_id \
           AND x.id = p.trash_id AND r.name = p.repository AND r.id = m.repository_id \
           AND x.expires_at > $2) \
         AND NOT EXISTS (SELECT 1 FROM trash_manifests s CROSS JOIN trash x CROSS JOIN repositories r \
           WHERE s.digest = m.subject AND x.id = s.trash_id AND r.name = s.repository AND r.id = m.repository_id AND x.expires_at > $2)"
    };
}

/// Why the manifest `m` is kept although nothing holds it; NULL if it is not kept.
macro_rules! kept_manifest {
    () => {
        "(CASE WHEN NOT m.readable THEN 'unreadable' \
          WHEN EXISTS (SELECT 1 FROM manifests u WHERE u.repository_id = m.repository_id \
            AND NOT u.readable) THEN 'beside' \
          WHEN EXISTS (SELECT 1 FROM damaged_manifests d \
            WHERE d.repository_id = m.repository_id) THEN 'beside' \
          WHEN m.media_type NOT IN ('application/vnd.oci.image.manifest.v1+json', \
            'application/vnd.oci.image.index.v1+json', \
            'application/vnd.oci.artifact.manifest.v1+json', \
            'application/vnd.docker.distribution.manifest.v2+json', \
            'application/vnd.docker.distribution.manifest.list.v2+json', \
            'application/vnd.docker.distribution.manifest.v1+prettyjws') THEN 'type' \
          WHEN EXISTS (SELECT 1 FROM manifest_references f WHERE f.manifest_id = m.id \
            AND f.kind = 'manifest' AND NOT EXISTS (SELECT 1 FROM manifests c \
              WHERE c.repository_id = m.repository_id AND c.digest = f.digest)) THEN 'sparse' END)"
    };
}

/// No manifest, live or in trash that ends after `$2`, references the blob `b` or is stored in it.
macro_rules! unrelated_blob {
    () => {
        concat!(unreferenced!(), " AND ", trashed_until!(), " IS NULL")
    };
}

/// A tag, a parent or a subject holds the manifest `m`, at any time.
macro_rules! related_manifest {
    () => {
        "(EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = m.id \
           AND t.name NOT LIKE 'sha256-%' AND t.name NOT LIKE 'sha512-%') \
         OR EXISTS (SELECT 1 FROM manifest_references f CROSS JOIN manifests p \
           WHERE f.digest = m.digest AND f.kind = 'manifest' AND p.id = f.manifest_id \
           AND p.repository_id = m.repository_id) \
         OR EXISTS (SELECT 1 FROM manifests s WHERE s.repository_id = m.repository_id \
           AND s.digest = m.subject))"
    };
}

/// The repository `r` has no manifest, no trash and no leased blob. `$1` is the time; trash that
/// ends after `$2` holds.
macro_rules! empty_repository {
    () => {
        "NOT EXISTS (SELECT 1 FROM manifests m WHERE m.repository_id = r.id \
           AND m.id NOT IN (SELECT id FROM planned_manifests)) \
         AND NOT EXISTS (SELECT 1 FROM damaged_manifests d WHERE d.repository_id = r.id) \
         AND NOT EXISTS (SELECT 1 FROM trash t WHERE t.repository = r.name AND t.expires_at > $2) \
         AND NOT EXISTS (SELECT 1 FROM repository_blobs l CROSS JOIN blobs b CROSS JOIN leases e \
           WHERE l.repository_id = r.id AND b.id = l.blob_id AND e.digest = b.digest \
           AND e.expires_at > $1)"
    };
}
