//! By how much a school is behind.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tongke_pairing::count::{Count, Verdict, Why};
use tongke_pairing::id::SchoolId;
use tongke_pairing::lesson::Form;
use tongke_pairing::progress::{ChoiceProgress, SchoolProgress, TargetProgress};
use tongke_pairing::rules::{Measure, RuleSet};
use utoipa::ToSchema;

/// A school that has not met everything, or of which that cannot be said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Behind {
    /// Which.
    pub school: SchoolId,
    /// Its name.
    pub name: String,
    /// `short` or `undecided`.
    pub verdict: Verdict,
    /// Lessons that are missing. Of the targets of one form the one that is furthest away counts; forms
    /// are added up, or what all forms together lack, if that is more.
    pub missing: Count,
    /// What is not met.
    pub lags: Vec<Lag>,
}

/// A target that is not met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lag {
    /// Which; of a choice the one that is nearest, if any of them counts.
    pub target: String,
    /// The choice that it is one of.
    pub choice: Option<String>,
    /// In which form; none: all together.
    pub form: Option<Form>,
    /// In what it is counted.
    pub unit: String,
    /// How much is asked.
    pub need: u32,
    /// How much is done.
    pub done: Count,
    /// Still to come by the timetable.
    pub planned: u32,
    /// Undecided or disputed.
    pub open: u32,
    /// What is missing.
    pub short_by: Count,
    /// Weeks that are left.
    pub weeks_left: u32,
    /// What will be missing if the timetable is kept.
    pub forecast_short_by: Count,
    /// `short` or `undecided`.
    pub verdict: Verdict,
    /// Why.
    pub why: Why,
}

impl Behind {
    pub(super) fn of(school: &SchoolProgress, verdict: Verdict, rules: &RuleSet, name: String) -> Behind {
        let is_open = |verdict| matches!(verdict, Verdict::Short | Verdict::Undecided);
        let own = school.own_targets(rules).filter(|it| is_open(it.verdict)).map(Lag::of);
        let choices = school.choices.iter().filter(|it| is_open(it.verdict));
        let lags: Vec<Lag> = own.chain(choices.map(|it| Lag::of_choice(it, school))).collect();
        Behind { school: school.school.clone(), name, verdict, missing: missing(&lags, rules), lags }
    }
}

impl Lag {
    fn of(target: &TargetProgress) -> Lag {
        Lag {
            target: target.target.clone(),
            choice: None,
            form: target.form,
            unit: target.unit.clone(),
            need: target.need,
            done: target.done,
            planned: target.planned,
            open: target.open,
            short_by: certain(target.short_by, target.verdict),
            weeks_left: target.weeks_left,
            forecast_short_by: target.forecast.short_by,
            verdict: target.verdict,
            why: target.why.clone(),
        }
    }

    fn of_choice(choice: &ChoiceProgress, school: &SchoolProgress) -> Lag {
        let candidates = school.targets.iter().filter(|it| choice.any_of.contains(&it.target));
        let nearest = candidates.min_by_key(|it| (it.short_by.at_most, it.short_by.at_least));
        let mut lag = nearest.map_or_else(Lag::nothing, Lag::of);
        lag.choice = Some(choice.choice.clone());
        lag.short_by = certain(nearest.map(|it| it.short_by).unwrap_or_default(), choice.verdict);
        lag.verdict = choice.verdict;
        lag.why = choice.why.clone();
        lag
    }

    /// Of a choice that nothing can meet.
    fn nothing() -> Lag {
        Lag {
            target: String::new(),
            choice: None,
            form: None,
            unit: String::new(),
            need: 0,
            done: Count::default(),
            planned: 0,
            open: 0,
            short_by: Count::default(),
            weeks_left: 0,
            forecast_short_by: Count::default(),
            verdict: Verdict::Undecided,
            why: Why::code("empty_promise"),
        }
    }
}

/// What is undecided may be met: then nothing is missing.
fn certain(short_by: Count, verdict: Verdict) -> Count {
    match verdict {
        Verdict::Undecided => Count::between(0, short_by.at_most),
        _ => short_by,
    }
}

fn missing(lags: &[Lag], rules: &RuleSet) -> Count {
    let mut by_form: BTreeMap<Option<Form>, Count> = BTreeMap::new();
    for lag in lags {
        // Subjects are no lessons; who lacks one lacks lessons in it, too.
        let is_lessons = rules.target(&lag.target).is_some_and(|it| it.measure != Measure::Subjects);
        if is_lessons {
            let most = by_form.entry(lag.form).or_default();
            let at_least = most.at_least.max(lag.short_by.at_least);
            *most = Count::between(at_least, most.at_most.max(lag.short_by.at_most));
        }
    }
    let all = by_form.remove(&None).unwrap_or_default();
    let sum = by_form.into_values().fold(Count::default(), Count::plus);
    Count::between(sum.at_least.max(all.at_least), sum.at_most.max(all.at_most))
}
