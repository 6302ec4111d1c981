//! This registry beside an imported 大课表.

use crate::world::*;
use jiff::civil::{Date, Time, date, time};
use tongke_pairing::calendar::moment;
use tongke_pairing::count::Count;
use tongke_pairing::credit::Status;
use tongke_pairing::entry::{Difference, Entry, LedgerRow, Says, Settlement, Side, Thing};
use tongke_pairing::id::SchoolId;
use tongke_pairing::lesson::{Form, Purpose, Session};
use tongke_pairing::reconcile::{Here, Kind, Line, Question, Reconciled, Tolerance, reconcile};
use tongke_protocol::WallTime;

const NINE: Time = time(9, 0, 0, 0);

fn session(id: &str, day: Date, start: Time, subject: &str) -> Session {
    Session {
        id: id.parse().unwrap(),
        purpose: Purpose::Help(Form::SyncClass),
        pair: Some("p10".parse().unwrap()),
        supporting: "bilian".parse().unwrap(),
        receiving: vec!["yingkeng".parse().unwrap()],
        subject: Some(subject.into()),
        grade: Some(4),
        classes: vec![],
        teacher: None,
        assistants: vec![],
        start_us: moment(day.to_datetime(start)),
        end_us: moment(day.to_datetime(start).checked_add(jiff::Span::new().minutes(40)).unwrap()),
        slot: None,
        cancelled: None,
        noted: None,
    }
}

fn held(session: &Session) -> Here<'_> {
    Here { session, status: Status::Held, credited: session.receiving.clone(), teacher: Some("甲老师") }
}

/// A line with the names as S003 writes them.
fn row(number: u32, day: Date, start: Time, subject: &str) -> LedgerRow {
    LedgerRow {
        ledger: "december".into(),
        row: number,
        supporting: "碧莲镇中心小学".into(),
        receiving: vec!["永嘉县碧莲镇应坑小学".into()],
        day: Some(day),
        start: Some(start),
        form: Some(Form::SyncClass),
        subject: Some(subject.into()),
        grade: Some(4),
        teacher: Some("甲老师".into()),
        lessons: 1,
    }
}

fn compare(rows: &[LedgerRow], here: &[Here<'_>], entries: &[Entry]) -> Reconciled {
    let world = world("2019");
    let school = |name: &str| -> Option<SchoolId> {
        let is = |school: &&tongke_pairing::school::School| {
            school.name == name || school.aliases.iter().any(|alias| alias == name)
        };
        world.schools.iter().find(is).map(|school| school.id.clone())
    };
    let span = (date(2019, 9, 1), date(2019, 12, 31));
    let tolerance = Tolerance::default();
    reconcile(&Question { rows, here, span, entries, school: &school, tolerance })
}

fn fields(line: &Line) -> Vec<&str> {
    line.differs.iter().map(|it| it.field.as_str()).collect()
}

fn settle(id: &str, at: u64, about: Difference, right: Side) -> Entry {
    Entry {
        id: id.into(),
        at_us: WallTime(at),
        author: "reviewer".into(),
        reason: "looked it up".into(),
        says: Says::Settlement(Settlement { about, right }),
    }
}

#[test]
fn the_same_lesson_matches_whatever_name_the_school_has_and_whatever_the_order() {
    let monday = date(2019, 9, 9);
    let sessions = [
        session("l1", monday, NINE, "语文"),
        session("l2", monday, time(10, 0, 0, 0), "数学"),
        session("l3", date(2019, 9, 10), NINE, "语文"),
    ];
    let mut here: Vec<Here<'_>> = sessions.iter().map(held).collect();
    let mut rows = vec![
        row(1, monday, time(9, 5, 0, 0), "语文"),
        row(2, monday, time(10, 0, 0, 0), "数 学"),
        row(3, date(2019, 9, 10), NINE, "语文"),
    ];
    let all = compare(&rows, &here, &[]);
    assert!(all.lines.iter().all(|line| line.kind == Kind::Matched), "{:?}", all.lines);
    let found: Vec<_> = all.lines.iter().map(|line| line.lessons[0].as_str()).collect();
    assert_eq!(found, ["l1", "l2", "l3"]);
    assert_eq!((all.sums.matched, all.sums.lessons_agreed), (3, Count::exactly(3)));
    rows.reverse();
    here.rotate_left(1);
    assert_eq!(compare(&rows, &here, &[]), all);
}

#[test]
fn what_differs_is_said_field_by_field() {
    let day = date(2019, 9, 9);
    let lesson = session("l1", day, NINE, "语文");
    let table: [(&str, fn(&mut LedgerRow)); 6] = [
        ("start", |it| it.start = Some(time(9, 11, 0, 0))),
        ("subject", |it| it.subject = Some("数学".into())),
        ("grade", |it| it.grade = Some(5)),
        ("teacher", |it| it.teacher = Some("乙老师".into())),
        ("receiving", |it| it.receiving.push("大岙小学".into())),
        ("day", |it| it.day = Some(date(2019, 9, 11))),
    ];
    for (field, change) in table {
        let mut line = row(1, day, NINE, "语文");
        change(&mut line);
        let all = compare(&[line], &[held(&lesson)], &[]);
        assert_eq!((all.lines.len(), all.lines[0].kind), (1, Kind::Differing), "{field}");
        assert_eq!(fields(&all.lines[0]), [field]);
        assert_eq!(all.sums.unsettled, 1);
    }
    // What one side does not say is no difference.
    let mut silent = row(1, day, NINE, "语文");
    (silent.start, silent.form, silent.subject, silent.grade, silent.teacher) =
        (None, None, None, None, None);
    assert_eq!(compare(&[silent], &[held(&lesson)], &[]).lines[0].kind, Kind::Matched);
}

#[test]
fn a_lesson_of_another_form_is_another_lesson() {
    let day = date(2019, 9, 9);
    let lesson = session("l1", day, NINE, "语文");
    let mut line = row(1, day, NINE, "语文");
    line.form = Some(Form::TeacherStudy);
    let all = compare(&[line], &[held(&lesson)], &[]);
    assert_eq!((all.sums.only_here, all.sums.only_there), (1, 1));
}

#[test]
fn turned_roles_are_a_difference_and_other_schools_are_not_the_same() {
    let day = date(2019, 9, 9);
    let lesson = session("l1", day, NINE, "语文");
    let mut turned = row(1, day, NINE, "语文");
    (turned.supporting, turned.receiving) = ("应坑小学".into(), vec!["碧莲镇中心小学".into()]);
    assert_eq!(fields(&compare(&[turned], &[held(&lesson)], &[]).lines[0]), ["roles"]);
    let mut other = row(1, day, NINE, "语文");
    other.supporting = "枫林镇中心小学".into();
    let all = compare(&[other], &[held(&lesson)], &[]);
    assert_eq!((all.sums.only_here, all.sums.only_there), (1, 1));
}

#[test]
fn why_a_line_was_not_found() {
    let day = date(2019, 9, 9);
    let lesson = session("l1", day, NINE, "语文");
    let mut unknown = row(1, day, NINE, "语文");
    unknown.supporting = "第九小学".into();
    let outside = row(2, date(2020, 1, 6), NINE, "语文");
    let rows = [unknown, outside, row(3, day, NINE, "语文"), row(4, day, NINE, "语文")];
    let all = compare(&rows, &[held(&lesson)], &[]);
    let why: Vec<_> = all.lines.iter().map(|it| it.why.as_ref().map(|it| (&*it.code, &*it.detail))).collect();
    let expected = [
        Some(("unknown_school", "第九小学")),
        Some(("outside_the_span", "")),
        None,
        Some(("same_as_line", "3")),
    ];
    assert_eq!(why, expected);
    assert_eq!(all.lines[2].kind, Kind::Matched);
}

#[test]
fn a_lesson_that_does_not_count_here_differs_and_one_that_nobody_claims_is_no_difference() {
    let day = date(2019, 9, 9);
    let lesson = session("l1", day, NINE, "语文");
    for status in [Status::NotHeld, Status::Undecided, Status::Disputed, Status::Cancelled, Status::Planned] {
        let here = Here { status, credited: vec![], ..held(&lesson) };
        let all = compare(&[row(1, day, NINE, "语文")], std::slice::from_ref(&here), &[]);
        assert_eq!(fields(&all.lines[0]), ["status"], "{status:?}");
        assert_eq!(all.sums.lessons_agreed, Count::between(0, 1));
        assert!(compare(&[], &[here], &[]).lines.is_empty());
    }
}

#[test]
fn the_inspection_of_two_schools_that_are_no_pair_is_in_no_ledger() {
    // 实验小学 and 路口小学, linked by the experts in December 2019.
    let mut test = session("inspection", date(2019, 12, 11), NINE, "语文");
    test.purpose = Purpose::Inspection;
    test.pair = None;
    test.supporting = "shiyan".parse().unwrap();
    test.receiving = vec!["lukou".parse().unwrap()];
    assert!(compare(&[], &[held(&test)], &[]).lines.is_empty());
    let mut claimed = row(1, date(2019, 12, 11), NINE, "语文");
    (claimed.supporting, claimed.receiving) = ("实验小学".into(), vec!["路口小学".into()]);
    assert_eq!(compare(&[claimed], &[held(&test)], &[]).lines[0].kind, Kind::OnlyThere);
}

/// 17 语文, 17 数学 and 1 英语, as the pair of 碧莲 reports.
fn thirty_five() -> Vec<Session> {
    let first = date(2019, 9, 2);
    let mut sessions = Vec::new();
    for (subject, number) in [("语文", 17), ("数学", 17), ("英语", 1)] {
        for n in 0..number {
            let day = first.checked_add(jiff::Span::new().days(n)).unwrap();
            sessions.push(session(&format!("{}-{n}", subject.len() + sessions.len()), day, NINE, subject));
        }
    }
    sessions
}

#[test]
fn lines_that_sum_up_take_what_is_left_of_their_schools() {
    let sessions = thirty_five();
    let here: Vec<Here<'_>> = sessions.iter().map(held).collect();
    let sum = |number, subject: Option<&str>, lessons| LedgerRow {
        day: None,
        start: None,
        grade: None,
        teacher: None,
        subject: subject.map(str::to_owned),
        lessons,
        ..row(number, date(2019, 9, 2), NINE, "语文")
    };
    // One line of everything, after one of a subject: the more exact one takes first.
    let all = compare(&[sum(1, None, 18), sum(2, Some("语文"), 17)], &here, &[]);
    assert_eq!(
        all.lines.iter().map(|it| (it.kind, it.counted_here)).collect::<Vec<_>>(),
        [(Kind::Matched, 18), (Kind::Matched, 17)]
    );
    let all = compare(&[sum(1, Some("语文"), 17), sum(2, Some("数学"), 20)], &here, &[]);
    let kinds: Vec<_> = all.lines.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [Kind::Matched, Kind::Differing, Kind::OnlyHere]);
    assert_eq!(fields(&all.lines[1]), ["lessons"]);
    assert_eq!((all.sums.lessons_here, all.sums.lessons_there), (35, 37));
    assert_eq!(all.sums.lessons_agreed, Count::between(34, 38));
}

#[test]
fn a_line_of_several_lessons_of_a_day() {
    let day = date(2019, 9, 9);
    let sessions = [session("l1", day, NINE, "语文"), session("l2", day, time(9, 8, 0, 0), "语文")];
    let here: Vec<Here<'_>> = sessions.iter().map(held).collect();
    let two = LedgerRow { lessons: 2, ..row(1, day, NINE, "语文") };
    assert_eq!(compare(std::slice::from_ref(&two), &here, &[]).lines[0].kind, Kind::Matched);
    let all = compare(&[LedgerRow { lessons: 3, ..two }], &here, &[]);
    assert_eq!((all.lines[0].kind, fields(&all.lines[0])), (Kind::Differing, vec!["lessons"]));
    assert_eq!(all.lines[0].about.lesson, None, "it is settled as a line");
}

#[test]
fn a_person_settles_and_who_did_stays_with_it() {
    let day = date(2019, 9, 9);
    let lesson = session("l1", day, NINE, "语文");
    let alone = session("l2", date(2019, 10, 8), NINE, "数学");
    let here = [held(&lesson), held(&alone)];
    let rows = [row(1, day, NINE, "英语"), row(2, date(2019, 11, 20), NINE, "英语")];
    let open = compare(&rows, &here, &[]);
    assert_eq!((open.sums.unsettled, open.sums.lessons_agreed), (3, Count::between(1, 3)));
    let about = |kind| open.lines.iter().find(|it| it.kind == kind).unwrap().about.clone();
    let entries = [
        settle("e1", 10, about(Kind::Differing), Side::There),
        settle("e2", 20, about(Kind::Differing), Side::Here),
        settle("e3", 30, about(Kind::OnlyThere), Side::Here),
        settle("e4", 30, about(Kind::OnlyHere), Side::Here),
        settle("e5", 30, Difference { row: Some(("october".into(), 7)), lesson: None }, Side::Here),
    ];
    let done = compare(&rows, &here, &entries);
    assert_eq!((done.sums.unsettled, done.sums.lessons_agreed), (0, Count::exactly(2)));
    let settled = done.lines[0].settled.as_ref().unwrap();
    assert_eq!((settled.right, &*settled.entry, &*settled.author), (Side::Here, "e2", "reviewer"));
    assert_eq!((settled.before.as_slice(), &*settled.reason), (&["e1".to_owned()][..], "looked it up"));
    assert_eq!(done.stale.len(), 1, "of another import");
    // Backwards, twice: the same.
    let mut again: Vec<Entry> = entries.iter().rev().cloned().collect();
    again.extend(entries.iter().cloned());
    assert_eq!(compare(&rows, &here, &again), done);
    // Withdrawn: open again.
    let key = entries[2].says.thing().key;
    again.push(Entry {
        id: "e6".into(),
        at_us: WallTime(40),
        author: "reviewer".into(),
        reason: "a mistake".into(),
        says: Says::Withdrawn(Thing { kind: "settlement".into(), key }),
    });
    assert_eq!(compare(&rows, &here, &again).sums.unsettled, 1);
}

#[test]
fn a_person_may_say_that_a_line_and_a_lesson_are_the_same() {
    let lesson = session("l1", date(2019, 9, 9), NINE, "语文");
    let far = row(1, date(2019, 11, 20), NINE, "语文");
    let both = Difference { row: Some(("december".into(), 1)), lesson: Some("l1".parse().unwrap()) };
    let apart = compare(std::slice::from_ref(&far), &[held(&lesson)], &[]);
    assert_eq!((apart.sums.only_here, apart.sums.only_there), (1, 1));
    let all = compare(&[far], &[held(&lesson)], &[settle("e1", 1, both, Side::Both)]);
    assert_eq!((all.lines.len(), fields(&all.lines[0])), (1, vec!["day"]));
    assert_eq!((all.sums.unsettled, all.sums.lessons_agreed), (0, Count::exactly(1)));
    let text = serde_json::to_string(&all).unwrap();
    assert_eq!(serde_json::from_str::<Reconciled>(&text).unwrap(), all);
}
