//! What the line to the relay does to packets: the idle line, code points, the largest packet.

use super::bench::{Bench, Found, blocking};
use super::findings::{clock, of_idle, of_marks, of_mtu};
use std::time::Duration;
use tongke_measure::network::dscp::Dscp;

/// Between packets of an idle line: as many a second as sound has.
pub(super) const PERIOD: Duration = Duration::from_millis(20);

/// Nothing else may load the line meanwhile.
pub(super) async fn idle(bench: &mut Bench<'_>) -> Found {
    let (line, most) = bench.line().await?;
    let packets = (bench.plan.idle.as_millis() / PERIOD.as_millis()) as u32;
    let packets = packets.clamp(1, most);
    let idle = blocking(move || line.idle(packets, PERIOD, &mut |_| ())).await??;
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
