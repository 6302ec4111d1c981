//! What is told of a school.

use crate::count::{Count, Verdict, Why};
use crate::id::SchoolId;
use crate::inputs::Basis;
use crate::lesson::Form;
use crate::period::Period;
use crate::rules::{Applied, RuleSet};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far a school is in a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchoolProgress {
    /// Which school.
    pub school: SchoolId,
    /// Which period.
    pub period: Period,
    /// By which rule set, `name/version`.
    pub rules: String,
    /// By whose numbers.
    pub basis: Basis,
    /// As of which day.
    #[schema(value_type = String, format = Date)]
    pub as_of: Date,
    /// Its targets.
    pub targets: Vec<TargetProgress>,
    /// Targets of which one suffices.
    pub choices: Vec<ChoiceProgress>,
}

impl SchoolProgress {
    /// Targets that are to be met by themselves. Those of a choice, chosen or not, are judged by it alone.
    pub fn own_targets<'a>(&'a self, rules: &'a RuleSet) -> impl Iterator<Item = &'a TargetProgress> {
        let of_choice = |target: &String| rules.choices.iter().any(|choice| choice.any_of.contains(target));
        self.targets.iter().filter(move |it| !of_choice(&it.target))
    }

    /// Whether everything is met that it owes.
    pub fn verdict(&self, rules: &RuleSet) -> Verdict {
        let own = self.own_targets(rules).map(|it| it.verdict);
        own.chain(self.choices.iter().map(|it| it.verdict)).fold(Verdict::NotOwed, Verdict::and)
    }
}

/// How far a school is with one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetProgress {
    /// Which target.
    pub target: String,
    /// In which form; none: all together.
    pub form: Option<Form>,
    /// In what it is counted.
    pub unit: String,
    /// How much is asked.
    pub need: u32,
    /// The period it is counted over.
    pub counted_over: Period,
    /// How much is done: subjects for [`Measure::Subjects`](crate::rules::Measure), subjects with enough for
    /// [`Measure::EachSubject`](crate::rules::Measure).
    pub done: Count,
    /// Lessons still to come by the timetable.
    pub planned: u32,
    /// Lessons that are undecided or disputed.
    pub open: u32,
    /// What is missing.
    pub short_by: Count,
    /// Whether it is met.
    pub verdict: Verdict,
    /// Why.
    pub why: Why,
    /// Weeks with school that are left of the period, this one included.
    pub weeks_left: u32,
    /// What will be.
    pub forecast: Forecast,
    /// By subject, if it is about subjects.
    pub subjects: Vec<SubjectProgress>,
    /// Settings that it depends on.
    pub settings: Vec<Applied>,
    /// Where the target is written down.
    pub source: String,
}

/// What will be at the end of the period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// If everything that the timetable has takes place.
    pub done: Count,
    /// Whether the target is met then.
    pub verdict: Verdict,
    /// What is missing then: so many lessons are not in the timetable.
    pub short_by: Count,
    /// If it goes on as fast as so far: a number of lessons. None: nothing to go by, or subjects are counted.
    pub at_this_pace: Option<f64>,
    /// Lessons a week that are needed from now on. None: no week is left, or nothing is missing.
    pub needed_per_week: Option<f64>,
}

/// How far a school is in one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectProgress {
    /// Which.
    pub subject: String,
    /// How many.
    pub done: Count,
    /// Still to come by the timetable.
    pub planned: u32,
    /// Undecided or disputed.
    pub open: u32,
    /// What is missing to what each subject needs.
    pub short_by: Count,
    /// Whether it has enough.
    pub verdict: Verdict,
}

/// How far a school is with a choice of targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoiceProgress {
    /// Which.
    pub choice: String,
    /// Whether one of them is met.
    pub verdict: Verdict,
    /// Why.
    pub why: Why,
    /// Forms that were promised; none: not known.
    pub promised: Option<Vec<Form>>,
    /// The targets of which one suffices, by these settings.
    pub any_of: Vec<String>,
    /// Settings that it depends on.
    pub settings: Vec<Applied>,
    /// Where it is written down.
    pub source: String,
}
