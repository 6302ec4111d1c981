//! Items about what had to be there by a day.

use super::{Evidence, Loss, Outcome, Scorer, evidence_of};
use crate::count::{Verdict, Why};
use crate::entry::Value;
use crate::inputs::Index;
use crate::points::PointRange;
use crate::rules::Item;
use crate::school::School;
use jiff::civil::Date;

/// Whether something was there by a day: a figure that is the day, and figures that must be true.
pub(crate) fn ready(
    index: &Index<'_>,
    of: &str,
    (figure, flags): (&str, &[String]),
    by: Option<Date>,
    periods: &[&str],
) -> (Verdict, Why, Vec<Evidence>) {
    let mut evidence = Vec::new();
    let day = index.figure(of, figure, periods);
    evidence.extend(day.map(evidence_of));
    let day = match day.map(|it| it.value) {
        Some(Value::Day(day)) => Some(day),
        _ => None,
    };
    let is_over = by.is_some_and(|by| by < index.all.as_of);
    let mut verdict = match (day, by) {
        (Some(day), Some(by)) if by < day => (Verdict::Short, Why::with("late", day.to_string())),
        (Some(_), _) => (Verdict::Met, Why::code("in_time")),
        (None, _) if is_over => (Verdict::Undecided, Why::with("no_figure", figure)),
        (None, _) => (Verdict::Undecided, Why::with("not_due", figure)),
    };
    for name in flags {
        let flag = index.figure(of, name, periods);
        evidence.extend(flag.map(evidence_of));
        let this = match flag.map(|it| it.value) {
            Some(Value::Flag(true)) => continue,
            Some(Value::Flag(false)) => (Verdict::Short, Why::with("not_so", name)),
            _ => (Verdict::Undecided, Why::with("no_figure", name)),
        };
        if verdict.0 != Verdict::Short && (this.0 == Verdict::Short || verdict.0 == Verdict::Met) {
            verdict = this;
        }
    }
    (verdict.0, verdict.1, evidence)
}

impl Scorer<'_> {
    pub(super) fn schools_ready(&self, item: &Item, figure: &str, flags: &[String], by: Date) -> Outcome {
        let periods = self.periods();
        let periods = [periods[0].as_str(), periods[1].as_str()];
        let one = |school: &&School| -> Option<Loss> {
            let of = format!("school:{}", school.id);
            let (verdict, why, evidence) = ready(self.index, &of, (figure, flags), Some(by), &periods);
            let points = match verdict {
                Verdict::Met | Verdict::NotOwed => return None,
                Verdict::Short => PointRange::exactly(self.cost(item)),
                Verdict::Undecided => PointRange::up_to(self.cost(item)),
            };
            Some(self.by_school(item, school, points, why, evidence))
        };
        // A school that was paired after the day could not be late.
        let due = |school: &&&School| self.index.paired_since(&school.id) <= Some(by);
        Outcome::lost(self.schools.iter().filter(due).filter_map(one).collect())
    }
}
