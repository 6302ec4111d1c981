//! How well the time markers of pictures could be read: part of every delay that comes from them.

use serde::{Deserialize, Serialize};

/// Picture numbers are counted modulo this.
const MODULUS: u32 = 1 << 24;

/// Counts what became of the marker of each picture looked at.
///
/// Picture numbers wrap at 2²⁴. A number up to half of that ahead of the last is ahead; else it is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MarkerStatistics {
    /// Markers read.
    pub read: u64,
    /// Markers whose cells could be told apart and whose checksum was wrong.
    pub checksum_errors: u64,
    /// Pictures without a marker that could be read: none there, washed out, too small, or of another run.
    pub unreadable: u64,
    /// Markers read that have the number of the picture before: it was shown twice.
    pub repeats: u64,
    /// Picture numbers that were passed over.
    pub skipped: u64,
    /// How often numbers were passed over.
    pub gaps: u64,
    /// Markers read that are older than the picture before.
    pub backwards: u64,
    last: Option<u32>,
}

impl MarkerStatistics {
    /// The least share of readable markers with which a delay counts.
    pub const MIN_DECODE_RATE: f64 = 0.95;
    /// The same of markers that a camera films, of those that were found in its pictures. Fewer are read of them
    /// however good the line: what is exposed while the screen changes shows two pictures at once and is read as
    /// neither, which spoils no other. Where not even half are read, the rest may be those of pictures that stood
    /// longer, and say too much.
    pub const MIN_FILMED_RATE: f64 = 0.5;

    /// Nothing looked at yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A marker was read: picture number `frame`.
    pub fn on_read(&mut self, frame: u32) {
        self.read += 1;
        let ahead = self.last.map_or(1, |last| frame.wrapping_sub(last) % MODULUS);
        match ahead {
            0 => self.repeats += 1,
            1 => {}
            2..0x80_0000 => {
                self.gaps += 1;
                self.skipped += u64::from(ahead - 1);
            }
            _ => {
                self.backwards += 1;
                return;
            }
        }
        self.last = Some(frame % MODULUS);
    }

    /// A marker's checksum was wrong.
    pub fn on_checksum_error(&mut self) {
        self.checksum_errors += 1;
    }

    /// No marker could be made out.
    pub fn on_unreadable(&mut self) {
        self.unreadable += 1;
    }

    /// Pictures looked at.
    pub fn pictures(&self) -> u64 {
        self.read + self.checksum_errors + self.unreadable
    }

    /// Share of the pictures whose marker was read; none without pictures.
    pub fn decode_rate(&self) -> Option<f64> {
        (self.pictures() > 0).then(|| self.read as f64 / self.pictures() as f64)
    }

    /// Whether delays from these markers may be judged.
    pub fn enough_decoded(&self) -> bool {
        self.decode_rate().is_some_and(|rate| rate >= Self::MIN_DECODE_RATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_gaps_and_steps_back_are_told_apart_across_the_wrap() {
        let mut markers = MarkerStatistics::new();
        for frame in [0xff_fffd, 0xff_fffe, 0xff_fffe, 0, 1, 0, 0xff_fff0, 2, 5] {
            markers.on_read(frame);
        }
        assert_eq!((markers.read, markers.repeats, markers.backwards), (9, 1, 2));
        assert_eq!((markers.gaps, markers.skipped), (2, 3));
    }

    #[test]
    fn below_95_percent_read_is_not_enough_and_nothing_seen_is_not_either() {
        assert!(!MarkerStatistics::new().enough_decoded());
        let mut markers = MarkerStatistics::new();
        (0..95).for_each(|frame| markers.on_read(frame));
        (0..4).for_each(|_| markers.on_checksum_error());
        markers.on_unreadable();
        assert_eq!(markers.decode_rate(), Some(0.95));
        assert!(markers.enough_decoded());
        markers.on_unreadable();
        assert!(!markers.enough_decoded());
    }
}
