//! Writing STUN messages.

use super::{HEADER_LEN, MAGIC_COOKIE, TransactionId, attribute, fingerprint, hmac_sha1};
use hmac::Mac;
use std::net::{IpAddr, SocketAddr};

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

pub(super) fn begin(kind: u16, id: TransactionId) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&MAGIC_COOKIE);
    out.extend_from_slice(&id);
    out
}

pub(super) fn push(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
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
pub(super) fn finish(mut out: Vec<u8>, password: &[u8]) -> Vec<u8> {
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

/// A signed message, changed and signed again.
#[cfg(test)]
pub(in crate::webrtc) fn resigned(
    message: &[u8],
    password: &[u8],
    change: impl FnOnce(&mut Vec<u8>),
) -> Vec<u8> {
    let mut body = message[..message.len() - 32].to_vec();
    change(&mut body);
    finish(body, password)
}
