-- Manifests that the layout names and whose bytes are gone or damaged: what they referred to is not
-- known, so that everything in their repository stays until they are pushed again.
CREATE TABLE damaged_manifests (
    repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    digest        TEXT NOT NULL,
    PRIMARY KEY (repository_id, digest)
);

CREATE TRIGGER damaged_manifest_comes AFTER INSERT ON manifests BEGIN
    DELETE FROM damaged_manifests
        WHERE repository_id = NEW.repository_id AND digest = NEW.digest;
END;
