//! A picture's way from its source to the link: capture thread, one-picture mailbox, encoder thread,
//! packets. H.264 that comes encoded goes from the capture thread to the link as it is.

use super::mailbox::Mailbox;
use super::meter::SentMeter;
use super::outlet::{Handed, Outlet};
use super::stamp::Stamper;
use crate::error::NodeError;
use crate::receive::{Tap, Tapped};
use crate::record::Pictures;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tongke_media::capture::CaptureError;
use tongke_media::capture::video::{self, Captured, PictureSource, VideoOptions, VideoSource};
use tongke_media::encode::{Content, H264Encoder};
use tongke_media::{EncodedPicture, Picture};
use tongke_protocol::TrackKind;
use tongke_transport::rtp::h264::Packetizer;
use tongke_transport::rtp::{RtpHeader, RtpPacket};

/// Payload of a packet, in bytes. With header, extensions and flow it fits the 1162 bytes that a QUIC
/// datagram holds where the path, or a network that loses many packets, leaves only the least packet
/// size of 1200: a stream for each packet would cost far more than the smaller packets do.
const MAX_PAYLOAD: usize = 1120;
/// Keyframes come no closer than this, however many ask.
const KEYFRAME_INTERVAL: Duration = Duration::from_millis(300);
/// Wait before a source that broke is opened again; doubles up to the greatest.
const REOPEN_FIRST: Duration = Duration::from_millis(500);
const REOPEN_LONGEST: Duration = Duration::from_secs(8);

/// What the session changes while the pipeline runs, without locks.
#[derive(Debug)]
struct Controls {
    keyframe: AtomicBool,
    bitrate_bps: AtomicU32,
    stop: AtomicBool,
}

/// A running picture pipeline. Dropping it stops the threads at their next picture.
#[derive(Debug)]
pub(crate) struct VideoPipeline {
    pub track: TrackKind,
    pub meter: SentMeter,
    controls: Arc<Controls>,
    pictures: Arc<Mailbox<Picture>>,
}

/// What a pipeline is made of.
pub(crate) struct VideoPlan {
    pub track: TrackKind,
    pub source: VideoSource,
    pub options: VideoOptions,
    pub bitrate_bps: u32,
    pub stamper: Stamper,
    pub outlet: Outlet,
    pub moving: Pictures,
    /// Who is shown the source's pictures before they are encoded.
    pub tap: Option<Tap>,
}

impl VideoPipeline {
    /// Opens the source and starts the threads. The source's failure to open is the error.
    pub(crate) async fn start(plan: VideoPlan) -> Result<VideoPipeline, NodeError> {
        let track = plan.track;
        let controls = Arc::new(Controls {
            keyframe: AtomicBool::new(true),
            bitrate_bps: AtomicU32::new(plan.bitrate_bps),
            stop: AtomicBool::new(false),
        });
        let (meter, pictures) = (SentMeter::default(), Arc::new(Mailbox::new()));
        let out = Out {
            track,
            outlet: plan.outlet,
            stamper: plan.stamper,
            packetizer: Packetizer::new(MAX_PAYLOAD),
            meter: meter.clone(),
            controls: controls.clone(),
            payloads: Vec::new(),
            moving: plan.moving,
        };
        let encoder = Encoder {
            out: out.clone(),
            options: plan.options.clone(),
            content: if track == TrackKind::Screen { Content::Screen } else { Content::Camera },
        };
        let (opened_tx, opened) = oneshot::channel();
        let capture = Capture {
            source: plan.source,
            options: plan.options,
            pictures: pictures.clone(),
            out,
            tap: plan.tap,
        };
        super::spawn(format!("{track}-capture"), move || capture.run(opened_tx))?;
        let pipeline = VideoPipeline { track, meter, controls, pictures: pictures.clone() };
        super::spawn(format!("{track}-encode"), move || encoder.run(&pictures))?;
        match opened.await {
            Ok(Ok(())) => Ok(pipeline),
            Ok(Err(source)) => Err(NodeError::Capture { track: super::name_of(track), source }),
            Err(_) => {
                Err(NodeError::System { what: "open the picture source", reason: "its thread ended".into() })
            }
        }
    }

    /// Somebody needs a keyframe.
    pub(crate) fn request_keyframe(&self) {
        self.controls.keyframe.store(true, Ordering::Relaxed);
    }

    /// Changes the encoder's target.
    pub(crate) fn set_bitrate(&self, bps: u32) {
        self.controls.bitrate_bps.store(bps, Ordering::Relaxed);
    }
}

impl Drop for VideoPipeline {
    fn drop(&mut self) {
        self.controls.stop.store(true, Ordering::Relaxed);
        self.pictures.close();
    }
}

/// The end of both threads' way: packets into the link.
#[derive(Clone)]
struct Out {
    track: TrackKind,
    outlet: Outlet,
    stamper: Stamper,
    packetizer: Packetizer,
    meter: SentMeter,
    controls: Arc<Controls>,
    payloads: Vec<Bytes>,
    /// For how long pictures were sent, all tracks together.
    moving: Pictures,
}

impl Out {
    fn send(&mut self, picture: &EncodedPicture) {
        self.payloads.clear();
        self.packetizer.packetize(&picture.data, &mut self.payloads);
        let extensions = self.stamper.extensions(picture.captured);
        let timestamp = self.stamper.timestamp(picture.captured);
        let last = self.payloads.len().saturating_sub(1);
        let packets: Vec<RtpPacket> = self
            .payloads
            .drain(..)
            .enumerate()
            .map(|(index, payload)| RtpPacket {
                header: RtpHeader { marker: index == last, timestamp, ..RtpHeader::default() },
                extensions,
                payload,
            })
            .collect();
        let (count, bytes) = (packets.len() as u64, picture.data.len() as u64);
        match self.outlet.send(self.track, packets) {
            Handed::Over => {
                self.meter.on_sent(count, bytes, picture.captured, picture.encoded);
                self.moving.on_picture(Instant::now());
            }
            Handed::Closed => {}
            Handed::Full => {
                // Later pictures build on this one: only a keyframe mends that.
                self.controls.keyframe.store(true, Ordering::Relaxed);
                self.meter.lock().refused += 1;
            }
        }
    }
}

struct Capture {
    source: VideoSource,
    options: VideoOptions,
    pictures: Arc<Mailbox<Picture>>,
    out: Out,
    tap: Option<Tap>,
}

impl Capture {
    fn run(mut self, opened: oneshot::Sender<Result<(), CaptureError>>) {
        let mut source = match video::open(&self.source, &self.options) {
            Ok(source) => {
                self.out.meter.lock().source = source.describe();
                let _ = opened.send(Ok(()));
                source
            }
            Err(error) => {
                let _ = opened.send(Err(error));
                return self.pictures.close();
            }
        };
        let mut reopen = REOPEN_FIRST;
        while !self.stopped() {
            match self.take_all(source.as_mut()) {
                Ok(()) => break,
                Err(error) => {
                    tracing::warn!(track = %self.out.track, %error, "the picture source failed");
                    if !error.may_pass() {
                        break;
                    }
                }
            }
            drop(source);
            source = loop {
                if self.stopped() {
                    return self.pictures.close();
                }
                // The only owner of this retry: sources do not open themselves again.
                std::thread::sleep(reopen);
                reopen = (reopen * 2).min(REOPEN_LONGEST);
                match video::open(&self.source, &self.options) {
                    Ok(source) => break source,
                    Err(error) => tracing::debug!(track = %self.out.track, %error, "still not there"),
                }
            };
            reopen = REOPEN_FIRST;
            self.out.meter.lock().source = source.describe();
            self.out.controls.keyframe.store(true, Ordering::Relaxed);
        }
        tracing::info!(track = %self.out.track, "the picture source ended");
        self.pictures.close();
    }

    fn stopped(&self) -> bool {
        self.out.controls.stop.load(Ordering::Relaxed)
    }

    /// Until the source ends, fails or the pipeline stops.
    fn take_all(&mut self, source: &mut dyn PictureSource) -> Result<(), CaptureError> {
        let mut dropped = 0;
        while !self.stopped() {
            let captured = source.next()?;
            if let (Some(tap), Some(captured)) = (&self.tap, &captured) {
                tap.tell(Tapped::Captured(self.out.track, captured.clone()));
            }
            match captured {
                Some(Captured::Picture(picture)) => {
                    if self.out.outlet.is_open() && self.pictures.put(picture) {
                        self.out.meter.lock().replaced += 1;
                    }
                }
                Some(Captured::H264(picture)) => self.out.send(&picture),
                None => return Ok(()),
            }
            let now_dropped = source.dropped();
            if now_dropped != dropped {
                self.out.meter.lock().left_out += now_dropped - dropped;
                dropped = now_dropped;
            }
        }
        Ok(())
    }
}

struct Encoder {
    out: Out,
    options: VideoOptions,
    content: Content,
}

impl Encoder {
    fn run(mut self, pictures: &Mailbox<Picture>) {
        // The encoder is made with the first picture: a source that passes H.264 through needs none.
        let mut encoder: Option<H264Encoder> = None;
        let mut bitrate_bps = self.out.controls.bitrate_bps.load(Ordering::Relaxed);
        let mut last_keyframe: Option<Instant> = None;
        while let Some(picture) = pictures.take() {
            let wanted_bps = self.out.controls.bitrate_bps.load(Ordering::Relaxed);
            let encoder = match &mut encoder {
                Some(encoder) => encoder,
                None => match H264Encoder::new(self.options.format, wanted_bps, self.content) {
                    Ok(made) => {
                        bitrate_bps = wanted_bps;
                        encoder.insert(made)
                    }
                    Err(error) => {
                        tracing::error!(track = %self.out.track, %error, "no encoder");
                        return;
                    }
                },
            };
            if wanted_bps != bitrate_bps {
                match encoder.set_bitrate(wanted_bps) {
                    Ok(()) => bitrate_bps = wanted_bps,
                    Err(error) => tracing::debug!(%error, "the bitrate stays"),
                }
            }
            let keyframe = self.keyframe_due(last_keyframe);
            match encoder.encode(&picture, keyframe) {
                Ok(Some(encoded)) => {
                    if encoded.keyframe {
                        last_keyframe = Some(encoded.encoded);
                    }
                    self.out.send(&encoded);
                }
                Ok(None) => {
                    self.out.meter.lock().left_out += 1;
                    self.out.controls.keyframe.fetch_or(keyframe, Ordering::Relaxed);
                }
                Err(error) => {
                    tracing::warn!(track = %self.out.track, %error, "a picture could not be encoded");
                    self.out.controls.keyframe.store(true, Ordering::Relaxed);
                }
            }
        }
    }

    /// Takes a request for a keyframe, unless the last one is too near; then it stays for later.
    fn keyframe_due(&self, last: Option<Instant>) -> bool {
        let too_near = last.is_some_and(|last| last.elapsed() < KEYFRAME_INTERVAL);
        !too_near && self.out.controls.keyframe.swap(false, Ordering::Relaxed)
    }
}
