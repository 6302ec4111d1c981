//! Mouth to ear through the air of this room: the other end's sweeps as its microphone hears them from its loudspeaker.

use super::findings::{Told, missing_as};
use super::series::Series;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{
    Cause, Finding, Measured, Method, Missing, Outcome, Remark, RemarkCode, Scope,
};
use tongke_measure::chirp::Detection;

/// Sweeps are matched to a sample of 16 kHz, and a loudspeaker's and a microphone's blocks are 10 ms.
const COARSE_MS: f64 = 10.0;

/// The finding of scope B. The clocks' bound is that of the stamps, which went the same way.
pub(super) fn through_the_air(
    turns: &[Detection],
    fault: Option<Missing>,
    clock_bound_ms: f64,
    told: &Told,
) -> Finding {
    let outcome = match fault {
        Some(fault) => Outcome::Missing(fault),
        None => match found(turns, clock_bound_ms, told) {
            Ok(measured) => Outcome::Measured(Box::new(measured)),
            Err(missing) => Outcome::Missing(missing),
        },
    };
    let quantity = Quantity::MouthToEar;
    Finding { quantity, unit: quantity.definition().unit, way: told.way, scope: Some(Scope::B), outcome }
}

fn found(turns: &[Detection], clock_bound_ms: f64, told: &Told) -> Result<Measured, Missing> {
    let (mut lags, mut spread, mut sweeps) = (Series::default(), 0.0_f64, 0);
    for turn in turns {
        if let Detection::Found { lag_ms, spread_ms, found, .. } = turn {
            lags.push(0.0, *lag_ms);
            spread = spread.max(*spread_ms);
            sweeps += *found as u64;
        }
    }
    let unheard = || {
        let detail = Remark::of(RemarkCode::SweepsNotFound).with("turns", turns.len());
        missing_as(Cause::SignalUnreadable, detail)
    };
    let figures = lags.measured(Method::Chirp, &told.by).ok_or_else(unheard)?;
    Ok(Measured {
        min: figures.min,
        median: figures.median,
        p95: figures.p95,
        max: figures.max,
        bound: Some(clock_bound_ms + spread + COARSE_MS),
        clock_bound_ms: (!told.one_clock).then_some(clock_bound_ms),
        reference: vec![RemarkCode::SweepsThroughRoom.into()],
        ..Measured::new(sweeps, Method::Chirp, &told.by)
    })
}
