//! What a school can measure alone, with its relay: facts, for whoever judges.
//!
//! A self-test is a row of [`Piece`]s, one after the other so that none disturbs another's figures. Each is a
//! function from the [`Bench`] to findings, in a file of its own: [`run`] calls them, `piece` says their order and how
//! long each takes. A piece that comes to nothing leaves its cause in place of its quantities, and the others go on.

mod bench;
mod call;
mod capacity;
mod devices;
mod findings;
mod history;
mod line;
mod load;
mod nat;
mod order;
mod piece;
mod processor;
mod progress;
mod reach;
mod record;

pub use history::{History, HistoryError};
pub use load::LoadPlan;
pub use piece::Piece;
pub use progress::Progress;

use crate::config::NodeConfig;
use crate::link::LinkError;
use bench::{Bench, Found, Nothing};
use jiff::Timestamp;
use processor::Processor;
use record::Record;
use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tongke_inspection::Facts;
use tongke_inspection::facts::Cause;

/// How long a self-test takes at most: what does not fit any more is not begun, what lasts longer is ended.
pub const WHOLE: Duration = Duration::from_secs(90);
/// How often progress is told.
const TELLING: Duration = Duration::from_secs(1);

/// What to do.
#[derive(Debug, Clone)]
pub struct SelfTest {
    /// Who asks for it.
    pub asked_by: String,
    /// How long the idle line is watched, at most a minute.
    pub idle: Duration,
    /// Whether somebody is there who can be asked to speak: else a quiet room is no fault.
    pub attended: bool,
    /// How the line may be loaded.
    pub load: LoadPlan,
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
    /// A thread of the test ended by itself.
    #[error("the test ended unexpectedly; the log says why")]
    Broken,
}

/// Tests this school's machine and its line to the relay that the configuration names, with its grant.
///
/// When `stop` completes before the end, the facts say what was found until then.
pub async fn selftest(
    config: &NodeConfig,
    plan: &SelfTest,
    tell: &mut dyn FnMut(Progress),
    stop: impl Future<Output = ()>,
) -> Result<Facts, SelfTestError> {
    pieces(config, plan, &Piece::ALL, tell, stop).await
}

/// As [`selftest`], but some of its pieces only, in their order.
pub(crate) async fn pieces<T: FnMut(Progress) + ?Sized>(
    config: &NodeConfig,
    plan: &SelfTest,
    which: &[Piece],
    tell: &mut T,
    stop: impl Future<Output = ()>,
) -> Result<Facts, SelfTestError> {
    // Fails if the program has chosen a provider already: then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (began, end) = (Timestamp::now(), Instant::now() + WHOLE);
    let mut bench = Bench::new(config, plan)?;
    let mut record = Record::default();
    let mut processor = Processor::new();
    let mut stop = pin!(stop);
    let mut stopped = false;
    for piece in which.iter().copied() {
        let idle_end = line::idle_end(&bench);
        let idle = || idle_end.saturating_duration_since(Instant::now());
        let fits = Instant::now() + piece.lasts(idle()) <= end;
        let found = if stopped || !fits {
            Err(Nothing::from(Cause::EndedEarly))
        } else {
            let work = pin!(run(piece, &mut bench));
            let told = |lasted| {
                processor.look();
                let at_most_bytes = load::volume_bytes(piece, config, &plan.load);
                tell(Progress { at_most_bytes, ..Progress::of(which, piece, lasted, idle()) });
            };
            watched(work, told, stop.as_mut(), end, &mut stopped).await
        };
        record.add(piece, found)?;
    }
    record.findings.extend(processor.finding());
    Ok(record.facts(&bench, began))
}

/// Does a piece.
async fn run(piece: Piece, bench: &mut Bench<'_>) -> Found {
    match piece {
        Piece::Reach => reach::reach(bench).await,
        Piece::Camera => {
            // Nothing of the devices goes over the line: it is idle while they are tested.
            line::begin_idle(bench).await;
            devices::camera(bench).await
        }
        Piece::Microphone => devices::microphone(bench).await,
        Piece::Loudspeaker => devices::loudspeaker(bench).await,
        Piece::Encoder => devices::encoder(bench).await,
        Piece::IdleLine => line::idle(bench).await,
        Piece::Marks => line::marks(bench).await,
        Piece::PathMtu => line::path_mtu(bench).await,
        Piece::Nat => nat::nat(bench).await,
        Piece::Capacity => capacity::capacity(bench).await,
        Piece::LoadedLine => load::loaded_line(bench).await,
        Piece::Call => call::call(bench).await,
    }
}

/// Waits for a piece and tells how long it has been going on; until it is done, the time is over, or somebody stops it.
async fn watched(
    mut work: Pin<&mut impl Future<Output = Found>>,
    mut tell: impl FnMut(Duration),
    mut stop: Pin<&mut impl Future<Output = ()>>,
    end: Instant,
    stopped: &mut bool,
) -> Found {
    let began = Instant::now();
    let mut ticks = interval(TELLING);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            found = work.as_mut() => return found,
            () = stop.as_mut() => {
                *stopped = true;
                return Err(Cause::EndedEarly.into());
            }
            () = tokio::time::sleep_until(end) => return Err(Cause::EndedEarly.into()),
            _ = ticks.tick() => tell(began.elapsed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    /// What becomes of a piece, and whether the whole was stopped.
    async fn seen(
        work: impl Future<Output = Found>,
        stop: impl Future<Output = ()>,
        left: Duration,
    ) -> (Found, bool) {
        let mut stopped = false;
        let end = Instant::now() + left;
        let found = watched(pin!(work), |_| (), pin!(stop), end, &mut stopped).await;
        (found, stopped)
    }

    fn ended_early(found: &Found) -> bool {
        matches!(found, Err(Nothing::Missing(Cause::EndedEarly, _)))
    }

    #[tokio::test]
    async fn a_piece_ends_with_the_time_of_the_whole_or_when_somebody_stops_it() {
        let (found, stopped) = seen(pending(), pending(), Duration::ZERO).await;
        assert!(ended_early(&found) && !stopped, "the time is over");
        let (found, stopped) = seen(pending(), ready(()), WHOLE).await;
        assert!(ended_early(&found) && stopped);
    }

    #[tokio::test]
    async fn what_a_piece_found_is_kept_even_if_somebody_stops_the_test_just_then() {
        let (found, stopped) = seen(ready(Ok(Vec::new())), ready(()), WHOLE).await;
        assert!(found.is_ok() && !stopped);
    }
}
