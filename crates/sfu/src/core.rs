//! Glue: which session a datagram belongs to, which room a session, and when to wake up.

use crate::cascade::{TrunkId, Up};
use crate::conduct::Kept;
use crate::config::{CoreConfig, Seed};
use crate::forward::Scratch;
use crate::handshakes::Handshakes;
use crate::hold::HoldBound;
use crate::leg::{EndedBy, Leg, LegInfo, LegKind, SessionPlace};
use crate::record::Scribe;
use crate::room::{Confirmed, Room, Turn};
use crate::slab::Slab;
use crate::stats::LessonStats;
use crate::wakes::Wakes;
use crate::wire::Link;
use crate::{Carrier, CoreStats, Counters, DropReason, LegId, Outputs};
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
/// Legs looked at in one go, if the time allows: packets must not wait for all legs of a county.
const LEGS_AT_ONCE: usize = 16;
/// Most goes in one [`TICK`].
const MAX_GOES: usize = 50;
/// Most addresses by which one session is found; the oldest but the one in use is forgotten first.
const MAX_PATHS: usize = 16;

/// Legs by the addresses that their peers proved to be their own. Keyed at random like the standard
/// map, but not made for keys that an attacker chooses freely: for each he has to pass an ICE check.
type PathMap = HashMap<Path, u64, foldhash::fast::RandomState>;

/// A tick that comes so much later than it was due was kept from coming: by far less than sessions may
/// be silent, by far more than work takes.
const STALL: Duration = Duration::from_secs(1);

/// The relay without sockets, threads or a clock.
pub struct Core {
    pub(crate) config: CoreConfig,
    pub(crate) random: StdRng,
    pub(crate) rooms: Slab<Room>,
    pub(crate) by_lesson: HashMap<LessonId, u64>,
    pub(crate) legs: Slab<Leg>,
    pub(crate) by_session: HashMap<String, u64>,
    pub(crate) by_ufrag: HashMap<String, u64>,
    /// Trunks of rooms here, at their homes and at their branches.
    pub(crate) by_trunk: HashMap<TrunkId, u64>,
    pub(crate) is_ending: bool,
    /// How lessons are conducted, with a room or without.
    pub(crate) kept: Kept,
    pub(crate) scribe: Scribe,
    pub(crate) outputs: Outputs,
    carrier: Option<Box<dyn Carrier>>,
    hold: HoldBound,
    pub(crate) handshakes: Handshakes,
    by_path: PathMap,
    scratch: Scratch,
    gone: Vec<Leg>,
    /// What rooms wait for: the end of a picture, a request that is due.
    wakes: Wakes,
    /// Rooms whose moment has come; empty but during a timeout.
    woken: Vec<u64>,
    next_tick: Option<Instant>,
    /// The place among the legs where the next tick begins.
    tick_place: usize,
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
            by_trunk: HashMap::new(),
            is_ending: false,
            kept: Kept::default(),
            handshakes: Handshakes::default(),
            by_path: PathMap::default(),
            outputs: Outputs::default(),
            carrier: None,
            hold: HoldBound::at_load(0.0),
            scratch: Scratch::default(),
            gone: Vec::new(),
            wakes: Wakes::default(),
            woken: Vec::new(),
            next_tick: None,
            tick_place: 0,
            past: Counters::default(),
        }
    }

    /// Has sends of media taken by `carrier` while the core is at work, when they get many. Without
    /// one they all wait in the outputs.
    pub fn carry_with(&mut self, carrier: impl Carrier + 'static) {
        self.carrier = Some(Box::new(carrier));
    }

    /// Notes the share of its processor's time that the core's thread uses, 0 to 1: it decides how long
    /// packets in the middle of a picture may wait for its end.
    pub fn set_load(&mut self, share: f32) {
        self.hold = HoldBound::at_load(share);
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
            hold: self.hold,
            legs: &mut self.legs,
            out: &mut self.outputs,
            carrier: self.carrier.as_deref_mut(),
            scratch: &mut self.scratch,
            gone: &mut self.gone,
        };
        let result = work(room, &mut turn);
        if let Some(at) = room.note_wake() {
            self.wakes.add(at, key);
        }
        room.share_events(turn.out);
        let is_over = room.is_over();
        if !self.gone.is_empty() {
            self.forget_gone();
        }
        if is_over {
            self.remove_room(now, key);
        }
        self.next_tick = self.next_tick.or(Some(now.instant + TICK)).filter(|_| self.is_busy());
        Some(result)
    }

    fn remove_room(&mut self, now: Now, key: u64) {
        let Some(room) = self.rooms.remove(key) else { return };
        self.by_lesson.remove(&room.lesson);
        self.by_trunk.retain(|_, of| *of != key);
        self.past.add(&room.counters);
        match &room.home {
            Some(home) => {
                home.up(&mut self.outputs, Up::Detach);
                // What was known of the lesson was the home's.
                self.kept.forget(&room.lesson);
            }
            None => self.kept.set_open(now, room.conduct, false),
        }
    }

    /// Whether there is anything to look after at regular times.
    fn is_busy(&self) -> bool {
        self.legs.len() > 0 || !self.by_trunk.is_empty()
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

    /// Whether the lesson has a room, or had one or was acted in so lately that it is not forgotten.
    pub fn remembers(&mut self, now: Now, lesson: &LessonId) -> bool {
        self.kept.remembers(now, lesson)
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

    /// The sessions of all who are in a lesson; whoever only tries the way is in none. Takes as long as a look at
    /// each of them.
    pub fn sessions(&self) -> impl Iterator<Item = SessionPlace<'_>> {
        let in_lesson = self.legs.iter().filter(|(_, leg)| leg.kind != LegKind::Check);
        in_lesson.filter_map(|(key, leg)| {
            let lesson = &self.rooms.get(leg.room)?.lesson;
            let remote = leg.wire.path().map(|path| path.remote());
            Some(SessionPlace { leg: LegId(key), lesson, participant: &leg.owner, remote })
        })
    }

    /// A datagram from the UDP port, or a frame of an ICE-TCP connection. Handshakes go on at the next
    /// [`Self::handle_timeout`].
    pub fn handle_datagram(&mut self, now: Now, path: Path, datagram: &mut [u8]) {
        let Some(key) = self.leg_of(path, datagram) else {
            return self.past.drop(DropReason::UnknownAddress);
        };
        let is_handshake = datagram.first().is_some_and(|first| classify(*first) == DatagramKind::Dtls);
        if !is_handshake {
            self.handle_of_leg(now, key, path, datagram);
        } else if !self.handshakes.push(now, key, path, datagram) {
            self.past.drop(DropReason::Session);
        }
    }

    /// A datagram that is a leg's.
    pub(crate) fn handle_of_leg(&mut self, now: Now, key: u64, path: Path, datagram: &mut [u8]) {
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
        self.outputs.relieve(self.carrier.as_deref_mut());
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
            // Whoever repeats a peer's checks from many addresses must not push out the one it uses.
            let in_use = leg.wire.path();
            let oldest = leg.ice.paths.iter().position(|known| Some(*known) != in_use).unwrap_or(0);
            let oldest = leg.ice.paths.remove(oldest);
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

    /// Whether a peer has proved that this way leads to it, and its session goes on.
    pub fn knows_path(&self, path: Path) -> bool {
        self.by_path.contains_key(&path)
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
        self.excuse_stall(now);
        let mut woken = std::mem::take(&mut self.woken);
        while let Some((_, key)) = self.first_wake().filter(|(at, _)| *at <= now.instant) {
            self.wakes.remove_first();
            if let Some(room) = self.rooms.get_mut(key) {
                room.forget_wake();
                woken.push(key);
            }
        }
        for key in woken.drain(..) {
            self.in_room(now, key, |room, turn| room.wake(turn));
        }
        self.woken = woken;
        if self.next_tick.is_some_and(|due| due <= now.instant) {
            self.tick(now);
        }
        self.shake_hands(now);
    }

    /// The first moment that a room still waits for.
    fn first_wake(&mut self) -> Option<(Instant, u64)> {
        loop {
            let (at, key) = self.wakes.first()?;
            let room = self.rooms.get_mut(key);
            match room.map(|room| room.confirm_wake(at)) {
                Some(Confirmed::Stands) => return Some((at, key)),
                Some(Confirmed::Moved(later)) => {
                    self.wakes.remove_first();
                    self.wakes.add(later, key);
                }
                Some(Confirmed::Void) | None => self.wakes.remove_first(),
            }
        }
    }

    /// Gives the sessions the time in which nothing was read: the process was stopped, the machine was
    /// asleep. Else all would be taken for silent before what waits in the sockets is read.
    fn excuse_stall(&mut self, now: Now) {
        let Some(due) = self.next_tick else { return };
        let missed = now.instant.saturating_duration_since(due);
        if missed < STALL {
            return;
        }
        tracing::warn!(missed_ms = missed.as_millis() as u64, "the relay stood still");
        for key in self.legs.keys() {
            if let Some(leg) = self.legs.get_mut(key) {
                leg.excuse(now, missed);
            }
        }
    }

    /// Looks after some of the legs; after all of them within a [`TICK`].
    fn tick(&mut self, now: Now) {
        let places = self.legs.places();
        let goes = places.div_ceil(LEGS_AT_ONCE).clamp(1, MAX_GOES);
        self.next_tick = Some(now.instant + TICK / goes as u32).filter(|_| self.is_busy());
        let first = if self.tick_place < places { self.tick_place } else { 0 };
        self.tick_place = first + places.div_ceil(goes);
        for place in first..self.tick_place.min(places) {
            let Some((key, leg)) = self.legs.at_place(place) else { continue };
            let room = leg.room;
            leg.session_timeout(now);
            self.poll_session(now, key);
            self.in_room(now, room, |room, turn| room.report(turn, key));
        }
        if first == 0 && !self.by_trunk.is_empty() {
            for key in self.rooms.keys() {
                self.in_room(now, key, |room, turn| room.tend_trunks(turn));
            }
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        let wake = self.first_wake().map(|(at, _)| at);
        [wake, self.next_tick, self.handshakes.since()].into_iter().flatten().min()
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
                is_branch: room.home.is_some(),
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
        for key in self.rooms.keys() {
            self.in_room(now, key, |room, turn| room.close_trunks(turn, reason));
        }
    }
}
