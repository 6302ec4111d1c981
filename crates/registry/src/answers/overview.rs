//! A county, a city or a province at a glance: who is paired, what took place, who is behind.

mod behind;

pub use behind::{Behind, Lag};

use super::figures::{FormNumbers, Numbers};
use super::judging::{Judging, SettingUsed, Span};
use super::known::{Known, Of, in_period};
use super::places;
use super::{AnswerError, Answers, Question, Refusal, work};
use crate::store::{AsOf, TallyFilter};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tongke_pairing::book::Book;
use tongke_pairing::count::{Verdict, Why};
use tongke_pairing::id::SchoolId;
use tongke_pairing::inputs::{Basis, Index, Region};
use tongke_pairing::monthly::ByScope;
use tongke_pairing::pair::{Pair, Scope};
use tongke_pairing::progress::{Progress, SchoolProgress};
use utoipa::ToSchema;

/// Most schools that are named as behind; of further ones it says how many.
const MOST_BEHIND: usize = 200;

/// A region at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Overview {
    /// Until where counts reach.
    pub as_of: AsOf,
    /// Which region.
    pub region: Region,
    /// Over which time.
    pub span: Span,
    /// Pairs with a school of the region that stand on a day of that time.
    pub pairs: u32,
    /// The same by how far apart their schools are; those further apart than a province are in none.
    pub pairs_by_scope: ByScope,
    /// Schools of the region that are in one of these pairs.
    pub schools: u32,
    /// Lessons of the region's schools, all forms together.
    pub numbers: Numbers,
    /// The same by form.
    pub forms: Vec<FormNumbers>,
    /// How far the schools are.
    pub targets: Option<Targets>,
    /// Why that is not said: `period_account`, `rules_none`.
    pub not_judged: Option<Why>,
}

/// How far the schools of a region are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// By which rule set, `name/version`.
    pub rules: String,
    /// By whose numbers of lessons.
    pub basis: Basis,
    /// Paired schools by whether they have met all that they owe.
    pub schools: SchoolsByVerdict,
    /// Who has not, or of whom it cannot be said; who certainly misses most comes first.
    pub behind: Vec<Behind>,
    /// How many more there are.
    pub behind_left_out: u32,
    /// Settings that this was judged with.
    pub settings: Vec<SettingUsed>,
}

/// Schools by whether they have met all that they owe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchoolsByVerdict {
    /// They have.
    pub met: u32,
    /// They have not, or not yet.
    pub short: u32,
    /// What is known does not say.
    pub undecided: u32,
    /// They owe nothing.
    pub not_owed: u32,
}

impl Answers<'_> {
    /// A region at a glance.
    pub async fn overview(&self, region: &str, question: &Question) -> Result<Overview, AnswerError> {
        let mut reading = self.store.reading().await?;
        let (as_of, book) = (reading.as_of(), reading.book());
        let place = places::region(&book, region, None)?;
        let span = self.span(&book, &place, question)?;
        let (pairs, pairs_by_scope, schools) = paired(&book, &place.region, &span);
        let filter = TallyFilter { region: Some(place.region.id.clone()), ..in_period(&span.period) };
        let (numbers, forms) = self.numbers(&mut reading, &filter).await?;
        let (targets, not_judged) = match self.judging(&book, &place, question) {
            Ok(judging) => {
                let known = self.known(&mut reading, Of::Region(&place), &judging, self.today()).await?;
                reading.end().await?;
                let region = place.region.clone();
                (Some(work(move || targets(&known, &judging, &region)).await), None)
            }
            Err(refusal) => (None, Some(not_judged(refusal, question)?)),
        };
        let region = place.region;
        Ok(Overview {
            as_of,
            region,
            span,
            pairs,
            pairs_by_scope,
            schools,
            numbers,
            forms,
            targets,
            not_judged,
        })
    }
}

/// Lessons can be counted over any time; only targets are for some. Who names a rule set wants to know
/// that it does not fit.
fn not_judged(refusal: Refusal, question: &Question) -> Result<Why, Refusal> {
    let about_time = matches!(refusal.code, "period_account" | "rules_none");
    if about_time && question.rules.is_none() {
        return Ok(Why::with(refusal.code, format!("{}; {}", refusal.message, refusal.hint)));
    }
    Err(refusal)
}

/// Pairs with a school of a region, by scope, and the region's schools in them.
fn paired(book: &Book, region: &Region, span: &Span) -> (u32, ByScope, u32) {
    let here = |id: &&SchoolId| book.school(id).is_some_and(|school| region.has(school));
    let stands = |pair: &&Pair| pair.since <= span.last && pair.until.is_none_or(|until| span.first <= until);
    let (mut pairs, mut by_scope, mut schools) = (0, ByScope::default(), BTreeSet::new());
    for pair in book.pairs().filter(stands) {
        let ours: Vec<&SchoolId> = pair.schools().filter(here).collect();
        if ours.is_empty() {
            continue;
        }
        schools.extend(ours);
        pairs += 1;
        match book.scope(pair) {
            Some(Scope::County) => by_scope.county += 1,
            Some(Scope::City) => by_scope.city += 1,
            Some(Scope::Province) => by_scope.province += 1,
            None => {}
        }
    }
    (pairs, by_scope, schools.len() as u32)
}

fn targets(known: &Known, judging: &Judging, region: &Region) -> Targets {
    let index = Index::new(known.inputs());
    let progress = Progress::new(&index, &judging.rules, &judging.settings, judging.span.period.clone());
    let paired = known.paired(region, judging.days());
    let all: Vec<SchoolProgress> = paired.iter().map(|school| progress.of(school)).collect();
    let mut schools = SchoolsByVerdict::default();
    let mut late: Vec<Behind> = Vec::new();
    for school in &all {
        let verdict = school.verdict(&judging.rules);
        match verdict {
            Verdict::Met => schools.met += 1,
            Verdict::NotOwed => schools.not_owed += 1,
            Verdict::Short => schools.short += 1,
            Verdict::Undecided => schools.undecided += 1,
        }
        if matches!(verdict, Verdict::Short | Verdict::Undecided) {
            late.push(Behind::of(school, verdict, &judging.rules, known.name(&school.school)));
        }
    }
    late.sort_by(|one, other| {
        let rank = |it: &Behind| (it.missing.at_least, it.missing.at_most);
        rank(other).cmp(&rank(one)).then_with(|| one.school.cmp(&other.school))
    });
    let left_out = late.len().saturating_sub(MOST_BEHIND);
    late.truncate(MOST_BEHIND);
    Targets {
        rules: judging.rules.label(),
        basis: judging.basis,
        schools,
        behind: late,
        behind_left_out: left_out as u32,
        settings: judging.used(progress.settings_used(&paired)),
    }
}
