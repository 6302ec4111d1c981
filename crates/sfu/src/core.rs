//! Glue: which session a datagram belongs to, which room a session, and when to wake up.

use crate::conduct::Kept;
use crate::config::{CoreConfig, Seed};
use crate::forward::Scratch;
use crate::leg::{EndedBy, Leg, LegInfo, LegKind};
use crate::record::Scribe;
use crate::room::{Room, Turn};
use crate::slab::Slab;
use crate::stats::LessonStats;
use crate::wire::Link;
use crate::{CoreStats, Counters, DropReason, LegId, Outputs};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tongke_protocol::control::RTCP_FLOW;
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{LessonId, Now};
use tongke_transport::quic::framing::read_datagram;
use tongke_transport::webrtc::{DatagramKind, Path, Received, SessionEvent, classify, stun_local_ufrag};

/// Time between two looks at what has no deadline of its own: reports, feedback, silent sessions.
const TICK: Duration = Duration::from_millis(100);
/// Most addresses by which one session is found; the oldest is forgotten first.
const MAX_PATHS: usize = 16;

/// The relay without sockets, threads or a clock.
pub struct Core {
    pub(crate) config: CoreConfig,
    pub(crate) random: StdRng,
    pub(crate) rooms: Slab<Room>,
    pub(crate) by_lesson: HashMap<LessonId, u64>,
    pub(crate) legs: Slab<Leg>,
    pub(crate) by_session: HashMap<String, u64>,
    pub(crate) by_ufrag: HashMap<String, u64>,
    pub(crate) is_ending: bool,
    /// How lessons are conducted, with a room or without.
    pub(crate) kept: Kept,
    pub(crate) scribe: Scribe,
    pub(crate) outputs: Outputs,
    by_path: HashMap<Path, u64>,
    scratch: Scratch,
    gone: Vec<Leg>,
    /// Rooms in which packets wait for the end of their picture.
    holding: Vec<u64>,
    /// The rooms' requests: may be early, never late.
    due: Option<Instant>,
    next_tick: Option<Instant>,
    /// Counts of lessons that are over, and of datagrams that belong to none.
    past: Counters,
}

impl Core {
    /// A core without lessons. `seed` makes its names, numbers and ICE credentials: 32 bytes from
    /// the operating system in a relay, a fixed number in a simulation.
    pub fn new(config: CoreConfig, seed: impl Into<Seed>) -> Self {
        let mut random = StdRng::from_seed(seed.into().0);
        Self {
            config,
            scribe: Scribe::new(&mut random),
            random,
            rooms: Slab::default(),
            by_lesson: HashMap::new(),
            legs: Slab::default(),
            by_session: HashMap::new(),
            by_ufrag: HashMap::new(),
            is_ending: false,
            kept: Kept::default(),
            by_path: HashMap::new(),
            outputs: Outputs::default(),
            scratch: Scratch::default(),
            gone: Vec::new(),
            holding: Vec::new(),
            due: None,
            next_tick: None,
            past: Counters::default(),
        }
    }

    /// Lets a room work, then notes when it wants to be woken and forgets what it closed.
    pub(crate) fn in_room<R>(
        &mut self,
        now: Now,
        key: u64,
        work: impl FnOnce(&mut Room, &mut Turn<'_>) -> R,
    ) -> Option<R> {
        let room = self.rooms.get_mut(key)?;
        let mut turn = Turn {
            conduct: self.kept.get_mut(room.conduct)?,
            scribe: &mut self.scribe,
            now,
            legs: &mut self.legs,
            out: &mut self.outputs,
            scratch: &mut self.scratch,
            gone: &mut self.gone,
        };
        let result = work(room, &mut turn);
        if let Some(at) = room.due {
            self.due = Some(self.due.map_or(at, |due| due.min(at)));
        }
        if !room.holding.is_empty() && !self.holding.contains(&key) {
            self.holding.push(key);
        }
        let is_over = room.legs.is_empty();
        if !self.gone.is_empty() {
            self.forget_gone();
        }
        if is_over && let Some(room) = self.rooms.remove(key) {
            self.by_lesson.remove(&room.lesson);
            self.kept.set_open(now, room.conduct, false);
            self.past.add(&room.counters);
        }
        self.next_tick = self.next_tick.or(Some(now.instant + TICK)).filter(|_| self.legs.len() > 0);
        Some(result)
    }

    fn forget_gone(&mut self) {
        for leg in self.gone.drain(..) {
            let key = leg.wire.leg.0;
            self.by_session.remove(&leg.session);
            for ufrag in &leg.ice.local_ufrags {
                self.by_ufrag.remove(ufrag);
            }
            for path in &leg.ice.paths {
                if self.by_path.get(path) == Some(&key) {
                    self.by_path.remove(path);
                }
            }
        }
    }

    fn room_of(&self, leg: LegId) -> Option<u64> {
        self.legs.get(leg.0).map(|leg| leg.room)
    }

    /// The leg of a WHIP or WHEP resource.
    pub fn find_session(&self, session: &str) -> Option<LegId> {
        self.by_session.get(session).map(|key| LegId(*key))
    }

    /// Whose session a leg is.
    pub fn leg_info(&self, leg: LegId) -> Option<LegInfo> {
        let leg = self.legs.get(leg.0)?;
        let room = self.rooms.get(leg.room)?;
        Some(LegInfo {
            lesson: room.lesson.clone(),
            participant: leg.owner.clone(),
            session: leg.session.clone(),
            kind: leg.kind,
            etag: leg.ice.etag.clone(),
        })
    }

    /// A datagram from the UDP port, or a frame of an ICE-TCP connection.
    pub fn handle_datagram(&mut self, now: Now, path: Path, datagram: &mut [u8]) {
        let Some(key) = self.leg_of(path, datagram) else {
            return self.past.drop(DropReason::UnknownAddress);
        };
        let Some(leg) = self.legs.get_mut(key) else { return };
        let Link::Webrtc(session) = &mut leg.wire.link else { return };
        let room = leg.room;
        match session.handle_datagram(now, path, datagram) {
            Received::Rtp(plain) => {
                self.in_room(now, room, |room, turn| room.on_rtp(turn, key, plain, None));
            }
            Received::Rtcp(plain) => {
                self.in_room(now, room, |room, turn| room.on_rtcp(turn, key, plain));
            }
            Received::Handled => {
                self.note_path(key, path);
                self.poll_session(now, key);
            }
            Received::Dropped(_) => {
                self.in_room(now, room, |room, _| room.counters.drop(DropReason::Session));
            }
        }
    }

    /// ICE checks say whose they are; everything else is found by its address.
    fn leg_of(&self, path: Path, datagram: &[u8]) -> Option<u64> {
        let is_check = datagram.first().is_some_and(|first| classify(*first) == DatagramKind::Stun);
        let by_ufrag = || stun_local_ufrag(datagram).and_then(|ufrag| self.by_ufrag.get(ufrag));
        let checked = if is_check { by_ufrag() } else { None };
        checked.or_else(|| self.by_path.get(&path)).copied()
    }

    /// An address proved to be the peer's: what comes from it belongs to this leg from now on.
    fn note_path(&mut self, key: u64, path: Path) {
        if self.by_path.insert(path, key) == Some(key) {
            return;
        }
        let Some(leg) = self.legs.get_mut(key) else { return };
        leg.ice.paths.push(path);
        if leg.ice.paths.len() > MAX_PATHS {
            let oldest = leg.ice.paths.remove(0);
            if self.by_path.get(&oldest) == Some(&key) {
                self.by_path.remove(&oldest);
            }
        }
    }

    /// Takes what a session wants sent and what happened to it.
    fn poll_session(&mut self, now: Now, key: u64) {
        while let Some(leg) = self.legs.get_mut(key) {
            let room = leg.room;
            match leg.poll_session(&mut self.outputs) {
                Some(SessionEvent::Connected { .. }) => {
                    self.in_room(now, room, |room, turn| room.on_connected(turn, key));
                }
                Some(SessionEvent::Closed(reason)) => {
                    self.close(now, LegId(key), EndedBy::Relay, &reason.to_string());
                }
                Some(SessionEvent::PathChanged(_)) => {}
                None => return,
            }
        }
    }

    /// The connection of an ICE-TCP path is gone. The session lives on if its peer finds another.
    pub fn path_lost(&mut self, path: Path) {
        let Some(key) = self.by_path.remove(&path) else { return };
        if let Some(leg) = self.legs.get_mut(key) {
            leg.ice.paths.retain(|known| *known != path);
            if let Link::Webrtc(session) = &mut leg.wire.link {
                session.forget_path(path);
            }
        }
    }

    /// A datagram, or the content of a unidirectional stream, of a QUIC leg: flow id and packet.
    pub fn handle_quic_datagram(&mut self, now: Now, leg: LegId, datagram: &[u8]) {
        let Some(room) = self.room_of(leg) else {
            return self.past.drop(DropReason::UnknownAddress);
        };
        self.in_room(now, room, |room, turn| match read_datagram(datagram) {
            Ok((RTCP_FLOW, packet)) => room.on_rtcp(turn, leg.0, packet),
            Ok((flow, packet)) => room.on_rtp(turn, leg.0, packet, Some(flow)),
            Err(_) => room.counters.drop(DropReason::MalformedRtp),
        });
    }

    /// A leg ends: DELETE, a closed QUIC connection.
    pub fn leave(&mut self, now: Now, leg: LegId, reason: &str) {
        self.close(now, leg, EndedBy::Client, reason);
    }

    fn close(&mut self, now: Now, leg: LegId, by: EndedBy, reason: &str) {
        if let Some(room) = self.room_of(leg) {
            self.in_room(now, room, |room, turn| room.close_leg(turn, leg.0, by, reason));
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Now) {
        for key in std::mem::take(&mut self.holding) {
            self.in_room(now, key, |room, turn| room.flush_due(turn));
        }
        if self.due.is_some_and(|due| due <= now.instant) {
            self.due = None;
            for key in self.rooms.keys() {
                let is_due = |room: &Room| room.due.is_some_and(|due| due <= now.instant);
                self.in_room(now, key, |room, turn| {
                    if is_due(room) {
                        room.poll_tracks(turn);
                    }
                });
            }
        }
        if self.next_tick.is_some_and(|due| due <= now.instant) {
            self.next_tick = Some(now.instant + TICK).filter(|_| self.legs.len() > 0);
            self.tick(now);
        }
    }

    fn tick(&mut self, now: Now) {
        for key in self.legs.keys() {
            let Some(leg) = self.legs.get_mut(key) else { continue };
            let room = leg.room;
            leg.session_timeout(now);
            self.poll_session(now, key);
            self.in_room(now, room, |room, turn| room.report(turn, key));
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let held = self.holding.iter().filter_map(|key| self.rooms.get(*key)?.hold_deadline()).min();
        [held, self.due, self.next_tick].into_iter().flatten().min()
    }

    /// What must be sent and told; drain and [`clear`](Outputs::clear) it after every call.
    pub fn outputs(&mut self) -> &mut Outputs {
        &mut self.outputs
    }

    /// A copy of all counters.
    pub fn stats(&self) -> CoreStats {
        let mut stats = CoreStats { total: self.past, lessons: Vec::with_capacity(self.rooms.len()) };
        for (_, room) in self.rooms.iter() {
            stats.total.add(&room.counters);
            let of_kind = |quic: bool| {
                let legs = room.legs.iter().filter_map(|key| self.legs.get(*key));
                legs.filter(|leg| (leg.kind == LegKind::Quic) == quic).count()
            };
            stats.lessons.push(LessonStats {
                lesson: room.lesson.clone(),
                participants: room.participants.len(),
                webrtc_legs: of_kind(false),
                quic_legs: of_kind(true),
                tracks: room.tracks.len(),
                counters: room.counters,
            });
        }
        stats
    }

    /// Tells all that the relay ends and will be back, and closes all legs. Joins are refused from
    /// then on.
    pub fn shutdown(&mut self, now: Now, reason: &str) {
        self.is_ending = true;
        for (_, room) in self.rooms.iter() {
            let ending = LessonEvent::Ending { reason: reason.to_owned(), reconnect: true };
            self.outputs.tell_lesson(&room.lesson, ending);
        }
        for key in self.legs.keys() {
            self.leave(now, LegId(key), reason);
        }
    }
}
