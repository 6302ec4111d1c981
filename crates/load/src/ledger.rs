//! What is counted in a load, whatever its link.

use crate::histogram::Histogram;
use crate::record::Record;
use crate::seen::{Generator, JoinTimes, Seen};
use crate::tally::{Tally, Window};

/// What was sent, and what came of it in the window.
#[derive(Default)]
pub(crate) struct Ledger {
    /// By publisher number.
    pub records: Vec<Record>,
    pub window: Window,
    pub tally: Tally,
    /// How late packets were sent in the window.
    pub lateness: Histogram,
    /// Time of the window that the load only waited with its processor, in ns.
    pub idle_ns: u64,
    /// Packets sent since the start.
    pub sent: u64,
}

impl Ledger {
    /// Makes room for a publisher's packets.
    pub(crate) fn admit(&mut self, publisher: u16) {
        let places = usize::from(publisher) + 1;
        self.records.resize_with(self.records.len().max(places), Record::default);
    }

    /// Begins to measure.
    pub(crate) fn open_window(&mut self, now_ns: u64) {
        self.window = Window { from_ns: now_ns, until_ns: u64::MAX };
        self.tally = Tally::default();
        self.lateness = Histogram::default();
        self.idle_ns = 0;
    }

    /// Packets sent from now on do not count.
    pub(crate) fn close_window(&mut self, now_ns: u64) {
        self.window.until_ns = now_ns;
    }

    /// What these sessions saw in the window; `before` are they when it began.
    pub(crate) fn seen_by(&self, sessions: &[Session], before: &[Session]) -> Seen {
        let tally = &self.tally;
        let measured = || sessions.iter().filter(|session| session.subscribes && session.is_measured);
        let expected = |session: &Session| -> u64 {
            let others = sessions.iter().filter(|other| session.hears(other));
            let records = others.filter_map(|other| self.records.get(usize::from(other.publisher?)));
            records.map(|record| record.count(self.window.from_ns, self.window.until_ns)).sum()
        };
        let lost = |session: &Session| expected(session).saturating_sub(session.received + session.uncertain);
        let grown = |count: fn(&PublisherCounts) -> u64| {
            let sum = |of: &[Session]| of.iter().map(|session| count(&session.counts)).sum::<u64>();
            sum(sessions).saturating_sub(sum(before))
        };
        Seen {
            publishers: sessions.iter().filter(|session| session.publisher.is_some()).count(),
            subscribers: measured().count(),
            expected: measured().map(expected).sum(),
            received: tally.received,
            lost: measured().map(lost).sum(),
            duplicates: tally.duplicates,
            mismapped: tally.mismapped,
            renumbered: tally.renumbered,
            unopened: tally.unopened,
            all: tally.all.percentiles(),
            frame_end: tally.frame_end.percentiles(),
            audio: tally.audio.percentiles(),
            keyframe_requests: grown(|counts| counts.keyframe_requests),
            nacked: grown(|counts| counts.nacked),
            generator: Generator {
                late: self.lateness.percentiles(),
                late_share: self.lateness.share_above(1_000_000),
                not_sent: grown(|counts| counts.not_sent),
                ..Generator::default()
            },
            ..Seen::default()
        }
    }
}

/// What a publisher did so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PublisherCounts {
    /// Packets that the kernel did not take.
    pub not_sent: u64,
    /// Keyframes that were asked for.
    pub keyframe_requests: u64,
    /// Packets that were asked for again.
    pub nacked: u64,
}

/// A session as it stands.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Session {
    pub lesson: usize,
    pub participant: usize,
    /// The publisher's number in the load; none: it does not publish.
    pub publisher: Option<u16>,
    pub subscribes: bool,
    /// The local UDP port.
    pub port: u16,
    /// When its offer was about to be sent, in ns on the machine's wall clock, as the moments below.
    pub offered_ns: u64,
    pub connected_ns: Option<u64>,
    pub first_media_ns: Option<u64>,
    /// First packet of its first keyframe.
    pub first_keyframe_ns: Option<u64>,
    pub counts: PublisherCounts,
    pub is_measured: bool,
    pub received: u64,
    pub uncertain: u64,
}

impl Session {
    /// Whether media of `other` comes to it: everybody of its lesson but its own participant.
    fn hears(&self, other: &Session) -> bool {
        other.publisher.is_some() && self.lesson == other.lesson && self.participant != other.participant
    }

    /// Whether it has what it came for: who subscribes a picture, who only publishes its connection.
    pub(crate) fn is_ready(&self) -> bool {
        if self.subscribes { self.first_keyframe_ns.is_some() } else { self.connected_ns.is_some() }
    }

    /// How it began.
    pub(crate) fn join_times(&self) -> JoinTimes {
        let since = |at: Option<u64>| at.map(|ns| ns.saturating_sub(self.offered_ns) as f64 / 1e6);
        JoinTimes {
            connected_ms: since(self.connected_ns),
            media_ms: since(self.first_media_ns),
            keyframe_ms: since(self.first_keyframe_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Sent;
    use crate::schedule::Track;

    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        for publisher in 0..3 {
            ledger.admit(publisher);
        }
        for number in 0..100_u32 {
            let sent = Sent { at_ns: u64::from(number), timestamp: 0, number, flags: 0, marker: false };
            ledger.records.iter_mut().for_each(|record| record.push(Track::Video, sent));
        }
        ledger.open_window(10);
        ledger.close_window(60);
        ledger
    }

    fn session(lesson: usize, participant: usize, publisher: Option<u16>) -> Session {
        Session { lesson, participant, publisher, is_measured: true, ..Session::default() }
    }

    #[test]
    fn expected_is_what_others_of_the_lesson_sent_in_the_window() {
        let publishers = [session(0, 0, Some(0)), session(0, 1, Some(1)), session(1, 0, Some(2))];
        let subscriber = |lesson, participant, received| Session {
            subscribes: true,
            received,
            ..session(lesson, participant, None)
        };
        // Two of a pair, of whom one missed ten; one in the other lesson, ten of whose packets are in
        // doubt; one who came too late.
        let doubtful = Session { uncertain: 10, ..subscriber(1, 1, 40) };
        let late = Session { is_measured: false, ..subscriber(1, 2, 0) };
        let sessions =
            [&publishers[..], &[subscriber(0, 0, 50), subscriber(0, 1, 40), doubtful, late]].concat();
        let seen = ledger().seen_by(&sessions, &publishers);
        assert_eq!((seen.publishers, seen.subscribers), (3, 3));
        assert_eq!((seen.expected, seen.lost), (150, 10));
    }

    #[test]
    fn counts_are_those_since_the_window_began() {
        let counts = |nacked| PublisherCounts { nacked, ..PublisherCounts::default() };
        let with = |nacked| Session { counts: counts(nacked), ..session(0, 0, Some(0)) };
        assert_eq!(ledger().seen_by(&[with(9), with(3)], &[with(2)]).nacked, 10);
    }

    #[test]
    fn ready_is_who_has_what_it_came_for() {
        let mut subscriber = Session { subscribes: true, connected_ns: Some(1), ..Session::default() };
        assert!(!subscriber.is_ready());
        subscriber.first_keyframe_ns = Some(2_000_000);
        assert!(subscriber.is_ready());
        assert_eq!(subscriber.join_times().keyframe_ms, Some(2.0));
        assert!(session(0, 0, Some(0)).connected_ns.is_none());
    }
}
