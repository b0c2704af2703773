-- How many accounts have starred a repository, which the pages sort by.
ALTER TABLE repositories ADD COLUMN star_count BIGINT NOT NULL DEFAULT 0;
UPDATE repositories SET star_count =
    (SELECT COUNT(*) FROM stars s WHERE s.repository_id = repositories.id)
    WHERE id IN (SELECT repository_id FROM stars);
CREATE INDEX repositories_by_stars ON repositories (star_count, name);

CREATE TRIGGER star_is_added AFTER INSERT ON stars BEGIN
    UPDATE repositories SET star_count = star_count + 1 WHERE id = NEW.repository_id;
END;

CREATE TRIGGER star_is_removed AFTER DELETE ON stars BEGIN
    UPDATE repositories SET star_count = star_count - 1 WHERE id = OLD.repository_id;
END;
