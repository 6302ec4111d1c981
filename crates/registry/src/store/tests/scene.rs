//! Two schools, a term, a lesson each week, and what a relay tells of one that took place.

use crate::store::{Enrolled, Enrolment, IncomingFact, MachineKind, Store};
use serde_json::{Value, json};
use std::sync::OnceLock;
use tongke_pairing::calendar::moment;
use tongke_pairing::entry::Entry;
use tongke_protocol::WallTime;
use tongke_protocol::signed::MachineKey;

/// The first lesson of the slot `s1`: Monday, 2019-09-02, 8:20 to 9:00.
pub(super) const FIRST: &str = "s1-20190902";
const MINUTE_US: u64 = 60_000_000;

pub(super) fn entry(id: &str, at_us: u64, says: Value) -> Entry {
    let says = serde_json::from_value(says).unwrap();
    Entry {
        id: id.to_owned(),
        at_us: WallTime(at_us),
        author: "clerk".to_owned(),
        reason: String::new(),
        says,
    }
}

pub(super) fn school(id: &str, county: &str) -> Value {
    json!({"school": {"id": id, "name": id, "stage": "primary", "county": county, "city": "wenzhou",
        "province": "zhejiang"}})
}

pub(super) fn slot(id: &str, subject: &str) -> Value {
    json!({"slot": {"id": id, "pair": "p1", "form": "sync_class", "term": "2019-1",
        "when": {"weekly": {"weekday": 1}}, "start": "08:20:00", "end": "09:00:00", "subject": subject}})
}

pub(super) fn term(first: &str, last: &str) -> Value {
    json!({"term": {"id": "2019-1", "name": "2019学年第一学期", "region": "yongjia", "first": first, "last": last}})
}

/// Lake supports Oak; art each Monday of four weeks.
pub(super) fn entries() -> Vec<Entry> {
    let pair =
        json!({"pair": {"id": "p1", "supporting": "lake", "receiving": ["oak"], "since": "2019-09-01"}});
    vec![
        entry("e1", 1, school("lake", "yongjia")),
        entry("e2", 1, school("oak", "yongjia")),
        entry("e3", 1, pair),
        entry("e4", 1, term("2019-09-02", "2019-09-27")),
        entry("e5", 1, slot("s1", "art")),
    ]
}

/// 8:20 on that day of September 2019.
pub(super) fn start(day: i8) -> WallTime {
    moment(jiff::civil::date(2019, 9, day).at(8, 20, 0, 0))
}

/// So many minutes later.
pub(super) fn minutes_after(moment: WallTime, minutes: u64) -> WallTime {
    WallTime(moment.0 + minutes * MINUTE_US)
}

/// What the relay says of a lesson from its begin on, for so many minutes: both rooms there, sound and
/// pictures both ways.
pub(super) fn held(lesson: &str, start: WallTime, minutes: u64) -> Vec<IncomingFact> {
    let came = |who: &str, role: &str| json!({"fact": "came", "participant": who, "name": who, "role": role});
    let mut facts = vec![(0, came("lake", "supporting")), (0, came("oak", "receiving"))];
    for minute in 0..=minutes {
        let there = |who: &str| {
            json!({"participant": who, "audio_packets": minute * 3000, "video_packets": minute * 6000,
                "audio_packets_out": minute * 3000, "video_packets_out": minute * 6000})
        };
        facts.push((minute, json!({"fact": "present", "participants": [there("lake"), there("oak")]})));
    }
    let facts = facts.into_iter().enumerate().map(|(number, (minute, mut fact))| {
        fact["id"] = format!("{lesson}-{number}").into();
        fact["lesson"] = lesson.into();
        fact["at_us"] = minutes_after(start, minute).0.into();
        said(&fact)
    });
    facts.collect()
}

/// The relay's key.
pub(super) fn key() -> &'static MachineKey {
    static KEY: OnceLock<MachineKey> = OnceLock::new();
    KEY.get_or_init(|| MachineKey::from_pkcs8(&MachineKey::generate().unwrap()).unwrap())
}

/// A fact as the relay signs it.
pub(super) fn said(fact: &Value) -> IncomingFact {
    let jws = key().sign("relay-1", fact.to_string().as_bytes());
    let said = IncomingFact::verified(&jws, "relay-1".parse().unwrap(), &key().public()).unwrap();
    assert_eq!(said.jws(), jws);
    said
}

/// Enrols the relay.
pub(super) async fn enrol(store: &Store) {
    let enrolment = Enrolment {
        machine: "relay-1".parse().unwrap(),
        kind: MachineKind::Relay,
        school: None,
        name: "Relay".to_owned(),
        author: "admin".to_owned(),
        expires_us: WallTime(2),
    };
    store.allow_enrolment("CODE", &enrolment, WallTime(0)).await.unwrap();
    let enrolled = store.enrol("CODE", &key().public().to_string(), WallTime(1)).await.unwrap();
    assert!(matches!(enrolled, Enrolled::Done(_)));
}

/// A store in which all of this was said.
pub(super) async fn fill(store: &Store) {
    enrol(store).await;
    store.keep_entries(&entries(), start(1)).await.unwrap();
    let facts = held(FIRST, start(2), 40);
    store.keep_facts(&facts, minutes_after(start(2), 41)).await.unwrap();
}
