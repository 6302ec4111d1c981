//! Who is reflected, and how much. Pure.

use crate::key::{KEY_LEN, Key};
use crate::nat;
use crate::packet::{ClassOfService, read_test, session_of};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tongke_measure::network::stamp::TestPacket;

/// Sessions at one time; each further one is refused.
pub const MOST_SESSIONS: usize = 64;
/// How long a session lasts.
pub const LASTS: Duration = Duration::from_secs(120);
/// Packets that are reflected in a session: a minute of 50 a second, and what the other tests take.
pub const MOST_PACKETS: u32 = 6000;

/// Questions about a NAT that are answered in a session: each test of it, three times.
const MOST_QUESTIONS: u32 = 32;

/// The sessions of a reflector. Bounded: [`MOST_SESSIONS`], none older than [`LASTS`].
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: HashMap<u16, Session>,
    last: u16,
}

#[derive(Debug)]
struct Session {
    key: Key,
    until: Instant,
    /// Packets reflected.
    reflected: u32,
    /// Where its packets come from: the first one's source. A session is one line's.
    from: Option<SocketAddr>,
    /// Questions of the tests of a NAT. They may come from several addresses: a NAT may give one to each destination.
    asked: u32,
}

/// A packet that is to be reflected.
pub(crate) struct Taken<'a> {
    pub session: u16,
    pub key: &'a Key,
    /// The reflector's own count in this session.
    pub seq: u32,
    pub packet: TestPacket,
    pub class: ClassOfService,
}

impl Sessions {
    /// Opens a session; none: there are too many.
    pub fn open(&mut self, now: Instant, secret: &[u8; KEY_LEN]) -> Option<u16> {
        self.open.retain(|_, session| session.until > now);
        if self.open.len() == MOST_SESSIONS {
            return None;
        }
        // Far fewer are open than there are numbers.
        while self.open.contains_key(&self.last) {
            self.last = self.last.wrapping_add(1);
        }
        let session =
            Session { key: Key::new(secret), until: now + LASTS, reflected: 0, from: None, asked: 0 };
        self.open.insert(self.last, session);
        Some(self.last)
    }

    /// A datagram came; none: it is nobody's, or too much.
    pub fn take(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> Option<Taken<'_>> {
        let number = session_of(datagram)?;
        let session = self.open.get_mut(&number).filter(|session| session.until > now)?;
        let (packet, class) = read_test(datagram, &session.key).ok()?;
        if session.reflected == MOST_PACKETS || *session.from.get_or_insert(from) != from {
            return None;
        }
        let seq = session.reflected;
        session.reflected += 1;
        Some(Taken { session: number, key: &session.key, seq, packet, class })
    }
}

impl Sessions {
    /// A datagram came that may be a question of the tests of a NAT: the answer, and from where it is to be sent.
    pub fn ask(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
    ) -> Option<([u8; nat::LEN], nat::From)> {
        let number = nat::session_of(datagram)?;
        let session = self.open.get_mut(&number).filter(|session| session.until > now)?;
        let question = nat::Packet::parse(datagram, &session.key)?;
        if question.body != nat::Body::Ask || session.asked == MOST_QUESTIONS {
            return None;
        }
        session.asked += 1;
        let body = nat::Body::Answer { mapped: SocketAddr::new(from.ip().to_canonical(), from.port()) };
        Some((nat::Packet { body, ..question }.write(&session.key), question.from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::write_test;
    use tongke_measure::network::dscp::Dscp;
    use tongke_measure::network::stamp::ErrorEstimate;
    use tongke_protocol::time::NtpTime;

    const SECRET: [u8; KEY_LEN] = [1; KEY_LEN];

    fn school(port: u16) -> SocketAddr {
        ([192, 0, 2, 1], port).into()
    }

    fn packet(session: u16, secret: &[u8; KEY_LEN]) -> Vec<u8> {
        let packet = TestPacket { seq: 0, sent: NtpTime(1), error: ErrorEstimate::UNKNOWN };
        write_test(&packet, session, Dscp::EF, 100, &Key::new(secret))
    }

    #[test]
    fn whoever_has_the_key_is_reflected_and_counted() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        let session = sessions.open(now, &SECRET).unwrap();
        for seq in 0..3 {
            let taken = sessions.take(now, school(1), &packet(session, &SECRET)).unwrap();
            assert_eq!((taken.session, taken.seq), (session, seq));
        }
        assert!(sessions.take(now, school(1), &packet(session, &[2; KEY_LEN])).is_none());
        assert!(sessions.take(now, school(1), &packet(session + 1, &SECRET)).is_none());
        assert!(sessions.take(now, school(1), b"").is_none());
    }

    #[test]
    fn a_packet_that_somebody_else_sends_again_is_not_answered_to_him() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        let session = sessions.open(now, &SECRET).unwrap();
        assert!(sessions.take(now, school(1), &packet(session, &SECRET)).is_some());
        assert!(sessions.take(now, school(2), &packet(session, &SECRET)).is_none());
        assert!(sessions.take(now, school(1), &packet(session, &SECRET)).is_some());
    }

    #[test]
    fn a_session_ends_and_has_so_many_packets() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        let session = sessions.open(now, &SECRET).unwrap();
        let datagram = packet(session, &SECRET);
        let reflected =
            (0..MOST_PACKETS + 10).filter(|_| sessions.take(now, school(1), &datagram).is_some()).count();
        assert_eq!(reflected, MOST_PACKETS as usize);
        let other = sessions.open(now, &SECRET).unwrap();
        assert!(sessions.take(now + LASTS, school(1), &packet(other, &SECRET)).is_none());
    }

    #[test]
    fn a_question_is_answered_wherever_it_comes_from_but_not_without_end() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        let session = sessions.open(now, &SECRET).unwrap();
        let question = nat::Packet { session, from: nat::From::OtherPort, seq: 5, body: nat::Body::Ask };
        let bytes = question.write(&Key::new(&SECRET));
        for port in 0..MOST_QUESTIONS as u16 {
            let (answer, from) = sessions.ask(now, school(port), &bytes).unwrap();
            let answer = nat::Packet::parse(&answer, &Key::new(&SECRET)).unwrap();
            assert_eq!((from, answer.seq), (nat::From::OtherPort, 5));
            assert_eq!(answer.body, nat::Body::Answer { mapped: school(port) });
            assert!(sessions.ask(now, school(1), &answer.write(&Key::new(&SECRET))).is_none(), "no question");
        }
        assert!(sessions.ask(now, school(1), &bytes).is_none());
        assert!(sessions.ask(now, school(1), &question.write(&Key::new(&[2; KEY_LEN]))).is_none());
    }

    #[test]
    fn there_are_so_many_sessions_and_old_ones_make_room() {
        let (mut sessions, now) = (Sessions::default(), Instant::now());
        let all: Vec<_> = (0..MOST_SESSIONS + 1).map(|_| sessions.open(now, &SECRET)).collect();
        assert_eq!(all.iter().flatten().count(), MOST_SESSIONS);
        let numbers: std::collections::HashSet<_> = all.iter().flatten().collect();
        assert_eq!(numbers.len(), MOST_SESSIONS, "each has a number of its own");
        assert!(sessions.open(now + LASTS, &SECRET).is_some());
    }
}
