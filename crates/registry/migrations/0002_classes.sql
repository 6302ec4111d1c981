-- Which end a credited school was at and which of its classes took part: what sums of people and classes are made of.
-- classes: the names in a JSON list; empty: none was named.
ALTER TABLE credit ADD COLUMN supporting BIGINT NOT NULL DEFAULT 0;
ALTER TABLE credit ADD COLUMN classes TEXT NOT NULL DEFAULT '';
DROP INDEX credit_counted;
CREATE INDEX credit_counted ON credit (school, year, term, form, subject, status, supporting, people, lesson);

-- What lessons are worth is written anew: the lines that are there know nothing of either.
DELETE FROM credit;
INSERT INTO dirty (kind, thing, mark) SELECT 'lesson', id, 2 FROM lesson WHERE 1 = 1 ON CONFLICT DO NOTHING;
