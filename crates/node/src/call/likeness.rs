//! How like the received pictures are to those that were sent: now and then one is compared with the same picture,
//! drawn again here from what its marker says. On a thread of its own, that takes a picture when it has time.

use super::findings::{Told, missing_as};
use super::series::Series;
use crate::receive::TappedPicture;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tongke_inspection::facts::{Cause, Measured, Method, Missing, RemarkCode};
use tongke_measure::picture::{Luma, ssim};
use tongke_media::capture::Identity;
use tongke_media::capture::video::Scene;
use tongke_media::marker::Stamp;
use tongke_media::program::{Program, RelayClock, Schedule, Side};
use tongke_media::{Picture, VideoFormat};
use tongke_protocol::{Now, WallTime};

/// One picture in so long is compared: 720p takes a fifth of a second.
const EVERY: Duration = Duration::from_secs(2);

/// A received picture, and what is known of how it was drawn.
struct Received {
    picture: Picture,
    label: String,
    stamp: Stamp,
    /// When it was captured, on its sender's clock, and how far the relay's was ahead of that.
    wall: WallTime,
    relay_ahead_us: i64,
    at_s: f64,
}

/// The comparing thread. Its end gives what it found.
#[derive(Debug)]
pub(super) struct Likeness {
    to: SyncSender<Received>,
    thread: JoinHandle<Series>,
    last: Option<Instant>,
}

/// By which program the pictures were drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn {
    pub schedule: Schedule,
    pub side: Side,
}

impl Likeness {
    pub(super) fn start(drawn: Drawn) -> std::io::Result<Self> {
        let (to, pictures) = sync_channel::<Received>(1);
        let thread = std::thread::Builder::new().name("likeness".into()).spawn(move || {
            let (mut again, mut series) = (Again { drawn, scene: None }, Series::default());
            for received in pictures {
                if let Some(likeness) = again.compare(&received) {
                    series.push(received.at_s, likeness);
                }
            }
            series
        })?;
        Ok(Self { to, thread, last: None })
    }

    /// Takes the picture, if it is time for one and the thread has none.
    pub(super) fn offer(
        &mut self,
        tapped: &TappedPicture,
        stamp: Stamp,
        wall: WallTime,
        relay_ahead_us: i64,
        at_s: f64,
    ) {
        let TappedPicture { picture, name, at, .. } = tapped;
        if self.last.is_some_and(|last| at.saturating_duration_since(last) < EVERY) {
            return;
        }
        let (picture, label) = (picture.clone(), name.clone());
        let received = Received { picture, label, stamp, wall, relay_ahead_us, at_s };
        if self.to.try_send(received).is_ok() {
            self.last = Some(*at);
        }
    }

    /// What was found.
    pub(super) fn finish(self) -> Series {
        drop(self.to);
        self.thread.join().unwrap_or_default()
    }
}

/// A scene as one sender drew it.
struct Drawer {
    format: VideoFormat,
    session: u16,
    label: String,
    clock: RelayClock,
    scene: Scene,
}

/// Draws pictures again as their sender drew them.
struct Again {
    drawn: Drawn,
    scene: Option<Drawer>,
}

impl Again {
    /// None: the picture is too small, or nothing like one that the scene could have drawn.
    fn compare(&mut self, received: &Received) -> Option<f64> {
        let Received { picture, label, stamp, wall, relay_ahead_us, .. } = received;
        let format = VideoFormat { width: picture.width(), height: picture.height(), fps: 1 };
        let fits = |of: &Drawer| of.format == format && of.session == stamp.session && of.label == *label;
        if !self.scene.as_ref().is_some_and(fits) {
            self.scene = Some(Drawer::new(self.drawn, format, stamp.session, label, *wall));
        }
        let Drawer { clock, scene, .. } = self.scene.as_mut()?;
        clock.set(*relay_ahead_us);
        let sent = scene.draw_again(*stamp, *wall);
        ssim(luma(&sent)?, luma(picture)?).ok()
    }
}

impl Drawer {
    fn new(drawn: Drawn, format: VideoFormat, session: u16, label: &str, wall: WallTime) -> Self {
        let (clock, label) = (RelayClock::default(), label.to_owned());
        let Drawn { schedule, side } = drawn;
        let program = Program { schedule, side, clock: clock.clone(), fault: None };
        let now = Now { instant: Instant::now(), wall };
        let identity = Identity { session, label: label.clone(), clock: now, program: Some(program) };
        Self { format, session, label, clock, scene: Scene::new(format, identity) }
    }
}

fn luma(picture: &Picture) -> Option<Luma<'_>> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    Luma::new(picture.planes().0, width, height, width).ok()
}

/// What the compared pictures come to.
pub(super) fn of(series: &Series, told: &Told) -> Result<Measured, Missing> {
    let none = missing_as(Cause::SignalUnreadable, RemarkCode::NoPictureMatched);
    let measured = series.measured(Method::MarkerMatchedSsim, &told.by).ok_or(none)?;
    Ok(Measured { value: series.mean(), ..measured })
}
