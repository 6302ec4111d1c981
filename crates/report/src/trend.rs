//! The trend of a school's self-tests in words.

use crate::language::Language;
use crate::number;
use crate::texts::{Texts, clean};
use crate::view::Names;
use jiff::Timestamp;
use jiff::tz::Offset;
use tongke_inspection::trend::{Change, LEAST, changes, comparable};
use tongke_inspection::{Criteria, Facts, judge};

/// What became worse or better in `now` against the tests `before`, which are in the order of their time. One line
/// each, the worse ones first; where nothing has changed, or too few tests are there, that is said.
pub fn trend(now: &Facts, before: &[Facts], criteria: &Criteria, language: Language) -> String {
    let texts = Texts::of(language);
    under(&texts.get("form-trend"), told(now, before, criteria, &texts))
}

pub(crate) fn told(now: &Facts, before: &[Facts], criteria: &Criteria, texts: &Texts) -> Vec<String> {
    let count = comparable(now, before).len();
    if count < LEAST {
        return vec![
            texts.with("trend-too-few", &[("n", &count.to_string()), ("least", &LEAST.to_string())]),
        ];
    }
    let mut changed = changes(now, before, criteria);
    changed.retain(is_seen);
    if changed.is_empty() {
        return vec![texts.with("trend-steady", &[("n", &count.to_string())])];
    }
    changed.sort_by_key(|change| change.is_better);
    let names = Names::of(now, texts);
    changed.iter().map(|change| sentence(change, texts, &names)).collect()
}

/// Whether a change is more than what is printed of the two numbers.
fn is_seen(change: &Change) -> bool {
    let unit = change.quantity.definition().unit;
    number::number(unit, change.now) != number::number(unit, change.before)
}

fn sentence(change: &Change, texts: &Texts, names: &Names) -> String {
    let unit = change.quantity.definition().unit;
    let key = if change.is_better { "trend-better" } else { "trend-worse" };
    let words = [
        ("name", texts.named("quantity", change.quantity.name())),
        ("place", names.way(change.way)),
        ("now", number::number(unit, change.now)),
        ("before", number::number(unit, change.before)),
        ("n", change.tests.to_string()),
    ];
    let words: Vec<(&str, &str)> = words.iter().map(|(name, text)| (*name, text.as_str())).collect();
    texts.with(key, &words).replace('\u{a0}', " ")
}

/// Earlier tests, one line each: when, and the verdict of the whole.
pub fn history(tests: &[Facts], criteria: &Criteria, language: Language) -> String {
    let texts = Texts::of(language);
    under(&texts.get("form-history"), tests.iter().map(|facts| one(facts, criteria, &texts)).collect())
}

fn under(title: &str, lines: Vec<String>) -> String {
    let lines: String = lines.into_iter().map(|line| format!("  {line}\n")).collect();
    format!("{title}\n{lines}")
}

fn one(facts: &Facts, criteria: &Criteria, texts: &Texts) -> String {
    let judgement = judge(facts, criteria);
    let badge = crate::view::badge(texts, judgement.overall.verdict);
    let began = moment(facts.time.utc_offset_minutes, facts.time.began);
    format!("{began}  {}  {}", badge.word, clean(&facts.id))
}

/// Day and time where it is so many minutes later than in UTC.
pub(crate) fn moment(utc_offset_minutes: i32, at: Timestamp) -> String {
    let offset = Offset::from_seconds(utc_offset_minutes * 60).unwrap_or(Offset::UTC);
    let at = offset.to_datetime(at);
    let (year, month, day) = (at.year(), at.month(), at.day());
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", at.hour(), at.minute())
}
