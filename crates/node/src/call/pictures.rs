//! What this end sees of the other: markers, delays, freezes, the pictures' pace, size and likeness, and what is
//! wrong with its camera.

use super::delays::Delays;
use super::findings::{Told, missing, missing_as};
use super::likeness::{self, Likeness};
use super::lips::Flash;
use super::times::{Times, ms_between};
use crate::receive::TappedPicture;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tongke_inspection::Quantity;
use tongke_inspection::facts::{
    Cause, Event, EventKind, Finding, Measured, Method, Missing, Remark, RemarkCode,
};
use tongke_measure::FreezeDetector;
use tongke_measure::marker::MarkerStatistics;
use tongke_measure::picture::{CameraFault, CameraWatch, FramePacing, Luma};
use tongke_media::Picture;
use tongke_media::beat::FlashDetector;
use tongke_media::marker::{self, MarkerError, Stamp};

/// One picture in so long is looked at for what is wrong with the camera.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A marker tells whole milliseconds.
const MARKER_MS: f64 = 1.0;
/// Events kept for the time line.
const EVENTS: usize = 1_000;

/// Collects pictures of the other end's camera.
#[derive(Debug)]
pub(super) struct Pictures {
    markers: MarkerStatistics,
    session: Option<u16>,
    delays: Delays,
    freezes: FreezeDetector,
    freeze_events: Vec<Event>,
    pacing: FramePacing,
    sizes: BTreeMap<(u32, u32), u64>,
    watch: CameraWatch,
    looked: Option<Instant>,
    flash: FlashDetector,
    flashes: Vec<Flash>,
    likeness: Likeness,
}

impl Pictures {
    pub(super) fn new(likeness: Likeness) -> Self {
        Self {
            markers: MarkerStatistics::new(),
            session: None,
            delays: Delays::default(),
            freezes: FreezeDetector::new(),
            freeze_events: Vec::new(),
            pacing: FramePacing::new(),
            sizes: BTreeMap::new(),
            watch: CameraWatch::new(),
            looked: None,
            flash: FlashDetector::default(),
            flashes: Vec::new(),
            likeness,
        }
    }

    /// A picture was decoded.
    pub(super) fn on_picture(&mut self, times: &Times, tapped: &TappedPicture) {
        let TappedPicture { picture, at, .. } = tapped;
        let captured = self.read_marker(times, tapped);
        if !tapped.shown {
            return;
        }
        *self.sizes.entry((picture.width(), picture.height())).or_default() += 1;
        self.pacing.on_frame(*at);
        if let Some(stood) = self.freezes.on_frame(*at) {
            let at_s = times.at_s(at.checked_sub(stood).unwrap_or(*at));
            let frozen = Event { what: EventKind::Freeze, at_s, lasting_s: stood.as_secs_f64() };
            if self.freeze_events.len() < EVENTS {
                self.freeze_events.push(frozen);
            }
        }
        if self.looked.is_none_or(|looked| at.saturating_duration_since(looked) >= LOOK_EVERY) {
            self.looked = Some(*at);
            if let Some(luma) = luma(picture) {
                self.watch.on_picture(*at, luma);
            }
        }
        if self.flash.on_picture(picture, *at).is_some()
            && let Some(captured) = captured
            && self.flashes.len() < EVENTS
        {
            self.flashes.push(Flash { captured, shown: *at });
        }
    }

    /// Reads the marker; gives the moment here at which the picture was captured, by it.
    fn read_marker(&mut self, times: &Times, tapped: &TappedPicture) -> Option<Instant> {
        let stamp = match marker::read(&tapped.picture) {
            // A picture of somebody else's run is none of this one.
            Ok(stamp) if *self.session.get_or_insert(stamp.session) == stamp.session => stamp,
            Err(MarkerError::Checksum) => {
                self.markers.on_checksum_error();
                return None;
            }
            Ok(_) | Err(_) => {
                self.markers.on_unreadable();
                return None;
            }
        };
        self.markers.on_read(stamp.frame);
        let (stamped, here, bound_us) = tapped.stamped?;
        let wall = stamp.wall_near(stamped);
        let captured = moved(here, wall.micros_since(stamped));
        if tapped.shown {
            let delay_us = (ms_between(captured, tapped.at) * 1e3) as i64;
            self.delays.push(times, tapped.at, delay_us, bound_us);
            self.offer(times, tapped, stamp, captured);
        }
        Some(captured)
    }

    fn offer(&mut self, times: &Times, tapped: &TappedPicture, stamp: Stamp, captured: Instant) {
        let Some((stamped, ..)) = tapped.stamped else { return };
        let Some(relay) = times.relay_of(captured) else { return };
        let wall = stamp.wall_near(stamped);
        self.likeness.offer(tapped, stamp, wall, relay.micros_since(wall), times.at_s(tapped.at));
    }

    /// Flashes that were seen, in order.
    pub(super) fn flashes(&self) -> &[Flash] {
        &self.flashes
    }

    /// Why there is nothing to be said of the other end's pictures; none: there is. `none_came`: if that is why.
    pub(super) fn fault(&self, none_came: &Missing) -> Option<Missing> {
        let still = self.markers.read > 0 && self.markers.repeats * 2 > self.markers.read;
        match self.watch.fault() {
            Some(CameraFault::NoPictures) => Some(none_came.clone()),
            Some(CameraFault::Black) => Some(missing(Cause::CameraBlack)),
            _ if still => {
                let detail = Remark::of(RemarkCode::PicturesRepeated)
                    .with("pictures", self.markers.read)
                    .with("repeats", self.markers.repeats);
                Some(missing_as(Cause::CameraFrozen, detail))
            }
            _ => None,
        }
    }

    /// The findings; `clock_steps`: how often a clock was set.
    pub(super) fn findings(
        self,
        seconds: f64,
        clock_steps: u64,
        none_came: &Missing,
        told: &Told,
    ) -> Vec<Finding> {
        let fault = self.fault(none_came);
        let checked = |of: &dyn Fn() -> Result<Measured, Missing>| fault.clone().map_or_else(of, Err);
        let mut all = vec![
            told.finding(Quantity::GlassToGlass, checked(&|| self.glass_to_glass(clock_steps, told))),
            told.finding(Quantity::MarkerDecode, checked(&|| self.decoded(told))),
            told.finding(Quantity::FreezeShare, checked(&|| Ok(self.frozen(seconds, told)))),
            told.finding(
                Quantity::Freezes,
                checked(&|| {
                    Ok(told.value(self.pacing_n(), self.freezes.freezes() as f64, Method::WebrtcStats))
                }),
            ),
            told.finding(
                Quantity::VideoFps,
                checked(&|| {
                    let fps = self.pacing.fps().ok_or_else(|| missing(Cause::NoPackets))?;
                    Ok(told.value(self.pacing_n(), fps, Method::WebrtcStats))
                }),
            ),
            told.word(Quantity::Resolution, self.resolution().ok_or_else(|| none_came.clone())),
        ];
        let likeness = self.likeness.finish();
        all.push(told.finding(
            Quantity::Ssim,
            match fault {
                Some(fault) => Err(fault),
                None => likeness::of(&likeness, told),
            },
        ));
        all
    }

    fn glass_to_glass(&self, clock_steps: u64, told: &Told) -> Result<Measured, Missing> {
        let unread = missing_as(Cause::SignalUnreadable, RemarkCode::NoMarkerRead);
        self.delays.measured(Method::MarkerSoftware, MARKER_MS, clock_steps, told, unread)
    }

    fn decoded(&self, told: &Told) -> Result<Measured, Missing> {
        let share = self.markers.decode_rate().ok_or_else(|| missing(Cause::NoPackets))?;
        Ok(told.value(self.markers.pictures(), share, Method::MarkerSoftware))
    }

    fn pacing_n(&self) -> u64 {
        self.freezes.frames()
    }

    /// Share of the time; a picture that stood to the end is in it, which no counter of freezes shows.
    fn frozen(&self, seconds: f64, told: &Told) -> Measured {
        let share = (self.freezes.total().as_secs_f64() / seconds.max(1.0)).min(1.0);
        let mut events = self.freeze_events.clone();
        events.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        Measured { events, ..told.value(seconds.max(1.0) as u64, share, Method::WebrtcStats) }
    }

    fn resolution(&self) -> Option<String> {
        let most = self.sizes.iter().max_by_key(|(_, pictures)| **pictures);
        most.map(|((width, height), _)| format!("{width}×{height}"))
    }
}

/// A moment, moved by some µs.
fn moved(at: Instant, by_us: i64) -> Instant {
    let by = Duration::from_micros(by_us.unsigned_abs());
    let moved = if by_us >= 0 { at.checked_add(by) } else { at.checked_sub(by) };
    moved.unwrap_or(at)
}

fn luma(picture: &Picture) -> Option<Luma<'_>> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    Luma::new(picture.planes().0, width, height, width).ok()
}
