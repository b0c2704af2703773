-- What the pages sort by, and how often a repository was pulled on each day (days since 1970, UTC).
ALTER TABLE repositories ADD COLUMN pull_count BIGINT NOT NULL DEFAULT 0;
UPDATE repositories SET pull_count =
    (SELECT COALESCE(SUM(m.pull_count), 0) FROM manifests m WHERE m.repository_id = repositories.id);
CREATE INDEX repositories_by_push ON repositories (pushed_at, name);
CREATE INDEX repositories_by_pulls ON repositories (pull_count, name);
CREATE INDEX tags_by_update ON tags (repository_id, updated_at, name);

CREATE TABLE repository_pulls (
    repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    day           BIGINT NOT NULL,
    times         BIGINT NOT NULL,
    PRIMARY KEY (repository_id, day)
);
