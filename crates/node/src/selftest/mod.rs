//! What a school's line to its relay does to packets: facts, for whoever judges.
//!
//! Today it takes the steps that need nothing but the line: reachability, and the idle line. What it does not do
//! stands in the facts as not asked for, so nobody takes it for passed.

mod findings;
mod line;
mod reach;

use crate::config::NodeConfig;
use crate::link::{LinkError, RelayHttp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use findings::{clocks, of_line, of_reach};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use line::Seen;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc;
use tongke_inspection::Facts;
use tongke_inspection::facts::{Cause, Kind, Place, Places, StepRecord, Time, VERSION};
use tongke_inspection::quantity::Step;
use tongke_probe::{LineError, Opened};
use tongke_protocol::control::ReflectorSession;

/// Between packets of an idle line: as many a second as sound has.
const PERIOD: Duration = Duration::from_millis(20);
/// Steps in their order.
const STEPS: [Step; 8] = [
    Step::Devices,
    Step::Reachability,
    Step::IdleLine,
    Step::Capacity,
    Step::LoadedLine,
    Step::Delay,
    Step::Media,
    Step::Echo,
];

/// What to do.
#[derive(Debug, Clone)]
pub struct SelfTest {
    /// Who asks for it.
    pub asked_by: String,
    /// How long the idle line is watched, at most a minute.
    pub idle: Duration,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfTestProgress {
    /// Looking for the relay.
    Reaching,
    /// Packets of the idle line that were sent, of how many.
    Idle(u32, u32),
    /// Looking what becomes of a code point.
    Marking,
    /// Looking for the largest packet.
    Sizing,
}

/// Why a self-test says nothing.
#[derive(Debug, thiserror::Error)]
pub enum SelfTestError {
    /// The relay's name has no address.
    #[error(
        "the relay's name '{0}' has no address; see that it is right, and that this network's name server works"
    )]
    NoAddress(String),
    /// The relay refuses.
    #[error("the relay refuses the test: {0}")]
    Refused(LinkError),
    /// The relay's answer makes no sense.
    #[error("the relay's answer cannot be used ({0}); it may be of another version")]
    Answer(String),
    /// The machine cannot do it.
    #[error(transparent)]
    Line(#[from] LineError),
    /// A thread of the test ended by itself.
    #[error("the test ended unexpectedly; the log says why")]
    Broken,
}

/// Tests the line to the relay that the configuration names, with its grant.
pub async fn selftest(
    config: &NodeConfig,
    plan: &SelfTest,
    tell: &mut dyn FnMut(SelfTestProgress),
) -> Result<Facts, SelfTestError> {
    // Fails if the program has chosen a provider already: then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let began = Timestamp::now();
    tell(SelfTestProgress::Reaching);
    let http = RelayHttp::new(
        config.relay.clone(),
        config.lesson.clone(),
        config.token.clone(),
        config.relay_ca.as_deref(),
    )
    .map_err(SelfTestError::Answer)?;
    let mut reached = reach::reach(&config.relay, &http).await?;
    let seen = match (&reached.session, reached.address) {
        (Some(first), Some(address)) => Some(watch(&http, first.clone(), address, plan, tell).await?),
        _ => None,
    };
    reached.udp = seen.as_ref().map(|seen| seen.idle.figures.answered > 0);
    let findings = of_reach(&reached).into_iter().chain(of_line(seen.as_ref())).collect();
    let offset = TimeZone::system().to_offset(began);
    let school = config.grant.name.clone();
    let node = config.grant.participant.to_string();
    Ok(Facts {
        version: VERSION,
        id: format!("selftest-{}-{}", node, began.as_millisecond()),
        kind: Kind::SelfTest,
        asked_by: plan.asked_by.clone(),
        places: Places {
            a: Place {
                school: if school.is_empty() { node.clone() } else { school },
                room: String::new(),
                node,
            },
            b: None,
            relay: config.relay.to_string(),
        },
        time: Time {
            began,
            ended: Timestamp::now(),
            utc_offset_minutes: offset.seconds() / 60,
            clocks: clocks(seen.as_ref()),
        },
        software: concat!("tongke ", env!("CARGO_PKG_VERSION")).to_owned(),
        steps: STEPS.into_iter().map(record).collect(),
        findings,
        notes: Vec::new(),
    })
}

fn record(step: Step) -> StepRecord {
    let runs = matches!(step, Step::Reachability | Step::IdleLine);
    StepRecord { step, not_run: (!runs).then_some(Cause::NotAsked) }
}

/// The tests that send packets, each with a session of its own, on a thread: their times must not wait for others.
async fn watch(
    http: &RelayHttp,
    first: ReflectorSession,
    relay: SocketAddr,
    plan: &SelfTest,
    tell: &mut dyn FnMut(SelfTestProgress),
) -> Result<Seen, SelfTestError> {
    let far = SocketAddr::new(relay.ip(), first.port);
    let mut sessions = vec![opened(&first)?];
    for _ in 1..line::SESSIONS {
        sessions.push(opened(&http.reflector().await.map_err(SelfTestError::Refused)?)?);
    }
    let packets = (plan.idle.as_millis() / PERIOD.as_millis()) as u32;
    let packets = packets.clamp(1, first.most_packets);
    let (progress, mut told) = mpsc::unbounded_channel();
    let watching = tokio::task::spawn_blocking(move || {
        line::watch(far, &sessions, packets, PERIOD, &mut |what| {
            let _ = progress.send(what);
        })
    });
    while let Some(what) = told.recv().await {
        tell(what);
    }
    Ok(watching.await.map_err(|_| SelfTestError::Broken)??)
}

fn opened(session: &ReflectorSession) -> Result<Opened, SelfTestError> {
    let wrong = |why: String| SelfTestError::Answer(format!("the session's key: {why}"));
    let key = URL_SAFE_NO_PAD.decode(&session.key).map_err(|error| wrong(error.to_string()))?;
    let key = key.try_into().map_err(|key: Vec<u8>| wrong(format!("it has {} bytes", key.len())))?;
    Ok(Opened { session: session.session, key })
}
