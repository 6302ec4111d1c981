//! One school's media as a relay meets it: 720p30 at 2.5 Mbit/s in H.264 fragments with a keyframe of
//! five times the size every 2 s, and 50 packets of sound a second; and when each packet is due.

use crate::stamp::{AUDIO, KEYFRAME_START, LAST_OF_PICTURE};
use std::str::FromStr;

const SECOND_NS: u64 = 1_000_000_000;
/// Pictures a second.
const PICTURES: u64 = 30;
/// A keyframe begins every so many pictures.
const PICTURES_OF_A_GROUP: u64 = 60;
const VIDEO_BITS_PER_S: u64 = 2_500_000;
/// How many times the size of another picture a keyframe has.
const KEYFRAME_SIZE: u64 = 5;
/// Bytes of a picture that is no keyframe: a group of them and one keyframe make up the bit rate.
const PICTURE_LEN: u64 =
    VIDEO_BITS_PER_S / 8 * PICTURES_OF_A_GROUP / PICTURES / (PICTURES_OF_A_GROUP - 1 + KEYFRAME_SIZE);
/// FU indicator and header (RFC 6184 §5.8).
const FRAGMENT_HEADER_LEN: u64 = 2;
/// Longest payload of a picture's packet.
const MAX_PAYLOAD: u64 = 1_160;
/// Senders pace at 2.5 times the bit rate.
const PACE_BITS_PER_S: u64 = VIDEO_BITS_PER_S * 5 / 2;
/// Distance of Chromium's bursts.
const BURST_NS: u64 = 5_000_000;
/// Bytes of a packet of sound.
const SOUND_LEN: u64 = 80;
const SOUND_NS: u64 = 20_000_000;
/// Browsers repeat abs-capture-time about so often.
const PICTURES_PER_CAPTURE_TIME: u64 = 30;
const SOUNDS_PER_CAPTURE_TIME: u64 = 50;
/// The golden ratio's fraction in 2^-64: phases of any number of publishers lie evenly.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
/// Puts seeds far apart.
const SEED_STEP: u64 = 0xD1B5_4A32_D192_ED03;

/// How the packets of a picture leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// One by one, at 2.5 times the bit rate.
    #[default]
    Even,
    /// The same rate in bursts every 5 ms, as Chromium's pacer sends them.
    Bursts,
}

impl FromStr for Pace {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "paced" => Ok(Self::Even),
            "bursts" => Ok(Self::Bursts),
            _ => Err(format!("'{text}' is neither 'paced' nor 'bursts'")),
        }
    }
}

impl Pace {
    /// Its name as a flag.
    pub fn name(self) -> &'static str {
        if self == Pace::Even { "paced" } else { "bursts" }
    }
}

/// Camera or microphone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Track {
    /// The camera.
    Video,
    /// The microphone.
    Audio,
}

/// The packet that is sent next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When, in ns since the publisher began.
    pub at_ns: u64,
    /// Of which track.
    pub track: Track,
    /// Its number in the track.
    pub number: u32,
    /// Media time since the publisher began, in the track's clock.
    pub media_time: u32,
    /// Length of the payload.
    pub len: usize,
    /// As in [`crate::stamp::Stamp::flags`].
    pub flags: u16,
    /// First bytes of the payload of a fragment.
    pub fragment: [u8; 2],
    /// Whether it says when it was captured.
    pub has_capture_time: bool,
}

/// The picture that is being sent.
#[derive(Debug, Clone, Copy)]
struct Picture {
    number: u64,
    is_keyframe: bool,
    begins_ns: u64,
    packets: u64,
    sent: u64,
}

/// When a publisher sends what. The same for the same publisher number and seed.
#[derive(Debug, Clone)]
pub struct Schedule {
    pace: Pace,
    /// First picture and first sound after the publisher began: publishers are not in step.
    picture_phase_ns: u64,
    sound_phase_ns: u64,
    /// Which pictures of a group are keyframes.
    keyframe_phase: u64,
    picture: Picture,
    numbers: [u32; 2],
    sounds: u64,
    keyframe_wanted: bool,
}

impl Schedule {
    /// The schedule of a publisher.
    pub fn new(publisher: u64, seed: u64, pace: Pace) -> Self {
        let spread = (publisher + 1).wrapping_mul(GOLDEN).wrapping_add(seed.wrapping_mul(SEED_STEP));
        let part_of = |whole: u64, of: u64| ((u128::from(of) * u128::from(whole)) >> 64) as u64;
        let mut schedule = Self {
            pace,
            picture_phase_ns: part_of(SECOND_NS / PICTURES, spread),
            sound_phase_ns: part_of(SOUND_NS, spread.wrapping_mul(GOLDEN)),
            keyframe_phase: part_of(PICTURES_OF_A_GROUP, spread.rotate_left(32)),
            picture: Picture { number: 0, is_keyframe: true, begins_ns: 0, packets: 0, sent: 0 },
            numbers: [0; 2],
            sounds: 0,
            keyframe_wanted: false,
        };
        // Nobody can begin without a keyframe.
        schedule.begin(0, 0, true);
        schedule
    }

    /// Makes the next picture that begins a keyframe: a receiver asked for one.
    pub fn want_keyframe(&mut self) {
        if self.picture.sent > 0 {
            self.keyframe_wanted = true;
        } else if !self.picture.is_keyframe {
            self.begin(self.picture.number, self.picture.begins_ns, true);
        }
    }

    /// When the next packet is due, in ns since the publisher began.
    pub fn peek_ns(&self) -> u64 {
        self.picture_ns().min(self.sound_ns())
    }

    /// Takes the next packet.
    pub fn take(&mut self) -> Due {
        if self.picture_ns() <= self.sound_ns() { self.take_picture() } else { self.take_sound() }
    }

    fn sound_ns(&self) -> u64 {
        self.sound_phase_ns + self.sounds * SOUND_NS
    }

    fn picture_ns(&self) -> u64 {
        let Picture { begins_ns, packets, sent, .. } = self.picture;
        let paced = sending_ns(self.len_of_picture()) * sent / packets;
        let within = if self.pace == Pace::Bursts { paced / BURST_NS * BURST_NS } else { paced };
        begins_ns + within
    }

    fn len_of_picture(&self) -> u64 {
        if self.picture.is_keyframe { PICTURE_LEN * KEYFRAME_SIZE } else { PICTURE_LEN }
    }

    fn take_picture(&mut self) -> Due {
        let (at_ns, len) = (self.picture_ns(), self.len_of_picture());
        let Picture { number, is_keyframe, packets, sent, .. } = self.picture;
        let (is_first, is_last) = (sent == 0, sent + 1 == packets);
        // Equal parts; as libwebrtc cuts them, the last ones take what is left, a byte each.
        let larger = u64::from(sent >= packets - len % packets);
        let fragment = u8::from(is_first) << 7 | u8::from(is_last) << 6 | if is_keyframe { 5 } else { 1 };
        let keyframe = if is_first && is_keyframe { KEYFRAME_START } else { 0 };
        let due = Due {
            at_ns,
            track: Track::Video,
            number: self.next_number(Track::Video),
            media_time: (number * 90_000 / PICTURES) as u32,
            len: (len / packets + larger + FRAGMENT_HEADER_LEN) as usize,
            flags: keyframe | if is_last { LAST_OF_PICTURE } else { 0 },
            fragment: [0x7C, fragment],
            has_capture_time: number.is_multiple_of(PICTURES_PER_CAPTURE_TIME),
        };
        self.picture.sent += 1;
        if is_last {
            let number = number + 1;
            let is_keyframe = (number + self.keyframe_phase).is_multiple_of(PICTURES_OF_A_GROUP);
            let free_ns = self.picture.begins_ns + sending_ns(len);
            let is_wanted = std::mem::take(&mut self.keyframe_wanted);
            self.begin(number, free_ns, is_keyframe || is_wanted);
        }
        due
    }

    /// Goes on to a picture, which begins when it is captured and the one before is out.
    fn begin(&mut self, number: u64, free_ns: u64, is_keyframe: bool) {
        let captured_ns = self.picture_phase_ns + number * SECOND_NS / PICTURES;
        let begins_ns = captured_ns.max(free_ns);
        self.picture = Picture { number, is_keyframe, begins_ns, packets: 1, sent: 0 };
        self.picture.packets = self.len_of_picture().div_ceil(MAX_PAYLOAD - FRAGMENT_HEADER_LEN);
    }

    fn take_sound(&mut self) -> Due {
        let due = Due {
            at_ns: self.sound_ns(),
            track: Track::Audio,
            number: self.next_number(Track::Audio),
            media_time: (self.sounds * 960) as u32,
            len: SOUND_LEN as usize,
            flags: AUDIO,
            // Opus: 20 ms, wide, mono, one frame (RFC 6716 §3.1).
            fragment: [0x78, 0],
            has_capture_time: self.sounds.is_multiple_of(SOUNDS_PER_CAPTURE_TIME),
        };
        self.sounds += 1;
        due
    }

    fn next_number(&mut self, track: Track) -> u32 {
        let number = &mut self.numbers[track as usize];
        *number += 1;
        *number - 1
    }
}

/// How long a paced sender needs for so many bytes.
fn sending_ns(len: u64) -> u64 {
    len * 8 * SECOND_NS / PACE_BITS_PER_S
}

#[cfg(test)]
mod tests;
