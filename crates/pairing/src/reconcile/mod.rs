//! This registry beside an imported 大课表: what both have, what only one has, what they have
//! differently. A person settles what differs; who, when and why stays with it.

mod compare;
mod matching;
mod settled;

pub use settled::Settled;

use crate::count::{Count, Why};
use crate::credit::Status;
use crate::entry::{Difference, Entry, LedgerRow, Side};
use crate::id::SchoolId;
use crate::lesson::Session;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tongke_protocol::LessonId;
use utoipa::ToSchema;

/// A lesson of this registry.
#[derive(Debug, Clone)]
pub struct Here<'a> {
    /// As planned or noted.
    pub session: &'a Session,
    /// What it is worth.
    pub status: Status,
    /// The schools to which it is credited.
    pub credited: Vec<SchoolId>,
    /// The teacher's name, if it is known.
    pub teacher: Option<&'a str>,
}

/// What may differ without being a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// Minutes between two beginnings of the same lesson.
    pub minutes: u32,
    /// Days by which a lesson may stand elsewhere and still be found: it then differs by its day.
    pub days: u32,
}

impl Default for Tolerance {
    /// A break, and the rest of a school week: a lesson that was moved is moved within them.
    fn default() -> Self {
        Self { minutes: 10, days: 4 }
    }
}

/// What was compared.
pub struct Question<'a> {
    /// Lines of one import.
    pub rows: &'a [LedgerRow],
    /// Lessons here, of any time and purpose.
    pub here: &'a [Here<'a>],
    /// First and last day that the import speaks of.
    pub span: (Date, Date),
    /// Entries that settle differences, and those that withdraw them; others are passed over.
    pub entries: &'a [Entry],
    /// The school that a name means.
    pub school: &'a dyn Fn(&str) -> Option<SchoolId>,
    /// What may differ.
    pub tolerance: Tolerance,
}

/// How two ledgers stand to each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reconciled {
    /// First and last day.
    #[schema(value_type = Vec<String>)]
    pub span: (Date, Date),
    /// What may differ.
    pub tolerance: Tolerance,
    /// Every line and every lesson that counts, once; in the order of the import, then of the lessons.
    pub lines: Vec<Line>,
    /// Sums.
    pub sums: Sums,
    /// Settlements of what is no longer so: the ledgers have changed since.
    pub stale: Vec<Settled>,
}

/// A line of the import, a lesson, or both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// How they stand to each other.
    pub kind: Kind,
    /// What a settlement of it has to name.
    pub about: Difference,
    /// The lessons here.
    #[schema(value_type = Vec<String>)]
    pub lessons: Vec<LessonId>,
    /// How many of them count.
    pub counted_here: u32,
    /// How many the line stands for.
    pub counted_there: u32,
    /// What differs.
    pub differs: Vec<Differs>,
    /// Why it was not found, if it can be told.
    #[serde(default)]
    pub why: Option<Why>,
    /// What a person decided.
    #[serde(default)]
    pub settled: Option<Settled>,
}

/// How a line and a lesson stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// They say the same.
    Matched,
    /// They speak of the same and say it differently.
    Differing,
    /// Only this registry has it.
    OnlyHere,
    /// Only the 大课表 has it.
    OnlyThere,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Differs {
    /// Which: `day`, `start`, `subject`, `grade`, `teacher`, `form`, `receiving`, `roles`, `status`, `lessons`.
    pub field: String,
    /// What stands here.
    pub here: String,
    /// What stands there.
    pub there: String,
}

/// Sums of lessons. A lesson to two receiving schools is one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sums {
    /// Lines and lessons that say the same.
    pub matched: u32,
    /// Those that differ.
    pub differing: u32,
    /// Lessons that only this registry has.
    pub only_here: u32,
    /// Lines that only the 大课表 has.
    pub only_there: u32,
    /// Of those three, what nobody has settled.
    pub unsettled: u32,
    /// Lessons that count here.
    pub lessons_here: u32,
    /// Lessons that count there.
    pub lessons_there: u32,
    /// Lessons after settling; a range while something is unsettled.
    pub lessons_agreed: Count,
}

/// Compares.
pub fn reconcile(question: &Question<'_>) -> Reconciled {
    let (settlements, by_hand) = settled::read(question.entries);
    let mut lines = matching::lines(question, &by_hand);
    let mut stale = Vec::new();
    for settled in settlements {
        match lines.iter_mut().find(|line| line.about == settled.about) {
            Some(line) => line.settled = Some(settled),
            None => stale.push(settled),
        }
    }
    Reconciled { span: question.span, tolerance: question.tolerance, sums: sums(&lines), lines, stale }
}

fn sums(lines: &[Line]) -> Sums {
    let mut sums = Sums::default();
    for line in lines {
        match line.kind {
            Kind::Matched => sums.matched += 1,
            Kind::Differing => sums.differing += 1,
            Kind::OnlyHere => sums.only_here += 1,
            Kind::OnlyThere => sums.only_there += 1,
        }
        let is_open = line.kind != Kind::Matched && line.settled.is_none();
        sums.unsettled += u32::from(is_open);
        sums.lessons_here += line.counted_here;
        sums.lessons_there += line.counted_there;
        let (here, there) = (line.counted_here, line.counted_there);
        let agreed = match (&line.settled, line.kind) {
            (None, Kind::Matched) => Count::exactly(here),
            (None, _) => Count::between(here.min(there), here.max(there)),
            (Some(settled), _) => match settled.right {
                Side::Here => Count::exactly(here),
                Side::There => Count::exactly(there),
                // They mean the same, so neither side has more than the other.
                Side::Both => Count::exactly(here.max(there)),
            },
        };
        sums.lessons_agreed = sums.lessons_agreed.plus(agreed);
    }
    sums
}
