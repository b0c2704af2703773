-- Sizes that the pages sort by. `children_size`: the children of an index that are in its repository,
-- each with its content, as the triggers keep it. `bytes`: all that a repository holds, counted in the
-- background after a change; until then it is that of before, and the repository is unmeasured. `mark`
-- differs if there was a change during a count.

ALTER TABLE manifests ADD COLUMN children_size BIGINT NOT NULL DEFAULT 0;
UPDATE manifests SET children_size =
    (SELECT COALESCE(SUM(c.size + c.content_size), 0) FROM manifest_references f
        JOIN manifests c ON c.repository_id = manifests.repository_id AND c.digest = f.digest
        WHERE f.manifest_id = manifests.id AND f.kind = 'manifest')
    WHERE EXISTS (SELECT 1 FROM manifest_references f
        WHERE f.manifest_id = manifests.id AND f.kind = 'manifest');

CREATE TRIGGER child_is_referenced AFTER INSERT ON manifest_references WHEN NEW.kind = 'manifest' BEGIN
    UPDATE manifests SET children_size = children_size + COALESCE(
        (SELECT c.size + c.content_size FROM manifests c
            WHERE c.repository_id = manifests.repository_id AND c.digest = NEW.digest), 0)
        WHERE id = NEW.manifest_id;
END;

CREATE TRIGGER child_comes AFTER INSERT ON manifests BEGIN
    UPDATE manifests SET children_size = children_size + NEW.size + NEW.content_size
        WHERE repository_id = NEW.repository_id AND id IN (SELECT f.manifest_id
            FROM manifest_references f WHERE f.digest = NEW.digest AND f.kind = 'manifest');
END;

CREATE TRIGGER child_goes AFTER DELETE ON manifests BEGIN
    UPDATE manifests SET children_size = children_size - OLD.size - OLD.content_size
        WHERE repository_id = OLD.repository_id AND id IN (SELECT f.manifest_id
            FROM manifest_references f WHERE f.digest = OLD.digest AND f.kind = 'manifest');
END;

ALTER TABLE repositories ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
CREATE INDEX repositories_by_bytes ON repositories (bytes, name);

CREATE TABLE unmeasured_repositories (
    repository_id INTEGER PRIMARY KEY REFERENCES repositories (id) ON DELETE CASCADE,
    mark          BIGINT NOT NULL
);
INSERT INTO unmeasured_repositories (repository_id, mark) SELECT id, 0 FROM repositories;

CREATE TRIGGER size_grows AFTER INSERT ON manifests BEGIN
    INSERT INTO unmeasured_repositories (repository_id, mark) VALUES (NEW.repository_id, 0)
        ON CONFLICT (repository_id) DO UPDATE SET mark = mark + 1;
END;

CREATE TRIGGER size_shrinks AFTER DELETE ON manifests BEGIN
    INSERT INTO unmeasured_repositories (repository_id, mark)
        SELECT r.id, 0 FROM repositories r WHERE r.id = OLD.repository_id
        ON CONFLICT (repository_id) DO UPDATE SET mark = mark + 1;
END;
