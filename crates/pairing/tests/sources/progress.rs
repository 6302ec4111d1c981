//! Targets of schools.

use crate::world::*;
use jiff::civil::date;
use tongke_pairing::count::{Count, Verdict};
use tongke_pairing::lesson::Form;
use tongke_pairing::period::Period;
use tongke_pairing::school::Closure;

const YEAR: Period = Period::Year(2019);
use Verdict::{Met, NotOwed, Short, Undecided};

#[test]
fn bilian_by_the_rules_of_2019() {
    let mut it = world("2019");
    bilian(&mut it);
    for school in ["bilian", "yingkeng"] {
        let of = |target| it.target(school, YEAR, target);
        assert_eq!((of("sync.subjects").verdict, of("sync.subjects").done), (Met, Count::exactly(3)));
        assert_eq!((of("sync.total").verdict, of("sync.total").done), (Met, Count::exactly(35)));
        let each = of("sync.each_subject");
        assert_eq!((each.verdict, each.short_by), (Short, Count::exactly(9)), "英语 has 1 of 10");
    }
    // The other reading stands beside the number.
    let each = it.target("bilian", YEAR, "sync.each_subject");
    let per_subject = each.settings.iter().find(|it| it.name == "per_subject").unwrap();
    assert_eq!(per_subject.value, "every_opened");
    let other: Vec<_> = per_subject.otherwise.iter().map(|it| (&*it.value, &*it.result)).collect();
    assert_eq!(other, [("required_number", "met")]);
    it.with("per_subject", "required_number");
    assert_eq!(it.target("bilian", YEAR, "sync.each_subject").verdict, Met);
}

#[test]
fn bilian_has_eighteen_of_three_forms_together() {
    let mut it = world("2019");
    bilian(&mut it);
    it.with("other_forms", "all_three");
    let choice = it.choice("bilian");
    assert_eq!((choice.verdict, &*choice.why.code), (Undecided, "split_unknown"), "18 + 0 + 0 or 6 + 6 + 6");
    // 34 would do however they are shared out: one of three has 12.
    it.report(
        "pair:p9",
        "count:teacher_study+remote_course+master_observation",
        "2019",
        tongke_pairing::entry::Value::Number(34.0),
    );
    assert_eq!(it.choice("fenglin").verdict, Met);
}

#[test]
fn fenglin_cannot_be_decided_by_the_rules_of_2019() {
    let mut it = world("2019");
    fenglin(&mut it);
    let of = |target| it.target("fenglin", YEAR, target);
    assert_eq!(of("sync.subjects").verdict, Met);
    assert_eq!((of("sync.total").verdict, of("sync.total").done), (Met, Count::exactly(26)));
    let each = of("sync.each_subject");
    assert_eq!((each.verdict, &*each.why.code), (Undecided, "split_unknown"), "16 + 10 or 20 + 6");
    assert!(each.why.detail.contains("语文+数学"), "{:?}", each.why);
    assert_eq!(each.short_by, Count::between(0, 9));
    it.with("per_subject", "required_number");
    assert_eq!(it.target("fenglin", YEAR, "sync.each_subject").verdict, Undecided);
}

#[test]
fn both_pairs_by_the_numbers_of_2020() {
    let mut it = world("2020");
    bilian(&mut it);
    fenglin(&mut it);
    let term = || in_term("2020-1");
    let table = [
        // school, target, as shipped, in the required number of subjects
        ("bilian", "sync.subjects", Met, Met),
        ("bilian", "sync.each_subject", Short, Met),
        ("bilian", "sync.total", Met, Met),
        ("bilian", "study", Short, Short),
        ("fenglin", "sync.subjects", Met, Met),
        ("fenglin", "sync.each_subject", Short, Short),
        ("fenglin", "sync.total", Short, Short),
    ];
    let mut relaxed = it.clone();
    relaxed.with("per_subject", "required_number");
    for (school, target, strict, by_number) in table {
        assert_eq!(it.target(school, term(), target).verdict, strict, "{school} {target}");
        assert_eq!(relaxed.target(school, term(), target).verdict, by_number, "{school} {target}");
    }
    assert_eq!(it.target("bilian", term(), "sync.each_subject").short_by, Count::exactly(14));
    assert_eq!(it.target("bilian", term(), "study").done, Count::between(0, 18));
    assert_eq!(it.target("fenglin", term(), "sync.total").short_by, Count::exactly(4));
}

#[test]
fn a_new_school_with_thirty_lessons_and_twenty_trainings_misses_ten_of_sixty() {
    let mut it = world("2020");
    it.schools.extend([school("town", false), school("hill", true)]);
    it.pairs.push(pair("n1", "town", "hill", date(2020, 6, 1)));
    it.agreed("n1", Some(date(2020, 8, 1)), date(2020, 8, 1), &[Form::SyncClass, Form::TeacherStudy]);
    for subject in ["音乐", "美术"] {
        it.done("hill", Form::SyncClass, subject, "2020-1", 15);
    }
    it.done("hill", Form::TeacherStudy, "", "2020-1", 20);
    let term = || in_term("2020-1");
    for target in ["sync.subjects", "sync.each_subject", "sync.total", "study"] {
        assert_eq!(it.target("hill", term(), target).verdict, Met, "{target}");
    }
    for target in ["remote", "observation"] {
        let of = it.target("hill", term(), target);
        assert_eq!((of.verdict, &*of.why.code), (NotOwed, "not_chosen"), "{target}");
    }
    let total = it.target("hill", term(), "all_forms");
    assert_eq!((total.verdict, total.done, total.short_by), (Short, Count::exactly(50), Count::exactly(10)));
    assert_eq!(total.counted_over, Period::Year(2020));

    // With an optional form chosen, a single rule fails too.
    it.agreements[0].forms.push(Form::RemoteCourse);
    assert_eq!(it.target("hill", term(), "remote").short_by, Count::exactly(12));
    // Ten remote courses in January 2021 belong to the term, not to the calendar year.
    it.done("hill", Form::RemoteCourse, "", "2020-1", 10).year = 2021;
    assert_eq!(it.target("hill", term(), "all_forms").verdict, Short);
    it.with("grand_total", "autumn_term");
    let total = it.target("hill", term(), "all_forms");
    assert_eq!((total.verdict, total.counted_over), (Met, in_term("2020-1")));
}

#[test]
fn sixty_are_asked_of_new_schools_only_and_of_2020_only() {
    let mut it = world("2020");
    it.terms.push(term("2021-2", date(2021, 2, 22), date(2021, 7, 2)));
    let of = it.target("bilian", in_term("2020-1"), "all_forms");
    assert_eq!((of.verdict, &*of.why.code), (NotOwed, "paired_before"));
    it.schools.extend([school("town", false), school("hill", true)]);
    it.pairs.push(pair("n1", "town", "hill", date(2020, 6, 1)));
    let of = it.target("hill", in_term("2021-2"), "all_forms");
    assert_eq!((of.verdict, &*of.why.code), (NotOwed, "other_year"));
    // A supporting school of 2019 that gets a further pair is not new.
    it.pairs.push(pair("n2", "bilian", "hill", date(2020, 6, 1)));
    assert_eq!(it.target("bilian", in_term("2020-1"), "all_forms").verdict, NotOwed);
}

#[test]
fn whether_spring_2020_counts_is_a_setting() {
    let mut it = world("2020");
    let of = it.target("bilian", in_term("2020-2"), "sync.total");
    assert_eq!((of.verdict, of.short_by), (Short, Count::exactly(30)));
    let begins = of.settings.iter().find(|it| it.name == "begins").unwrap();
    assert_eq!(begins.otherwise[0].result, "not_owed");
    it.with("begins", "with_school_year");
    let of = it.target("bilian", in_term("2020-2"), "sync.total");
    assert_eq!((of.verdict, &*of.why.code), (NotOwed, "other_rules"));
    assert_eq!(it.target("bilian", in_term("2020-1"), "sync.total").verdict, Short);
    // The term of 2019 that ends in January 2020 is not one of these rules.
    it.with("begins", "with_year");
    assert_eq!(it.target("bilian", in_term("2019-1"), "sync.total").verdict, NotOwed);
}

#[test]
fn no_subject_and_one_subject_by_their_settings() {
    let table = [
        // lessons in 语文, no_subject, one_subject, verdict
        (0, "short", "judged", Short),
        (0, "met", "judged", Met),
        (10, "short", "judged", Met),
        (10, "short", "short", Short),
        (9, "short", "judged", Short),
    ];
    for (lessons, no_subject, one_subject, verdict) in table {
        let mut it = world("2019");
        it.done("bilian", Form::SyncClass, "语文", "2019-1", lessons);
        it.with("no_subject", no_subject).with("one_subject", one_subject);
        let of = it.target("bilian", YEAR, "sync.each_subject");
        assert_eq!(of.verdict, verdict, "{lessons} {no_subject} {one_subject}");
        assert_eq!(it.target("bilian", YEAR, "sync.subjects").verdict, Short, "two subjects are asked for");
    }
}

#[test]
fn the_other_forms_by_the_promise_list() {
    use Form::{MasterObservation, RemoteCourse, TeacherStudy};
    let mut it = world("2019");
    it.done("bilian", TeacherStudy, "", "2019-1", 12);
    it.done("bilian", RemoteCourse, "", "2019-1", 11);
    let verdict = |it: &World| (it.choice("bilian").verdict, it.choice("bilian").why.code);
    assert_eq!(verdict(&it), (Undecided, "no_promise_list".into()), "nobody said what was promised");
    it.promised("bilian", &[RemoteCourse]);
    assert_eq!(verdict(&it), (Short, "counted".into()));
    assert_eq!(it.choice("bilian").settings[0].otherwise[0].result, "met", "all three would do");
    it.promised("bilian", &[RemoteCourse, TeacherStudy]);
    assert_eq!(verdict(&it), (Met, "counted".into()));
    it.promised("bilian", &[]);
    for (value, expected) in
        [("all_three", Met), ("not_owed", NotOwed), ("short", Short), ("undecided", Undecided)]
    {
        it.with("empty_promise", value);
        assert_eq!(it.choice("bilian").verdict, expected, "{value}");
    }
    // What holds whatever was promised needs no list.
    it.commitments.clear();
    it.done("bilian", RemoteCourse, "", "2019-1", 1);
    it.done("bilian", MasterObservation, "", "2019-1", 12);
    assert_eq!(it.choice("bilian").verdict, Met);
    assert_eq!(it.choice("oubei").verdict, Short);
}

#[test]
fn master_observation_may_be_one_total_of_the_region() {
    let mut it = world("2019");
    for (school, times) in [("bilian", 5), ("oubei", 7)] {
        it.done(school, Form::MasterObservation, "", "2019-1", times);
        it.promised(school, &[Form::MasterObservation]);
    }
    assert_eq!(it.choice("bilian").verdict, Short);
    it.with("master_observation", "regional");
    assert_eq!(it.choice("bilian").verdict, Met);
}

#[test]
fn a_merged_school_owes_by_its_setting() {
    let mut it = world("2019");
    let school = it.schools.iter_mut().find(|it| it.id.as_str() == "daao").unwrap();
    school.closed = Some(Closure { last_day: date(2019, 8, 31), into: None });
    assert_eq!(it.target("daao", YEAR, "sync.total").verdict, Short);
    let settings = it.target("daao", YEAR, "sync.total").settings;
    assert_eq!((&*settings[0].name, &*settings[0].otherwise[0].result), ("merged_schools", "not_owed"));
    it.with("merged_schools", "exempt");
    assert_eq!(it.target("daao", YEAR, "sync.total").why.code, "merged");
    assert_eq!(it.choice("daao").verdict, NotOwed);
    assert_eq!(it.target("oubei", YEAR, "sync.total").verdict, Short, "others owe as before");
}

#[test]
fn short_by_n_with_m_weeks_left_and_what_will_be() {
    let mut it = world("2020");
    it.as_of = date(2020, 11, 30);
    // 语文 12 done and 5 to come, 数学 9 done and 3 to come, 1 undecided.
    it.done("bilian", Form::SyncClass, "语文", "2020-1", 12).planned = 5;
    let maths = it.done("bilian", Form::SyncClass, "数学", "2020-1", 9);
    (maths.planned, maths.open) = (3, 1);
    let of = it.target("bilian", in_term("2020-1"), "sync.total");
    assert_eq!((of.done, of.short_by, of.verdict), (Count::between(21, 22), Count::between(8, 9), Short));
    assert_eq!((of.planned, of.open, of.weeks_left), (8, 1, 8), "30 November to 22 January");
    assert_eq!(of.forecast.done, Count::between(29, 30));
    assert_eq!((of.forecast.verdict, of.forecast.short_by), (Undecided, Count::between(0, 1)));
    assert_eq!(of.forecast.at_this_pace, Some(21.0 / 13.0 * 21.0));
    assert_eq!(of.forecast.needed_per_week, Some(9.0 / 8.0));
    let each = it.target("bilian", in_term("2020-1"), "sync.each_subject");
    assert_eq!(
        (each.forecast.verdict, each.forecast.short_by),
        (Short, Count::between(2, 3)),
        "数学 12 or 13"
    );
    let maths = each.subjects.iter().find(|it| it.subject == "数学").unwrap();
    assert_eq!((maths.done, maths.planned, maths.open), (Count::between(9, 10), 3, 1));
    assert_eq!((maths.short_by, maths.verdict), (Count::between(5, 6), Short));
    assert_eq!(each.forecast.at_this_pace, None, "it counts subjects");
}

#[test]
fn a_lesson_of_which_nobody_said_the_subject_counts_in_the_total_only() {
    let mut it = world("2019");
    it.done("bilian", Form::SyncClass, "语文", "2019-1", 19);
    it.done("bilian", Form::SyncClass, "", "2019-1", 1);
    let of = |target| it.target("bilian", YEAR, target);
    assert_eq!(of("sync.total").verdict, Met);
    let subjects = of("sync.subjects");
    assert_eq!((subjects.verdict, &*subjects.why.code), (Undecided, "subject_unsaid"));
    assert_eq!(of("sync.each_subject").verdict, Undecided, "语文 20, or 语文 19 and another 1");
    assert_eq!(of("sync.each_subject").subjects.len(), 1);
}

#[test]
fn who_is_not_paired_owes_nothing_and_an_end_in_the_year_is_no_excuse() {
    let mut it = world("2019");
    it.schools.push(school("alone", true));
    let of = it.target("alone", YEAR, "sync.total");
    assert_eq!((of.verdict, &*of.why.code, of.short_by), (NotOwed, "not_paired", Count::exactly(0)));
    it.pairs[0].until = Some(date(2019, 6, 30));
    assert_eq!(it.target("shiyan", YEAR, "sync.total").verdict, Short);
    it.pairs[0].until = Some(date(2018, 12, 31));
    assert_eq!(it.target("shiyan", YEAR, "sync.total").verdict, NotOwed);
}

#[test]
fn counted_and_reported_numbers_are_never_added() {
    let mut it = world("2019");
    bilian(&mut it);
    it.done("bilian", Form::SyncClass, "语文", "2019-1", 3);
    assert_eq!(it.target("bilian", YEAR, "sync.total").done, Count::exactly(35));
    it.basis = tongke_pairing::inputs::Basis::Counted;
    assert_eq!(it.target("bilian", YEAR, "sync.total").done, Count::exactly(3));
}

#[test]
fn without_an_agreement_it_is_not_known_which_forms_were_chosen() {
    let mut it = world("2020");
    let of = it.target("bilian", in_term("2020-1"), "remote");
    assert_eq!((of.verdict, &*of.why.code), (Undecided, "no_agreement"));
    it.done("bilian", Form::RemoteCourse, "", "2020-1", 12);
    assert_eq!(it.target("bilian", in_term("2020-1"), "remote").verdict, Met);
}
