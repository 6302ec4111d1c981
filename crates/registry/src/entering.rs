//! Entries by people: each is judged beside what stands and kept if it can be meant. One request at a time,
//! so that two that exclude each other cannot both pass.

use crate::service::Service;
use crate::store::{Kept, StoreError};
use std::collections::HashMap;
use std::sync::Arc;
use tongke_pairing::book::Book;
use tongke_pairing::check::{self, Notice, Refused};
use tongke_pairing::entry::{Entry, Thing};
use tongke_protocol::WallTime;

/// By how much an entry may be ahead of the registry's clock. One from the future would stand above everything
/// that is said until then.
const AHEAD_US: u64 = 2 * 60 * 1_000_000;
/// The code of what is wrong only because another entry of the request is refused.
const NEEDS_REFUSED: &str = "needs_refused";

/// What became of an entry that can be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entered {
    pub id: String,
    pub kept: Kept,
    pub warnings: Vec<Notice>,
}

/// Why entries are not kept. Then none of them is.
#[derive(Debug)]
pub(crate) enum NotEntered {
    /// Something cannot be meant: which of the entries, and why.
    Refused(Vec<(usize, Notice)>),
    /// Another entry has this id.
    Conflict(String),
    Store(StoreError),
}

impl From<StoreError> for NotEntered {
    fn from(error: StoreError) -> NotEntered {
        NotEntered::Store(error)
    }
}

/// Judges entries, each beside the book and those before it, and keeps all of them or none.
pub(crate) async fn enter(service: &Service, entries: Vec<Entry>) -> Result<Vec<Entered>, NotEntered> {
    let _alone = service.entering.lock().await;
    let (store, now) = (&service.store, service.now());
    let mut known = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let before = entries[..at].iter().find(|before| before.id == entry.id).cloned();
        let before = match before {
            Some(before) => Some(before),
            None if is_askable(&entry.id) => store.entry(&entry.id).await?.map(|stored| stored.entry),
            None => None,
        };
        match before {
            Some(before) if before != *entry => return Err(NotEntered::Conflict(entry.id.clone())),
            before => known.push(before.is_some()),
        }
    }
    let book = store.book().await?;
    // Weekly lessons of a term beside those of a province take a while, in which others want to be answered.
    let judge = move || {
        let warnings = judge(&book, &entries, &known, now);
        (entries, known, warnings)
    };
    let judged = tokio::task::spawn_blocking(judge).await;
    // A panic in there is one out here too.
    let judged = judged.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    let (entries, known, warnings) = judged;
    let warnings = warnings.map_err(NotEntered::Refused)?;
    let kept = store.keep_entries(&entries, now).await?;
    if let Some(at) = kept.iter().position(|kept| *kept == Kept::Conflict) {
        // Another process entered it in this moment.
        return Err(NotEntered::Conflict(entries[at].id.clone()));
    }
    if known.contains(&false) {
        service.something_came();
    }
    let entered = entries.into_iter().zip(kept).zip(warnings);
    Ok(entered.map(|((entry, kept), warnings)| Entered { id: entry.id, kept, warnings }).collect())
}

/// What no database takes as a text is no id either; it is refused when it is judged.
fn is_askable(id: &str) -> bool {
    !id.contains('\0')
}

/// The warnings of each, or all problems of all.
fn judge(
    book: &Arc<Book>,
    entries: &[Entry],
    known: &[bool],
    now: WallTime,
) -> Result<Vec<Vec<Notice>>, Vec<(usize, Notice)>> {
    let mut book = Arc::clone(book);
    let (mut warnings, mut problems) = (Vec::with_capacity(entries.len()), Vec::new());
    // What they were about, and the first of them.
    let mut refused: HashMap<Thing, usize> = HashMap::new();
    for (at, (entry, known)) in entries.iter().zip(known).enumerate() {
        if *known {
            warnings.push(Vec::new());
            continue;
        }
        if entry.at_us.0 > now.0.saturating_add(AHEAD_US) {
            problems.push((at, said_in_future()));
        }
        match check::check(&book, entry) {
            Ok(found) => {
                warnings.push(found);
                // The last one has nobody behind it that would be judged beside it.
                if at + 1 < entries.len() {
                    Arc::make_mut(&mut book).apply(entry);
                }
            }
            Err(Refused { problems: found }) => {
                problems.extend(found.into_iter().map(|problem| (at, as_it_follows(problem, &refused))));
                refused.entry(entry.says.thing()).or_insert(at);
            }
        }
    }
    // Causes first: they are not to be left out in favour of what follows from them.
    problems.sort_by_key(|(_, problem)| problem.code == NEEDS_REFUSED);
    problems.truncate(check::MAX_NOTICES);
    if problems.is_empty() { Ok(warnings) } else { Err(problems) }
}

/// A problem as it is; or, if it would not be there were an entry before it not refused, as what follows
/// from that.
fn as_it_follows(problem: Notice, refused: &HashMap<Thing, usize>) -> Notice {
    let lacks = problem.lacks.as_ref().and_then(|thing| Some((thing, refused.get(thing)?)));
    let Some((Thing { kind, key }, at)) = lacks else { return problem };
    Notice {
        code: NEEDS_REFUSED,
        message: format!("it needs the {kind} '{key}', and that entry is refused"),
        hint: format!("correct entries[{at}]; nothing need be changed here for it"),
        ..problem
    }
}

fn said_in_future() -> Notice {
    Notice {
        code: "said_in_future",
        field: "at_us".to_owned(),
        message: "it is said at a time that is still to come".to_owned(),
        hint: "set this machine's clock, and enter when it is said, in microseconds".to_owned(),
        lacks: None,
    }
}
