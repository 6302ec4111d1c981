//! A session's packets: those of RFC 8762 with the session's number (RFC 8972 §3) and three TLVs (§4): class of
//! service, HMAC, and padding up to the wanted size. They come in this order; padding is not covered by the HMAC.

use crate::key::{HMAC_LEN, Key};
use tongke_measure::network::dscp::Dscp;
use tongke_measure::network::stamp::{LEN, ReflectedPacket, StampError, TestPacket};

/// Bytes of the smallest packet: the base packet, class of service, HMAC, and padding of no bytes.
pub(crate) const MIN_LEN: usize = PADDING_AT + TLV_HEAD;
/// Largest UDP payload that is read or written.
pub(crate) const MAX_LEN: usize = 9000;

/// Where the session's number stands in the base packet.
const SESSION_AT: usize = 14;
const TLV_HEAD: usize = 4;
const CLASS_AT: usize = LEN;
const CLASS_LEN: usize = 4;
const HMAC_AT: usize = CLASS_AT + TLV_HEAD + CLASS_LEN;
const PADDING_AT: usize = HMAC_AT + TLV_HEAD + HMAC_LEN;
/// Types of TLVs (RFC 8972 §5.1).
const PADDING: u8 = 1;
const CLASS_OF_SERVICE: u8 = 4;
const HMAC: u8 = 8;

/// Why a packet is not one of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// Not a packet of RFC 8762.
    #[error(transparent)]
    Stamp(#[from] StampError),
    /// Without the TLVs of a session, or with others.
    #[error("the packet does not carry class of service, HMAC and padding, in this order")]
    Tlvs,
    /// Of another session, or altered.
    #[error("the packet's HMAC is not that of its session")]
    Hmac,
}

/// What the HMAC is over: the packet's number and the TLVs before it (RFC 8972 §4.8).
fn signed(bytes: &[u8]) -> [&[u8]; 2] {
    [&bytes[..4], &bytes[CLASS_AT..HMAC_AT]]
}

/// The session that a packet says it is of; not verified.
pub(crate) fn session_of(bytes: &[u8]) -> Option<u16> {
    (bytes.len() >= MIN_LEN).then(|| u16::from_be_bytes([bytes[SESSION_AT], bytes[SESSION_AT + 1]]))
}

/// Class of service (RFC 8972 §4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClassOfService {
    /// DSCP1: with which the answer is to come.
    pub back: Dscp,
    /// DSCP2: with which the test packet came to the reflector; in a test packet, zero.
    pub came: Dscp,
}

impl ClassOfService {
    fn parse(bytes: &[u8]) -> ClassOfService {
        let (first, second) = (bytes[CLASS_AT + TLV_HEAD], bytes[CLASS_AT + TLV_HEAD + 1]);
        ClassOfService { back: Dscp::of_tos(first), came: Dscp::of_tos(first << 6 | (second & 0xf0) >> 2) }
    }

    fn write(self, bytes: &mut [u8]) {
        let (back, came) = (self.back.tos(), self.came.tos() >> 2);
        bytes[CLASS_AT + TLV_HEAD] = back | came >> 4;
        bytes[CLASS_AT + TLV_HEAD + 1] = came << 4;
    }
}

/// A test packet of `size` bytes of UDP payload, at least [`MIN_LEN`].
pub(crate) fn write_test(packet: &TestPacket, session: u16, back: Dscp, size: usize, key: &Key) -> Vec<u8> {
    let mut bytes = vec![0; size.clamp(MIN_LEN, MAX_LEN)];
    bytes[..LEN].copy_from_slice(&packet.write());
    head(&mut bytes, CLASS_AT, CLASS_OF_SERVICE, CLASS_LEN);
    head(&mut bytes, HMAC_AT, HMAC, HMAC_LEN);
    let padding = bytes.len() - MIN_LEN;
    head(&mut bytes, PADDING_AT, PADDING, padding);
    seal(&mut bytes, session, ClassOfService { back, came: Dscp::DEFAULT }, key);
    bytes
}

/// Turns a test packet that was read into the answer, in its place.
pub(crate) fn turn(
    bytes: &mut [u8],
    answer: &ReflectedPacket,
    session: u16,
    class: ClassOfService,
    key: &Key,
) {
    bytes[..LEN].copy_from_slice(&answer.write());
    seal(bytes, session, class, key);
}

/// Reads a test packet.
pub(crate) fn read_test(bytes: &[u8], key: &Key) -> Result<(TestPacket, ClassOfService), PacketError> {
    let class = read(bytes, key)?;
    Ok((TestPacket::parse(bytes)?, class))
}

/// Reads an answer.
pub(crate) fn read_answer(bytes: &[u8], key: &Key) -> Result<(ReflectedPacket, ClassOfService), PacketError> {
    let class = read(bytes, key)?;
    Ok((ReflectedPacket::parse(bytes)?, class))
}

fn read(bytes: &[u8], key: &Key) -> Result<ClassOfService, PacketError> {
    if bytes.len() < LEN {
        return Err(StampError::TooShort { got: bytes.len() }.into());
    }
    let expected = [(CLASS_AT, CLASS_OF_SERVICE, CLASS_LEN), (HMAC_AT, HMAC, HMAC_LEN)];
    let carries = |(at, kind, len): (usize, u8, usize)| tlv(bytes, at) == Some((kind, len));
    let padded = bytes.len().checked_sub(MIN_LEN).map(|len| (PADDING, len));
    if padded.is_none() || !expected.into_iter().all(carries) || tlv(bytes, PADDING_AT) != padded {
        return Err(PacketError::Tlvs);
    }
    if !key.fits(&signed(bytes), &bytes[HMAC_AT + TLV_HEAD..PADDING_AT]) {
        return Err(PacketError::Hmac);
    }
    Ok(ClassOfService::parse(bytes))
}

/// Type and length of the TLV there.
fn tlv(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let head = bytes.get(at..at + TLV_HEAD)?;
    Some((head[1], usize::from(u16::from_be_bytes([head[2], head[3]]))))
}

fn head(bytes: &mut [u8], at: usize, kind: u8, len: usize) {
    bytes[at + 1] = kind;
    // MAX_LEN is less than a TLV can say.
    bytes[at + 2..at + 4].copy_from_slice(&(len as u16).to_be_bytes());
}

fn seal(bytes: &mut [u8], session: u16, class: ClassOfService, key: &Key) {
    bytes[SESSION_AT..SESSION_AT + 2].copy_from_slice(&session.to_be_bytes());
    class.write(bytes);
    let hmac = key.sign(&signed(bytes));
    bytes[HMAC_AT + TLV_HEAD..PADDING_AT].copy_from_slice(&hmac);
}

#[cfg(test)]
mod tests;
