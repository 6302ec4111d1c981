//! Links to the relay: RTP over QUIC, or WebRTC over UDP or TCP, behind one interface.
//!
//! A [`Link`] is one live connection, owned by tasks of its own. The node gives it [`LinkCommand`]s
//! and gets [`LinkEvent`]s; both queues are bounded. Dropping the link ends it at once,
//! [`LinkCommand::Close`] says goodbye first.

mod http;
mod lease;
mod pin;
mod quic;
pub mod reconnect;
mod socket;
mod sse;
mod webrtc;

pub use http::{EventStream, RelayHttp, RelayUrl};
pub(crate) use lease::Lease;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tongke_measure::ClockSample;
use tongke_protocol::control::{Codec, Refusal};
use tongke_protocol::event::{ClockReport, LessonEvent};
use tongke_protocol::{LessonId, MediaKind, TrackKind};
use tongke_transport::rtp::RtpPacket;

/// Commands a link may leave unread; media beyond it is dropped and counted by the sender.
const COMMANDS: usize = 256;
/// Events the node may leave unread; media beyond it is dropped, which repair treats as loss.
const EVENTS: usize = 2048;

/// A way to the relay, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// RTP over QUIC.
    Quic,
    /// WebRTC over UDP.
    WebrtcUdp,
    /// WebRTC over a TCP connection (RFC 6544, RFC 4571).
    WebrtcTcp,
}

impl LinkKind {
    /// All, the best first.
    pub const ALL: [LinkKind; 3] = [LinkKind::Quic, LinkKind::WebrtcUdp, LinkKind::WebrtcTcp];
}

impl fmt::Display for LinkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LinkKind::Quic => "quic",
            LinkKind::WebrtcUdp => "webrtc-udp",
            LinkKind::WebrtcTcp => "webrtc-tcp",
        })
    }
}

impl FromStr for LinkKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.to_string() == text)
            .ok_or_else(|| format!("'{text}' is not a link; use auto, quic, webrtc-udp or webrtc-tcp"))
    }
}

/// What a link is to carry.
#[derive(Debug, Clone)]
pub struct LinkPlan {
    /// The lesson.
    pub lesson: LessonId,
    /// The grant.
    pub token: String,
    /// What is published.
    pub publish: Vec<(TrackKind, Codec)>,
    /// Receive slots for pictures.
    pub video_slots: u8,
    /// Receive slots for sound.
    pub audio_slots: u8,
}

/// A receive slot of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkSlot {
    /// Its number in [`LessonEvent::Slot`].
    pub slot: u8,
    /// Sound or picture.
    pub media: MediaKind,
}

/// What the node tells a link.
#[derive(Debug)]
pub enum LinkCommand {
    /// Packets of one picture or sound, in order. The link fills in source, number and payload type.
    Send {
        /// Of which track.
        track: TrackKind,
        /// Marker, timestamp, extensions and payload are filled in.
        packets: Vec<RtpPacket>,
    },
    /// Ask a slot's source for a keyframe.
    RequestKeyframe {
        /// The slot.
        slot: u8,
    },
    /// The class puts its hand up or down.
    Hand {
        /// Up or down.
        raised: bool,
    },
    /// This node's clock against the relay's.
    ReportClock(ClockReport),
    /// Measure the clock once; answered by [`LinkEvent::Clock`].
    ProbeClock,
    /// Say goodbye and end.
    Close,
}

/// What a link tells the node.
#[derive(Debug)]
pub enum LinkEvent {
    /// A packet came.
    Rtp {
        /// In which slot.
        slot: u8,
        /// Its number without wraps.
        ext_seq: u64,
        /// The packet.
        packet: RtpPacket,
        /// It had been lost and was sent again.
        recovered: bool,
        /// When it came.
        arrived: Instant,
    },
    /// Somebody cannot decode this track without a new keyframe.
    KeyframeRequest {
        /// Which track.
        track: TrackKind,
    },
    /// The relay reports how it receives a track.
    Loss {
        /// Which track.
        track: TrackKind,
        /// Share lost since the last report, 0 to 1.
        fraction_lost: f32,
        /// Round trip to the relay, where known.
        rtt: Option<Duration>,
    },
    /// Packets of a track were sent again.
    Retransmitted {
        /// Which track.
        track: TrackKind,
        /// How many.
        packets: u64,
    },
    /// Something happened in the lesson.
    Lesson(LessonEvent),
    /// A clock probe came back; near is this node, far the relay.
    Clock(ClockSample),
    /// The link is gone; nothing follows.
    Down(LinkDown),
}

/// How a link ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkDown {
    /// Why, in words.
    pub reason: String,
    /// Whether to come back: not when the lesson is over.
    pub reconnect: bool,
}

/// One live connection to the relay.
#[derive(Debug)]
pub struct Link {
    /// Which way it goes.
    pub kind: LinkKind,
    /// The names of the sessions whose slots are meant, as in [`LessonEvent::Slot`].
    pub session: String,
    /// The receive slots given.
    pub slots: Vec<LinkSlot>,
    /// When the relay was asked to let this link in.
    pub asked: Instant,
    /// Commands; [`mpsc::Sender::try_send`] never waits.
    pub to_relay: mpsc::Sender<LinkCommand>,
    /// Events.
    pub from_relay: mpsc::Receiver<LinkEvent>,
    /// Ends with the link.
    tasks: JoinSet<()>,
}

impl Link {
    /// Waits until the link's tasks have ended after [`LinkCommand::Close`], at most `patience`.
    pub async fn closed(self, patience: Duration) {
        let Link { mut tasks, from_relay, .. } = self;
        // Nobody reads events any more: the task must not wait for room.
        drop(from_relay);
        let all_ended = async { while tasks.join_next().await.is_some() {} };
        // Past its patience the link is dropped, which ends it at once.
        let _ = tokio::time::timeout(patience, all_ended).await;
    }
}

/// Why one way to the relay failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFailure {
    /// Which way.
    pub kind: LinkKind,
    /// Why.
    pub error: LinkError,
}

impl LinkFailure {
    /// Whether the relay could not even be asked.
    pub fn before_media(&self) -> bool {
        matches!(self.error, LinkError::Http(_))
    }
}

/// Why a link could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The relay's HTTP interface cannot be reached.
    #[error("no answer over HTTP: {0}")]
    Http(String),
    /// The relay answered and refuses.
    #[error("refused: {} ({})", .0.message, .0.code)]
    Refused(Refusal),
    /// The relay does not offer this way.
    #[error("{0}")]
    NotOffered(String),
    /// The media connection did not come up.
    #[error("{0}")]
    Media(String),
}

impl LinkError {
    /// A refusal that no other way and no later attempt would change.
    pub fn is_final(&self) -> Option<&Refusal> {
        match self {
            LinkError::Refused(refusal)
                if refusal.code.starts_with("grant_") || refusal.code == "lesson_ended" =>
            {
                Some(refusal)
            }
            _ => None,
        }
    }
}

/// One line per way that was tried; one line for all where all failed alike.
pub(crate) fn describe_failures(failures: &[LinkFailure]) -> String {
    if let [first, rest @ ..] = failures
        && !rest.is_empty()
        && rest.iter().all(|failure| failure.error == first.error)
    {
        let kinds: Vec<String> = failures.iter().map(|failure| failure.kind.to_string()).collect();
        return format!("\n  {}: {}", kinds.join(", "), first.error);
    }
    failures.iter().map(|failure| format!("\n  {}: {}", failure.kind, failure.error)).collect()
}

/// Both ends of a link's queues, for the tasks that own the connection.
pub(crate) struct LinkEnds {
    pub commands: mpsc::Receiver<LinkCommand>,
    pub events: EventSink,
}

/// Where a link's tasks put what happens.
#[derive(Debug, Clone)]
pub(crate) struct EventSink(mpsc::Sender<LinkEvent>);

impl EventSink {
    /// Media, reports: dropped when the node is behind.
    pub(crate) fn offer(&self, event: LinkEvent) {
        let _ = self.0.try_send(event);
    }

    /// What must not be lost: lesson events, the link's end. Waits for room.
    pub(crate) async fn tell(&self, event: LinkEvent) {
        // Closed: the node dropped the link, nobody is left to tell.
        let _ = self.0.send(event).await;
    }
}

/// The queues of a new link.
pub(crate) fn queues() -> (mpsc::Sender<LinkCommand>, mpsc::Receiver<LinkEvent>, LinkEnds) {
    let (to_relay, commands) = mpsc::channel(COMMANDS);
    let (events, from_relay) = mpsc::channel(EVENTS);
    (to_relay, from_relay, LinkEnds { commands, events: EventSink(events) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_that_failed_is_listed_with_its_reason() {
        let media = |text: &str| LinkError::Media(text.into());
        let failures = [
            LinkFailure { kind: LinkKind::Quic, error: media("no answer within 3 s") },
            LinkFailure { kind: LinkKind::WebrtcTcp, error: media("connection refused") },
        ];
        assert_eq!(
            describe_failures(&failures),
            "\n  quic: no answer within 3 s\n  webrtc-tcp: connection refused"
        );
    }

    #[test]
    fn the_same_reason_is_said_once() {
        let error = LinkError::Http("connection refused".into());
        let failures = LinkKind::ALL.map(|kind| LinkFailure { kind, error: error.clone() });
        assert_eq!(
            describe_failures(&failures),
            "\n  quic, webrtc-udp, webrtc-tcp: no answer over HTTP: connection refused"
        );
    }

    #[test]
    fn only_a_refused_grant_and_a_lesson_that_is_over_are_final() {
        let refused = |code: &str| LinkError::Refused(Refusal { code: code.into(), message: String::new() });
        assert!(refused("grant_expired").is_final().is_some());
        assert!(refused("lesson_ended").is_final().is_some());
        assert!(refused("lesson_locked").is_final().is_none(), "it may be opened again");
        assert!(refused("shutting_down").is_final().is_none());
        assert!(LinkError::Media(String::new()).is_final().is_none());
    }
}
