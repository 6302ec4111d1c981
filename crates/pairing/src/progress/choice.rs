//! "Any one of these": whether it is met, and by which.

use super::judge::{Judged, judge};
use super::owed::{Chosen, chosen};
use crate::amounts::{Amounts, Spread};
use crate::count::{Count, Verdict, Why};
use crate::id::SchoolId;
use crate::inputs::Index;
use crate::lesson::Form;
use crate::period::Period;
use crate::rules::{Choice, EmptyPromise, MasterObservation, OtherForms, RuleSet, Settings, Target};

/// Settings that the result of a choice depends on.
pub(crate) const SETTINGS: &[&str] = &["other_forms", "empty_promise", "master_observation"];

/// What came of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChoiceJudged<'a> {
    pub verdict: Verdict,
    pub why: Why,
    /// The targets that may meet it.
    pub candidates: Vec<(&'a Target, Judged)>,
    pub chosen: Chosen,
}

/// Judges a choice for a school. `region` is what its region has in each form together.
pub(crate) fn judge_choice<'a>(
    index: &Index<'_>,
    rules: &'a RuleSet,
    settings: &Settings,
    choice: &Choice,
    (school, period, amounts): (&SchoolId, &Period, &Amounts),
    region: &dyn Fn(Form) -> Count,
) -> ChoiceJudged<'a> {
    let all: Vec<&Target> = choice.any_of.iter().filter_map(|id| rules.target(id)).collect();
    let chosen = chosen(index, rules.chosen_by, school, period);
    let promised = |target: &&&Target| target.form.and_then(|form| chosen.has(form)) == Some(true);
    let (targets, fixed) = match (settings.other_forms, &chosen) {
        (OtherForms::AllThree, _) => (all, None),
        (OtherForms::Promised, Chosen::Unknown(_)) => (all, None),
        (OtherForms::Promised, Chosen::Forms(_)) => match all.iter().filter(promised).copied().collect() {
            none if Vec::<&Target>::is_empty(&none) => empty(settings, all),
            some => (some, None),
        },
    };
    let of_region = |target: &Target| {
        let regional = settings.master_observation == MasterObservation::Regional;
        (regional && target.form == Some(Form::MasterObservation)).then(|| region(Form::MasterObservation))
    };
    let judged = |target: &Target| match of_region(target) {
        Some(done) => regional(target, done),
        None => judge(rules, settings, target, amounts),
    };
    let candidates: Vec<(&Target, Judged)> = targets.iter().map(|it| (*it, judged(it))).collect();
    let unknown = settings.other_forms == OtherForms::Promised && matches!(chosen, Chosen::Unknown(_));
    let (verdict, why) = match fixed {
        Some(fixed) => (fixed, Why::code("empty_promise")),
        None if unknown => whichever(&candidates, &chosen),
        None => any(&candidates, amounts, &|target| of_region(target).is_some()),
    };
    ChoiceJudged { verdict, why, candidates, chosen }
}

fn empty<'a>(settings: &Settings, all: Vec<&'a Target>) -> (Vec<&'a Target>, Option<Verdict>) {
    match settings.empty_promise {
        EmptyPromise::AllThree => (all, None),
        EmptyPromise::NotOwed => (all, Some(Verdict::NotOwed)),
        EmptyPromise::Short => (all, Some(Verdict::Short)),
        EmptyPromise::Undecided => (all, Some(Verdict::Undecided)),
    }
}

fn regional(target: &Target, done: Count) -> Judged {
    let verdict = done.reaches(target.need);
    let why = Why::code("regional_total");
    Judged { verdict, done, short_by: done.short_of(target.need), why, subjects: Vec::new() }
}

/// It is not known which were promised: only what would be the same for each of them is certain.
fn whichever(candidates: &[(&Target, Judged)], chosen: &Chosen) -> (Verdict, Why) {
    let all = |verdict| !candidates.is_empty() && candidates.iter().all(|(_, it)| it.verdict == verdict);
    let code = if let Chosen::Unknown(code) = chosen { code } else { "counted" };
    match () {
        () if all(Verdict::Met) => (Verdict::Met, Why::code("counted")),
        () if all(Verdict::Short) => (Verdict::Short, Why::code("counted")),
        () => (Verdict::Undecided, Why::code(code)),
    }
}

fn any(
    candidates: &[(&Target, Judged)],
    amounts: &Amounts,
    is_regional: &dyn Fn(&Target) -> bool,
) -> (Verdict, Why) {
    let own = |form: Form| candidates.iter().find(|(it, _)| it.form == Some(form) && !is_regional(it));
    let spread = Spread::new(amounts, |cell| own(cell.form).map(|_| cell.form));
    // A form that the school must have and has nothing of needs no cell: it does not reach anything.
    let met = spread.reaching(|form| own(*form).map_or(u32::MAX, |(target, _)| target.need));
    let elsewhere =
        |verdict| candidates.iter().any(|(it, judged)| is_regional(it) && judged.verdict == verdict);
    let certain = met.at_least > 0 || elsewhere(Verdict::Met);
    let possible = met.at_most > 0 || elsewhere(Verdict::Undecided);
    let verdict = Verdict::of(certain, certain || possible);
    let undecided = candidates.iter().find(|(_, judged)| judged.verdict == Verdict::Undecided);
    let why = match (verdict, undecided) {
        (Verdict::Undecided, Some((_, judged))) => judged.why.clone(),
        _ => Why::code("counted"),
    };
    (verdict, why)
}
