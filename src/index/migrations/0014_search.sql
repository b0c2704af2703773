-- The words of what a search looks at in descriptions, each kept once: a search reads the words that
-- contain its term, which are few, and not every description.
CREATE TABLE words (
    id   INTEGER PRIMARY KEY,
    word TEXT NOT NULL UNIQUE
);

CREATE TABLE description_words (
    word_id       BIGINT NOT NULL REFERENCES words (id) ON DELETE CASCADE,
    repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    PRIMARY KEY (word_id, repository_id)
);
CREATE INDEX description_words_by_repository ON description_words (repository_id);

-- What everybody may pull, for the catalog of whoever sees little else.
CREATE INDEX repositories_public ON repositories (name) WHERE public;
