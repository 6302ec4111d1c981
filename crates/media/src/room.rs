//! A room that exists in memory: what its loudspeaker plays comes into its microphone, later and weaker, beside a
//! talker and the room's noise. Its echo canceller takes nothing of the echo, but may take of the talker while the
//! loudspeaker sounds. For tests of what is measured through rooms, on machines without any.
//!
//! `room:delay_ms=180,loss_db=30` is the name of such a loudspeaker and of such a microphone alike; both halves
//! that are opened by the same name in one process are of one room. It lasts as long as either.

mod spec;
mod talker;

use crate::capture::CaptureError;
use crate::capture::pace::Pace;
use crate::capture::sound::SampleSource;
use crate::sound::{FRAME_SAMPLES, SAMPLE_RATE, SoundFrame};
use spec::Spec;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use talker::Talker;

/// What the names of rooms begin with.
const PREFIX: &str = "room:";
/// Samples of one step of the room's time: 10 ms.
const STEP: usize = FRAME_SAMPLES / 2;
const STEPS_PER_S: u32 = SAMPLE_RATE / STEP as u32;
/// A thread that is later than this does not catch up.
const PATIENCE: Duration = Duration::from_millis(200);
/// Steps kept for a microphone's reader that does not come: 200 ms; then the oldest is dropped.
const KEPT: usize = 20;
/// A room gives nothing for so long only if its thread died.
const SILENT_AFTER: Duration = Duration::from_secs(3);

/// The next stereo sample of a loudspeaker.
pub(crate) type Play = Box<dyn FnMut() -> [f32; 2] + Send>;

/// Rooms that are open, by their name.
static ROOMS: Mutex<BTreeMap<String, Weak<Room>>> = Mutex::new(BTreeMap::new());

/// Whether a sound device of this name is a room.
pub(crate) fn is_room(name: &str) -> bool {
    name.starts_with(PREFIX)
}

struct Room {
    air: Mutex<Air>,
    bell: Condvar,
}

struct Air {
    spec: Spec,
    loudspeaker: Option<Play>,
    /// What was played and has not reached the microphone yet.
    on_its_way: VecDeque<f32>,
    talker: Talker,
    random: u32,
    microphone: Option<Microphone>,
}

/// What the microphone heard and nobody took yet: when each step began, and its samples.
#[derive(Default)]
struct Microphone {
    steps: VecDeque<(Instant, Vec<f32>)>,
    dropped: u64,
}

impl Room {
    fn enter(name: &str) -> Result<Arc<Room>, String> {
        let spec: Spec = name.strip_prefix(PREFIX).unwrap_or(name).parse()?;
        let mut rooms = ROOMS.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.retain(|_, room| room.strong_count() > 0);
        if let Some(room) = rooms.get(name).and_then(Weak::upgrade) {
            return Ok(room);
        }
        let room = Arc::new(Room { air: Mutex::new(Air::new(spec)), bell: Condvar::new() });
        let seen = Arc::downgrade(&room);
        std::thread::Builder::new()
            .name("room".into())
            .spawn(move || {
                let mut pace = Pace::new(STEPS_PER_S, PATIENCE);
                loop {
                    let now = pace.wait();
                    let Some(room) = seen.upgrade() else { return };
                    room.air().step(now);
                    room.bell.notify_one();
                }
            })
            .map_err(|error| format!("no thread for it: {error}"))?;
        rooms.insert(name.to_owned(), Arc::downgrade(&room));
        Ok(room)
    }

    fn air(&self) -> MutexGuard<'_, Air> {
        self.air.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Air {
    fn new(spec: Spec) -> Self {
        // A step is played from its moment on and heard up to it: the way there is a step longer than the delay.
        let way = STEP + (spec.delay_ms * f64::from(SAMPLE_RATE) / 1000.0) as usize;
        Self {
            talker: Talker::new(&spec),
            spec,
            loudspeaker: None,
            on_its_way: std::iter::repeat_n(0.0, way).collect(),
            random: 0x2545_f491,
            microphone: None,
        }
    }

    /// The loudspeaker plays the step that begins now; the microphone has heard the one that ends now.
    fn step(&mut self, now: Instant) {
        let heard: Vec<f32> = (0..STEP).map(|_| self.sample()).collect();
        let played: Vec<f32> = match &mut self.loudspeaker {
            Some(play) => (0..STEP).map(|_| play()).map(|[l, r]| (l + r) / 2.0).collect(),
            None => vec![0.0; STEP],
        };
        self.talker.against(&played);
        self.on_its_way.extend(played);
        if let Some(microphone) = &mut self.microphone {
            let began = now.checked_sub(Duration::from_secs(1) / STEPS_PER_S).unwrap_or(now);
            microphone.steps.push_back((began, heard));
            while microphone.steps.len() > KEPT {
                microphone.steps.pop_front();
                microphone.dropped += STEP as u64;
            }
        }
    }

    fn sample(&mut self) -> f32 {
        let played = self.on_its_way.pop_front().unwrap_or_default();
        let talks = self.talker.sample();
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = self.random as i32 as f32 / 2_147_483_648.0;
        self.spec.path_gain * played + talks + self.spec.noise_gain * noise
    }
}

/// A loudspeaker of a room. Dropping it silences it.
pub(crate) struct RoomLoudspeaker(Arc<Room>);

impl RoomLoudspeaker {
    /// Opens it; from now on `play` is asked for samples. The error says what is wrong with the name.
    pub(crate) fn open(name: &str, play: Play) -> Result<Self, String> {
        let room = Room::enter(name)?;
        let mut air = room.air();
        if air.loudspeaker.is_some() {
            return Err("another one plays there already".into());
        }
        air.loudspeaker = Some(play);
        drop(air);
        Ok(Self(room))
    }
}

impl Drop for RoomLoudspeaker {
    fn drop(&mut self) {
        self.0.air().loudspeaker = None;
    }
}

/// A microphone of a room.
pub(crate) struct RoomMicrophone {
    name: String,
    channels: u8,
    room: Arc<Room>,
}

impl RoomMicrophone {
    /// Opens it.
    pub(crate) fn open(name: &str, channels: u8) -> Result<Self, CaptureError> {
        let open = |reason: String| CaptureError::Open { name: name.to_owned(), reason };
        let room = Room::enter(name).map_err(open)?;
        let mut air = room.air();
        if air.microphone.is_some() {
            return Err(open("another one listens there already".into()));
        }
        air.microphone = Some(Microphone::default());
        drop(air);
        Ok(Self { name: name.to_owned(), channels: channels.clamp(1, 2), room })
    }
}

impl SampleSource for RoomMicrophone {
    fn next(&mut self) -> Result<Option<SoundFrame>, CaptureError> {
        let waits = |air: &mut Air| air.microphone.as_ref().is_some_and(|of| of.steps.len() < 2);
        let (mut air, _) = self
            .room
            .bell
            .wait_timeout_while(self.room.air(), SILENT_AFTER, waits)
            .unwrap_or_else(PoisonError::into_inner);
        let steps = air.microphone.as_mut().map(|of| &mut of.steps);
        let two = steps.and_then(|steps| Some((steps.pop_front()?, steps.pop_front()?)));
        let Some(((captured, first), (_, second))) = two else {
            return Err(CaptureError::Silent { name: self.name.clone(), after: SILENT_AFTER });
        };
        let samples = first
            .into_iter()
            .chain(second)
            .map(|sample| (sample.clamp(-1.0, 1.0) * 32_767.0) as i16)
            .flat_map(|sample| std::iter::repeat_n(sample, self.channels.into()))
            .collect();
        Ok(Some(SoundFrame { samples, channels: self.channels, captured }))
    }

    fn describe(&self) -> String {
        format!("{}: in this machine's memory", self.name)
    }

    fn dropped(&self) -> u64 {
        self.room.air().microphone.as_ref().map_or(0, |of| of.dropped)
    }
}

impl Drop for RoomMicrophone {
    fn drop(&mut self) {
        self.room.air().microphone = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a room's microphone hears of a click that is played in the step after `quiet` others.
    fn heard(spec: &str, quiet: usize) -> Vec<f32> {
        let mut air = Air::new(spec.parse().unwrap());
        let mut n = 0;
        air.loudspeaker = Some(Box::new(move || {
            n += 1;
            if n == quiet * STEP + 1 { [0.5; 2] } else { [0.0; 2] }
        }));
        air.microphone = Some(Microphone::default());
        let start = Instant::now();
        let mut all = Vec::new();
        for step in 0..30u32 {
            air.step(start + step * Duration::from_millis(10));
            let (began, samples) = air.microphone.as_mut().unwrap().steps.pop_front().unwrap();
            assert_eq!(began + Duration::from_millis(10), start + step * Duration::from_millis(10));
            all.extend(samples);
        }
        all
    }

    #[test]
    fn what_is_played_is_heard_later_and_weaker_by_what_the_name_says() {
        let heard = heard("delay_ms=180,loss_db=20", 2);
        let at = heard.iter().position(|sample| *sample != 0.0).unwrap();
        // The first step that is heard ends where the first one that is played begins: 10 ms are before the start.
        assert_eq!(at, STEP + 2 * STEP + 180 * 48);
        assert!((heard[at] - 0.05).abs() < 1e-6, "{}", heard[at]);
    }

    #[test]
    fn without_a_loss_nothing_played_is_heard_and_noise_and_talker_have_their_level() {
        assert!(heard("delay_ms=0", 0).iter().all(|sample| *sample == 0.0));
        let noise = heard("noise_dbfs=-60", 0);
        let rms = (noise.iter().map(|s| s * s).sum::<f32>() / noise.len() as f32).sqrt();
        assert!((20.0 * rms.log10() + 60.0).abs() < 0.2, "{rms}");
        assert!(heard("talker_dbfs=-20", 0).iter().any(|sample| sample.abs() > 0.01));
    }

    #[test]
    fn sweeps_come_each_470_ms_at_their_level_and_weaker_while_the_loudspeaker_sounds() {
        let rms_dbfs = |samples: &[f32]| {
            let power = samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len() as f64;
            10.0 * power.log10()
        };
        for (quiet, sounds) in [(100, false), (45, true)] {
            let mut air = Air::new("sweeps_dbfs=-30,duck_db=9".parse().unwrap());
            let mut n = 0;
            air.loudspeaker = Some(Box::new(move || {
                n += 1;
                if n > quiet * STEP { [0.1; 2] } else { [0.0; 2] }
            }));
            air.microphone = Some(Microphone::default());
            let start = Instant::now();
            (0..60u32).for_each(|step| air.step(start + step * Duration::from_millis(10)));
            // The last 200 ms are kept: the second sweep begins 70 ms into them.
            let kept = air.microphone.take().unwrap().steps;
            let heard: Vec<f32> = kept.into_iter().flat_map(|(_, samples)| samples).collect();
            let (before, second) = (&heard[..7 * STEP], &heard[7 * STEP..17 * STEP]);
            assert!(before.iter().all(|sample| *sample == 0.0));
            let expected = if sounds { -39.0 } else { -30.0 };
            assert!((rms_dbfs(second) - expected).abs() < 0.2, "{} {expected}", rms_dbfs(second));
        }
    }

    #[test]
    fn both_halves_of_one_name_are_of_one_room_and_each_is_there_once() {
        let name = "room:loss_db=6,delay_ms=20";
        let mut on = 0u32;
        let play = move || {
            on += 1;
            [if on.is_multiple_of(2) { 0.25 } else { -0.25 }; 2]
        };
        let _loudspeaker = RoomLoudspeaker::open(name, Box::new(play)).unwrap();
        assert!(RoomLoudspeaker::open(name, Box::new(|| [0.0; 2])).is_err());
        let mut microphone = RoomMicrophone::open(name, 2).unwrap();
        assert!(RoomMicrophone::open(name, 1).is_err());
        let mut frames = (0..100).map(|_| microphone.next().unwrap().unwrap());
        let loud = frames.find(|frame| frame.samples.iter().all(|sample| sample.abs() > 4_000)).unwrap();
        assert_eq!((loud.samples.len(), loud.channels), (2 * FRAME_SAMPLES, 2));
    }
}
