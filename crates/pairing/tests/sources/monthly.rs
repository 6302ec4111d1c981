//! The monthly report, and the county's published totals (S003) beside what is counted.

use crate::world::*;
use jiff::civil::{Date, date};
use tongke_pairing::count::Count;
use tongke_pairing::entry::Value;
use tongke_pairing::inputs::Index;
use tongke_pairing::lesson::Form;
use tongke_pairing::monthly::{ByScope, CreditRow, Monthly, Share, monthly};
use tongke_pairing::period::Period;
use tongke_pairing::published::{implied_whole, rate};

fn report(world: &World, rows: &[CreditRow]) -> Monthly {
    let index = Index::new(world.inputs());
    monthly(&index, &world.rules, &world.settings, &county(), &Period::Year(2019), rows).unwrap()
}

fn row(lesson: &str, day: Date, school: &str, class: &str, people: Option<u32>) -> CreditRow {
    CreditRow {
        lesson: lesson.parse().unwrap(),
        day,
        form: Form::SyncClass,
        school: school.parse().unwrap(),
        classes: vec![format!("{school}/{class}")],
        people,
    }
}

/// The county of S003 at the end of November: 24 schools, 668 lessons, 385 trainings, 120 %.
fn november() -> World {
    let mut it = world("2019");
    it.as_of = date(2019, 11, 30);
    for (n, id) in ["c1", "c2", "c3", "r1"].into_iter().enumerate() {
        let mut far = school(&format!("{id}-far"), false);
        far.county = "elsewhere".parse().unwrap();
        if id == "r1" {
            far.city = "hangzhou".parse().unwrap();
        }
        it.schools.extend([school(id, true), far]);
        it.pairs.push(pair(&format!("x{n}"), &format!("{id}-far"), id, date(2019, 3, 1)));
    }
    it.report("region:yongjia", "total:sync_class", "2019", Value::Number(668.0));
    it.report("region:yongjia", "total:teacher_study", "2019", Value::Number(385.0));
    it.report("region:yongjia", "completion_rate", "2019", Value::Number(1.2));
    it
}

#[test]
fn twenty_in_the_county_three_in_the_city_one_in_the_province() {
    let it = report(&november(), &[]);
    assert_eq!(it.schools, ByScope { county: 20, city: 3, province: 1 });
    assert_eq!(it.pairs, ByScope { county: 10, city: 3, province: 1 }, "14 pairs, not 12");
    assert_eq!((it.schools.all(), it.pairs.all()), (24, 14));
    assert_eq!(&*it.month, "2019-11");
}

#[test]
fn a_hundred_and_twenty_per_cent_cannot_be_reproduced() {
    let it = report(&november(), &[]);
    let rate_of = it.published.iter().find(|it| it.what == "completion_rate").unwrap();
    assert_eq!((rate_of.published, &*rate_of.source, rate_of.same_by.len()), (1.2, "S003", 0));
    let ours =
        |definition: &str| rate_of.ours.iter().find(|it| it.definition == definition).map(|it| it.value);
    let lessons = ours("total:sync_class:published_over_owed").unwrap();
    assert!((lessons - 668.0 / 480.0).abs() < 1e-9, "139 %");
    assert_eq!(
        ours("total:teacher_study:published_over_owed"),
        None,
        "12 trainings were one of three choices"
    );
    assert!((ours("total:sync_class:published_per_school").unwrap() - 27.83).abs() < 0.005);
    assert!((ours("total:teacher_study:published_per_school").unwrap() - 16.04).abs() < 0.005);
    assert_eq!(ours("total:sync_class:distinct_if_both_ends_at_least"), Some(334.0));
    // Summed per pair it would be 47.7 lessons, above both published pairs (35 and 26).
    assert!((rate(668, 14, 1).unwrap() - 47.7).abs() < 0.05);
}

#[test]
fn a_rate_that_can_be_reproduced_says_by_which_definition() {
    let mut it = november();
    let schools: Vec<String> = it.schools.iter().map(|it| it.id.to_string()).collect();
    for id in schools.iter().filter(|id| !id.ends_with("-far")) {
        it.done(id, Form::SyncClass, "语文", "2019-1", 24);
    }
    let it = report(&it, &[]);
    let rate = it.published.iter().find(|it| it.what == "completion_rate").unwrap();
    assert_eq!(rate.same_by, ["sync.total:done_over_owed"], "24 of 20 each");
    let of = |name: &str| it.rates.iter().find(|it| it.definition == name).unwrap().value;
    assert_eq!(of("sync.total:done_over_owed_capped_per_school"), 1.0);
    assert_eq!(of("sync.total:schools_met"), 1.0);
    assert_eq!(it.finished, Count::exactly(0), "one subject is not two");
}

#[test]
fn a_lesson_is_one_and_credits_each_of_its_schools() {
    let mut it = world("2019");
    it.as_of = date(2019, 11, 30);
    it.pairs[0].receiving.push("daao".parse().unwrap());
    let (october, november) = (date(2019, 10, 31), date(2019, 11, 1));
    let rows = [
        // One to two: three schools.
        row("l1", november, "shiyan", "3-1", Some(41)),
        row("l1", november, "xiao", "3-1", Some(12)),
        row("l1", november, "daao", "3-1", None),
        row("l2", october, "shiyan", "3-1", Some(40)),
        row("l2", october, "xiao", "3-1", Some(13)),
        // The same row once more changes nothing, nor do other years and schools of nobody.
        row("l2", october, "xiao", "3-1", Some(13)),
        row("l3", date(2018, 11, 1), "shiyan", "3-1", Some(1)),
        row("l4", november, "nobody", "3-1", Some(1)),
    ];
    let report = report(&it, &rows);
    let now = &report.in_month[0];
    assert_eq!((now.distinct_lessons, now.school_credited), (1, 3));
    assert_eq!((now.person_times, now.rooms_not_counted, now.classes), (53, 1, 3));
    let so_far = &report.so_far[0];
    assert_eq!((so_far.distinct_lessons, so_far.school_credited), (2, 5));
    assert_eq!((so_far.person_times, so_far.classes), (106, 3), "people each time, classes once");
    assert_eq!(
        (&*so_far.person_times_definition, &*so_far.classes_definition),
        ("sum_over_lessons", "distinct")
    );
    assert_eq!(so_far.credited_per_school, Some(5.0 / 20.0));
}

#[test]
fn twenty_six_lessons_with_thirty_eight_people_are_about_a_thousand_person_times() {
    // 枫林: 18 classes, 26 lessons, 1000 多人次.
    let mut it = world("2019");
    it.as_of = date(2019, 11, 30);
    let mut rows = Vec::new();
    for n in 0..26 {
        let class = format!("c{}", n % 9);
        let day = date(2019, 9, 2).checked_add(jiff::Span::new().days(n)).unwrap();
        rows.push(row(&format!("l{n}"), day, "fenglin", &class, Some(30)));
        rows.push(row(&format!("l{n}"), day, "pankeng", &class, Some(9)));
    }
    let figures = report(&it, &rows).so_far.remove(0);
    assert_eq!((figures.distinct_lessons, figures.classes, figures.person_times), (26, 18, 1014));
}

#[test]
fn what_is_in_place_and_what_nobody_has_said() {
    let mut it = november();
    it.report("school:daao", "space_open", "2019", Value::Day(date(2019, 6, 30)));
    it.report("school:xiao", "space_open", "2019", Value::Day(date(2019, 12, 2)));
    it.agreed("p1", Some(date(2019, 5, 31)), date(2019, 5, 31), &[]);
    it.agreed("p2", None, date(2019, 5, 31), &[]);
    let report = report(&it, &[]);
    assert_eq!(report.spaces, Share { have: 1, unknown: 22, of: 24 }, "December is not yet");
    assert_eq!(report.equipment, Share { have: 0, unknown: 24, of: 24 });
    assert_eq!(report.agreements, Share { have: 1, unknown: 12, of: 14 });
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Monthly>(&text).unwrap(), report);
}

#[test]
fn who_promised_one_form_and_did_it_is_finished_without_the_others() {
    let mut it = world("2019");
    it.as_of = date(2019, 11, 30);
    for (_, supporting, receiving) in PAIRS {
        for school in [supporting, receiving] {
            for subject in ["语文", "数学"] {
                it.done(school, Form::SyncClass, subject, "2019-1", 10);
            }
            it.done(school, Form::TeacherStudy, "", "2019-1", 12);
            it.promised(school, &[Form::TeacherStudy]);
        }
    }
    it.promised("daao", &[Form::RemoteCourse]);
    assert_eq!(report(&it, &[]).finished, Count::exactly(19), "大岙 promised another one");
}

#[test]
fn published_totals_stand_beside_ours() {
    let it = report(&november(), &[row("l1", date(2019, 11, 4), "shiyan", "1-1", None)]);
    let total = it.published.iter().find(|it| it.what == "total:sync_class").unwrap();
    let ours: Vec<_> = total.ours.iter().map(|it| (&*it.definition, it.value)).collect();
    assert_eq!(ours, [("distinct_lessons", 1.0), ("school_credited", 1.0)]);
    assert!(total.same_by.is_empty());
}

#[test]
fn schools_of_up_to_two_hundred_pupils() {
    // 32 (22 + 10) are 31.7 % of the compulsory schools: 101. Of 14 with up to 100 pupils 13 are primary.
    assert_eq!(22 + 10, 32);
    assert_eq!(implied_whole(32, 0.317, 0.001), Some(Count::exactly(101)));
}
