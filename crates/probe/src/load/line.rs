//! The school's end of load tests.

use super::packet::{Body, Direction, Pace, Plan, Stopped};
use super::run::{Ended, Owner, Ran, at_school};
use super::way::{Came, Way};
use crate::key::Key;
use crate::line::{LineError, any_port};
use crate::reflector::Opened;
use crate::socket::Received;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tongke_measure::network::capacity::{
    Capacity, IP_PACKET_BYTES, SearchSettings, SubInterval, TEST_LENGTH,
};

/// How long an answer is awaited before the question is repeated; twice as long each time.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// How often it is asked.
const TRIES: u32 = 5;

/// Why a load test says nothing.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// This machine cannot do it.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The relay does not answer over UDP, or no longer knows the session.
    #[error("the relay does not answer packets of load; see that UDP to its reflector's port is let through")]
    NoAnswer,
    /// The relay ended it.
    #[error("the relay stopped the test: {}", match .0 {
        Stopped::LessonLive => "a lesson began on this line",
        Stopped::GivenBack => "the line was given back, or its time was over",
    })]
    Stopped(Stopped),
}

/// A line that may be loaded, by a session of load. Its runs go one after the other.
pub struct LoadLine {
    far: SocketAddr,
    opened: Opened,
    runs: u8,
}

/// What a run of a capacity test came to.
#[derive(Debug, Clone, PartialEq)]
pub struct CapacityRun {
    /// What the line carries in this direction.
    pub capacity: Capacity,
    /// What came, second by second.
    pub seconds: Vec<SubInterval>,
    /// Bytes of IP packets that were sent.
    pub bytes: u64,
}

/// What a run of constant load came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// What came, second by second.
    pub seconds: Vec<SubInterval>,
    /// Bytes of IP packets that were sent.
    pub bytes: u64,
}

impl LoadLine {
    /// A line to the reflector where the session was opened.
    pub fn new(far: SocketAddr, opened: Opened) -> LoadLine {
        LoadLine { far, opened, runs: 0 }
    }

    /// How much the line carries in one direction. Takes [`TEST_LENGTH`] and a little more. `tell` is given the time
    /// that is left, every few milliseconds.
    pub fn capacity(
        &mut self,
        direction: Direction,
        settings: &SearchSettings,
        tell: &mut dyn FnMut(Duration),
    ) -> Result<CapacityRun, LoadError> {
        let pace = Pace::Search { fastest: settings.fastest };
        let ran = self.run(&Plan { direction, pace, length: TEST_LENGTH }, tell)?;
        let capacity = Capacity::of(&ran.seconds, settings);
        Ok(CapacityRun { capacity, bytes: bytes(&ran), seconds: ran.seconds })
    }

    /// Loads one direction at a constant rate for so many seconds, at most twelve. `tell` as for
    /// [`capacity`](Self::capacity).
    pub fn hold(
        &mut self,
        direction: Direction,
        rate_bps: f64,
        seconds: u8,
        tell: &mut dyn FnMut(Duration),
    ) -> Result<Held, LoadError> {
        let pace = Pace::Fixed { kbps: (rate_bps / 1e3) as u32 };
        let ran = self.run(&Plan { direction, pace, length: Duration::from_secs(seconds.into()) }, tell)?;
        Ok(Held { bytes: bytes(&ran), seconds: ran.seconds })
    }

    fn run(&mut self, plan: &Plan, tell: &mut dyn FnMut(Duration)) -> Result<Ran, LoadError> {
        self.runs = self.runs.checked_add(1).ok_or(LoadError::NoAnswer)?;
        let socket = any_port(self.far)?;
        let key = Key::new(&self.opened.key);
        let mut way = Way::new(socket, self.far, self.opened.session, self.runs, key);
        let shown = ask(&mut way, Body::Hello, |body| matches!(body, Body::Challenge { .. }))?;
        let Body::Challenge { token } = shown else { return Err(LoadError::NoAnswer) };
        let start = Body::Start { token, plan: *plan };
        let begun = ask(&mut way, start, |body| !matches!(body, Body::Challenge { .. }))?;
        if let Body::Stop(why) = begun {
            return Err(LoadError::Stopped(why));
        }
        let mut owner = Teller { end: Instant::now() + plan.length, tell };
        let ran = at_school(&mut way, plan, &mut owner).map_err(|error| failed(self.far, error))?;
        match ran.ended {
            Ended::Stopped(why) => Err(LoadError::Stopped(why)),
            Ended::ByItself | Ended::Silent => Ok(ran),
        }
    }
}

fn bytes(ran: &Ran) -> u64 {
    u64::from(ran.packets) * IP_PACKET_BYTES as u64
}

fn failed(to: SocketAddr, source: io::Error) -> LoadError {
    LineError::Send { to, source }.into()
}

/// Asks until it is answered as wanted.
fn ask(way: &mut Way, question: Body, wanted: fn(&Body) -> bool) -> Result<Body, LoadError> {
    for number in 0..TRIES {
        way.say(question).map_err(|error| failed(way.peer, error))?;
        let until = Instant::now() + FIRST_WAIT * 2u32.pow(number);
        while Instant::now() < until {
            if let Some(Came::Packet { packet, .. }) = way.next(until).map_err(LineError::Receive)?
                && wanted(&packet.body)
            {
                return Ok(packet.body);
            }
        }
    }
    Err(LoadError::NoAnswer)
}

/// Tells whoever waits how long it still takes.
struct Teller<'a> {
    end: Instant,
    tell: &'a mut dyn FnMut(Duration),
}

impl Owner for Teller<'_> {
    fn stops(&mut self) -> Option<Stopped> {
        (self.tell)(self.end.saturating_duration_since(Instant::now()));
        None
    }

    /// Whatever else comes to this machine's port is nobody's.
    fn other(&mut self, _: &mut [u8], _: &Received) {}
}
