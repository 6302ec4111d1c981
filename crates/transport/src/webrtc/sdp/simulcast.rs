//! Simulcast: several encodings of one picture, told apart by their names (RFC 8851, RFC 8853).
//!
//! H.264 only: a VP8 receiver counts pictures by numbers inside the payload, which do not go on from
//! one encoding to the next.

use super::answer::Leg;
use super::codec::NegotiatedCodec;
use crate::rtp::{ExtensionKind, ExtensionMap, SmallId};
use tongke_protocol::control::Codec;

/// Most encodings taken of one picture; further ones are left out of the answer.
pub const MAX_RIDS: usize = 4;

/// The name in `a=rid:<name> send …`.
pub(super) fn sendable_rid(value: &str) -> Option<String> {
    let mut words = value.split_ascii_whitespace();
    let (name, direction) = (words.next()?, words.next()?);
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    (direction == "send" && is_name).then(|| name.to_owned())
}

/// The names that `a=simulcast:send h;m;l` lists and `known` holds, in its order. Of alternatives
/// (`h,x`) the first counts; `~` marks one that is paused at first.
pub(super) fn sent_rids(simulcast: &str, known: &[String]) -> Vec<String> {
    let mut words = simulcast.split_ascii_whitespace().skip_while(|word| *word != "send").skip(1);
    let mut rids: Vec<String> = Vec::new();
    for stream in words.next().unwrap_or("").split(';') {
        let name = stream.split(',').next().unwrap_or("").trim_start_matches('~');
        if known.iter().any(|known| known == name) && !rids.iter().any(|rid| rid == name) {
            rids.push(name.to_owned());
        }
    }
    rids
}

/// Which encodings to take of those offered. Where there are some, `codecs` keeps H.264 only; else
/// `extensions` loses their names, without which a client sends a single one.
pub(super) fn take_simulcast(
    leg: Leg,
    offered: &[String],
    codecs: &mut Vec<NegotiatedCodec>,
    extensions: &mut ExtensionMap,
) -> Vec<SmallId> {
    let has = |kind| extensions.get(kind).is_some();
    let has_h264 = codecs.iter().any(|codec| codec.codec == Codec::H264);
    let is_possible = leg == Leg::Publish && has_h264 && has(ExtensionKind::Mid) && has(ExtensionKind::Rid);
    let rids: Vec<SmallId> = offered.iter().filter_map(|name| SmallId::new(name)).take(MAX_RIDS).collect();
    if is_possible && rids.len() > 1 {
        codecs.retain(|codec| codec.codec == Codec::H264);
        return rids;
    }
    extensions.set(0, ExtensionKind::Rid);
    extensions.set(0, ExtensionKind::RepairedRid);
    Vec::new()
}
