//! STUN binding messages as ICE uses them (RFC 8489, RFC 8445 §7): read and checked without a copy.
//!
//! Only what an ICE-lite agent meets is here: requests come in, success and error responses go out.

mod write;

#[cfg(test)]
pub(super) use write::resigned;
pub use write::{binding_request, error_response, success_response};

use hmac::{Hmac, Mac};
use sha1::Sha1;

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

#[cfg(test)]
mod tests;
