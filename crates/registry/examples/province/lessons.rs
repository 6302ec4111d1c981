//! What machines tell of the province's lessons: the relay of both rooms each minute, the receiving room
//! of itself, and who came, was counted and went. 98 facts a lesson.

use super::timetable::{PAIRS, TERMS, WEEK, WEEKS, schools, slot};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};
use tongke_protocol::WallTime;
use tongke_registry::store::IncomingFact;

const MINUTES: u64 = 45;
const MINUTE_US: u64 = 60_000_000;

pub struct Lesson {
    id: String,
    schools: [String; 2],
    start: WallTime,
}

/// All lessons in the order in which they take place.
pub fn all(counties: u32) -> impl Iterator<Item = Lesson> {
    let weeks = TERMS.into_iter().flat_map(|(term, first)| (0..WEEKS).map(move |week| (term, first, week)));
    let hours = weeks.flat_map(|(term, first, week)| {
        WEEK.into_iter().enumerate().map(move |(lesson, (weekday, hour, _))| {
            (term, lesson, first.saturating_add((week * 7 + weekday - 1).days()), hour)
        })
    });
    hours.flat_map(move |(term, number, day, hour)| {
        let pairs = (1..=counties).flat_map(|county| (0..PAIRS).map(move |pair| (county, pair)));
        pairs.map(move |(county, pair)| lesson(county, pair, &slot(county, pair, term, number), day, hour))
    })
}

fn lesson(county: u32, pair: u32, slot: &str, day: Date, hour: i8) -> Lesson {
    let id = format!("{slot}-{:04}{:02}{:02}", day.year(), day.month(), day.day());
    Lesson { id, schools: schools(county, pair), start: super::moment(day, hour) }
}

impl Lesson {
    pub fn facts(&self) -> impl Iterator<Item = IncomingFact> {
        let [supporting, receiving] = &self.schools;
        let came =
            |who: &str, role: &str| json!({"fact": "came", "participant": who, "name": who, "role": role});
        let counted = |who: &str| json!({"fact": "head_count", "participant": who, "count": {"present": 38}});
        let went = |who: &str| json!({"fact": "went", "participant": who, "reason": "the lesson was ended"});
        let mut all: Vec<(u64, Value)> =
            vec![(0, came(supporting, "supporting")), (0, came(receiving, "receiving"))];
        all.extend((0..=MINUTES).map(|minute| (minute, self.present(minute))));
        all.extend((0..=MINUTES).map(|minute| (minute, self.flow(minute))));
        all.extend([supporting, receiving].map(|who| (10, counted(who))));
        all.extend([supporting, receiving].map(|who| (MINUTES, went(who))));
        all.into_iter().enumerate().map(|(number, (minute, what))| self.said(number, minute, what))
    }

    fn present(&self, minute: u64) -> Value {
        let there = |who: &String| {
            json!({"participant": who, "audio_packets": minute * 3000, "video_packets": minute * 6000,
                "audio_packets_out": minute * 3000, "video_packets_out": minute * 6000})
        };
        json!({"fact": "present", "participants": self.schools.each_ref().map(there)})
    }

    fn flow(&self, minute: u64) -> Value {
        let [supporting, receiving] = &self.schools;
        let at = |minute: u64| self.start.0 + minute * MINUTE_US;
        json!({"fact": "flow", "participant": receiving, "seq": minute, "from_us": at(minute),
            "until_us": at(minute + 1), "sent_audio_ms": 59_000, "sent_video_ms": 60_000,
            "got": [{"participant": supporting, "audio_ms": 59_400, "video_ms": 59_900}]})
    }

    fn said(&self, number: usize, minute: u64, mut what: Value) -> IncomingFact {
        what["id"] = format!("{}-{number}", self.id).into();
        what["lesson"] = self.id.as_str().into();
        what["at_us"] = (self.start.0 + minute * MINUTE_US).into();
        let fact = serde_json::from_value(what.clone()).expect("these are facts");
        let author = "relay-1".parse().expect("this is a name");
        // As long as a real one: a header and a signature. Whether it fits is not the store's matter.
        IncomingFact {
            author,
            fact,
            body: what.to_string(),
            proof: format!("{}..{}", "h".repeat(56), "s".repeat(86)),
        }
    }
}
