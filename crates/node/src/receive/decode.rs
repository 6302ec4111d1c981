//! One slot's decoder, in a thread of its own: payloads in, pictures shown and measured.

use super::meter::{Markers, Meter, Passage, Source};
use super::output::PictureOut;
use super::tap::{Tap, Tapped, TappedPicture};
use crate::error::NodeError;
use bytes::Bytes;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::mpsc;
use tongke_media::Picture;
use tongke_media::decode::H264Decoder;
use tongke_media::marker;
use tongke_protocol::WallTime;
use tongke_transport::rtp::h264;

/// Pictures a decoder may be behind; then it is given up until the next keyframe. A late joiner gets
/// all pictures since the last keyframe at once.
const QUEUE: usize = 90;
/// Pictures looked at for a time marker before concluding that this source carries none.
const MARKER_TRIES: u64 = 60;
/// How far marker (whole milliseconds) and stamp may differ, µs.
const MARKER_TOLERANCE_US: u64 = 2_000;

/// A picture to decode.
pub(super) struct Job {
    pub parts: Vec<Bytes>,
    /// The capture moment as stamped by the sender, on its clock.
    pub stamp: Option<WallTime>,
    /// The same moment here, with the bound of the error, µs.
    pub captured: Option<(Instant, u64)>,
    pub arrived: Instant,
    pub released: Instant,
    /// A newer picture is due already: decode it, but showing it is of no use.
    pub superseded: bool,
}

/// Where one source's pictures go.
pub(super) struct Showing {
    pub out: PictureOut,
    /// Who measures them, whose they are, and the name shown with them.
    pub tapped: Option<(Tap, Source, String)>,
}

/// What the thread is told.
enum Message {
    /// The slot has another source; decoding begins anew.
    Source(Meter, Box<Showing>),
    /// Decode and show.
    Job(Job),
    /// The slot is empty.
    Empty,
}

/// What the thread tells back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feedback {
    /// It cannot go on without a keyframe.
    NeedKeyframe { slot: u8 },
    /// A picture was shown, so long after its capture, if that is known.
    Shown { slot: u8, delay_us: Option<i64> },
}

/// A slot's decoder thread. Dropping it ends the thread once its queue is done.
pub(super) struct DecodeWorker {
    messages: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<()>>,
}

impl DecodeWorker {
    pub(super) fn start(slot: u8, feedback: mpsc::Sender<Feedback>) -> Result<DecodeWorker, NodeError> {
        let (messages, queue) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name(format!("decode-{slot}"))
            .spawn(move || Decoding { slot, feedback, decoder: None, out: None }.run(&queue))
            .map_err(|error| NodeError::System { what: "start a thread", reason: error.to_string() })?;
        Ok(DecodeWorker { messages: Some(messages), thread: Some(thread) })
    }

    /// The slot's next pictures come from another source.
    pub(super) fn set_source(&self, meter: Meter, out: Showing) {
        self.tell(Message::Source(meter, Box::new(out)));
    }

    /// The slot is empty now.
    pub(super) fn empty(&self) {
        self.tell(Message::Empty);
    }

    /// Waits if the thread is behind, by a few pictures at most. Sources change seldom.
    fn tell(&self, message: Message) {
        if let Some(messages) = &self.messages {
            let _ = messages.send(message);
        }
    }

    /// Hands a picture over. False: the thread is behind and this picture is lost.
    pub(super) fn decode(&self, job: Job) -> bool {
        let Some(messages) = &self.messages else { return false };
        !matches!(messages.try_send(Message::Job(job)), Err(TrySendError::Full(_)))
    }
}

impl Drop for DecodeWorker {
    fn drop(&mut self) {
        self.messages = None;
        // Files are finished by the thread: a lesson's recording must be whole when the node ends.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Decoding {
    slot: u8,
    feedback: mpsc::Sender<Feedback>,
    decoder: Option<H264Decoder>,
    out: Option<(Meter, Showing)>,
}

impl Decoding {
    fn run(mut self, queue: &Receiver<Message>) {
        while let Ok(message) = queue.recv() {
            match message {
                Message::Job(job) => self.decode(&job),
                Message::Source(meter, out) => {
                    self.end_source();
                    self.out = Some((meter, *out));
                }
                Message::Empty => self.end_source(),
            }
        }
        self.end_source();
    }

    fn end_source(&mut self) {
        self.decoder = None;
        if let Some((_, out)) = self.out.take() {
            out.out.end();
        }
    }

    fn decode(&mut self, job: &Job) {
        let Some((meter, out)) = &mut self.out else { return };
        let picture = match decode(&mut self.decoder, job) {
            Ok(Some(picture)) => picture,
            Ok(None) => return,
            Err(error) => {
                tracing::debug!(slot = self.slot, error, "a picture could not be decoded");
                meter.lock().broken += 1;
                return self.tell(Feedback::NeedKeyframe { slot: self.slot });
            }
        };
        let decoded = Instant::now();
        let size = (picture.width(), picture.height());
        let mut markers = meter.lock().markers;
        read_marker(&picture, job.stamp, &mut markers);
        let shown = !job.superseded;
        let tapped = out.tapped.as_ref().map(|of| (of, picture.clone()));
        if shown {
            out.out.show(picture);
        }
        let rendered = Instant::now();
        if let Some(((tap, source, name), picture)) = tapped {
            let stamped = job.stamp.zip(job.captured).map(|(stamp, (here, bound))| (stamp, here, bound));
            let (source, name) = (source.clone(), name.clone());
            let seen = TappedPicture { source, name, picture, stamped, at: rendered, shown };
            tap.tell(Tapped::Picture(seen));
        }
        if shown {
            meter.moving.on_picture(rendered);
        }
        let delay_us = {
            let mut received = meter.lock();
            received.decoded += 1;
            if received.decoded == 1 {
                tracing::debug!(slot = self.slot, "first picture");
            }
            received.resolution = Some(size);
            received.markers = markers;
            if shown {
                received.freezes.on_frame(rendered);
                let Job { captured, arrived, released, .. } = *job;
                received.on_rendered(Passage { captured, arrived, released, decoded, rendered })
            } else {
                None
            }
        };
        if shown {
            self.tell(Feedback::Shown { slot: self.slot, delay_us });
        }
    }

    /// Dropped when the session is behind: it repeats requests itself, and delays are many.
    fn tell(&self, feedback: Feedback) {
        let _ = self.feedback.try_send(feedback);
    }
}

fn decode(decoder: &mut Option<H264Decoder>, job: &Job) -> Result<Option<Picture>, String> {
    let access_unit = h264::depacketize(&job.parts).map_err(|error| error.to_string())?;
    let decoder = match decoder {
        Some(decoder) => decoder,
        None => decoder.insert(H264Decoder::new().map_err(|error| error.to_string())?),
    };
    let captured = job.captured.map_or(job.arrived, |(captured, _)| captured);
    decoder.decode(&access_unit, captured).map_err(|error| error.to_string())
}

/// Reads the time marker, if the source draws one, and checks it against the packets' stamp.
fn read_marker(picture: &Picture, stamp: Option<WallTime>, markers: &mut Markers) {
    if markers.read == 0 && markers.in_vain >= MARKER_TRIES {
        return;
    }
    match marker::read(picture) {
        Ok(read) => {
            markers.read += 1;
            if let Some(stamp) = stamp {
                let apart_us = read.wall_near(stamp).micros_since(stamp).unsigned_abs();
                markers.contradicting += u64::from(apart_us > MARKER_TOLERANCE_US);
            }
        }
        Err(_) if markers.read == 0 => markers.in_vain += 1,
        Err(_) => markers.unreadable += 1,
    }
}
