//! Bounds of texts, lists, days and moments.

use super::Findings;
use crate::calendar::{self, FIRST_DAY, LAST_DAY};
use crate::entry::Entry;
use jiff::civil::Date;
use tongke_protocol::{LessonId, WallTime};

/// Longest name, in characters.
pub(super) const MAX_NAME: usize = 100;
/// Longest text: duties, reasons, where something is written down.
pub(super) const MAX_TEXT: usize = 2_000;
/// Longest list, if nothing else is said.
pub(super) const MAX_LIST: usize = 50;

/// What every entry has.
pub(super) fn entry(entry: &Entry, found: &mut Findings) {
    name("id", &entry.id, found);
    name("author", &entry.author, found);
    text("reason", &entry.reason, found);
    moment("at_us", entry.at_us, found);
}

/// Something short that must be there.
pub(super) fn name(field: &str, name: &str, found: &mut Findings) {
    if name.trim().is_empty() {
        found.problem("empty", field, "nothing is written there", "write it, or leave the field out");
    }
    let length = name.chars().count();
    if length > MAX_NAME {
        let what = format!("it has {length} characters, at most {MAX_NAME} are allowed");
        found.problem("too_long", field, what, "shorten it");
    }
    characters(field, name, |_| false, found);
}

/// Something longer that need not be there; it may have lines.
pub(super) fn text(field: &str, text: &str, found: &mut Findings) {
    let length = text.chars().count();
    if length > MAX_TEXT {
        let what = format!("it has {length} characters, at most {MAX_TEXT} are allowed");
        found.problem("too_long", field, what, "shorten it");
    }
    characters(field, text, |c| matches!(c, '\n' | '\t'), found);
}

/// Control characters spoil terminals and files; those that turn the direction of writing make a text
/// look like another one (Unicode TR 36 §2.5).
fn characters(field: &str, text: &str, allowed: impl Fn(char) -> bool, found: &mut Findings) {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if let Some(bad) = text.chars().find(|c| (c.is_control() || turns(*c)) && !allowed(*c)) {
        let what = format!("the invisible character U+{:04X} is in it", u32::from(bad));
        found.problem("invisible_character", field, what, "write it anew instead of copying it");
    }
}

/// A list of at most `most`.
pub(super) fn list<T>(field: &str, list: &[T], most: usize, found: &mut Findings) {
    if list.len() > most {
        let what = format!("{} are given, at most {most} are allowed", list.len());
        found.problem("too_many", field, what, "leave some out, or enter them one by one");
    }
}

/// Nothing twice, of a list that is no longer than it may be.
pub(super) fn distinct<T: PartialEq>(field: &str, list: &[T], found: &mut Findings) {
    let list = &list[..list.len().min(MAX_LIST)];
    if list.iter().enumerate().any(|(at, one)| list[..at].contains(one)) {
        found.problem("twice", field, "the same is given twice", "give each once");
    }
}

/// A day that can be meant.
pub(super) fn day(field: &str, day: Date, found: &mut Findings) {
    if !calendar::is_plausible(day) {
        let what = format!("{day} is not between {FIRST_DAY} and {LAST_DAY}");
        found.problem("date_absurd", field, what, "look at the year");
    }
}

/// A moment that can be meant.
pub(super) fn moment(field: &str, at: WallTime, found: &mut Findings) {
    let on = calendar::local(at).date();
    if !calendar::is_plausible(on) {
        let what = format!("{on} is not between {FIRST_DAY} and {LAST_DAY}");
        found.problem("date_absurd", field, what, "look at the year, and whether it counts microseconds");
    }
}

/// A first and a last day.
pub(super) fn days(first: (&str, Date), last: (&str, Date), code: &'static str, found: &mut Findings) {
    day(first.0, first.1, found);
    day(last.0, last.1, found);
    if last.1 < first.1 {
        let what = format!("the last day, {}, is before the first, {}", last.1, first.1);
        found.problem(code, last.0, what, "look at both days; they may have changed places");
    }
}

/// A lesson that can count. Tests are machines' own: nobody plans one, and nothing is said about one.
pub(super) fn lesson(field: &str, id: &LessonId, found: &mut Findings) {
    if id.is_test() {
        let what = format!("'{id}' is a name of tests, which never count as lessons");
        found.problem("test_lesson", field, what, "choose an id that does not begin with 'test-'");
    }
}
