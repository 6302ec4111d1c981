//! What else is due: days, shares, numbers of events.

use crate::world::*;
use Verdict::{Met, Short, Undecided};
use jiff::civil::date;
use tongke_pairing::count::Verdict;
use tongke_pairing::duties::{DutyResult, duties};
use tongke_pairing::entry::Value;
use tongke_pairing::inputs::Index;
use tongke_pairing::lesson::Form;
use tongke_pairing::period::Period;
use tongke_pairing::rules::RuleSet;

fn all(world: &World, period: &Period) -> Vec<DutyResult> {
    let index = Index::new(world.inputs());
    duties(&index, &world.rules, &world.settings, &county(), period)
}

/// Results of one duty: verdict and code, by what it is of.
fn of(world: &World, period: &Period, duty: &str, of: &str) -> Vec<(Verdict, String, String)> {
    let all = all(world, period);
    let ours = all.into_iter().filter(|it| it.duty == duty && it.of == of);
    ours.map(|it| (it.verdict, it.why.code, it.subject.unwrap_or(it.period))).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "a period is named at each call")]
fn one(world: &World, period: Period, duty: &str, what: &str) -> (Verdict, String) {
    let results = of(world, &period, duty, what);
    assert_eq!(results.len(), 1, "{duty} of {what}: {results:?}");
    (results[0].0, results[0].1.clone())
}

const YEAR: Period = Period::Year(2019);

#[test]
fn days_by_which_something_was_due() {
    let table = [
        // duty, figure, last day, the day after
        ("space", "space_open", date(2019, 6, 30), date(2019, 7, 1)),
        ("equipment", "equipment_ready", date(2019, 8, 31), date(2019, 9, 1)),
    ];
    for (duty, figure, last, after) in table {
        let mut it = world("2019");
        it.report("school:daao", "equipment_standard", "2019", Value::Flag(true));
        assert_eq!(one(&it, YEAR, duty, "school:daao"), (Undecided, "no_figure".into()));
        it.as_of = last;
        assert_eq!(one(&it, YEAR, duty, "school:daao"), (Undecided, "not_due".into()));
        it.as_of = date(2019, 12, 31);
        it.report("school:daao", figure, "2019", Value::Day(last));
        assert_eq!(one(&it, YEAR, duty, "school:daao"), (Met, "in_time".into()));
        it.reported.retain(|it| it.what != figure);
        it.report("school:daao", figure, "2019", Value::Day(after));
        assert_eq!(one(&it, YEAR, duty, "school:daao"), (Short, "late".into()));
    }
}

#[test]
fn equipment_must_meet_the_standard_too() {
    let mut it = world("2019");
    it.report("school:daao", "equipment_ready", "2019", Value::Day(date(2019, 8, 1)));
    assert_eq!(one(&it, YEAR, "equipment", "school:daao"), (Undecided, "no_figure".into()));
    it.report("school:daao", "equipment_standard", "2019", Value::Flag(false));
    assert_eq!(one(&it, YEAR, "equipment", "school:daao"), (Short, "not_so".into()));
}

#[test]
fn agreements_by_the_end_of_may() {
    let mut it = world("2019");
    assert_eq!(one(&it, YEAR, "agreement", "pair:p1"), (Undecided, "no_agreement".into()));
    it.agreed("p1", Some(date(2019, 5, 31)), date(2019, 5, 31), &[Form::SyncClass]);
    it.agreed("p2", Some(date(2019, 6, 3)), date(2019, 6, 3), &[Form::SyncClass]);
    it.agreed("p3", None, date(2019, 6, 3), &[Form::SyncClass]);
    assert_eq!(one(&it, YEAR, "agreement", "pair:p1"), (Met, "in_time".into()));
    assert_eq!(one(&it, YEAR, "agreement", "pair:p2"), (Short, "signed_late".into()));
    assert_eq!(one(&it, YEAR, "agreement", "pair:p3"), (Short, "not_signed".into()));
}

#[test]
fn each_subject_has_ten_lessons_in_the_county_by_late_october() {
    let mut it = world("2019");
    it.as_of = date(2019, 10, 31);
    for (school, subject, lessons) in
        [("yingkeng", "语文", 6), ("bilian", "语文", 6), ("pankeng", "语文", 4), ("daao", "美术", 9)]
    {
        it.done(school, Form::SyncClass, subject, "2019-1", lessons);
    }
    let results = of(&it, &YEAR, "subject_lessons", "region:yongjia");
    let short = (Short, "not_due".to_owned(), "美术".to_owned());
    let met = (Met, "counted".to_owned(), "语文".to_owned());
    assert_eq!(results, [short, met], "6 + 4 lessons, each counted once");
    // After the day nobody can say from today's count when the lessons were.
    it.as_of = date(2019, 12, 31);
    let later: Vec<_> =
        of(&it, &YEAR, "subject_lessons", "region:yongjia").into_iter().map(|it| it.1).collect();
    assert_eq!(later, ["counted", "counted_later"]);
}

#[test]
fn ten_cases_in_october_or_in_november() {
    let mut it = world("2019");
    it.as_of = date(2019, 11, 15);
    it.report("region:yongjia", "cases", "2019", Value::Number(9.0));
    let found = |it: &World| {
        let all = all(it, &YEAR);
        let cases: Vec<_> = all.into_iter().filter(|it| it.duty.starts_with("county_cases")).collect();
        assert_eq!(cases.len(), 1);
        (cases[0].verdict, cases[0].is_over, cases[0].by.unwrap(), cases[0].defect.is_some())
    };
    assert_eq!(found(&it), (Short, false, date(2019, 11, 30), true));
    it.with("county_cases", "october");
    assert_eq!(found(&it), (Short, true, date(2019, 10, 31), true));
    it.report("region:yongjia", "cases:语文", "2019", Value::Number(2.0));
    it.done("daao", Form::SyncClass, "语文", "2019-1", 1);
    it.done("daao", Form::SyncClass, "数学", "2019-1", 1);
    let results = of(&it, &YEAR, "subject_cases", "region:yongjia");
    assert_eq!(
        results.iter().map(|it| (it.0, &*it.2)).collect::<Vec<_>>(),
        [(Undecided, "数学"), (Met, "语文")]
    );
}

#[test]
fn the_task_of_november_makes_sense_by_a_setting_only() {
    let mut it = world("2019");
    assert!(of(&it, &YEAR, "november_task", "school:daao").is_empty());
    it.with("november_task", "each_subject");
    it.as_of = date(2019, 11, 30);
    for subject in ["语文", "数学"] {
        it.done("daao", Form::SyncClass, subject, "2019-1", 10);
    }
    assert_eq!(one(&it, YEAR, "november_task", "school:daao"), (Met, "counted".into()));
    assert_eq!(one(&it, YEAR, "november_task", "school:oubei"), (Short, "not_due".into()));
    it.as_of = date(2019, 12, 31);
    assert_eq!(one(&it, YEAR, "november_task", "school:daao"), (Undecided, "counted_later".into()));
    let result = all(&it, &YEAR).into_iter().find(|it| it.duty == "november_task").unwrap();
    assert!(result.defect.unwrap().contains("每门"));
}

#[test]
fn events_of_each_term() {
    let mut it = world("2019");
    it.as_of = date(2019, 12, 31);
    it.report("region:yongjia", "exchanges", "2019-2", Value::Number(1.0));
    let results = of(&it, &YEAR, "exchange", "region:yongjia");
    let spring = (Met, "reported".to_owned(), "2019-2".to_owned());
    let autumn = (Undecided, "not_due".to_owned(), "2019-1".to_owned());
    assert_eq!(results, [spring, autumn], "the autumn term ends in January");
    it.done("daao", Form::SyncClass, "语文", "2019-1", 1);
    it.report("region:yongjia", "subject_events:语文", "2019-1", Value::Number(2.0));
    let events = of(&it, &YEAR, "subject_events", "region:yongjia");
    assert_eq!(events.iter().filter(|it| it.0 == Met).count(), 1);
}

#[test]
fn shares_and_numbers_of_2020() {
    let table = [
        // duty, figure, of, period, too little, enough
        ("leaders_trained", "leaders_trained", "school:bilian", "2020", 0.99, 1.0),
        ("teachers_trained_half", "teachers_trained", "school:bilian", "2020", 0.49, 0.5),
        ("teachers_trained_all", "teachers_trained", "school:bilian", "2021", 0.99, 1.0),
        ("online_courses", "online_course_teachers", "school:bilian", "2020", 1.0, 2.0),
        ("pupils_online", "pupils_in_online_courses", "school:yingkeng", "2020", 0.049, 0.05),
        ("cases_primary", "cases_primary", "region:yongjia", "2020", 5.0, 6.0),
        ("cases_junior", "cases_junior", "region:yongjia", "2020", 3.0, 4.0),
        ("experts", "expert_teams", "region:yongjia", "2020", 0.0, 1.0),
        ("masters", "masters", "region:yongjia", "2020", 9.0, 10.0),
        ("cases", "cases", "region:yongjia", "2020", 9.0, 10.0),
        ("city_models", "city_models", "region:yongjia", "2020", 9.0, 10.0),
    ];
    for (duty, figure, what, period, little, enough) in table {
        let mut it = world("2020");
        it.as_of = date(2022, 1, 31);
        let term = || in_term("2020-1");
        assert_eq!(one(&it, term(), duty, what).0, Undecided, "{duty}");
        it.report(what, figure, period, Value::Number(little));
        assert_eq!(one(&it, term(), duty, what).0, Short, "{duty}");
        it.reported[0].value = Value::Number(enough);
        assert_eq!(one(&it, term(), duty, what), (Met, "reported".into()), "{duty}");
    }
    let it = world("2020");
    assert!(
        of(&it, &in_term("2020-1"), "online_courses", "school:yingkeng").is_empty(),
        "supporting ones only"
    );
    assert!(of(&it, &in_term("2020-1"), "pupils_online", "school:bilian").is_empty(), "receiving ones only");
}

#[test]
fn what_is_due_of_schools_new_in_2020() {
    let mut it = world("2020");
    it.as_of = date(2020, 12, 31);
    it.schools.extend([school("town", false), school("hill", true)]);
    it.pairs.push(pair("n1", "town", "hill", date(2020, 6, 1)));
    it.agreed("n1", Some(date(2020, 8, 20)), date(2020, 9, 1), &[Form::SyncClass]);
    it.report("school:hill", "equipment_ready", "2020", Value::Day(date(2020, 8, 15)));
    it.report("school:hill", "ledger_connected", "2020", Value::Flag(true));
    it.report("school:hill", "space_open", "2020", Value::Day(date(2020, 8, 31)));
    let term = || in_term("2020-1");
    assert_eq!(one(&it, term(), "agreement", "pair:n1"), (Met, "in_time".into()));
    assert_eq!(one(&it, term(), "equipment", "school:hill"), (Met, "in_time".into()));
    assert_eq!(one(&it, term(), "space", "school:hill"), (Short, "late".into()), "30 August");
    for (duty, what) in [("agreement", "pair:p1"), ("equipment", "school:daao"), ("space", "school:daao")] {
        assert!(of(&it, &term(), duty, what).is_empty(), "{what} is of 2019");
    }
    // 各学科每学期至少开展一次: of the subjects that are taught.
    it.done("hill", Form::SyncClass, "音乐", "2020-1", 3);
    it.report("region:yongjia", "seminars:音乐", "2020-1", Value::Number(1.0));
    assert_eq!(one(&it, term(), "seminars", "region:yongjia"), (Met, "reported".into()));
}

#[test]
fn a_schools_own_plan_is_a_rule_set_too() {
    let text = include_str!("../../../../configs/rules/examples/school-plan.toml");
    let mut it = world("2020");
    it.rules = RuleSet::parse(text).unwrap();
    it.settings = it.rules.settings.clone();
    it.as_of = date(2020, 9, 20);
    it.report("pair:p1", "week_art_1", "2020-W37", Value::Number(2.0));
    it.report("pair:p1", "week_art_1", "2020-W38", Value::Number(1.0));
    it.report("pair:p1", "month_visits", "2020-09", Value::Number(1.0));
    let term = || in_term("2020-1");
    let art: Vec<_> = of(&it, &term(), "art_1", "pair:p1").into_iter().map(|it| (it.0, it.2)).collect();
    let weeks = [(Undecided, "2020-W36"), (Met, "2020-W37"), (Short, "2020-W38")];
    assert_eq!(art, weeks.map(|(verdict, week)| (verdict, week.to_owned())));
    assert_eq!(one(&it, term(), "visit", "pair:p1"), (Met, "reported".into()));
    let text = include_str!("../../../../configs/rules/examples/receiving-plan.toml");
    assert_eq!(RuleSet::parse(text).unwrap().duties.len(), 4);
}
