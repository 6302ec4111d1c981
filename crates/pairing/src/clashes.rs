//! Two things at once: what nobody forbids and somebody should know before the lesson.

use crate::id::{PersonId, SchoolId};
use crate::lesson::Session;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tongke_protocol::LessonId;
use utoipa::ToSchema;

/// Two sessions at the same time need the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Clash {
    /// The one that begins first.
    #[schema(value_type = String)]
    pub one: LessonId,
    /// The other.
    #[schema(value_type = String)]
    pub other: LessonId,
    /// What both need.
    pub needed: Needed,
}

/// What can be at one place only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Needed {
    /// A teacher, here or there.
    Person(PersonId),
    /// A class.
    Class(String),
    /// A school, of which at least one session does not say which class takes part: it may be the same,
    /// and the same room.
    School(SchoolId),
}

/// All clashes among these sessions, by the begin of the first.
pub fn clashes(sessions: &[Session]) -> Vec<Clash> {
    let mut sorted: Vec<&Session> = sessions.iter().collect();
    sorted.sort_by(|a, b| (a.start_us, &a.id).cmp(&(b.start_us, &b.id)));
    let mut running: Vec<&Session> = Vec::new();
    let mut found = Vec::new();
    for session in sorted {
        running.retain(|earlier| earlier.end_us > session.start_us);
        for earlier in &running {
            found.extend(needed_by_both(earlier, session).into_iter().map(|needed| Clash {
                one: earlier.id.clone(),
                other: session.id.clone(),
                needed,
            }));
        }
        running.push(session);
    }
    found
}

/// What both sessions need at the same time. One that ends as the other begins needs nothing any more.
pub fn needed_by_both(one: &Session, other: &Session) -> BTreeSet<Needed> {
    let apart = one.end_us <= other.start_us || other.end_us <= one.start_us;
    if apart || one.id == other.id || one.cancelled.is_some() || other.cancelled.is_some() {
        return BTreeSet::new();
    }
    let persons = people(one).filter(|person| people(other).any(|it| it == *person));
    let classes = one.classes.iter().filter(|class| other.classes.contains(class));
    let schools = schools(one).filter(|school| schools(other).any(|it| it == *school));
    let unclear = schools.filter(|school| !says_classes(one, school) || !says_classes(other, school));
    let persons = persons.cloned().map(Needed::Person);
    persons.chain(classes.cloned().map(Needed::Class)).chain(unclear.cloned().map(Needed::School)).collect()
}

fn people(session: &Session) -> impl Iterator<Item = &PersonId> {
    session.teacher.iter().chain(&session.assistants)
}

fn schools(session: &Session) -> impl Iterator<Item = &SchoolId> {
    std::iter::once(&session.supporting).chain(&session.receiving)
}

fn says_classes(session: &Session, school: &SchoolId) -> bool {
    session.classes.iter().any(|class| class.split_once('/').is_some_and(|(of, _)| of == school.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: &str, from: u64, until: u64, more: serde_json::Value) -> Session {
        let mut session = serde_json::json!({"id": id, "purpose": {"help": "sync_class"},
            "supporting": "a", "receiving": ["b"], "start_us": from, "end_us": until});
        let serde_json::Value::Object(more) = more else { panic!("{more} has no fields") };
        session.as_object_mut().unwrap().extend(more);
        serde_json::from_value(session).unwrap()
    }

    fn found(sessions: &[Session]) -> Vec<(String, String, Needed)> {
        let found = clashes(sessions).into_iter();
        found.map(|clash| (clash.one.to_string(), clash.other.to_string(), clash.needed)).collect()
    }

    #[test]
    fn a_teacher_is_in_two_places_at_once_whatever_the_role() {
        let one = session("x", 0, 40, serde_json::json!({"teacher": "lin"}));
        let more = serde_json::json!({"supporting": "c", "receiving": ["d"], "assistants": ["lin"]});
        let other = session("y", 30, 70, more.clone());
        let lin = Needed::Person("lin".parse().unwrap());
        assert_eq!(found(&[other, one.clone()]), [("x".into(), "y".into(), lin)]);
        assert_eq!(found(&[one, session("y", 40, 80, more)]), [], "as one ends the other begins");
    }

    #[test]
    fn a_school_has_two_lessons_at_once_if_it_says_which_classes() {
        let named =
            |id: &str, classes: [&str; 2]| session(id, 0, 40, serde_json::json!({"classes": classes}));
        assert_eq!(found(&[named("x", ["a/3-1", "b/3"]), named("y", ["a/3-2", "b/4"])]), []);
        let class = Needed::Class("b/3".into());
        assert_eq!(found(&[named("x", ["a/3-1", "b/3"]), named("y", ["a/3-2", "b/3"])])[0].2, class);
        let silent = session("y", 10, 20, serde_json::json!({}));
        let of = |school: &str| Needed::School(school.parse().unwrap());
        let both = found(&[named("x", ["a/3-1", "b/3"]), silent]);
        assert_eq!(both.into_iter().map(|it| it.2).collect::<Vec<_>>(), [of("a"), of("b")]);
    }

    #[test]
    fn what_was_called_off_needs_nothing_and_a_long_one_meets_all() {
        let off = session("x", 0, 40, serde_json::json!({"cancelled": "snow"}));
        let long = session("l", 0, 100, serde_json::json!({}));
        let first = session("y", 0, 40, serde_json::json!({}));
        let second = session("z", 50, 90, serde_json::json!({}));
        let met: BTreeSet<String> = found(&[second, off, first, long]).into_iter().map(|it| it.1).collect();
        assert_eq!(met, BTreeSet::from(["y".to_owned(), "z".to_owned()]));
    }
}
