//! Any order and any repetition of the same entries gives the same book, and no entry, however wrong,
//! brings it down.

#![allow(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;
use serde_json::{Value, json};
use tongke_pairing::book::Book;
use tongke_pairing::check::check;
use tongke_pairing::entry::Entry;
use tongke_pairing::{clashes, expand, ical};
use tongke_protocol::WallTime;

fn id(kind: &'static str) -> impl Strategy<Value = String> {
    (0..3_u8).prop_map(move |number| format!("{kind}{number}"))
}

fn day() -> impl Strategy<Value = String> {
    let year = prop_oneof![8 => Just(2020_i16), 1 => Just(1), 1 => Just(9999), 1 => Just(2199)];
    (year, 8..=12_u8, 1..=30_u8).prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
}

fn time() -> impl Strategy<Value = String> {
    (0..24_u8, prop::sample::select(vec![0_u8, 10, 40, 59])).prop_map(|(h, m)| format!("{h:02}:{m:02}:00"))
}

fn name() -> impl Strategy<Value = String> {
    let names = [
        "永嘉县瓯北第二小学",
        "瓯北二小",
        "瓯北镇二小",
        "=HYPERLINK(\"x\")",
        "<b>",
        "'; DROP TABLE school; --",
        "",
    ];
    prop::sample::select(names.to_vec()).prop_map(str::to_owned)
}

fn school() -> impl Strategy<Value = Value> {
    let closed = prop::option::of((day(), prop::option::of(id("s"))));
    (id("s"), name(), prop::collection::vec(name(), 0..3), closed).prop_map(|(id, name, aliases, closed)| {
        let closed = closed.map(|(day, into)| json!({"last_day": day, "into": into}));
        json!({"school": {"id": id, "name": name, "aliases": aliases, "stage": "primary", "county": "c",
            "city": "w", "province": "z", "closed": closed}})
    })
}

fn pair() -> impl Strategy<Value = Value> {
    (id("s"), prop::collection::vec(id("s"), 0..4), day(), prop::option::of(day()), id("p")).prop_map(
        |(supporting, receiving, since, until, id)| {
            json!({"pair": {"id": id, "supporting": supporting, "receiving": receiving, "since": since, "until": until}})
        },
    )
}

fn term() -> impl Strategy<Value = Value> {
    (id("t"), day(), day(), prop::collection::vec(day(), 0..3)).prop_map(|(id, first, last, holidays)| {
        json!({"term": {"id": id, "name": "t", "region": "c", "first": first, "last": last, "holidays": holidays}})
    })
}

fn slot() -> impl Strategy<Value = Value> {
    let weekly = (1..=7_u8).prop_map(|weekday| json!({"weekly": {"weekday": weekday}}));
    let when = prop_oneof![weekly, day().prop_map(|day| json!({"once": {"day": day}}))];
    let who = (prop::option::of(id("x")), prop::collection::vec(id("x"), 0..2));
    (id("l"), id("p"), id("t"), when, time(), time(), who, prop::collection::vec(day(), 0..2)).prop_map(
        |(id, pair, term, when, start, end, (teacher, assistants), except)| {
            json!({"slot": {"id": id, "pair": pair, "term": term, "form": "sync_class", "when": when, "start": start,
                "end": end, "teacher": teacher, "assistants": assistants, "except": except}})
        },
    )
}

fn session() -> impl Strategy<Value = Value> {
    let id =
        prop_oneof![id("m"), (id("l"), 1..=30_u8).prop_map(|(slot, day)| format!("{slot}-202009{day:02}"))];
    let start =
        prop_oneof![9 => 1_598_900_000_000_000_u64..1_600_000_000_000_000, 1 => Just(u64::MAX), 1 => Just(0)];
    let length = prop_oneof![Just(0_u64), Just(2_400_000_000), Just(200_000_000_000)];
    let whose = (prop::option::of(self::id("p")), prop::option::of(self::id("l")));
    (id, self::id("s"), self::id("s"), start, length, whose).prop_map(
        |(id, supporting, receiving, start, length, (pair, slot))| {
            json!({"session": {"id": id, "purpose": {"help": "sync_class"}, "supporting": supporting,
                "receiving": [receiving], "start_us": start, "end_us": start.saturating_add(length), "pair": pair,
                "slot": slot}})
        },
    )
}

fn bells() -> impl Strategy<Value = Value> {
    let period = (0..4_u8, time(), time())
        .prop_map(|(n, start, end)| json!({"number": n, "start": start, "end": end}));
    (id("s"), day(), prop::collection::vec(period, 0..3)).prop_map(
        |(school, since, periods)| json!({"bells": {"school": school, "since": since, "periods": periods}}),
    )
}

fn withdrawn() -> impl Strategy<Value = Value> {
    let thing = prop_oneof![
        id("s").prop_map(|key| ("school", key)),
        id("p").prop_map(|key| ("pair", key)),
        id("t").prop_map(|key| ("term", key)),
        id("l").prop_map(|key| ("slot", key)),
        id("m").prop_map(|key| ("session", key)),
        Just(("nothing", "of the sort".to_owned())),
    ];
    thing.prop_map(|(kind, key)| json!({"withdrawn": {"kind": kind, "key": key}}))
}

fn entry() -> impl Strategy<Value = Entry> {
    let says = prop_oneof![3 => school(), 3 => pair(), 2 => term(), 4 => slot(), 3 => session(), 1 => bells(), 2 => withdrawn()];
    // Few ids and times: entries often have the same rank, even with other words.
    (0..6_u8, 0..4_u64, says).prop_map(|(id, at, says)| {
        serde_json::from_value(json!({"id": format!("e{id}"), "at_us": at, "author": "a", "says": says}))
            .unwrap()
    })
}

fn shuffled() -> impl Strategy<Value = (Vec<Entry>, Vec<Entry>)> {
    prop::collection::vec(entry(), 0..40).prop_flat_map(|entries| {
        let length = entries.len();
        let again = if length == 0 { Vec::new() } else { entries[..length / 2].to_vec() };
        let all: Vec<Entry> = entries.iter().chain(&again).cloned().collect();
        (Just(entries), Just(all).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_order_and_repetition_gives_the_same_book((entries, shuffled) in shuffled()) {
        let (one, other) = (Book::of(&entries), Book::of(&shuffled));
        prop_assert_eq!(&one, &other);
        let mut again = other.clone();
        for entry in &entries {
            prop_assert!(!again.apply(entry), "nothing is new");
        }
        let days = (jiff::civil::Date::MIN, jiff::civil::Date::MAX);
        prop_assert_eq!(expand::timetable(&one, days.0, days.1), expand::timetable(&other, days.0, days.1));
    }

    #[test]
    fn no_entry_brings_it_down(entries in prop::collection::vec(entry(), 0..30)) {
        let mut book = Book::default();
        for entry in &entries {
            let _ = check(&book, entry);
            book.apply(entry);
        }
        let plan = expand::timetable(&book, jiff::civil::Date::MIN, jiff::civil::Date::MAX);
        clashes::clashes(&plan.sessions);
        let feed = ical::Feed { name: "feed", host: "registry.example", as_of: WallTime(u64::MAX) };
        let text = ical::calendar(&feed, &book, &plan.sessions);
        prop_assert!(text.split("\r\n").all(|line| line.len() <= 75));
        for session in &plan.sessions {
            let found = expand::session(&book, &session.id);
            prop_assert_eq!(found.as_ref(), Some(session));
        }
    }

    #[test]
    fn what_check_lets_in_expands_to_lessons_of_sound_length(entries in prop::collection::vec(entry(), 0..60)) {
        let mut book = Book::default();
        for entry in &entries {
            let entry = Entry { at_us: WallTime(1_700_000_000_000_000 + entry.at_us.0), ..entry.clone() };
            if check(&book, &entry).is_ok() {
                book.apply(&entry);
            }
        }
        for session in expand::timetable(&book, jiff::civil::Date::MIN, jiff::civil::Date::MAX).sessions {
            let length = session.end_us.micros_since(session.start_us);
            prop_assert!(length > 0 && length <= 12 * 3_600_000_000_i64, "{session:?}");
        }
    }
}
