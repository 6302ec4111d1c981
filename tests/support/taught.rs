//! A registry in which a lesson was taught: two schools, a pair, a term, a lesson each week of September 2019,
//! and what a relay tells of the first.

use serde_json::{Value, json};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tongke_pairing::entry::Entry;
use tongke_protocol::WallTime;
use tongke_protocol::signed::MachineKey;
use tongke_registry::store::{Enrolled, Enrolment, IncomingFact, MachineKind, Store};

/// The lesson that was taught: Monday, 2019-09-02, 8:20 to 9:00. These are the names of the interface's examples.
pub const FIRST: &str = "s1-20190902";
/// Its begin.
const START_US: u64 = 1_567_383_600_000_000;
const MINUTE_US: u64 = 60_000_000;

pub fn now() -> WallTime {
    WallTime(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap())
}

/// Does something with the store of a folder, and closes it.
pub fn with<T, F: Future<Output = T>>(folder: &Path, work: impl FnOnce(Store) -> F) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&format!("sqlite:{}", folder.join("registry.db").display())).await.unwrap();
        let done = work(store.clone()).await;
        store.close().await;
        done
    })
}

/// Makes it.
pub fn fill(folder: &Path) {
    with(folder, async |store| {
        store.keep_entries(&entries(), WallTime(START_US)).await.unwrap();
        keep_facts_of(&store, FIRST).await;
        store.settle(now()).await.unwrap();
    });
}

/// What people entered.
pub fn entries() -> Vec<Entry> {
    let school = |id: &str| {
        json!({"school": {"id": id, "name": id, "stage": "primary", "county": "yongjia", "city": "wenzhou",
            "province": "zhejiang"}})
    };
    let pair =
        json!({"pair": {"id": "p1", "supporting": "lake", "receiving": ["oak"], "since": "2019-09-01"}});
    let term = json!({"term": {"id": "2019-1", "name": "2019学年第一学期", "region": "yongjia",
        "first": "2019-09-02", "last": "2019-09-27"}});
    let slot = json!({"slot": {"id": "s1", "pair": "p1", "form": "sync_class", "term": "2019-1",
        "when": {"weekly": {"weekday": 1}}, "start": "08:20:00", "end": "09:00:00", "subject": "美术"}});
    let all = [school("lake"), school("oak"), pair, term, slot];
    all.into_iter().enumerate().map(|(number, says)| entry(&format!("e{number}"), says)).collect()
}

fn entry(id: &str, says: Value) -> Entry {
    let says = serde_json::from_value(says).unwrap();
    Entry { id: id.to_owned(), at_us: WallTime(1), author: "clerk".into(), reason: String::new(), says }
}

/// What a relay tells of a lesson of 40 minutes with sound and pictures both ways.
pub async fn keep_facts_of(store: &Store, lesson: &str) {
    let relay = format!("relay-of-{lesson}");
    let key = MachineKey::from_pkcs8(&MachineKey::generate().unwrap()).unwrap();
    enrol(store, &relay, &key).await;
    let came = |who: &str, role: &str| json!({"fact": "came", "participant": who, "name": who, "role": role});
    let mut facts = vec![(0, came("lake", "supporting")), (0, came("oak", "receiving"))];
    for minute in 0..=40 {
        let there = |who: &str| {
            json!({"participant": who, "audio_packets": minute * 3000, "video_packets": minute * 6000,
                "audio_packets_out": minute * 3000, "video_packets_out": minute * 6000})
        };
        facts.push((minute, json!({"fact": "present", "participants": [there("lake"), there("oak")]})));
    }
    let facts: Vec<_> = facts
        .into_iter()
        .enumerate()
        .map(|(number, (minute, mut fact))| {
            fact["id"] = format!("{lesson}-{number}").into();
            fact["lesson"] = lesson.into();
            fact["at_us"] = (START_US + minute * MINUTE_US).into();
            let jws = key.sign(&relay, fact.to_string().as_bytes());
            IncomingFact::verified(&jws, relay.parse().unwrap(), &key.public()).unwrap()
        })
        .collect();
    store.keep_facts(&facts, WallTime(START_US + 41 * MINUTE_US)).await.unwrap();
}

async fn enrol(store: &Store, relay: &str, key: &MachineKey) {
    let enrolment = Enrolment {
        machine: relay.parse().unwrap(),
        kind: MachineKind::Relay,
        school: None,
        name: "Relay".to_owned(),
        author: "admin".to_owned(),
        expires_us: WallTime(2),
    };
    store.allow_enrolment(relay, &enrolment, WallTime(0)).await.unwrap();
    let enrolled = store.enrol(relay, &key.public().to_string(), WallTime(1)).await.unwrap();
    assert!(matches!(enrolled, Enrolled::Done(_)), "{enrolled:?}");
}
