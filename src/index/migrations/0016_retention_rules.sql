-- Retention rules that administrators have saved, besides those of the configuration. `rule` is a rule
-- as JSON; `saved_by` is as `events.actor`. A number is never used again.
CREATE TABLE retention_rules (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    rule     TEXT NOT NULL,
    saved_at BIGINT NOT NULL,
    saved_by TEXT NOT NULL
);
