//! What the timetable leads to: a change of a slot, its term, its pair or a school marks the lessons
//! that it may concern.

use super::{Mark, Settled, remove};
use crate::store::asking::Asking;
use crate::store::facts::micros;
use crate::store::{Store, StoreError, dirty};
use sqlx::Row as _;
use std::collections::{BTreeSet, HashSet};
use tongke_pairing::book::Book;
use tongke_pairing::calendar::moment;
use tongke_pairing::expand;
use tongke_pairing::id::SlotId;
use tongke_pairing::pair::Pair;
use tongke_pairing::timetable::Slot;

/// Marks planned in one transaction.
const MARKS: i64 = 256;

impl Store {
    /// Plans what the next marks ask for. False: there are no more.
    pub(super) async fn plan_next(&self, settled: &mut Settled) -> Result<bool, StoreError> {
        let sql = "SELECT kind, thing, mark FROM dirty WHERE kind <> 'lesson' ORDER BY kind, thing LIMIT $1";
        let rows = sqlx::query(sql).bind(MARKS).fetch_all(&self.database.pool).await?;
        let marks = rows.iter().map(Mark::read).collect::<Result<Vec<_>, _>>()?;
        if marks.is_empty() {
            return Ok(false);
        }
        let lessons = self.concerned(&marks).await?;
        let mut writing = self.database.write().await?;
        dirty::mark(&mut writing, lessons.into_iter().map(|lesson| ("lesson", lesson)).collect()).await?;
        settled.plans += remove(&mut writing, &marks).await?.len() as u64;
        writing.commit().await?;
        Ok(true)
    }

    /// The lessons that these changes may concern.
    async fn concerned(&self, marks: &[Mark]) -> Result<BTreeSet<String>, StoreError> {
        let book = self.book().await?;
        let mut lessons = BTreeSet::new();
        for slot in slots_of(&book, marks) {
            lessons.extend(self.planned_before(slot.as_str()).await?);
            let planned = book.slot(&slot).map(|slot| expand::of_slot(&book, slot)).unwrap_or_default();
            lessons.extend(planned.sessions.iter().map(|session| session.id.to_string()));
        }
        for Mark { kind, thing, .. } in marks {
            match kind.as_str() {
                "school" => lessons.extend(self.lessons_at(thing).await?),
                "term" => lessons.extend(self.lessons_in(&book, thing).await?),
                _ => {}
            }
        }
        Ok(lessons)
    }

    /// What came from a slot, as it was planned before.
    async fn planned_before(&self, slot: &str) -> Result<Vec<String>, StoreError> {
        let mut asking = Asking::new("SELECT id FROM lesson");
        asking.text("slot = ", Some(slot));
        self.names(asking).await
    }

    /// The lessons in which a school takes part: what it is worth to a closed one is another thing.
    async fn lessons_at(&self, school: &str) -> Result<Vec<String>, StoreError> {
        let mut asking = Asking::new("SELECT lesson FROM credit");
        asking.text("school = ", Some(school));
        self.names(asking).await
    }

    /// The lessons that were in a term or fall into it now.
    async fn lessons_in(&self, book: &Book, term: &str) -> Result<Vec<String>, StoreError> {
        let mut before = Asking::new("SELECT id FROM lesson");
        before.text("term = ", Some(term));
        let mut lessons = self.names(before).await?;
        if let Some(term) = term.parse().ok().and_then(|term| book.term(&term)) {
            let until = term.last.tomorrow().unwrap_or(term.last);
            let mut now = Asking::new("SELECT id FROM lesson");
            now.number("start_us >= ", Some(micros(moment(term.first.at(0, 0, 0, 0)))));
            now.number("start_us < ", Some(micros(moment(until.at(0, 0, 0, 0)))));
            lessons.extend(self.names(now).await?);
        }
        Ok(lessons)
    }

    async fn names(&self, asking: Asking) -> Result<Vec<String>, StoreError> {
        let rows = asking.query().fetch_all(&self.database.pool).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }
}

/// The slots whose lessons these changes may concern.
fn slots_of(book: &Book, marks: &[Mark]) -> BTreeSet<SlotId> {
    let changed: HashSet<(&str, &str)> =
        marks.iter().map(|mark| (mark.kind.as_str(), mark.thing.as_str())).collect();
    let concerned = |slot: &&Slot| {
        let at_school = |pair: &Pair| pair.schools().any(|it| changed.contains(&("school", it.as_str())));
        changed.contains(&("term", slot.term.as_str()))
            || changed.contains(&("pair", slot.pair.as_str()))
            || book.pair(&slot.pair).is_some_and(at_school)
    };
    // A slot that was withdrawn is not in the book, but what it planned may still be there.
    let themselves =
        marks.iter().filter(|mark| mark.kind == "slot").filter_map(|mark| mark.thing.parse().ok());
    book.slots().filter(concerned).map(|slot| slot.id.clone()).chain(themselves).collect()
}
