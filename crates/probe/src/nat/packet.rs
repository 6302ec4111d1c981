//! Packets of the tests of a NAT, in a session of the reflector.
//!
//! ```text
//!  0  "TKNT"     4  session   6  kind   7  from where the answer is to come
//!  8  seq       12  family   14  port  16  address, each bit turned over
//! 32  HMAC over all before
//! ```
//!
//! Numbers are big-endian; a question has zeros where an answer has the address. It is turned over because some NATs
//! look for addresses in payloads and rewrite them (RFC 8489 §14.2).

use crate::key::{HMAC_LEN, Key};
use std::net::{IpAddr, SocketAddr};

const MAGIC: [u8; 4] = *b"TKNT";
const HMAC_AT: usize = 32;
/// Bytes of a packet.
pub(crate) const LEN: usize = HMAC_AT + HMAC_LEN;

/// From where an answer is to come (CHANGE-REQUEST, RFC 5780 §7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// From where the question came to.
    Here,
    /// From the same address and the other port.
    OtherPort,
    /// From the other address and the other port.
    OtherAddress,
}

/// What a packet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// School: whence do you see me?
    Ask,
    /// Relay: from there.
    Answer {
        /// As the reflector saw it (MAPPED-ADDRESS).
        mapped: SocketAddr,
    },
}

/// A packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet {
    pub session: u16,
    pub from: From,
    pub seq: u32,
    pub body: Body,
}

/// The session that a packet says it is of; not verified. None: it is of no such test.
pub(crate) fn session_of(bytes: &[u8]) -> Option<u16> {
    (bytes.len() == LEN && bytes[..4] == MAGIC).then(|| u16::from_be_bytes([bytes[4], bytes[5]]))
}

/// Puts the HMAC where it belongs.
pub(crate) fn sign(bytes: &mut [u8], key: &Key) {
    let hmac = key.sign(&[&bytes[..HMAC_AT]]);
    bytes[HMAC_AT..LEN].copy_from_slice(&hmac);
}

impl Packet {
    pub fn write(&self, key: &Key) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..6].copy_from_slice(&self.session.to_be_bytes());
        bytes[7] = match self.from {
            From::Here => 0,
            From::OtherPort => 1,
            From::OtherAddress => 2,
        };
        bytes[8..12].copy_from_slice(&self.seq.to_be_bytes());
        match self.body {
            Body::Ask => bytes[6] = 1,
            Body::Answer { mapped } => {
                bytes[6] = 2;
                write_address(&mut bytes[12..HMAC_AT], mapped);
            }
        }
        sign(&mut bytes, key);
        bytes
    }

    /// None: it is no packet of the session that has this key.
    pub fn parse(bytes: &[u8], key: &Key) -> Option<Packet> {
        let session = session_of(bytes).filter(|_| key.fits(&[&bytes[..HMAC_AT]], &bytes[HMAC_AT..]))?;
        let from = match bytes[7] {
            0 => From::Here,
            1 => From::OtherPort,
            2 => From::OtherAddress,
            _ => return None,
        };
        let body = match bytes[6] {
            1 => Body::Ask,
            2 => Body::Answer { mapped: read_address(&bytes[12..HMAC_AT])? },
            _ => return None,
        };
        let seq = u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        Some(Packet { session, from, seq, body })
    }
}

fn write_address(to: &mut [u8], address: SocketAddr) {
    let turned = |from: &[u8], to: &mut [u8]| to.iter_mut().zip(from).for_each(|(to, from)| *to = !from);
    turned(&address.port().to_be_bytes(), &mut to[2..4]);
    match address.ip().to_canonical() {
        IpAddr::V4(v4) => {
            to[1] = 4;
            turned(&v4.octets(), &mut to[4..8]);
        }
        IpAddr::V6(v6) => {
            to[1] = 6;
            turned(&v6.octets(), &mut to[4..20]);
        }
    }
}

fn read_address(from: &[u8]) -> Option<SocketAddr> {
    let port = u16::from_be_bytes([!from[2], !from[3]]);
    let ip: IpAddr = match (from[0], from[1]) {
        (0, 4) => std::array::from_fn::<u8, 4, _>(|i| !from[4 + i]).into(),
        (0, 6) => std::array::from_fn::<u8, 16, _>(|i| !from[4 + i]).into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KEY_LEN;
    use proptest::prelude::*;

    fn key() -> Key {
        Key::new(&[7; KEY_LEN])
    }

    fn packet() -> impl Strategy<Value = Packet> {
        let address = (any::<bool>(), any::<[u8; 16]>(), any::<u16>()).prop_map(|(v4, octets, port)| {
            let v4_octets = [octets[0], octets[1], octets[2], octets[3]];
            let ip: IpAddr = if v4 { v4_octets.into() } else { octets.into() };
            SocketAddr::new(ip.to_canonical(), port)
        });
        let body = prop_oneof![Just(Body::Ask), address.prop_map(|mapped| Body::Answer { mapped })];
        let from = prop_oneof![Just(From::Here), Just(From::OtherPort), Just(From::OtherAddress)];
        (any::<u16>(), from, any::<u32>(), body).prop_map(|(session, from, seq, body)| Packet {
            session,
            from,
            seq,
            body,
        })
    }

    proptest! {
        #[test]
        fn a_packet_is_read_as_it_was_written(packet in packet()) {
            let bytes = packet.write(&key());
            prop_assert_eq!(session_of(&bytes), Some(packet.session));
            prop_assert_eq!(Packet::parse(&bytes, &key()), Some(packet));
        }

        #[test]
        fn no_bit_can_be_altered(packet in packet(), at in 0..LEN * 8) {
            let mut bytes = packet.write(&key());
            bytes[at / 8] ^= 1 << (at % 8);
            prop_assert_eq!(Packet::parse(&bytes, &key()), None);
        }

        #[test]
        fn whatever_a_member_writes_is_read_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), LEN)) {
            bytes[..4].copy_from_slice(&MAGIC);
            bytes[6..8].iter_mut().for_each(|byte| *byte %= 4);
            sign(&mut bytes, &key());
            let _ = Packet::parse(&bytes, &key());
        }
    }

    #[test]
    fn an_address_does_not_stand_in_the_packet_as_it_is() {
        let mapped: SocketAddr = "203.0.113.9:50000".parse().unwrap();
        let packet = Packet { session: 1, from: From::Here, seq: 0, body: Body::Answer { mapped } };
        let bytes = packet.write(&key());
        assert!(!bytes.windows(4).any(|part| part == [203, 0, 113, 9]));
    }
}
