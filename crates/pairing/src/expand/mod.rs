//! From the timetable to sessions: each week of a term, but not in holidays, not after a pair was
//! dissolved and not for a school that is closed. What is left out is told with its reason.

use crate::book::Book;
use crate::calendar::{self, Term};
use crate::id::{SchoolId, SlotId};
use crate::lesson::{Purpose, Session};
use crate::pair::Pair;
use crate::timetable::{Slot, When};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tongke_protocol::LessonId;
use utoipa::ToSchema;

/// Longest term, in days: a longer one is a mistake, and leads to no lessons.
pub const MAX_TERM_DAYS: i32 = 366;

/// What the timetable leads to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// By begin and id.
    pub sessions: Vec<Session>,
    /// What does not take place, and why.
    pub left_out: Vec<LeftOut>,
}

/// A lesson that the timetable has and that does not take place, or not for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// The timetable's entry.
    pub slot: SlotId,
    /// The day; none: all of them.
    #[schema(value_type = Option<String>, format = Date)]
    pub day: Option<Date>,
    /// The school without which it takes place; none: it does not at all.
    pub school: Option<SchoolId>,
    /// Why.
    pub why: Why,
}

/// Why the timetable's lesson does not take place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WhyLeftOut)]
pub enum Why {
    /// Called off for that day.
    CalledOff,
    /// A day without lessons in the term.
    Holiday,
    /// The single day is not within the term.
    OutsideTerm,
    /// There is no such term, or it ends before it begins, or lasts longer than a year.
    NoTerm,
    /// There is no such pair.
    NoPair,
    /// The pair is not yet, or no longer.
    PairNotStanding,
    /// The school is not one of the pair's receiving ones.
    NotOfPair,
    /// There is no such school.
    NoSchool,
    /// The school is closed, or merged into another: which, if that is known. Nobody takes its place by
    /// itself; the pair's next entry says who does.
    SchoolClosed {
        /// Where its pupils went.
        into: Option<SchoolId>,
    },
    /// No receiving school is left.
    NobodyReceives,
}

/// The name of the timetable's lesson on that day: `SLOT-YYYYMMDD`.
pub fn lesson_id(slot: &SlotId, day: Date) -> LessonId {
    let id = format!("{slot}-{:04}{:02}{:02}", day.year(), day.month(), day.day());
    id.parse().expect("at most 40 letters, digits, '_' and '-', then nine more")
}

/// The slot and the day in a name that is made like [`lesson_id`]'s; whether there is such a slot it
/// does not say.
pub fn slot_and_day(lesson: &LessonId) -> Option<(SlotId, Date)> {
    let (slot, day) = lesson.as_str().rsplit_once('-')?;
    if day.len() != 8 || !day.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| day[range].parse::<i16>().ok();
    let part = |range| number(range).and_then(|it| i8::try_from(it).ok());
    let day = Date::new(number(0..4)?, part(4..6)?, part(6..8)?).ok()?;
    Some((slot.parse().ok()?, day))
}

/// A session by its name: as it was entered, or as the timetable has it.
pub fn session(book: &Book, id: &LessonId) -> Option<Session> {
    if let Some(session) = book.session(id) {
        return Some(session.clone());
    }
    let (slot, day) = slot_and_day(id)?;
    let slot = book.slot(&slot)?;
    of_slots(book, [slot], day, day).sessions.into_iter().next()
}

/// All sessions that begin on these days: what these slots lead to, and what was entered by itself. A
/// session that was entered under the name of a slot's lesson stands in its place.
pub fn timetable(book: &Book, first: Date, last: Date) -> Plan {
    let mut plan = of_slots(book, book.slots(), first, last);
    plan.sessions.retain(|session| book.session(&session.id).is_none());
    plan.left_out.retain(|left| {
        let entered = left.day.and_then(|day| book.session(&lesson_id(&left.slot, day)));
        entered.is_none()
    });
    let (from, until) = (start_of(first), start_of(last.saturating_add(1.day())));
    let begins = book.sessions_between(from, until).filter(|session| session.start_us >= from);
    plan.sessions.extend(begins.cloned());
    plan.sessions.sort_by(|a, b| (a.start_us, &a.id).cmp(&(b.start_us, &b.id)));
    plan
}

fn start_of(day: Date) -> tongke_protocol::WallTime {
    calendar::moment(day.to_datetime(jiff::civil::Time::midnight()))
}

/// What these slots lead to on these days, as if no session had been entered by itself.
pub fn of_slots<'a>(book: &Book, slots: impl IntoIterator<Item = &'a Slot>, first: Date, last: Date) -> Plan {
    let mut plan = Plan::default();
    for slot in slots {
        expand(book, slot, first, last, &mut plan);
    }
    plan.sessions.sort_by(|a, b| (a.start_us, &a.id).cmp(&(b.start_us, &b.id)));
    plan
}

/// All that one slot leads to.
pub fn of_slot(book: &Book, slot: &Slot) -> Plan {
    of_slots(book, [slot], Date::MIN, Date::MAX)
}

fn expand(book: &Book, slot: &Slot, first: Date, last: Date, plan: &mut Plan) {
    let mut leave =
        |day, school, why| plan.left_out.push(LeftOut { slot: slot.id.clone(), day, school, why });
    let Some(term) = book.term(&slot.term).filter(|term| is_usable(term)) else {
        return leave(None, None, Why::NoTerm);
    };
    let Some(pair) = book.pair(&slot.pair) else { return leave(None, None, Why::NoPair) };
    for day in days_of(slot, term, first, last) {
        if let Some(why) = no_lesson_on(book, slot, term, pair, day) {
            leave(Some(day), None, why);
            continue;
        }
        let mut without = BTreeMap::new();
        let session = session_on(book, slot, pair, day, &mut without);
        if session.receiving.is_empty() {
            leave(Some(day), None, alone(without));
            continue;
        }
        without.into_iter().for_each(|(school, why)| leave(Some(day), Some(school), why));
        plan.sessions.push(session);
    }
}

/// Whether a term can have lessons.
pub fn is_usable(term: &Term) -> bool {
    let plausible = calendar::is_plausible(term.first) && calendar::is_plausible(term.last);
    plausible && (0..MAX_TERM_DAYS).contains(&calendar::days_between(term.first, term.last))
}

fn days_of(slot: &Slot, term: &Term, first: Date, last: Date) -> Vec<Date> {
    let asked = |day: &Date| (first..=last).contains(day);
    match slot.when {
        When::Once { day } => {
            Some(day).filter(asked).filter(|day| calendar::is_plausible(*day)).into_iter().collect()
        }
        When::Weekly { weekday } => {
            let days = term.first.series(1.day()).take_while(|day| *day <= term.last);
            let Some(begin) = days.take(7).find(|day| day.weekday() == weekday) else { return Vec::new() };
            begin.series(1.week()).take_while(|day| *day <= term.last).filter(asked).collect()
        }
    }
}

fn no_lesson_on(book: &Book, slot: &Slot, term: &Term, pair: &Pair, day: Date) -> Option<Why> {
    if slot.except.contains(&day) {
        return Some(Why::CalledOff);
    }
    match slot.when {
        When::Weekly { .. } if term.holidays.contains(&day) => return Some(Why::Holiday),
        // A single lesson on a holiday was put there by somebody who knows: holidays are worked off so.
        When::Once { .. } if !(term.first..=term.last).contains(&day) => return Some(Why::OutsideTerm),
        When::Weekly { .. } | When::Once { .. } => {}
    }
    if !pair.stands_on(day) {
        return Some(Why::PairNotStanding);
    }
    absent(book, &pair.supporting, day)
}

/// Why a school cannot take part on that day.
pub(crate) fn absent(book: &Book, school: &SchoolId, day: Date) -> Option<Why> {
    let Some(school) = book.school(school) else { return Some(Why::NoSchool) };
    let closed = school.closed.as_ref().filter(|_| !school.is_open_on(day))?;
    Some(Why::SchoolClosed { into: closed.into.clone() })
}

/// Why nobody receives: the one school's reason, if it was one.
fn alone(without: BTreeMap<SchoolId, Why>) -> Why {
    let mut whys = without.into_values();
    match (whys.next(), whys.next()) {
        (Some(why), None) => why,
        _ => Why::NobodyReceives,
    }
}

fn session_on(
    book: &Book,
    slot: &Slot,
    pair: &Pair,
    day: Date,
    without: &mut BTreeMap<SchoolId, Why>,
) -> Session {
    let asked = if slot.receiving.is_empty() { &pair.receiving } else { &slot.receiving };
    let mut receiving = Vec::new();
    for school in asked {
        let why =
            if pair.receiving.contains(school) { absent(book, school, day) } else { Some(Why::NotOfPair) };
        match why {
            Some(why) => drop(without.insert(school.clone(), why)),
            None if receiving.contains(school) => {}
            None => receiving.push(school.clone()),
        }
    }
    let last_day = if slot.end > slot.start { day } else { day.saturating_add(1.day()) };
    Session {
        id: lesson_id(&slot.id, day),
        purpose: Purpose::Help(slot.form),
        pair: Some(pair.id.clone()),
        supporting: pair.supporting.clone(),
        receiving,
        subject: slot.subject.clone(),
        grade: slot.grade,
        classes: slot.classes.clone(),
        teacher: slot.teacher.clone(),
        assistants: slot.assistants.clone(),
        start_us: calendar::moment(day.to_datetime(slot.start)),
        end_us: calendar::moment(last_day.to_datetime(slot.end)),
        slot: Some(slot.id.clone()),
        cancelled: None,
        noted: None,
    }
}

#[cfg(test)]
mod tests;
