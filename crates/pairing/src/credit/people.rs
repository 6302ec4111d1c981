//! How many people were in a school's rooms, and by whose word.

use crate::entry::HeadCount;
use crate::evidence::Sight;
use crate::id::{SchoolId, school_of};
use crate::lesson::Session;
use crate::policy::Policy;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// People at one school in one session, as a person confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// Pupils and teachers together.
    pub total: u32,
    /// Pupils; none: only the total was noted.
    pub pupils: Option<u32>,
    /// Teachers; none: only the total was noted.
    pub teachers: Option<u32>,
    /// Pupils on the classes' lists, if the teachers said so.
    pub listed: Option<u32>,
    /// Who counted.
    pub counted_by: CountedBy,
}

/// Whose word a number of people is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountedBy {
    /// It was entered afterwards, and stands above the others.
    Entry,
    /// The rooms' teachers confirmed it in the lesson: pupils; of teachers the policy says how many.
    TeacherInLesson,
    /// It stands with the session that was noted by hand.
    Note,
}

/// The people of one school: the last entry, or the rooms' last counts, or the note of the session.
pub(super) fn count(
    session: &Session,
    school: &SchoolId,
    entered: &[HeadCount],
    sight: &Sight,
    policy: &Policy,
) -> Option<People> {
    let of_school = entered.iter().filter(|count| count.school == *school && count.lesson == session.id);
    let entry = of_school.max_by_key(|count| (count.pupils, count.teachers));
    if let Some(HeadCount { pupils, teachers, .. }) = entry {
        return Some(People {
            total: pupils.saturating_add(*teachers),
            pupils: Some(*pupils),
            teachers: Some(*teachers),
            listed: listed(school, sight),
            counted_by: CountedBy::Entry,
        });
    }
    in_lesson(school, sight, policy).or_else(|| noted(session, school))
}

fn in_lesson(school: &SchoolId, sight: &Sight, policy: &Policy) -> Option<People> {
    let counts = sight.counts.iter().filter(|(room, _)| school_of(room).as_ref() == Some(school));
    let (mut rooms, mut pupils) = (0_u32, 0_u32);
    for (_, count) in counts {
        rooms += 1;
        pupils = pupils.saturating_add(u32::from(count.present));
    }
    let teachers = rooms.saturating_mul(policy.people.teachers_per_counted_room);
    (rooms > 0).then(|| People {
        total: pupils.saturating_add(teachers),
        pupils: Some(pupils),
        teachers: Some(teachers),
        listed: listed(school, sight),
        counted_by: CountedBy::TeacherInLesson,
    })
}

fn noted(session: &Session, school: &SchoolId) -> Option<People> {
    let noted = session.noted.as_ref()?;
    let (_, total) = noted.present.iter().find(|(known, _)| known == school)?;
    let total = *total;
    Some(People { total, pupils: None, teachers: None, listed: None, counted_by: CountedBy::Note })
}

/// Pupils on the lists of all its rooms; none if one of them has none.
fn listed(school: &SchoolId, sight: &Sight) -> Option<u32> {
    let counts = sight.counts.iter().filter(|(room, _)| school_of(room).as_ref() == Some(school));
    let mut listed = counts.map(|(_, count)| count.expected.map(u32::from)).peekable();
    listed.peek()?;
    listed.sum()
}
