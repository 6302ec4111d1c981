//! What people enter. An entry is never changed: a later one about the same thing takes its place, with
//! its author and its reason. Which one is later does not depend on the order of arrival.

use crate::agreement::{Agreement, Commitment};
use crate::calendar::Term;
use crate::lesson::Session;
use crate::pair::Pair;
use crate::school::School;
use crate::timetable::{Bells, Slot};
use serde::{Deserialize, Serialize};
use tongke_protocol::{LessonId, WallTime};
use utoipa::ToSchema;

/// Something that a person, or an import in a person's name, says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Unique for ever; chosen by whoever enters it, so that it may be said twice.
    pub id: String,
    /// When it was said, µs since the Unix epoch.
    #[schema(value_type = u64)]
    pub at_us: WallTime,
    /// Who says it.
    pub author: String,
    /// Why, if it corrects something.
    #[serde(default)]
    pub reason: String,
    /// What.
    pub says: Says,
}

impl Entry {
    /// The later of two entries about the same thing has the greater rank.
    pub fn rank(&self) -> (WallTime, &str) {
        (self.at_us, &self.id)
    }
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// A school.
    School(School),
    /// A pair.
    Pair(Pair),
    /// An agreement.
    Agreement(Agreement),
    /// What a school promised.
    Commitment(Commitment),
    /// A term.
    Term(Term),
    /// A school's bells.
    Bells(Bells),
    /// An entry of the timetable.
    Slot(Slot),
    /// A session that is planned, or was noted by hand.
    Session(Session),
    /// Something of these was a mistake: it never was.
    Withdrawn(Thing),
    /// A lesson's people were counted, or counted again.
    HeadCount(HeadCount),
    /// Somebody disputes a lesson; stays until a ruling.
    Dispute(Dispute),
    /// Somebody decides what a disputed or undecided lesson is.
    Ruling(Ruling),
    /// A figure that somebody else reports, with where it comes from.
    Reported(Reported),
    /// A line of an imported 大课表.
    LedgerRow(LedgerRow),
    /// A person settles what a line of a 大课表 and a lesson are to each other.
    Settlement(Settlement),
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Thing {
    /// The kind, as the variant of [`Says`] is written: `school`.
    pub kind: String,
    /// Which.
    pub key: String,
}

impl Thing {
    /// The thing of that kind and key.
    pub fn new(kind: &str, key: &str) -> Thing {
        Thing { kind: kind.to_owned(), key: key.to_owned() }
    }
}

/// People in one room, confirmed by its teacher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadCount {
    /// Of which lesson.
    #[schema(value_type = String)]
    pub lesson: LessonId,
    /// At which school.
    pub school: crate::id::SchoolId,
    /// Pupils.
    pub pupils: u32,
    /// Teachers.
    pub teachers: u32,
}

/// Somebody says that a lesson's credit is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// Which lesson.
    #[schema(value_type = String)]
    pub lesson: LessonId,
    /// What is wrong.
    pub why: String,
}

/// A decision by a person, which stands above the policy's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ruling {
    /// Which lesson.
    #[schema(value_type = String)]
    pub lesson: LessonId,
    /// Held or not.
    pub held: bool,
    /// For which schools; empty: for all that were to take part.
    #[serde(default)]
    pub schools: Vec<crate::id::SchoolId>,
}

/// A figure that no fact of this registry leads to: a satisfaction rate, the day on which equipment was
/// in place, a total that a county published. It stands beside what is counted here and never in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reported {
    /// Of which school, pair or region: `school:lake`, `pair:p9`, `region:yongjia`.
    pub of: String,
    /// Which figure, as in the rule set's list: `equipment_ready`, `satisfaction_pupils`.
    pub what: String,
    /// For which time: a year or a term; empty: none.
    #[serde(default)]
    pub period: String,
    /// The figure: `{"number": 0.92}`, `{"day": "2019-08-31"}` or `{"flag": true}`.
    #[schema(value_type = Object)]
    pub value: Value,
    /// Who said so, where.
    pub source: String,
}

/// A reported figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A number; shares are 0 to 1.
    Number(f64),
    /// A day.
    Day(jiff::civil::Date),
    /// Yes or no.
    Flag(bool),
}

/// A line of an imported 大课表, as it stood there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerRow {
    /// Which import.
    pub ledger: String,
    /// The line, from 1.
    pub row: u32,
    /// 支援学校 as written.
    pub supporting: String,
    /// 受援学校 as written.
    pub receiving: Vec<String>,
    /// The day; none: the line sums up a longer time.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub day: Option<jiff::civil::Date>,
    /// The bell at which it began, if it says so.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub start: Option<jiff::civil::Time>,
    /// 帮扶形式, if it says so.
    #[serde(default)]
    pub form: Option<crate::lesson::Form>,
    /// 学科 as written.
    #[serde(default)]
    pub subject: Option<String>,
    /// 年级.
    #[serde(default)]
    pub grade: Option<u8>,
    /// 授课教师 as written.
    #[serde(default)]
    pub teacher: Option<String>,
    /// How many lessons the line stands for.
    pub lessons: u32,
}

/// What a person decided about a difference between the 大课表 and this registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// The difference.
    pub about: Difference,
    /// Which side is right.
    pub right: Side,
}

/// A line, a lesson, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The line: its import and number.
    #[serde(default)]
    pub row: Option<(String, u32)>,
    /// The lesson.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub lesson: Option<LessonId>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some((ledger, row)) = &self.row {
            write!(f, "{ledger}/{row}")?;
        }
        if let Some(lesson) = &self.lesson {
            write!(f, "={lesson}")?;
        }
        Ok(())
    }
}

/// Which of the two ledgers is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// This registry.
    Here,
    /// The 大课表.
    There,
    /// Both: they mean the same.
    Both,
}

impl Says {
    /// What it is about: entries about the same thing replace each other. Disputes and rulings of a
    /// lesson are about the same thing.
    pub fn thing(&self) -> Thing {
        let (kind, key) = match self {
            Says::School(school) => ("school", school.id.to_string()),
            Says::Pair(pair) => ("pair", pair.id.to_string()),
            Says::Agreement(agreement) => ("agreement", agreement.id.to_string()),
            Says::Commitment(it) => ("commitment", format!("{}/{}", it.school, it.year)),
            Says::Term(term) => ("term", term.id.to_string()),
            Says::Bells(bells) => ("bells", format!("{}/{}", bells.school, bells.since)),
            Says::Slot(slot) => ("slot", slot.id.to_string()),
            Says::Session(session) => ("session", session.id.to_string()),
            Says::Withdrawn(thing) => return thing.clone(),
            Says::HeadCount(count) => ("head_count", format!("{}/{}", count.lesson, count.school)),
            Says::Dispute(dispute) => ("dispute", dispute.lesson.to_string()),
            Says::Ruling(ruling) => ("dispute", ruling.lesson.to_string()),
            Says::Reported(it) => ("reported", format!("{}/{}/{}", it.of, it.what, it.period)),
            Says::LedgerRow(row) => ("ledger_row", format!("{}/{}", row.ledger, row.row)),
            Says::Settlement(it) => ("settlement", it.about.to_string()),
        };
        Thing { kind: kind.to_owned(), key }
    }
}
