//! STUN binding messages as ICE uses them (RFC 8489, RFC 8445 §7): read and checked without a copy.
//!
//! Only what an ICE-lite agent meets is here: requests come in, success and error responses go out.

use hmac::{Hmac, Mac};
use sha1::Sha1;
use std::net::{IpAddr, SocketAddr};

/// Length of a STUN header in bytes.
const HEADER_LEN: usize = 20;
const MAGIC_COOKIE: [u8; 4] = 0x2112_a442_u32.to_be_bytes();
/// A FINGERPRINT is the CRC-32 exclusive-or this (RFC 8489 §14.7).
const FINGERPRINT_XOR: u32 = 0x5354_554e;
/// Most attributes looked at; an ICE check has about eight.
const MAX_ATTRIBUTES: usize = 32;

/// Attribute types (RFC 8489 §18.3, RFC 8445 §16.1).
mod attribute {
    pub const USERNAME: u16 = 0x0006;
    pub const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub const ERROR_CODE: u16 = 0x0009;
    pub const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
    pub const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub const PRIORITY: u16 = 0x0024;
    pub const USE_CANDIDATE: u16 = 0x0025;
    pub const FINGERPRINT: u16 = 0x8028;
    pub const ICE_CONTROLLED: u16 = 0x8029;
    pub const ICE_CONTROLLING: u16 = 0x802a;
    /// Attributes below this must be understood by the one who answers (RFC 8489 §14).
    pub const FIRST_OPTIONAL: u16 = 0x8000;
    /// Required attributes that a binding request may carry.
    pub const UNDERSTOOD: [u16; 4] = [USERNAME, MESSAGE_INTEGRITY, PRIORITY, USE_CANDIDATE];
}

/// Identifies a request and its response.
pub type TransactionId = [u8; 12];

/// Why bytes are not a STUN binding message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StunError {
    /// Shorter than a header, or than the length it names.
    #[error("the STUN message is truncated")]
    Truncated,
    /// The magic cookie or the two top bits are wrong, or it is not a binding message.
    #[error("these bytes are no STUN binding message")]
    NotBinding,
    /// An attribute does not fit the message, or has an impossible value.
    #[error("a STUN attribute is malformed")]
    Attribute,
    /// The FINGERPRINT is wrong.
    #[error("the STUN fingerprint is wrong")]
    Fingerprint,
}

/// The four kinds of a STUN message (RFC 8489 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Wants an answer.
    Request,
    /// Wants none.
    Indication,
    /// The good answer.
    Success,
    /// The bad answer.
    Error,
}

/// A binding message, its attributes found and its FINGERPRINT (if there is one) checked. Whether
/// its MESSAGE-INTEGRITY is right is asked with [`Message::is_authentic`].
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    bytes: &'a [u8],
    class: Class,
    username: Option<&'a str>,
    /// Where the MESSAGE-INTEGRITY attribute begins.
    integrity_at: Option<usize>,
    priority: Option<u32>,
    use_candidate: bool,
    controlled: bool,
    controlling: bool,
    unknown_required: Option<u16>,
}

impl<'a> Message<'a> {
    /// Reads a whole datagram as one binding message.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, StunError> {
        let class = read_header(datagram)?;
        let mut message = Message {
            bytes: datagram,
            class,
            username: None,
            integrity_at: None,
            priority: None,
            use_candidate: false,
            controlled: false,
            controlling: false,
            unknown_required: None,
        };
        let mut at = HEADER_LEN;
        for _ in 0..MAX_ATTRIBUTES {
            if at == datagram.len() {
                return Ok(message);
            }
            at = message.read_attribute(at)?;
        }
        Err(StunError::Attribute)
    }

    /// Reads the attribute at `at` and says where the next one begins.
    fn read_attribute(&mut self, at: usize) -> Result<usize, StunError> {
        let head = self.bytes.get(at..at + 4).ok_or(StunError::Attribute)?;
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let len = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = self.bytes.get(at + 4..at + 4 + len).ok_or(StunError::Attribute)?;
        let next = at + 4 + len.next_multiple_of(4);
        if next > self.bytes.len() {
            return Err(StunError::Attribute);
        }
        if kind == attribute::FINGERPRINT {
            let value: [u8; 4] = value.try_into().map_err(|_| StunError::Attribute)?;
            if next != self.bytes.len() {
                return Err(StunError::Attribute);
            }
            return if u32::from_be_bytes(value) == fingerprint(&self.bytes[..at]) {
                Ok(next)
            } else {
                Err(StunError::Fingerprint)
            };
        }
        if self.integrity_at.is_some() {
            // What follows MESSAGE-INTEGRITY is not covered by it and is ignored (RFC 8489 §14.5).
            return Ok(next);
        }
        match kind {
            attribute::USERNAME => {
                self.username = Some(std::str::from_utf8(value).map_err(|_| StunError::Attribute)?);
            }
            attribute::MESSAGE_INTEGRITY if len == 20 => self.integrity_at = Some(at),
            attribute::MESSAGE_INTEGRITY => return Err(StunError::Attribute),
            attribute::PRIORITY => {
                let value = value.try_into().map_err(|_| StunError::Attribute)?;
                self.priority = Some(u32::from_be_bytes(value));
            }
            attribute::USE_CANDIDATE => self.use_candidate = true,
            attribute::ICE_CONTROLLED => self.controlled = true,
            attribute::ICE_CONTROLLING => self.controlling = true,
            _ if kind < attribute::FIRST_OPTIONAL
                && !attribute::UNDERSTOOD.contains(&kind)
                && self.unknown_required.is_none() =>
            {
                self.unknown_required = Some(kind);
            }
            _ => {}
        }
        Ok(next)
    }

    /// Request, indication, success or error.
    pub fn class(&self) -> Class {
        self.class
    }

    /// What a response repeats.
    pub fn transaction_id(&self) -> TransactionId {
        self.bytes[8..HEADER_LEN].try_into().expect("parse saw a whole header")
    }

    /// `receiver's ufrag:sender's ufrag` in an ICE check.
    pub fn username(&self) -> Option<&'a str> {
        self.username
    }

    /// The priority that the sender's candidate would have as a peer-reflexive one.
    pub fn priority(&self) -> Option<u32> {
        self.priority
    }

    /// Whether the controlling peer nominates this path.
    pub fn use_candidate(&self) -> bool {
        self.use_candidate
    }

    /// Whether the sender believes itself controlled, as ICE-lite peers of ours must not.
    pub fn claims_controlled(&self) -> bool {
        self.controlled && !self.controlling
    }

    /// The first attribute that must be understood and is not.
    pub fn unknown_required(&self) -> Option<u16> {
        self.unknown_required
    }

    /// Whether MESSAGE-INTEGRITY is there and made with this password (RFC 8489 §14.5).
    pub fn is_authentic(&self, password: &[u8]) -> bool {
        let Some(at) = self.integrity_at else { return false };
        let claimed = &self.bytes[at + 4..at + 24];
        // The length counts up to the end of MESSAGE-INTEGRITY, whatever follows it.
        let mut header = [0; HEADER_LEN];
        header.copy_from_slice(&self.bytes[..HEADER_LEN]);
        header[2..4].copy_from_slice(&((at + 24 - HEADER_LEN) as u16).to_be_bytes());
        hmac_sha1(password, &[&header, &self.bytes[HEADER_LEN..at]]).verify_slice(claimed).is_ok()
    }
}

fn read_header(datagram: &[u8]) -> Result<Class, StunError> {
    let header = datagram.get(..HEADER_LEN).ok_or(StunError::Truncated)?;
    if header[0] & 0xc0 != 0 || header[4..8] != MAGIC_COOKIE {
        return Err(StunError::NotBinding);
    }
    let class = match u16::from_be_bytes([header[0], header[1]]) {
        0x0001 => Class::Request,
        0x0011 => Class::Indication,
        0x0101 => Class::Success,
        0x0111 => Class::Error,
        _ => return Err(StunError::NotBinding),
    };
    let len = usize::from(u16::from_be_bytes([header[2], header[3]]));
    match datagram.len().cmp(&(HEADER_LEN + len)) {
        std::cmp::Ordering::Less => Err(StunError::Truncated),
        std::cmp::Ordering::Greater => Err(StunError::Attribute),
        std::cmp::Ordering::Equal if len % 4 == 0 => Ok(class),
        std::cmp::Ordering::Equal => Err(StunError::Attribute),
    }
}

/// The good answer to a binding request, signed with the same password.
pub fn success_response(id: TransactionId, mapped: SocketAddr, password: &[u8]) -> Vec<u8> {
    let mut out = begin(0x0101, id);
    push_xor_mapped_address(&mut out, mapped, id);
    finish(out, password)
}

/// An error response (RFC 8489 §14.8), signed with the same password.
pub fn error_response(id: TransactionId, code: u16, unknown: Option<u16>, password: &[u8]) -> Vec<u8> {
    let mut out = begin(0x0111, id);
    push(&mut out, attribute::ERROR_CODE, &[0, 0, (code / 100) as u8, (code % 100) as u8]);
    if let Some(kind) = unknown {
        push(&mut out, attribute::UNKNOWN_ATTRIBUTES, &kind.to_be_bytes());
    }
    finish(out, password)
}

/// A binding request as a full ICE agent in the controlling role makes it: what tests and
/// measuring clients send to this relay.
pub fn binding_request(
    id: TransactionId,
    username: &str,
    password: &[u8],
    priority: u32,
    nominate: bool,
) -> Vec<u8> {
    let mut out = begin(0x0001, id);
    push(&mut out, attribute::USERNAME, username.as_bytes());
    push(&mut out, attribute::ICE_CONTROLLING, &[7; 8]);
    if nominate {
        push(&mut out, attribute::USE_CANDIDATE, &[]);
    }
    push(&mut out, attribute::PRIORITY, &priority.to_be_bytes());
    finish(out, password)
}

fn begin(kind: u16, id: TransactionId) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&MAGIC_COOKIE);
    out.extend_from_slice(&id);
    out
}

fn push(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

fn push_xor_mapped_address(out: &mut Vec<u8>, address: SocketAddr, id: TransactionId) {
    let port = address.port() ^ 0x2112;
    let mut value = [0; 20];
    value[2..4].copy_from_slice(&port.to_be_bytes());
    let len = match address.ip().to_canonical() {
        IpAddr::V4(ip) => {
            value[1] = 1;
            value[4..8].copy_from_slice(&ip.octets());
            8
        }
        IpAddr::V6(ip) => {
            value[1] = 2;
            value[4..20].copy_from_slice(&ip.octets());
            20
        }
    };
    for (byte, mask) in value[4..len].iter_mut().zip(MAGIC_COOKIE.iter().chain(&id)) {
        *byte ^= mask;
    }
    push(out, attribute::XOR_MAPPED_ADDRESS, &value[..len]);
}

/// Appends MESSAGE-INTEGRITY and FINGERPRINT and sets the length before each, as both cover it.
fn finish(mut out: Vec<u8>, password: &[u8]) -> Vec<u8> {
    set_len(&mut out, 24);
    let mac = hmac_sha1(password, &[&out]).finalize().into_bytes();
    push(&mut out, attribute::MESSAGE_INTEGRITY, &mac);
    set_len(&mut out, 8);
    let crc = fingerprint(&out);
    push(&mut out, attribute::FINGERPRINT, &crc.to_be_bytes());
    out
}

fn set_len(out: &mut [u8], to_come: usize) {
    let len = (out.len() - HEADER_LEN + to_come) as u16;
    out[2..4].copy_from_slice(&len.to_be_bytes());
}

fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha1> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

fn fingerprint(bytes: &[u8]) -> u32 {
    crc32(bytes) ^ FINGERPRINT_XOR
}

/// CRC-32 of ITU-T V.42, a nibble at a time: checks are rare, so a small table will do.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 16] = {
        let mut table = [0; 16];
        let mut i = 0;
        while i < 16 {
            let mut crc = i as u32;
            let mut bit = 0;
            while bit < 4 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
                bit += 1;
            }
            table[i] = crc;
            i += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc, byte| {
        let crc = (crc >> 4) ^ TABLE[((crc ^ u32::from(*byte)) & 15) as usize];
        (crc >> 4) ^ TABLE[((crc ^ u32::from(byte >> 4)) & 15) as usize]
    })
}

/// A signed message, changed and signed again.
#[cfg(test)]
pub(super) fn resigned(message: &[u8], password: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut body = message[..message.len() - 32].to_vec();
    change(&mut body);
    finish(body, password)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::mutation::storm;
    use rtc_stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE};
    use rtc_stun::message::{BINDING_REQUEST, Setter};

    const ID: TransactionId = *b"transaction!";
    const PASSWORD: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";

    fn hex(text: &str) -> Vec<u8> {
        let text: String = text.split_ascii_whitespace().collect();
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// The sample request of RFC 5769 §2.1.
    fn rfc_5769_request() -> Vec<u8> {
        hex("00010058 2112a442 b7e7a701 bc34d686 fa87dfae
             80220010 5354554e 20746573 7420636c 69656e74
             00240004 6e0001ff
             80290008 932ff9b1 51263b36
             00060009 6576746a 3a683676 59202020
             00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
             80280004 e57a3bcf")
    }

    #[test]
    fn the_sample_request_of_rfc_5769_is_read_and_authentic() {
        let bytes = rfc_5769_request();
        let message = Message::parse(&bytes).unwrap();
        assert_eq!(message.class(), Class::Request);
        assert_eq!(message.username(), Some("evtj:h6vY"));
        assert_eq!(message.priority(), Some(0x6e00_01ff));
        assert!(message.claims_controlled() && !message.use_candidate());
        assert!(message.is_authentic(PASSWORD));
        assert!(!message.is_authentic(b"another password"));
        assert_eq!(message.unknown_required(), None);
    }

    #[test]
    fn the_sample_responses_of_rfc_5769_have_our_mapped_addresses() {
        let id = rfc_5769_request()[8..20].try_into().unwrap();
        let v4 = success_response(id, "192.0.2.1:32853".parse().unwrap(), PASSWORD);
        assert_eq!(v4[20..32], hex("00200008 0001a147 e112a643"));
        let v6 =
            success_response(id, "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap(), PASSWORD);
        assert_eq!(v6[20..44], hex("00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9"));
        let mapped: SocketAddr = "[::ffff:192.0.2.1]:32853".parse().unwrap();
        assert_eq!(success_response(id, mapped, PASSWORD), v4, "a mapped IPv4 address is IPv4");
    }

    #[test]
    fn a_request_of_rtc_stun_is_read_and_our_responses_are_read_by_it() {
        let mut theirs = rtc_stun::message::Message::new();
        theirs
            .build(&[
                Box::new(rtc_stun::message::TransactionId(ID)),
                Box::new(BINDING_REQUEST),
                Box::new(rtc_stun::textattrs::Username::new(
                    rtc_stun::attributes::ATTR_USERNAME,
                    "local:remote".into(),
                )),
            ])
            .unwrap();
        theirs.add(ATTR_ICE_CONTROLLING, &[1; 8]);
        theirs.add(ATTR_PRIORITY, &[0, 0, 1, 0]);
        theirs.add(ATTR_USE_CANDIDATE, &[]);
        let provider = rtc_dtls::crypto_provider::default_provider().unwrap();
        let password = String::from_utf8(PASSWORD.to_vec()).unwrap();
        rtc_stun::integrity::MessageIntegrity::new_short_term_integrity_with_provider(
            password,
            provider.crypto(),
        )
        .add_to(&mut theirs)
        .unwrap();
        rtc_stun::fingerprint::FINGERPRINT.add_to(&mut theirs).unwrap();
        let message = Message::parse(&theirs.raw).unwrap();
        assert!(message.is_authentic(PASSWORD) && message.use_candidate());
        assert_eq!((message.username(), message.priority()), (Some("local:remote"), Some(256)));

        for ours in [
            success_response(ID, "10.1.2.3:4567".parse().unwrap(), PASSWORD),
            error_response(ID, 487, None, PASSWORD),
            error_response(ID, 420, Some(0x7fff), PASSWORD),
        ] {
            let mut theirs = rtc_stun::message::Message::new();
            theirs.unmarshal_binary(&ours).unwrap();
            rtc_stun::fingerprint::FINGERPRINT.check(&theirs).unwrap();
            assert_eq!(theirs.transaction_id.0, ID);
            assert!(Message::parse(&ours).unwrap().is_authentic(PASSWORD));
        }
    }

    #[test]
    fn a_flipped_bit_fails_the_fingerprint_or_the_integrity() {
        let good = binding_request(ID, "a:b", PASSWORD, 7, true);
        // Behind MESSAGE-INTEGRITY a damaged type makes FINGERPRINT an attribute to be ignored.
        for bit in 0..(good.len() - 8) * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let accepted = Message::parse(&bad).is_ok_and(|message| message.is_authentic(PASSWORD));
            assert!(!accepted, "bit {bit} changed and still accepted");
        }
    }

    #[test]
    fn damaged_messages_never_panic_and_are_never_authentic() {
        let samples = vec![
            rfc_5769_request(),
            binding_request(ID, "local:remote", PASSWORD, 7, true),
            error_response(ID, 420, Some(9), PASSWORD),
        ];
        storm(&samples, |bytes| {
            if let Ok(message) = Message::parse(bytes) {
                let _ = (message.username(), message.transaction_id(), message.unknown_required());
                assert!(!message.is_authentic(PASSWORD) || samples.iter().any(|good| is_prefix(good, bytes)));
            }
        });
    }

    /// Whether `bytes` is `good` up to its MESSAGE-INTEGRITY; what follows that is not covered.
    fn is_prefix(good: &[u8], bytes: &[u8]) -> bool {
        let covered = good.len() - 8;
        bytes.len() >= covered && bytes[4..covered] == good[4..covered]
    }

    #[test]
    fn an_attribute_that_must_be_understood_is_named() {
        let mut request = begin(0x0001, ID);
        push(&mut request, attribute::USERNAME, b"a:b");
        push(&mut request, 0x7777, &[1, 2, 3]);
        let request = finish(request, PASSWORD);
        let message = Message::parse(&request).unwrap();
        assert!(message.is_authentic(PASSWORD));
        assert_eq!(message.unknown_required(), Some(0x7777));
    }
}
