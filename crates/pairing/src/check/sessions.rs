//! Single sessions: of the four forms, noted by hand, tests, inspections.

use super::lessons::{self, About};
use super::{Findings, at_once, pairs, schools, words};
use crate::book::Book;
use crate::calendar;
use crate::entry::{Entry, Thing};
use crate::expand;
use crate::id::{PairId, SchoolId};
use crate::lesson::{Form, MAX_SESSION, Noted, Purpose, Session};
use jiff::civil::Date;

/// Most schools that are linked for a test or an inspection beside the one that asks for it.
const MAX_LINKED: usize = 20;
/// Most people at one school.
const MAX_PEOPLE: u32 = 30_000;

pub(super) fn session(book: &Book, entry: &Entry, session: &Session, found: &mut Findings) {
    let most = if matches!(session.purpose, Purpose::Help(_)) { pairs::MAX_RECEIVING } else { MAX_LINKED };
    pairs::partners(&session.supporting, &session.receiving, most, found);
    schools::known(book, "supporting", &session.supporting, found);
    for id in session.receiving.iter().take(most) {
        schools::known(book, "receiving", id, found);
    }
    times(session, found);
    its_name(book, session, found);
    let all: Vec<&SchoolId> = std::iter::once(&session.supporting).chain(&session.receiving).collect();
    lessons::about(book, &About::session(session), &all, found);
    if let Some(why) = &session.cancelled {
        words::text("cancelled", why, found);
    }
    if let Some(noted) = &session.noted {
        self::noted(entry, session, noted, &all, found);
    }
    if found.is_bad() {
        return;
    }
    let day = calendar::local(session.start_us).date();
    match session.purpose {
        Purpose::Help(form) => pair(book, session, form, day, found),
        // A test counts for no pair; one that is named must be there all the same.
        Purpose::Test | Purpose::Inspection => {
            session.pair.iter().for_each(|id| {
                pairs::known_pair(book, id, found);
            });
        }
    }
    if session.cancelled.is_none() {
        open(book, &all, day, found);
        lessons::around(book, std::slice::from_ref(session), found);
        at_once::needed_twice(book, std::slice::from_ref(session), session.slot.as_ref(), found);
    }
}

fn times(session: &Session, found: &mut Findings) {
    words::moment("start_us", session.start_us, found);
    words::moment("end_us", session.end_us, found);
    if session.end_us <= session.start_us {
        let what = "it does not end after it begins";
        found.problem("session_ends_before_it_begins", "end_us", what, "look at both times");
        return;
    }
    let length_us = session.end_us.micros_since(session.start_us);
    if u128::try_from(length_us).is_ok_and(|length| length > MAX_SESSION.as_micros()) {
        let what = format!("it lasts {} minutes", length_us / 60_000_000);
        found.problem(
            "session_too_long",
            "end_us",
            what,
            "a session lasts at most 12 hours; look at both days",
        );
    }
    let day = |at| calendar::local(at).date();
    if day(session.start_us) != day(session.end_us.offset_by_us(-1)) {
        lessons::across_midnight(found);
    }
}

/// A name that looks like one of a slot's lessons must be one, and the other way round: else the
/// timetable and this session would be about one lesson without knowing it.
fn its_name(book: &Book, session: &Session, found: &mut Findings) {
    words::lesson("id", &session.id, found);
    let named = expand::slot_and_day(&session.id).map(|(slot, _)| slot);
    match &session.slot {
        Some(slot) if book.slot(slot).is_none() => {
            let what = format!("there is no '{slot}' in the timetable");
            let hint = "leave it out, or look at the id";
            found.lacks(Thing::new("slot", slot.as_str()), "unknown_slot", "slot", what, hint);
        }
        Some(slot) if named.as_ref() != Some(slot) => {
            let what = format!("'{}' is not the name of a lesson of '{slot}'", session.id);
            found.problem("name_not_of_slot", "id", what, "name it SLOT-YYYYMMDD after the timetable's day");
        }
        None if named.as_ref().is_some_and(|slot| book.slot(slot).is_some()) => {
            let what = format!("'{}' is a lesson of the timetable", session.id);
            found.problem(
                "id_in_use",
                "id",
                what,
                "name its slot if it stands in its place, or choose another id",
            );
        }
        _ => {}
    }
    let Some(known) = expand::session(book, &session.id) else { return };
    let same = [
        known.supporting == session.supporting,
        known.pair.is_some() && known.pair == session.pair,
        known.start_us == session.start_us,
    ];
    if !same.contains(&true) {
        let what = format!("'{}' is another school's session at another time already", session.id);
        found.problem("id_in_use", "id", what, "choose another id");
    }
}

fn pair(book: &Book, session: &Session, form: Form, day: Date, found: &mut Findings) {
    let Some(id) = &session.pair else { return without_pair(book, session, form, day, found) };
    let Some(pair) = pairs::known_pair(book, id, found) else { return };
    let of_pair = session.receiving.iter().all(|school| pair.receiving.contains(school));
    if pair.supporting != session.supporting || !of_pair {
        let what = format!("the schools are not those of pair {id}, or in other roles");
        found.problem("not_of_pair", "receiving", what, "look at the pair; both ends count by its roles");
    }
    if !pair.stands_on(day) && session.cancelled.is_none() {
        let what = format!("pair {id} does not stand on {day}");
        found.problem(
            "pair_not_standing",
            "pair",
            what,
            "look at the day, or at when the pair begins and ends",
        );
    }
}

fn without_pair(book: &Book, session: &Session, form: Form, day: Date, found: &mut Findings) {
    let partner = |school: &SchoolId| -> Option<PairId> {
        book.pairs_between(&session.supporting, school, day).next().map(|pair| pair.id.clone())
    };
    let meant = session.receiving.iter().find_map(partner);
    let hint = match &meant {
        Some(pair) => format!("the schools are pair {pair}: name it"),
        None => "enter the pair first; to link any two schools for a test, make it a test".to_owned(),
    };
    let what = "it names no pair";
    if form == Form::SyncClass {
        found.problem("pair_missing", "pair", what, &hint);
    } else {
        found.warning("no_pair", "pair", what, &hint);
    }
}

fn open(book: &Book, schools: &[&SchoolId], day: Date, found: &mut Findings) {
    for id in schools {
        if let Some(expand::Why::SchoolClosed { .. }) = expand::absent(book, id, day) {
            let what = format!("'{id}' is closed on {day}");
            found.problem(
                "school_closed",
                "receiving",
                what,
                "look at the day, or name the school in its place",
            );
        }
    }
}

fn noted(entry: &Entry, session: &Session, noted: &Noted, schools: &[&SchoolId], found: &mut Findings) {
    words::name("noted.source", &noted.source, found);
    if session.end_us > entry.at_us {
        let what = "it is not over yet, so nobody can have noted it";
        found.problem("noted_before_it_was", "noted", what, "plan it now, and note it afterwards");
    }
    if session.cancelled.is_some() {
        let what = "it cannot have been called off and have taken place";
        found.problem("noted_and_cancelled", "noted", what, "leave one of the two out");
    }
    for (at, (school, people)) in noted.present.iter().enumerate() {
        if !schools.contains(&school) || noted.present[..at].iter().any(|(other, _)| other == school) {
            let what = format!("'{school}' does not take part, or is named twice");
            found.problem("not_of_lesson", "noted.present", what, "name each school of the session once");
        }
        if *people > MAX_PEOPLE {
            let what = format!("{people} people at '{school}' cannot be");
            found.problem("people_absurd", "noted.present", what, "look at the number");
        }
    }
}
