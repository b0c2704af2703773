-- Collection, the trash, and pulls.
--
-- What a collection looks at are candidates: everything that no relation holds is one, from the
-- moment at which the last relation goes. Triggers see to that, in the transaction that does it, so
-- that no write can forget to. Leases are no relations: they are looked at when it is time.

ALTER TABLE blobs ADD COLUMN quarantined_at BIGINT;
ALTER TABLE manifests ADD COLUMN pulled_at BIGINT;
ALTER TABLE manifests ADD COLUMN pull_count BIGINT NOT NULL DEFAULT 0;

CREATE INDEX leases_by_end ON leases (expires_at);
CREATE INDEX digest_aliases_by_blob ON digest_aliases (blob_id);
CREATE INDEX manifests_unreadable ON manifests (repository_id) WHERE NOT readable;

-- One deletion by a client: `kind` is tag, manifest or repository.
CREATE TABLE trash (
    id         INTEGER PRIMARY KEY,
    repository TEXT NOT NULL,
    kind       TEXT NOT NULL,
    deleted_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX trash_by_end ON trash (expires_at);
CREATE INDEX trash_by_repository ON trash (repository);

CREATE TABLE trash_manifests (
    id            INTEGER PRIMARY KEY,
    trash_id      BIGINT NOT NULL REFERENCES trash (id) ON DELETE CASCADE,
    repository    TEXT NOT NULL,
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
    pulled_at     BIGINT,
    pull_count    BIGINT NOT NULL
);
CREATE INDEX trash_manifests_by_trash ON trash_manifests (trash_id, digest);
CREATE INDEX trash_manifests_by_blob ON trash_manifests (blob_id);
CREATE INDEX trash_manifests_by_digest ON trash_manifests (digest);

-- `linked`: the repository could read the blob, and a restore lets it again. A manifest that can't
-- be parsed refers to everything in its repository (kind `link`).
CREATE TABLE trash_references (
    manifest_id BIGINT NOT NULL REFERENCES trash_manifests (id) ON DELETE CASCADE,
    digest      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    linked      BOOLEAN NOT NULL,
    PRIMARY KEY (manifest_id, digest, kind)
);
CREATE INDEX trash_references_by_digest ON trash_references (digest);

CREATE TABLE trash_tags (
    trash_id   BIGINT NOT NULL REFERENCES trash (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    digest     TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (trash_id, name)
);
CREATE INDEX trash_tags_by_digest ON trash_tags (digest);

-- Blobs that no manifest, living or in the trash, refers to or consists of; maybe more.
-- A row of `blobs` is live; with `condemned_at` here it is condemned; without a row and with one in
-- the journal it is being deleted.
-- `repository` is one that it is known to have belonged to, the first by name.
CREATE TABLE candidates (
    blob_id      INTEGER PRIMARY KEY REFERENCES blobs (id) ON DELETE CASCADE,
    condemned_at BIGINT,
    repository   TEXT
);
-- Manifests that no tag, parent or living subject holds; maybe more.
CREATE TABLE candidate_manifests (
    manifest_id INTEGER PRIMARY KEY REFERENCES manifests (id) ON DELETE CASCADE
);
-- Repositories without a manifest; maybe more.
CREATE TABLE candidate_repositories (
    repository_id INTEGER PRIMARY KEY REFERENCES repositories (id) ON DELETE CASCADE
);

INSERT INTO candidates (blob_id) SELECT b.id FROM blobs b
    WHERE NOT EXISTS (SELECT 1 FROM manifests m WHERE m.blob_id = b.id)
    AND NOT EXISTS (SELECT 1 FROM manifest_references f WHERE f.digest = b.digest);
INSERT INTO candidate_manifests (manifest_id) SELECT m.id FROM manifests m
    WHERE NOT EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = m.id
                      AND t.name NOT LIKE 'sha256-%' AND t.name NOT LIKE 'sha512-%');
INSERT INTO candidate_repositories (repository_id) SELECT r.id FROM repositories r
    WHERE NOT EXISTS (SELECT 1 FROM manifests m WHERE m.repository_id = r.id);

CREATE TRIGGER blob_comes AFTER INSERT ON blobs BEGIN
    INSERT INTO candidates (blob_id) VALUES (NEW.id);
END;

CREATE TRIGGER repository_comes AFTER INSERT ON repositories BEGIN
    INSERT INTO candidate_repositories (repository_id) VALUES (NEW.id);
END;

CREATE TRIGGER manifest_comes AFTER INSERT ON manifests BEGIN
    DELETE FROM candidates WHERE blob_id = NEW.blob_id;
    DELETE FROM candidate_repositories WHERE repository_id = NEW.repository_id;
    INSERT INTO candidate_manifests (manifest_id) VALUES (NEW.id);
END;

CREATE TRIGGER reference_comes AFTER INSERT ON manifest_references BEGIN
    DELETE FROM candidates WHERE blob_id = (SELECT id FROM blobs WHERE digest = NEW.digest);
END;

-- Its children, its referrers, the fallback tag of those, its blobs, its own bytes.
CREATE TRIGGER manifest_goes BEFORE DELETE ON manifests BEGIN
    INSERT INTO candidate_manifests (manifest_id)
        SELECT c.id FROM manifest_references f CROSS JOIN manifests c
            WHERE f.manifest_id = OLD.id AND f.kind = 'manifest'
            AND c.repository_id = OLD.repository_id AND c.digest = f.digest
        ON CONFLICT DO NOTHING;
    INSERT INTO candidate_manifests (manifest_id)
        SELECT m.id FROM manifests m
            WHERE m.repository_id = OLD.repository_id AND m.subject = OLD.digest
        ON CONFLICT DO NOTHING;
    INSERT INTO candidate_manifests (manifest_id)
        SELECT manifest_id FROM tags WHERE repository_id = OLD.repository_id
            AND name = substr(replace(OLD.digest, ':', '-'), 1, 71)
        ON CONFLICT DO NOTHING;
    -- One that can't be parsed held everything in its repository.
    INSERT INTO candidates (blob_id, repository)
        SELECT x.id, r.name FROM repositories r CROSS JOIN (
            SELECT id FROM blobs WHERE id = OLD.blob_id
            UNION SELECT b.id FROM manifest_references f CROSS JOIN blobs b
                WHERE f.manifest_id = OLD.id AND b.digest = f.digest
            UNION SELECT a.blob_id FROM manifest_references f CROSS JOIN digest_aliases a
                WHERE f.manifest_id = OLD.id AND a.digest = f.digest
            UNION SELECT l.blob_id FROM repository_blobs l
                WHERE NOT OLD.readable AND l.repository_id = OLD.repository_id) x
            WHERE r.id = OLD.repository_id
        ON CONFLICT (blob_id) DO UPDATE SET repository = excluded.repository
            WHERE candidates.repository IS NULL OR candidates.repository > excluded.repository;
END;

CREATE TRIGGER manifest_gone AFTER DELETE ON manifests BEGIN
    INSERT INTO candidate_repositories (repository_id)
        SELECT r.id FROM repositories r WHERE r.id = OLD.repository_id
            AND NOT EXISTS (SELECT 1 FROM manifests m WHERE m.repository_id = r.id)
        ON CONFLICT DO NOTHING;
END;

-- A fallback tag holds only while the subject that it is named after is there.
CREATE TRIGGER tag_comes AFTER INSERT ON tags
    WHEN NEW.name NOT LIKE 'sha256-%' AND NEW.name NOT LIKE 'sha512-%' BEGIN
    DELETE FROM candidate_manifests WHERE manifest_id = NEW.manifest_id;
END;

CREATE TRIGGER tag_moves AFTER UPDATE OF manifest_id ON tags
    WHEN OLD.manifest_id <> NEW.manifest_id BEGIN
    INSERT INTO candidate_manifests (manifest_id) VALUES (OLD.manifest_id) ON CONFLICT DO NOTHING;
    DELETE FROM candidate_manifests WHERE manifest_id = NEW.manifest_id
        AND NEW.name NOT LIKE 'sha256-%' AND NEW.name NOT LIKE 'sha512-%';
END;

CREATE TRIGGER tag_goes AFTER DELETE ON tags BEGIN
    INSERT INTO candidate_manifests (manifest_id)
        SELECT id FROM manifests WHERE id = OLD.manifest_id
        ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER trash_manifest_goes BEFORE DELETE ON trash_manifests BEGIN
    INSERT INTO candidates (blob_id, repository)
        SELECT x.id, OLD.repository FROM (
            SELECT id FROM blobs WHERE id = OLD.blob_id
            UNION SELECT b.id FROM trash_references f CROSS JOIN blobs b
                WHERE f.manifest_id = OLD.id AND b.digest = f.digest
            UNION SELECT a.blob_id FROM trash_references f CROSS JOIN digest_aliases a
                WHERE f.manifest_id = OLD.id AND a.digest = f.digest) x
            WHERE true
        ON CONFLICT (blob_id) DO UPDATE SET repository = excluded.repository
            WHERE candidates.repository IS NULL OR candidates.repository > excluded.repository;
END;

-- Each collection that was begun; without an end it is under way, or was interrupted.
CREATE TABLE collections (
    id         INTEGER PRIMARY KEY,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT,
    manifests  BIGINT NOT NULL DEFAULT 0,
    blobs      BIGINT NOT NULL DEFAULT 0,
    bytes      BIGINT NOT NULL DEFAULT 0,
    uploads    BIGINT NOT NULL DEFAULT 0,
    failure    TEXT
);
