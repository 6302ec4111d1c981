//! QUIC sessions: hello, control stream, media between them.

use crate::support::*;
use bytes::Bytes;
use tongke_protocol::control::{
    ClientMessage, ClockProbe, Codec, FIRST_SLOT_FLOW, Links, PublishTrack, RelayMessage,
};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{Grant, Role, TrackKind};

const CAMERA: PublishTrack = PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: 0x1234 };
const CAMERA_FLOW: u8 = 1;

async fn refused(relay: &tongke_relay::Relay, message: &ClientMessage) -> Option<String> {
    let mut node = Node::connect(relay).await;
    node.say(message).await;
    let code = match node.hear().await {
        Some(RelayMessage::Refused(refusal)) => {
            assert!(refusal.message.len() > 10);
            Some(refusal.code)
        }
        None => None,
        other => panic!("{other:?}"),
    };
    within("the close", node.connection.closed()).await;
    code
}

#[tokio::test]
async fn a_hello_without_a_good_grant_is_refused_with_the_reason() {
    let relay = relay();
    let expired = key().sign(&Grant { expires_unix_s: unix_s() - 60, ..grant("math", "a", Role::Receiving) });
    let cases = [
        (String::new(), "grant_missing"),
        (expired, "grant_expired"),
        (token("art", "a", Role::Receiving), "grant_other_lesson"),
    ];
    for (token, code) in cases {
        let message = ClientMessage::Hello(hello(token, "math", vec![], 1, 1));
        assert_eq!(refused(&relay, &message).await.as_deref(), Some(code));
    }
    let inspector = token("math", "i", Role::Inspector);
    let publishing = ClientMessage::Hello(hello(inspector, "math", vec![CAMERA], 1, 1));
    assert_eq!(refused(&relay, &publishing).await.as_deref(), Some("grant_role"));
    assert_eq!(refused(&relay, &ClientMessage::Bye).await, None, "a hello comes first");
}

#[tokio::test]
async fn what_is_no_control_message_ends_the_connection() {
    let relay = relay();
    for bytes in [&[0xff; 8][..], &[0, 0, 0, 2, b'{', b'}'], &[0, 0, 0, 1, 0xff]] {
        let mut node = Node::connect(&relay).await;
        node.send.write_all(bytes).await.unwrap();
        within("the close", node.connection.closed()).await;
    }
}

#[tokio::test]
async fn a_node_is_welcomed_and_told_the_lesson_and_the_time() {
    let relay = relay();
    let first = hello(token("math", "school-1", Role::Supporting), "math", vec![CAMERA], 2, 1);
    let (mut node, welcome) = Node::join(&relay, first).await;
    assert_eq!((welcome.participant.as_str(), welcome.slots.len()), ("school-1", 3));
    node.event(
        |event| matches!(event, LessonEvent::Snapshot { participants, .. } if participants.len() == 1),
    )
    .await;
    node.say(&ClientMessage::ClockProbe(ClockProbe { t1_us: 5 })).await;
    loop {
        match node.hear().await.unwrap() {
            RelayMessage::ClockEcho(echo) => {
                assert!(echo.t1_us == 5 && echo.t2_us <= echo.t3_us && echo.t2_us > 1_000_000_000_000_000);
                break;
            }
            RelayMessage::Event { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    node.say(&ClientMessage::Hand { raised: true }).await;
    node.event(|event| matches!(event, LessonEvent::Hand { raised: true, .. })).await;
}

#[tokio::test]
async fn media_goes_from_one_node_to_the_other_and_leaving_is_told() {
    let relay = relay();
    let supporting = hello(token("math", "school-1", Role::Supporting), "math", vec![CAMERA], 0, 0);
    let (mut sender, _) = Node::join(&relay, supporting).await;
    let receiving = hello(token("math", "school-2", Role::Receiving), "math", vec![], 1, 0);
    let (mut receiver, welcome) = Node::join(&relay, receiving).await;
    let payload = keyframe();
    sender.send_rtp(CAMERA_FLOW, &rtp(CAMERA.ssrc, 100, 9000, true, &payload));
    let slot = |event: &LessonEvent| matches!(event, LessonEvent::Slot { source: Some(_), .. });
    let event = receiver.event(slot).await;
    let LessonEvent::Slot { source: Some(source), slot: 0, .. } = event else { panic!("{event:?}") };
    assert_eq!((source.participant.as_str(), source.track), ("school-1", TrackKind::Camera));

    let (flow, packet) = receiver.next_media().await;
    assert_eq!(u64::from(flow), FIRST_SLOT_FLOW);
    assert_eq!(packet[8..12], welcome.slots[0].ssrc.to_be_bytes());
    assert!(packet.ends_with(&payload), "the payload goes unchanged");

    sender.say(&ClientMessage::Bye).await;
    let left = |event: &LessonEvent| matches!(event, LessonEvent::Left { participant, .. } if participant.as_str() == "school-1");
    receiver.event(left).await;
    within("the close", sender.connection.closed()).await;
}

#[tokio::test]
async fn a_packet_too_large_for_a_datagram_goes_on_a_stream_both_ways() {
    let relay = relay();
    let supporting = hello(token("math", "school-1", Role::Supporting), "math", vec![CAMERA], 0, 0);
    let (sender, _) = Node::join(&relay, supporting).await;
    let receiving = hello(token("math", "school-2", Role::Receiving), "math", vec![], 1, 0);
    let (receiver, _) = Node::join(&relay, receiving).await;
    let mut payload = keyframe();
    // A longer IDR slice: beyond any Ethernet frame, within what the relay's ring takes.
    let filler = 1480 - payload.len();
    let length_at = payload.len() - 9;
    payload[length_at..length_at + 2].copy_from_slice(&(7 + filler as u16).to_be_bytes());
    payload.extend(std::iter::repeat_n(0xaa, filler));
    let packet = rtp(CAMERA.ssrc, 1, 9000, true, &payload);
    let mut framed = vec![CAMERA_FLOW];
    framed.extend_from_slice(&(0x4000 | packet.len() as u16).to_be_bytes());
    framed.extend_from_slice(&packet);
    let mut stream = sender.connection.open_uni().await.unwrap();
    stream.write_all(&framed).await.unwrap();
    stream.finish().unwrap();

    let mut incoming = within("a stream", receiver.connection.accept_uni()).await.unwrap();
    let content = within("its content", incoming.read_to_end(4096)).await.unwrap();
    assert_eq!(u64::from(content[0]), FIRST_SLOT_FLOW);
    assert!(content.ends_with(&payload));
}

#[tokio::test]
async fn malformed_datagrams_of_a_session_are_counted_and_do_not_end_it() {
    let relay = relay();
    let supporting = hello(token("math", "school-1", Role::Supporting), "math", vec![CAMERA], 1, 0);
    let (mut node, _) = Node::join(&relay, supporting).await;
    let whole = [&[CAMERA_FLOW][..], &rtp(CAMERA.ssrc, 1, 9000, true, &keyframe())].concat();
    let rubbish: [&[u8]; 6] = [&[], &[1], &[0xff; 3], &[0, 0x80, 200, 0, 99], &[63, 1, 2, 3], &[1, 0x80]];
    for datagram in rubbish {
        node.connection.send_datagram(Bytes::copy_from_slice(datagram)).unwrap();
    }
    for length in 1..13 {
        node.connection.send_datagram(Bytes::copy_from_slice(&whole[..length])).unwrap();
    }
    Http::new(&relay, String::new()).metric_reaches("tongke_drops_total", 12.0).await;
    node.say(&ClientMessage::Hand { raised: true }).await;
    node.event(|event| matches!(event, LessonEvent::Hand { raised: true, .. })).await;
}

#[tokio::test]
async fn a_node_whose_connection_breaks_off_leaves_no_ghost() {
    let relay = relay();
    let watching = Http::new(&relay, token("math", "observer-1", Role::Observer));
    let mut events = EventStream::open(&watching, "math").await;
    let supporting = hello(token("math", "school-1", Role::Supporting), "math", vec![CAMERA], 1, 0);
    let (node, _) = Node::join(&relay, supporting).await;
    events.until(|event| matches!(event, LessonEvent::Joined { .. })).await;
    node.connection.close(7u32.into(), b"gone");
    events.until(|event| matches!(event, LessonEvent::Left { .. })).await;
}

#[tokio::test]
async fn with_several_workers_a_lesson_lives_on_the_port_that_its_links_name() {
    let relay = tongke_relay::Relay::start(&tongke_relay::RelayConfig { workers: 2, ..config() }).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for lesson in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let token = token(lesson, "school-1", Role::Receiving);
        let links: Links = Http::new(&relay, token.clone()).get(&format!("/lessons/{lesson}/links")).await;
        let port = links.quic_port.unwrap();
        seen.insert(port);
        for address in relay.quic_addrs() {
            let mut node = Node::connect_to(address).await;
            node.say(&ClientMessage::Hello(hello(token.clone(), lesson, vec![], 1, 0))).await;
            match node.hear().await.unwrap() {
                RelayMessage::Welcome(_) => assert_eq!(address.port(), port),
                RelayMessage::Refused(refusal) => {
                    assert_eq!((address.port() == port, refusal.code.as_str()), (false, "lesson_elsewhere"));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(seen.len(), 2, "eight lessons on both workers");
}
