-- Who may pull from a repository without a right on it: everybody, or nobody.
ALTER TABLE repositories ADD COLUMN public BOOLEAN NOT NULL DEFAULT FALSE;
