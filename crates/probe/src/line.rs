//! The school's end: what its line to the relay does to packets. Each test takes a session of its own, since the
//! reflector's count of a session begins at 0.

use crate::key::Key;
use crate::packet::{ClassOfService, MAX_LEN, MIN_LEN, read_answer, write_test};
use crate::reflector::Opened;
use crate::socket::{ProbeSocket, Received, is_too_large, now};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};
use tongke_measure::network::dscp::{Dscp, DscpFate, DscpSurvival};
use tongke_measure::network::path_mtu::{PathMtu, PathMtuSearch};
use tongke_measure::network::stamp::{ErrorEstimate, ReflectedPacket, TestPacket};
use tongke_measure::network::two_way::{TwoWayFigures, TwoWayRun};
use tongke_measure::{ClockEstimate, ClockOffset, SampleVerdict};
use tongke_protocol::WallTime;

/// How long answers that are still missing are awaited at the end: what is later than that counts as lost.
const LINGER: Duration = Duration::from_secs(3);
/// Payload of an idle line's packets: about that of a packet of sound.
const SOUND_LEN: usize = 160;
/// Packets that tell what becomes of a code point, and their distance.
const MARKED: u32 = 10;
const MARKED_PERIOD: Duration = Duration::from_millis(20);
/// Largest IP packet that is tried: no school's line takes more.
const LARGEST: u16 = 1500;

/// Why a test could not go on.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// No socket.
    #[error("this machine gives no UDP socket ({0}); see whether a local firewall forbids it")]
    Socket(io::Error),
    /// Nothing can be sent there.
    #[error("this machine cannot send to {to} ({source}); see that it has a network and a route there")]
    Send {
        /// The reflector.
        to: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing can be received.
    #[error("this machine cannot receive ({0})")]
    Receive(io::Error),
}

/// A line to a relay's reflector, for one test.
pub struct Line {
    socket: ProbeSocket,
    far: SocketAddr,
    session: u16,
    key: Key,
    buffer: Vec<u8>,
}

/// What an idle line does.
#[derive(Debug, Clone, PartialEq)]
pub struct Idle {
    /// Loss, variation, reordering of each direction, and round trips.
    pub figures: TwoWayFigures,
    /// The relay's clock minus this machine's; none: nothing was answered.
    pub clock: Option<ClockEstimate>,
    /// How often a clock was set meanwhile: anything but 0 voids what two clocks measured.
    pub clock_steps: u64,
    /// Each answered packet: when it was sent, since the begin, in s, and its round trip in ms.
    pub round_trips: Vec<(f64, f64)>,
}

/// What became of a code point in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkedWay {
    /// From here to the relay.
    pub out: DscpFate,
    /// From the relay to here.
    pub back: DscpFate,
}

/// An answer and what the socket tells of it.
struct Answer {
    packet: ReflectedPacket,
    class: ClassOfService,
    received: Received,
}

impl Line {
    /// A line for the session that was opened there.
    pub fn open(far: SocketAddr, opened: &Opened) -> Result<Line, LineError> {
        let socket = any_port(far)?;
        let key = Key::new(&opened.key);
        Ok(Line { socket, far, session: opened.session, key, buffer: vec![0; MAX_LEN] })
    }

    /// Sends so many packets, one each `period`, and sees what comes back. `progress` is told each one's number.
    pub fn idle(
        mut self,
        packets: u32,
        period: Duration,
        progress: &mut dyn FnMut(u32),
    ) -> Result<Idle, LineError> {
        let mut seen = Seen::default();
        let begin = Instant::now();
        for number in 0..packets {
            self.listen(begin + period * number, &mut seen)?;
            let at = now();
            let Some(seq) = seen.run.on_send(at) else { break };
            self.send(seq, at, Dscp::EF, SOUND_LEN)?;
            seen.sent.push(begin.elapsed().as_secs_f64());
            progress(number);
        }
        let end = Instant::now() + LINGER;
        while seen.misses_some()
            && let Some(answer) = self.next(end)?
        {
            seen.take(&answer);
        }
        let clock = seen.clock.estimate();
        let figures = seen.run.figures(clock.and_then(|clock| clock.skew_ppm));
        Ok(Idle { figures, clock, clock_steps: seen.clock.steps(), round_trips: seen.round_trips })
    }

    /// What becomes of a code point.
    pub fn mark(mut self, dscp: Dscp) -> Result<MarkedWay, LineError> {
        let (mut out, mut back) = (DscpSurvival::new(dscp), DscpSurvival::new(dscp));
        let begin = Instant::now();
        for number in 0..MARKED {
            self.send(number, now(), dscp, SOUND_LEN)?;
            let until = if number + 1 == MARKED {
                Instant::now() + LINGER
            } else {
                begin + MARKED_PERIOD * (number + 1)
            };
            while let Some(answer) = self.next(until)? {
                out.on_packet(Some(answer.class.came));
                back.on_packet(answer.received.dscp);
                if answer.packet.test.seq + 1 == MARKED {
                    break;
                }
            }
        }
        Ok(MarkedWay { out: out.fate(), back: back.fate() })
    }

    /// The largest packet that comes through there and back.
    pub fn path_mtu(mut self) -> Result<PathMtu, LineError> {
        let mut search = PathMtuSearch::new(LARGEST);
        // Which size a number had: answers may be late.
        let mut sizes: Vec<u16> = Vec::new();
        loop {
            if let Some(size) = search.poll_probe(Instant::now()) {
                let payload = usize::from(size).saturating_sub(self.socket.overhead(self.far.ip()));
                match self.send(sizes.len() as u32, now(), Dscp::DEFAULT, payload) {
                    Err(LineError::Send { source, .. }) if is_too_large(&source) => {
                        search.on_too_large(Instant::now(), size, None);
                    }
                    sent => sent?,
                }
                sizes.push(size);
            }
            if matches!(search.state(), PathMtu::Complete { .. } | PathMtu::Error) {
                return Ok(search.state());
            }
            let until = search.poll_timeout().unwrap_or_else(Instant::now);
            if let Some(answer) = self.next(until)?
                && let Some(size) = sizes.get(answer.packet.test.seq as usize)
            {
                search.on_acknowledged(Instant::now(), *size);
            }
        }
    }

    fn send(&mut self, seq: u32, at: WallTime, dscp: Dscp, len: usize) -> Result<(), LineError> {
        let packet = TestPacket { seq, sent: at.into(), error: ErrorEstimate::UNKNOWN };
        let bytes = write_test(&packet, self.session, dscp, len.max(MIN_LEN), &self.key);
        match self.socket.send(&bytes, self.far, dscp) {
            // A full queue loses a packet, as the network might.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            sent => sent.map_err(|source| LineError::Send { to: self.far, source }),
        }
    }

    /// Takes answers until then.
    fn listen(&mut self, until: Instant, seen: &mut Seen) -> Result<(), LineError> {
        while let Some(answer) = self.next(until)? {
            seen.take(&answer);
        }
        Ok(())
    }

    /// The next answer of the session; none: there was none until then.
    fn next(&mut self, until: Instant) -> Result<Option<Answer>, LineError> {
        loop {
            let wait = until.saturating_duration_since(Instant::now());
            let received = self.socket.receive(&mut self.buffer, wait).map_err(LineError::Receive)?;
            if let Some(received) = received
                && received.from == self.far
                && let Ok((packet, class)) = read_answer(&self.buffer[..received.len], &self.key)
            {
                return Ok(Some(Answer { packet, class, received }));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
        }
    }
}

/// A socket of this machine, on any port, from which that address can be reached.
pub(crate) fn any_port(far: SocketAddr) -> Result<ProbeSocket, LineError> {
    let any: IpAddr = if far.is_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    ProbeSocket::bind((any, 0).into()).map_err(LineError::Socket)
}

/// What an idle line's answers come to.
#[derive(Default)]
struct Seen {
    run: TwoWayRun,
    clock: ClockOffset,
    /// When each packet was sent, s since the begin.
    sent: Vec<f64>,
    round_trips: Vec<(f64, f64)>,
}

impl Seen {
    fn misses_some(&self) -> bool {
        self.round_trips.len() < self.sent.len()
    }

    fn take(&mut self, answer: &Answer) {
        let Some(sample) = self.run.on_reply(&answer.packet, answer.received.at) else { return };
        if self.clock.add(sample) == SampleVerdict::Impossible {
            return;
        }
        if let Some(sent) = self.sent.get(answer.packet.test.seq as usize) {
            self.round_trips.push((*sent, sample.delta_us() as f64 / 1e3));
        }
    }
}
