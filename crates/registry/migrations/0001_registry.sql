-- The registry's tables. Both databases read this file; store/schema.rs says which words of it differ.
--
-- What is known: fact, entry, machine, enrolment, pupil, webhook, audit. Facts, entries and audit lines are only
-- ever added. What follows from it, and can be made anew at any time: current, lesson, credit, dirty.
-- Times are microseconds since the Unix epoch.

-- Numbers facts and entries in the order in which they were committed, without gaps. Whoever adds some
-- holds its line until the transaction ends.
CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('fact', 0), ('entry', 0), ('audit', 0);

-- What machines say, as they said it. proof: the signature, a detached JWS (RFC 7515, appendix F).
CREATE TABLE fact (
    seq BIGINT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    lesson TEXT NOT NULL,
    author TEXT NOT NULL,
    kind TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    received_us BIGINT NOT NULL,
    body TEXT NOT NULL,
    proof TEXT NOT NULL
);
CREATE INDEX fact_of_lesson ON fact (lesson, seq);

-- What people say. lesson: the one it is about, if it is about one.
CREATE TABLE entry (
    seq BIGINT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    thing TEXT NOT NULL,
    lesson TEXT,
    at_us BIGINT NOT NULL,
    received_us BIGINT NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX entry_about ON entry (kind, thing, at_us, id);
CREATE INDEX entry_of_lesson ON entry (lesson, seq);

-- The latest entry about each thing, by its moment and id.
CREATE TABLE current (
    kind TEXT NOT NULL,
    thing TEXT NOT NULL,
    entry TEXT NOT NULL REFERENCES entry (id),
    at_us BIGINT NOT NULL,
    PRIMARY KEY (kind, thing)
);

-- What must be worked out again: a lesson, or what a slot, term, pair or school plans. mark is new with
-- each transaction that adds something; who has worked it out removes only the mark that it read.
CREATE TABLE dirty (
    kind TEXT NOT NULL,
    thing TEXT NOT NULL,
    mark BIGINT NOT NULL,
    PRIMARY KEY (kind, thing)
);

-- Machines that may report, by the name in their signatures. One that was revoked may come back with
-- another key; the old one stays, since what it signed stays.
CREATE TABLE machine (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    school TEXT,
    name TEXT NOT NULL,
    public_key TEXT NOT NULL,
    enrolled_us BIGINT NOT NULL,
    revoked_us BIGINT,
    PRIMARY KEY (id, public_key)
);
CREATE UNIQUE INDEX machine_active ON machine (id) WHERE revoked_us IS NULL;

-- Codes by which machines enrol, once each. Only their hashes are kept.
CREATE TABLE enrolment (
    code_hash TEXT PRIMARY KEY,
    machine TEXT NOT NULL,
    kind TEXT NOT NULL,
    school TEXT,
    name TEXT NOT NULL,
    author TEXT NOT NULL,
    made_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    used_us BIGINT
);

-- Who did what, beside entries.
CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    at_us BIGINT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    about TEXT NOT NULL,
    detail TEXT NOT NULL
);

-- Pupils' names, sealed with a key that is not here. Nothing refers to them, so erasing one changes no count.
CREATE TABLE pupil (
    id TEXT PRIMARY KEY,
    school TEXT NOT NULL,
    class TEXT NOT NULL,
    sealed BLOB NOT NULL,
    added_us BIGINT NOT NULL
);
CREATE INDEX pupil_of_school ON pupil (school, added_us);

-- Addresses that are told what was decided, and what is on its way to them.
CREATE TABLE webhook (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    made_us BIGINT NOT NULL,
    ended_us BIGINT
);
CREATE TABLE delivery (
    id TEXT PRIMARY KEY,
    webhook TEXT NOT NULL REFERENCES webhook (id),
    body TEXT NOT NULL,
    made_us BIGINT NOT NULL,
    due_us BIGINT,
    attempts BIGINT NOT NULL,
    trouble TEXT
);
CREATE INDEX delivery_due ON delivery (due_us) WHERE due_us IS NOT NULL;
CREATE INDEX delivery_of_webhook ON delivery (webhook, made_us);

-- Where each school belongs, for counting by region.
CREATE TABLE place (
    school TEXT PRIMARY KEY,
    county TEXT NOT NULL,
    city TEXT NOT NULL,
    province TEXT NOT NULL
);
CREATE INDEX place_in_county ON place (county, school);
CREATE INDEX place_in_city ON place (city, school);
CREATE INDEX place_in_province ON place (province, school);

-- Every session that is planned or was noted, and what it is worth. again_us: when time alone may change
-- that.
CREATE TABLE lesson (
    id TEXT PRIMARY KEY,
    form TEXT,
    pair TEXT,
    slot TEXT,
    term TEXT,
    year BIGINT NOT NULL,
    start_us BIGINT NOT NULL,
    end_us BIGINT NOT NULL,
    session TEXT NOT NULL,
    status TEXT NOT NULL,
    decision TEXT NOT NULL,
    decided_us BIGINT NOT NULL,
    again_us BIGINT,
    facts BIGINT NOT NULL
);
CREATE INDEX lesson_by_time ON lesson (start_us, id);
CREATE INDEX lesson_of_pair ON lesson (pair, start_us, id);
CREATE INDEX lesson_of_slot ON lesson (slot);
CREATE INDEX lesson_in_term ON lesson (term, start_us, id);
CREATE INDEX lesson_again ON lesson (again_us) WHERE again_us IS NOT NULL;

-- What each lesson is worth to each of its schools. form: none for tests and inspections.
CREATE TABLE credit (
    lesson TEXT NOT NULL REFERENCES lesson (id) ON DELETE CASCADE,
    school TEXT NOT NULL,
    form TEXT,
    subject TEXT,
    term TEXT,
    year BIGINT NOT NULL,
    start_us BIGINT NOT NULL,
    status TEXT NOT NULL,
    people BIGINT,
    PRIMARY KEY (lesson, school)
);
CREATE INDEX credit_counted ON credit (school, year, term, form, subject, status, people, lesson);
CREATE INDEX credit_by_time ON credit (school, start_us, lesson);

-- What the decisions here were made with.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
