//! Sessions of load at the relay: who may load, and where. Pure.
//!
//! A member of a session first shows that it is where its packets come from, by a token that is sent there; only then
//! something larger, or anything unasked, is sent to that address.

use super::packet::{Body, LEN, Pace, Packet, Plan, Stopped, session_of};
use crate::key::{KEY_LEN, Key};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};
use tongke_measure::network::capacity::Row;

/// Sessions of load at one time; each further one is refused.
pub const MOST_LOADS: usize = 2;
/// How long a session of load lasts.
pub const LOAD_LASTS: Duration = Duration::from_secs(120);
/// Longest run.
pub const LONGEST_RUN: Duration = Duration::from_secs(12);

/// The sessions. Bounded: [`MOST_LOADS`], none older than [`LOAD_LASTS`].
#[derive(Debug)]
pub(crate) struct LoadSessions {
    open: HashMap<u16, LoadSession>,
    last: u16,
    /// Signs tokens.
    secret: Key,
    /// Faster runs are refused.
    pub fastest: Row,
}

#[derive(Debug)]
struct LoadSession {
    key: Key,
    until: Instant,
    /// Runs up to this one were begun; each begins once, so a packet that is sent again begins nothing.
    last_run: u8,
    /// Of the run that was begun last.
    running: Option<Arc<Running>>,
}

/// What a run and its session know of each other.
#[derive(Debug, Default)]
pub(crate) struct Running {
    /// 0: it goes on.
    stopped: AtomicU8,
}

impl Running {
    pub fn stop(&self, why: Stopped) {
        let number = match why {
            Stopped::GivenBack => 1,
            Stopped::LessonLive => 2,
        };
        self.stopped.store(number, Ordering::Relaxed);
    }

    pub fn stopped(&self) -> Option<Stopped> {
        match self.stopped.load(Ordering::Relaxed) {
            1 => Some(Stopped::GivenBack),
            2 => Some(Stopped::LessonLive),
            _ => None,
        }
    }
}

/// What a datagram asks for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// This answer, no longer than what came.
    Answer([u8; LEN]),
    /// A run.
    Run(NewRun),
}

/// A run that is to begin.
#[derive(Debug)]
pub(crate) struct NewRun {
    pub session: u16,
    pub run: u8,
    pub key: Key,
    pub plan: Plan,
    pub until: Instant,
    /// Held for as long as it runs.
    pub running: Arc<Running>,
}

impl LoadSessions {
    /// None yet; `secret` is the relay's own.
    pub fn new(secret: &[u8; KEY_LEN], fastest: Row) -> LoadSessions {
        LoadSessions { open: HashMap::new(), last: 0, secret: Key::new(secret), fastest }
    }

    /// Opens a session; none: there are too many.
    pub fn open(&mut self, now: Instant, secret: &[u8; KEY_LEN]) -> Option<u16> {
        self.open.retain(|_, session| session.until > now);
        if self.open.len() >= MOST_LOADS {
            return None;
        }
        // Far fewer are open than there are numbers. The next one is another than the last: what is still on its way
        // belongs to nobody.
        self.last = self.last.wrapping_add(1);
        while self.open.contains_key(&self.last) {
            self.last = self.last.wrapping_add(1);
        }
        let session =
            LoadSession { key: Key::new(secret), until: now + LOAD_LASTS, last_run: 0, running: None };
        self.open.insert(self.last, session);
        Some(self.last)
    }

    /// Ends a session and its run.
    pub fn close(&mut self, session: u16, why: Stopped) {
        if let Some(running) = self.open.remove(&session).and_then(|session| session.running) {
            running.stop(why);
        }
    }

    /// A datagram came that may be of a session; none: there is nothing to say to it.
    pub fn take(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> Option<Asked> {
        let number = session_of(datagram)?;
        let token = self.token(number, from);
        let fastest = self.fastest;
        let session = self.open.get_mut(&number).filter(|session| session.until > now)?;
        let packet = Packet::parse(datagram, &session.key).ok()?;
        match packet.body {
            Body::Hello => {
                let mut answer = [0; LEN];
                Packet { body: Body::Challenge { token }, ..packet }.write(&mut answer, &session.key);
                Some(Asked::Answer(answer))
            }
            Body::Start { token: said, plan } if said == token && plan.is_within(fastest) => {
                session.begin(number, packet.run, plan).map(Asked::Run)
            }
            _ => None,
        }
    }

    /// What only whoever is at that address gets to know.
    fn token(&self, session: u16, from: SocketAddr) -> u64 {
        let ip = match from.ip() {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        let parts: [&[u8]; 3] = [&session.to_be_bytes(), &ip.octets(), &from.port().to_be_bytes()];
        let signed = self.secret.sign(&parts);
        u64::from_be_bytes(std::array::from_fn(|i| signed[i]))
    }
}

impl LoadSession {
    /// None: it was begun already, or another one of the session goes on.
    fn begin(&mut self, session: u16, run: u8, plan: Plan) -> Option<NewRun> {
        let goes_on = self.running.as_ref().is_some_and(|running| Arc::strong_count(running) > 1);
        if run <= self.last_run || goes_on {
            return None;
        }
        let running = Arc::new(Running::default());
        (self.last_run, self.running) = (run, Some(running.clone()));
        Some(NewRun { session, run, key: self.key.clone(), plan, until: self.until, running })
    }
}

impl Plan {
    fn is_within(&self, fastest: Row) -> bool {
        let slow_enough = match self.pace {
            Pace::Search { fastest: row } => row <= fastest,
            Pace::Fixed { kbps } => kbps > 0 && f64::from(kbps) * 1e3 <= fastest.rate_bps(),
        };
        let whole = self.length.subsec_millis() == 0 && !self.length.is_zero();
        slow_enough && whole && self.length <= LONGEST_RUN
    }
}

#[cfg(test)]
mod tests;
