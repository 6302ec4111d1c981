//! Numbers of lessons that somebody reports, read from their figure's name.
//!
//! `count:sync_class/语文+sync_class/数学` of `pair:p9` with the value 26 says: 26 lessons in these two
//! subjects, how many in each is not said. `count:teacher_study+remote_course+master_observation` with 18
//! says: 18 activities of these three forms together.

use super::{Cell, Mixed};
use crate::entry::{Reported, Value};
use crate::id::{PairId, SchoolId};
use crate::lesson::Form;
use crate::pair::Pair;

/// How the names of such figures begin.
pub const PREFIX: &str = "count:";

/// Greatest number that is read: far more than a province has, and far from where sums overflow.
const MOST: f64 = 1e6;
/// Cells that one number may be over.
const MOST_CELLS: usize = 10;

/// Why a reported number of lessons cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FigureError {
    /// The name of a form is unknown.
    #[error("'{0}' is no form; write sync_class, teacher_study, remote_course or master_observation")]
    Form(String),
    /// Nothing, or too much, after the prefix.
    #[error(
        "a number is over 1 to {MOST_CELLS} forms or subjects, written count:FORM or count:FORM/SUBJECT+…"
    )]
    Cells,
    /// The same form and subject twice.
    #[error("'{0}' stands there twice; write it once")]
    Twice(String),
    /// No whole number, or below the number of subjects named.
    #[error("the value must be a whole number up to {MOST}, at least the number of subjects that are named")]
    Number,
    /// It is of something that has no lessons, or that is not known.
    #[error("'{0}' is no school or pair that is known; write school:ID or pair:ID")]
    Of(String),
}

/// What a reported figure says of each school's lessons; none: it is another sort of figure.
///
/// A pair's number counts for each of its schools.
///
/// # Errors
/// If its name begins as such a figure's and cannot be read.
pub fn mixed_of(it: &Reported, pairs: &[Pair]) -> Result<Option<Vec<Mixed>>, FigureError> {
    let Some(cells) = it.what.strip_prefix(PREFIX) else { return Ok(None) };
    let over = cells.split('+').map(cell).collect::<Result<Vec<Cell>, _>>()?;
    if over.is_empty() || over.len() > MOST_CELLS {
        return Err(FigureError::Cells);
    }
    if let Some((_, twice)) = over.iter().enumerate().find(|(i, cell)| over[..*i].contains(cell)) {
        return Err(FigureError::Twice(format!("{twice:?}")));
    }
    let each_at_least = u32::from(over.iter().all(|cell| cell.subject.is_some()));
    let number = whole(it.value).filter(|n| *n as usize >= over.len() * each_at_least as usize);
    let number = number.ok_or(FigureError::Number)?;
    let schools = schools(&it.of, pairs)?;
    let of = |school| Mixed { school, number, over: over.clone(), each_at_least, source: it.source.clone() };
    Ok(Some(schools.into_iter().map(of).collect()))
}

fn cell(text: &str) -> Result<Cell, FigureError> {
    let (form, subject) = match text.split_once('/') {
        Some((form, subject)) => (form, Some(subject.trim().to_owned())),
        None => (text, None),
    };
    if subject.as_deref().is_some_and(str::is_empty) {
        return Err(FigureError::Cells);
    }
    let form = form.trim();
    let read: Result<Form, _> = serde_json::from_value(form.into());
    Ok(Cell { form: read.map_err(|_| FigureError::Form(form.to_owned()))?, subject })
}

fn whole(value: Value) -> Option<u32> {
    match value {
        Value::Number(n) if n.fract() == 0.0 && (0.0..=MOST).contains(&n) => Some(n as u32),
        _ => None,
    }
}

fn schools(of: &str, pairs: &[Pair]) -> Result<Vec<SchoolId>, FigureError> {
    let unknown = || FigureError::Of(of.to_owned());
    match of.split_once(':') {
        Some(("school", id)) => Ok(vec![id.parse().map_err(|_| unknown())?]),
        Some(("pair", id)) => {
            let id: PairId = id.parse().map_err(|_| unknown())?;
            let pair = pairs.iter().find(|pair| pair.id == id).ok_or_else(unknown)?;
            Ok(pair.schools().cloned().collect())
        }
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(of: &str, what: &str, value: f64) -> Reported {
        Reported {
            of: of.into(),
            what: what.into(),
            period: "2019".into(),
            value: Value::Number(value),
            source: "S003:17".into(),
        }
    }

    #[test]
    fn a_pairs_number_counts_for_both_its_schools() {
        let pair: Pair = serde_json::from_str(
            r#"{"id": "p9", "supporting": "maple", "receiving": ["pool"], "since": "2019-03-01"}"#,
        )
        .unwrap();
        let it = figure("pair:p9", "count:sync_class/语文+sync_class/数学", 26.0);
        let mixed = mixed_of(&it, &[pair]).unwrap().unwrap();
        let schools: Vec<&str> = mixed.iter().map(|it| it.school.as_str()).collect();
        assert_eq!(schools, ["maple", "pool"]);
        assert_eq!((mixed[0].number, mixed[0].each_at_least, mixed[0].over.len()), (26, 1, 2));
    }

    #[test]
    fn what_cannot_be_read_is_said_and_other_figures_are_left_alone() {
        assert_eq!(mixed_of(&figure("school:a", "equipment_ready", 1.0), &[]), Ok(None));
        let table = [
            ("school:a", "count:dance", 1.0, FigureError::Form("dance".into())),
            ("school:a", "count:sync_class/", 1.0, FigureError::Cells),
            ("school:a", "count:sync_class/语文+sync_class/数学", 1.0, FigureError::Number),
            ("school:a", "count:teacher_study", 1.5, FigureError::Number),
            ("region:y", "count:teacher_study", 1.0, FigureError::Of("region:y".into())),
            ("pair:p1", "count:teacher_study", 1.0, FigureError::Of("pair:p1".into())),
        ];
        for (of, what, value, error) in table {
            assert_eq!(mixed_of(&figure(of, what, value), &[]), Err(error), "{of} {what}");
        }
    }
}
