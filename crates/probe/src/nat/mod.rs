//! The school's end of the tests of a NAT (RFC 5780 §4.3 and §4.4), with authenticated packets in place of STUN.

mod packet;

pub(crate) use packet::{Body, From, LEN, Packet, session_of, sign};

use crate::key::Key;
use crate::line::{LineError, any_port};
use crate::reflector::Opened;
use crate::socket::ProbeSocket;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use tongke_measure::network::dscp::Dscp;
use tongke_measure::network::nat::{NatTests, TestResult};

/// How long answers are awaited before the questions are repeated, each time; silence is evidence, so it takes a while.
const WAITS: [Duration; 3] =
    [Duration::from_millis(400), Duration::from_millis(600), Duration::from_millis(1000)];

/// What the NAT did to one socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NatSeen {
    /// The tests, for [`NatTests::mapping`] and [`NatTests::filtering`].
    pub tests: NatTests,
    /// Whence the relay's primary address saw the socket at the end; none: no answer any more.
    pub mapped_at_end: Option<SocketAddr>,
}

/// Tests the NAT between here and the reflector at `far`; `second` is its second address, if it has one. Takes up to
/// six seconds where nothing is answered, and less than one where all is.
pub fn nat(far: SocketAddr, second: Option<SocketAddr>, opened: &Opened) -> Result<NatSeen, LineError> {
    let mut asker =
        Asker { socket: any_port(far)?, key: Key::new(&opened.key), session: opened.session, seq: 0 };
    let mut tests = NatTests::new(asker.local(far)?);
    let [primary] = asker.ask([(far, From::Here)])?;
    tests.primary = primary;
    if let (TestResult::Answer { .. }, Some(second)) = (primary, second) {
        tests.other_address = true;
        // Filtering first: nothing was sent to the second address yet.
        [tests.answer_from_other_address, tests.answer_from_other_port] =
            asker.ask([(far, From::OtherAddress), (far, From::OtherPort)])?;
        let alternate = SocketAddr::new(second.ip(), far.port());
        [tests.alternate_address, tests.alternate_both] =
            asker.ask([(alternate, From::Here), (second, From::Here)])?;
    }
    let mapped_at_end = match primary {
        TestResult::Answer { .. } => match asker.ask([(far, From::Here)])? {
            [TestResult::Answer { mapped }] => Some(mapped),
            _ => None,
        },
        _ => None,
    };
    Ok(NatSeen { tests, mapped_at_end })
}

struct Asker {
    socket: ProbeSocket,
    key: Key,
    session: u16,
    seq: u32,
}

impl Asker {
    /// The socket's own address: the one by which this machine's routes lead there, and the socket's port.
    fn local(&self, far: SocketAddr) -> Result<SocketAddr, LineError> {
        let mut local = self.socket.address().map_err(LineError::Socket)?;
        let routed = UdpSocket::bind((local.ip(), 0)).and_then(|socket| {
            socket.connect(far)?;
            socket.local_addr()
        });
        local.set_ip(routed.map_err(LineError::Socket)?.ip());
        Ok(local)
    }

    /// Asks so many questions at once, and again what was not answered.
    fn ask<const N: usize>(
        &mut self,
        questions: [(SocketAddr, From); N],
    ) -> Result<[TestResult; N], LineError> {
        let mut results = [TestResult::Silence; N];
        let first = self.seq;
        self.seq += N as u32;
        for wait in WAITS {
            for (number, (to, from)) in questions.iter().enumerate() {
                if results[number] == TestResult::Silence {
                    self.send(first + number as u32, *to, *from)?;
                }
            }
            let until = Instant::now() + wait;
            while results.contains(&TestResult::Silence) && Instant::now() < until {
                let Some((seq, mapped)) = self.next(until)? else { continue };
                if let Some(result) =
                    seq.checked_sub(first).and_then(|number| results.get_mut(number as usize))
                {
                    *result = TestResult::Answer { mapped };
                }
            }
        }
        Ok(results)
    }

    fn send(&self, seq: u32, to: SocketAddr, from: From) -> Result<(), LineError> {
        let bytes = Packet { session: self.session, from, seq, body: Body::Ask }.write(&self.key);
        match self.socket.send(&bytes, to, Dscp::DEFAULT) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
            sent => sent.map_err(|source| LineError::Send { to, source }),
        }
    }

    fn next(&self, until: Instant) -> Result<Option<(u32, SocketAddr)>, LineError> {
        let mut buffer = [0; 256];
        let wait = until.saturating_duration_since(Instant::now());
        let received = self.socket.receive(&mut buffer, wait).map_err(LineError::Receive)?;
        let packet = received.and_then(|received| Packet::parse(buffer.get(..received.len)?, &self.key));
        Ok(match packet {
            Some(Packet { session, seq, body: Body::Answer { mapped }, .. }) if session == self.session => {
                Some((seq, mapped))
            }
            _ => None,
        })
    }
}
