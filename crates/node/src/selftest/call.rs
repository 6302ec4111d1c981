//! A call of this machine with itself, through the relay: what a picture and a sound take up the line and down again.

use super::bench::{Bench, Found, Nothing};
use crate::call::{Call, CallError, call_until};
use crate::clock::MachineClock;
use crate::config::NodeConfig;
use crate::link::{Lease, RelayHttp};
use std::future::pending;
use std::time::Duration;
use tongke_inspection::facts::{Cause, Finding, Outcome, Remark, RemarkCode, Scope};
use tongke_inspection::quantity::Step;
use tongke_media::VideoFormat;
use tongke_media::capture::sound::SoundSource;
use tongke_media::capture::video::VideoSource;
use tongke_protocol::control::{LeaseRequest, LoadPurpose};
use tongke_protocol::inspect::{CallEnd, CallPlan, Sight};
use tongke_protocol::{Grant, LessonScope};

/// How long both ends see and hear each other: a thousand packets of sound, of which one is the least loss that the
/// criteria ask about.
const HELD: Duration = Duration::from_secs(21);
/// The largest picture that is sent.
const LARGEST: VideoFormat = VideoFormat { width: 1280, height: 720, fps: 30 };
/// What is sent by a machine that encodes too slowly for more.
const SMALLEST: VideoFormat = VideoFormat { width: 640, height: 360, fps: 15 };
/// A machine that encodes less than so many times faster than needed sends the smallest: it decodes and measures too.
const LEAST_HEADROOM: f64 = 2.0;

/// Calls itself in a test lesson, and gives what the far end measured. The near end alone sends pictures: both ways
/// would be the same line twice.
pub(super) async fn call(bench: &mut Bench<'_>) -> Found {
    if bench.relay.is_none() {
        return Err(Cause::NoPackets.into());
    }
    let granted = bench.http.loopback().await?;
    let format = format(bench);
    let near = NodeConfig {
        camera: Some(VideoSource::TestScene),
        ..configured(bench.config, &granted.near, format)?
    };
    let far = NodeConfig { camera: None, ..configured(bench.config, &granted.far, format)? };
    let lease = lend(bench, &near).await?;
    let clock = MachineClock::start();
    let part = |with: &NodeConfig, end| Call {
        plan: CallPlan {
            with: with.grant.participant.clone(),
            end,
            seconds: HELD.as_secs() as u32,
            sight: Sight::Software,
        },
        fault: None,
        one_clock: Some(clock),
    };
    // As end B the near end never waits long for its turn to flash and beep.
    let (sends, listens) = (part(&far, CallEnd::B), part(&near, CallEnd::A));
    let (mut unheard, mut untold) = (|_| {}, |_| {});
    let measured = tokio::select! {
        measured = Box::pin(call_until(far, listens, &mut unheard, pending())) => measured?,
        sent = Box::pin(call_until(near, sends, &mut untold, pending())) => {
            sent?;
            return Err(Nothing::Missing(Cause::EndedEarly, Some(RemarkCode::SenderDoneFirst.into())));
        }
    };
    lease.give_back().await;
    // Echo and the air ask for a room, and no room takes part.
    let of_room = |of: &Finding| of.quantity.definition().step == Step::Echo || of.scope == Some(Scope::B);
    let heard = measured.findings.into_iter().filter(|of| !of_room(of));
    Ok(heard.map(|finding| with_its_way(finding, format)).collect())
}

/// The line, as the relay lends it for a call: not beside a lesson or another test.
async fn lend(bench: &Bench<'_>, near: &NodeConfig) -> Result<Lease, Nothing> {
    let NodeConfig { relay, lesson, token, relay_ca, .. } = near.clone();
    let wrong = |why: String| Nothing::Missing(Cause::NodeDisappeared, Some(why.into()));
    let http = RelayHttp::new(relay, lesson, token, relay_ca.as_deref()).map_err(wrong)?;
    let shared_address = bench.plan.load.shared_address;
    let seconds = Some(2 * HELD.as_secs());
    let asked = LeaseRequest { purpose: LoadPurpose::Call, shared_address, seconds };
    Ok(Lease::take(&http, asked).await?)
}

/// The configuration of one end: this machine's, with another grant, and nothing of its rooms.
fn configured(config: &NodeConfig, token: &str, format: VideoFormat) -> Result<NodeConfig, Nothing> {
    let wrong = |why: Remark| Nothing::Missing(Cause::NodeDisappeared, Some(why));
    let grant = Grant::read_unchecked(token).map_err(|problem| wrong(problem.to_string().into()))?;
    let LessonScope::Only(lesson) = grant.lesson.clone() else {
        return Err(wrong(RemarkCode::GrantForNoLesson.into()));
    };
    let microphone = Some(SoundSource::Hiss);
    Ok(NodeConfig { token: token.to_owned(), grant, lesson, microphone, format, ..config.clone() })
}

fn format(bench: &Bench<'_>) -> VideoFormat {
    let asked = bench.config.format;
    let largest = if asked.width * asked.height > LARGEST.width * LARGEST.height { LARGEST } else { asked };
    match bench.headroom {
        Some(headroom) if headroom < LEAST_HEADROOM => SMALLEST,
        _ => VideoFormat { fps: largest.fps.min(LARGEST.fps), ..largest },
    }
}

/// Says what a delay of this call is: nobody must take it for that between two schools.
fn with_its_way(mut finding: Finding, format: VideoFormat) -> Finding {
    let Outcome::Measured(measured) = &mut finding.outcome else { return finding };
    // Both ends are this machine.
    measured.by = "node".to_owned();
    if finding.quantity.has_scope() {
        let way = Remark::of(RemarkCode::ThereAndBackOnOneClock).with("format", format);
        if measured.reference.is_empty() {
            measured.reference.push(RemarkCode::NoCameraNoDisplay.into());
        }
        measured.reference.insert(0, way);
    }
    finding
}

impl From<CallError> for Nothing {
    fn from(error: CallError) -> Self {
        Nothing::Missing(Cause::NodeDisappeared, Some(error.to_string().into()))
    }
}
