-- When a row was noted, in milliseconds since 1970 by the system's clock: a change in the layout that
-- is much later than every row is none of ours.
ALTER TABLE journal ADD COLUMN noted_at BIGINT NOT NULL DEFAULT 0;
