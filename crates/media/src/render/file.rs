//! Files: Y4M for pictures, WAV for sound. A file that cannot be written any more, usually because the
//! disk is full, is told once and given up; the lesson goes on.

use super::RenderError;
use crate::picture::Picture;
use crate::sound::SAMPLE_RATE;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// Pictures that wait for a slow disk; beyond them the newest is lost.
const WAITING_PICTURES: usize = 16;
/// Sound frames that wait for a slow disk: 2 s.
const WAITING_FRAMES: usize = 100;

/// What the writing thread does with each item.
trait Sink: Send + 'static {
    type Item: Send;
    fn write(&mut self, item: Self::Item) -> io::Result<()>;
    fn finish(self) -> io::Result<()>;
}

/// A thread that writes, behind a bounded queue, so that a slow disk never holds up the lesson.
#[derive(Debug)]
struct Recorder<T> {
    path: PathBuf,
    queue: Option<SyncSender<T>>,
    writer: Option<JoinHandle<io::Result<()>>>,
    lost: Arc<AtomicU64>,
}

impl<T: Send + 'static> Recorder<T> {
    fn start<S: Sink<Item = T>>(path: &Path, waiting: usize, sink: S) -> Result<Self, RenderError> {
        let (queue, items) = sync_channel(waiting);
        let writer = thread::Builder::new()
            .name("recording".into())
            .spawn(move || run(sink, &items))
            .map_err(|error| failed(path, &error))?;
        Ok(Self { path: path.to_owned(), queue: Some(queue), writer: Some(writer), lost: Arc::default() })
    }

    fn write(&mut self, item: T) -> Result<(), RenderError> {
        let sent = self.queue.as_ref().map(|queue| queue.try_send(item));
        if matches!(sent, Some(Ok(()))) {
            return Ok(());
        }
        self.lost.fetch_add(1, Ordering::Relaxed);
        match sent {
            Some(Err(TrySendError::Disconnected(_))) => self.close(),
            _ => Ok(()),
        }
    }

    /// Ends the file; an error of the writing thread is told here if it was not before.
    fn close(&mut self) -> Result<(), RenderError> {
        self.queue = None;
        match self.writer.take().map(JoinHandle::join) {
            Some(Ok(Err(error))) => Err(failed(&self.path, &error)),
            Some(Err(_)) => Err(failed(&self.path, &io::Error::other("the writing thread ended"))),
            Some(Ok(Ok(()))) | None => Ok(()),
        }
    }
}

impl<T> Drop for Recorder<T> {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take()
            && let Ok(Err(error)) = writer.join()
        {
            tracing::warn!("{}", failed(&self.path, &error));
        }
    }
}

fn run<S: Sink>(mut sink: S, items: &Receiver<S::Item>) -> io::Result<()> {
    while let Ok(item) = items.recv() {
        sink.write(item)?;
    }
    sink.finish()
}

fn failed(path: &Path, error: &io::Error) -> RenderError {
    let reason = match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => error.to_string(),
    };
    RenderError::File { path: path.display().to_string(), reason }
}

fn create(path: &Path) -> Result<File, RenderError> {
    File::create(path).map_err(|error| failed(path, &error))
}

/// A Y4M file at a steady rate: a picture is repeated until the next one's time, so that the file
/// plays as the lesson was seen.
#[derive(Debug)]
pub struct Y4mWriter {
    recorder: Recorder<(Picture, u32)>,
    fps: u32,
    first: Option<Instant>,
    written: u64,
    last: Option<Picture>,
}

impl Y4mWriter {
    /// Creates the file. Its size is that of the first picture; later ones are scaled to it.
    pub fn create(path: &Path, fps: u32) -> Result<Self, RenderError> {
        let sink = Y4mSink { file: BufWriter::with_capacity(1 << 20, create(path)?), fps, size: None };
        let recorder = Recorder::start(path, WAITING_PICTURES, sink)?;
        Ok(Self { recorder, fps, first: None, written: 0, last: None })
    }

    /// Writes a picture shown at `at`. An error is told once.
    pub fn write(&mut self, picture: &Picture, at: Instant) -> Result<(), RenderError> {
        let first = *self.first.get_or_insert(at);
        let due = (at.saturating_duration_since(first).as_secs_f64() * f64::from(self.fps)).round() as u64;
        let Some(missing) = due.checked_sub(self.written) else {
            // Earlier than the rate allows: it takes the place of the one not yet written.
            self.last = Some(picture.clone());
            return Ok(());
        };
        self.written = due + 1;
        let repeated = self.last.replace(picture.clone());
        if missing > 0
            && let Some(repeated) = repeated
        {
            self.recorder.write((repeated, missing.min(u64::from(u32::MAX)) as u32))?;
        }
        self.recorder.write((picture.clone(), 1))
    }

    /// Pictures not written: the disk was too slow, full or gone.
    pub fn lost(&self) -> u64 {
        self.recorder.lost.load(Ordering::Relaxed)
    }

    /// Ends the file and tells whether everything is on the disk.
    pub fn finish(mut self) -> Result<(), RenderError> {
        self.recorder.close()
    }
}

struct Y4mSink {
    file: BufWriter<File>,
    fps: u32,
    size: Option<(u32, u32)>,
}

impl Sink for Y4mSink {
    type Item = (Picture, u32);

    fn write(&mut self, (picture, times): (Picture, u32)) -> io::Result<()> {
        let (width, height) = match self.size {
            Some(size) => size,
            None => {
                let (w, h) = (picture.width(), picture.height());
                writeln!(self.file, "YUV4MPEG2 W{w} H{h} F{}:1 Ip A1:1 C420mpeg2", self.fps)?;
                *self.size.insert((w, h))
            }
        };
        let picture = picture.scaled(width, height);
        for _ in 0..times {
            self.file.write_all(b"FRAME\n")?;
            self.file.write_all(picture.data())?;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A WAV file, 48 kHz, 16 bit.
#[derive(Debug)]
pub struct WavWriter {
    recorder: Recorder<Vec<i16>>,
}

impl WavWriter {
    /// Creates the file.
    pub fn create(path: &Path, channels: u8) -> Result<Self, RenderError> {
        let spec = hound::WavSpec {
            channels: channels.into(),
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let writer = hound::WavWriter::new(BufWriter::new(create(path)?), spec)
            .map_err(|error| failed(path, &plain(error)))?;
        let sink = WavSink { writer, unsaved: 0 };
        Ok(Self { recorder: Recorder::start(path, WAITING_FRAMES, sink)? })
    }

    /// Writes interleaved samples. An error is told once.
    pub fn write(&mut self, samples: &[i16]) -> Result<(), RenderError> {
        self.recorder.write(samples.to_vec())
    }

    /// Frames not written: the disk was too slow, full or gone.
    pub fn lost(&self) -> u64 {
        self.recorder.lost.load(Ordering::Relaxed)
    }

    /// Ends the file and tells whether everything is on the disk.
    pub fn finish(mut self) -> Result<(), RenderError> {
        self.recorder.close()
    }
}

struct WavSink {
    writer: hound::WavWriter<BufWriter<File>>,
    unsaved: usize,
}

impl Sink for WavSink {
    type Item = Vec<i16>;

    fn write(&mut self, samples: Vec<i16>) -> io::Result<()> {
        for sample in &samples {
            self.writer.write_sample(*sample).map_err(plain)?;
        }
        self.unsaved += samples.len();
        // The header tells the length: renewed every second, a node that is killed leaves a whole file.
        if self.unsaved >= SAMPLE_RATE as usize {
            self.unsaved = 0;
            self.writer.flush().map_err(plain)?;
        }
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        self.writer.finalize().map_err(plain)
    }
}

fn plain(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn place(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("tongke-{}-{name}", std::process::id()))
    }

    #[test]
    fn pictures_are_repeated_or_left_out_to_keep_the_rate() {
        let path = place("rate.y4m");
        let mut writer = Y4mWriter::create(&path, 10).unwrap();
        let start = Instant::now();
        for (ms, luma) in [(0, 1), (100, 2), (110, 3), (400, 4)] {
            let picture = Picture::filled(16, 16, [luma, 128, 128], start);
            writer.write(&picture, start + Duration::from_millis(ms)).unwrap();
        }
        writer.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        let header = bytes.iter().position(|&b| b == b'\n').unwrap() + 1;
        assert!(bytes.starts_with(b"YUV4MPEG2 W16 H16 F10:1"));
        let lumas: Vec<u8> = bytes[header..].chunks(6 + Picture::size(16, 16)).map(|f| f[6]).collect();
        assert_eq!(lumas, [1, 2, 3, 3, 4]);
    }

    #[test]
    fn a_full_disk_is_told_once_and_the_rest_is_counted() {
        let full = Path::new("/dev/full");
        let mut writer = Y4mWriter::create(full, 30).unwrap();
        let start = Instant::now();
        let picture = Picture::filled(1280, 720, [16, 128, 128], start);
        let mut errors = Vec::new();
        let mut at = start;
        while errors.is_empty() && start.elapsed() < Duration::from_secs(10) {
            at += Duration::from_millis(33);
            errors.extend(writer.write(&picture, at).err());
        }
        for n in 1..10 {
            errors.extend(writer.write(&picture, at + Duration::from_millis(33 * n)).err());
        }
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["cannot write '/dev/full': the disk is full; the lesson goes on without this recording"]
        );
        assert!(writer.lost() >= 9);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told_at_once() {
        let message = WavWriter::create(Path::new("/no/such/a.wav"), 1).err().unwrap().to_string();
        assert!(message.starts_with("cannot write '/no/such/a.wav': "), "{message}");
    }
}
