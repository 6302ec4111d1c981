//! What the registry answers to questions: overviews, progress, score sheets, duties, monthly reports,
//! reconciliation, and what it counts and decides by.
//!
//! The numbers come from the [store](crate::store), restricted to what a question is about; the rules are
//! `tongke-pairing`'s. Each number has its definition beside it, each answer says up to which fact and entry
//! it reaches, and which settings it depends on. A question that cannot be answered is [refused](Refusal)
//! with what could be asked instead.

mod duties;
mod figures;
mod judging;
mod known;
mod monthly;
mod overview;
mod places;
mod progress;
mod reconciliation;
mod refusal;
mod rules;
mod score;
#[cfg(test)]
mod tests;

pub use duties::Duties;
pub use figures::{FormNumbers, LessonStates, Numbers};
pub use judging::{SettingUsed, Span};
pub use monthly::MonthlyReport;
pub use overview::{Behind, Lag, Overview, SchoolsByVerdict, Targets};
pub use progress::{RegionProgress, SchoolAnswer, SchoolLine};
pub use reconciliation::{LedgerQuestion, Reconciliation};
pub use refusal::{AnswerError, Refusal, RefusalKind};
pub use rules::{PolicyList, RuleSetLine, RuleSetList, SettingLine};
pub use score::ScoreSheet;

use crate::store::{AsOf, Store};
use jiff::civil::Date;
use tongke_pairing::calendar::local;
use tongke_pairing::inputs::Basis;
use tongke_pairing::rules::RuleSet;
use tongke_protocol::WallTime;

/// Who answers: a store, the rule sets there are, and the moment of the question.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    store: &'a Store,
    rules: &'a [RuleSet],
    now: WallTime,
}

/// How something is to be judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// Over which time: a calendar year, `2019`, or a term's id. None: the one that runs.
    pub period: Option<String>,
    /// By which rule set, by name. None: the one that holds on the period's first day.
    pub rules: Option<String>,
    /// By whose numbers of lessons.
    pub basis: Basis,
    /// Settings that are to be others than the rule set's: name and value.
    pub settings: Vec<(String, String)>,
}

impl<'a> Answers<'a> {
    /// Answers from a store, by these rule sets, at a moment.
    pub fn new(store: &'a Store, rules: &'a [RuleSet], now: WallTime) -> Self {
        Answers { store, rules, now }
    }

    /// Until where counts reach now. Asked before anything is counted, it is what the counts reach at
    /// least.
    pub async fn status(&self) -> Result<AsOf, AnswerError> {
        Ok(self.store.as_of().await?)
    }

    fn today(&self) -> Date {
        local(self.now).date()
    }
}

/// Adds up and judges beside the threads that serve others: a province takes a while.
async fn work<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(what).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
