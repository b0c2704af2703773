-- People whom another issuer signs in: which of its subjects is which account. A name alone is no
-- proof: an account that was made otherwise is nobody's here.

CREATE TABLE outside_identities (
    issuer     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    account    TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX outside_identities_by_account ON outside_identities (account);
