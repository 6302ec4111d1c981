//! The control stream of a QUIC session, and what a node asks the relay before it connects.
//!
//! A client opens one bidirectional stream and writes [`ClientMessage`]s; the relay answers with
//! [`RelayMessage`]s. Each message is JSON behind a `u32` big-endian length. The first client
//! message is [`ClientMessage::Hello`]; the relay answers it with `Welcome` or `Refused`, and
//! sends events from then on.
//!
//! Media is RTP over QUIC (draft-ietf-avtcore-rtp-over-quic): a DATAGRAM holds a flow identifier
//! (QUIC varint) and one RTP or RTCP packet; a packet that fits no DATAGRAM goes on a
//! unidirectional stream as flow identifier, varint length, packet. Flow [`RTCP_FLOW`] carries RTCP
//! in both directions. Payload types ([`Codec::quic_payload_type`]) and header extension ids
//! ([`QUIC_EXTENSION_IDS`]) are fixed, so nothing is negotiated. A lost packet is asked for with a
//! generic NACK (RFC 4585) and sent again unchanged: RTX would only add a header.

use crate::conduct::LessonAction;
use crate::event::{ClockReport, LessonEvent};
use crate::id::{LessonId, MediaKind, ParticipantId, TrackKind};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// ALPN of our QUIC sessions.
pub const QUIC_ALPN: &[u8] = b"tongke/1";
/// The flow that carries RTCP.
pub const RTCP_FLOW: u64 = 0;
/// Flow of the first receive slot; slot `n` is flow `FIRST_SLOT_FLOW + n`.
pub const FIRST_SLOT_FLOW: u64 = 16;
/// Longest control message, in bytes.
pub const MAX_CONTROL_LEN: usize = 64 * 1024;
/// Most receive slots of each media kind a session may ask for.
pub const MAX_SLOTS: u8 = 32;

/// Header extensions on QUIC legs: (id, URI), RFC 8285 one-byte form.
pub const QUIC_EXTENSION_IDS: [(u8, &str); 4] = [
    (1, "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"),
    (2, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
    (3, "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"),
    (4, "urn:3gpp:video-orientation"),
];

/// How a track is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// H.264, packetization-mode 1 (RFC 6184).
    H264,
    /// VP8 (RFC 7741), passed through.
    Vp8,
    /// Opus (RFC 7587).
    Opus,
    /// Opus with redundancy (RFC 2198), passed through.
    Red,
}

impl Codec {
    /// Sound or picture.
    pub fn media(self) -> MediaKind {
        match self {
            Codec::H264 | Codec::Vp8 => MediaKind::Video,
            Codec::Opus | Codec::Red => MediaKind::Audio,
        }
    }

    /// RTP clock rate in Hz.
    pub fn clock_rate_hz(self) -> u32 {
        match self.media() {
            MediaKind::Video => 90_000,
            MediaKind::Audio => 48_000,
        }
    }

    /// RTP payload type on QUIC legs.
    pub fn quic_payload_type(self) -> u8 {
        match self {
            Codec::H264 => 96,
            Codec::Vp8 => 97,
            Codec::Opus => 111,
            Codec::Red => 63,
        }
    }

    /// The codec of a payload type on QUIC legs.
    pub fn from_quic_payload_type(payload_type: u8) -> Option<Codec> {
        [Codec::H264, Codec::Vp8, Codec::Opus, Codec::Red]
            .into_iter()
            .find(|codec| codec.quic_payload_type() == payload_type)
    }
}

/// The flow of a published track: 1 camera, 2 screen, 3 microphone.
pub fn publish_flow(track: TrackKind) -> u64 {
    match track {
        TrackKind::Camera => 1,
        TrackKind::Screen => 2,
        TrackKind::Microphone => 3,
    }
}

/// A track that a client will publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishTrack {
    /// Which track; it also fixes the flow, see [`publish_flow`].
    pub kind: TrackKind,
    /// How it is encoded.
    pub codec: Codec,
    /// Its synchronization source.
    pub ssrc: u32,
}

/// The first message of a QUIC session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The grant, as a token.
    pub token: String,
    /// The lesson to join.
    pub lesson: LessonId,
    /// What will be published.
    pub publish: Vec<PublishTrack>,
    /// Receive slots wanted for pictures, at most [`MAX_SLOTS`].
    pub video_slots: u8,
    /// Receive slots wanted for sound, at most [`MAX_SLOTS`].
    pub audio_slots: u8,
}

/// What a client says on the control stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Who I am, what I send, how much I take.
    Hello(Hello),
    /// My class's hand goes up or down.
    Hand {
        /// Up or down.
        raised: bool,
    },
    /// What I ask of the lesson.
    Act {
        /// The action.
        of: LessonAction,
    },
    /// What time is it at the relay?
    ClockProbe(ClockProbe),
    /// My clock against the relay's.
    Clock(ClockReport),
    /// I leave for good.
    Bye,
}

/// A receive slot of a QUIC session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuicSlot {
    /// Slot number; its flow is [`FIRST_SLOT_FLOW`] + slot.
    pub slot: u8,
    /// Sound or picture.
    pub media: MediaKind,
    /// The synchronization source that the relay sends in it, whatever the slot's source.
    pub ssrc: u32,
}

/// The relay's answer to an accepted [`Hello`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The participant, from the grant.
    pub participant: ParticipantId,
    /// This session's name, as in [`LessonEvent::Slot`].
    pub session: String,
    /// The receive slots given.
    pub slots: Vec<QuicSlot>,
}

/// What the relay says on the control stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RelayMessage {
    /// You are in.
    Welcome(Welcome),
    /// You are not; the connection closes.
    Refused(Refusal),
    /// The answer to a clock probe.
    ClockEcho(ClockEcho),
    /// Something happened in the lesson.
    Event {
        /// What.
        of: LessonEvent,
    },
}

/// Why the relay refuses: the body of an HTTP error and of [`RelayMessage::Refused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// A stable word for programs: `grant_missing`, `grant_expired`, `offer_unsupported`, …
    pub code: String,
    /// What is wrong and what to do next, for people.
    pub message: String,
}

/// A clock probe (NTP's T1, RFC 5905 §8). HTTP: `POST /lessons/{lesson}/clock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockProbe {
    /// When the client sent it, µs on the client's clock.
    pub t1_us: u64,
}

/// The relay's answer to a [`ClockProbe`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockEcho {
    /// As in the probe.
    pub t1_us: u64,
    /// When the probe came, µs on the relay's clock.
    pub t2_us: u64,
    /// When this answer left, µs on the relay's clock.
    pub t3_us: u64,
}

/// `GET /lessons/{lesson}/links`: by which ways this relay takes this lesson's media.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// UDP port of the QUIC endpoint on the relay's host; none: no QUIC.
    pub quic_port: Option<u16>,
    /// SHA-256 of the QUIC endpoint's certificate (DER), lower-case hex. A client accepts this
    /// certificate and no other, so that a self-made one will do.
    pub quic_certificate_sha256: Option<String>,
}

/// `POST /lessons/{lesson}/reflector`: a STAMP session (RFC 8762) with which the caller may test its line. Its packets
/// carry class of service, HMAC and padding (RFC 8972 §4), in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReflectorSession {
    /// UDP port on the relay's host.
    pub port: u16,
    /// The session's number (SSID, RFC 8972 §3).
    pub session: u16,
    /// The key of the HMAC, 32 bytes in base64url without padding.
    pub key: String,
    /// How long the session lasts, in seconds.
    pub lasts_s: u64,
    /// Packets that are reflected.
    pub most_packets: u32,
    /// The second address that tests of a NAT need (RFC 5780); none: they are not made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_address: Option<SocketAddr>,
}

/// `POST /lessons/{lesson}/load`: the caller wants to load its line, and asks first. Refused with 409 `lesson_live`
/// while a lesson is live on the line, with 409 `line_busy` while another test loads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseRequest {
    /// What for.
    #[serde(rename = "for")]
    pub purpose: LoadPurpose,
    /// Several schools share the public address that the relay sees: what the others do on it is no reason to refuse,
    /// and only the caller's own lessons and tests are looked for.
    #[serde(default)]
    pub shared_address: bool,
    /// How long a call lasts, in seconds, at most an hour; default two minutes. Packets of load have two minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

/// What a line is loaded with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadPurpose {
    /// Packets of load: capacity, and delay under load.
    Packets,
    /// A measured call. The calls of one lesson do not exclude each other: they are its two ends.
    Call,
}

/// The line is the caller's until it gives it back (`DELETE /lessons/{lesson}/load/{lease}`) or time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineLease {
    /// Its name.
    pub lease: String,
    /// How long it lasts, in seconds.
    pub lasts_s: u64,
    /// For packets of load: with what they are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadSession>,
}

/// A session of the relay's reflector for packets of load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadSession {
    /// UDP port on the relay's host.
    pub port: u16,
    /// The session's number.
    pub session: u16,
    /// The key of the HMAC, 32 bytes in base64url without padding.
    pub key: String,
    /// The relay sends and takes no faster, in bits of IP packets a second.
    pub fastest_bps: u64,
}

/// `POST /lessons/{lesson}/loopback`: a test lesson in which the caller may call itself, with grants for its two ends.
/// Both are good for five minutes and for nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loopback {
    /// The lesson: of no use to anybody else.
    pub lesson: LessonId,
    /// The grant of the participant `near`, a supporting classroom.
    pub near: String,
    /// The grant of the participant `far`, a receiving classroom.
    pub far: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_json() {
        let hello = ClientMessage::Hello(Hello {
            token: "t".into(),
            lesson: "math".parse().unwrap(),
            publish: vec![PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: 7 }],
            video_slots: 4,
            audio_slots: 2,
        });
        let json = serde_json::to_string(&hello).unwrap();
        assert!(json.starts_with(r#"{"type":"hello","token":"t","lesson":"math""#), "{json}");
        assert_eq!(serde_json::from_str::<ClientMessage>(&json).unwrap(), hello);
        let event =
            RelayMessage::Event { of: LessonEvent::Ending { reason: "restart".into(), reconnect: true } };
        let json = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<RelayMessage>(&json).unwrap(), event);
    }

    #[test]
    fn payload_types_of_quic_legs_are_told_apart() {
        for codec in [Codec::H264, Codec::Vp8, Codec::Opus, Codec::Red] {
            assert_eq!(Codec::from_quic_payload_type(codec.quic_payload_type()), Some(codec));
        }
        assert_eq!(Codec::from_quic_payload_type(0), None);
    }
}
