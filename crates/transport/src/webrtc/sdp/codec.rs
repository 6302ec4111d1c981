//! Codecs: what the offer calls them (`rtpmap`, `fmtp`, `rtcp-fb`) and which the relay forwards.

use std::fmt::Write as _;
use tongke_protocol::control::Codec;

/// H.264 profiles that are forwarded: baseline (and its constrained form), main, high (RFC 6184 §8.1).
const H264_PROFILES: [u8; 3] = [0x42, 0x4d, 0x64];
/// What `profile-level-id` is when an offer leaves it out: baseline, level 1 (RFC 6184 §8.1).
const H264_DEFAULT_PROFILE_LEVEL: [u8; 3] = [0x42, 0x00, 0x0a];
/// `profile-iop`'s bit that makes baseline the constrained one (constraint_set1_flag).
const CONSTRAINED: u8 = 0x40;

/// One payload type of an offered media section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedCodec {
    /// RTP payload type.
    pub payload_type: u8,
    /// The encoding's name, in lower case.
    pub name: String,
    /// RTP clock rate in Hz.
    pub clock_rate_hz: u32,
    /// Channels; 1 where none are named.
    pub channels: u8,
    /// Format parameters, as written.
    pub fmtp: String,
    /// Feedback kinds, such as `nack pli`.
    pub feedback: Vec<String>,
}

impl OfferedCodec {
    /// A format parameter's value.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.fmtp.split(';').find_map(|parameter| {
            let (key, value) = parameter.trim().split_once('=')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// `profile-level-id` as three bytes: profile, constraints, level.
    pub fn h264_profile_level(&self) -> Option<[u8; 3]> {
        let Some(text) = self.parameter("profile-level-id") else {
            return Some(H264_DEFAULT_PROFILE_LEVEL);
        };
        let value = u32::from_str_radix(text, 16).ok().filter(|_| text.len() == 6)?;
        let [_, profile, constraints, level] = value.to_be_bytes();
        Some([profile, constraints, level])
    }

    /// The codec, if the relay forwards it.
    pub fn codec(&self) -> Option<Codec> {
        match (self.name.as_str(), self.clock_rate_hz, self.channels) {
            ("h264", 90_000, _) => {
                let mode_1 = self.parameter("packetization-mode") == Some("1");
                let known = self.h264_profile_level().is_some_and(|id| H264_PROFILES.contains(&id[0]));
                (mode_1 && known).then_some(Codec::H264)
            }
            ("vp8", 90_000, _) => Some(Codec::Vp8),
            ("opus", 48_000, 2) => Some(Codec::Opus),
            ("red", 48_000, 2) => Some(Codec::Red),
            _ => None,
        }
    }

    /// The payload type that this RTX payload type repairs (RFC 4588 §8.6).
    pub(super) fn rtx_of(&self) -> Option<u8> {
        (self.name == "rtx").then(|| self.parameter("apt")?.parse().ok()).flatten()
    }

    /// What this RED payload type wraps: the first of `111/111` (RFC 2198 §5).
    fn red_of(&self) -> Option<u8> {
        self.fmtp.split('/').next()?.trim().parse().ok()
    }

    fn has_feedback(&self, kind: &str) -> bool {
        self.feedback.iter().any(|have| have == kind)
    }
}

/// A codec that offer and answer agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegotiatedCodec {
    /// Which.
    pub codec: Codec,
    /// Its payload type on this leg.
    pub payload_type: u8,
    /// The payload type of its retransmissions (RFC 4588).
    pub rtx_payload_type: Option<u8>,
    /// Whether lost packets may be asked for (generic NACK, RFC 4585).
    pub nack: bool,
    /// Whether a key frame may be asked for with PLI.
    pub pli: bool,
    /// Whether a key frame may be asked for with FIR (RFC 5104).
    pub fir: bool,
    /// Whether transport-wide congestion feedback was agreed for this codec.
    pub transport_cc: bool,
    /// H.264: `profile-level-id` as profile, constraints, level.
    pub h264_profile_level: Option<[u8; 3]>,
    /// Format parameters of the answer.
    pub fmtp: String,
}

/// What the relay takes of an offered media section, the preferred first: H.264 before VP8, since
/// every node decodes it, and of H.264 the constrained baseline. Within that, the offer's order: a
/// client that names the redundant form of Opus first sends it.
pub(super) fn negotiate(offered: &[OfferedCodec]) -> Vec<NegotiatedCodec> {
    let mut taken: Vec<NegotiatedCodec> =
        offered.iter().filter_map(|offer| Some(negotiate_one(offer, offer.codec()?, offered))).collect();
    // RED wraps a payload type; without that one it says nothing.
    let opus: Vec<u8> =
        taken.iter().filter(|codec| codec.codec == Codec::Opus).map(|codec| codec.payload_type).collect();
    taken.retain(|codec| {
        codec.codec != Codec::Red
            || offered
                .iter()
                .find(|offer| offer.payload_type == codec.payload_type)
                .and_then(OfferedCodec::red_of)
                .is_none_or(|inner| opus.contains(&inner))
    });
    taken.sort_by_key(|codec| match (codec.codec, codec.h264_profile_level) {
        (Codec::H264, Some([0x42, constraints, _])) if constraints & CONSTRAINED != 0 => 0,
        (Codec::H264, _) => 1,
        (Codec::Vp8, _) => 2,
        (Codec::Opus | Codec::Red, _) => 3,
    });
    taken
}

fn negotiate_one(offer: &OfferedCodec, codec: Codec, all: &[OfferedCodec]) -> NegotiatedCodec {
    let is_video = matches!(codec, Codec::H264 | Codec::Vp8);
    let rtx = all.iter().find(|other| other.rtx_of() == Some(offer.payload_type));
    NegotiatedCodec {
        codec,
        payload_type: offer.payload_type,
        rtx_payload_type: rtx.map(|rtx| rtx.payload_type).filter(|_| is_video),
        nack: offer.has_feedback("nack"),
        pli: is_video && offer.has_feedback("nack pli"),
        fir: is_video && offer.has_feedback("ccm fir"),
        transport_cc: offer.has_feedback("transport-cc"),
        h264_profile_level: if codec == Codec::H264 { offer.h264_profile_level() } else { None },
        fmtp: answer_fmtp(offer, codec),
    }
}

/// The format parameters that the answer gives.
fn answer_fmtp(offer: &OfferedCodec, codec: Codec) -> String {
    match codec {
        Codec::H264 => {
            let [profile, constraints, level] =
                offer.h264_profile_level().unwrap_or(H264_DEFAULT_PROFILE_LEVEL);
            format!(
                "level-asymmetry-allowed=1;packetization-mode=1;\
                 profile-level-id={profile:02x}{constraints:02x}{level:02x}"
            )
        }
        Codec::Opus => {
            let mut fmtp = String::from("minptime=10;useinbandfec=1");
            for name in ["stereo", "sprop-stereo", "usedtx", "cbr", "maxaveragebitrate"] {
                if let Some(value) = offer.parameter(name).filter(|value| value.parse::<u32>().is_ok()) {
                    let _ = write!(fmtp, ";{name}={value}");
                }
            }
            fmtp
        }
        Codec::Red => offer.red_of().map_or_else(String::new, |inner| format!("{inner}/{inner}")),
        Codec::Vp8 => String::new(),
    }
}

impl NegotiatedCodec {
    /// The `rtpmap` value: name, clock rate and channels.
    pub(super) fn rtpmap(&self) -> &'static str {
        match self.codec {
            Codec::H264 => "H264/90000",
            Codec::Vp8 => "VP8/90000",
            Codec::Opus => "opus/48000/2",
            Codec::Red => "red/48000/2",
        }
    }

    /// The feedback kinds agreed on.
    pub(super) fn feedback(&self) -> impl Iterator<Item = &'static str> {
        [
            (self.transport_cc, "transport-cc"),
            (self.fir, "ccm fir"),
            (self.nack, "nack"),
            (self.pli, "nack pli"),
        ]
        .into_iter()
        .filter_map(|(agreed, kind)| agreed.then_some(kind))
    }
}
