//! What a school has done, by form and subject, including numbers whose parts are not known: "26 lessons
//! in 语文 and 数学", "18 trainings and other activities".

mod reported;
mod spread;

pub use reported::{FigureError, PREFIX, mixed_of};
pub(crate) use spread::Spread;

use crate::count::Count;
use crate::id::SchoolId;
use crate::lesson::Form;
use crate::tally::Tally;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What is counted by itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// In which form.
    pub form: Form,
    /// In which subject; none: the form has none, or it was not said.
    #[serde(default)]
    pub subject: Option<String>,
}

/// One number for several cells, whose parts are not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mixed {
    /// Whose.
    pub school: SchoolId,
    /// How many.
    pub number: u32,
    /// Over what; one cell: nothing is unknown.
    pub over: Vec<Cell>,
    /// What each cell has of it at least. A subject that is named was taught: 1 (a decision of this
    /// project).
    #[serde(default)]
    pub each_at_least: u32,
    /// Who said so, where.
    pub source: String,
}

/// What is known of one cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Credited.
    pub done: u32,
    /// Undecided or disputed: may yet count.
    pub open: u32,
    /// Still to come by the timetable.
    pub planned: u32,
}

/// One school's numbers of one period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Amounts {
    pub cells: BTreeMap<Cell, Known>,
    pub mixed: Vec<(u32, Vec<Cell>)>,
}

impl Amounts {
    /// Adds what was counted.
    pub fn add(&mut self, tally: &Tally) {
        let cell = Cell { form: tally.form, subject: tally.subject.clone() };
        let known = self.cells.entry(cell).or_default();
        known.done = known.done.saturating_add(tally.credited);
        known.open = known.open.saturating_add(tally.open);
        known.planned = known.planned.saturating_add(tally.planned);
    }

    /// Adds a number whose parts are not known.
    pub fn add_mixed(&mut self, mixed: &Mixed) {
        let mut rest = mixed.number;
        for cell in &mixed.over {
            let sure = mixed.each_at_least.min(rest);
            rest -= sure;
            self.cells.entry(cell.clone()).or_default().done += sure;
        }
        self.mixed.push((rest, mixed.over.clone()));
    }

    /// What they will be if everything takes place that the timetable has.
    pub fn at_end(&self) -> Amounts {
        let mut end = self.clone();
        for known in end.cells.values_mut() {
            known.done = known.done.saturating_add(known.planned);
            known.planned = 0;
        }
        end
    }

    /// Everything in these cells together.
    pub fn total(&self, within: impl Fn(&Cell) -> bool) -> Count {
        let mut total = Count::default();
        for (_, known) in self.cells.iter().filter(|(cell, _)| within(cell)) {
            total = total.plus(Count::between(known.done, known.done.saturating_add(known.open)));
        }
        for (number, over) in &self.mixed {
            let all = over.iter().all(&within);
            let some = over.iter().any(&within);
            total = total.plus(Count {
                at_least: if all { *number } else { 0 },
                at_most: if some { *number } else { 0 },
            });
        }
        total
    }

    /// Sums of planned and open ones in these cells.
    pub fn ahead(&self, within: impl Fn(&Cell) -> bool) -> Known {
        let mut sum = Known::default();
        for (_, known) in self.cells.iter().filter(|(cell, _)| within(cell)) {
            sum.planned = sum.planned.saturating_add(known.planned);
            sum.open = sum.open.saturating_add(known.open);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(form: Form, subject: &str) -> Cell {
        Cell { form, subject: (!subject.is_empty()).then(|| subject.to_owned()) }
    }

    fn mixed(number: u32, over: Vec<Cell>) -> Mixed {
        let each_at_least = u32::from(over.iter().all(|c| c.subject.is_some()));
        Mixed { school: "a".parse().unwrap(), number, over, each_at_least, source: "S003".into() }
    }

    #[test]
    fn a_mixed_number_counts_in_full_where_all_its_cells_are() {
        let mut amounts = Amounts::default();
        amounts.add_mixed(&mixed(26, vec![cell(Form::SyncClass, "语文"), cell(Form::SyncClass, "数学")]));
        let all = amounts.total(|cell| cell.form == Form::SyncClass);
        assert_eq!(all, Count::exactly(26));
        let chinese = amounts.total(|cell| cell.subject.as_deref() == Some("语文"));
        assert_eq!(chinese, Count::between(1, 25));
    }

    #[test]
    fn eighteen_over_three_forms_may_be_none_of_each() {
        let mut amounts = Amounts::default();
        let forms = [Form::TeacherStudy, Form::RemoteCourse, Form::MasterObservation];
        amounts.add_mixed(&mixed(18, forms.iter().map(|form| cell(*form, "")).collect()));
        assert_eq!(amounts.total(|cell| cell.form == Form::TeacherStudy), Count::between(0, 18));
        assert_eq!(amounts.total(|_| true), Count::exactly(18));
    }
}
