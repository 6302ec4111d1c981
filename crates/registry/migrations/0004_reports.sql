-- Signed reports of self-tests and inspections: the file as it came. Its schools and nodes are those that it is about;
-- verdicts are not kept, they follow from it.
CREATE TABLE report (
    seq BIGINT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    machine TEXT NOT NULL,
    node_a TEXT NOT NULL,
    school_a TEXT,
    node_b TEXT,
    school_b TEXT,
    began_us BIGINT NOT NULL,
    received_us BIGINT NOT NULL,
    file TEXT NOT NULL
);
CREATE INDEX report_by_time ON report (began_us, id);
CREATE INDEX report_of_a ON report (school_a, began_us, id);
CREATE INDEX report_of_b ON report (school_b, began_us, id);
INSERT INTO counter (name, value) VALUES ('report', 0);

-- What machines are told to do. It is over in minutes, so no backup holds it. told: the words that go to the machine,
-- with what lets it in.
CREATE TABLE task (
    id TEXT PRIMARY KEY,
    machine TEXT NOT NULL,
    kind TEXT NOT NULL,
    lesson TEXT NOT NULL,
    told TEXT NOT NULL,
    author TEXT NOT NULL,
    made_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    state TEXT NOT NULL,
    words TEXT NOT NULL,
    report TEXT,
    changed_us BIGINT NOT NULL
);
CREATE INDEX task_of_machine ON task (machine, made_us);
CREATE INDEX task_by_time ON task (made_us);
