//! The video buffer: order and completeness from [`super::assemble`], time from the transits.

use super::assemble::{Assembly, Inserted};
use super::{Frame, VideoConfig, VideoOutput, VideoPart, VideoStats};
use crate::transit::{Follower, MediaTime, Transits, moment, us_between};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Share of the pictures for which the delay is meant to suffice.
const ON_TIME_SHARE: f64 = 0.95;
/// Pictures remembered for that, and for how long.
const WINDOW_PICTURES: usize = 300;
const WINDOW: Duration = Duration::from_secs(10);
/// Pictures that became decodable within this time were held up by the same thing.
const SAME_WAIT: Duration = Duration::from_millis(5);
/// A stream may begin with pictures of the past, so that there is something to show at once; for this
/// long it may turn out that later ones are quicker.
const BEGINNING: Duration = Duration::from_millis(500);
/// By how much quicker, to be more than jitter.
const MUCH_QUICKER_US: i64 = 5_000;
/// Media time that ran ahead of the arrivals by this much belongs to another source's clock.
const OTHER_CLOCK_US: i64 = 2_000_000;
/// Numbers that far apart are a stream started anew.
const OTHER_EPOCH: u64 = 10_000;

/// Holds one stream's pictures until their time. Memory: [`VideoConfig::max_packets`] packets.
///
/// After every [`push`](Self::push), and at [`poll_timeout`](Self::poll_timeout), call
/// [`poll`](Self::poll) until it gives nothing.
#[derive(Debug)]
pub struct VideoBuffer {
    config: VideoConfig,
    ssrc: Option<u32>,
    origin: Option<Instant>,
    time: MediaTime,
    assembly: Assembly,
    ready: VecDeque<Ready>,
    transits: Transits,
    /// When the first picture became decodable.
    began: Option<Instant>,
    /// When the last picture became decodable, and its transit.
    last: Option<(Instant, i64)>,
    delay: Follower,
    extra: Duration,
    skipped: bool,
    /// When to ask for a keyframe, while stuck.
    ask_at: Option<Instant>,
    stats: VideoStats,
}

#[derive(Debug)]
struct Ready {
    frame: Frame,
    media_us: i64,
}

impl VideoBuffer {
    /// An empty buffer.
    pub fn new(config: VideoConfig) -> Self {
        Self {
            config,
            ssrc: None,
            origin: None,
            time: MediaTime::new(90_000),
            assembly: Assembly::default(),
            ready: VecDeque::new(),
            transits: Transits::new(WINDOW, WINDOW_PICTURES),
            began: None,
            last: None,
            delay: Follower::default(),
            extra: Duration::ZERO,
            skipped: false,
            ask_at: None,
            stats: VideoStats::default(),
        }
    }

    /// A packet arrived, in whatever order.
    pub fn push(&mut self, now: Instant, part: VideoPart) {
        self.origin.get_or_insert(now);
        if self.is_other_stream(&part) {
            self.restart();
        }
        self.ssrc = Some(part.ssrc);
        let keyframe_start = part.keyframe_start;
        if self.assembly.insert(now, part) == Inserted::Useless {
            self.stats.useless_packets += 1;
            return;
        }
        if self.assembly.len() > self.config.max_packets {
            self.assembly.overflow();
            self.skipped = true;
            self.stats.skips += 1;
        }
        self.assemble(now);
        if keyframe_start && let Some(ask_at) = &mut self.ask_at {
            // It is coming; ask again only if it does not get through.
            *ask_at = (*ask_at).max(now + self.config.keyframe_repeat);
        }
    }

    fn is_other_stream(&self, part: &VideoPart) -> bool {
        self.ssrc.is_some_and(|ssrc| ssrc != part.ssrc)
            || self.assembly.highest().is_some_and(|highest| highest.abs_diff(part.ext_seq) > OTHER_EPOCH)
    }

    fn restart(&mut self) {
        self.stats.restarts += 1;
        self.reset();
    }

    /// Forgets the stream: another source is in its place. Counts, extra delay and what is ready to
    /// be shown stay.
    pub fn reset(&mut self) {
        self.ssrc = None;
        self.assembly = Assembly::default();
        self.forget_times();
        self.skipped = true;
        self.ask_at = None;
    }

    /// What is ready has been placed in the old source's time; it goes out at the next poll.
    fn forget_times(&mut self) {
        self.time = MediaTime::new(90_000);
        self.transits.clear();
        self.began = None;
        self.last = None;
        self.delay.clear();
    }

    /// Moves what became complete to the ready pictures.
    fn assemble(&mut self, now: Instant) {
        if !self.assembly.has_begun()
            && let Some(keyframe) = self.assembly.keyframe_ahead()
        {
            self.assembly.skip_to(keyframe.first_seq);
        }
        while let Some(picture) = self.assembly.take_next() {
            self.make_ready(now, picture);
        }
        let stuck = self.assembly.has_gap() || (!self.assembly.has_begun() && self.assembly.len() > 0);
        if !stuck {
            self.ask_at = None;
        } else if self.ask_at.is_none() {
            self.ask_at = Some(now + self.config.keyframe_after);
        }
    }

    fn make_ready(&mut self, now: Instant, picture: super::assemble::Assembled) {
        let Some(first) = picture.parts.first() else { return };
        let rtp_ts_90k = first.rtp_ts_90k;
        let media_us = self.note_transit(now, rtp_ts_90k);
        let frame = Frame {
            keyframe: picture.keyframe,
            rtp_ts_90k,
            capture: picture.parts.iter().find_map(|part| part.capture),
            first_arrived: picture.first_arrived,
            arrived: picture.arrived,
            decodable: now,
            due: now,
            after_skip: std::mem::take(&mut self.skipped),
            superseded: false,
            parts: picture.parts.into_iter().map(|part| part.payload).collect(),
        };
        self.ready.push_back(Ready { frame, media_us });
    }

    /// Learns from a picture that became decodable now; gives its media time.
    fn note_transit(&mut self, now: Instant, rtp_ts_90k: u32) -> i64 {
        let origin = *self.origin.get_or_insert(now);
        let newest = self.time.newest();
        let mut ticks = self.time.extend(rtp_ts_90k);
        let mut transit_us = us_between(origin, now) - self.time.ticks_to_us(ticks);
        let backwards = newest.is_some_and(|newest| ticks < newest);
        if backwards || self.last.is_some_and(|(_, last_us)| last_us - transit_us > OTHER_CLOCK_US) {
            self.forget_times();
            ticks = self.time.extend(rtp_ts_90k);
            transit_us = us_between(origin, now) - self.time.ticks_to_us(ticks);
        }
        // A gap holds up all the pictures behind it; they say the same thing once.
        let same_wait = self.last.is_some_and(|(at, last_us)| {
            now.saturating_duration_since(at) < SAME_WAIT && transit_us < last_us
        });
        self.last = Some((now, transit_us));
        let beginning = now.saturating_duration_since(*self.began.get_or_insert(now)) < BEGINNING;
        if beginning && self.transits.min_us().is_some_and(|least| transit_us < least - MUCH_QUICKER_US) {
            self.transits.clear();
            self.delay.clear();
            self.transits.record(now, transit_us);
            self.adapt(now);
        } else if !same_wait {
            self.transits.record(now, transit_us);
            self.adapt(now);
        }
        self.time.ticks_to_us(ticks)
    }

    fn adapt(&mut self, now: Instant) {
        let (Some(least), Some(wanted)) = (self.transits.min_us(), self.transits.quantile_us(ON_TIME_SHARE))
        else {
            return;
        };
        let [min, max] = [self.config.min_delay, self.config.max_delay].map(|delay| delay.as_micros() as i64);
        self.delay.follow(now, wanted.clamp(least + min, least + max.max(min)));
    }

    /// When the picture of this media time is to be shown.
    fn due(&self, media_us: i64) -> Option<Instant> {
        Some(moment(self.origin?, media_us + self.delay.get()?) + self.extra)
    }

    fn due_of(&self, ready: &Ready) -> Instant {
        let latest = ready.frame.decodable + self.config.max_delay + self.extra;
        self.due(ready.media_us).map_or(ready.frame.decodable, |due| due.min(latest))
    }

    /// What is to be done now; call it until it gives nothing.
    pub fn poll(&mut self, now: Instant) -> Option<VideoOutput> {
        if let Some(frame) = self.release(now) {
            return Some(VideoOutput::Frame(frame));
        }
        while self.skip_due().is_some_and(|due| due <= now) {
            self.skip(now);
            if let Some(frame) = self.release(now) {
                return Some(VideoOutput::Frame(frame));
            }
        }
        if self.ask_at.is_some_and(|ask_at| ask_at <= now) {
            self.ask_at = Some(now + self.config.keyframe_repeat);
            self.stats.keyframe_requests += 1;
            return Some(VideoOutput::NeedKeyframe);
        }
        None
    }

    fn release(&mut self, now: Instant) -> Option<Frame> {
        let due = self.due_of(self.ready.front()?);
        if due > now {
            return None;
        }
        let mut frame = self.ready.pop_front()?.frame;
        frame.due = due;
        frame.superseded = self.ready.front().is_some_and(|next| self.due_of(next) <= now);
        self.stats.frames += 1;
        self.stats.keyframes += u64::from(frame.keyframe);
        Some(frame)
    }

    /// A gap is worth waiting at until the keyframe behind it is due itself.
    fn skip_due(&self) -> Option<Instant> {
        if !self.assembly.has_gap() || !self.assembly.keyframe_begun() {
            return None;
        }
        let keyframe = self.assembly.keyframe_ahead()?;
        // A look ahead, not an arrival: the stream's own time stays as it is.
        let ticks = self.time.clone().extend(keyframe.rtp_ts_90k);
        self.due(self.time.ticks_to_us(ticks))
    }

    fn skip(&mut self, now: Instant) {
        let Some(keyframe) = self.assembly.keyframe_ahead() else { return };
        self.stats.lost_packets += self.assembly.skip_to(keyframe.first_seq);
        self.stats.skips += 1;
        self.skipped = true;
        self.ask_at = None;
        self.assemble(now);
    }

    /// When [`poll`](Self::poll) has something at the earliest, without another packet.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let ready = self.ready.front().map(|ready| self.due_of(ready));
        [ready, self.ask_at, self.skip_due()].into_iter().flatten().min()
    }

    /// Delay added for the sake of the sound ([`crate::LipSync`]).
    pub fn set_extra_delay(&mut self, extra: Duration) {
        self.extra = extra;
    }

    /// The delay that the buffer now adds to its quickest picture, the extra one included.
    pub fn delay(&self) -> Duration {
        let own = self.delay.get().zip(self.transits.min_us()).map_or(0, |(delay, least)| delay - least);
        Duration::from_micros(own.max(0) as u64) + self.extra
    }

    /// Cumulative counts.
    pub fn stats(&self) -> VideoStats {
        self.stats
    }
}
