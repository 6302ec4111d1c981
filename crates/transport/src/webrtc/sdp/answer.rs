//! Writing the answer: what of an offer the relay takes, and the text that says so.

use super::SdpError;
use super::codec::{NegotiatedCodec, negotiate};
use super::offer::{Offer, OfferedMedia};
use super::simulcast::take_simulcast;
use super::text::write;
use crate::rtp::{ExtensionKind, ExtensionMap, SmallId};
use crate::webrtc::IceCredentials;
use std::net::SocketAddr;
use tongke_protocol::control::Codec;
use tongke_protocol::{MediaKind, TrackKind};

/// Priority of our UDP host candidate (RFC 8445 §5.1.2.1: type preference 126, first address).
const UDP_PRIORITY: u32 = (126 << 24) | (65_535 << 8) | 255;
/// Priority of our passive TCP host candidate: type preference 90, direction preference 4 of 7
/// (RFC 6544 §4.2), so that UDP wins wherever it gets through.
const TCP_PRIORITY: u32 = (90 << 24) | (((4 << 13) | 8_191) << 8) | 255;

/// Which way media flows on a leg, seen from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// The client sends (WHIP).
    Publish,
    /// The client receives (WHEP).
    Subscribe,
}

/// One of the relay's candidates, all of them host candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidate {
    /// A UDP port.
    Udp(SocketAddr),
    /// A TCP port that takes connections (RFC 6544).
    TcpPassive(SocketAddr),
}

impl Candidate {
    /// The value of `a=candidate` (RFC 8839 §5.1); `rank` tells several addresses apart.
    pub(super) fn to_sdp(self, rank: usize) -> String {
        let (word, priority, address, suffix) = match self {
            Candidate::Udp(address) => ("udp", UDP_PRIORITY, address, ""),
            Candidate::TcpPassive(address) => ("tcp", TCP_PRIORITY, address, " tcptype passive"),
        };
        // The local preference falls with the rank: earlier addresses are preferred.
        let priority = priority - ((rank.min(255) as u32) << 8);
        let (ip, port) = (address.ip(), address.port());
        format!("{} 1 {word} {priority} {ip} {port} typ host{suffix}", rank + 1)
    }
}

/// A stream that the relay sends in one media section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendStream {
    /// The synchronization source.
    pub ssrc: u32,
    /// That of its retransmissions.
    pub rtx_ssrc: u32,
    /// The MediaStream it belongs to in a browser: tracks of one stream are played in sync.
    pub stream_id: String,
}

/// What the answer needs from the relay.
#[derive(Debug, Clone)]
pub struct AnswerParams<'a> {
    /// Whether the client sends or receives.
    pub leg: Leg,
    /// The relay's ICE credentials.
    pub ice: &'a IceCredentials,
    /// The relay's certificate, as `a=fingerprint` wants it.
    pub fingerprint: &'a str,
    /// Where the relay can be reached, the preferred first.
    pub candidates: &'a [Candidate],
    /// For [`Leg::Subscribe`]: the stream for each media section of the offer, by its index.
    /// Sections beyond the end are rejected.
    pub streams: &'a [SendStream],
    /// The relay's canonical name in RTCP.
    pub cname: &'a str,
    /// Number of the session in `o=`.
    pub session_id: u64,
}

/// One media section as both sides agree on it.
#[derive(Debug, Clone)]
pub struct NegotiatedMedia {
    /// Its name.
    pub mid: String,
    /// Its place in the offer.
    pub index: u8,
    /// Sound or picture; meaningless when rejected.
    pub kind: MediaKind,
    /// False: rejected with port 0.
    pub active: bool,
    /// The codecs, the preferred first.
    pub codecs: Vec<NegotiatedCodec>,
    /// The header extensions.
    pub extensions: ExtensionMap,
    /// Publish: the encodings of a simulcast by their names, as the client lists them; none: it sends
    /// a single encoding.
    pub rids: Vec<SmallId>,
    /// Publish: the source that the offer names, if it does and there is but one. Subscribe: ours.
    pub ssrc: Option<u32>,
    /// The source of retransmissions, likewise.
    pub rtx_ssrc: Option<u32>,
    /// Whether transport-wide congestion feedback goes with it: feedback and extension agreed.
    pub twcc: bool,
    /// Which track a published section is: what the offer hints at; else the first picture is the
    /// camera and the second the screen.
    pub track: Option<TrackKind>,
}

/// Answers an offer.
///
/// # Errors
/// If nothing of the offer can be taken; the message says why and what to offer instead.
pub fn answer(offer: &Offer, params: &AnswerParams<'_>) -> Result<(String, Vec<NegotiatedMedia>), SdpError> {
    let mut media: Vec<NegotiatedMedia> = Vec::with_capacity(offer.media.len());
    let mut first_refusal = None;
    for (index, section) in offer.media.iter().enumerate() {
        let taken = take(offer, section, index, params);
        media.push(taken.unwrap_or_else(|refusal| {
            if section.kind.is_some() {
                first_refusal.get_or_insert(refusal);
            }
            rejected(section, index)
        }));
    }
    if !media.iter().any(|section| section.active) {
        return Err(first_refusal.unwrap_or_else(|| {
            SdpError::unsupported(None, "there is no m=audio or m=video; offer a picture or a sound")
        }));
    }
    if params.leg == Leg::Publish {
        name_tracks(&mut media, &offer.media);
    }
    Ok((write(offer, &media, params), media))
}

/// Takes a media section, or says why not.
fn take(
    offer: &Offer,
    section: &OfferedMedia,
    index: usize,
    params: &AnswerParams<'_>,
) -> Result<NegotiatedMedia, SdpError> {
    let refuse = |why: &str| SdpError::unsupported(section.line, format!("m={}: {why}", section.media));
    let kind = section.kind.ok_or_else(|| refuse("the relay forwards audio and video only"))?;
    if section.is_disabled || !section.is_bundled {
        return Err(refuse("it is switched off (port 0) or not in a=group:BUNDLE"));
    }
    if !section.rtcp_mux {
        return Err(refuse("a=rtcp-mux is missing; the relay carries RTP and RTCP on one port"));
    }
    match params.leg {
        Leg::Publish if !section.direction.sends() => {
            return Err(refuse("a publisher must offer it as sendonly"));
        }
        Leg::Subscribe if !section.direction.receives() => {
            return Err(refuse("a subscriber must offer it as recvonly"));
        }
        _ => {}
    }
    let mut codecs: Vec<_> =
        negotiate(&section.codecs).into_iter().filter(|codec| codec.codec.media() == kind).collect();
    if !codecs.iter().any(|codec| codec.codec != Codec::Red) {
        return Err(refuse(match kind {
            MediaKind::Video => "no codec in common; offer H264 with packetization-mode=1, or VP8",
            MediaKind::Audio => "no codec in common; offer opus/48000/2",
        }));
    }
    let stream = params.streams.get(index);
    if params.leg == Leg::Subscribe && stream.is_none() {
        return Err(refuse("the relay gives no more receive slots"));
    }
    let has_rtx = codecs.iter().any(|codec| codec.rtx_payload_type.is_some());
    let mut extensions = take_extensions(offer, section);
    let rids = take_simulcast(params.leg, &section.rids, &mut codecs, &mut extensions);
    let (ssrc, rtx_ssrc) = match params.leg {
        Leg::Publish if !rids.is_empty() => (None, None),
        Leg::Publish => (section.ssrcs.first().copied(), section.rtx_ssrc),
        Leg::Subscribe => {
            (stream.map(|stream| stream.ssrc), stream.map(|stream| stream.rtx_ssrc).filter(|_| has_rtx))
        }
    };
    let twcc =
        extensions.get(ExtensionKind::TransportCc).is_some() && codecs.iter().any(|codec| codec.transport_cc);
    Ok(NegotiatedMedia {
        mid: section.mid.clone(),
        index: index as u8,
        kind,
        active: true,
        codecs,
        extensions,
        rids,
        ssrc,
        rtx_ssrc,
        twcc,
        track: None,
    })
}

/// The offered extensions that we carry.
fn take_extensions(offer: &Offer, section: &OfferedMedia) -> ExtensionMap {
    let mut map = ExtensionMap::default();
    for (id, kind) in section.known_extensions() {
        // Ids above 14 need the two-byte form, which a client without the attribute may not read.
        let readable = id <= 14 || offer.extmap_allow_mixed;
        if readable && map.get(kind).is_none() {
            map.set(id, kind);
        }
    }
    map
}

fn rejected(section: &OfferedMedia, index: usize) -> NegotiatedMedia {
    NegotiatedMedia {
        mid: section.mid.clone(),
        index: index as u8,
        kind: section.kind.unwrap_or(MediaKind::Video),
        active: false,
        codecs: Vec::new(),
        extensions: ExtensionMap::default(),
        rids: Vec::new(),
        ssrc: None,
        rtx_ssrc: None,
        twcc: false,
        track: None,
    }
}

/// Gives each published section a track of its own; what is left over stays without.
fn name_tracks(media: &mut [NegotiatedMedia], offered: &[OfferedMedia]) {
    let mut free = TrackKind::ALL.to_vec();
    let mut take = |wanted: &dyn Fn(TrackKind) -> bool| {
        let at = free.iter().position(|track| wanted(*track))?;
        Some(free.remove(at))
    };
    for (section, offer) in media.iter_mut().zip(offered).filter(|(section, _)| section.active) {
        if let Some(hint) = offer.track_hint.filter(|hint| hint.media() == section.kind) {
            section.track = take(&|track| track == hint);
        }
    }
    for section in media.iter_mut().filter(|section| section.active && section.track.is_none()) {
        section.track = take(&|track| track.media() == section.kind);
    }
}
