//! A machine that stands by: it holds its link to the registry, does what it is told to do, one thing at a time, and
//! tests itself as its plan says. Never while a lesson runs on it.

mod schedule;
mod work;

use crate::busy::Held;
use crate::keeping::reports_in;
use crate::selftest::LoadPlan;
use crate::settings::NodeSettings;
use schedule::{Due, Schedule};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tongke_outbox::{AskError, Backoff, Machine, OpenError, OrderLink, Pace};
use tongke_protocol::WallTime;
use tongke_protocol::order::{Order, OrderNews};
use work::Outcome;

/// Waits between attempts to reach the registry.
const PACE: Pace = Pace { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
/// How often the timetable is asked for.
const TIMETABLE_PERIOD: Duration = Duration::from_secs(600);
/// Longest sleep until the plan is looked at: the clock may be set meanwhile.
const LOOK_PERIOD: Duration = Duration::from_secs(30);

/// Why a machine cannot stand by.
#[derive(Debug, thiserror::Error)]
pub enum StandbyError {
    /// The folder of reports cannot be used, or another program stands by with it.
    #[error(transparent)]
    Reports(#[from] OpenError),
    /// The way to the registry cannot be set up.
    #[error(transparent)]
    Link(#[from] AskError),
}

/// Stands by until it is dropped. `data`: the folder of the machine; `settings`: those of its node, for its devices;
/// `load`: how its line may be loaded. Only one program stands by with a folder.
pub async fn standby(
    machine: Machine,
    data: PathBuf,
    settings: NodeSettings,
    load: LoadPlan,
) -> Result<(), StandbyError> {
    let machine = Arc::new(machine);
    // Held as long as this stands by: it is also what brings the reports.
    let _delivery = reports_in(&data)?.deliver_for(machine.clone(), Pace::default())?;
    let link = OrderLink::of(machine.clone())?;
    let schedule = Schedule::new(machine.node(), now());
    let (unsaid, trouble, asked) = (None, None, None);
    let backoff = Backoff::new(PACE);
    let mut standby =
        Standby { link, machine, data, settings, load, schedule, unsaid, trouble, backoff, asked };
    loop {
        standby.turn().await;
    }
}

struct Standby {
    link: OrderLink,
    machine: Arc<Machine>,
    data: PathBuf,
    settings: NodeSettings,
    load: LoadPlan,
    schedule: Schedule,
    /// What became of an order, while the registry has not heard it.
    unsaid: Option<(String, OrderNews)>,
    /// Why the registry was not reached last; told once.
    trouble: Option<String>,
    backoff: Backoff,
    /// When the timetable was asked for.
    asked: Option<Instant>,
}

impl Standby {
    /// One thing: an order, a test that is due, or a while in which there was nothing.
    async fn turn(&mut self) {
        if let Some(due) = self.schedule.due(now()) {
            return self.test_as_planned(due).await;
        }
        let quiet = self.schedule.quiet(now(), LOOK_PERIOD);
        let asked = async {
            let told = self.say_what_is_unsaid().await;
            let known = if told.is_ok() { self.learn_timetable().await } else { told };
            match known {
                Ok(()) => self.link.order(now()).await,
                Err(error) => Err(error),
            }
        };
        // An order whose answer is dropped here stays until it is taken: it comes again with the next question.
        match tokio::time::timeout(quiet, asked).await {
            Err(_elapsed) => {}
            Ok(Ok(order)) => {
                self.on_reached();
                if let Some(order) = order {
                    self.carry_out(order, None).await;
                }
            }
            Ok(Err(error)) => {
                self.on_trouble(&error);
                let wait = self.backoff.wait(rand::random());
                tokio::time::sleep(wait.min(quiet)).await;
            }
        }
    }

    /// Tells the registry what became of the last order. What it does not want to know is told no more.
    async fn say_what_is_unsaid(&mut self) -> Result<(), AskError> {
        let Some((order, news)) = &self.unsaid else { return Ok(()) };
        match self.link.tell(order, news.clone(), now()).await {
            Ok(()) | Err(AskError::Refused { .. }) => {
                self.unsaid = None;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn learn_timetable(&mut self) -> Result<(), AskError> {
        if self.asked.is_some_and(|asked| asked.elapsed() < TIMETABLE_PERIOD) {
            return Ok(());
        }
        let lessons = self.link.timetable(now()).await?;
        self.schedule.set_lessons(lessons);
        self.asked = Some(Instant::now());
        Ok(())
    }

    /// Asks for what a test needs, and tests. If the registry says no, e.g. since a lesson is live, nothing is tested.
    async fn test_as_planned(&mut self, due: Due) {
        if let Err(busy) = Held::by_selftest(Some(&self.data)) {
            tracing::info!("no {}: {busy}", due.words());
            return self.schedule.put_off(due, now());
        }
        match self.link.self_test(now()).await {
            Ok(order) => self.carry_out(order, Some(due)).await,
            Err(error) => {
                tracing::warn!(%error, "no {}", due.words());
                self.schedule.put_off(due, now());
            }
        }
    }

    /// Takes an order, does it, and says what came of it.
    async fn carry_out(&mut self, order: Order, due: Option<Due>) {
        let Order { id, what } = order;
        let held = match Held::by_selftest(Some(&self.data)) {
            Ok(held) => held,
            Err(busy) => {
                self.unsaid = Some((id, work::failed(busy)));
                return;
            }
        };
        tracing::info!(order = id, what = what.name(), "an order is carried out");
        // Only who was told that it has it does it: the order may be over.
        if let Err(error) = self.link.tell(&id, work::taken("it begins"), now()).await {
            return tracing::warn!(order = id, %error, "the order is not carried out");
        }
        let asked_by = due.map_or("registry", Due::words);
        let Outcome { news, found_no_room } = work::carry_out(self, &id, &what, asked_by).await;
        if let Some(due) = due.filter(|_| found_no_room) {
            self.schedule.put_off(due, now());
        }
        tracing::info!(order = id, state = ?news.state, words = news.words, report = news.report, "an order is done with");
        self.unsaid = Some((id, news));
        drop(held);
    }

    fn on_reached(&mut self) {
        self.backoff.reset();
        if self.trouble.take().is_some() {
            tracing::info!(registry = self.machine.registry(), "the registry is reached again");
        }
    }

    fn on_trouble(&mut self, error: &AskError) {
        let error = error.to_string();
        if self.trouble.as_ref() != Some(&error) {
            tracing::warn!(error, "the registry cannot give orders now; it is asked again");
        }
        self.trouble = Some(error);
    }
}

fn now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(since.as_micros() as u64)
}
