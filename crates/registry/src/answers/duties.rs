//! What else is due in a region: days, shares, numbers of events.

use super::judging::{SettingUsed, Span};
use super::known::Of;
use super::places;
use super::{AnswerError, Answers, Question, work};
use crate::store::AsOf;
use serde::{Deserialize, Serialize};
use tongke_pairing::count::Verdict;
use tongke_pairing::duties::{DutyResult, duties};
use tongke_pairing::inputs::{Index, Region};
use utoipa::ToSchema;

/// Most duties in an answer; those that are short and over come first, of further ones it says how many.
const MOST: usize = 5_000;

/// What is due in a region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Duties {
    /// Until where counts reach.
    pub as_of: AsOf,
    /// Which region.
    pub region: Region,
    /// Over which time.
    pub span: Span,
    /// By which rule set, `name/version`.
    pub rules: String,
    /// Each duty of each school, pair and the region itself: what is missing and late first.
    pub duties: Vec<DutyResult>,
    /// How many more there are.
    pub left_out: u32,
    /// Settings that this was judged with.
    pub settings: Vec<SettingUsed>,
}

impl Answers<'_> {
    /// What is due in a region, as far as it has begun.
    pub async fn duties(&self, region: &str, question: &Question) -> Result<Duties, AnswerError> {
        let mut reading = self.store.reading().await?;
        let (as_of, book) = (reading.as_of(), reading.book());
        let place = places::region(&book, region, None)?;
        let judging = self.judging(&book, &place, question)?;
        let known = self.known(&mut reading, Of::Region(&place), &judging, self.today()).await?;
        reading.end().await?;
        let region = place.region;
        Ok(work(move || {
            let index = Index::new(known.inputs());
            let period = &judging.span.period;
            let mut all = duties(&index, &judging.rules, &judging.settings, &region, period);
            all.sort_by_key(|it| (it.verdict != Verdict::Short, !it.is_over));
            let left_out = all.len().saturating_sub(MOST) as u32;
            all.truncate(MOST);
            let by = judging.rules.duties.iter().filter_map(|duty| duty.only_if.as_ref());
            let settings = judging.used(by.map(|(name, _)| name.as_str()));
            let (rules, span) = (judging.rules.label(), judging.span);
            Duties { as_of, region, span, rules, duties: all, left_out, settings }
        })
        .await)
    }
}
