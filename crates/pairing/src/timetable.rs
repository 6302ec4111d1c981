//! The timetable: what is planned. Weekly lessons and single ones; clashes; the schools' bells.

use crate::calendar::Period;
use crate::id::{PairId, PersonId, SchoolId, SlotId, TermId};
use crate::lesson::Form;
use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A lesson each week of a term, or once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// Its name.
    pub id: SlotId,
    /// Of which pair.
    pub pair: PairId,
    /// Which of its receiving schools; empty: all.
    #[serde(default)]
    pub receiving: Vec<SchoolId>,
    /// In which form.
    pub form: Form,
    /// In which term.
    pub term: TermId,
    /// When.
    pub when: When,
    /// First bell and last.
    #[schema(value_type = String)]
    pub start: Time,
    /// The end; before `start`: on the next day.
    #[schema(value_type = String)]
    pub end: Time,
    /// 学科.
    #[serde(default)]
    pub subject: Option<String>,
    /// 年级.
    #[serde(default)]
    pub grade: Option<u8>,
    /// 班级, as in [`Session::classes`](crate::lesson::Session::classes).
    #[serde(default)]
    pub classes: Vec<String>,
    /// 授课教师.
    #[serde(default)]
    pub teacher: Option<PersonId>,
    /// Who organises at the receiving schools.
    #[serde(default)]
    pub assistants: Vec<PersonId>,
    /// Days on which it is called off.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub except: Vec<Date>,
}

/// The days of a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Each week of its term.
    Weekly {
        /// On that day, 1 is Monday (ISO 8601).
        #[serde(with = "weekday")]
        #[schema(value_type = u8, minimum = 1, maximum = 7)]
        weekday: Weekday,
    },
    /// Once.
    Once {
        /// On that day.
        #[schema(value_type = String, format = Date)]
        day: Date,
    },
}

/// The periods of a school's day (作息时间) from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Bells {
    /// Whose.
    pub school: SchoolId,
    /// From which day on.
    #[schema(value_type = String, format = Date)]
    pub since: Date,
    /// In order, without overlap.
    pub periods: Vec<Period>,
}

impl Bells {
    /// Whether a lesson begins with one of the periods and ends with it or a later one.
    pub fn fit(&self, start: Time, end: Time) -> bool {
        let begins = self.periods.iter().any(|period| period.start == start);
        begins && start < end && self.periods.iter().any(|period| period.end == end)
    }
}

/// The periods that all of these schools have at the same time, whatever their numbers: into these
/// lessons together fit. Numbered as at the first school.
pub fn common(bells: &[&Bells]) -> Vec<Period> {
    let Some((first, others)) = bells.split_first() else { return Vec::new() };
    let has =
        |bells: &Bells, it: &Period| bells.periods.iter().any(|p| (p.start, p.end) == (it.start, it.end));
    first.periods.iter().filter(|period| others.iter().all(|bells| has(bells, period))).copied().collect()
}

/// Monday is 1 (ISO 8601).
mod weekday {
    use jiff::civil::Weekday;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(day: &Weekday, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i8(day.to_monday_one_offset())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Weekday, D::Error> {
        Weekday::from_monday_one_offset(i8::deserialize(from)?)
            .map_err(|_| D::Error::custom("a weekday is a number from 1 (Monday) to 7"))
    }
}
