//! Who may take part in a lesson, as what and until when: grants follow from the timetable. The relay checks
//! them alone.

use std::time::Duration;
use tongke_pairing::book::Book;
use tongke_pairing::expand;
use tongke_pairing::id::SchoolId;
use tongke_pairing::lesson::Session;
use tongke_protocol::grant::MAX_NAME_CHARS;
use tongke_protocol::{Grant, LessonId, LessonScope, ParticipantId, Role, WallTime};

/// How long before a lesson's planned begin its rooms are let in.
const BEFORE: Duration = Duration::from_mins(30);
/// How long after its planned end they may stay.
const AFTER: Duration = Duration::from_hours(2);
/// Longest name of a room, in bytes: with the longest school's before it still a participant's.
const MAX_ROOM_LEN: usize = 20;

/// Who wants to take part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub lesson: LessonId,
    pub school: SchoolId,
    /// Which of its rooms; none: it has one.
    pub room: Option<String>,
    /// As what; none: as what the timetable has it.
    pub role: Option<Role>,
    /// The name shown; none: the school's.
    pub name: Option<String>,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A classroom's machine: only for its lesson, and not before.
    Machine,
    /// Somebody who may let people in; `inspects`: who may do everything may send inspectors.
    Person { inspects: bool },
}

/// Why there is no grant. The texts are shown to people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoGrant {
    #[error("'{0}' is neither planned nor noted")]
    LessonUnknown(LessonId),
    #[error("there is no school '{0}'")]
    UnknownSchool(SchoolId),
    #[error("the lesson was called off: {0}")]
    LessonCancelled(String),
    #[error("the lesson is over since {0} minutes")]
    LessonOver(u64),
    #[error("the lesson's rooms are let in from half an hour before its begin; that is in {0} minutes")]
    TooEarly(u64),
    #[error("'{0}' is not to take part in this lesson")]
    NotInLesson(SchoolId),
    #[error("'{school}' cannot be {role} in this lesson")]
    RoleUnfit { school: SchoolId, role: Role },
    #[error("a room's name has 1 to {MAX_ROOM_LEN} letters, digits, '_' and '-'")]
    RoomUnfit,
    #[error("a name has 1 to {MAX_NAME_CHARS} characters, and no control characters")]
    NameUnfit,
}

impl NoGrant {
    /// Stable, for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            NoGrant::LessonUnknown(_) => "lesson_unknown",
            NoGrant::UnknownSchool(_) => "unknown_school",
            NoGrant::LessonCancelled(_) => "lesson_cancelled",
            NoGrant::LessonOver(_) => "lesson_over",
            NoGrant::TooEarly(_) => "too_early",
            NoGrant::NotInLesson(_) => "not_in_lesson",
            NoGrant::RoleUnfit { .. } => "role_unfit",
            NoGrant::RoomUnfit => "room_unfit",
            NoGrant::NameUnfit => "name_unfit",
        }
    }
}

/// The grant for a wish, at that moment.
pub(crate) fn grant(book: &Book, wish: &Wish, asker: Asker, now: WallTime) -> Result<Grant, NoGrant> {
    let session = expand::session(book, &wish.lesson);
    let session = session.ok_or_else(|| NoGrant::LessonUnknown(wish.lesson.clone()))?;
    let school = book.school(&wish.school).ok_or_else(|| NoGrant::UnknownSchool(wish.school.clone()))?;
    let participant = participant(&wish.school, wish.room.as_deref())?;
    let role = role(&session, wish, asker)?;
    let ends = in_time(&session, asker, now)?;
    let name = match &wish.name {
        None => name_of(&school.name),
        Some(name) => {
            let fits =
                (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
            if !fits || name.trim().is_empty() {
                return Err(NoGrant::NameUnfit);
            }
            name.clone()
        }
    };
    let lesson = LessonScope::Only(wish.lesson.clone());
    Ok(Grant { lesson, participant, name, role, expires_unix_s: ends.as_unix_us() / 1_000_000 })
}

/// A name as a grant can hold it.
pub(crate) fn name_of(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect()
}

/// `SCHOOL` or `SCHOOL.ROOM`.
fn participant(school: &SchoolId, room: Option<&str>) -> Result<ParticipantId, NoGrant> {
    let Some(room) = room else { return school.as_str().parse().map_err(|_| NoGrant::RoomUnfit) };
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if room.is_empty() || room.len() > MAX_ROOM_LEN || !room.chars().all(plain) {
        return Err(NoGrant::RoomUnfit);
    }
    format!("{school}.{room}").parse().map_err(|_| NoGrant::RoomUnfit)
}

fn role(session: &Session, wish: &Wish, asker: Asker) -> Result<Role, NoGrant> {
    let planned = if session.supporting == wish.school {
        Some(Role::Supporting)
    } else {
        session.receiving.contains(&wish.school).then_some(Role::Receiving)
    };
    match (asker, planned, wish.role) {
        (_, Some(planned), None) => Ok(planned),
        (_, Some(planned), Some(asked)) if planned == asked => Ok(planned),
        (Asker::Person { .. }, _, None | Some(Role::Observer)) => Ok(Role::Observer),
        (Asker::Person { inspects: true }, _, Some(Role::Inspector)) => Ok(Role::Inspector),
        (_, None, None) => Err(NoGrant::NotInLesson(wish.school.clone())),
        (_, _, Some(role)) => Err(NoGrant::RoleUnfit { school: wish.school.clone(), role }),
    }
}

/// Until when a grant for this session is good, if it is given now.
fn in_time(session: &Session, asker: Asker, now: WallTime) -> Result<WallTime, NoGrant> {
    let us = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    let minutes = |us: i64| u64::try_from(us).unwrap_or(0).div_ceil(60_000_000);
    if let Some(why) = &session.cancelled {
        return Err(NoGrant::LessonCancelled(why.clone()));
    }
    let ends = session.end_us.offset_by_us(us(AFTER));
    if ends <= now {
        return Err(NoGrant::LessonOver(minutes(now.micros_since(session.end_us))));
    }
    let opens = session.start_us.offset_by_us(-us(BEFORE));
    if asker == Asker::Machine && now < opens {
        return Err(NoGrant::TooEarly(minutes(opens.micros_since(now))));
    }
    Ok(ends)
}
