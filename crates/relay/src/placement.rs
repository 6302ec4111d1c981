//! Which worker a lesson lives on.
//!
//! A lesson begins on the worker with the least to do and stays there for as long as that worker
//! remembers it. How busy a worker is, it says itself; what was placed on it lately counts too, since
//! lessons are placed when their page is opened and cost something only when the class begins.
//!
//! Asked once for each request and hello, never for a packet. Whoever asks has verified a grant.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tongke_protocol::LessonId;

/// Lessons whose worker is noted. Full: from then on a further lesson's worker follows from its name.
const MAX_LESSONS: usize = 65_536;
/// A lesson that was asked for so lately is not forgotten: what asked may still be on its way.
const MIN_NOTED: Duration = Duration::from_secs(5 * 60);
/// After so long half of what a lesson is expected to cost is taken to show in its worker's own figures.
const HALF_LIFE: Duration = Duration::from_secs(15 * 60);
/// A lesson whose worker ended twice within this time stays there: it may be what ends it.
const SUSPICION: Duration = Duration::from_secs(10 * 60);
/// What a lesson is expected to cost, as a share of a CPU, while none runs that could be measured; and
/// the bounds of what is measured.
const USUAL_SHARE: f64 = 0.005;
const SHARES: std::ops::RangeInclusive<f64> = 0.001..=0.1;
/// One CPU, in the unit that workers tell theirs.
const PPM: f64 = 1_000_000.0;

/// Where every lesson lives.
pub(crate) struct Placement {
    /// Held for a look-up, and for a comparison of the workers when a lesson is new.
    table: Mutex<Table>,
    loads: Vec<Load>,
    /// Told whenever a worker begins, or a lesson has moved.
    changes: watch::Sender<()>,
}

/// What a worker tells of itself, once a second.
#[derive(Debug, Default)]
struct Load {
    /// Share of a CPU over the last seconds, in millionths.
    busy_ppm: AtomicU32,
    /// Lessons with media.
    running: AtomicU32,
}

/// A [`Load`] as it was read.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    busy: f64,
    running: u32,
}

struct Table {
    lessons: HashMap<LessonId, Home>,
    seats: Vec<Seat>,
    /// The table was full once, so there may be lessons that live where their name says.
    by_name: bool,
}

struct Home {
    worker: usize,
    asked: Instant,
    /// When its worker last ended by itself.
    fell: Option<Instant>,
}

/// What was placed on a worker.
#[derive(Debug, Clone, Copy)]
struct Seat {
    /// Whether there is a worker that takes jobs, with all that its lessons need.
    lives: bool,
    lessons: usize,
    /// Shares of a CPU that its lessons are expected to cost, as of a moment.
    expected: f64,
    as_of: Instant,
}

impl Placement {
    /// No lessons yet on so many workers.
    pub(crate) fn new(workers: usize) -> Self {
        let table = Mutex::new(Table::new(Instant::now(), workers));
        let loads = (0..workers).map(|_| Load::default()).collect();
        Self { table, loads, changes: watch::Sender::new(()) }
    }

    /// The worker that a lesson lives on. A lesson that has none gets one here.
    pub(crate) fn home(&self, lesson: &LessonId) -> usize {
        self.table().home(Instant::now(), lesson, || self.told())
    }

    /// The workers that live but one, those with the least to do first.
    pub(crate) fn others(&self, but: usize) -> Vec<usize> {
        let told = self.told();
        let mut others: Vec<usize> = {
            let seats = &self.table().seats;
            (0..told.len()).filter(|worker| *worker != but && seats[*worker].lives).collect()
        };
        others.sort_by(|left, right| told[*left].busy.total_cmp(&told[*right].busy));
        others
    }

    /// The worker of a lesson, if it lives somewhere already.
    pub(crate) fn find(&self, lesson: &LessonId) -> Option<usize> {
        self.table().find(lesson)
    }

    /// Gives a lesson of an earlier run a worker. It is not expected to cost anything: most are over.
    pub(crate) fn restore(&self, lesson: &LessonId) -> usize {
        self.table().restore(Instant::now(), lesson)
    }

    /// A worker's lessons that nobody has asked for lately: it may have forgotten them.
    pub(crate) fn idle(&self, worker: usize) -> Vec<LessonId> {
        self.table().idle(Instant::now(), worker)
    }

    /// A lesson's worker has forgotten it. It is noted still if somebody asked in the meantime.
    pub(crate) fn release(&self, lesson: &LessonId) {
        self.table().release(Instant::now(), lesson);
    }

    /// A worker tells what it has to do: CPU time in millionths of a CPU, lessons with media.
    pub(crate) fn tell(&self, worker: usize, busy_ppm: u32, running: u32) {
        if let Some(load) = self.loads.get(worker) {
            load.busy_ppm.store(busy_ppm, Ordering::Relaxed);
            load.running.store(running, Ordering::Relaxed);
        }
    }

    /// A worker has ended by itself. Returns its lessons, which stay there for whoever waits in
    /// [`settled`](Self::settled) until they have [`moved`](Self::moved) or the worker
    /// [began](Self::worker_began) anew.
    pub(crate) fn worker_ended(&self, worker: usize) -> Vec<LessonId> {
        self.tell(worker, 0, 0);
        self.table().end(worker)
    }

    /// Where a lesson goes whose worker has ended: the least loaded that lives, or none but its own.
    pub(crate) fn refuge(&self, lesson: &LessonId) -> usize {
        let told = self.told();
        self.table().refuge(Instant::now(), lesson, &told)
    }

    /// Lessons live on another worker from now on.
    pub(crate) fn moved(&self, lessons: &[LessonId], to: usize) {
        let mut table = self.table();
        lessons.iter().for_each(|lesson| table.set_home(lesson, to));
        drop(table);
        self.changes.send_replace(());
    }

    /// A worker has begun anew in place of one that ended.
    pub(crate) fn worker_began(&self, worker: usize) {
        if let Some(seat) = self.table().seats.get_mut(worker) {
            seat.lives = true;
        }
        self.changes.send_replace(());
    }

    /// Waits until a lesson's worker lives; for a new lesson, until any does.
    pub(crate) async fn settled(&self, lesson: &LessonId) {
        let mut changes = self.changes.subscribe();
        while !self.table().is_settled(lesson) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// How many lessons live on each worker.
    pub(crate) fn counts(&self) -> Vec<usize> {
        self.table().seats.iter().map(|seat| seat.lessons).collect()
    }

    fn told(&self) -> Vec<Told> {
        let told = |load: &Load| Told {
            busy: f64::from(load.busy_ppm.load(Ordering::Relaxed)) / PPM,
            running: load.running.load(Ordering::Relaxed),
        };
        self.loads.iter().map(told).collect()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Every change is whole before anything in it could panic.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn new(now: Instant, workers: usize) -> Self {
        let seats = vec![Seat { lives: true, lessons: 0, expected: 0.0, as_of: now }; workers];
        Self { lessons: HashMap::new(), seats, by_name: false }
    }

    fn find(&self, lesson: &LessonId) -> Option<usize> {
        let noted = self.lessons.get(lesson).map(|home| home.worker);
        noted.or_else(|| self.by_name.then(|| self.named(lesson)))
    }

    fn home(&mut self, now: Instant, lesson: &LessonId, told: impl FnOnce() -> Vec<Told>) -> usize {
        if let Some(home) = self.lessons.get_mut(lesson) {
            home.asked = now;
            return home.worker;
        }
        if self.by_name {
            return self.named(lesson);
        }
        let told = told();
        let share = expected_share(&told);
        let worker = self.least_loaded(now, &told);
        self.note(now, lesson, worker, share)
    }

    fn restore(&mut self, now: Instant, lesson: &LessonId) -> usize {
        let worker = self.least_loaded(now, &vec![Told::default(); self.seats.len()]);
        self.note(now, lesson, worker, 0.0)
    }

    fn least_loaded(&self, now: Instant, told: &[Told]) -> usize {
        let load = |index: usize, seat: &Seat| {
            let busy = told.get(index).map_or(0.0, |told| told.busy);
            (busy + seat.expected_at(now), seat.lessons)
        };
        let living = self.seats.iter().enumerate().filter(|(_, seat)| seat.lives);
        let loads = living.map(|(index, seat)| (load(index, seat), index));
        let least = loads.min_by(|((left, left_lessons), _), ((right, right_lessons), _)| {
            left.total_cmp(right).then(left_lessons.cmp(right_lessons))
        });
        least.map_or(0, |(_, index)| index)
    }

    fn note(&mut self, now: Instant, lesson: &LessonId, worker: usize, share: f64) -> usize {
        if self.lessons.len() >= MAX_LESSONS {
            tracing::warn!(
                lessons = MAX_LESSONS,
                "too many lessons to note where each lives: from now on it follows from the lesson's name"
            );
            self.by_name = true;
            return self.named(lesson);
        }
        self.lessons.insert(lesson.clone(), Home { worker, asked: now, fell: None });
        let seat = &mut self.seats[worker];
        seat.expect(now, share);
        seat.lessons += 1;
        worker
    }

    fn end(&mut self, worker: usize) -> Vec<LessonId> {
        if let Some(seat) = self.seats.get_mut(worker) {
            seat.lives = false;
            seat.expected = 0.0;
        }
        let of_worker = self.lessons.iter().filter(|(_, home)| home.worker == worker);
        of_worker.map(|(lesson, _)| lesson.clone()).collect()
    }

    fn refuge(&mut self, now: Instant, lesson: &LessonId, told: &[Told]) -> usize {
        let refuge = self.least_loaded(now, told);
        let Some(home) = self.lessons.get_mut(lesson) else { return refuge };
        // What brings down one worker after another must not reach them all.
        let fell_lately = home.fell.is_some_and(|at| now.saturating_duration_since(at) < SUSPICION);
        home.fell = Some(now);
        let refuge = if fell_lately || !self.seats[refuge].lives { home.worker } else { refuge };
        self.seats[refuge].expect(now, expected_share(told));
        refuge
    }

    fn set_home(&mut self, lesson: &LessonId, worker: usize) {
        let Some(home) = self.lessons.get_mut(lesson) else { return };
        self.seats[home.worker].lessons -= 1;
        self.seats[worker].lessons += 1;
        home.worker = worker;
    }

    fn is_settled(&self, lesson: &LessonId) -> bool {
        match self.find(lesson) {
            Some(worker) => self.seats[worker].lives,
            None => self.seats.iter().any(|seat| seat.lives),
        }
    }

    /// Without a random key, so that everybody finds the same worker.
    fn named(&self, lesson: &LessonId) -> usize {
        let mut hasher = DefaultHasher::new();
        lesson.as_str().hash(&mut hasher);
        (hasher.finish() % self.seats.len() as u64) as usize
    }

    fn idle(&self, now: Instant, worker: usize) -> Vec<LessonId> {
        let of_worker = self.lessons.iter().filter(|(_, home)| home.worker == worker && home.is_idle(now));
        of_worker.map(|(lesson, _)| lesson.clone()).collect()
    }

    fn release(&mut self, now: Instant, lesson: &LessonId) {
        if self.lessons.get(lesson).is_some_and(|home| home.is_idle(now))
            && let Some(home) = self.lessons.remove(lesson)
        {
            self.seats[home.worker].lessons -= 1;
        }
    }
}

impl Home {
    fn is_idle(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.asked) >= MIN_NOTED
    }
}

impl Seat {
    fn expect(&mut self, now: Instant, share: f64) {
        self.expected = self.expected_at(now) + share;
        self.as_of = now;
    }

    fn expected_at(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.as_of);
        self.expected * 0.5_f64.powf(passed.as_secs_f64() / HALF_LIFE.as_secs_f64())
    }
}

/// What a lesson costs: what those that run cost now.
fn expected_share(told: &[Told]) -> f64 {
    let running: u32 = told.iter().map(|told| told.running).sum();
    let busy: f64 = told.iter().map(|told| told.busy).sum();
    if running == 0 { USUAL_SHARE } else { (busy / f64::from(running)).clamp(*SHARES.start(), *SHARES.end()) }
}

#[cfg(test)]
mod tests;
