//! Whether what people enter can be meant. What cannot be is refused, all of its problems at once, each
//! with a stable code and what to do; what is only strange is kept, with warnings. Nothing is changed on
//! the way: `=1+1`, `<b>` and `'; DROP TABLE` are names like any other, and whoever shows them escapes them.

mod at_once;
mod lessons;
mod others;
mod pairs;
mod schools;
mod sessions;
mod slots;
mod terms;
#[cfg(test)]
mod tests;
mod withdrawn;
mod words;

use crate::book::Book;
use crate::entry::{Entry, Says, Thing};
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// Most notices of either kind in an answer; further ones are left out.
pub const MAX_NOTICES: usize = 50;

/// Something that is wrong with an entry, or strange about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Notice {
    /// Stable, for pages that have their own words: `term_ends_before_it_begins`.
    pub code: &'static str,
    /// Which field of what the entry says.
    pub field: String,
    /// What is wrong, in English.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// What it is about, if that is not there: whoever judges entries together knows whether one of them would
    /// have said it.
    #[serde(skip)]
    #[schema(ignore)]
    pub lacks: Option<Thing>,
}

/// An entry cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refused {
    /// Why; at least one.
    pub problems: Vec<Notice>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", problem.field, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

/// Judges an entry by itself and beside what the book has. Gives the warnings of one that can be kept.
pub fn check(book: &Book, entry: &Entry) -> Result<Vec<Notice>, Refused> {
    let mut found = Findings::default();
    words::entry(entry, &mut found);
    match &entry.says {
        Says::School(it) => schools::school(book, entry, it, &mut found),
        Says::Pair(it) => pairs::pair(book, entry, it, &mut found),
        Says::Agreement(it) => pairs::agreement(book, it, &mut found),
        Says::Commitment(it) => pairs::commitment(book, it, &mut found),
        Says::Term(it) => terms::term(book, entry, it, &mut found),
        Says::Bells(it) => terms::bells(book, it, &mut found),
        Says::Slot(it) => slots::slot(book, it, &mut found),
        Says::Session(it) => sessions::session(book, entry, it, &mut found),
        Says::Withdrawn(it) => withdrawn::withdrawn(book, entry, it, &mut found),
        Says::HeadCount(it) => others::head_count(book, it, &mut found),
        Says::Dispute(it) => others::dispute(book, it, &mut found),
        Says::Ruling(it) => others::ruling(book, entry, it, &mut found),
        Says::Reported(it) => others::reported(book, it, &mut found),
        Says::LedgerRow(it) => others::ledger_row(it, &mut found),
        Says::Settlement(it) => others::settlement(it, &mut found),
    }
    later_ones(book, entry, &mut found);
    found.result()
}

/// Something later is known already: the entry is kept and changes nothing.
fn later_ones(book: &Book, entry: &Entry, found: &mut Findings) {
    if book.entry_of(&entry.says.thing()).is_some_and(|known| known > entry.rank()) {
        let hint = "if it should stand all the same, enter it again with a later time";
        found.warning("something_later_stands", "at_us", "a later entry about the same thing is known", hint);
    }
}

/// What was found so far.
#[derive(Debug, Default)]
struct Findings {
    problems: Vec<Notice>,
    warnings: Vec<Notice>,
}

impl Findings {
    fn problem(&mut self, code: &'static str, field: impl Into<String>, what: impl Into<String>, hint: &str) {
        self.problems.push(notice(code, field, what, hint));
    }

    /// A problem that there would not be, were this thing there.
    fn lacks(
        &mut self,
        thing: Thing,
        code: &'static str,
        field: impl Into<String>,
        what: impl Into<String>,
        hint: &str,
    ) {
        self.problems.push(Notice { lacks: Some(thing), ..notice(code, field, what, hint) });
    }

    fn warning(&mut self, code: &'static str, field: impl Into<String>, what: impl Into<String>, hint: &str) {
        self.warnings.push(notice(code, field, what, hint));
    }

    /// Whether there is no sense in looking further.
    fn is_bad(&self) -> bool {
        !self.problems.is_empty()
    }

    fn result(mut self) -> Result<Vec<Notice>, Refused> {
        if self.problems.is_empty() {
            self.warnings.truncate(MAX_NOTICES);
            return Ok(self.warnings);
        }
        self.problems.truncate(MAX_NOTICES);
        Err(Refused { problems: self.problems })
    }
}

fn notice(code: &'static str, field: impl Into<String>, what: impl Into<String>, hint: &str) -> Notice {
    Notice { code, field: field.into(), message: what.into(), hint: hint.to_owned(), lacks: None }
}
