//! A model of speech and of an Opus encoder with in-band FEC.

use crate::random::Random;
use bytes::Bytes;

/// Samples of a frame, 48 kHz: 20 ms.
pub const FRAME_SAMPLES: u32 = 960;

/// Somebody who speaks in phrases of one to three seconds with pauses between.
#[derive(Debug)]
pub struct Speaker {
    random: Random,
    number: u64,
    speaking: bool,
    frames_left: u64,
}

/// One encoded 20 ms frame.
#[derive(Debug, Clone)]
pub struct SoundFrame {
    /// Opus: hybrid mode, fullband, mono, 20 ms.
    pub payload: Bytes,
    /// RFC 6464, without the voice activity bit.
    pub level_dbov: u8,
}

impl Speaker {
    /// Begins with a phrase.
    pub fn new(random: Random) -> Self {
        Self { random, number: 0, speaking: false, frames_left: 0 }
    }

    /// The next 20 ms.
    pub fn next_frame(&mut self) -> SoundFrame {
        if self.frames_left == 0 {
            self.speaking = !self.speaking;
            let seconds =
                if self.speaking { self.random.between(1.0, 3.0) } else { self.random.between(0.3, 0.9) };
            self.frames_left = (seconds * 50.0) as u64;
        }
        self.frames_left -= 1;
        let (size, level_dbov) = match self.speaking {
            true => (self.random.between(60.0, 100.0), self.random.between(18.0, 32.0)),
            false => (self.random.between(15.0, 25.0), self.random.between(58.0, 70.0)),
        };
        // Voice flag, LBRR flag (RFC 6716 §4.2.3): speech carries a copy of what came before.
        let flags = if self.speaking { 0xc0 } else { 0x00 };
        let mut payload = vec![15 << 3, flags];
        payload.extend(self.number.to_be_bytes());
        payload.resize(size as usize, 0x55);
        self.number += 1;
        SoundFrame { payload: payload.into(), level_dbov: level_dbov as u8 }
    }

    /// Frames so far.
    pub fn frames(&self) -> u64 {
        self.number
    }
}

/// What a frame tells about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Its number at the speaker.
    pub number: u64,
    /// Whether somebody was speaking.
    pub speech: bool,
}

/// Reads a frame of a [`Speaker`].
pub fn hear(payload: &[u8]) -> Option<Heard> {
    let number = u64::from_be_bytes(*payload.get(2..)?.first_chunk()?);
    Some(Heard { number, speech: payload[1] & 0x80 != 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_transport::rtp::opus::duration_samples;

    #[test]
    fn speech_has_phrases_and_pauses_and_frames_of_twenty_milliseconds() {
        let mut speaker = Speaker::new(Random::new(3, 3));
        let frames: Vec<_> = (0..3000).map(|_| speaker.next_frame()).collect();
        let speech = frames.iter().filter(|frame| hear(&frame.payload).unwrap().speech).count();
        assert!((2000..2600).contains(&speech), "{speech}");
        for (number, frame) in frames.iter().enumerate() {
            let heard = hear(&frame.payload).unwrap();
            assert_eq!(
                (heard.number, duration_samples(&frame.payload)),
                (number as u64, Some(FRAME_SAMPLES))
            );
            assert_eq!(tongke_playout::audio::has_in_band_fec(&frame.payload), heard.speech);
            assert_eq!(frame.level_dbov < 50, heard.speech);
        }
    }
}
