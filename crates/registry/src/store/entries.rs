//! What people say: kept as it came; the latest about each thing is looked up often and noted apart.

use super::asking::Asking;
use super::database::Writing;
use super::facts::{advance, last, micros, moment};
use super::rows::among;
use super::{Kept, Store, StoreError, dirty, place};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::collections::{BTreeSet, HashMap};
use tongke_pairing::entry::{Entry, Thing};
use tongke_protocol::{LessonId, WallTime};

/// An entry that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEntry {
    /// Its number in the order of arrival, from 1.
    pub seq: u64,
    /// When it arrived.
    pub received_us: WallTime,
    /// As it was said.
    pub entry: Entry,
}

impl Store {
    /// Keeps entries that were found sound; when this returns they are on disk, all of them or none. The
    /// answers are in the order of the entries.
    pub async fn keep_entries(&self, entries: &[Entry], received: WallTime) -> Result<Vec<Kept>, StoreError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut writing = self.database.write().await?;
        let answers = keep(&mut writing, entries, received).await?;
        writing.commit().await?;
        Ok(answers)
    }

    /// The entry with this id.
    pub async fn entry(&self, id: &str) -> Result<Option<StoredEntry>, StoreError> {
        let query = sqlx::query("SELECT seq, received_us, body FROM entry WHERE id = $1").bind(id.to_owned());
        query.fetch_optional(&self.database.pool).await?.as_ref().map(StoredEntry::read).transpose()
    }

    /// Everything that was said about a thing, by its moment: the last one holds.
    pub async fn entries_about(&self, thing: &Thing) -> Result<Vec<StoredEntry>, StoreError> {
        let sql =
            "SELECT seq, received_us, body FROM entry WHERE kind = $1 AND thing = $2 ORDER BY at_us, id";
        let query = sqlx::query(sql).bind(thing.kind.clone()).bind(thing.key.clone());
        query.fetch_all(&self.database.pool).await?.iter().map(StoredEntry::read).collect()
    }

    /// What was said about a thing, by its moment and id, behind that one.
    pub async fn entries_about_behind(
        &self,
        thing: &Thing,
        behind: Option<(WallTime, &str)>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let mut asking = Asking::new("SELECT seq, received_us, body FROM entry");
        asking.text("kind = ", Some(&thing.kind));
        asking.text("thing = ", Some(&thing.key));
        asking.behind("at_us, id", behind.map(|(at, id)| (micros(at), id)));
        asking.tail("ORDER BY at_us, id");
        asking.limit(limit);
        asking.query().fetch_all(&self.database.pool).await?.iter().map(StoredEntry::read).collect()
    }

    /// Everything that was said about a lesson, in the order of arrival.
    pub async fn entries_of(&self, lesson: &LessonId) -> Result<Vec<StoredEntry>, StoreError> {
        let sql = "SELECT seq, received_us, body FROM entry WHERE lesson = $1 ORDER BY seq";
        let query = sqlx::query(sql).bind(lesson.as_str().to_owned());
        query.fetch_all(&self.database.pool).await?.iter().map(StoredEntry::read).collect()
    }

    /// The latest entries about things of one kind, by the keys of the things, behind one of these keys; of
    /// those keys that begin so. What was withdrawn is among them: its latest entry says so.
    pub async fn latest_behind(
        &self,
        kind: &str,
        beginning: &str,
        behind: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let mut asking =
            Asking::new("SELECT e.seq, e.received_us, e.body FROM current c JOIN entry e ON e.id = c.entry");
        asking.text("c.kind = ", Some(kind));
        asking.text("c.thing >= ", Some(beginning));
        // The greatest character there is: no key holds it.
        asking.text("c.thing < ", Some(&format!("{beginning}\u{10FFFF}")));
        asking.text("c.thing > ", behind);
        asking.tail("ORDER BY c.thing");
        asking.limit(limit);
        asking.query().fetch_all(&self.database.pool).await?.iter().map(StoredEntry::read).collect()
    }

    /// When the last entry arrived; 1970, if none did.
    pub async fn last_entered(&self) -> Result<WallTime, StoreError> {
        let sql = "SELECT received_us FROM entry ORDER BY seq DESC LIMIT 1";
        let row = sqlx::query(sql).fetch_optional(&self.database.pool).await?;
        let received = row.map(|row| row.try_get::<i64, _>(0)).transpose()?;
        Ok(received.map_or(WallTime(0), moment))
    }

    /// Entries after one number, in the order of arrival.
    pub async fn entries_after(&self, seq: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        let sql = "SELECT seq, received_us, body FROM entry WHERE seq > $1 ORDER BY seq LIMIT $2";
        let query = sqlx::query(sql).bind(seq.cast_signed()).bind(i64::from(limit));
        query.fetch_all(&self.database.pool).await?.iter().map(StoredEntry::read).collect()
    }
}

impl StoredEntry {
    pub(super) fn read(row: &AnyRow) -> Result<StoredEntry, StoreError> {
        let seq: i64 = row.try_get("seq")?;
        let body: String = row.try_get("body")?;
        let entry = serde_json::from_str(&body);
        let entry = entry.map_err(|why| StoreError::unreadable(format!("entry number {seq}"), &why))?;
        Ok(StoredEntry { seq: seq.cast_unsigned(), received_us: moment(row.try_get("received_us")?), entry })
    }
}

/// Keeps entries within a transaction.
pub(super) async fn keep(
    writing: &mut Writing,
    entries: &[Entry],
    received: WallTime,
) -> Result<Vec<Kept>, StoreError> {
    let first = last(writing, "entry").await?;
    let mut there = present(writing, entries).await?;
    let (mut seq, mut answers, mut marks) = (first, Vec::with_capacity(entries.len()), BTreeSet::new());
    for entry in entries {
        if let Some(other) = there.get(&entry.id) {
            answers.push(if other == entry { Kept::Known } else { Kept::Conflict });
            continue;
        }
        seq += 1;
        insert(writing, seq, entry, received).await?;
        if note_current(writing, entry).await? {
            place::note(writing, &entry.says).await?;
        }
        marks.extend(dirty::touched(&entry.says));
        there.insert(entry.id.clone(), entry.clone());
        answers.push(Kept::New);
    }
    if seq > first {
        advance(writing, "entry", seq).await?;
        dirty::mark(writing, marks).await?;
    }
    Ok(answers)
}

/// Those entries whose ids are there already, by id.
async fn present(writing: &mut Writing, entries: &[Entry]) -> Result<HashMap<String, Entry>, StoreError> {
    let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let mut there = HashMap::new();
    for piece in super::rows::pieces(&ids) {
        let query = among("SELECT seq, received_us, body FROM entry WHERE id IN", piece, "");
        for row in query.fetch_all(&mut *writing.tx).await? {
            let stored = StoredEntry::read(&row)?;
            there.insert(stored.entry.id.clone(), stored.entry);
        }
    }
    Ok(there)
}

const INSERT: &str = "INSERT INTO entry \
    (seq, id, kind, thing, lesson, at_us, received_us, author, reason, body) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

async fn insert(
    writing: &mut Writing,
    seq: i64,
    entry: &Entry,
    received: WallTime,
) -> Result<(), StoreError> {
    let thing = entry.says.thing();
    let lesson = dirty::touched(&entry.says).filter(|(kind, _)| *kind == "lesson").map(|(_, lesson)| lesson);
    let body = serde_json::to_string(entry);
    let body = body.map_err(|why| StoreError::unreadable(format!("entry {}", entry.id), &why))?;
    let query = sqlx::query(INSERT).bind(seq).bind(entry.id.clone()).bind(thing.kind).bind(thing.key);
    let query = query.bind(lesson).bind(micros(entry.at_us)).bind(micros(received));
    let query = query.bind(entry.author.clone()).bind(entry.reason.clone()).bind(body);
    query.execute(&mut *writing.tx).await?;
    Ok(())
}

/// The later one by [`Entry::rank`] stays.
const NOTE_CURRENT: &str = "INSERT INTO current (kind, thing, entry, at_us) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (kind, thing) DO UPDATE SET entry = excluded.entry, at_us = excluded.at_us \
    WHERE excluded.at_us > current.at_us OR (excluded.at_us = current.at_us AND excluded.entry > current.entry)";

/// Whether it is the one that holds.
async fn note_current(writing: &mut Writing, entry: &Entry) -> Result<bool, StoreError> {
    let thing = entry.says.thing();
    let query = sqlx::query(NOTE_CURRENT).bind(thing.kind).bind(thing.key);
    let query = query.bind(entry.id.clone()).bind(micros(entry.at_us));
    Ok(query.execute(&mut *writing.tx).await?.rows_affected() == 1)
}
