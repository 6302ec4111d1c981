//! How many lessons, classes and people there were over many sessions.
//!
//! No source says what 师生参与人次 and 参与班级数 count, and 668 lessons at 24 schools may be 334 that two
//! schools each report. So no number is given without the name of its definition, and where a source leaves two
//! readings, both are given.

use crate::credit::{Decision, SchoolCredit};
use crate::id::SchoolId;
use crate::lesson::Session;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tongke_protocol::LessonId;
use utoipa::ToSchema;

/// A number with what it counts and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What it counts.
    pub counts: Counts,
    /// How.
    pub definition: Definition,
    /// The number. It grows if something is told of those that are `unknown`.
    pub number: u64,
    /// Credits of schools for which nobody said how many there were.
    pub unknown: u64,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// Lessons and other sessions that are credited (节, 次).
    Lessons,
    /// 参与班级数.
    Classes,
    /// 师生参与人次: pupils and teachers together.
    PersonTimes,
}

/// How it is counted. Only schools that a session is credited to are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Definition {
    /// Each once: a lesson however many schools had it, a class however many lessons it had.
    Distinct,
    /// Each lesson once for each school that it is credited to.
    SumOverSchools,
    /// Added up over the lessons: who is in two lessons counts twice. All rooms of the lesson.
    SumOverLessons,
    /// The same, the receiving schools' rooms alone.
    SumOverLessonsReceiving,
}

/// A session's entry beside what was decided of it.
pub type Settled<'a> = (&'a Session, &'a Decision);

/// The figures of some sessions, as far as they are credited to schools that `is_meant` says. A session that
/// is handed in twice counts once.
pub fn figures<'a>(
    sessions: impl IntoIterator<Item = Settled<'a>>,
    is_meant: impl Fn(&SchoolId) -> bool,
) -> Vec<Figure> {
    let once: BTreeMap<&LessonId, Settled<'a>> = sessions.into_iter().map(|it| (&it.1.lesson, it)).collect();
    let mut sums = Sums::default();
    for (session, decision) in once.into_values() {
        let credits: Vec<&SchoolCredit> =
            decision.credited().filter(|credit| is_meant(&credit.school)).collect();
        sums.add(session, &credits);
    }
    sums.figures()
}

#[derive(Default)]
struct Sums<'a> {
    lessons: u64,
    credits: u64,
    classes: BTreeSet<&'a str>,
    class_lessons: u64,
    without_class: u64,
    people: Sum,
    people_receiving: Sum,
}

#[derive(Default)]
struct Sum {
    number: u64,
    unknown: u64,
}

impl Sum {
    fn add(&mut self, credit: &SchoolCredit) {
        match credit.people {
            Some(people) => self.number += u64::from(people.total),
            None => self.unknown += 1,
        }
    }
}

impl<'a> Sums<'a> {
    fn add(&mut self, session: &'a Session, credits: &[&SchoolCredit]) {
        self.lessons += u64::from(!credits.is_empty());
        self.credits += credits.len() as u64;
        for credit in credits {
            let classes: BTreeSet<&str> = classes_of(session, &credit.school).collect();
            self.without_class += u64::from(classes.is_empty());
            self.class_lessons += classes.len() as u64;
            self.classes.extend(classes);
            self.people.add(credit);
            if !credit.supporting {
                self.people_receiving.add(credit);
            }
        }
    }

    fn figures(self) -> Vec<Figure> {
        use Definition::{Distinct, SumOverLessons, SumOverLessonsReceiving, SumOverSchools};
        let figure = |counts, definition, number, unknown| Figure { counts, definition, number, unknown };
        let (people, receiving) = (self.people, self.people_receiving);
        vec![
            figure(Counts::Lessons, Distinct, self.lessons, 0),
            figure(Counts::Lessons, SumOverSchools, self.credits, 0),
            figure(Counts::Classes, Distinct, self.classes.len() as u64, self.without_class),
            figure(Counts::Classes, SumOverLessons, self.class_lessons, self.without_class),
            figure(Counts::PersonTimes, SumOverLessons, people.number, people.unknown),
            figure(Counts::PersonTimes, SumOverLessonsReceiving, receiving.number, receiving.unknown),
        ]
    }
}

/// The classes of a session that belong to a school: `fenglin/4-1`.
pub fn classes_of<'a>(session: &'a Session, school: &SchoolId) -> impl Iterator<Item = &'a str> {
    let is_of = move |class: &&str| class.split_once('/').is_some_and(|(of, _)| of == school.as_str());
    session.classes.iter().map(String::as_str).filter(is_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::moment;
    use crate::credit::decide;
    use crate::evidence::Evidence;
    use crate::lesson::{Form, Noted, Purpose};
    use crate::policy::Policy;
    use jiff::civil::date;
    use tongke_protocol::WallTime;

    /// A lesson that was held, with so many people at each school; none: not counted.
    fn held(number: usize, schools: &[(&str, Option<u32>)], classes: &[&str]) -> (Session, Decision) {
        let id = |at: usize| schools[at].0.parse().unwrap();
        let start_us = moment(date(2019, 9, 2).at(8, 20, 0, 0));
        let present = schools.iter().filter_map(|(school, n)| Some((school.parse().unwrap(), (*n)?)));
        let session = Session {
            id: format!("lesson-{number}").parse().unwrap(),
            purpose: Purpose::Help(Form::SyncClass),
            pair: None,
            supporting: id(0),
            receiving: (1..schools.len()).map(id).collect(),
            subject: Some("语文".into()),
            grade: None,
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
            teacher: None,
            assistants: Vec::new(),
            start_us,
            end_us: WallTime(start_us.0 + 40 * 60_000_000),
            slot: None,
            cancelled: None,
            noted: Some(Noted { source: "lesson register".into(), present: present.collect() }),
        };
        let decision = decide(&session, &Evidence::default(), &Policy::shipped(), WallTime(session.end_us.0));
        (session, decision)
    }

    fn numbers(lessons: &[(Session, Decision)], is_meant: impl Fn(&SchoolId) -> bool) -> Vec<(u64, u64)> {
        let settled = lessons.iter().map(|(session, decision)| (session, decision));
        figures(settled, is_meant).iter().map(|figure| (figure.number, figure.unknown)).collect()
    }

    /// 枫林镇中心小学 and 潘坑小学 (S003): 26 lessons, 18 classes, more than 1000 person-times.
    #[test]
    fn fenglin_and_pankengs_figures_come_out_if_classes_are_distinct_and_people_are_summed() {
        let lessons: Vec<_> = (0..26)
            .map(|number| {
                let here = format!("fenglin/{}", number % 12);
                let there = format!("pankeng/{}", number % 6);
                held(number, &[("fenglin", Some(30)), ("pankeng", Some(9))], &[&here, &there])
            })
            .collect();
        let expected = [(26, 0), (52, 0), (18, 0), (52, 0), (1014, 0), (234, 0)];
        assert_eq!(numbers(&lessons, |_| true), expected);
        let pankeng = [(26, 0), (26, 0), (6, 0), (26, 0), (234, 0), (234, 0)];
        assert_eq!(numbers(&lessons, |school| school.as_str() == "pankeng"), pankeng);
    }

    /// If each of the county's 668 lessons (S003) was reported by both ends, there were 334.
    #[test]
    fn distinct_lessons_and_those_credited_to_schools_are_two_numbers() {
        let lessons: Vec<_> = (0..334).map(|n| held(n, &[("s1", None), ("r1", None)], &[])).collect();
        let [distinct, by_school, ..] = numbers(&lessons, |_| true)[..] else { panic!() };
        assert_eq!((distinct, by_school), ((334, 0), (668, 0)));
        let one_to_two = [held(0, &[("s1", Some(40)), ("r1", Some(8)), ("r2", None)], &["r1/4"])];
        let expected = [(1, 0), (3, 0), (1, 2), (1, 2), (48, 1), (8, 1)];
        assert_eq!(numbers(&one_to_two, |_| true), expected);
    }

    #[test]
    fn what_is_not_credited_and_what_is_handed_in_twice_adds_nothing() {
        let (session, decision) = held(1, &[("s1", Some(40)), ("r1", Some(8))], &["s1/3-2", "r1/3", "r1/3"]);
        let test = Session { purpose: Purpose::Test, id: "test-1".parse().unwrap(), ..session.clone() };
        let never = decide(&test, &Evidence::default(), &Policy::shipped(), WallTime(u64::MAX));
        let lessons = [(session.clone(), decision.clone()), (test, never), (session, decision)];
        assert_eq!(numbers(&lessons, |_| true), [(1, 0), (2, 0), (2, 0), (2, 0), (48, 0), (8, 0)]);
    }

    #[test]
    fn a_figure_carries_the_names_of_what_it_counts_and_how() {
        let (session, decision) = held(1, &[("s1", Some(40)), ("r1", Some(8))], &[]);
        let figures = figures([(&session, &decision)], |_| true);
        let json = serde_json::to_string(&figures[4]).unwrap();
        let expected = r#"{"counts":"person_times","definition":"sum_over_lessons","number":48,"unknown":0}"#;
        assert_eq!(json, expected);
    }
}
