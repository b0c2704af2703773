-- What a registry knows beside its bytes. Times are milliseconds since 1970; digests are written
-- algorithm:hex. A blob is known by its canonical (sha256) digest.

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE repositories (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    pushed_at  BIGINT
);

CREATE TABLE blobs (
    id         INTEGER PRIMARY KEY,
    digest     TEXT NOT NULL UNIQUE,
    size       BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- The other digests (sha512) by which a blob has been named.
CREATE TABLE digest_aliases (
    digest  TEXT NOT NULL PRIMARY KEY,
    blob_id BIGINT NOT NULL REFERENCES blobs (id) ON DELETE CASCADE
);

-- Which blobs may be read in which repository.
CREATE TABLE repository_blobs (
    repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    blob_id       BIGINT NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
    PRIMARY KEY (repository_id, blob_id)
);
CREATE INDEX repository_blobs_by_blob ON repository_blobs (blob_id);

-- `platform`, `created` and `content_size` are read from the content once, so that listings need
-- not; `annotations` is kept only where a listing of referrers may want it.
CREATE TABLE manifests (
    id            INTEGER PRIMARY KEY,
    repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    digest        TEXT NOT NULL,
    blob_id       BIGINT NOT NULL REFERENCES blobs (id),
    media_type    TEXT NOT NULL,
    artifact_type TEXT,
    subject       TEXT,
    annotations   TEXT,
    platforms     TEXT NOT NULL,
    created       TEXT,
    size          BIGINT NOT NULL,
    content_size  BIGINT NOT NULL,
    readable      BOOLEAN NOT NULL,
    pushed_at     BIGINT NOT NULL,
    UNIQUE (repository_id, digest)
);
CREATE INDEX manifests_by_blob ON manifests (blob_id);
CREATE INDEX manifests_by_subject ON manifests (repository_id, subject, digest) WHERE subject IS NOT NULL;

-- What a manifest names: its configuration, layers and children, present or not.
CREATE TABLE manifest_references (
    manifest_id BIGINT NOT NULL REFERENCES manifests (id) ON DELETE CASCADE,
    digest      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    PRIMARY KEY (manifest_id, digest, kind)
);
CREATE INDEX manifest_references_by_digest ON manifest_references (digest);

CREATE TABLE tags (
    repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    manifest_id   BIGINT NOT NULL REFERENCES manifests (id),
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (repository_id, name)
);
CREATE INDEX tags_by_manifest ON tags (manifest_id);

-- Until when a blob stays because somebody was told that it is there.
CREATE TABLE leases (
    digest     TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

-- Uploads that were seen to wait. `state` holds the hashes of the first `position` bytes.
CREATE TABLE uploads (
    id         TEXT NOT NULL PRIMARY KEY,
    repository TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    position   BIGINT NOT NULL,
    state      TEXT NOT NULL
);
CREATE INDEX uploads_by_update ON uploads (updated_at);

-- What the layout must be made to show, in order.
CREATE TABLE journal (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    change TEXT NOT NULL
);
