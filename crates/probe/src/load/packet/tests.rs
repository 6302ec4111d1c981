use super::*;
use crate::key::KEY_LEN;
use proptest::prelude::*;

fn key() -> Key {
    Key::new(&[7; KEY_LEN])
}

fn written(packet: &Packet, len: usize) -> Vec<u8> {
    let mut bytes = vec![0xa5; len];
    packet.write(&mut bytes, &key());
    bytes
}

fn second() -> impl Strategy<Value = SubInterval> {
    let count = || any::<u32>().prop_map(u64::from);
    (any::<u64>(), [count(), count(), count(), count()], any::<u32>()).prop_map(|(ip_bytes, counts, us)| {
        let [packets, lost, reordered, duplicates] = counts;
        let delay_variation_ms = f64::from(us) / 1e3;
        SubInterval { packets, ip_bytes, lost, reordered, duplicates, delay_variation_ms }
    })
}

fn told() -> impl Strategy<Value = Told> {
    let report = (any::<u32>(), any::<u32>(), 0..1u64 << 53).prop_map(|(seq_errors, us, bps)| Report {
        seq_errors: seq_errors.into(),
        delay_variation_ms: f64::from(us) / 1e3,
        best_bps: bps as f64,
    });
    let newest = proptest::option::of((0..NO_SECOND, second()));
    (report, newest).prop_map(|(report, newest)| Told { report, newest })
}

fn plan() -> impl Strategy<Value = Plan> {
    let pace = prop_oneof![
        (0u16..1200).prop_map(|row| Pace::Search { fastest: Row::new(row) }),
        any::<u32>().prop_map(|kbps| Pace::Fixed { kbps }),
    ];
    (any::<bool>(), pace, any::<u32>()).prop_map(|(out, pace, ms)| Plan {
        direction: if out { Direction::Out } else { Direction::Back },
        pace,
        length: Duration::from_millis(ms.into()),
    })
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        Just(Body::Hello),
        any::<u64>().prop_map(|token| Body::Challenge { token }),
        (any::<u64>(), plan()).prop_map(|(token, plan)| Body::Start { token, plan }),
        Just(Body::Ready),
        Just(Body::Load),
        told().prop_map(Body::Report),
        prop_oneof![Just(Stopped::GivenBack), Just(Stopped::LessonLive)].prop_map(Body::Stop),
    ]
}

fn packet() -> impl Strategy<Value = Packet> {
    (any::<u16>(), any::<u8>(), any::<u32>(), any::<u64>(), body())
        .prop_map(|(session, run, seq, sent_us, body)| Packet { session, run, seq, sent_us, body })
}

proptest! {
    #[test]
    fn a_packet_is_read_as_it_was_written_whatever_its_padding(packet in packet(), padding in 0usize..1500) {
        let bytes = written(&packet, LEN + padding);
        prop_assert_eq!(session_of(&bytes), Some(packet.session));
        prop_assert_eq!(Packet::parse(&bytes, &key()), Ok(packet));
    }

    #[test]
    fn no_bit_before_the_padding_can_be_altered(packet in packet(), at in 0..LEN * 8) {
        let mut bytes = written(&packet, LEN + 9);
        bytes[at / 8] ^= 1 << (at % 8);
        prop_assert!(Packet::parse(&bytes, &key()).is_err());
    }

    /// With the right HMAC, as from a member of the session with bad intent.
    #[test]
    fn whatever_a_member_writes_is_read_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), LEN..200)) {
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[6] %= 9;
        sign(&mut bytes, &key());
        match Packet::parse(&bytes, &key()) {
            Ok(packet) => prop_assert_eq!(Packet::parse(&written(&packet, LEN), &key()), Ok(packet)),
            Err(error) => prop_assert_eq!(error, LoadPacketError::Content),
        }
    }
}

#[test]
fn what_is_short_of_another_test_or_of_another_session_is_refused() {
    let packet = Packet { session: 3, run: 1, seq: 9, sent_us: 8, body: Body::Load };
    let bytes = written(&packet, LEN);
    for len in 0..LEN {
        assert_eq!(Packet::parse(&bytes[..len], &key()), Err(LoadPacketError::Form), "{len} bytes");
    }
    assert_eq!(Packet::parse(&bytes, &Key::new(&[8; KEY_LEN])), Err(LoadPacketError::Hmac));
    assert_eq!(session_of(&[0; 200]), None, "a STAMP packet");
}

#[test]
fn what_is_too_large_for_its_place_is_told_as_the_largest() {
    let report = Report { seq_errors: u64::MAX, delay_variation_ms: f64::INFINITY, best_bps: 0.0 };
    let packet =
        Packet { session: 3, run: 1, seq: 9, sent_us: 8, body: Body::Report(Told { report, newest: None }) };
    let Body::Report(read) = Packet::parse(&written(&packet, LEN), &key()).unwrap().body else { panic!() };
    assert_eq!(read.report.seq_errors, u64::from(u32::MAX));
    assert_eq!(read.report.delay_variation_ms, f64::from(u32::MAX) / 1e3);
}
