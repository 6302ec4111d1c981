//! An inspector beside a running lesson: what the rooms tell it, and that the lesson does not suffer.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod support;

use std::collections::BTreeMap;
use support::*;
use tokio::time::timeout;
use tongke_node::link::{EventStream, LinkError, RelayHttp};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::facts::{NodeFacts, SpeechRating};
use tongke_protocol::inspect::{Answer, Ask, RefusedCode, Reply, Task};
use tongke_protocol::{ParticipantId, Role, TrackKind};
use tongke_relay::Relay;

fn http(relay: &Relay, participant: &str, role: Role) -> RelayHttp {
    let url = format!("http://{}", relay.http_addr()).parse().unwrap();
    RelayHttp::new(url, "math".parse().unwrap(), token(participant, role), None).unwrap()
}

fn id(name: &str) -> ParticipantId {
    name.parse().unwrap()
}

/// The next dispatch: from whom, and what.
async fn next(events: &mut EventStream) -> (String, String) {
    loop {
        let event = timeout(PATIENCE, events.next()).await.expect("an event").unwrap();
        if let LessonEvent::Dispatch { from, body } = event {
            return (from.to_string(), body);
        }
    }
}

/// Asks both rooms for their facts.
async fn facts_of_both(inspector: &RelayHttp, events: &mut EventStream) -> BTreeMap<String, NodeFacts> {
    for (number, room) in [(7, "oak"), (8, "hill")] {
        let ask = Ask { id: number, what: Task::Facts }.to_body().unwrap();
        inspector.dispatch(&id(room), ask).await.unwrap();
    }
    let mut facts = BTreeMap::new();
    while facts.len() < 2 {
        let (from, body) = next(events).await;
        let Reply { id, says: Answer::Facts(told) } = Reply::parse(&body).unwrap() else { panic!("{body}") };
        assert_eq!(id, if from == "oak" { 7 } else { 8 });
        facts.insert(from, *told);
    }
    facts
}

async fn rooms(relay: &Relay, link: &str) -> (Node, Node) {
    let mut oak = start(settings(relay.http_addr(), "oak", Role::Supporting, link));
    let mut hill = start(settings(relay.http_addr(), "hill", Role::Receiving, link));
    oak.until("pictures of hill", |facts| receives(facts, "hill", 30)).await;
    hill.until("pictures of oak", |facts| receives(facts, "oak", 30)).await;
    (oak, hill)
}

async fn both_answer_over(link: &str) {
    let relay = start_relay();
    let (oak, hill) = rooms(&relay, link).await;
    let inspector = http(&relay, "inspector", Role::Inspector);
    let mut events = inspector.events().await.unwrap();
    let facts = facts_of_both(&inspector, &mut events).await;
    for (room, other) in [("oak", "hill"), ("hill", "oak")] {
        let told = &facts[room];
        assert_eq!((told.participant.as_str(), told.transport.as_str()), (room, link));
        assert!(receives(told, other, 30), "{told:#?}");
        assert!(!told.received.iter().any(|track| track.from.as_str() == "inspector"));
    }
    let later = oak.end().await;
    assert!(later.seconds > facts["oak"].seconds, "the lesson went on");
    hill.end().await;
    relay.shutdown("the test is over").await;
}

#[tokio::test]
async fn both_rooms_of_a_lesson_tell_an_inspector_their_facts_over_quic() {
    both_answer_over("quic").await;
}

#[tokio::test]
async fn both_rooms_of_a_lesson_tell_an_inspector_their_facts_over_webrtc() {
    both_answer_over("webrtc-udp").await;
}

#[tokio::test]
async fn a_room_answers_nobody_but_an_inspector_and_does_nothing_for_it_that_would_load_its_line() {
    let relay = start_relay();
    let (oak, hill) = rooms(&relay, "quic").await;
    let observer = http(&relay, "observer", Role::Observer);
    let _listening = observer.events().await.unwrap();
    let ask = Ask { id: 1, what: Task::Facts }.to_body().unwrap();
    let refused = observer.dispatch(&id("oak"), ask).await.unwrap_err();
    assert!(matches!(&refused, LinkError::Refused(why) if why.code == "role_may_not"), "{refused}");
    let inspector = http(&relay, "inspector", Role::Inspector);
    let mut events = inspector.events().await.unwrap();
    inspector.dispatch(&id("oak"), Ask { id: 2, what: Task::Devices }.to_body().unwrap()).await.unwrap();
    let (from, body) = next(&mut events).await;
    let Reply { id: 2, says: Answer::Refused(why) } = Reply::parse(&body).unwrap() else { panic!("{body}") };
    assert_eq!((from.as_str(), why.code), ("oak", RefusedCode::LessonLive));
    oak.end().await;
    hill.end().await;
    relay.shutdown("the test is over").await;
}

/// Packets of a room that were missing when first expected, and those that stayed away.
fn lost(facts: &NodeFacts) -> [u64; 2] {
    let of = |part: fn(&tongke_protocol::facts::ReceivedTrack) -> u64| facts.received.iter().map(part).sum();
    [of(|track| track.lost_before_repair), of(|track| track.lost_after_repair)]
}

/// What a lesson is judged by of its sound: each second counted, the rate, the rating.
fn heard_well(facts: &NodeFacts) {
    let mut sounds = facts.received.iter().filter(|track| track.track == TrackKind::Microphone);
    let track = sounds.next().expect("the other room's sound");
    let ms = track.capture_to_render_ms.unwrap();
    assert!((ms.p95..=ms.max).contains(&ms.p99.unwrap()), "{ms:?}");
    let sound = track.sound.as_ref().unwrap();
    let heard = sound.seconds.unimpaired + sound.seconds.concealed;
    assert!(heard > 0 && heard as f64 <= facts.seconds, "{sound:?}");
    assert!((14_000.0..50_000.0).contains(&sound.bitrate_bps.unwrap()), "{sound:?}");
    let SpeechRating::Fullband { of_hundred, bound: false } = sound.rating else { panic!("{sound:?}") };
    // By the codec alone it would be 87 at most.
    assert!((20.0..90.0).contains(&of_hundred), "{sound:?}");
}

#[tokio::test]
async fn an_inspection_beside_a_lesson_costs_it_no_packet() {
    let relay = start_relay();
    let (mut oak, hill) = rooms(&relay, "quic").await;
    let inspector = http(&relay, "inspector", Role::Inspector);
    let mut events = inspector.events().await.unwrap();
    let before = facts_of_both(&inspector, &mut events).await;
    let mut observer = start(settings(relay.http_addr(), "observer", Role::Observer, "quic"));
    observer
        .until("both rooms at the observer's", |facts| {
            ["oak", "hill"].iter().all(|from| receives(facts, from, 30))
        })
        .await;
    // As much as an inspector may say, until a room has sent four hundred pictures and sounds more.
    let pictures = |facts: &NodeFacts| facts.sent.iter().map(|track| track.frames).sum::<u64>();
    let wanted = pictures(&before["oak"]) + 400;
    let longest = "x".repeat(tongke_protocol::dispatch::MAX_DISPATCH_LEN);
    let mut said = 0;
    while oak.facts.borrow_and_update().as_ref().is_none_or(|facts| pictures(facts) < wanted) {
        match inspector.dispatch(&id("hill"), longest.clone()).await {
            Ok(()) => said += 1,
            Err(LinkError::Refused(why)) => {
                assert_eq!(why.code, "dispatch_too_often");
                timeout(PATIENCE, oak.facts.changed()).await.expect("facts each second").unwrap();
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(said >= 16, "{said}");
    let after = [oak.end().await, hill.end().await];
    observer.end().await;
    for facts in &after {
        let room = facts.participant.as_str();
        assert_eq!(lost(facts), lost(&before[room]), "{room}: {facts:#?}");
        assert_eq!(facts.reconnects, 0, "{room}");
        heard_well(facts);
    }
    relay.shutdown("the test is over").await;
}
