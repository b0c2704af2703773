-- Who may sign in, with what, and what they may do. Accounts, groups and robots share one space of
-- names, so that a grant names any of them. Rights are bits: 1 pull, 2 push, 4 delete.

CREATE TABLE accounts (
    name       TEXT NOT NULL PRIMARY KEY,
    password   TEXT,
    admin      BOOLEAN NOT NULL,
    disabled   BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT
);

CREATE TABLE account_groups (
    name       TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

CREATE TABLE group_members (
    group_name TEXT NOT NULL REFERENCES account_groups (name) ON DELETE CASCADE,
    account    TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    PRIMARY KEY (group_name, account)
);
CREATE INDEX group_members_by_account ON group_members (account);

-- `owner` is an account, or the robot itself. `secret` is the SHA-256 of the random part. `scope` is
-- what the token is limited to, as JSON; NULL is all that its owner may.
CREATE TABLE tokens (
    id         TEXT NOT NULL PRIMARY KEY,
    label      TEXT NOT NULL,
    owner      TEXT NOT NULL,
    robot      BOOLEAN NOT NULL,
    secret     TEXT NOT NULL,
    scope      TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at    BIGINT
);
CREATE INDEX tokens_by_owner ON tokens (owner);

-- `grantee` is an account, a group, or one of the words `anonymous` and `users`, which no account
-- or group is called.
CREATE TABLE grants (
    grantee    TEXT NOT NULL,
    pattern    TEXT NOT NULL,
    rights     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (grantee, pattern)
);

-- Private keys of the token service. One that is retired signs no more.
CREATE TABLE signing_keys (
    id          TEXT NOT NULL PRIMARY KEY,
    private_key BLOB NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE TABLE stars (
    repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    account       TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    PRIMARY KEY (repository_id, account)
);
CREATE INDEX stars_by_account ON stars (account);

-- `summary` is the first line, which a search shows; `searched` is what a search looks at.
CREATE TABLE descriptions (
    repository_id BIGINT NOT NULL PRIMARY KEY REFERENCES repositories (id) ON DELETE CASCADE,
    summary       TEXT NOT NULL,
    text          TEXT NOT NULL,
    searched      TEXT NOT NULL,
    updated_at    BIGINT NOT NULL
);
