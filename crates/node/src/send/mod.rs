//! What a node sends: a pipeline per track from the source to the link that is up.

mod bitrate;
mod mailbox;
mod meter;
mod outlet;
mod sound;
mod stamp;
mod video;

pub(crate) use bitrate::BitrateSteering;
pub(crate) use outlet::Outlet;

use crate::clock::MachineClock;
use crate::config::NodeConfig;
use crate::error::NodeError;
use crate::receive::Tap;
use crate::record::Pictures;
use crate::session::Instruments;
use sound::{SoundPipeline, SoundPlan};
use stamp::Stamper;
use std::time::{Duration, Instant};
use tongke_media::capture::Identity;
use tongke_media::capture::sound::SoundOptions;
use tongke_media::capture::video::{VideoOptions, VideoSource};
use tongke_media::encode::SoundMode;
use tongke_media::program::ProgramSound;
use tongke_media::sound::FRAME_DURATION;
use tongke_protocol::TrackKind;
use tongke_protocol::control::Codec;
use tongke_protocol::facts::SentTrack;
use video::{VideoPipeline, VideoPlan};

/// All pipelines of a node.
pub(crate) struct Sending {
    pub outlet: Outlet,
    videos: Vec<(VideoPipeline, BitrateSteering)>,
    sound: Option<SoundPipeline>,
    /// For how long pictures were sent, all tracks together.
    moving: Pictures,
}

/// What one track sends, for the status line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SentTotals {
    pub frames: u64,
    pub bytes: u64,
}

impl Sending {
    /// Opens what the configuration names. The first source that cannot be opened is the error.
    pub(crate) async fn start(
        config: &NodeConfig,
        clock: MachineClock,
        instruments: Option<&Instruments>,
    ) -> Result<Sending, NodeError> {
        let outlet = Outlet::default();
        let name =
            if config.grant.name.is_empty() { config.grant.participant.as_str() } else { &config.grant.name };
        let identity = Identity {
            session: rand::random(),
            label: name.to_owned(),
            clock: clock.origin(),
            program: instruments.map(|of| of.program.clone()),
        };
        let mut sending = Sending { outlet, videos: Vec::new(), sound: None, moving: Pictures::default() };
        for (track, source) in [(TrackKind::Camera, &config.camera), (TrackKind::Screen, &config.screen)] {
            if let Some(source) = source {
                let tap = instruments.filter(|of| of.films).map(|of| of.tap.clone());
                sending.add_video(config, clock, track, source, &identity, tap).await?;
            }
        }
        if let Some(source) = &config.microphone {
            let channels = if config.sound_mode == SoundMode::Music { 2 } else { 1 };
            let plan = SoundPlan {
                source: source.clone(),
                options: SoundOptions { channels, identity, once: false },
                mode: config.sound_mode,
                bitrate_bps: config.sound_bitrate_bps,
                stamper: Stamper::new(clock, Codec::Opus.clock_rate_hz()),
                outlet: sending.outlet.clone(),
                test: instruments
                    .map(|of| (ProgramSound::new(of.program.clone(), clock.origin()), of.tap.clone())),
            };
            sending.sound = Some(SoundPipeline::start(plan).await?);
        }
        Ok(sending)
    }

    async fn add_video(
        &mut self,
        config: &NodeConfig,
        clock: MachineClock,
        track: TrackKind,
        source: &VideoSource,
        identity: &Identity,
        tap: Option<Tap>,
    ) -> Result<(), NodeError> {
        let plan = VideoPlan {
            track,
            source: source.clone(),
            options: VideoOptions { format: config.format, identity: identity.clone(), once: false },
            bitrate_bps: config.video_bitrate.start_bps,
            stamper: Stamper::new(clock, Codec::H264.clock_rate_hz()),
            outlet: self.outlet.clone(),
            moving: self.moving.clone(),
            tap,
        };
        let pipeline = VideoPipeline::start(plan).await?;
        self.videos.push((pipeline, BitrateSteering::new(config.video_bitrate)));
        Ok(())
    }

    /// What a link has to publish.
    pub(crate) fn published(&self) -> Vec<(TrackKind, Codec)> {
        let videos = self.videos.iter().map(|(pipeline, _)| (pipeline.track, Codec::H264));
        videos.chain(self.sound.iter().map(|_| (TrackKind::Microphone, Codec::Opus))).collect()
    }

    /// Somebody needs a keyframe of this track.
    pub(crate) fn request_keyframe(&self, track: TrackKind) {
        self.videos
            .iter()
            .filter(|(pipeline, _)| pipeline.track == track)
            .for_each(|(pipeline, _)| pipeline.request_keyframe());
    }

    /// A link came up: its first picture must be a keyframe.
    pub(crate) fn request_all_keyframes(&self) {
        self.videos.iter().for_each(|(pipeline, _)| pipeline.request_keyframe());
    }

    /// The relay reported how it receives a track.
    pub(crate) fn on_loss(&mut self, now: Instant, track: TrackKind, fraction_lost: f32) {
        if track == TrackKind::Microphone {
            self.sound.iter().for_each(|sound| sound.set_loss(fraction_lost));
        }
        for (pipeline, steering) in self.videos.iter_mut().filter(|(pipeline, _)| pipeline.track == track) {
            pipeline.set_bitrate(steering.on_report(now, fraction_lost));
        }
    }

    /// Packets of a track were sent again.
    pub(crate) fn on_retransmitted(&self, track: TrackKind, packets: u64) {
        if let Some((_, meter)) = self.meters().find(|(kind, _)| *kind == track) {
            meter.lock().retransmitted += packets;
        }
    }

    fn meters(&self) -> impl Iterator<Item = (TrackKind, &meter::SentMeter)> {
        let videos = self.videos.iter().map(|(pipeline, _)| (pipeline.track, &pipeline.meter));
        videos.chain(self.sound.iter().map(|sound| (TrackKind::Microphone, &sound.meter)))
    }

    /// Cumulative counts per track, for the status line.
    pub(crate) fn totals(&self) -> Vec<(TrackKind, SentTotals)> {
        self.meters()
            .map(|(track, meter)| {
                let sent = meter.lock();
                (track, SentTotals { frames: sent.frames, bytes: sent.bytes })
            })
            .collect()
    }

    /// For how long sound, and pictures, were sent.
    pub(crate) fn flowed(&self) -> (Duration, Duration) {
        let frames = self.sound.as_ref().map_or(0, |sound| sound.meter.lock().frames);
        let sound = FRAME_DURATION.saturating_mul(u32::try_from(frames).unwrap_or(u32::MAX));
        (sound, self.moving.total())
    }

    /// The facts about what was sent.
    pub(crate) fn facts(&self) -> Vec<SentTrack> {
        self.meters().map(|(track, meter)| meter.facts(track)).collect()
    }
}

/// Starts a named thread.
fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<(), NodeError> {
    std::thread::Builder::new()
        .name(name)
        .spawn(work)
        .map(drop)
        .map_err(|error| NodeError::System { what: "start a thread", reason: error.to_string() })
}

/// The track as the option that turns it off names it.
fn name_of(track: TrackKind) -> &'static str {
    match track {
        TrackKind::Camera => "camera",
        TrackKind::Screen => "screen",
        TrackKind::Microphone => "microphone",
    }
}
