-- What an entry is about, without its figure and period: figures are asked for by what they are about.
ALTER TABLE current ADD COLUMN about TEXT COLLATE "C" GENERATED ALWAYS AS (split_part(thing, '/', 1)) STORED;
CREATE INDEX current_about ON current (kind, about, thing);
