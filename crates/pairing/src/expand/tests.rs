use super::*;
use crate::entry::{Entry, Says};
use jiff::civil::date;
use serde_json::json;
use tongke_protocol::WallTime;

fn book(more: &[serde_json::Value]) -> Book {
    let school = |id: &str| {
        json!({"school": {"id": id, "name": id, "stage": "primary", "county": "yongjia",
        "city": "wenzhou", "province": "zhejiang"}})
    };
    let mut says = vec![
        school("centre"),
        school("lake"),
        school("hill"),
        json!({"pair": {"id": "p", "supporting": "centre", "receiving": ["lake", "hill"], "since": "2020-09-01"}}),
        // The autumn of 2020: National Day and Mid-Autumn fell on 1 October.
        json!({"term": {"id": "2020a", "name": "2020学年第一学期", "region": "yongjia", "first": "2020-09-01",
            "last": "2021-01-22", "holidays": ["2020-10-01", "2020-10-02"]}}),
    ];
    says.extend_from_slice(more);
    let mut book = Book::default();
    for (number, says) in says.into_iter().enumerate() {
        let says: Says = serde_json::from_value(says).unwrap();
        let (id, at_us) = (format!("e{number}"), WallTime(number as u64));
        book.apply(&Entry { id, at_us, author: "clerk".into(), reason: String::new(), says });
    }
    book
}

fn weekly(more: serde_json::Value) -> serde_json::Value {
    let mut slot = json!({"id": "art", "pair": "p", "form": "sync_class", "term": "2020a",
        "when": {"weekly": {"weekday": 4}}, "start": "09:00:00", "end": "09:40:00", "subject": "美术", "grade": 1});
    let serde_json::Value::Object(more) = more else { panic!("{more} has no fields") };
    slot.as_object_mut().unwrap().extend(more);
    json!({ "slot": slot })
}

fn plan(book: &Book) -> Plan {
    of_slot(book, book.slot(&"art".parse().unwrap()).unwrap())
}

#[test]
fn a_weekly_lesson_is_each_week_of_its_term_but_not_in_holidays() {
    let plan = plan(&book(&[weekly(json!({"except": ["2020-12-31"]}))]));
    // 21 Thursdays from 3 September to 21 January, without 1 October and New Year's Eve.
    assert_eq!(plan.sessions.len(), 19);
    assert_eq!(plan.sessions[0].id.as_str(), "art-20200903");
    // 09:00 in Beijing is 01:00 UTC.
    assert_eq!(plan.sessions[0].start_us, WallTime(1_599_094_800_000_000));
    let out: Vec<_> = plan.left_out.into_iter().map(|it| (it.day.unwrap(), it.why)).collect();
    assert_eq!(out, [(date(2020, 10, 1), Why::Holiday), (date(2020, 12, 31), Why::CalledOff)]);
}

#[test]
fn a_lesson_across_midnight_belongs_to_the_day_on_which_it_begins() {
    let plan = plan(&book(&[weekly(json!({"start": "23:50:00", "end": "00:30:00"}))]));
    let first = &plan.sessions[0];
    assert_eq!(first.id.as_str(), "art-20200903");
    assert_eq!(first.end_us.micros_since(first.start_us), 40 * 60 * 1_000_000);
    assert_eq!(calendar::local(first.end_us).date(), date(2020, 9, 4));
}

#[test]
fn when_one_of_two_receiving_schools_closes_the_other_goes_on() {
    let closed = json!({"school": {"id": "hill", "name": "hill", "stage": "primary", "county": "yongjia",
        "city": "wenzhou", "province": "zhejiang", "closed": {"last_day": "2020-10-31", "into": "lake"}}});
    let plan = plan(&book(&[weekly(json!({})), closed]));
    let with_hill = |session: &&Session| session.receiving.len() == 2;
    assert_eq!((plan.sessions.len(), plan.sessions.iter().filter(with_hill).count()), (20, 8));
    let closed = Why::SchoolClosed { into: Some("lake".parse().unwrap()) };
    let first = plan.left_out.iter().find(|left| left.why == closed).unwrap();
    assert_eq!((first.day, first.school.as_ref().unwrap().as_str()), (Some(date(2020, 11, 5)), "hill"));
}

#[test]
fn a_dissolved_pair_has_no_lessons_from_that_day_on() {
    let dissolved = json!({"pair": {"id": "p", "supporting": "centre", "receiving": ["lake"],
        "since": "2020-09-01", "until": "2020-09-17"}});
    let plan = plan(&book(&[weekly(json!({"receiving": ["lake", "hill"]})), dissolved]));
    let last = plan.sessions.last().unwrap();
    assert_eq!(last.id.as_str(), "art-20200917", "its last day counts");
    assert_eq!(last.receiving.len(), 1, "hill is of the pair no more");
    assert_eq!(plan.left_out.iter().filter(|left| left.why == Why::PairNotStanding).count(), 17);
}

#[test]
fn when_the_supporting_school_or_all_others_are_closed_there_is_none() {
    let closed = |id: &str| {
        json!({"school": {"id": id, "name": id, "stage": "primary", "county": "yongjia",
        "city": "wenzhou", "province": "zhejiang", "closed": {"last_day": "2020-08-31"}}})
    };
    let why = |entries: &[serde_json::Value]| {
        let plan = plan(&book(entries));
        assert_eq!(plan.sessions, []);
        plan.left_out.last().unwrap().why.clone()
    };
    assert_eq!(why(&[weekly(json!({})), closed("centre")]), Why::SchoolClosed { into: None });
    assert_eq!(why(&[weekly(json!({})), closed("lake"), closed("hill")]), Why::NobodyReceives);
    assert_eq!(
        why(&[weekly(json!({"receiving": ["lake"]})), closed("lake")]),
        Why::SchoolClosed { into: None }
    );
}

#[test]
fn a_term_that_ends_before_it_begins_or_never_has_no_lessons() {
    for last in ["2020-08-01", "2120-01-01"] {
        let term = json!({"term": {"id": "2020a", "name": "-", "region": "yongjia", "first": "2020-09-01", "last": last}});
        let plan = plan(&book(&[weekly(json!({})), term]));
        assert_eq!((plan.sessions.len(), &plan.left_out[0].why), (0, &Why::NoTerm));
    }
}

#[test]
fn a_single_lesson_may_be_on_a_holiday_but_not_outside_its_term() {
    let once = |day: &str| plan(&book(&[weekly(json!({"when": {"once": {"day": day}}}))]));
    assert_eq!(once("2020-10-01").sessions[0].id.as_str(), "art-20201001");
    assert_eq!(once("2021-02-01").left_out[0].why, Why::OutsideTerm);
}

#[test]
fn a_session_that_was_entered_stands_in_the_place_of_the_timetables() {
    let moved = json!({"session": {"id": "art-20200903", "purpose": {"help": "sync_class"}, "pair": "p",
        "supporting": "centre", "receiving": ["lake"], "start_us": 1_599_181_200_000_000_u64,
        "end_us": 1_599_183_600_000_000_u64, "slot": "art"}});
    let book = book(&[weekly(json!({})), moved]);
    let week = timetable(&book, date(2020, 9, 1), date(2020, 9, 10));
    let ids: Vec<_> =
        week.sessions.iter().map(|it| (it.id.as_str(), calendar::local(it.start_us).date())).collect();
    assert_eq!(ids, [("art-20200903", date(2020, 9, 4)), ("art-20200910", date(2020, 9, 10))]);
    let found = |id: &str| session(&book, &id.parse().unwrap()).map(|it| it.receiving.len());
    assert_eq!(found("art-20200903"), Some(1));
    assert_eq!(found("art-20200910"), Some(2));
    for none in ["art-20200911", "art-20201001", "music-20200910", "art-2020091", "art", "art-20209999"] {
        assert_eq!(found(none), None, "{none}");
    }
}
