//! What the fullband E-model makes of sound that came, in a measured call as in a lesson.

use tongke_inspection::facts::{Cause, Missing, Remark, RemarkCode};
use tongke_measure::Concealment;
use tongke_measure::emodel::opus::{Bandwidth, LossKind, NoValue, OpusImpairment, RateControl};
use tongke_measure::emodel::{DelaySensitivity, Estimate, Fullband, FullbandInput, Loss};
use tongke_measure::room::RoomFacts;
use tongke_measure::speech::{NoScore, score};
use tongke_media::sound::FRAME_SAMPLES;

/// Between what BurstR is taken (ITU-T G.107 Table 2, and losses that avoid each other).
const BURST_R: (f64, f64) = (0.8, 8.0);

/// Sound of one end, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    /// Mouth to ear, ms, as measured.
    pub delay_ms: f64,
    /// What was made up in place of what did not come in time.
    pub loss: Loss,
    /// Opus's rate, kbit/s.
    pub kbps: f64,
    /// Packets that came.
    pub packets: u64,
    /// What the other microphone heard.
    pub room: RoomFacts,
}

/// The loss that was heard: the share of the sound that was invented, and by how much its runs are longer than under
/// random loss.
pub(crate) fn loss(concealment: &Concealment) -> Loss {
    let concealed = concealment.concealed_samples() as f64;
    let share = concealed / (concealment.total_samples() as f64).max(1.0);
    let mean_run = concealed / FRAME_SAMPLES as f64 / (concealment.events() as f64).max(1.0);
    let burst_r = if concealed > 0.0 { mean_run * (1.0 - share) } else { 1.0 };
    Loss { ppl_percent: share * 100.0, burst_r: burst_r.clamp(BURST_R.0, BURST_R.1) }
}

/// A reason without a value, as a finding's.
pub(crate) fn unpublished(why: impl Into<Remark>) -> Missing {
    Missing { cause: Cause::NoPublishedValue, detail: Some(why.into()) }
}

/// On which side of the table a rate lies.
fn outside_table(why: &NoValue) -> Remark {
    let (code, mode, kbps, end) = match why {
        NoValue::BelowTable { mode, kbps, first } => (RemarkCode::OpusBelowTable, mode, kbps, first),
        NoValue::AboveTable { mode, kbps, last } => (RemarkCode::OpusAboveTable, mode, kbps, last),
    };
    Remark::of(code).with("mode", mode).with("kbps", kbps).with("end_kbps", end)
}

impl Came {
    /// What is published of Opus at this rate.
    pub(crate) fn opus(&self, bandwidth: Bandwidth) -> Result<OpusImpairment, Missing> {
        OpusImpairment::of(bandwidth, RateControl::Vbr, self.kbps, LossKind::Random)
            .map_err(|why| unpublished(outside_table(&why)))
    }

    /// The rating, and the values of Opus that went into it.
    pub(crate) fn fullband(&self) -> Result<(Estimate<Fullband>, OpusImpairment), Missing> {
        let opus = self.opus(Bandwidth::SuperWideband)?;
        let equipment = opus.fullband().ok_or_else(|| unpublished(RemarkCode::NoOpusValue))?;
        let input = FullbandInput {
            ta_ms: self.delay_ms,
            sensitivity: DelaySensitivity::Default,
            equipment,
            loss: self.loss,
        };
        let missing = |cause| Missing { cause, detail: None };
        let estimate = score(&input, self.packets, Some(&self.room)).map_err(|why| match why {
            NoScore::NothingArrived => missing(Cause::NoPackets),
            NoScore::Muted => missing(Cause::MicrophoneMuted),
            NoScore::TooLittle => missing(Cause::EndedEarly),
            NoScore::Input(_) => unpublished(why.to_string()),
        })?;
        Ok((estimate, opus))
    }
}

/// R on 0 to 100.
pub(crate) fn of_hundred(estimate: &Estimate<Fullband>) -> f64 {
    estimate.rating.of_hundred().clamp(0.0, 100.0)
}
