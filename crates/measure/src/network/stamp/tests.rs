use super::*;
use proptest::prelude::*;

fn test_packet() -> TestPacket {
    TestPacket {
        seq: 0x0102_0304,
        sent: NtpTime(0x1112_1314_1516_1718),
        error: ErrorEstimate { synchronized: true, scale: 0x15, multiplier: 7 },
    }
}

fn reflected() -> ReflectedPacket {
    ReflectedPacket {
        sent: NtpTime(0x3132_3334_3536_3738),
        ..test_packet().reflect(9, NtpTime(0x2122_2324_2526_2728), ErrorEstimate::UNKNOWN, 254)
    }
}

#[test]
fn a_test_packet_lies_as_figure_2_of_rfc_8762_shows() {
    let bytes = test_packet().write();
    assert_eq!(bytes[..4], [1, 2, 3, 4]);
    assert_eq!(bytes[4..12], [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18]);
    assert_eq!(bytes[12..14], [0x95, 7]);
    assert_eq!(bytes[14..], [0; 30]);
}

#[test]
fn a_reflected_packet_lies_as_figure_5_of_rfc_8762_shows() {
    let bytes = reflected().write();
    assert_eq!(bytes[..4], [0, 0, 0, 9]);
    assert_eq!(bytes[4..12], [0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38]);
    assert_eq!(bytes[12..16], [0x3f, 0xff, 0, 0]);
    assert_eq!(bytes[16..24], [0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28]);
    assert_eq!(bytes[24..38], test_packet().write()[..14]);
    assert_eq!(bytes[38..], [0, 0, 254, 0, 0, 0]);
}

#[test]
fn what_follows_a_packet_and_what_stands_in_its_zeros_is_ignored() {
    let mut bytes = test_packet().write().to_vec();
    bytes[20] = 0xaa;
    bytes.extend([0x80, 1, 0, 4, 1, 2, 3, 4]);
    assert_eq!(TestPacket::parse(&bytes), Ok(test_packet()));
}

#[test]
fn the_error_estimate_is_a_factor_and_an_exponent() {
    let estimate = ErrorEstimate { synchronized: true, scale: 22, multiplier: 1 };
    assert!((estimate.seconds() - 1.0 / 1024.0).abs() < 1e-12);
    assert!(ErrorEstimate::UNKNOWN.seconds() > 86_400.0);
}

#[test]
fn ptp_time_is_refused_at_every_stamp() {
    for at in [12, 36] {
        let mut bytes = reflected().write();
        bytes[at] |= 0x40;
        assert_eq!(ReflectedPacket::parse(&bytes), Err(StampError::PtpTime), "octet {at}");
    }
}

#[test]
fn every_truncation_is_refused_with_its_length() {
    let bytes = reflected().write();
    for got in 0..LEN {
        assert_eq!(TestPacket::parse(&bytes[..got]), Err(StampError::TooShort { got }));
        assert_eq!(ReflectedPacket::parse(&bytes[..got]), Err(StampError::TooShort { got }));
    }
}

#[test]
fn every_flipped_bit_is_read_as_something_else_or_ignored_and_never_panics() {
    for bit in 0..LEN * 8 {
        let mut bytes = reflected().write();
        bytes[bit / 8] ^= 0x80 >> (bit % 8);
        let zeros = (14..16).contains(&(bit / 8)) || [38, 39, 41, 42, 43].contains(&(bit / 8));
        assert_eq!(ReflectedPacket::parse(&bytes) == Ok(reflected()), zeros, "bit {bit}");
    }
}

proptest! {
    #[test]
    fn random_bytes_are_refused_or_written_back_as_they_were_read(
        bytes in proptest::collection::vec(any::<u8>(), 0..96),
    ) {
        if let Ok(packet) = TestPacket::parse(&bytes) {
            prop_assert_eq!(&packet.write()[..14], &bytes[..14]);
            prop_assert_eq!(TestPacket::parse(&packet.write()), Ok(packet));
        }
        if let Ok(packet) = ReflectedPacket::parse(&bytes) {
            prop_assert_eq!(&packet.write()[16..38], &bytes[16..38]);
            prop_assert_eq!(ReflectedPacket::parse(&packet.write()), Ok(packet));
        }
    }
}
