use super::*;
use serde_json::{Value, json};
use tongke_protocol::WallTime;

/// 1 September 2020, in the forenoon.
const NOW: u64 = 1_598_925_600_000_000;

fn entry(number: usize, says: Value) -> Entry {
    let says = serde_json::from_value(says).unwrap();
    let (id, at_us) = (format!("e{number}"), WallTime(NOW + number as u64));
    Entry { id, at_us, author: "clerk".into(), reason: "as the notice says".into(), says }
}

fn with(mut it: Value, more: Value) -> Value {
    let inner = it.as_object_mut().unwrap().values_mut().next().unwrap().as_object_mut().unwrap();
    let Value::Object(more) = more else { panic!("{more} has no fields") };
    inner.extend(more);
    it
}

fn school(id: &str) -> Value {
    json!({"school": {"id": id, "name": format!("{id}小学"), "stage": "primary", "county": "yongjia",
        "city": "wenzhou", "province": "zhejiang"}})
}

fn pair() -> Value {
    json!({"pair": {"id": "p", "supporting": "centre", "receiving": ["lake"], "since": "2020-09-01"}})
}

fn term() -> Value {
    json!({"term": {"id": "t", "name": "2020学年第一学期", "region": "yongjia", "first": "2020-09-01",
        "last": "2021-01-22"}})
}

fn agreement() -> Value {
    json!({"agreement": {"id": "a", "pair": "p", "signed": "2020-08-15", "forms": ["sync_class"],
        "first": "2020-09-01", "last": "2023-08-31", "round": 1}})
}

fn slot(id: &str) -> Value {
    json!({"slot": {"id": id, "pair": "p", "form": "sync_class", "term": "t", "when": {"weekly": {"weekday": 1}},
        "start": "09:00:00", "end": "09:40:00", "grade": 4, "teacher": "lin", "assistants": ["wu"],
        "classes": [format!("centre/{id}"), format!("lake/{id}")]}})
}

/// Monday 7 September 2020, 14:00 to 14:40.
fn session(id: &str) -> Value {
    json!({"session": {"id": id, "purpose": {"help": "sync_class"}, "pair": "p", "supporting": "centre",
        "receiving": ["lake"], "start_us": 1_599_458_400_000_000_u64, "end_us": 1_599_460_800_000_000_u64}})
}

fn book() -> Book {
    let says = [school("centre"), school("lake"), school("hill"), pair(), term(), agreement(), slot("art")];
    let mut book = Book::default();
    for (number, says) in says.into_iter().enumerate() {
        let entry = entry(number, says);
        assert_eq!(check(&book, &entry), Ok(Vec::new()), "{}", entry.id);
        book.apply(&entry);
    }
    book
}

fn codes(notices: &[Notice]) -> Vec<&'static str> {
    let mut codes: Vec<_> = notices.iter().map(|notice| notice.code).collect();
    codes.dedup();
    codes
}

#[track_caller]
fn refused(says: Value, code: &str) {
    refused_by(&book(), says, code);
}

#[track_caller]
fn refused_by(book: &Book, says: Value, code: &str) {
    let before = book.clone();
    let refused = check(book, &entry(100, says)).expect_err(code);
    assert!(codes(&refused.problems).contains(&code), "{refused:?}");
    assert!(refused.problems.iter().all(|it| !it.message.is_empty() && !it.hint.is_empty()));
    assert_eq!(&before, book);
}

#[track_caller]
fn warned_by(book: &Book, says: Value, expected: &[&str]) {
    assert_eq!(codes(&check(book, &entry(100, says)).unwrap()), expected);
}

#[track_caller]
fn warned(says: Value, expected: &[&str]) {
    warned_by(&book(), says, expected);
}

#[test]
fn a_term_that_ends_before_it_starts() {
    refused(with(term(), json!({"last": "2020-01-22"})), "term_ends_before_it_begins");
    refused(with(term(), json!({"last": "2120-01-22"})), "term_too_long");
    refused(with(term(), json!({"first": "0202-09-01"})), "date_absurd");
    refused(with(term(), json!({"region": "pingyang"})), "id_in_use");
    warned(with(term(), json!({"holidays": ["2021-10-01"]})), &["holiday_outside_term"]);
    warned(
        with(term(), json!({"id": "t2", "first": "2021-01-20", "last": "2021-06-30"})),
        &["terms_overlap"],
    );
    warned(with(term(), json!({"last": "2020-12-31"})), &["lessons_fall_out"]);
}

#[test]
fn pairs_that_cannot_be() {
    refused(with(pair(), json!({"receiving": ["centre"]})), "pair_with_itself");
    refused(with(pair(), json!({"receiving": ["lake", "hill", "centre"]})), "too_many_receiving");
    refused(with(pair(), json!({"receiving": []})), "nobody_receives");
    refused(with(pair(), json!({"receiving": ["lake", "lake"]})), "twice");
    refused(with(pair(), json!({"receiving": ["nowhere"]})), "unknown_school");
    refused(with(pair(), json!({"until": "2020-08-01"})), "pair_ends_before_it_begins");
    warned(with(pair(), json!({"id": "p2"})), &["pair_twice"]);
    warned(with(pair(), json!({"receiving": ["lake", "hill"]})), &[]);
    warned(with(pair(), json!({"until": "2020-10-31"})), &["lessons_fall_out"]);
}

#[test]
fn a_school_closed_or_merged_in_mid_term() {
    let closed = |more: Value| with(school("lake"), json!({ "closed": more }));
    warned(
        closed(json!({"last_day": "2020-10-31", "into": "hill"})),
        &["pair_outlives_school", "lessons_fall_out"],
    );
    refused(closed(json!({"last_day": "2020-10-31", "into": "lake"})), "merged_into_itself");
    refused(closed(json!({"last_day": "2020-10-31", "into": "nowhere"})), "unknown_school");
    let mut book = book();
    book.apply(&entry(50, closed(json!({"last_day": "2020-09-06", "into": "hill"}))));
    refused_by(&book, session("x"), "school_closed");
    refused_by(&book, slot("music"), "school_closed");
    refused_by(&book, with(pair(), json!({"id": "p2", "since": "2021-02-01"})), "school_closed");
    warned_by(&book, with(session("x"), json!({"cancelled": "the school is closed"})), &[]);
}

#[test]
fn a_pair_dissolved() {
    let mut book = book();
    book.apply(&entry(50, with(pair(), json!({"until": "2020-09-06"}))));
    refused_by(&book, session("x"), "pair_not_standing");
    refused_by(&book, slot("music"), "pair_not_standing");
    warned_by(&book, with(session("x"), json!({"purpose": "test", "pair": null})), &[]);
}

#[test]
fn times_that_cannot_be_and_a_lesson_across_midnight() {
    refused(with(slot("music"), json!({"end": "09:00:00"})), "no_length");
    refused(with(slot("music"), json!({"start": "09:40:00", "end": "09:00:00"})), "session_too_long");
    warned(with(slot("music"), json!({"start": "23:50:00", "end": "00:30:00"})), &["across_midnight"]);
    let at = |start: u64, end: u64| with(session("x"), json!({"start_us": start, "end_us": end}));
    refused(at(1_599_460_800_000_000, 1_599_458_400_000_000), "session_ends_before_it_begins");
    refused(at(1_599_458_400_000_000, 1_599_458_400_000_000), "session_ends_before_it_begins");
    refused(at(1_599_458_400_000_000, 1_599_501_601_000_000), "session_too_long");
    // Milliseconds where microseconds are asked for.
    refused(at(1_599_458_400_000, 1_599_460_800_000), "date_absurd");
    // 23:50 to 00:30; midnight itself is the day before's.
    warned(at(1_599_493_800_000_000, 1_599_496_200_000_000), &["across_midnight"]);
    warned(at(1_599_493_200_000_000, 1_599_494_400_000_000), &[]);
    refused(with(slot("music"), json!({"when": {"once": {"day": "2021-03-01"}}})), "outside_term");
}

#[test]
fn overlapping_lessons_and_a_teacher_in_two_places() {
    warned(slot("music"), &["teacher_twice"]);
    warned(with(slot("music"), json!({"start": "09:40:00", "end": "10:20:00"})), &[]);
    let others = json!({"teacher": "xu", "assistants": []});
    warned(with(slot("music"), others.clone()), &[]);
    let same_class = with(slot("music"), json!({"classes": ["lake/art"]}));
    warned(with(same_class, others.clone()), &["class_twice", "school_twice"]);
    warned(with(with(slot("music"), others), json!({"classes": []})), &["school_twice"]);
    let both = with(slot("music"), json!({"start": "10:00:00", "end": "10:40:00", "assistants": ["lin"]}));
    warned(both, &["teacher_twice"]);
    // A single one in the middle of the weekly one, with the teacher at the other end.
    let single = with(
        session("x"),
        json!({"start_us": 1_599_441_000_000_000_u64, "end_us": 1_599_442_000_000_000_u64,
        "assistants": ["lin"], "classes": ["centre/9", "lake/9"]}),
    );
    warned(single, &["teacher_twice"]);
}

#[test]
fn lessons_by_the_bells_and_agreements() {
    let bells = |school: &str, start: &str| {
        json!({"bells": {"school": school, "since": "2020-09-01", "periods": [
        {"number": 1, "start": "08:00:00", "end": "08:40:00"}, {"number": 2, "start": start, "end": "09:40:00"}]}})
    };
    let mut book = book();
    book.apply(&entry(50, bells("centre", "09:00:00")));
    warned_by(&book, bells("lake", "09:00:00"), &[]);
    warned_by(&book, bells("lake", "09:05:00"), &["bells_differ"]);
    refused_by(&book, bells("lake", "08:30:00"), "periods_overlap");
    refused_by(&book, bells("lake", "09:45:00"), "period_ends_before_it_begins");
    warned_by(&book, session("x"), &["outside_bells"]);
    warned_by(&book, slot("art"), &[]);
    warned(with(slot("art"), json!({"form": "remote_course"})), &["agreement_does_not_cover"]);
    refused(with(agreement(), json!({"last": "2019-08-31"})), "agreement_ends_before_it_begins");
    refused(with(agreement(), json!({"pair": "q"})), "unknown_pair");
    refused(with(agreement(), json!({"round": 0})), "round_absurd");
    refused(
        json!({"commitment": {"school": "lake", "year": 2020, "forms": ["sync_class"]}}),
        "not_to_promise",
    );
    warned(json!({"commitment": {"school": "lake", "year": 2020, "forms": ["teacher_study"]}}), &[]);
    warned(json!({"commitment": {"school": "hill", "year": 2020, "forms": []}}), &["no_pair"]);
}

#[test]
fn sessions_and_the_timetables_lessons_do_not_take_each_others_names() {
    refused(session("art-20200907"), "id_in_use");
    refused(with(session("x"), json!({"slot": "art"})), "name_not_of_slot");
    refused(with(session("music-20200907"), json!({"slot": "music"})), "unknown_slot");
    warned(with(session("art-20200907"), json!({"slot": "art"})), &[]);
    warned(session("music-20200907"), &[]);
    refused(with(session("x"), json!({"supporting": "lake", "receiving": ["centre"]})), "not_of_pair");
    refused(with(session("x"), json!({"pair": null})), "pair_missing");
    let study = json!({"pair": null, "purpose": {"help": "teacher_study"}});
    warned(with(session("x"), study), &["no_pair"]);
    let mut book = book();
    book.apply(&entry(50, session("x")));
    let other =
        json!({"purpose": "test", "pair": null, "supporting": "hill", "start_us": 1_599_458_500_000_000_u64});
    refused_by(&book, with(session("x"), other), "id_in_use");
    refused(with(session("x"), json!({"purpose": "inspection", "pair": "q"})), "unknown_pair");
    refused(with(slot("art"), json!({"pair": "q"})), "unknown_pair");
    refused(with(slot("art"), json!({"term": "u"})), "unknown_term");
    refused(with(slot("art"), json!({"classes": ["hill/3"]})), "class_of_no_school");
    refused(with(slot("art"), json!({"grade": 10})), "grade_absurd");
    warned(with(slot("art"), json!({"grade": 7})), &["grade_not_of_school"]);
}

#[test]
fn nobody_plans_a_test_or_says_anything_of_one() {
    refused(session("test-1"), "test_lesson");
    refused(with(session("test-1"), json!({"purpose": "test", "pair": null})), "test_lesson");
    refused(slot("test"), "test_lesson");
    refused(slot("test-art"), "test_lesson");
    let count = json!({"head_count": {"lesson": "test-1", "school": "lake", "pupils": 3, "teachers": 1}});
    refused(count, "test_lesson");
    refused(json!({"dispute": {"lesson": "test-1", "why": "it was held"}}), "test_lesson");
    refused(json!({"ruling": {"lesson": "test-1", "held": true}}), "test_lesson");
    refused(json!({"settlement": {"about": {"lesson": "test-1"}, "right": "here"}}), "test_lesson");
    warned(session("tests-1"), &[]);
}

#[test]
fn what_is_noted_by_hand_is_over_and_has_a_source() {
    let noted = |more: Value| with(session("x"), json!({"noted": more}));
    refused(noted(json!({"source": "minutes"})), "noted_before_it_was");
    let mut late = entry(100, noted(json!({"source": "minutes", "present": [["lake", 12]]})));
    late.at_us = WallTime(1_599_500_000_000_000);
    assert_eq!(check(&book(), &late), Ok(Vec::new()));
    refused(noted(json!({"source": " "})), "empty");
    refused(noted(json!({"source": "minutes", "present": [["hill", 12]]})), "not_of_lesson");
}

#[test]
fn formulas_sql_and_html_are_names_and_invisible_characters_are_not() {
    for name in
        ["=1+1", "+cmd|' /C calc'!A0", "'; DROP TABLE school; --", "<script>alert(1)</script>", "\"'&"]
    {
        let says = with(school("odd"), json!({"name": name, "aliases": [name]}));
        let entry = entry(100, says);
        assert_eq!(check(&book(), &entry), Ok(Vec::new()), "{name}");
        let mut book = book();
        book.apply(&entry);
        assert_eq!(book.school(&"odd".parse().unwrap()).unwrap().name, name, "kept as it is");
    }
    for name in ["湖\u{0}小学", "湖\n小学", "湖\u{202e}小学", "\u{1b}[31m湖小学"] {
        refused(with(school("odd"), json!({ "name": name })), "invisible_character");
    }
    refused(with(school("odd"), json!({"name": "湖".repeat(101)})), "too_long");
    warned(with(school("odd"), json!({"name": "湖".repeat(100)})), &[]);
    refused(with(school("odd"), json!({"name": "  "})), "empty");
    refused(with(school("odd"), json!({"aliases": vec!["湖"; 21]})), "too_many");
    refused(with(school("odd"), json!({"pupils": 30_001})), "people_absurd");
    warned(with(school("odd"), json!({"aliases": ["lake小学"]})), &["name_shared"]);
    refused(with(school("lake"), json!({"name": "山小学", "county": "pingyang"})), "id_in_use");
}

#[test]
fn what_others_need_is_not_withdrawn_and_nothing_without_a_reason() {
    let thing = |kind: &str, key: &str| json!({"withdrawn": {"kind": kind, "key": key}});
    for (kind, key) in [("school", "lake"), ("pair", "p"), ("term", "t")] {
        refused(thing(kind, key), "still_needed");
    }
    refused(thing("school", "nowhere"), "unknown_thing");
    refused(thing("secret", "x"), "unknown_thing");
    warned(thing("slot", "art"), &[]);
    warned(thing("dispute", "art-20200907"), &[]);
    let mut silent = entry(100, thing("slot", "art"));
    silent.reason.clear();
    assert_eq!(check(&book(), &silent).unwrap_err().problems[0].code, "reason_missing");
    let mut early = entry(100, slot("art"));
    early.at_us = WallTime(NOW);
    assert_eq!(codes(&check(&book(), &early).unwrap()), ["something_later_stands"]);
}

#[test]
fn what_is_said_about_lessons_and_in_other_ledgers() {
    let count = |lesson: &str, school: &str, pupils: u32| json!({"head_count": {"lesson": lesson, "school": school, "pupils": pupils, "teachers": 1}});
    warned(count("art-20200907", "lake", 30), &[]);
    warned(count("unplanned", "lake", 30), &["unknown_lesson"]);
    refused(count("art-20200907", "hill", 30), "not_of_lesson");
    refused(count("art-20200907", "lake", 3000), "people_absurd");
    refused(json!({"dispute": {"lesson": "art-20200907", "why": ""}}), "reason_missing");
    refused(
        json!({"ruling": {"lesson": "art-20200907", "held": true, "schools": ["hill"]}}),
        "not_of_lesson",
    );
    warned(json!({"ruling": {"lesson": "art-20200907", "held": true}}), &[]);
    let figure = |of: &str| {
        json!({"reported": {"of": of, "what": "satisfaction_pupils", "period": "2019",
        "value": {"number": 0.92}, "source": "survey"}})
    };
    warned(figure("school:lake"), &[]);
    warned(figure("region:yongjia"), &[]);
    refused(figure("school:nowhere"), "of_what");
    refused(figure("lake"), "of_what");
    let row = |row: u32, lessons: u32| {
        json!({"ledger_row": {"ledger": "2020-12", "row": row,
        "supporting": "瓯北二小", "receiving": ["大岙小学"], "lessons": lessons}})
    };
    warned(row(1, 26), &[]);
    refused(row(0, 1), "row_zero");
    refused(row(1, 0), "lessons_absurd");
    refused(json!({"settlement": {"about": {}, "right": "here"}}), "of_what");
}

#[test]
fn all_problems_are_told_at_once_and_not_without_end() {
    let bad = json!({"slot": {"id": "x", "pair": "q", "form": "sync_class", "term": "u",
        "when": {"weekly": {"weekday": 1}}, "start": "09:00:00", "end": "09:00:00"}});
    let refused = check(&book(), &entry(100, bad)).unwrap_err();
    assert_eq!(codes(&refused.problems), ["unknown_pair", "unknown_term", "no_length"]);
    assert!(refused.to_string().starts_with("pair: there is no pair 'q'; term: "));
    let many = with(slot("music"), json!({"classes": vec!["nowhere/1"; 10_000]}));
    let refused = check(&book(), &entry(100, many)).unwrap_err();
    assert!(refused.problems.len() <= MAX_NOTICES);
}
