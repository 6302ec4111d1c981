//! Whether a school owes a target, and for which time it is counted.

use crate::agreement::Agreement;
use crate::count::{Verdict, Why};
use crate::id::SchoolId;
use crate::inputs::Index;
use crate::lesson::Form;
use crate::period::{Period, autumn_term};
use crate::rules::{ChosenBy, GrandTotal, MergedSchools, Owed, RuleSet, Settings, Target};
use crate::school::School;

/// What a school owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owing {
    /// It does, counted over this period.
    Yes(Period),
    /// It does not.
    No(Why),
    /// It is not known whether; counted over this period.
    Unknown(Period, Why),
}

/// Optional forms that a school has taken on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// These.
    Forms(Vec<Form>),
    /// Nothing says so; why.
    Unknown(&'static str),
}

impl Chosen {
    /// Whether this form is among them.
    pub fn has(&self, form: Form) -> Option<bool> {
        match self {
            Chosen::Forms(forms) => Some(forms.contains(&form)),
            Chosen::Unknown(_) => None,
        }
    }
}

/// The year in which a period begins.
pub(crate) fn year_of(index: &Index<'_>, period: &Period) -> i16 {
    match period {
        Period::Year(year) => *year,
        Period::Term(_) => period.days(index.all.terms).map_or(0, |(first, _)| first.year()),
    }
}

/// Which optional forms a school has taken on for a period.
pub(crate) fn chosen(index: &Index<'_>, by: ChosenBy, school: &SchoolId, period: &Period) -> Chosen {
    match by {
        ChosenBy::Commitment => match index.commitment(school, year_of(index, period)) {
            Some(commitment) => Chosen::Forms(commitment.forms.clone()),
            None => Chosen::Unknown("no_promise_list"),
        },
        ChosenBy::Agreement => {
            let Some(days) = period.days(index.all.terms) else { return Chosen::Unknown("no_agreement") };
            let holds = |it: &&&Agreement| it.first <= days.1 && days.0 <= it.last;
            let all = index.pairs_of(school, days).flat_map(|pair| index.agreements(&pair.id));
            let mut ours = all.filter(holds).peekable();
            match ours.peek() {
                None => Chosen::Unknown("no_agreement"),
                Some(_) => Chosen::Forms(ours.flat_map(|it| it.forms.clone()).collect()),
            }
        }
    }
}

/// Whether a school is 撤并 in that year: closed, merged, or planned to be.
pub(crate) fn is_merged(index: &Index<'_>, school: &School, year: i16) -> bool {
    let closed = school.closed.as_ref().is_some_and(|it| it.last_day.year() <= year);
    let of = format!("school:{}", school.id);
    closed || index.flag(&of, "merger_planned", &[&year.to_string(), ""]) == Some(true)
}

/// Whether a school owes a target in a period.
pub(crate) fn owing(
    index: &Index<'_>,
    rules: &RuleSet,
    settings: &Settings,
    target: &Target,
    school: &SchoolId,
    period: &Period,
) -> Owing {
    let no = |code: &str| Owing::No(Why::code(code));
    let Some(days) = period.days(index.all.terms) else { return no("no_such_period") };
    if days.0 < rules.begins(settings) || rules.last.is_some_and(|last| last < days.0) {
        return no("other_rules");
    }
    if index.pairs_of(school, days).next().is_none() {
        return no("not_paired");
    }
    let year = days.0.year();
    let merged = || index.school(school).is_some_and(|school| is_merged(index, school, year));
    if settings.merged_schools == MergedSchools::Exempt && merged() {
        return no("merged");
    }
    if target.paired_since.is_some_and(|since| index.paired_since(school) < Some(since)) {
        return no("paired_before");
    }
    let counted = match target.year {
        None => period.clone(),
        Some(asked) if asked != year => return no("other_year"),
        Some(asked) => match total_period(index, settings, asked) {
            Some(counted) => counted,
            None => return Owing::Unknown(Period::Year(asked), Why::code("no_autumn_term")),
        },
    };
    match (target.owed, target.form) {
        (Owed::IfChosen, Some(form)) => match chosen(index, rules.chosen_by, school, period) {
            Chosen::Unknown(why) => Owing::Unknown(counted, Why::code(why)),
            Chosen::Forms(forms) if forms.contains(&form) => Owing::Yes(counted),
            Chosen::Forms(_) => no("not_chosen"),
        },
        _ => Owing::Yes(counted),
    }
}

/// What the grand total of a year is counted over.
fn total_period(index: &Index<'_>, settings: &Settings, year: i16) -> Option<Period> {
    match settings.grand_total {
        GrandTotal::CalendarYear => Some(Period::Year(year)),
        GrandTotal::AutumnTerm => {
            autumn_term(year, index.all.terms).map(|term| Period::Term(term.id.clone()))
        }
    }
}

/// A verdict by what is owed: what is not known to be owed is met at best.
pub(crate) fn as_owed(owing: &Owing, verdict: Verdict, why: Why) -> (Verdict, Why) {
    match owing {
        Owing::Yes(_) => (verdict, why),
        Owing::No(why) => (Verdict::NotOwed, why.clone()),
        Owing::Unknown(..) if verdict == Verdict::Met => (verdict, why),
        Owing::Unknown(_, unknown) => (Verdict::Undecided, unknown.clone()),
    }
}
