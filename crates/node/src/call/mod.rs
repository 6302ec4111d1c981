//! A measured call: two nodes in a test lesson send each other a program that both know, and each measures what comes
//! towards it.
//!
//! [`call`] is one end. Its camera is the drawn scene with its markers (where screens are filmed, the scene goes as
//! its screen, and its real camera films what its display shows: `optical`); its microphone is a real one, or a room in
//! memory, to which the program's sound is added, or nothing but a hiss. What the node shows and plays is tapped
//! (`receive::Tap`) and measured on a thread of its own (`end`), so that playout never waits.
//!
//! The ways are seen from here: towards here is b to a, from here a to b.

mod delays;
mod double_talk;
mod echoes;
mod end;
mod findings;
mod likeness;
mod lips;
mod optical;
mod pictures;
mod recording;
mod rooms;
mod scores;
mod series;
mod sounds;
mod speech;
mod sweeps;
mod times;
mod turns;
mod way;

pub use tongke_media::program::Fault;

use crate::clock::MachineClock;
use crate::config::{NodeConfig, VideoOut};
use crate::error::NodeError;
use crate::receive::Tap;
use crate::session::{Controls, Instruments};
use end::{Afterwards, End, Plan};
use findings::Told;
use likeness::Drawn;
use optical::Equipment;
use std::time::{Duration, Instant};
use times::Times;
use tokio::sync::watch;
use tokio::time::timeout;
use tongke_inspection::facts::{Finding, Missing, Remark, Way};
use tongke_measure::evidence::LossShare;
use tongke_media::capture::video::VideoSource;
use tongke_media::program::{Program, Side};
use tongke_protocol::event::ClockReport;
use tongke_protocol::facts::NodeFacts;
use tongke_protocol::inspect::{CallEnd, CallPlan, Sight};
use tongke_protocol::{LessonId, ParticipantId, TrackKind};

/// How long an end waits for the other.
const PATIENCE: Duration = Duration::from_secs(30);
/// An end stays for so long after its time: the other one may have begun later.
const LINGER: Duration = Duration::from_secs(2);

/// What this end is to do.
#[derive(Debug, Clone)]
pub struct Call {
    /// With whom, as which end, for how long.
    pub plan: CallPlan,
    /// What is broken on purpose at this end.
    pub fault: Option<Fault>,
    /// The clock that both ends run on, when both are in this process: delays are exact then, and told as there
    /// and back, without a way.
    pub one_clock: Option<MachineClock>,
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallProgress {
    /// Waiting for the other end.
    Calling,
    /// Both are there; so many seconds are left.
    InCall(u32),
}

/// What an end measured.
#[derive(Debug, Clone)]
pub struct CallOutcome {
    /// Of the way towards here, and the echo of the way from here.
    pub findings: Vec<Finding>,
    /// The relay's clock against this machine's; none: never measured.
    pub clock: Option<ClockReport>,
    /// Whether one of the two was set meanwhile.
    pub clock_stepped: bool,
    /// What else is to be known.
    pub notes: Vec<Remark>,
    /// What the node itself counted.
    pub facts: NodeFacts,
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// A test is no lesson.
    #[error("'{0}' is a lesson; calls are measured in test lessons only, whose names begin with test-")]
    NoTestLesson(LessonId),
    /// The node cannot take part.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The measuring thread ended by itself.
    #[error("the measurement ended unexpectedly; the log says why")]
    Broken,
}

/// Takes part in a test lesson as one end of a call, and measures. The configuration says where, by which links, in
/// which format, and which microphone and loudspeaker take part: both, or neither.
pub async fn call(
    config: NodeConfig,
    call: Call,
    tell: &mut dyn FnMut(CallProgress),
) -> Result<CallOutcome, CallError> {
    call_until(config, call, tell, std::future::pending()).await
}

/// As [`call`]; ends when `stop` does, with what was measured by then.
pub(crate) async fn call_until<T: FnMut(CallProgress) + ?Sized>(
    config: NodeConfig,
    call: Call,
    tell: &mut T,
    stop: impl Future<Output = ()>,
) -> Result<CallOutcome, CallError> {
    if !config.lesson.is_test() {
        return Err(CallError::NoTestLesson(config.lesson));
    }
    let side = side_of(call.plan.end);
    let films = call.plan.sight == Sight::Screen;
    let config = if films { optical::fitted(config) } else { drawn(config) };
    let clock = call.one_clock.unwrap_or_else(MachineClock::start);
    let program = Program { fault: call.fault, ..Program::new(&config.lesson, side) };
    let (tap, tapped) = Tap::new();
    let times = Times {
        begin: Instant::now(),
        clock,
        relay: program.clock.clone(),
        schedule: program.schedule,
        side,
    };
    let instruments = Instruments {
        program: program.clone(),
        tap: tap.clone(),
        clock,
        one_clock: call.one_clock.is_some(),
        films,
    };
    let (session, room) = rooms::start(config.clone(), instruments).await?;
    let (began_tx, began) = watch::channel(None);
    let end = End::new(plan_of(&config, &call, room, &program), times, began_tx);
    let measuring = tokio::task::spawn_blocking(move || end.run(&tapped));
    let (facts_tx, facts) = watch::channel(None);
    let controls = Controls { facts: Some(facts_tx), ..Controls::default() };
    let mut before = None;
    let held = async {
        tokio::select! {
            () = hold(&call, began, &facts, &mut before, tell) => {}
            () = stop => {}
        }
    };
    let facts = session.run(controls, held).await?;
    let (missed, clock) = (tap.missed(), tap.clock());
    drop(tap);
    let end = measuring.await.map_err(|_| CallError::Broken)?;
    let packets = packets(&call.plan.with, before.as_ref(), &facts);
    let tracks = tracks(&call.plan.with, &facts);
    let afterwards = Afterwards { packets, tracks, clock, missed };
    let (findings, notes) = tokio::task::spawn_blocking(move || end.findings(&afterwards))
        .await
        .map_err(|_| CallError::Broken)?;
    Ok(CallOutcome { findings, clock: clock.report, clock_stepped: clock.steps > 0, notes, facts })
}

/// The configuration of an end whose camera is the drawn scene.
fn drawn(config: NodeConfig) -> NodeConfig {
    NodeConfig {
        camera: config.camera.is_some().then_some(VideoSource::TestScene),
        screen: None,
        video_out: VideoOut::None,
        video_slots: config.video_slots.clamp(1, 2),
        ..config
    }
}

fn side_of(end: CallEnd) -> Side {
    match end {
        CallEnd::A => Side::A,
        CallEnd::B => Side::B,
    }
}

fn plan_of(config: &NodeConfig, call: &Call, room: Result<(), Missing>, program: &Program) -> Plan {
    let one_clock = call.one_clock.is_some();
    let way = (!one_clock).then_some(Way::BToA);
    Plan {
        with: call.plan.with.clone(),
        seconds: call.plan.seconds,
        room,
        kbps: f64::from(config.sound_bitrate_bps) / 1000.0,
        told: Told { way, by: config.grant.participant.to_string(), one_clock },
        drawn: Drawn { schedule: program.schedule, side: program.side.other() },
        filming: (call.plan.sight == Sight::Screen).then(|| Equipment::of(config)),
    }
}

/// Waits for the other end, and holds the call. Keeps what the node counted up to its begin.
async fn hold<T: FnMut(CallProgress) + ?Sized>(
    call: &Call,
    mut began: watch::Receiver<Option<Instant>>,
    facts: &watch::Receiver<Option<NodeFacts>>,
    before: &mut Option<NodeFacts>,
    tell: &mut T,
) {
    tell(CallProgress::Calling);
    if !matches!(timeout(PATIENCE, began.wait_for(Option::is_some)).await, Ok(Ok(_))) {
        return;
    }
    before.clone_from(&facts.borrow());
    for left in (1..=call.plan.seconds).rev() {
        tell(CallProgress::InCall(left));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    tell(CallProgress::InCall(0));
    if call.one_clock.is_none() {
        tokio::time::sleep(LINGER).await;
    }
}

/// Packets of the other end's sound during the call: lost after repair, of how many.
fn packets(with: &ParticipantId, before: Option<&NodeFacts>, after: &NodeFacts) -> LossShare {
    let of = |facts: &NodeFacts| {
        let sounds = facts.received.iter().filter(|track| track.track == TrackKind::Microphone);
        let mut theirs = sounds.filter(|track| track.from == *with);
        theirs
            .next()
            .map_or((0, 0), |track| (track.lost_after_repair, track.packets + track.lost_after_repair))
    };
    let ((lost_before, before), (lost, all)) = (before.map_or((0, 0), of), of(after));
    LossShare { lost: lost.saturating_sub(lost_before), n: all.saturating_sub(before) }
}

/// What the other end had to send: a slot here was given to each of it.
fn tracks(with: &ParticipantId, facts: &NodeFacts) -> Vec<TrackKind> {
    facts.received.iter().filter(|track| track.from == *with).map(|track| track.track).collect()
}

#[cfg(test)]
mod tests;
