//! What the line to the relay does to packets: the idle line, code points, the largest packet.

use super::SelfTestError;
use super::bench::{Bench, Found, Nothing, blocking};
use super::findings::{clock, of_idle, of_marks, of_mtu};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tongke_measure::network::dscp::Dscp;
use tongke_probe::{Idle, LineError};

/// Between packets of an idle line: as many a second as sound has.
pub(super) const PERIOD: Duration = Duration::from_millis(20);
/// Time for the last answers.
const ANSWERS: Duration = Duration::from_secs(1);

/// The idle line as it is being watched.
pub(super) struct Watching {
    began: Instant,
    ends: JoinHandle<Result<Idle, LineError>>,
}

/// Begins to watch the idle line; nothing may load it until [`idle`] has the figures.
pub(super) async fn begin_idle(bench: &mut Bench<'_>) {
    bench.watching = Some(watch(bench).await);
}

async fn watch(bench: &mut Bench<'_>) -> Result<Watching, Nothing> {
    let (line, most) = bench.line().await?;
    let packets = (bench.plan.idle.as_millis() / PERIOD.as_millis()) as u32;
    let packets = packets.clamp(1, most);
    let ends = tokio::task::spawn_blocking(move || line.idle(packets, PERIOD, &mut |_| ()));
    Ok(Watching { began: Instant::now(), ends })
}

/// When the idle line has been watched, as planned.
pub(super) fn idle_end(bench: &Bench<'_>) -> Instant {
    let began = match &bench.watching {
        Some(Ok(watching)) => watching.began,
        _ => Instant::now(),
    };
    began + bench.plan.idle + ANSWERS
}

/// What the idle line did.
pub(super) async fn idle(bench: &mut Bench<'_>) -> Found {
    let watching = match bench.watching.take() {
        Some(watching) => watching?,
        None => watch(bench).await?,
    };
    let idle = watching.ends.await.map_err(|_| Nothing::Refused(SelfTestError::Broken))??;
    bench.answered = Some(idle.figures.answered > 0);
    bench.clocks.extend(clock(&idle));
    bench.idle_ms = idle.round_trips.iter().map(|(_, ms)| *ms).collect();
    Ok(of_idle(&idle))
}

/// What becomes of the code point of sound.
pub(super) async fn marks(bench: &mut Bench<'_>) -> Found {
    let (line, _) = bench.line().await?;
    Ok(of_marks(blocking(move || line.mark(Dscp::EF)).await??))
}

/// The largest packet.
pub(super) async fn path_mtu(bench: &mut Bench<'_>) -> Found {
    let (line, _) = bench.line().await?;
    Ok(of_mtu(blocking(move || line.path_mtu()).await??))
}
