//! When to ask a publisher for a keyframe: many receivers ask, one request goes up.

use std::time::{Duration, Instant};

/// Shortest time between two requests.
const MIN_INTERVAL: Duration = Duration::from_millis(200);
/// Longest wait before an unanswered request is repeated; the wait doubles up to here.
const MAX_REPEAT: Duration = Duration::from_secs(2);
/// First wait before an unanswered request is repeated.
const FIRST_REPEAT: Duration = Duration::from_millis(400);

/// The requests for one track.
#[derive(Debug)]
pub(crate) struct KeyframeRequests {
    sent: Option<Instant>,
    /// When the next request is due; none: nobody waits for a keyframe.
    due: Option<Instant>,
    repeat_after: Duration,
}

impl Default for KeyframeRequests {
    fn default() -> Self {
        Self { sent: None, due: None, repeat_after: FIRST_REPEAT }
    }
}

impl KeyframeRequests {
    /// Somebody needs a keyframe.
    pub fn want(&mut self, now: Instant) {
        let earliest = self.sent.map_or(now, |sent| now.max(sent + MIN_INTERVAL));
        self.due = Some(self.due.map_or(earliest, |due| due.min(earliest)));
    }

    /// A keyframe came.
    pub fn on_keyframe(&mut self) {
        self.due = None;
        self.repeat_after = FIRST_REPEAT;
    }

    /// Whether to send a request now; it will be due again if it stays without an answer.
    pub fn poll(&mut self, now: Instant) -> bool {
        if self.due.is_none_or(|due| due > now) {
            return false;
        }
        self.sent = Some(now);
        self.due = Some(now + self.repeat_after);
        self.repeat_after = (self.repeat_after * 2).min(MAX_REPEAT);
        true
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_storm_of_wishes_is_one_request() {
        let (mut requests, t) = (KeyframeRequests::default(), Instant::now());
        let mut sent = 0;
        for _ in 0..100 {
            requests.want(t);
            sent += u32::from(requests.poll(t));
        }
        assert_eq!(sent, 1);
    }

    #[test]
    fn a_wish_soon_after_a_request_waits_for_the_interval_unless_a_keyframe_comes() {
        let (mut requests, t) = (KeyframeRequests::default(), Instant::now());
        requests.want(t);
        assert!(requests.poll(t));
        requests.on_keyframe();
        assert_eq!(requests.poll_timeout(), None);
        requests.want(t + 50 * MS);
        assert_eq!(requests.poll_timeout(), Some(t + MIN_INTERVAL));
        assert!(!requests.poll(t + 199 * MS) && requests.poll(t + 200 * MS));
    }

    #[test]
    fn a_request_without_an_answer_is_repeated_ever_more_rarely() {
        let (mut requests, t) = (KeyframeRequests::default(), Instant::now());
        requests.want(t);
        let mut at = Vec::new();
        while let Some(due) = requests.poll_timeout().filter(|due| *due < t + 10_000 * MS) {
            assert!(requests.poll(due));
            at.push((due - t).as_millis());
        }
        assert_eq!(at, [0, 400, 1200, 2800, 4800, 6800, 8800]);
    }
}
