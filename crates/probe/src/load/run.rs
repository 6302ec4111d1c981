//! The two ends of a run over their sockets, each on a thread of its own. Which of them is the school's and which the
//! relay's depends on the direction.

use super::packet::{Body, Direction, Plan, Stopped};
use super::receiving::Receiving;
use super::sending::{Next, Sending};
use super::way::{Came, Way};
use crate::socket::Received;
use std::io;
use std::time::{Duration, Instant};
use tongke_measure::network::capacity::SubInterval;

/// How soon a run sees that it is to end.
const WAKE: Duration = Duration::from_millis(20);

/// What the owner of a run has to say to it, and what is not the run's.
pub(crate) trait Owner {
    /// Asked every few milliseconds: whether the run is to end now.
    fn stops(&mut self) -> Option<Stopped>;
    /// A datagram that is not of the run.
    fn other(&mut self, bytes: &mut [u8], received: &Received);
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was as long as planned, or the other end fell silent when some of it had come.
    ByItself,
    /// The other end never said anything.
    Silent,
    /// The relay, or the owner, stopped it.
    Stopped(Stopped),
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ran {
    /// Packets that were sent, as far as this end knows.
    pub packets: u32,
    /// What came, second by second.
    pub seconds: Vec<SubInterval>,
    pub ended: Ended,
}

/// Sends load as planned, and hears what came of it.
fn send(way: &mut Way, plan: &Plan, owner: &mut dyn Owner) -> io::Result<Ran> {
    let mut sending = Sending::new(Instant::now(), plan);
    let ended = loop {
        if let Some(why) = owner.stops() {
            way.say(Body::Stop(why))?;
            break Ended::Stopped(why);
        }
        let until = match sending.poll(Instant::now()) {
            Next::Send { first, count } => {
                let left = way.load(first, count)?;
                sending.take_back(count - left);
                Instant::now()
            }
            Next::Wait(until) => until.min(Instant::now() + WAKE),
            Next::Done => break Ended::ByItself,
            Next::Silent if sending.was_heard() => break Ended::ByItself,
            Next::Silent => break Ended::Silent,
        };
        if let Some(why) = hear(way, until, &mut sending, owner)? {
            break Ended::Stopped(why);
        }
    };
    Ok(Ran { packets: sending.sent(), seconds: sending.seconds().to_vec(), ended })
}

/// Takes what comes until then.
fn hear(
    way: &mut Way,
    until: Instant,
    sending: &mut Sending,
    owner: &mut dyn Owner,
) -> io::Result<Option<Stopped>> {
    while let Some(came) = way.next(until)? {
        match came {
            Came::Packet { packet, .. } => match packet.body {
                Body::Report(told) => sending.on_report(Instant::now(), &told),
                Body::Start { .. } => way.say(Body::Ready)?,
                Body::Stop(why) => return Ok(Some(why)),
                _ => {}
            },
            Came::Other(received) => owner.other(way.last(&received), &received),
        }
        if Instant::now() >= until {
            break;
        }
    }
    Ok(None)
}

/// Takes the load that comes, and reports it.
fn receive(way: &mut Way, plan: &Plan, owner: &mut dyn Owner) -> io::Result<Ran> {
    let mut receiving = Receiving::new(Instant::now(), plan);
    let mut ended = None;
    while !receiving.is_over() && ended.is_none() {
        if let Some(why) = owner.stops() {
            way.say(Body::Stop(why))?;
            ended = Some(Ended::Stopped(why));
        }
        let before = Instant::now();
        match way.next(receiving.poll_timeout().min(before + WAKE))? {
            Some(Came::Packet { packet, arrived, ip_bytes }) => match packet.body {
                Body::Load => receiving.on_load(&packet, arrived, ip_bytes),
                Body::Start { .. } => way.say(Body::Ready)?,
                Body::Stop(why) => ended = Some(Ended::Stopped(why)),
                _ => {}
            },
            Some(Came::Other(received)) => owner.other(way.last(&received), &received),
            None => receiving.on_empty(before),
        }
        if let Some(told) = receiving.poll_report() {
            way.say(Body::Report(told))?;
        }
    }
    let silent = if receiving.sent() == 0 { Ended::Silent } else { Ended::ByItself };
    Ok(Ran {
        packets: receiving.sent(),
        seconds: receiving.seconds().to_vec(),
        ended: ended.unwrap_or(silent),
    })
}

/// The school's end of a run.
pub(crate) fn at_school(way: &mut Way, plan: &Plan, owner: &mut dyn Owner) -> io::Result<Ran> {
    match plan.direction {
        Direction::Out => send(way, plan, owner),
        Direction::Back => receive(way, plan, owner),
    }
}

/// The relay's end of a run, which it says that it begins.
pub(crate) fn at_relay(way: &mut Way, plan: &Plan, owner: &mut dyn Owner) -> io::Result<Ran> {
    way.say(Body::Ready)?;
    match plan.direction {
        Direction::Out => receive(way, plan, owner),
        Direction::Back => send(way, plan, owner),
    }
}
