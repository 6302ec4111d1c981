//! Taking back what never was.

use super::others::reason;
use super::{Findings, words};
use crate::book::Book;
use crate::entry::{Entry, Thing};

/// Kinds that are no part of the book: whether they are there its keeper knows.
const OTHERS: [&str; 5] = ["head_count", "dispute", "reported", "ledger_row", "settlement"];

pub(super) fn withdrawn(book: &Book, entry: &Entry, thing: &Thing, found: &mut Findings) {
    reason(entry, found);
    words::name("key", &thing.key, found);
    if OTHERS.contains(&thing.kind.as_str()) {
        return;
    }
    if book.entry_of(thing).is_none() {
        let what = format!("there is no {} '{}'", thing.kind, thing.key);
        found.lacks(thing.clone(), "unknown_thing", "key", what, "look at the kind and the key");
    } else if !book.stands(thing) {
        let what = "it was withdrawn already";
        found.warning("withdrawn_already", "key", what, "nothing is left to do");
    } else if let Some(user) = user(book, thing) {
        let what = format!("{user} needs it");
        let hint = "withdraw that first; what came to an end is not withdrawn but gets its last day";
        found.problem("still_needed", "key", what, hint);
    }
}

/// Something that would hang in the air.
fn user(book: &Book, thing: &Thing) -> Option<String> {
    let key = thing.key.as_str();
    let mut sessions = book.sessions();
    match thing.kind.as_str() {
        "school" => {
            let pair = book.pairs().find(|pair| pair.schools().any(|school| school.as_str() == key));
            let in_it = |it: &str| it == key;
            let mut session = || {
                sessions.find(|it| {
                    in_it(it.supporting.as_str()) || it.receiving.iter().any(|it| in_it(it.as_str()))
                })
            };
            pair.map(|pair| format!("pair {}", pair.id))
                .or_else(|| session().map(|it| format!("session {}", it.id)))
        }
        "pair" => {
            let slot =
                book.slots().find(|slot| slot.pair.as_str() == key).map(|it| format!("slot {}", it.id));
            let agreement = || book.agreements().find(|it| it.pair.as_str() == key);
            let mut session =
                || sessions.find(|it| it.pair.as_ref().is_some_and(|pair| pair.as_str() == key));
            slot.or_else(|| agreement().map(|it| format!("agreement {}", it.id)))
                .or_else(|| session().map(|it| format!("session {}", it.id)))
        }
        "term" => book.slots().find(|slot| slot.term.as_str() == key).map(|it| format!("slot {}", it.id)),
        "slot" => {
            let session = sessions.find(|it| it.slot.as_ref().is_some_and(|slot| slot.as_str() == key));
            session.map(|it| format!("session {}", it.id))
        }
        _ => None,
    }
}
