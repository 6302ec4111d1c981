//! What an inspector has a node do, on tasks of its own.

use super::parts::Found;
use crate::call::{Call, CallOutcome, CallProgress, call_until};
use crate::config::NodeConfig;
use crate::link::{Lease, LinkError};
use crate::selftest::{LoadPlan, Piece, SelfTest, pieces};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Clock, Finding, Outcome, Way};
use tongke_protocol::control::{LeaseRequest, LoadPurpose};
use tongke_protocol::event::ClockReport;
use tongke_protocol::inspect::{
    CallPlan, Doing, LinePlan, LineStep, MAX_CALL_S, Progress, Refused, RefusedCode, Task, TestClock,
};

/// Something that is being done.
#[derive(Debug)]
pub(super) struct Work {
    stop: Option<oneshot::Sender<()>>,
    progress: watch::Receiver<Option<Progress>>,
    task: JoinHandle<Result<Found, Refused>>,
}

impl Work {
    /// Begins with a task.
    pub(super) fn begin(config: &NodeConfig, task: Task) -> Work {
        let (stop, stopped) = oneshot::channel();
        let (tell, progress) = watch::channel(None);
        let config = config.clone();
        let task = tokio::spawn(async move { run(config, task, tell, stopped).await });
        Work { stop: Some(stop), progress, task }
    }

    /// How far it is.
    pub(super) fn progress(&self) -> Option<Progress> {
        self.progress.borrow().clone()
    }

    /// Ends it; what it has measured by then is its result.
    pub(super) fn end(&mut self) {
        self.stop = None;
    }

    /// What came of it. Safe to cancel.
    pub(super) async fn done(&mut self) -> Result<Found, Refused> {
        let broken = |_| Err(failed("the test ended unexpectedly; the node's log says why"));
        (&mut self.task).await.unwrap_or_else(broken)
    }
}

async fn run(
    config: NodeConfig,
    task: Task,
    tell: watch::Sender<Option<Progress>>,
    stopped: oneshot::Receiver<()>,
) -> Result<Found, Refused> {
    match task {
        Task::Devices => {
            let plan = self_test(Duration::from_secs(1), LoadPlan::default());
            measure(&config, &DEVICES, &plan, tell, stopped).await
        }
        Task::Line(plan) => {
            let load = LoadPlan { most_mbps: plan.most_mbps, metered: plan.metered, shared_address: false };
            measure(&config, &of_line(&plan), &self_test(idle(&plan), load), tell, stopped).await
        }
        Task::Call(plan) => call(&config, plan, tell, stopped).await,
        Task::Facts | Task::Here | Task::Stop => Ok(Found::default()),
    }
}

/// How long an idle line is watched to compare a loaded one with it, in seconds.
const IDLE_TO_COMPARE_S: u16 = 5;
/// A call may last so much longer than it is held, in seconds.
const CALL_SLACK_S: u32 = 60;

const DEVICES: [Piece; 4] = [Piece::Camera, Piece::Microphone, Piece::Loudspeaker, Piece::Encoder];

/// The pieces of a self-test that measure what is asked. All begin with where the relay is.
fn of_line(plan: &LinePlan) -> Vec<Piece> {
    let asked = plan.steps.iter().flat_map(|step| match step {
        LineStep::Reach => &[][..],
        LineStep::Idle => &[Piece::IdleLine],
        LineStep::Marks => &[Piece::Marks],
        LineStep::Mtu => &[Piece::PathMtu],
        LineStep::Nat => &[Piece::Nat],
        LineStep::Capacity => &[Piece::Capacity],
        // Round trips under load are held against those of the idle line.
        LineStep::Loaded => &[Piece::IdleLine, Piece::Capacity, Piece::LoadedLine],
    });
    let mut pieces: Vec<Piece> = std::iter::once(Piece::Reach).chain(asked.copied()).collect();
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

/// How long the idle line is watched: where nobody asks for it, as long as it takes to compare with.
fn idle(plan: &LinePlan) -> Duration {
    let is_asked = plan.steps.contains(&LineStep::Idle);
    let seconds = if is_asked { plan.idle_s } else { plan.idle_s.min(IDLE_TO_COMPARE_S) };
    Duration::from_secs(seconds.into())
}

/// Somebody may be in the room, but nobody is asked to speak.
fn self_test(idle: Duration, load: LoadPlan) -> SelfTest {
    SelfTest { asked_by: "inspection".to_owned(), idle, attended: false, load }
}

/// Runs pieces of a self-test.
async fn measure(
    config: &NodeConfig,
    which: &[Piece],
    plan: &SelfTest,
    tell: watch::Sender<Option<Progress>>,
    stopped: oneshot::Receiver<()>,
) -> Result<Found, Refused> {
    let mut told = |progress: crate::selftest::Progress| {
        let left_s = progress.whole_left.as_secs() as u32;
        tell.send_replace(Some(Progress { doing: doing(progress.doing), left_s }));
    };
    let stop = async {
        let _ = stopped.await;
    };
    let facts = pieces(config, plan, which, &mut told, stop).await;
    let facts = facts.map_err(|error| failed(&error.to_string()))?;
    let clock = facts.time.clocks.first().map(test_clock);
    Ok(Found { findings: facts.findings, clock, notes: facts.notes })
}

/// Is one end of a call.
async fn call(
    config: &NodeConfig,
    plan: CallPlan,
    tell: watch::Sender<Option<Progress>>,
    stopped: oneshot::Receiver<()>,
) -> Result<Found, Refused> {
    let _lease = lease(config, &plan).await?;
    let mut told = |progress: CallProgress| {
        let (doing, left_s) = match progress {
            CallProgress::Calling => (Doing::Calling, plan.seconds),
            CallProgress::InCall(left_s) => (Doing::InCall, left_s),
        };
        tell.send_replace(Some(Progress { doing, left_s }));
    };
    let stop = async {
        let _ = stopped.await;
    };
    let what = Call { plan: plan.clone(), fault: None, one_clock: None };
    let outcome = Box::pin(call_until(config.clone(), what, &mut told, stop)).await;
    let CallOutcome { mut findings, clock, clock_stepped, notes, facts } =
        outcome.map_err(|error| failed(&error.to_string()))?;
    if Quantity::Transport.definition().words.contains(&facts.transport.as_str()) {
        let outcome = Outcome::Found(facts.transport);
        findings.push(Finding::new(Quantity::Transport, Some(Way::AtA), outcome));
    }
    let clock = clock.map(|report| TestClock { report, stepped: clock_stepped });
    Ok(Found { findings, clock, notes })
}

/// The line for a call; none: the relay lends none, and minds no call either.
async fn lease(config: &NodeConfig, plan: &CallPlan) -> Result<Option<Lease>, Refused> {
    let http = super::stand_by::http(config).map_err(|error| failed(&error.to_string()))?;
    let seconds = Some(u64::from((plan.seconds + CALL_SLACK_S).min(MAX_CALL_S)));
    let asked = LeaseRequest { purpose: LoadPurpose::Call, shared_address: false, seconds };
    match Lease::take(&http, asked).await {
        Ok(lease) => Ok(Some(lease)),
        Err(LinkError::Refused(refusal)) => {
            let code = match refusal.code.as_str() {
                "lesson_live" => RefusedCode::LessonLive,
                "line_busy" | "relay_busy" => RefusedCode::LineBusy,
                "no_load" => return Ok(None),
                _ => RefusedCode::Failed,
            };
            Err(Refused { code, message: refusal.message })
        }
        Err(error) => Err(failed(&error.to_string())),
    }
}

fn test_clock(clock: &Clock) -> TestClock {
    let report = ClockReport {
        offset_us: -(clock.offset_ms * 1e3).round() as i64,
        bound_us: (clock.bound_ms * 1e3).ceil() as u64,
    };
    TestClock { report, stepped: clock.stepped }
}

fn failed(message: &str) -> Refused {
    Refused { code: RefusedCode::Failed, message: message.to_owned() }
}

fn doing(piece: Piece) -> Doing {
    match piece {
        Piece::Reach => Doing::Reaching,
        Piece::Camera | Piece::Microphone | Piece::Loudspeaker | Piece::Encoder => Doing::Devices,
        Piece::IdleLine => Doing::IdleLine,
        Piece::Marks => Doing::Marks,
        Piece::PathMtu => Doing::PathMtu,
        Piece::Nat => Doing::Nat,
        Piece::Capacity => Doing::Capacity,
        Piece::LoadedLine => Doing::LoadedLine,
        Piece::Call => Doing::InCall,
    }
}

/// What a task begins with.
pub(super) fn first(task: &Task) -> Doing {
    match task {
        Task::Line(_) => Doing::Reaching,
        Task::Call(_) => Doing::Calling,
        _ => Doing::Devices,
    }
}

/// How long a task takes where nothing is in its way, in seconds.
pub(super) fn takes_s(task: &Task) -> u32 {
    match task {
        Task::Line(plan) if plan.steps.contains(&LineStep::Capacity) => 45,
        Task::Line(plan) => u32::from(plan.idle_s) + 20,
        Task::Call(plan) => plan.seconds + 15,
        _ => 15,
    }
}
