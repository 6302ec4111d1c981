-- What an entry is about, without its figure and period: figures are asked for by what they are about.
ALTER TABLE current ADD COLUMN about TEXT GENERATED ALWAYS AS (substr(thing, 1, instr(thing || '/', '/') - 1)) VIRTUAL;
CREATE INDEX current_about ON current (kind, about, thing);
