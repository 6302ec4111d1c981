-- Who may sign in to the pages. Accounts are changed, and the audit says by whom; they are never deleted, because what
-- they entered stays. appointments: roles and places in JSON. password: argon2id (PHC string); none: they sign in elsewhere.
-- version: counts the changes, so that two people who edit one account do not overwrite each other.
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    appointments TEXT NOT NULL,
    password TEXT,
    subject TEXT UNIQUE,
    ended BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    failed_us BIGINT NOT NULL,
    version BIGINT NOT NULL
);

-- Who is signed in. token_hash: SHA-256 of what the browser holds. No backup holds it.
CREATE TABLE session (
    token_hash TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    began_us BIGINT NOT NULL,
    seen_us BIGINT NOT NULL
);
CREATE INDEX session_of_account ON session (account);
