//! A load on a target, from the first join to what was seen.

use crate::LoadError;
use crate::browser::Identity;
use crate::engine::clock::wall_ns;
use crate::join::{self, Joining};
use crate::plant::{Link, Plant};
use crate::process::{ProcessUse, udp_drops};
use crate::schedule::Pace;
use crate::seen::{JoinTimes, Seen, TargetUse};
use crate::shape::{Place, Shape};
use crate::signal::{Counters, Signal, Target};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// Longest wait for sessions to get what they wait for.
const PATIENCE: Duration = Duration::from_secs(15);
/// After a window: what is under way arrives, and the last headers are checked.
const DRAIN: Duration = Duration::from_millis(700);
/// How often it is told how things go.
const PROGRESS: Duration = Duration::from_millis(500);
/// Publishers that join at once.
const PUBLISHERS_AT_ONCE: usize = 8;

/// How a load is made.
#[derive(Debug, Clone, Copy)]
pub struct LoadConfig {
    /// Who is in which lesson.
    pub shape: Shape,
    /// How everybody is connected.
    pub link: Link,
    /// How pictures leave.
    pub pace: Pace,
    /// Decides publishers' phases.
    pub seed: u64,
}

/// How things go.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Sessions that have joined.
    pub sessions: usize,
    /// Of them, those that have what they came for: a picture, or if they only publish a connection.
    pub ready: usize,
    /// Packets of the window received so far.
    pub received: u64,
}

/// A load on a target. Its sessions end with it.
pub struct Load {
    config: LoadConfig,
    target: Target,
    signal: Signal,
    runtime: Runtime,
    plant: Plant,
    identity: Identity,
    /// Subscribers beyond the shape's.
    extra: usize,
}

impl Load {
    /// A load without sessions, on a target that is ready.
    ///
    /// # Errors
    /// If the target is not, or the load's thread cannot start.
    pub fn start(target: Target, config: LoadConfig) -> Result<Self, LoadError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(LoadError::system("make a runtime"))?;
        let signal = Signal::new(target.clone())?;
        runtime.block_on(signal.ready())?;
        let plant = Plant::start(config.link)?;
        Ok(Self { config, target, signal, runtime, plant, identity: Identity::new()?, extra: 0 })
    }

    /// The publishers join; each sends from the moment it can.
    ///
    /// # Errors
    /// If one is not let in or does not connect.
    pub fn join_publishers(&mut self) -> Result<(), LoadError> {
        self.join(self.config.shape.publishing(), Joining::Calmly(PUBLISHERS_AT_ONCE))?;
        // Over QUIC who also subscribes gets its picture only when the others are there.
        if self.config.link == Link::Webrtc { self.until_ready("connected") } else { Ok(()) }
    }

    /// The subscribers join, and each gets a picture.
    ///
    /// # Errors
    /// If one is not let in or gets none.
    pub fn join_subscribers(&mut self, how: Joining) -> Result<(), LoadError> {
        // Over QUIC one session does both ways.
        let is_new = |place: &Place| self.config.link == Link::Webrtc || !self.config.shape.publishes(place);
        let places = self.config.shape.subscribing().into_iter().filter(is_new).collect();
        self.join(places, how)?;
        self.until_ready("had a picture")
    }

    /// As many more subscribers join, spread over the lessons.
    ///
    /// # Errors
    /// As [`Self::join_subscribers`].
    pub fn join_more(&mut self, count: usize, how: Joining) -> Result<(), LoadError> {
        let places = self.config.shape.more_subscribers(self.extra, count);
        self.extra += count;
        self.join(places, how)?;
        self.until_ready("had a picture")
    }

    fn join(&mut self, places: Vec<Place>, how: Joining) -> Result<(), LoadError> {
        let Self { signal, plant, identity, config, runtime, .. } = self;
        let shape = config.shape;
        runtime.block_on(async {
            match plant {
                Plant::Webrtc(engine) => {
                    let join = |place| {
                        let client = join::client(identity, *config, place);
                        join::webrtc(signal.clone(), engine.clone(), place, client)
                    };
                    join::all(places, how, join).await
                }
                Plant::Quic(plant) => {
                    let join = |place| {
                        let subscribes = shape.subscribes(&place);
                        crate::quic::join(signal.clone(), plant.clone(), *config, place, subscribes)
                    };
                    join::all(places, how, join).await
                }
            }
        })
    }

    fn until_ready(&self, what: &'static str) -> Result<(), LoadError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let Progress { sessions, ready, .. } = self.progress()?;
            if ready == sessions {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(LoadError::Slow { what, ready, wanted: sessions, seconds: PATIENCE.as_secs() });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// How things go.
    ///
    /// # Errors
    /// If the load's thread has ended.
    pub fn progress(&self) -> Result<Progress, LoadError> {
        let sessions = self.plant.sessions()?;
        Ok(Progress {
            sessions: sessions.len(),
            ready: sessions.iter().filter(|session| session.is_ready()).count(),
            received: self.plant.ledger(|ledger| ledger.tally.received)?,
        })
    }

    /// Waits and tells how things go.
    ///
    /// # Errors
    /// If the load's thread has ended.
    pub fn wait(&self, time: Duration, tell: &mut dyn FnMut(Progress)) -> Result<(), LoadError> {
        let until = Instant::now() + time;
        loop {
            tell(self.progress()?);
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(PROGRESS));
        }
    }

    /// Measures for a time.
    ///
    /// # Errors
    /// If the load's thread has ended.
    pub fn window(&mut self, time: Duration, tell: &mut dyn FnMut(Progress)) -> Result<Seen, LoadError> {
        self.window_while(|load| load.wait(time, tell))
    }

    /// Measures while something is done, for those who are there when it begins.
    ///
    /// # Errors
    /// If the load's thread has ended, or what is done fails.
    pub fn window_while(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<(), LoadError>,
    ) -> Result<Seen, LoadError> {
        let before = self.plant.sessions()?;
        let mut ports: Vec<u16> = before.iter().map(|session| session.port).collect();
        ports.sort_unstable();
        let (drops_before, counters_before) = (udp_drops(&ports), self.counters());
        let start = Instant::now();
        self.plant.open_window()?;
        let own_before_ns = ProcessUse::thread_cpu_ns(self.plant.tid());
        let used_before = self.target_now();
        act(self)?;
        let used = self.target_now();
        let own_ns = ProcessUse::thread_cpu_ns(self.plant.tid()).saturating_sub(own_before_ns);
        let seconds = start.elapsed().as_secs_f64();
        let idle_ns = self.plant.ledger(|ledger| {
            ledger.close_window(wall_ns());
            ledger.idle_ns
        })?;
        let counters_after = self.counters();
        std::thread::sleep(DRAIN);
        let sessions = self.plant.sessions()?;
        let mut seen = self.plant.ledger(move |ledger| ledger.seen_by(&sessions, &before))?;
        seen.seconds = seconds;
        seen.generator.busy = own_ns.saturating_sub(idle_ns) as f64 / 1e9 / seconds;
        seen.generator.dropped = udp_drops(&ports).saturating_sub(drops_before);
        let grown = counters_before.zip(counters_after).map(|(before, after)| after.since(&before));
        seen.target = used_before.zip(used).map(|(before, after)| TargetUse::between(&before, &after, grown));
        Ok(seen)
    }

    fn counters(&self) -> Option<Counters> {
        self.runtime.block_on(self.signal.counters())
    }

    /// How the subscribers' sessions began, in the order in which they joined.
    ///
    /// # Errors
    /// If the load's thread has ended.
    pub fn joins(&self) -> Result<Vec<JoinTimes>, LoadError> {
        let sessions = self.plant.sessions()?;
        Ok(sessions.iter().filter(|session| session.subscribes).map(|session| session.join_times()).collect())
    }

    /// The target's process now, if it runs on this machine.
    pub fn target_now(&self) -> Option<ProcessUse> {
        self.target.pid.and_then(ProcessUse::read)
    }
}
