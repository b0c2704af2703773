-- What was done, by whom and from where: written in the transaction of the change. `actor` is the
-- caller as it signed in, `account` the one who answers for it (a token's owner).
CREATE TABLE events (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         BIGINT NOT NULL,
    action     TEXT NOT NULL,
    actor      TEXT NOT NULL,
    account    TEXT NOT NULL,
    address    TEXT,
    request    TEXT NOT NULL,
    agent      TEXT,
    repository TEXT,
    tag        TEXT,
    digest     TEXT,
    media_type TEXT,
    size       BIGINT,
    detail     TEXT
);
CREATE INDEX events_by_account ON events (account, id);
CREATE INDEX events_by_repository ON events (repository, id) WHERE repository IS NOT NULL;
