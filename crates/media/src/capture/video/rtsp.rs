//! IP cameras through RTSP, H.264 over TCP.

mod clock;
mod session;

use super::route::{AccessUnit, LOOKED_AT, Route, needs_a_look};
use super::{Captured, PictureSource, without_password};
use crate::capture::CaptureError;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Pictures kept for a reader that does not come: one second of an ordinary camera.
const KEPT: usize = 30;
/// How long opening may take: connecting, and the wait for a keyframe.
const OPENING: Duration = Duration::from_secs(15);
/// A camera that gives nothing for this long has stopped.
const SILENT_AFTER: Duration = Duration::from_secs(5);

/// What the camera's thread brought. When the reader is late, everything waiting is dropped and the
/// stream taken up again at its next keyframe, since no picture can be left out of H.264.
#[derive(Default)]
struct Inbox {
    units: VecDeque<AccessUnit>,
    needs_keyframe: bool,
    dropped: u64,
    failed: Option<CaptureError>,
}

#[derive(Default)]
struct Shared {
    inbox: Mutex<Inbox>,
    bell: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a picture from the camera; `intact` says whether all before it arrived.
    fn push(&self, unit: AccessUnit, intact: bool) {
        let mut inbox = self.lock();
        if inbox.units.len() >= KEPT {
            inbox.dropped += inbox.units.len() as u64;
            inbox.units.clear();
            inbox.needs_keyframe = true;
        }
        inbox.needs_keyframe |= !intact;
        if inbox.needs_keyframe && !unit.is_keyframe() {
            inbox.dropped += 1;
            return;
        }
        inbox.needs_keyframe = false;
        inbox.units.push_back(unit);
        self.bell.notify_one();
    }

    fn fail(&self, error: CaptureError) {
        self.lock().failed.get_or_insert(error);
        self.bell.notify_one();
    }

    /// Waits for the next picture.
    fn pop(&self, name: &str, patience: Duration) -> Result<AccessUnit, CaptureError> {
        let waiting = |inbox: &mut Inbox| inbox.units.is_empty() && inbox.failed.is_none();
        let (mut inbox, _) = self
            .bell
            .wait_timeout_while(self.lock(), patience, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        match (inbox.units.pop_front(), inbox.failed.take()) {
            (Some(unit), failed) => {
                inbox.failed = failed;
                Ok(unit)
            }
            (None, Some(error)) => Err(error),
            (None, None) => Err(CaptureError::Silent { name: name.to_owned(), after: patience }),
        }
    }
}

/// A running IP camera.
pub(super) struct RtspSource {
    name: String,
    shared: Arc<Shared>,
    route: Route,
    /// Units looked at while opening, not given yet.
    looked_at: VecDeque<AccessUnit>,
    /// Dropping it ends the camera's thread.
    _stop: oneshot::Sender<()>,
}

impl RtspSource {
    pub(super) fn open(url: &str) -> Result<Self, CaptureError> {
        let name = without_password(url);
        let shared = Arc::new(Shared::default());
        shared.lock().needs_keyframe = true;
        let (stop, stopped) = oneshot::channel();
        let (given, camera, title) = (Arc::clone(&shared), url.to_owned(), name.clone());
        std::thread::Builder::new()
            .name("rtsp camera".into())
            .spawn(move || session::run(&camera, &title, &given, stopped))
            .map_err(|error| CaptureError::Open { name: name.clone(), reason: error.to_string() })?;
        let looked_at = look(&shared, &name)?;
        let route = Route::choose(&name, looked_at.as_slices().0)?;
        Ok(Self { name, shared, route, looked_at, _stop: stop })
    }
}

/// The first keyframe and, where the stream does not tell whether it has B-frames, some pictures more.
fn look(shared: &Shared, name: &str) -> Result<VecDeque<AccessUnit>, CaptureError> {
    let deadline = Instant::now() + OPENING;
    let mut units = Vec::new();
    while units.len() < LOOKED_AT {
        let left = deadline.saturating_duration_since(Instant::now());
        let unit = shared.pop(name, left).map_err(|error| match error {
            CaptureError::Silent { name, .. } => CaptureError::Open {
                name,
                reason: format!("no keyframe came within {} s", OPENING.as_secs()),
            },
            other => other,
        })?;
        let enough = units.is_empty() && !needs_a_look(&unit);
        units.push(unit);
        if enough {
            break;
        }
    }
    Ok(units.into())
}

impl PictureSource for RtspSource {
    fn next(&mut self) -> Result<Option<Captured>, CaptureError> {
        loop {
            if let Some(ready) = self.route.pop() {
                return Ok(Some(ready));
            }
            let unit = match self.looked_at.pop_front() {
                Some(unit) => unit,
                None => self.shared.pop(&self.name, SILENT_AFTER)?,
            };
            if let Some(captured) = self.route.push(unit)? {
                return Ok(Some(captured));
            }
        }
    }

    fn describe(&self) -> String {
        format!("{}: {}", self.name, self.route.describe())
    }

    fn dropped(&self) -> u64 {
        self.shared.lock().dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn unit(kind: u8) -> AccessUnit {
        let now = Instant::now();
        AccessUnit { data: Bytes::copy_from_slice(&[0, 0, 1, kind, 0xff]), shown: now, arrived: now }
    }

    #[test]
    fn a_late_reader_goes_on_at_the_next_keyframe_and_the_rest_is_counted() {
        let shared = Shared::default();
        shared.push(unit(0x65), true);
        for _ in 0..KEPT + 9 {
            shared.push(unit(0x41), true);
        }
        assert_eq!(shared.lock().units.len(), 0, "nothing can be decoded before the next keyframe");
        shared.push(unit(0x65), true);
        shared.push(unit(0x41), true);
        assert!(shared.pop("camera", Duration::ZERO).unwrap().is_keyframe());
        assert_eq!(shared.lock().dropped, KEPT as u64 + 10);
        shared.push(unit(0x41), false);
        shared.push(unit(0x41), true);
        assert_eq!(shared.lock().units.len(), 1, "after a loss, too, only a keyframe helps");
    }

    #[test]
    fn a_camera_that_cannot_be_reached_is_told_without_its_password() {
        let error = RtspSource::open("rtsp://admin:secret@127.0.0.1:9/stream").err().unwrap().to_string();
        assert!(error.starts_with("cannot open 'rtsp://***@127.0.0.1:9/stream': "), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}
