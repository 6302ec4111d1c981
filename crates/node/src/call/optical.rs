//! Delays by screens that are filmed (quality of delay in scopes B and C).
//!
//! Each end sends its drawn scene as its screen and its real camera as its camera. It shows the other end's screen,
//! and its camera films that. So the other end's marker is found in this camera's pictures (B: what a pupil sees of the
//! other room, by both clocks), and this end's marker, which the other end's camera filmed, in the pictures that come
//! back (C: there and back by this machine's clock alone).
//!
//! Of each picture of a scene only its first sighting counts. A marker counts only if such a picture was really sent.

use super::delays::Delays;
use super::end::{Plan, within};
use super::findings::{Told, missing_as};
use super::times::{Times, ms_between};
use crate::config::{NodeConfig, VideoOut};
use crate::receive::TappedPicture;
use std::collections::BTreeMap;
use std::time::Instant;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{
    Cause, Finding, Measured, Method, Missing, Outcome, Remark, RemarkCode, Scope, Way,
};
use tongke_measure::marker::MarkerStatistics;
use tongke_media::Picture;
use tongke_media::capture::video::{Captured, VideoSource};
use tongke_media::decode::H264Decoder;
use tongke_media::filmed::{MarkerFinder, Sighting};
use tongke_media::marker::{self, Stamp};
use tongke_protocol::TrackKind;

/// Pictures of a scene remembered: ten seconds of 60 a second. The oldest is forgotten first.
const REMEMBERED: usize = 600;
/// How long a display shows a picture at least, ms. What a display is driven with no system tells; nearly all have 60
/// pictures a second.
const DISPLAY_MS: f64 = 1000.0 / 60.0;
/// A marker tells whole milliseconds.
const MARKER_MS: f64 = 1.0;

/// What an end has to film its screen with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Equipment {
    camera: bool,
    display: bool,
}

impl Equipment {
    /// That of a configuration.
    pub(super) fn of(config: &NodeConfig) -> Self {
        let display = matches!(config.video_out, VideoOut::Window { .. } | VideoOut::Wall(_));
        Self { camera: config.camera.is_some(), display }
    }

    /// What is missing here for scope B; none: nothing.
    fn lacks(self) -> Option<Missing> {
        let lacks = |what| Some(missing_as(Cause::NoDevice, what));
        match self {
            Equipment { camera: false, .. } => lacks(RemarkCode::NoCameraForScreen),
            Equipment { display: false, .. } => lacks(RemarkCode::NoDisplayForCamera),
            Equipment { .. } => None,
        }
    }
}

/// The configuration of an end that films: its scene goes as its screen, and its display is filled.
pub(super) fn fitted(config: NodeConfig) -> NodeConfig {
    let video_out = match config.video_out {
        VideoOut::Window { .. } => VideoOut::Window { fullscreen: true },
        VideoOut::Wall(name) => VideoOut::Wall(name),
        VideoOut::None | VideoOut::Directory(_) => VideoOut::None,
    };
    NodeConfig { screen: Some(VideoSource::TestScene), video_out, video_slots: 2, ..config }
}

/// Collects what was filmed at both ends.
#[derive(Default)]
pub(super) struct Optical {
    /// The other end's scene, as it came here, and this end's, as it left.
    theirs: Sent,
    ours: Sent,
    /// Their markers in this camera's pictures.
    here: Filmed,
    /// Our markers in the pictures of their camera.
    back: Filmed,
    /// For a camera that gives H.264.
    decoder: Option<H264Decoder>,
}

impl Optical {
    /// A source of this end gave a picture.
    pub(super) fn on_captured(&mut self, times: &Times, plan: &Plan, track: TrackKind, captured: Captured) {
        let Some(picture) = self.decoded(captured) else { return };
        let at = picture.captured;
        match track {
            TrackKind::Screen => self.ours.note(&picture, at, 0),
            TrackKind::Camera if within(times, plan, at) => self.here.look(times, &self.theirs, &picture, at),
            TrackKind::Camera | TrackKind::Microphone => {}
        }
    }

    /// A picture of the other end was shown.
    pub(super) fn on_picture(&mut self, times: &Times, plan: &Plan, tapped: &TappedPicture) {
        let TappedPicture { picture, at, stamped, .. } = tapped;
        match tapped.source.track {
            TrackKind::Screen => {
                if let Some((_, here, bound_us)) = stamped {
                    self.theirs.note(picture, *here, *bound_us);
                }
            }
            TrackKind::Camera if within(times, plan, *at) => self.back.look(times, &self.ours, picture, *at),
            TrackKind::Camera | TrackKind::Microphone => {}
        }
    }

    fn decoded(&mut self, captured: Captured) -> Option<Picture> {
        match captured {
            Captured::Picture(picture) => Some(picture),
            Captured::H264(unit) => {
                if self.decoder.is_none() {
                    self.decoder = H264Decoder::new().ok();
                }
                self.decoder.as_mut()?.decode(&unit.data, unit.captured).ok().flatten()
            }
        }
    }

    /// Scope B of the way towards here, and scope C of the way from here; `clock_steps`: how often a clock was set.
    pub(super) fn findings(&self, with: &Equipment, clock_steps: u64, told: &Told) -> [Finding; 2] {
        let unseen = match self.here.pictures {
            0 => missing_as(Cause::DeviceFailed, RemarkCode::NoPictureFilmed),
            pictures => unread(RemarkCode::NoMarkerFilmed, pictures),
        };
        let here = with.lacks().map_or_else(|| self.here.measured(clock_steps, told, unseen), Err);
        let lost = match self.back.pictures {
            0 => missing_as(Cause::NoPackets, RemarkCode::NoCameraOfOtherEnd),
            pictures => unread(RemarkCode::NoMarkerReturned, pictures),
        };
        let outwards = Told { way: told.way.map(|_| Way::AToB), one_clock: true, ..told.clone() };
        let back = self.back.measured(0, &outwards, lost).map(|measured| {
            let reference = [RemarkCode::FilmedThereAndBack.into()].into_iter().chain(measured.reference);
            Measured { reference: reference.collect(), ..measured }
        });
        [finding(Scope::B, told.way, here), finding(Scope::C, outwards.way, back)]
    }
}

fn unread(code: RemarkCode, pictures: u64) -> Missing {
    missing_as(Cause::SignalUnreadable, Remark::of(code).with("pictures", pictures))
}

fn finding(scope: Scope, way: Option<Way>, outcome: Result<Measured, Missing>) -> Finding {
    let quantity = Quantity::GlassToGlass;
    let outcome = match outcome {
        Ok(measured) => Outcome::Measured(Box::new(measured)),
        Err(missing) => Outcome::Missing(missing),
    };
    Finding { quantity, unit: quantity.definition().unit, way, scope: Some(scope), outcome }
}

/// Pictures of a drawn scene that are known to have been sent.
#[derive(Default)]
struct Sent {
    session: Option<u16>,
    /// By their number: what their marker says, and when they were captured, on this machine's clock, to ± µs.
    pictures: BTreeMap<u32, (Stamp, Instant, u64)>,
}

impl Sent {
    fn note(&mut self, picture: &Picture, captured: Instant, bound_us: u64) {
        let Ok(stamp) = marker::read(picture) else { return };
        if *self.session.get_or_insert(stamp.session) != stamp.session {
            return;
        }
        self.pictures.insert(stamp.frame, (stamp, captured, bound_us));
        if self.pictures.len() > REMEMBERED {
            self.pictures.pop_first();
        }
    }

    /// When a picture with this marker was captured, and how well that is known; none: no such picture was sent.
    fn captured(&self, stamp: Stamp) -> Option<(Instant, u64)> {
        let (sent, captured, bound_us) = self.pictures.get(&stamp.frame)?;
        (*sent == stamp).then_some((*captured, *bound_us))
    }
}

/// One camera's pictures, and the markers in them.
#[derive(Default)]
struct Filmed {
    finder: Option<MarkerFinder>,
    pictures: u64,
    span: Option<(Instant, Instant)>,
    markers: MarkerStatistics,
    newest: Option<u32>,
    delays: Delays,
}

impl Filmed {
    /// Looks for a marker of what was sent in a picture seen at this moment.
    fn look(&mut self, times: &Times, sent: &Sent, picture: &Picture, at: Instant) {
        self.pictures += 1;
        self.span = Some((self.span.map_or(at, |(first, _)| first), at));
        let Some(session) = sent.session else { return };
        match self.finder.get_or_insert_with(|| MarkerFinder::new(session)).look(picture) {
            Sighting::Nothing => {}
            Sighting::Unreadable => self.markers.on_checksum_error(),
            Sighting::Read(stamp) => {
                let Some((captured, bound_us)) = sent.captured(stamp) else { return };
                self.markers.on_read(stamp.frame);
                if self.newest.is_none_or(|newest| stamp.frame > newest) {
                    self.newest = Some(stamp.frame);
                    let delay_us = (ms_between(captured, at) * 1e3) as i64;
                    self.delays.push(times, at, delay_us, bound_us);
                }
            }
        }
    }

    /// From one picture of the camera to the next, in the mean, ms; none of fewer than two.
    fn period_ms(&self) -> Option<f64> {
        let (first, last) = self.span?;
        (self.pictures > 1).then(|| ms_between(first, last) / (self.pictures - 1) as f64)
    }

    fn measured(&self, clock_steps: u64, told: &Told, unseen: Missing) -> Result<Measured, Missing> {
        let (Some(rate), Some(camera_ms)) = (self.markers.decode_rate(), self.period_ms()) else {
            return Err(unseen);
        };
        let (found, read) = (self.markers.pictures(), self.markers.read);
        if rate < MarkerStatistics::MIN_FILMED_RATE {
            let few = Remark::of(RemarkCode::FewMarkersFilmed).with("found", found).with("read", read);
            return Err(missing_as(Cause::SignalUnreadable, few));
        }
        // Each is even over its period, and one does not know of the other.
        let coarse_ms = MARKER_MS + camera_ms.hypot(DISPLAY_MS) / 12f64.sqrt();
        let measured = self.delays.measured(Method::MarkerOptical, coarse_ms, clock_steps, told, unseen)?;
        let one_decimal = |ms: f64| format!("{ms:.1}");
        let said = Remark::of(RemarkCode::FilmedScreen)
            .with("read", read)
            .with("found", found)
            .with("camera_ms", one_decimal(camera_ms))
            .with("display_ms", one_decimal(DISPLAY_MS))
            .with("half_ms", one_decimal(camera_ms / 2.0));
        Ok(Measured { reference: vec![said], ..measured })
    }
}

#[cfg(test)]
mod tests;
