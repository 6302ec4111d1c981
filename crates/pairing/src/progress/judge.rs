//! One target against one school's numbers.

use crate::amounts::{Amounts, Cell, Spread};
use crate::count::{Count, Verdict, Why};
use crate::rules::{Measure, NoSubject, OneSubject, PerSubject, RuleSet, Settings, Target};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    pub verdict: Verdict,
    pub done: Count,
    pub short_by: Count,
    pub why: Why,
    /// For a target of each subject: what each has.
    pub subjects: Vec<(String, Count)>,
}

/// Which settings a target's result depends on.
pub(crate) fn settings_of(target: &Target) -> &'static [&'static str] {
    match (target.measure, target.year) {
        (Measure::EachSubject, _) => &["per_subject", "no_subject", "one_subject"],
        (_, Some(_)) => &["grand_total"],
        _ => &[],
    }
}

/// Judges a target, whoever owes it.
pub(crate) fn judge(rules: &RuleSet, settings: &Settings, target: &Target, amounts: &Amounts) -> Judged {
    match target.measure {
        Measure::Total => total(target, amounts),
        Measure::Subjects => subjects(rules, target, amounts),
        Measure::EachSubject => each_subject(rules, settings, target, amounts),
    }
}

/// Whether a cell is of a target's form.
pub(crate) fn within(target: &Target) -> impl Fn(&Cell) -> bool {
    let form = target.form;
    move |cell| form.is_none_or(|form| cell.form == form)
}

fn total(target: &Target, amounts: &Amounts) -> Judged {
    let done = amounts.total(within(target));
    let verdict = done.reaches(target.need);
    let why = why(verdict, amounts, target);
    Judged { verdict, done, short_by: done.short_of(target.need), why, subjects: Vec::new() }
}

fn subjects(rules: &RuleSet, target: &Target, amounts: &Amounts) -> Judged {
    let spread = spread(rules, target, amounts, target.need);
    let done = spread.reaching(|_| 1);
    let verdict = done.reaches(target.need);
    let why = why(verdict, amounts, target);
    Judged { verdict, done, short_by: done.short_of(target.need), why, subjects: named(&spread) }
}

fn each_subject(rules: &RuleSet, settings: &Settings, target: &Target, amounts: &Amounts) -> Judged {
    let spread = spread(rules, target, amounts, target.subjects);
    let enough = spread.reaching(|_| target.need);
    let opened = spread.reaching(|_| 1);
    let (verdict, short_by) = match settings.per_subject {
        PerSubject::RequiredNumber => {
            (enough.reaches(target.subjects), spread.short_number(target.need, target.subjects))
        }
        PerSubject::EveryOpened => (spread.every_opened(target.need), spread.short_every(target.need)),
    };
    let none = match settings.no_subject {
        NoSubject::Short => (Verdict::Short, Count::exactly(target.need.saturating_mul(target.subjects))),
        NoSubject::Met => (Verdict::Met, Count::default()),
    };
    let one = match (settings.one_subject, settings.per_subject) {
        (OneSubject::Judged, PerSubject::EveryOpened) => (verdict, short_by),
        (OneSubject::Judged, PerSubject::RequiredNumber) => {
            (spread.every_opened(target.need), spread.short_every(target.need))
        }
        (OneSubject::Short, _) => (Verdict::Short, spread.short_number(target.need, target.subjects)),
    };
    let cases = [
        (opened.at_least == 0, none),
        (opened.at_least <= 1 && opened.at_most >= 1, one),
        (opened.at_most >= 2, (verdict, short_by)),
    ];
    let (verdict, short_by) = in_any_case(cases.into_iter().filter(|(is, _)| *is).map(|(_, case)| case));
    let why = match (verdict, opened.at_most) {
        (Verdict::Short | Verdict::Met, 0) => Why::code("no_subject"),
        _ => why(verdict, amounts, target),
    };
    Judged { verdict, done: enough, short_by, why, subjects: named(&spread) }
}

/// What holds in all of some cases.
fn in_any_case(cases: impl Iterator<Item = (Verdict, Count)>) -> (Verdict, Count) {
    cases
        .reduce(|(a, m), (b, n)| {
            let verdict = if a == b { a } else { Verdict::Undecided };
            (verdict, Count::between(m.at_least.min(n.at_least), m.at_most.max(n.at_most)))
        })
        .unwrap_or((Verdict::Undecided, Count::default()))
}

/// What stands for a subject that nobody named.
const UNNAMED: char = '?';

/// Numbers by subject. Lessons whose subject nobody said may be of any, opened or not; so that
/// "two subjects" can be reached by them, as many unnamed subjects are there as matter.
fn spread(rules: &RuleSet, target: &Target, amounts: &Amounts, matter: u32) -> Spread<String> {
    let is_ours = within(target);
    let mut spread = Spread::new(amounts, |cell| if is_ours(cell) { cell.subject.clone() } else { None });
    let unsaid = amounts.cells.iter().filter(|(cell, _)| is_ours(cell) && cell.subject.is_none());
    let (done, open) = unsaid.fold((0, 0), |(done, open), (_, it)| (done + it.done, open + it.open));
    if done + open > 0 {
        let opened = spread.cells().count();
        let free = rules.subjects.len().saturating_sub(opened).max(1);
        for n in 0..(matter as usize).min(free).min((done + open) as usize) {
            spread.cell(format!("{UNNAMED}{n}"));
        }
        let all: Vec<String> = spread.cells().map(|(name, _)| name.clone()).collect();
        spread.supply(done, &all, false);
        spread.may_have(open);
    }
    spread
}

fn named(spread: &Spread<String>) -> Vec<(String, Count)> {
    let named = spread.cells().filter(|(name, _)| !name.starts_with(UNNAMED));
    named.map(|(name, count)| (name.clone(), count)).collect()
}

fn why(verdict: Verdict, amounts: &Amounts, target: &Target) -> Why {
    if verdict != Verdict::Undecided {
        return Why::code("counted");
    }
    let is_ours = within(target);
    let open = amounts.ahead(&is_ours).open;
    let shared: Vec<String> = (amounts.mixed.iter())
        .filter(|(number, over)| *number > 0 && over.iter().any(&is_ours))
        .map(|(number, over)| format!("{number} over {}", names(over)))
        .collect();
    let unsaid = amounts.cells.iter().any(|(cell, known)| {
        is_ours(cell) && cell.subject.is_none() && known.done > 0 && target.measure != Measure::Total
    });
    match (shared.is_empty(), unsaid, open) {
        (false, ..) => Why::with("split_unknown", shared.join("; ")),
        (_, true, _) => Why::code("subject_unsaid"),
        (_, _, open) => Why::with("open_lessons", open.to_string()),
    }
}

fn names(over: &[Cell]) -> String {
    let name = |cell: &Cell| match &cell.subject {
        Some(subject) => subject.clone(),
        None => form_name(cell.form),
    };
    over.iter().map(name).collect::<Vec<_>>().join("+")
}

/// A form as it stands in JSON.
pub(crate) fn form_name(form: crate::lesson::Form) -> String {
    serde_json::to_value(form).ok().and_then(|it| it.as_str().map(str::to_owned)).unwrap_or_default()
}
