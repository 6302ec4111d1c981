//! What lessons are worth: decided from what is known, written with what is counted.

use super::evidence::Known;
use super::write::write;
use super::{LESSONS, Mark, Settled, remove};
use crate::store::{Store, StoreError};
use tongke_pairing::book::Book;
use tongke_pairing::calendar::local;
use tongke_pairing::credit::{self, Decision};
use tongke_pairing::expand;
use tongke_pairing::id::TermId;
use tongke_pairing::lesson::Session;
use tongke_pairing::policy::Policies;
use tongke_protocol::WallTime;

/// What was worked out of a lesson.
pub(in crate::store) struct Worked {
    pub(in crate::store) session: Session,
    pub(in crate::store) term: Option<TermId>,
    /// With all that was seen.
    pub(in crate::store) decision: Decision,
    pub(super) facts: usize,
}

impl Store {
    /// Works out the next lessons behind that one; returns the last of them. None: there are no more.
    pub(super) async fn settle_next(
        &self,
        behind: &str,
        now: WallTime,
        settled: &mut Settled,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT kind, thing, mark FROM dirty WHERE kind = 'lesson' AND thing > $1 ORDER BY thing LIMIT $2";
        let query = sqlx::query(sql).bind(behind.to_owned()).bind(LESSONS);
        let rows = query.fetch_all(&self.database.pool).await?;
        let marks = rows.iter().map(Mark::read).collect::<Result<Vec<_>, _>>()?;
        let names: Vec<&str> = marks.iter().map(|mark| mark.thing.as_str()).collect();
        let moments = vec![now; names.len()];
        let worked = self.work_out(&names, &moments).await?;
        settled.lessons += marks.len() as u64;
        let mut decided = Vec::new();
        for (mark, worked) in marks.iter().zip(worked) {
            match worked {
                Ok(worked) => decided.push((mark, worked)),
                // The mark stays; `check` finds it too. The other lessons are not to wait for it.
                Err(error) => tracing::error!(lesson = mark.thing, %error, "a lesson cannot be decided"),
            }
        }
        let mut writing = self.database.write().await?;
        let standing: Vec<Mark> = decided.iter().map(|(mark, _)| (*mark).clone()).collect();
        let removed = remove(&mut writing, &standing).await?;
        decided.retain(|(mark, _)| removed.contains(mark.thing.as_str()));
        settled.changed += write(&mut writing, &decided, now).await?;
        writing.commit().await?;
        Ok(marks.into_iter().next_back().map(|mark| mark.thing))
    }

    /// What each of these lessons is worth at its moment; none: it is neither planned nor noted.
    pub(in crate::store) async fn work_out(
        &self,
        lessons: &[&str],
        moments: &[WallTime],
    ) -> Result<Vec<Result<Option<Worked>, StoreError>>, StoreError> {
        if lessons.is_empty() {
            return Ok(Vec::new());
        }
        let book = self.book().await?;
        let mut known = self.known(lessons).await?;
        let worked = lessons.iter().zip(moments).map(|(lesson, now)| {
            let id =
                lesson.parse().map_err(|why| StoreError::unreadable(format!("the name '{lesson}'"), &why))?;
            let Some(session) = expand::session(&book, &id) else { return Ok(None) };
            let known = known.remove(*lesson).unwrap_or_else(|| Ok(Known::default()))?;
            Ok(Some(Worked::of(session, known, &book, &self.policies, *now)))
        });
        Ok(worked.collect())
    }
}

impl Worked {
    fn of(session: Session, known: Known, book: &Book, policies: &Policies, now: WallTime) -> Worked {
        let facts = known.facts();
        let evidence = known.evidence(&session, book);
        let decision = credit::decide(&session, &evidence, policies.of(&session), now);
        Worked { term: term_of(&session, book), session, decision, facts }
    }
}

impl Worked {
    /// The decision as it is written down. What was seen is not: it is long, and its facts are there.
    pub(in crate::store) fn short(&self) -> Decision {
        Decision { evidence: Vec::new(), rooms: Vec::new(), ..self.decision.clone() }
    }
}

/// The term of the slot it comes from, else that of its day.
fn term_of(session: &Session, book: &Book) -> Option<TermId> {
    let slot = session.slot.as_ref().and_then(|slot| book.slot(slot));
    let day = local(session.start_us).date();
    let on_day = || book.term_on(&session.supporting, day).map(|term| term.id.clone());
    slot.map(|slot| slot.term.clone()).or_else(on_day)
}
