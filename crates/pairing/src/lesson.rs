//! Lessons and the other sessions: what kind they are, who takes part, when.

use crate::calendar;
use crate::id::{PairId, PersonId, SchoolId, SlotId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tongke_protocol::{LessonId, WallTime};
use utoipa::ToSchema;

/// Longest session: longer ones are mistakes of whoever enters them.
pub const MAX_SESSION: Duration = Duration::from_hours(12);

/// The four forms of help (帮扶形式): a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// 城乡同步课堂, counted in 节.
    SyncClass,
    /// 教师网络研修, counted in 次.
    TeacherStudy,
    /// 远程专递课堂, counted in 节 in 2019 and in 次 since 2020.
    RemoteCourse,
    /// 名师网络观摩, counted in 次.
    MasterObservation,
}

/// What a session is for. Tests and inspections never count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Help in one of the four forms.
    Help(Form),
    /// A test by school IT.
    Test,
    /// An inspection; any two schools may be linked for it.
    Inspection,
}

/// A session that is planned, or was noted by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Its name; for a live one the relay's room.
    #[schema(value_type = String)]
    pub id: LessonId,
    /// What for.
    pub purpose: Purpose,
    /// Of which pair; none: of none.
    #[serde(default)]
    pub pair: Option<PairId>,
    /// 支援学校, or who asks for a test.
    pub supporting: SchoolId,
    /// Who receives.
    pub receiving: Vec<SchoolId>,
    /// 学科, as in the rule set's list; none where it has none.
    #[serde(default)]
    pub subject: Option<String>,
    /// 年级, from 1 to 9.
    #[serde(default)]
    pub grade: Option<u8>,
    /// 班级 that take part, as the schools name them, each with its school: `school/3-2`.
    #[serde(default)]
    pub classes: Vec<String>,
    /// 授课教师.
    #[serde(default)]
    pub teacher: Option<PersonId>,
    /// Who organises at the receiving schools.
    #[serde(default)]
    pub assistants: Vec<PersonId>,
    /// Planned begin, µs since the Unix epoch.
    #[schema(value_type = u64)]
    pub start_us: WallTime,
    /// Planned end.
    #[schema(value_type = u64)]
    pub end_us: WallTime,
    /// The timetable's entry it comes from.
    #[serde(default)]
    pub slot: Option<SlotId>,
    /// Called off, and why.
    #[serde(default)]
    pub cancelled: Option<String>,
    /// Noted by hand after it took place, with where that is written down: it counts without media.
    #[serde(default)]
    pub noted: Option<Noted>,
}

impl Session {
    /// The day that it belongs to: the one on which it begins, also if it ends on the next.
    pub fn day(&self) -> Date {
        calendar::local(self.start_us).date()
    }
}

/// What a session counts by that no machine saw: trainings, observed courses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Noted {
    /// Where it is written down: minutes, a list of signatures, an address.
    pub source: String,
    /// People present at each school, pupils and teachers.
    #[serde(default)]
    pub present: Vec<(SchoolId, u32)>,
}
