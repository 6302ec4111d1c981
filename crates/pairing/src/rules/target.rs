//! What each school is to reach in a period.

use crate::lesson::Form;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A number that a school is to reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its name: `sync.subjects`.
    pub id: String,
    /// In which form; none: all forms together.
    #[serde(default)]
    pub form: Option<Form>,
    /// What is counted.
    pub measure: Measure,
    /// How much of it.
    pub need: u32,
    /// For [`Measure::EachSubject`]: in how many subjects, if not in every one opened.
    #[serde(default)]
    pub subjects: u32,
    /// In what it is counted: 门, 节, 次, 节次.
    pub unit: String,
    /// Who owes it.
    pub owed: Owed,
    /// Only schools whose first pair stands since that day or later.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub paired_since: Option<Date>,
    /// Counted over this calendar year (as [`GrandTotal`](super::GrandTotal) reads it), and owed only then.
    #[serde(default)]
    pub year: Option<i16>,
    /// Where it is written down.
    pub source: String,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Subjects with a lesson or more.
    Subjects,
    /// Lessons in each subject.
    EachSubject,
    /// Lessons, or times.
    Total,
}

/// Who owes a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Owed {
    /// Every school that is paired.
    Always,
    /// Those that have chosen its form.
    IfChosen,
    /// Nobody by itself: it is one of a [`Choice`].
    OneOf,
}

/// Targets of which any one suffices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its name: `other_forms`.
    pub id: String,
    /// Which; each is a total of one form.
    pub any_of: Vec<String>,
    /// Where it is written down.
    pub source: String,
}

/// Where it stands which optional form a school has chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// 承诺清单 of the year.
    Commitment,
    /// 帮扶协议 of its pairs.
    Agreement,
}
