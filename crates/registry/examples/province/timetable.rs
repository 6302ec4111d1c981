//! Schools, pairs, terms and the timetable of the province.

use jiff::civil::{Date, date};
use serde_json::{Value, json};
use tongke_pairing::entry::Entry;
use tongke_protocol::WallTime;

pub const PAIRS: u32 = 50;
/// Each lesson of a week: its day (1 is Monday), its hour and its subject.
pub const WEEK: [(i64, i8, &str); 3] = [(1, 9, "art"), (3, 10, "music"), (4, 14, "english")];
/// Seventeen weeks each, from a Monday on.
pub const TERMS: [(&str, Date); 2] = [("t1", date(2020, 9, 7)), ("t2", date(2021, 3, 1))];
pub const WEEKS: i64 = 17;

/// Before the first lesson.
pub fn before() -> WallTime {
    super::moment(date(2020, 9, 1), 8)
}

/// After the last one.
pub fn after() -> WallTime {
    super::moment(date(2021, 7, 1), 8)
}

pub fn county(county: u32) -> String {
    format!("c{county:02}")
}

/// The city that a county lies in.
pub fn city(county: u32) -> String {
    format!("city{}", county % 4)
}

/// The supporting school of a pair and the receiving one.
pub fn schools(county: u32, pair: u32) -> [String; 2] {
    [format!("c{county:02}s{pair:02}"), format!("c{county:02}r{pair:02}")]
}

pub fn slot(county: u32, pair: u32, term: &str, lesson: usize) -> String {
    format!("c{county:02}p{pair:02}{term}n{lesson}")
}

pub fn entries(counties: u32) -> Vec<Entry> {
    let mut all: Vec<Value> = Vec::new();
    for (term, first) in TERMS {
        let last = first.saturating_add(jiff::Span::new().days(WEEKS * 7 - 1));
        all.push(
            json!({"term": {"id": term, "name": term, "region": "zhejiang", "first": first, "last": last}}),
        );
    }
    for county in 1..=counties {
        for pair in 0..PAIRS {
            all.extend(of_pair(county, pair));
        }
    }
    let entry = |(number, says): (usize, Value)| Entry {
        id: format!("e{number}"),
        at_us: before(),
        author: "clerk".to_owned(),
        reason: String::new(),
        says: serde_json::from_value(says).expect("these are entries"),
    };
    all.into_iter().enumerate().map(entry).collect()
}

fn of_pair(county: u32, pair: u32) -> Vec<Value> {
    let [supporting, receiving] = schools(county, pair);
    let region = self::county(county);
    let school = |id: &str| {
        json!({"school": {"id": id, "name": format!("{id}小学"), "stage": "primary", "pupils": 180,
            "county": region, "city": city(county), "province": "zhejiang"}})
    };
    let id = format!("c{county:02}p{pair:02}");
    let mut all = vec![school(&supporting), school(&receiving)];
    all.push(json!({"pair": {"id": id, "supporting": supporting, "receiving": [receiving],
        "since": "2019-09-01"}}));
    for (term, _) in TERMS {
        for (lesson, (weekday, hour, subject)) in WEEK.into_iter().enumerate() {
            all.push(json!({"slot": {"id": slot(county, pair, term, lesson), "pair": id,
                "form": "sync_class", "term": term, "when": {"weekly": {"weekday": weekday}},
                "start": format!("{hour:02}:00:00"), "end": format!("{hour:02}:45:00"),
                "subject": subject, "grade": 4,
                "classes": [format!("{supporting}/4-1"), format!("{receiving}/4-1")]}}));
        }
    }
    all.push(json!({"agreement": {"id": id, "pair": id, "signed": "2019-05-20", "first": "2019-09-01",
        "last": "2022-08-31", "round": 1, "forms": ["sync_class", "teacher_study", "remote_course"]}}));
    for school in [supporting, receiving] {
        all.push(json!({"commitment": {"school": school, "year": 2021, "forms": ["remote_course"]}}));
        all.extend(reported(&school));
    }
    all
}

/// What others report of each school: half of them are ready in time.
fn reported(school: &str) -> impl Iterator<Item = Value> {
    let of = format!("school:{school}");
    let day = if school.ends_with(['0', '2', '4', '6', '8']) { "2019-05-31" } else { "2019-10-31" };
    let figures = [
        ("space_open", json!({"day": day})),
        ("equipment_ready", json!({"day": day})),
        ("equipment_standard", json!({"flag": true})),
        ("small_school", json!({"flag": true})),
    ];
    figures.into_iter().map(move |(what, value)| {
        json!({"reported": {"of": of, "what": what, "period": "2021", "value": value, "source": "made up"}})
    })
}
