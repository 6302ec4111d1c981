//! When a flight is sent again, and how much of a peer is read.

use std::time::{Duration, Instant};

/// First wait before a flight is sent again; doubled each time. RFC 6347 §4.2.4.1 suggests a second,
/// and allows less where it matters; a class should not wait a second for one lost packet.
const FIRST_RESEND: Duration = Duration::from_millis(150);
const LAST_RESEND: Duration = Duration::from_secs(2);
/// A peer that repeats itself gets the flight again at most this often.
const RESEND_ON_REPEAT: Duration = Duration::from_millis(50);
/// Records' datagrams a peer may send at once, and how often one more: a handshake takes about
/// eight. Each costs memory or a signature check, and before the end of the handshake none is
/// authenticated.
const DATAGRAM_BURST: u32 = 128;
const DATAGRAM_INTERVAL: Duration = Duration::from_millis(100);

/// The last flight, to be sent again byte for byte until the peer answers it. The peer's replay
/// window drops what it has; the library's own timer is not used, since it stops for good when a
/// part of the answer has come, and a flight lost then would never be repeated.
#[derive(Default)]
pub(super) struct Resend {
    pub flight: Vec<Vec<u8>>,
    wait: Duration,
    sent_at: Option<Instant>,
    pub due: Option<Instant>,
    pub has_answered: bool,
}

impl Resend {
    pub fn replace(&mut self, now: Instant, flight: &[Vec<u8>]) {
        self.has_answered = true;
        // A HelloVerifyRequest is not repeated unasked (RFC 6347 §4.2.1): handshake type 3.
        if flight.iter().any(|datagram| datagram.first() == Some(&22) && datagram.get(13) == Some(&3)) {
            return;
        }
        self.flight = flight.to_vec();
        self.wait = FIRST_RESEND;
        self.sent_at = Some(now);
        self.due = Some(now + self.wait);
    }

    pub fn sent(&mut self, now: Instant) {
        self.wait = (self.wait * 2).min(LAST_RESEND);
        self.sent_at = Some(now);
        self.due = Some(now + self.wait);
    }

    pub fn is_due_on_repeat(&self, now: Instant) -> bool {
        self.due.is_some() && self.sent_at.is_some_and(|at| now.duration_since(at) >= RESEND_ON_REPEAT)
    }

    pub fn stop(&mut self) {
        self.due = None;
        self.flight.clear();
    }
}

/// How many more datagrams a peer may have read.
pub(super) struct Ration {
    left: u32,
    since: Instant,
}

impl Ration {
    pub fn new(now: Instant) -> Self {
        Ration { left: DATAGRAM_BURST, since: now }
    }

    pub fn take(&mut self, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.since).as_millis() / DATAGRAM_INTERVAL.as_millis();
        let earned = u32::try_from(earned).unwrap_or(DATAGRAM_BURST);
        if earned > 0 {
            self.left = self.left.saturating_add(earned).min(DATAGRAM_BURST);
            self.since = now;
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}
