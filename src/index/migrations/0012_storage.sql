-- How many bytes all blobs had at the last count of each day (days since 1970, UTC), and who began a
-- collection: as `events.actor`.
CREATE TABLE stored_bytes (
    day   BIGINT NOT NULL PRIMARY KEY,
    bytes BIGINT NOT NULL,
    blobs BIGINT NOT NULL
);

ALTER TABLE collections ADD COLUMN actor TEXT;
