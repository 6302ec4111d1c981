//! The sender's half of loss repair: packets kept for a while, to be sent again when asked for.

use bytes::Bytes;
use std::time::{Duration, Instant};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryConfig {
    /// Most packets kept; the oldest go first. Rounded up to a power of two, at most 65,536.
    pub packets: usize,
    /// Age after which a packet is of no use to anybody.
    pub max_age: Duration,
    /// The same packet is not sent again sooner: two requests for it crossed an answer.
    pub min_interval: Duration,
}

impl Default for HistoryConfig {
    fn default() -> HistoryConfig {
        HistoryConfig {
            packets: 1024,
            max_age: Duration::from_millis(1500),
            min_interval: Duration::from_millis(10),
        }
    }
}

#[derive(Debug, Clone)]
struct Kept {
    sequence: u16,
    sent: Instant,
    again: Option<Instant>,
    packet: Bytes,
}

/// The last packets of one stream. Bounded: a ring by sequence number.
#[derive(Debug)]
pub struct SendHistory {
    config: HistoryConfig,
    ring: Vec<Option<Kept>>,
}

impl SendHistory {
    /// An empty history.
    pub fn new(config: HistoryConfig) -> SendHistory {
        let size = config.packets.clamp(1, 1 << 16).next_power_of_two();
        SendHistory { config, ring: vec![None; size] }
    }

    /// Keeps a packet that is being sent, by reference count.
    pub fn push(&mut self, now: Instant, sequence: u16, packet: Bytes) {
        let place = self.place(sequence);
        self.ring[place] = Some(Kept { sequence, sent: now, again: None, packet });
    }

    /// The packet to send again; none when it is gone, too old, or was sent again just now.
    pub fn answer(&mut self, now: Instant, sequence: u16) -> Option<Bytes> {
        let (max_age, min_interval) = (self.config.max_age, self.config.min_interval);
        let place = self.place(sequence);
        let kept = self.ring[place].as_mut().filter(|kept| kept.sequence == sequence)?;
        let elapsed = |since: Instant| now.saturating_duration_since(since);
        if elapsed(kept.sent) > max_age || kept.again.is_some_and(|again| elapsed(again) < min_interval) {
            return None;
        }
        kept.again = Some(now);
        Some(kept.packet.clone())
    }

    fn place(&self, sequence: u16) -> usize {
        usize::from(sequence) & (self.ring.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_kept_packet_is_given_again_but_not_twice_at_once() {
        let mut history = SendHistory::new(HistoryConfig::default());
        let t = Instant::now();
        history.push(t, 65_535, Bytes::from_static(b"a"));
        assert_eq!(history.answer(t + MS, 65_535).unwrap(), "a");
        assert_eq!(history.answer(t + 5 * MS, 65_535), None);
        assert_eq!(history.answer(t + 11 * MS, 65_535).unwrap(), "a");
        assert_eq!(history.answer(t + 2000 * MS, 65_535), None, "too old");
        assert_eq!(history.answer(t, 1), None, "never sent");
    }

    #[test]
    fn the_oldest_packets_make_room() {
        let mut history = SendHistory::new(HistoryConfig { packets: 4, ..Default::default() });
        let t = Instant::now();
        (0..6).for_each(|sequence| history.push(t, sequence, Bytes::from(vec![sequence as u8])));
        assert_eq!(history.answer(t, 1), None);
        assert_eq!(history.answer(t, 2).unwrap(), [2][..]);
        assert_eq!(history.answer(t, 5).unwrap(), [5][..]);
    }
}
