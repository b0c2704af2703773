-- Sessions of the pages. `id` is public; `secret` is the SHA-256 of what the cookie holds.
-- `password` is the SHA-256 of the stored password hash at the sign-in: a session ends when the
-- password changes.
CREATE TABLE sessions (
    id         TEXT NOT NULL PRIMARY KEY,
    secret     TEXT NOT NULL UNIQUE,
    account    TEXT NOT NULL,
    password   TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    address    TEXT,
    agent      TEXT
);
CREATE INDEX sessions_by_account ON sessions (account);
