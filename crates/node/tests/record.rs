//! What rooms and relay say of a lesson: whether it reaches the registry, whatever becomes of that meanwhile,
//! whether it is true, and whether the lesson is credited by it.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[path = "../../outbox/tests/outbox/support.rs"]
#[allow(dead_code, reason = "made for the outbox's own tests")]
mod registry;
mod support;

use axum::http::StatusCode;
use registry::{Folder, Mood, QUICK, Registry};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::*;
use tongke_node::NodeSettings;
use tongke_outbox::{Limits, Machine, Outbox};
use tongke_pairing::credit::{Status, decide};
use tongke_pairing::evidence::{Evidence, Told, Witness};
use tongke_pairing::lesson::{Form, Purpose, Session};
use tongke_pairing::policy::Policy;
use tongke_protocol::facts::NodeFacts;
use tongke_protocol::record::{FactKind, LessonFact};
use tongke_protocol::{Role, TrackKind, WallTime};
use tongke_relay::{Relay, RelayConfig};

/// Folders of a relay and two rooms, enrolled.
struct Place {
    folder: Folder,
    registry: Registry,
}

impl Place {
    async fn new() -> Place {
        let place = Place { folder: Folder::new(), registry: Registry::start().await };
        for name in ["relay", "oak", "hill"] {
            place.registry.machine(&place.data(name), name);
        }
        place
    }

    fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn relay(&self) -> Relay {
        let config = relay_config(loopback(), loopback(), loopback());
        Relay::start(&RelayConfig { data: Some(self.data("relay")), ..config }).unwrap()
    }

    fn room(&self, relay: &Relay, name: &str, role: Role) -> NodeSettings {
        let data = Some(self.data(name));
        NodeSettings { data, ..settings(relay.http_addr(), name, role, "quic") }
    }

    /// What the registry knows, each fact once, in the order of their numbers.
    fn facts(&self) -> Vec<LessonFact> {
        let truth = self.registry.truth();
        assert_eq!(truth.conflicts, 0);
        let mut facts: Vec<LessonFact> =
            truth.facts.values().map(|text| serde_json::from_str(text).unwrap()).collect();
        facts.sort_by_key(|fact| (fact.at_us, fact.id.clone()));
        facts
    }

    /// Waits until this is so of what the registry knows.
    async fn registry_has(&self, what: &str, wanted: impl Fn(&[LessonFact]) -> bool) {
        let seen = async {
            while !wanted(&self.facts()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, seen).await.is_ok(), "never: {what}");
    }

    /// Delivers what waits in a room's folder.
    async fn deliver(&self, name: &str) {
        let machine = Machine::load(&self.data(name)).unwrap().unwrap();
        let outbox = Outbox::open(&self.data(name).join("outbox"), Limits::default()).unwrap();
        assert!(outbox.deliver(machine, QUICK).finish(PATIENCE).await);
    }
}

/// Until both have had each other for eight seconds, at 15 pictures a second: longer than the first stretch.
async fn in_lesson(oak: &mut Node, hill: &mut Node) {
    for (node, other) in [(oak, "hill"), (hill, "oak")] {
        node.until("the other room", |facts| receives(facts, other, 120)).await;
    }
}

/// Bytes of facts on disk in a room's folder.
fn kept_bytes(data: &Path) -> u64 {
    let files = std::fs::read_dir(data.join("outbox")).unwrap();
    let facts = files.map(|file| file.unwrap()).filter(|file| file.path().extension().is_some());
    facts.map(|file| file.metadata().unwrap().len()).sum()
}

/// One stretch that a room told of.
#[derive(Debug)]
struct Stretch {
    seq: u64,
    from_us: u64,
    until_us: u64,
    sent_ms: [u64; 2],
    got_ms: [u64; 2],
}

fn stretches(facts: &[LessonFact], room: &str, other: &str) -> Vec<Stretch> {
    let stretch = |fact: &LessonFact| match &fact.what {
        FactKind::Flow { participant, seq, from_us, until_us, sent_audio_ms, sent_video_ms, got }
            if participant.as_str() == room =>
        {
            let from = got.iter().find(|from| from.participant.as_str() == other);
            Some(Stretch {
                seq: *seq,
                from_us: *from_us,
                until_us: *until_us,
                sent_ms: [*sent_audio_ms, *sent_video_ms],
                got_ms: from.map_or([0, 0], |from| [from.audio_ms, from.video_ms]),
            })
        }
        _ => None,
    };
    facts.iter().filter_map(stretch).collect()
}

/// What a room told must be what it measured.
fn check_against(facts: &[LessonFact], measured: &NodeFacts, other: &str) {
    let room = measured.participant.as_str();
    let told = stretches(facts, room, other);
    assert!(told.len() >= 2, "{told:#?}");
    assert!(told.iter().enumerate().all(|(at, stretch)| stretch.seq == at as u64), "{told:#?}");
    assert!(told.windows(2).all(|pair| pair[0].until_us == pair[1].from_us), "{told:#?}");
    let length_ms = (told.last().unwrap().until_us - told[0].from_us) / 1_000;
    assert!(length_ms <= (measured.seconds * 1_000.0) as u64 + 1, "{length_ms} ms of {} s", measured.seconds);
    let sum = |part: fn(&Stretch) -> u64| told.iter().map(part).sum::<u64>();
    let received = |track: TrackKind| {
        let of_track = measured.received.iter().find(|it| it.from.as_str() == other && it.track == track);
        of_track.unwrap_or_else(|| panic!("{measured:#?}")).frames_decoded
    };
    let near = |told_ms: u64, measured_ms: u64| {
        assert!(told_ms.abs_diff(measured_ms) <= 400, "{room}: {told_ms} ms told, {measured_ms} ms measured");
    };
    let sent = measured.sent.iter().find(|it| it.track == TrackKind::Microphone).unwrap().frames;
    near(sum(|it| it.sent_ms[0]), sent * 20);
    near(sum(|it| it.got_ms[0]), received(TrackKind::Microphone) * 20);
    for pictures_ms in [sum(|it| it.sent_ms[1]), sum(|it| it.got_ms[1])] {
        assert!((1..=length_ms).contains(&pictures_ms), "{told:#?}");
    }
    let quality = facts.iter().find_map(|fact| match &fact.what {
        FactKind::Quality { measured } if measured.participant.as_str() == room => Some(measured),
        _ => None,
    });
    let counted = |facts: &NodeFacts| facts.sent.iter().map(|it| (it.frames, it.packets)).collect::<Vec<_>>();
    assert_eq!(counted(quality.unwrap()), counted(measured));
}

/// The lesson as it would stand in the timetable, between these moments.
fn session(start_us: u64, end_us: u64) -> Session {
    Session {
        id: "math".parse().unwrap(),
        purpose: Purpose::Help(Form::SyncClass),
        pair: None,
        supporting: "oak".parse().unwrap(),
        receiving: vec!["hill".parse().unwrap()],
        subject: None,
        grade: None,
        classes: Vec::new(),
        teacher: None,
        assistants: Vec::new(),
        start_us: WallTime(start_us),
        end_us: WallTime(end_us),
        slot: None,
        cancelled: None,
        noted: None,
    }
}

/// The lesson is credited by these facts: by what the rooms say, by what the relay says, and by both.
fn check_credit(facts: &[LessonFact]) {
    let end_us = stretches(facts, "hill", "oak").last().unwrap().until_us;
    // Both were in by then, however slowly this machine let them begin.
    let start_us = end_us - 3_000_000;
    let mut policy = Policy::shipped();
    policy.forms.sync_class.minutes = 0.03;
    let is_rooms = |fact: &LessonFact| matches!(fact.what, FactKind::Flow { .. } | FactKind::Quality { .. });
    let credit = |facts: Vec<LessonFact>| {
        let received_us = WallTime(end_us + 1_000_000);
        let told = facts.into_iter().map(|fact| Told { fact, received_us }).collect();
        let evidence = Evidence { told, ..Evidence::default() };
        decide(&session(start_us, end_us), &evidence, &policy, WallTime(end_us + 60_000_000))
    };
    let (rooms, relay): (Vec<_>, Vec<_>) = facts.iter().cloned().partition(is_rooms);
    for (who, facts) in [("rooms", rooms), ("relay", relay), ("both", facts.to_vec())] {
        let decision = credit(facts);
        assert_eq!(decision.status, Status::Held, "{who}: {decision:#?}");
        assert!(decision.set_aside.is_empty(), "{who}: {decision:#?}");
        let witnesses = [Witness::Relay, Witness::Room]
            .map(|witness| decision.evidence.iter().any(|flow| flow.witness == witness));
        assert_eq!(witnesses, [who != "rooms", who != "relay"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lesson_is_at_the_registry_while_it_runs_and_is_credited_by_it() {
    let place = Place::new().await;
    let relay = place.relay();
    let mut oak = start(place.room(&relay, "oak", Role::Supporting));
    let mut hill = start(place.room(&relay, "hill", Role::Receiving));
    in_lesson(&mut oak, &mut hill).await;
    let both_told =
        |facts: &[LessonFact]| ["oak", "hill"].iter().all(|room| !stretches(facts, room, "").is_empty());
    place.registry_has("both rooms' first stretch", both_told).await;
    let (hill, oak) = (hill.end().await, oak.end().await);
    relay.shutdown("the test is over").await;
    let facts = place.facts();
    check_against(&facts, &oak, "hill");
    check_against(&facts, &hill, "oak");
    check_credit(&facts);
    for name in ["oak", "hill"] {
        assert_eq!(kept_bytes(&place.data(name)), 0, "nothing is left at {name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_that_is_away_for_the_whole_lesson_gets_all_of_it_afterwards() {
    let place = Place::new().await;
    place.registry.set(Mood::Away);
    let relay = place.relay();
    let mut oak = start(place.room(&relay, "oak", Role::Supporting));
    let mut hill = start(place.room(&relay, "hill", Role::Receiving));
    in_lesson(&mut oak, &mut hill).await;
    let (hill, oak) = (hill.end().await, oak.end().await);
    relay.shutdown("the test is over").await;
    assert!(place.registry.truth().facts.is_empty());
    place.registry.set(Mood::Well);
    for name in ["oak", "hill"] {
        assert!(kept_bytes(&place.data(name)) > 0);
        place.deliver(name).await;
    }
    // The relay delivers at its next start.
    let relay = place.relay();
    let went = |fact: &&LessonFact| matches!(fact.what, FactKind::Went { .. });
    place.registry_has("the relay's record", |facts| facts.iter().filter(went).count() == 2).await;
    relay.shutdown("the test is over").await;
    let facts = place.facts();
    check_against(&facts, &oak, "hill");
    check_against(&facts, &hill, "oak");
    check_credit(&facts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enrolled_room_needs_no_token_and_after_the_first_time_no_registry() {
    let place = Place::new().await;
    let relay = place.relay();
    let plain = place.room(&relay, "hill", Role::Receiving);
    let answer = json!({"token": token("hill", Role::Receiving), "relay": plain.relay});
    let asking = NodeSettings {
        relay: None,
        token: None,
        lesson: Some("math".into()),
        connect_timeout_s: Some(0),
        ..plain
    };
    let early =
        json!({"code": "too_early", "message": "the lesson begins at 08:40", "hint": "come at 08:10"});
    place.registry.truth().door = Some((StatusCode::CONFLICT, early));
    let error = tongke_node::admit(asking.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), "the registry refuses: the lesson begins at 08:40");

    place.registry.truth().door = Some((StatusCode::CREATED, answer));
    for mood in [Mood::Well, Mood::Away] {
        place.registry.set(mood);
        let mut hill = start_with(tongke_node::admit(asking.clone()).await.unwrap());
        hill.until("the relay", |facts| facts.transport == "quic").await;
        hill.end().await;
    }
    assert_eq!(place.registry.truth().asked.len(), 2, "the second start used what was kept");
    let other = NodeSettings { lesson: Some("art".into()), ..asking };
    let error = tongke_node::admit(other.clone()).await.unwrap_err().to_string();
    assert!(error.contains("does not answer"), "{error}");
    let nameless = NodeSettings { lesson: None, ..other };
    assert!(tongke_node::admit(nameless).await.unwrap_err().to_string().starts_with("lesson: is missing"));
    relay.shutdown("the test is over").await;
}

#[tokio::test]
async fn of_a_test_a_room_keeps_nothing() {
    let (relay, folder) = (start_relay(), Folder::new());
    let grant = tongke_protocol::Grant {
        lesson: "test-1".parse().unwrap(),
        participant: "oak".parse().unwrap(),
        name: "OAK".into(),
        role: Role::Supporting,
        expires_unix_s: 4_000_000_000,
    };
    let settings = NodeSettings {
        token: Some(key().sign(&grant)),
        data: Some(folder.path().to_owned()),
        ..settings(relay.http_addr(), "oak", Role::Supporting, "quic")
    };
    let mut oak = start(settings);
    oak.until("the relay", |facts| facts.transport == "quic").await;
    oak.end().await;
    assert!(!folder.path().join("outbox").exists());
    relay.shutdown("the test is over").await;
}
