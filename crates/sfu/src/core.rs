//! Glue: which session a datagram belongs to, which room a session, and when to wake up.

use crate::{CoreStats, JoinError, LegId, Outputs, PatchError};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tongke_protocol::control::{ClientMessage, Hello, Welcome};
use tongke_protocol::event::{ClockReport, LessonEvent, ParticipantInfo};
use tongke_protocol::{Grant, LessonId, Now, ParticipantId};
use tongke_transport::webrtc::{Certificate, Path};

/// What a core must know before its first leg.
#[derive(Debug, Clone)]
pub struct CoreConfig {
    /// The process's DTLS certificate.
    pub certificate: Arc<Certificate>,
    /// Addresses of the UDP port as clients reach it: the host candidates of every answer.
    pub udp_addresses: Vec<SocketAddr>,
    /// Addresses of the ICE-TCP port as clients reach it (passive candidates).
    pub tcp_addresses: Vec<SocketAddr>,
    /// Most legs of all lessons together; a join beyond it is refused.
    pub max_legs: usize,
    /// Most legs of one lesson; a join beyond it is refused.
    pub max_legs_per_lesson: usize,
}

impl CoreConfig {
    /// A configuration with default limits and no addresses.
    pub fn new(certificate: Arc<Certificate>) -> Self {
        Self {
            certificate,
            udp_addresses: Vec::new(),
            tcp_addresses: Vec::new(),
            max_legs: 4096,
            max_legs_per_lesson: 1024,
        }
    }
}

/// What kind of session a leg is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegKind {
    /// WebRTC, publishing.
    Whip,
    /// WebRTC, receiving.
    Whep,
    /// QUIC, either or both.
    Quic,
}

/// An accepted WHIP or WHEP offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The new leg.
    pub leg: LegId,
    /// The session's name: the last segment of its resource's path.
    pub session: String,
    /// The entity tag of its ICE session, quotes included.
    pub etag: String,
    /// The SDP answer.
    pub answer: String,
}

/// What a PATCH did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patched {
    /// Candidates were noted: 204.
    NoContent,
    /// ICE restarts: 200 with the relay's new credentials.
    Restarted {
        /// The SDP fragment for the body.
        fragment: String,
        /// The new entity tag, quotes included.
        etag: String,
    },
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

/// The relay without sockets, threads or a clock.
pub struct Core {
    outputs: Outputs,
}

impl Core {
    /// A core without lessons. `seed` makes its names, numbers and ICE credentials: from the
    /// operating system in a relay, fixed in a simulation.
    pub fn new(config: CoreConfig, seed: u64) -> Self {
        let _ = (config, seed);
        Self { outputs: Outputs::default() }
    }

    /// Answers a WHIP offer. The grant must have been verified for the lesson.
    pub fn join_whip(
        &mut self,
        now: Now,
        lesson: &LessonId,
        grant: &Grant,
        offer: &str,
    ) -> Result<Joined, JoinError> {
        let _ = (now, lesson, grant, offer);
        Err(JoinError::ShuttingDown)
    }

    /// Answers a WHEP offer. The grant must have been verified for the lesson.
    pub fn join_whep(
        &mut self,
        now: Now,
        lesson: &LessonId,
        grant: &Grant,
        offer: &str,
    ) -> Result<Joined, JoinError> {
        let _ = (now, lesson, grant, offer);
        Err(JoinError::ShuttingDown)
    }

    /// Changes the ICE session of a WHIP or WHEP leg (RFC 9725 §4.3).
    pub fn patch(
        &mut self,
        now: Now,
        leg: LegId,
        fragment: &str,
        if_match: Option<&str>,
    ) -> Result<Patched, PatchError> {
        let _ = (now, leg, fragment, if_match);
        Err(PatchError::NoSession)
    }

    /// Takes a QUIC session in, after its hello. The grant must have been verified for the lesson.
    pub fn join_quic(
        &mut self,
        now: Now,
        grant: &Grant,
        hello: &Hello,
    ) -> Result<(LegId, Welcome), JoinError> {
        let _ = (now, grant, hello);
        Err(JoinError::ShuttingDown)
    }

    /// The leg of a WHIP or WHEP resource.
    pub fn find_session(&self, session: &str) -> Option<LegId> {
        let _ = session;
        None
    }

    /// Whose session a leg is.
    pub fn leg_info(&self, leg: LegId) -> Option<LegInfo> {
        let _ = leg;
        None
    }

    /// A message on a QUIC leg's control stream, after the hello. Clock probes are the shell's.
    pub fn handle_control(&mut self, now: Now, leg: LegId, message: &ClientMessage) {
        let _ = (now, leg, message);
    }

    /// A class puts its hand up or down, told over HTTP. False: no such participant.
    pub fn report_hand(&mut self, lesson: &LessonId, participant: &ParticipantId, raised: bool) -> bool {
        let _ = (lesson, participant, raised);
        false
    }

    /// A participant's clock, told over HTTP. False: no such participant.
    pub fn report_clock(
        &mut self,
        lesson: &LessonId,
        participant: &ParticipantId,
        clock: ClockReport,
    ) -> bool {
        let _ = (lesson, participant, clock);
        false
    }

    /// A datagram from the UDP port, or a frame of an ICE-TCP connection.
    pub fn handle_datagram(&mut self, now: Now, path: Path, datagram: &mut [u8]) {
        let _ = (now, path, datagram);
    }

    /// A datagram, or the content of a unidirectional stream, of a QUIC leg: flow id and packet.
    pub fn handle_quic_datagram(&mut self, now: Now, leg: LegId, datagram: &[u8]) {
        let _ = (now, leg, datagram);
    }

    /// A leg ends: DELETE, a closed QUIC connection.
    pub fn leave(&mut self, now: Now, leg: LegId, reason: &str) {
        let _ = (now, leg, reason);
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Now) {
        let _ = now;
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// What must be sent and told; drain and [`clear`](Outputs::clear) it after every call.
    pub fn outputs(&mut self) -> &mut Outputs {
        &mut self.outputs
    }

    /// Everyone visible in a lesson.
    pub fn snapshot_of_lesson(&self, lesson: &LessonId) -> Vec<ParticipantInfo> {
        let _ = lesson;
        Vec::new()
    }

    /// What an event stream of `participant` begins with: the snapshot, then the filled slots of
    /// that participant's WHEP sessions.
    pub fn greeting(&self, lesson: &LessonId, participant: &ParticipantId) -> Vec<LessonEvent> {
        let _ = (lesson, participant);
        Vec::new()
    }

    /// A copy of all counters.
    pub fn stats(&self) -> CoreStats {
        CoreStats::default()
    }

    /// Tells all that the relay ends and will be back, and closes all legs. Joins are refused from
    /// then on.
    pub fn shutdown(&mut self, now: Now, reason: &str) {
        let _ = (now, reason);
    }
}
