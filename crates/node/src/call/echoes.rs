//! What the sweeps say of the other room's echo of this end's voice.

use super::findings::{Told, missing, missing_as};
use super::series::Series;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Measured, Method, Missing, OneSided, Remark, RemarkCode};
use tongke_measure::echo::{Echo, Telr, TelrDb};
use tongke_measure::emodel::NarrowbandInput;

/// The range in which the model takes a TELR, dB.
const TELR_DB: (f64, f64) = (5.0, 65.0);
/// The longest one-way delay that the model takes, ms.
const MOST_DELAY_MS: f64 = 500.0;

/// The echo of a call.
#[derive(Debug, Clone)]
pub(super) struct FarEcho {
    telr: Telr,
    delay_ms: Option<f64>,
    /// Largest distance of one sweep from the figure, dB and ms.
    apart: (f64, f64),
    sweeps: u64,
}

/// What all sweeps come to: most of them found it, or none of them did.
pub(super) fn of(echoes: &[Echo]) -> Result<FarEcho, Missing> {
    let (mut losses, mut delays, mut limits) = (Series::default(), Series::default(), Series::default());
    for echo in echoes {
        match echo {
            Echo::Found { loss_db, delay_ms, .. } => {
                losses.push(0.0, *loss_db);
                delays.push(0.0, *delay_ms);
            }
            Echo::NoneAboveNoise { at_least_db } => limits.push(0.0, *at_least_db),
            Echo::Several { .. } => {}
        }
    }
    let sweeps = echoes.len() as u64;
    let apart = |series: &Series| {
        let figures = series.measured(Method::Chirp, "")?;
        let median = figures.median?;
        Some((figures.max? - median).max(median - figures.min?))
    };
    if let (Some(loss_db), Some(delay_ms)) = (losses.median(), delays.median())
        && losses.n() * 2 > sweeps
    {
        let apart = (apart(&losses).unwrap_or(0.0), apart(&delays).unwrap_or(0.0));
        let telr = Telr::Measured(TelrDb::from_echo_loss(loss_db));
        return Ok(FarEcho { telr, delay_ms: Some(delay_ms), apart, sweeps: losses.n() });
    }
    if limits.n() * 2 > sweeps {
        let least = limits.measured(Method::Chirp, "").and_then(|of| of.min).unwrap_or(0.0);
        let telr = Telr::AtLeast(TelrDb::from_echo_loss(least));
        return Ok(FarEcho { telr, delay_ms: None, apart: (0.0, 0.0), sweeps: limits.n() });
    }
    let detail = match sweeps {
        0 => Remark::of(RemarkCode::NoTurnHeard),
        sweeps => Remark::of(RemarkCode::SweepsDiffer).with("sweeps", sweeps),
    };
    Err(missing_as(Cause::SignalUnreadable, detail))
}

impl FarEcho {
    pub(super) fn telr(&self) -> Telr {
        self.telr
    }

    fn telr_found(&self, told: &Told) -> Measured {
        let (value, one_sided) = match self.telr {
            Telr::Measured(TelrDb(db)) => (db, None),
            Telr::AtLeast(TelrDb(db)) => (db, Some(OneSided::AtLeast)),
        };
        let measured = told.value(self.sweeps, value, Method::Chirp);
        let bound = one_sided.is_none().then_some(self.apart.0);
        Measured { bound, one_sided, reference: vec![RemarkCode::DefaultLoudness.into()], ..measured }
    }

    fn delay_found(&self, told: &Told) -> Result<Measured, Missing> {
        let none = || missing_as(Cause::SignalUnreadable, RemarkCode::NoEchoFound);
        let delay_ms = self.delay_ms.ok_or_else(none)?;
        let measured = told.value(self.sweeps, delay_ms, Method::Chirp);
        Ok(Measured { bound: Some(self.apart.1), median: Some(delay_ms), ..measured })
    }

    /// What the echo costs its hearer, at half of its delay one way, or the way's own where there is no echo.
    fn idte(&self, one_way_ms: Option<f64>, told: &Told) -> Result<Measured, Missing> {
        let one_way_ms = self.delay_ms.map(|ms| ms / 2.0).or(one_way_ms);
        let one_way_ms = one_way_ms.ok_or_else(|| missing(Cause::NoPackets))?.clamp(0.0, MOST_DELAY_MS);
        let (db, one_sided) = match self.telr {
            Telr::Measured(TelrDb(db)) => (db, None),
            Telr::AtLeast(TelrDb(db)) => (db, Some(OneSided::AtMost)),
        };
        let telr_db = db.clamp(TELR_DB.0, TELR_DB.1);
        let input = NarrowbandInput { telr_db, ..NarrowbandInput::default() }.with_one_way_ms(one_way_ms);
        let estimate =
            input.estimate().map_err(|error| missing_as(Cause::NoPublishedValue, error.to_string()))?;
        let measured = told.value(self.sweeps, estimate.terms.idte.clamp(0.0, 100.0), Method::Chirp);
        let input = Remark::of(RemarkCode::IdteInput)
            .with("telr_db", format!("{telr_db:.1}"))
            .with("ms", format!("{one_way_ms:.0}"));
        Ok(Measured { one_sided, reference: vec![input], ..measured })
    }
}

/// The findings of the way from here.
pub(super) fn findings(
    echo: Result<&FarEcho, Missing>,
    one_way_ms: Option<f64>,
    told: &Told,
) -> Vec<Finding> {
    vec![
        told.finding(Quantity::EchoIdte, echo.clone().and_then(|echo| echo.idte(one_way_ms, told))),
        told.finding(Quantity::Telr, echo.clone().map(|echo| echo.telr_found(told))),
        told.finding(Quantity::EchoDelay, echo.and_then(|echo| echo.delay_found(told))),
    ]
}
