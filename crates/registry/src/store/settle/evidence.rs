//! What is known of lessons, read for deciding.

use crate::store::entries::StoredEntry;
use crate::store::facts::StoredFact;
use crate::store::rows::{among, pieces};
use crate::store::{Store, StoreError};
use sqlx::Row as _;
use std::collections::HashMap;
use tongke_pairing::book::Book;
use tongke_pairing::entry::Says;
use tongke_pairing::evidence::{Evidence, Told, Word};
use tongke_pairing::lesson::Session;

/// Facts and entries of a lesson.
#[derive(Default)]
pub(super) struct Known {
    facts: Vec<StoredFact>,
    entries: Vec<StoredEntry>,
}

impl Known {
    pub(super) fn facts(&self) -> usize {
        self.facts.len()
    }

    pub(super) fn evidence(self, session: &Session, book: &Book) -> Evidence {
        let told = self.facts.into_iter();
        let told = told.map(|fact| Told { fact: fact.said.fact, received_us: fact.received_us });
        let head_counts = self.entries.iter().filter_map(|stored| match &stored.entry.says {
            Says::HeadCount(count) => Some(count.clone()),
            _ => None,
        });
        let schools = std::iter::once(&session.supporting).chain(&session.receiving);
        let closed = schools.filter_map(|school| {
            let closure = book.school(school)?.closed.as_ref()?;
            Some((school.clone(), closure.last_day))
        });
        Evidence {
            told: told.collect(),
            head_counts: head_counts.collect(),
            word: self.entries.iter().find_map(|stored| Word::of(&stored.entry)),
            closed: closed.collect(),
            // A relay without lessons writes nothing: that it was silent says nothing of it.
            relay_reported: Vec::new(),
        }
    }
}

impl Store {
    /// What is known of these lessons: all facts, and of the entries those that hold. A lesson of which
    /// something cannot be read has the reason in its place.
    pub(super) async fn known(
        &self,
        lessons: &[&str],
    ) -> Result<HashMap<String, Result<Known, StoreError>>, StoreError> {
        let mut known: HashMap<String, Result<Known, StoreError>> = HashMap::new();
        for piece in pieces(lessons) {
            let head = "SELECT lesson, seq, author, received_us, body, proof FROM fact WHERE lesson IN";
            for row in among(head, piece, "ORDER BY seq").fetch_all(&self.database.pool).await? {
                add(&mut known, row.try_get("lesson")?, StoredFact::read(&row), |known| &mut known.facts);
            }
            let head = "SELECT e.lesson, e.seq, e.received_us, e.body FROM entry e \
                JOIN current c ON c.entry = e.id WHERE e.lesson IN";
            for row in among(head, piece, "ORDER BY e.seq").fetch_all(&self.database.pool).await? {
                add(&mut known, row.try_get("lesson")?, StoredEntry::read(&row), |known| &mut known.entries);
            }
        }
        Ok(known)
    }
}

fn add<T>(
    known: &mut HashMap<String, Result<Known, StoreError>>,
    lesson: String,
    read: Result<T, StoreError>,
    place: impl Fn(&mut Known) -> &mut Vec<T>,
) {
    let there = known.entry(lesson).or_insert_with(|| Ok(Known::default()));
    match (&mut *there, read) {
        (Ok(known), Ok(thing)) => place(known).push(thing),
        (Ok(_), Err(error)) => *there = Err(error),
        (Err(_), _) => {}
    }
}
