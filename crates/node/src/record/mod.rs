//! What a node tells the registry of a lesson: each minute what it sent and played, at the end how good that was.
//! On disk first; delivered in the background if the folder's machine is enrolled.

mod flow;
mod keeping;
mod pictures;

pub(crate) use flow::{Played, Totals};
pub(crate) use pictures::Pictures;

use crate::config::NodeConfig;
use crate::error::NodeError;
use flow::FlowBook;
use keeping::Keeping;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tongke_outbox::{Delivery, Limits, Machine, Outbox, Pace, Worth};
use tongke_protocol::facts::NodeFacts;
use tongke_protocol::record::{FactKind, LessonFact};
use tongke_protocol::{LessonId, ParticipantId, WallTime};

/// Time for the last facts to be on disk.
const DISK_WAIT: Duration = Duration::from_secs(3);
/// Time for them to reach the registry at the end.
const DELIVERY_WAIT: Duration = Duration::from_secs(3);

/// The folder of a data folder in which a node's facts wait.
pub(crate) fn outbox_in(data: &Path) -> PathBuf {
    data.join("outbox")
}

/// A node's record of its lesson.
pub(crate) struct Record {
    data: PathBuf,
    lesson: LessonId,
    participant: ParticipantId,
    /// The run's name: 64 random bits. With a number behind it, it names a fact for ever.
    run: String,
    named: u64,
    /// None: the relay has not been reached yet.
    book: Option<FlowBook>,
    outbox: Outbox,
    keeping: Keeping,
    /// None: the machine is not enrolled.
    delivery: Option<Delivery>,
}

impl Record {
    /// Opens the record in the configured folder, if there is one, and begins to deliver what earlier runs left.
    /// Of a test there is none.
    pub(crate) fn open(config: &NodeConfig) -> Result<Option<Record>, NodeError> {
        let Some(data) = config.data.as_ref().filter(|_| !config.lesson.is_test()) else { return Ok(None) };
        let outbox = Outbox::open(&outbox_in(data), Limits::default())?;
        let machine = Machine::load(data)?;
        match &machine {
            Some(machine) => {
                tracing::info!(
                    machine = machine.node(),
                    registry = machine.registry(),
                    "facts are delivered"
                );
            }
            None => tracing::info!(data = %data.display(), "not enrolled: facts are kept and wait"),
        }
        Ok(Some(Record {
            data: data.clone(),
            lesson: config.lesson.clone(),
            participant: config.grant.participant.clone(),
            run: format!("{:016x}", rand::random::<u64>()),
            named: 0,
            book: None,
            delivery: machine.map(|machine| outbox.deliver(machine, Pace::default())),
            keeping: Keeping::start(outbox.clone())?,
            outbox,
        }))
    }

    /// The relay was reached: from the first time on, the lesson is told of.
    pub(crate) fn on_up(&mut self, now: Instant, totals: Totals) {
        let participant = &self.participant;
        self.book.get_or_insert_with(|| FlowBook::begin(participant.clone(), now, totals));
    }

    /// Whether a stretch is to end.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.book.as_ref().is_some_and(|book| book.due() <= now)
    }

    /// Tells what flowed since the last time.
    pub(crate) fn tell_flow(
        &mut self,
        now: Instant,
        totals: Totals,
        on_relay: impl Fn(Instant) -> WallTime + Copy,
    ) {
        let flow = self.book.as_mut().and_then(|book| book.take(now, totals, on_relay));
        if let Some(flow) = flow {
            self.tell(Worth::Attendance, on_relay(now), flow);
        }
    }

    /// Tells how good the lesson was, if there was one.
    pub(crate) fn tell_quality(&mut self, at: WallTime, facts: &NodeFacts) {
        if self.book.is_some() {
            self.tell(Worth::Detail, at, FactKind::Quality { measured: Box::new(facts.clone()) });
        }
    }

    fn tell(&mut self, worth: Worth, at: WallTime, what: FactKind) {
        self.named += 1;
        let id = format!("{}-{}", self.run, self.named);
        let fact = LessonFact { id, lesson: self.lesson.clone(), at_us: at.as_unix_us(), what };
        match serde_json::to_vec(&fact) {
            Ok(json) => self.keeping.keep(worth, json),
            Err(error) => tracing::error!(%error, "a fact has no JSON form"),
        }
    }

    /// The lesson is over: what is left is brought to the disk and, within a few seconds, to the registry.
    pub(crate) async fn finish(self) {
        self.keeping.finish(DISK_WAIT).await;
        let Some(mut delivery) = self.delivery else { return };
        if delivery.status().trouble.is_some() {
            // It waits before the next attempt; this may be the last moment for a while, so it is tried now.
            if let Ok(Some(machine)) = Machine::load(&self.data) {
                delivery = self.outbox.deliver(machine, Pace::default());
            }
        }
        if !delivery.finish(DELIVERY_WAIT).await {
            let (data, why) = (self.data.display(), delivery.status().trouble.unwrap_or_default());
            tracing::warn!(
                why,
                "the registry has not taken all facts yet; they wait in {data} for the next lesson, or for \
                 'tongke deliver --data {data}'"
            );
        }
    }
}
