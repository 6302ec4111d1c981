//! Sessions and the way of a packet through them.

use crate::arena::Arena;
use crate::port::Port;
use crate::seats::{Seat, SeatId, Seats, Slot, Track};
use rand::Rng as _;
use std::collections::VecDeque;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tongke_bench::target::{Counters, Join, Place};
use tongke_protocol::{MediaKind, Now, WallTime};
use tongke_transport::rtp::rtcp::{self, Rtcp};
use tongke_transport::webrtc::sdp::{self, AnswerParams, Candidate, Leg, Offer, SendStream};
use tongke_transport::webrtc::{
    Certificate, IceCredentials, Path, Received, Session, SessionConfig, SessionEvent, stun_local_ufrag,
};

/// How often sessions are asked whether they have something to do.
const SWEEP_INTERVAL: Duration = Duration::from_millis(50);
/// Who speaks in our RTCP.
const OWN_SSRC: u32 = 1;

/// The whole program's state.
pub struct Floor {
    local: SocketAddr,
    counters: Arc<Counters>,
    hold: Duration,
    certificate: Arc<Certificate>,
    origin: Now,
    now: Now,
    seats: Seats,
    arena: Arena,
    /// Pictures that wait, in the order of their first packets; some have gone since.
    waiting: VecDeque<(Instant, SeatId, usize)>,
    sweep_due: Instant,
}

impl Floor {
    /// Without sessions; clients are told that media goes to `local`.
    pub fn new(
        local: SocketAddr,
        counters: Arc<Counters>,
        hold: Duration,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let now = Now { instant: Instant::now(), wall: WallTime(since.as_micros() as u64) };
        Ok(Self {
            local,
            counters,
            hold,
            certificate: Arc::new(Certificate::generate()?),
            origin: now,
            now,
            seats: Seats::default(),
            arena: Arena::default(),
            waiting: VecDeque::new(),
            sweep_due: now.instant,
        })
    }

    /// The one clock read of a round.
    pub fn read_clock(&mut self) {
        let instant = Instant::now();
        self.now = Now { instant, wall: self.origin.wall_of(instant) };
    }

    /// When [`Self::handle_timeout`] has something to do.
    pub fn due(&self) -> Instant {
        self.waiting.front().map_or(self.sweep_due, |(due, ..)| self.sweep_due.min(*due))
    }

    /// Answers an offer.
    pub fn join(&mut self, join: Join) {
        let answer = self.answer(join.place, &join.offer).map_err(|error| error.to_string());
        // A client that has gone does not want it.
        let _ = join.answer.send(answer);
    }

    fn answer(&mut self, place: Place, offer: &str) -> Result<String, Box<dyn std::error::Error>> {
        let offer = Offer::parse(offer)?;
        let mut random = rand::rng();
        let ice = IceCredentials::from_random(&random.random());
        let stream = |_| SendStream {
            ssrc: random.random(),
            rtx_ssrc: random.random(),
            stream_id: place.lesson.clone(),
        };
        let streams: Vec<_> = offer.media.iter().map(stream).collect();
        let params = AnswerParams {
            leg: place.leg,
            ice: &ice,
            fingerprint: &self.certificate.fingerprint_sha256(),
            candidates: &[Candidate::Udp(self.local)],
            streams: &streams,
            cname: "floor",
            session_id: rand::rng().random(),
        };
        let (text, media) = sdp::answer(&offer, &params)?;
        let config =
            SessionConfig::new(self.certificate.clone(), ice.clone(), offer.ice.clone(), offer.fingerprint);
        let session = Session::new(self.now, config)?;
        let publishes = place.leg == Leg::Publish;
        let (tracks, slots) = if publishes {
            (media.iter().filter_map(Track::of).collect(), Vec::new())
        } else {
            (Vec::new(), media.iter().filter_map(Slot::of).collect())
        };
        let lesson = place.lesson.clone();
        self.seats.add(ice.ufrag, Seat { place, session, address: None, tracks, slots });
        self.seats.connect_lesson(&lesson);
        Ok(text)
    }

    /// Takes a datagram.
    pub fn take(&mut self, port: &Port, remote: SocketAddr, datagram: &mut [u8]) {
        let known = self.seats.by_address.get(&remote).copied();
        let Some(id) = known.or_else(|| self.seats.by_ufrag.get(stun_local_ufrag(datagram)?).copied()) else {
            return;
        };
        let Some(seat) = &mut self.seats.list[id] else { return };
        let path = Path::Udp { local: self.local, remote };
        match seat.session.handle_datagram(self.now, path, datagram) {
            Received::Rtp(packet) => self.take_media(port, id, packet),
            Received::Rtcp(compound) => self.take_feedback(port, id, compound),
            Received::Handled => {
                self.seats.by_address.insert(remote, id);
                self.flush_session(port, id);
            }
            Received::Dropped(_) => {}
        }
    }

    /// Sound goes on at once; a picture's packets at its marker, or when the first is due.
    fn take_media(&mut self, port: &Port, id: SeatId, packet: &[u8]) {
        let Some(seat) = &mut self.seats.list[id] else { return };
        let payload_type = packet[1] & 0x7F;
        let Some(at) = seat.tracks.iter().position(|track| track.payload_type == payload_type) else {
            return;
        };
        let track = &mut seat.tracks[at];
        track.ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
        track.held.push(packet);
        if track.kind == MediaKind::Audio || packet[1] & 0x80 != 0 {
            self.forward(port, id, at);
        } else if track.held.due.is_none() {
            let due = self.now.instant + self.hold;
            track.held.due = Some(due);
            self.waiting.push_back((due, id, at));
        }
    }

    fn forward(&mut self, port: &Port, id: SeatId, at: usize) {
        let Some(track) = self.seats.list[id].as_mut().and_then(|seat| seat.tracks.get_mut(at)) else {
            return;
        };
        let (mut held, mut routes) = (mem::take(&mut track.held), mem::take(&mut track.routes));
        for route in &mut routes {
            if let Some(to) = &mut self.seats.list[route.to] {
                self.arena.forward(port, &self.counters, &held, route, to);
            }
        }
        held.clear();
        if let Some(track) = self.seats.list[id].as_mut().and_then(|seat| seat.tracks.get_mut(at)) {
            (track.held, track.routes) = (held, routes);
        }
    }

    /// Requests for a keyframe go on to the publisher; nothing else is read.
    fn take_feedback(&mut self, port: &Port, id: SeatId, compound: &[u8]) {
        for part in rtcp::read(compound).flatten() {
            let Rtcp::Pli { media_ssrc, .. } = part else { continue };
            let Some(seat) = &self.seats.list[id] else { return };
            let slot = seat.slots.iter().find(|slot| slot.ssrc == media_ssrc);
            let Some((publisher, at)) = slot.and_then(|slot| slot.source) else { continue };
            let Some(from) = &mut self.seats.list[publisher] else { continue };
            let mut request = Vec::new();
            rtcp::write_receiver_report(&mut request, OWN_SSRC, &[]);
            rtcp::write_pli(&mut request, OWN_SSRC, from.tracks[at].ssrc);
            if let (true, Some(address)) = (from.session.seal_rtcp(&mut request, 0), from.address) {
                port.send(address, &request, request.len());
            }
        }
    }

    /// Sends what a session wants to say and does what follows from what happened to it.
    fn flush_session(&mut self, port: &Port, id: SeatId) {
        let Some(seat) = &mut self.seats.list[id] else { return };
        while let Some((path, datagram)) = seat.session.poll_transmit() {
            port.send(path.remote(), &datagram, datagram.len());
        }
        let (mut is_over, mut is_new) = (false, false);
        while let Some(event) = seat.session.poll_event() {
            is_over |= matches!(event, SessionEvent::Closed(_));
            is_new |= matches!(event, SessionEvent::Connected { .. });
        }
        seat.address = seat.session.path().filter(|_| seat.session.is_connected()).map(|path| path.remote());
        let lesson = seat.place.lesson.clone();
        if is_over {
            self.seats.remove(id);
        } else if is_new {
            self.seats.connect_lesson(&lesson);
        }
    }

    /// Sends the pictures that have waited long enough, and keeps sessions going.
    pub fn handle_timeout(&mut self, port: &Port) {
        while let Some((due, id, at)) =
            self.waiting.front().copied().filter(|(due, ..)| *due <= self.now.instant)
        {
            self.waiting.pop_front();
            let seat = self.seats.list[id].as_ref();
            if seat.is_some_and(|seat| seat.tracks[at].held.due == Some(due)) {
                self.forward(port, id, at);
            }
        }
        if self.sweep_due > self.now.instant {
            return;
        }
        self.sweep_due = self.now.instant + SWEEP_INTERVAL;
        for id in 0..self.seats.list.len() {
            let Some(seat) = &mut self.seats.list[id] else { continue };
            if seat.session.poll_timeout().is_some_and(|due| due <= self.now.instant) {
                seat.session.handle_timeout(self.now);
                self.flush_session(port, id);
            }
        }
    }
}
