//! What stands in the demo's registry: three schools, a pair of one with two, their agreement, a term, and the
//! lesson in the timetable, planned around now.

use serde_json::{Value, json};
use std::time::Duration;
use tongke_pairing::calendar;
use tongke_pairing::expand::lesson_id;
use tongke_protocol::{LessonId, WallTime};

/// Who enters it.
pub const CLERK: &str = "demo";
const SLOT: &str = "maths";
const SECOND_US: u64 = 1_000_000;
/// What is planned at the least and at the most: a session lasts at most twelve hours.
const PLANNED_S: (u64, u64) = (2, 11 * 3_600);

/// A school: its id, its name, the pupils and teachers in its room.
type School = (&'static str, &'static str, u32, u32);
const SCHOOLS: [School; 3] = [
    ("teacher-school", "实验小学", 41, 1),
    ("hill-school", "山村小学", 8, 1),
    ("island-school", "海岛小学", 6, 1),
];

/// When the lesson is, as planned.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its name in the timetable.
    pub lesson: LessonId,
    now: WallTime,
    start: WallTime,
    end: WallTime,
}

impl Planned {
    /// A lesson that begins now.
    pub fn now(now: WallTime, duration: Duration) -> Planned {
        let start = WallTime(now.0 / SECOND_US * SECOND_US);
        let (least, most) = PLANNED_S;
        let end = WallTime(start.0 + duration.as_secs().clamp(least, most) * SECOND_US);
        let slot = SLOT.parse().expect("a valid identifier");
        Planned { lesson: lesson_id(&slot, calendar::local(start).date()), now, start, end }
    }

    /// When it is to be over.
    pub fn end(&self) -> WallTime {
        self.end
    }

    /// Everything that is entered before the lesson.
    pub fn entries(&self) -> Vec<Value> {
        let (start, end) = (calendar::local(self.start), calendar::local(self.end));
        let (year, day) = (start.date().year(), start.date().to_string());
        let (new_year, last) = (format!("{year}-01-01"), format!("{year}-12-31"));
        let receiving = [SCHOOLS[1].0, SCHOOLS[2].0];
        let mut says: Vec<Value> = SCHOOLS.iter().map(school).collect();
        says.push(json!({"pair": {"id": "p1", "supporting": SCHOOLS[0].0, "receiving": receiving,
            "adviser": "adviser-1", "since": new_year}}));
        says.push(
            json!({"agreement": {"id": "a1", "pair": "p1", "signed": new_year, "forms": ["sync_class"],
            "duties": "each week one lesson together", "first": new_year,
            "last": format!("{}-12-31", year + 2), "round": 1}}),
        );
        says.push(json!({"term": {"id": "demo", "name": "the demo's term", "region": "demo-county",
            "first": new_year, "last": last}}));
        says.push(json!({"slot": {"id": SLOT, "pair": "p1", "form": "sync_class", "term": "demo",
            "when": {"once": {"day": day}}, "start": start.time().to_string(), "end": end.time().to_string(),
            "subject": "数学", "grade": 3, "teacher": "teacher-1",
            "classes": ["teacher-school/3-1", "hill-school/3", "island-school/3"]}}));
        self.entered("plan", says)
    }

    /// The people in each room, as their teachers count them in the lesson.
    pub fn head_counts(&self) -> Vec<Value> {
        let count = |&(school, _, pupils, teachers): &School| {
            json!({"head_count": {"lesson": self.lesson, "school": school, "pupils": pupils,
                "teachers": teachers}})
        };
        self.entered("count", SCHOOLS.iter().map(count).collect())
    }

    fn entered(&self, name: &str, says: Vec<Value>) -> Vec<Value> {
        let entry = |(number, says): (usize, Value)| json!({"id": format!("{name}-{number}"), "at_us": self.now.0, "author": CLERK, "says": says});
        says.into_iter().enumerate().map(entry).collect()
    }
}

fn school(&(id, name, ..): &School) -> Value {
    json!({"school": {"id": id, "name": name, "stage": "primary", "rural": id != SCHOOLS[0].0,
        "county": "demo-county", "city": "demo-city", "province": "zhejiang"}})
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_pairing::book::Book;
    use tongke_pairing::entry::Entry;
    use tongke_pairing::{check, expand};

    /// 2026-11-25, 10:00:00.4 at the schools.
    const NOW: WallTime = WallTime(1_795_572_000_400_000);

    #[test]
    fn what_is_entered_can_be_meant_and_leads_to_the_lesson() {
        let late = WallTime(NOW.0 + (14 * 3_600 - 5) * SECOND_US);
        for now in [NOW, late] {
            let planned = Planned::now(now, Duration::from_secs(20));
            let mut book = Book::default();
            for entry in planned.entries().into_iter().chain(planned.head_counts()) {
                let entry: Entry = serde_json::from_value(entry).unwrap();
                check::check(&book, &entry).unwrap();
                book.apply(&entry);
            }
            let session = expand::session(&book, &planned.lesson).unwrap();
            assert_eq!((session.start_us, session.end_us), (planned.start, planned.end()));
            assert_eq!(session.end_us.0 - session.start_us.0, 20 * SECOND_US);
        }
    }

    #[test]
    fn a_demo_of_a_day_is_planned_as_a_session_can_be() {
        let planned = Planned::now(NOW, Duration::from_secs(86_400));
        assert_eq!(planned.end.0 - planned.start.0, 11 * 3_600 * SECOND_US);
    }
}
