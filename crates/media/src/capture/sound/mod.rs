//! Sound sources.

mod device;
mod hiss;
mod layout;
mod speech;
mod wav;

pub(crate) use speech::Speech;

use super::{CaptureError, Identity};
use crate::devices::{Direction, Quiet, listing};
use crate::room::{RoomMicrophone, is_room};
use crate::sound::SoundFrame;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where sound comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SoundSource {
    /// A generated signal shaped like speech, with a beep at every flash of the test scene.
    TestSpeech,
    /// Nothing but the hiss of a microphone: what a test's program is added to.
    Hiss,
    /// A sound device by name; `None` is the system's default. `room:…` is a room in memory (`room.rs`).
    Device(Option<String>),
    /// A WAV file.
    Wav(PathBuf),
}

impl FromStr for SoundSource {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "" => return Err("no sound source; use test, default, a device's name or FILE.wav".into()),
            "test" => Self::TestSpeech,
            "hiss" => Self::Hiss,
            "default" => Self::Device(None),
            _ if text.to_ascii_lowercase().ends_with(".wav") => Self::Wav(text.into()),
            _ => Self::Device(Some(text.strip_prefix("alsa:").unwrap_or(text).to_owned())),
        })
    }
}

impl fmt::Display for SoundSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TestSpeech => f.write_str("test"),
            Self::Hiss => f.write_str("hiss"),
            Self::Device(None) => f.write_str("default"),
            Self::Device(Some(name)) => f.write_str(name),
            Self::Wav(path) => write!(f, "{}", path.display()),
        }
    }
}

/// How to open a sound source.
#[derive(Debug, Clone)]
pub struct SoundOptions {
    /// 1 or 2; what the source has is mixed or doubled to it.
    pub channels: u8,
    /// For the beep.
    pub identity: Identity,
    /// Whether a file begins again at its end; otherwise the source ends there.
    pub once: bool,
}

impl Default for SoundOptions {
    fn default() -> Self {
        Self { channels: 1, identity: Identity::default(), once: false }
    }
}

/// A running source of 20 ms frames. `next` blocks, so it belongs into a thread of its own.
pub trait SampleSource: Send {
    /// The next frame, at its time; `None` at the end of a file. After an error the source is
    /// finished.
    fn next(&mut self) -> Result<Option<SoundFrame>, CaptureError>;

    /// What is captured, one line for people.
    fn describe(&self) -> String;

    /// Samples captured but not taken in time; the oldest are dropped first.
    fn dropped(&self) -> u64 {
        0
    }
}

/// Opens a source. Blocks until it is known to work or not.
pub fn open(source: &SoundSource, options: &SoundOptions) -> Result<Box<dyn SampleSource>, CaptureError> {
    Ok(match source {
        SoundSource::TestSpeech => Box::new(speech::SpeechSource::new(options)),
        SoundSource::Hiss => Box::new(hiss::HissSource::new(options)),
        SoundSource::Device(Some(name)) if is_room(name) => {
            Box::new(RoomMicrophone::open(name, options.channels)?)
        }
        SoundSource::Device(name) => Box::new(device::DeviceSource::open(name.as_deref(), options)?),
        SoundSource::Wav(path) => Box::new(wav::WavSource::open(path, options)?),
    })
}

/// The microphones of this machine, as a clause.
pub fn microphones() -> String {
    let _quiet = Quiet::new();
    listing(Direction::In)
}

/// The loudspeakers of this machine, as a clause.
pub fn loudspeakers() -> String {
    let _quiet = Quiet::new();
    listing(Direction::Out)
}
