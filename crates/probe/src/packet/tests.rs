use super::*;
use crate::key::KEY_LEN;
use tongke_measure::network::stamp::ErrorEstimate;
use tongke_protocol::time::NtpTime;

fn key() -> Key {
    Key::new(&[7; KEY_LEN])
}

fn test_packet() -> TestPacket {
    TestPacket { seq: 41, sent: NtpTime(0x0123_4567_89ab_cdef), error: ErrorEstimate::UNKNOWN }
}

#[test]
fn a_packet_has_the_wanted_size_and_is_read_as_it_was_written() {
    for size in [0, MIN_LEN, 200, 1472, MAX_LEN] {
        let bytes = write_test(&test_packet(), 513, Dscp::AF42, size, &key());
        assert_eq!(bytes.len(), size.max(MIN_LEN));
        assert_eq!(session_of(&bytes), Some(513));
        let (packet, class) = read_test(&bytes, &key()).unwrap();
        assert_eq!(packet, test_packet());
        assert_eq!(class, ClassOfService { back: Dscp::AF42, came: Dscp::DEFAULT });
    }
}

#[test]
fn an_answer_is_as_long_as_its_question_and_tells_how_that_came() {
    let mut bytes = write_test(&test_packet(), 2, Dscp::EF, 300, &key());
    let answer = test_packet().reflect(9, NtpTime(5 << 32), ErrorEstimate::UNKNOWN, 61);
    let class = ClassOfService { back: Dscp::EF, came: Dscp::AF41 };
    turn(&mut bytes, &answer, 2, class, &key());
    assert_eq!(bytes.len(), 300);
    assert_eq!(read_answer(&bytes, &key()).unwrap(), (answer, class));
}

#[test]
fn every_code_point_survives_the_tlv() {
    for tos in (0..=252).step_by(4) {
        let class = ClassOfService { back: Dscp::of_tos(tos), came: Dscp::of_tos(252 - tos) };
        let mut bytes = [0; MIN_LEN];
        class.write(&mut bytes);
        assert_eq!(ClassOfService::parse(&bytes), class);
    }
}

#[test]
fn another_session_s_key_does_not_fit() {
    let bytes = write_test(&test_packet(), 1, Dscp::EF, 100, &key());
    assert_eq!(read_test(&bytes, &Key::new(&[8; KEY_LEN])), Err(PacketError::Hmac));
}

#[test]
fn number_and_marks_cannot_be_altered_and_nothing_makes_the_reader_panic() {
    let bytes = write_test(&test_packet(), 1, Dscp::EF, 120, &key());
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut altered = bytes.clone();
            altered[at] ^= 1 << bit;
            let read = read_test(&altered, &key());
            // The flags of the HMAC itself are nobody's.
            let covered = at < 4 || (CLASS_AT..PADDING_AT).contains(&at) && at != HMAC_AT;
            assert!(!covered || read.is_err(), "byte {at}, bit {bit}: {read:?}");
        }
    }
    for len in 0..bytes.len() {
        assert!(read_test(&bytes[..len], &key()).is_err(), "{len} bytes");
        assert_eq!(session_of(&bytes[..len]).is_some(), len >= MIN_LEN);
    }
}
