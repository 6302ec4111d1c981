//! One session of a participant: what it sends, what it receives, and the way to its peer.

use crate::LegId;
use crate::clock::PublisherClock;
use crate::feedback::{KEYFRAME_REQUEST_NS, KEYFRAMES_IN_A_ROW};
use crate::forward::Receiver;
use crate::incoming::Incoming;
use crate::layers::Shown;
use crate::outputs::{Outputs, Transmit};
use crate::participant::Packets;
use crate::policing::{Bucket, IngressLimits, Policer};
use crate::slots::Slot;
use crate::stats::Counters;
use crate::subscription::Subscription;
use crate::wire::{Link, Wire};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tongke_protocol::control::FIRST_SLOT_FLOW;
use tongke_protocol::{LessonId, Now, ParticipantId};
use tongke_transport::rtp::twcc::ArrivalRecorder;
use tongke_transport::webrtc::sdp::NegotiatedMedia;
use tongke_transport::webrtc::{Path, SessionEvent};

/// Time between two transport-wide feedbacks to a publisher.
const FEEDBACK_INTERVAL: Duration = Duration::from_millis(80);
/// Sender reports remembered to recognise the echo of one (its LSR).
const REMEMBERED_REPORTS: usize = 4;

/// What kind of session a leg is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegKind {
    /// WebRTC, publishing.
    Whip,
    /// WebRTC, receiving.
    Whep,
    /// QUIC, either or both.
    Quic,
    /// WebRTC, carrying nothing: somebody tries the way to the relay before the lesson. Its owner
    /// is not in the lesson by it.
    Check,
}

/// On whose side a leg ends, as far as its participant is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// The client left.
    Client,
    /// The relay: it heard nothing more, or is about to end itself.
    Relay,
    /// A newer session of the same participant.
    Newer,
    /// The lesson's end, of which everyone is told.
    Lesson,
}

/// Whose session a leg is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegInfo {
    /// The lesson.
    pub lesson: LessonId,
    /// The participant.
    pub participant: ParticipantId,
    /// The session's name.
    pub session: String,
    /// What kind.
    pub kind: LegKind,
    /// The entity tag of its ICE session; empty for QUIC.
    pub etag: String,
}

/// Of whom a session is, and where its peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPlace<'a> {
    /// The leg.
    pub leg: LegId,
    /// The lesson.
    pub lesson: &'a LessonId,
    /// The participant.
    pub participant: &'a ParticipantId,
    /// Whence its peer's packets come; none: it is over QUIC, whose sockets are not the core's, or not connected yet.
    pub remote: Option<SocketAddr>,
}

/// One receive slot's stream.
pub(crate) struct OutStream {
    /// The slot's name: index of its m-line in the offer, or number of the QUIC slot.
    pub index: u8,
    pub subscription: Subscription,
    /// Of its receiver, for keyframes.
    pub keyframe_requests: Bucket,
    /// How large the receiver shows it, whatever its source.
    pub shown: Shown,
    /// Middle of the NTP time of the last sender reports, and when they went out.
    pub reports: [Option<(u32, Instant)>; REMEMBERED_REPORTS],
}

/// The ICE side of a WebRTC leg.
#[derive(Debug, Default)]
pub(crate) struct IceState {
    /// Quoted, as in the header.
    pub etag: String,
    /// The peer's user fragment; another one in a PATCH asks for a restart.
    pub remote_ufrag: String,
    /// Ours, by which datagrams from new addresses are recognised; the old one stays during a restart.
    pub local_ufrags: Vec<String>,
    /// What was agreed, for the answer to a restart.
    pub media: Vec<NegotiatedMedia>,
    /// Addresses that the peer proved to be its own. Bounded by the core.
    pub paths: Vec<Path>,
}

/// One session of a participant.
pub(crate) struct Leg {
    pub room: u64,
    /// Number of its participant; of a check nobody's.
    pub participant: u64,
    /// Whose grant began it.
    pub owner: ParticipantId,
    pub kind: LegKind,
    pub session: String,
    pub ice: IceState,
    pub wire: Wire,
    pub incoming: Incoming,
    /// Source of our RTCP in this leg.
    pub local_ssrc: u32,
    pub clock: PublisherClock,
    /// Parallel to `streams`.
    pub slots: Vec<Slot<u64>>,
    pub streams: Vec<OutStream>,
    pub next_report: Instant,
    /// What came from its peer so far.
    pub received: Packets,
    pub policer: Policer,
    arrivals: ArrivalRecorder,
    next_feedback: Instant,
}

/// What distinguishes a new leg.
pub(crate) struct NewLeg {
    pub owner: ParticipantId,
    pub kind: LegKind,
    pub session: String,
    pub ice: IceState,
    pub link: Link,
    pub incoming: Incoming,
    pub local_ssrc: u32,
    pub slots: Vec<(u8, Slot<u64>, Subscription)>,
    pub limits: IngressLimits,
}

impl Leg {
    pub fn new(now: Now, id: LegId, room: u64, participant: u64, new: NewLeg) -> Self {
        let stream = |(index, slot, subscription)| {
            let full_ns = KEYFRAMES_IN_A_ROW * KEYFRAME_REQUEST_NS;
            let stream = OutStream {
                index,
                subscription,
                keyframe_requests: Bucket::new(now.instant, full_ns),
                shown: Shown::default(),
                reports: Default::default(),
            };
            (slot, stream)
        };
        let (slots, streams) = new.slots.into_iter().map(stream).unzip();
        Self {
            room,
            participant,
            owner: new.owner,
            kind: new.kind,
            session: new.session,
            ice: new.ice,
            wire: Wire::new(id, new.link),
            incoming: new.incoming,
            local_ssrc: new.local_ssrc,
            clock: PublisherClock::default(),
            slots,
            streams,
            next_report: now.instant,
            received: Packets::default(),
            policer: Policer::new(now.instant, &new.limits),
            arrivals: ArrivalRecorder::new(),
            next_feedback: now.instant,
        }
    }

    pub fn publishes(&self) -> bool {
        !self.incoming.sections.is_empty()
    }

    /// What was sent to its peer so far, repeats left out.
    pub fn sent(&self) -> Packets {
        let mut sent = Packets::default();
        for (slot, stream) in self.slots.iter().zip(&self.streams) {
            sent.count(slot.media, stream.subscription.sent.packets);
        }
        sent
    }

    /// The stream of a slot and the way to the peer.
    pub fn receiver(&mut self, slot: usize) -> Option<Receiver<'_>> {
        let stream = self.streams.get_mut(slot)?;
        let flow = FIRST_SLOT_FLOW + u64::from(stream.index);
        Some(Receiver { subscription: &mut stream.subscription, wire: &mut self.wire, flow })
    }

    /// The slot that is sent as `ssrc`, retransmissions included.
    pub fn slot_of(&self, ssrc: u32) -> Option<usize> {
        self.streams.iter().position(|stream| {
            let stream = &stream.subscription.stream;
            stream.ssrc == ssrc || stream.rtx_ssrc == Some(ssrc)
        })
    }

    /// Notes the transport-wide number of a packet that came.
    pub fn note_arrival(&mut self, now: Now, transport_cc: Option<u16>) {
        if let Some(sequence) = transport_cc {
            self.arrivals.on_packet(now.instant, sequence);
        }
    }

    /// Tells the publisher what came when, if it is time.
    pub fn send_feedback(&mut self, now: Now, out: &mut Outputs, counters: &mut Counters) {
        if now.instant < self.next_feedback || !self.arrivals.is_pending() {
            return;
        }
        self.next_feedback = now.instant + FEEDBACK_INTERVAL;
        let media_ssrc = self.incoming.first_source().unwrap_or(0);
        while self.arrivals.is_pending() {
            let (local_ssrc, arrivals) = (self.local_ssrc, &mut self.arrivals);
            let sent = self.wire.send_rtcp(out, |bytes| {
                arrivals.write_feedback(bytes, local_ssrc, media_ssrc);
            });
            if sent == 0 {
                return;
            }
            counters.bytes_out += sent as u64;
        }
    }

    /// Takes what the session wants sent; then its next event.
    pub fn poll_session(&mut self, out: &mut Outputs) -> Option<SessionEvent> {
        let Link::Webrtc(session) = &mut self.wire.link else { return None };
        while let Some((path, bytes)) = session.poll_transmit() {
            let start = out.arena.len();
            out.arena.extend_from_slice(&bytes);
            out.udp.push(Transmit { path, range: start..out.arena.len(), segment_size: None });
        }
        session.poll_event()
    }

    /// The relay stood still for so long; what the peer sent meanwhile is still to be read.
    pub fn excuse(&mut self, now: Now, missed: Duration) {
        if let Link::Webrtc(session) = &mut self.wire.link {
            session.excuse(now, missed);
        }
    }

    pub fn session_timeout(&mut self, now: Now) {
        if let Link::Webrtc(session) = &mut self.wire.link
            && session.poll_timeout().is_some_and(|due| due <= now.instant)
        {
            session.handle_timeout(now);
        }
    }
}
