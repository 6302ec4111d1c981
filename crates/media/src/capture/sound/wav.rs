//! WAV files.

use super::layout::{Framer, mix};
use super::{SampleSource, SoundOptions};
use crate::capture::CaptureError;
use crate::capture::pace::Pace;
use crate::sound::{FRAME_DURATION, FRAME_SAMPLES, SoundFrame};
use hound::{SampleFormat, WavReader, WavSpec};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

const SUPPORTED: &str = "WAV with PCM of 8, 16, 24 or 32 bit or 32-bit float, any rate from 4 to 384 kHz";

/// A WAV file played in real time.
pub(super) struct WavSource {
    name: String,
    reader: WavReader<BufReader<File>>,
    spec: WavSpec,
    framer: Framer,
    channels: u8,
    once: bool,
    ended: bool,
    pace: Pace,
}

impl WavSource {
    pub(super) fn open(path: &Path, options: &SoundOptions) -> Result<Self, CaptureError> {
        let name = path.display().to_string();
        let file = crate::capture::open_file(path)?;
        let reader = WavReader::new(BufReader::new(file)).map_err(|error| CaptureError::Unsupported {
            name: name.clone(),
            found: format!("no readable WAV data ({error})"),
            supported: SUPPORTED,
        })?;
        let spec = reader.spec();
        let channels = options.channels.clamp(1, 2);
        let sensible =
            (4_000..=384_000).contains(&spec.sample_rate) && spec.channels > 0 && reader.duration() > 0;
        let framer = sensible.then(|| Framer::new(spec.sample_rate, channels.into())).flatten();
        let framer = framer.ok_or_else(|| CaptureError::Unsupported {
            name: name.clone(),
            found: format!(
                "{} samples of {} channels at {} Hz",
                reader.duration(),
                spec.channels,
                spec.sample_rate
            ),
            supported: SUPPORTED,
        })?;
        let pace = Pace::new(50, Duration::from_millis(200));
        Ok(Self { name, reader, spec, framer, channels, once: options.once, ended: false, pace })
    }

    /// Reads on until a whole frame is ready or the file ends.
    fn fill(&mut self) -> Result<(), CaptureError> {
        let wanted = self.spec.sample_rate as usize / 50 * usize::from(self.spec.channels);
        let mut mixed = Vec::new();
        while self.framer.ready() < FRAME_SAMPLES && !self.ended {
            let raw = read(&mut self.reader, self.spec, wanted).map_err(|error| CaptureError::Broken {
                name: self.name.clone(),
                reason: error.to_string(),
            })?;
            mixed.clear();
            mix(&raw, self.spec.channels.into(), self.channels.into(), &mut mixed);
            self.framer.push(&mixed);
            if raw.len() < wanted {
                self.end()?;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), CaptureError> {
        if self.once {
            self.framer.finish();
            self.ended = true;
            return Ok(());
        }
        self.reader
            .seek(0)
            .map_err(|error| CaptureError::Broken { name: self.name.clone(), reason: error.to_string() })
    }
}

/// Up to `wanted` samples as -1 to 1.
fn read(
    reader: &mut WavReader<BufReader<File>>,
    spec: WavSpec,
    wanted: usize,
) -> Result<Vec<f32>, hound::Error> {
    match spec.sample_format {
        SampleFormat::Float => reader.samples::<f32>().take(wanted).collect(),
        SampleFormat::Int => {
            let scale = 1.0 / (1u64 << (spec.bits_per_sample - 1)) as f32;
            reader.samples::<i32>().take(wanted).map(|s| s.map(|s| s as f32 * scale)).collect()
        }
    }
}

impl SampleSource for WavSource {
    fn next(&mut self) -> Result<Option<SoundFrame>, CaptureError> {
        self.fill()?;
        let Some(samples) = self.framer.frame() else { return Ok(None) };
        let captured = self.pace.wait() - FRAME_DURATION;
        Ok(Some(SoundFrame { samples, channels: self.channels, captured }))
    }

    fn describe(&self) -> String {
        let WavSpec { channels, sample_rate, bits_per_sample, .. } = self.spec;
        format!("{}: {channels} channels, {sample_rate} Hz, {bits_per_sample} bit", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::WavWriter;

    fn options() -> SoundOptions {
        SoundOptions { once: true, ..Default::default() }
    }

    #[test]
    fn a_written_file_is_played_back_to_its_end() {
        let path = std::env::temp_dir().join(format!("tongke-wav-{}.wav", std::process::id()));
        let mut writer = WavWriter::create(&path, 2).unwrap();
        for _ in 0..5 {
            writer.write(&[1000; 1920]).unwrap();
        }
        drop(writer);
        let mut source = WavSource::open(&path, &options()).unwrap();
        let mut frames = 0;
        while let Some(frame) = source.next().unwrap() {
            assert!(frame.samples.iter().all(|&s| s == 1000) && frame.samples.len() == 960);
            frames += 1;
        }
        assert_eq!(frames, 5);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_that_is_no_wav_says_what_would_do() {
        let path = std::env::temp_dir().join(format!("tongke-nowav-{}.wav", std::process::id()));
        std::fs::write(&path, b"ID3 this is something else entirely").unwrap();
        let error = WavSource::open(&path, &options()).err().unwrap().to_string();
        assert!(error.contains("supported: WAV with PCM"), "{error}");
        std::fs::remove_file(path).unwrap();
        let error = WavSource::open(Path::new("/nowhere/a.wav"), &options()).err().unwrap().to_string();
        assert!(error.contains("'/nowhere/a.wav' was not found"), "{error}");
    }
}
