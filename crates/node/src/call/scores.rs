//! What the E-model makes of the sound that came: three ratings on three scales, none of them compared.

use super::findings::{Told, missing_as};
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Measured, Method, Missing};
use tongke_measure::echo::{Telr, TelrDb};
use tongke_measure::emodel::opus::{Bandwidth, LossKind, NoValue, OpusImpairment, RateControl};
use tongke_measure::emodel::{
    Bpl, DelaySensitivity, Equipment, Estimate, FullbandInput, Loss, NATURE, Narrowband, NarrowbandInput,
    Scale, Source, WidebandInput, g113,
};
use tongke_measure::room::RoomFacts;
use tongke_measure::speech::{NoScore, score};

/// The largest loudness rating that the model takes, dB: its default, an echo nobody hears.
const MOST_TELR_DB: f64 = 65.0;
/// Between what BurstR is taken (ITU-T G.107 Table 2, and losses that avoid each other).
const BURST_R: (f64, f64) = (0.8, 8.0);

/// What is rated.
pub(super) struct Connection {
    /// Mouth to ear, ms, as measured.
    pub delay_ms: f64,
    /// Share of the sound that was invented, 0 to 1, and BurstR.
    pub invented: (f64, f64),
    /// What the encoders were told, kbit/s.
    pub kbps: f64,
    /// How loud the own echo comes back; none: not measured.
    pub telr: Option<Telr>,
    /// Packets that came.
    pub packets: u64,
    /// What the other microphone heard.
    pub room: RoomFacts,
}

impl Connection {
    /// The four figures. `seconds` of sound were rated.
    pub(super) fn findings(&self, seconds: u64, told: &Told) -> Vec<Finding> {
        let n = seconds.max(1);
        let fullband = self.fullband();
        let of_fb = |value: fn(&Rated) -> f64| {
            let rated = fullband.as_ref().map_err(Clone::clone)?;
            Ok(Measured {
                reference: Some(rated.source.clone()),
                ..told.value(n, value(rated), Method::EModelFb)
            })
        };
        let of = |rated: Result<Rated, Missing>, method| {
            let rated = rated?;
            Ok(Measured { reference: Some(rated.source), ..told.value(n, rated.mos, method) })
        };
        vec![
            told.finding(Quantity::SpeechRatingFb, of_fb(|rated| rated.of_hundred)),
            told.finding(Quantity::SpeechMosFb, of_fb(|rated| rated.mos)),
            told.finding(Quantity::SpeechMosWb, of(self.wideband(), Method::EModelWb)),
            told.finding(Quantity::SpeechMosNb, of(self.narrowband(), Method::EModelNb)),
        ]
    }

    fn fullband(&self) -> Result<Rated, Missing> {
        let equipment = self.opus(Bandwidth::SuperWideband)?.fullband().ok_or_else(no_value)?;
        let input = FullbandInput {
            ta_ms: self.delay_ms,
            sensitivity: DelaySensitivity::Default,
            equipment,
            loss: self.loss(),
        };
        let estimate = score(&input, self.packets, Some(&self.room)).map_err(|why| match why {
            NoScore::NothingArrived => missing_as(Cause::NoPackets, why.to_string()),
            NoScore::Muted => missing_as(Cause::MicrophoneMuted, why.to_string()),
            NoScore::TooLittle => missing_as(Cause::EndedEarly, why.to_string()),
            NoScore::Input(_) => missing_as(Cause::NoPublishedValue, why.to_string()),
        })?;
        Ok(Rated::of(&estimate, &input.equipment.codec, "echo is not charged on this scale"))
    }

    fn wideband(&self) -> Result<Rated, Missing> {
        self.fullband()?;
        let equipment = self.opus(Bandwidth::Wideband)?.wideband().ok_or_else(no_value)?;
        let input = WidebandInput { ta_ms: self.delay_ms, equipment, loss: self.loss() };
        let estimate =
            input.estimate().map_err(|error| missing_as(Cause::NoPublishedValue, error.to_string()))?;
        Ok(Rated::of(&estimate, &input.equipment.codec, "echo is not charged on this scale"))
    }

    /// At the rates of a lesson Opus has no narrowband values; G.711's stand for it, and the report says so.
    fn narrowband(&self) -> Result<Rated, Missing> {
        self.fullband()?;
        let equipment = self
            .opus(Bandwidth::Narrowband)
            .ok()
            .and_then(|of| of.narrowband())
            .unwrap_or_else(|| in_place_of_opus(self.kbps));
        let (telr_db, echo) = match self.telr {
            Some(Telr::Measured(TelrDb(db))) => (db, format!("TELR {db:.1} dB as measured")),
            Some(Telr::AtLeast(TelrDb(db))) => (db, format!("TELR at least {db:.1} dB, taken as that")),
            None => (MOST_TELR_DB, "TELR not measured, the model's 65 dB taken".to_owned()),
        };
        let input = NarrowbandInput {
            telr_db: telr_db.clamp(5.0, MOST_TELR_DB),
            equipment,
            loss: self.loss(),
            ..NarrowbandInput::default()
        };
        let input = input.with_one_way_ms(self.delay_ms);
        let estimate =
            input.estimate().map_err(|error| missing_as(Cause::NoPublishedValue, error.to_string()))?;
        Ok(Rated::of(&estimate, &input.equipment.codec, &echo))
    }

    fn opus(&self, bandwidth: Bandwidth) -> Result<OpusImpairment, Missing> {
        OpusImpairment::of(bandwidth, RateControl::Vbr, self.kbps, LossKind::Random)
            .map_err(|why: NoValue| missing_as(Cause::NoPublishedValue, why.to_string()))
    }

    fn loss(&self) -> Loss {
        let (share, burst_r) = self.invented;
        Loss { ppl_percent: share * 100.0, burst_r: burst_r.clamp(BURST_R.0, BURST_R.1) }
    }
}

/// The four findings of a call that cannot be rated.
pub(super) fn missing(why: &Missing, told: &Told) -> Vec<Finding> {
    let all = [Quantity::SpeechRatingFb, Quantity::SpeechMosFb, Quantity::SpeechMosWb, Quantity::SpeechMosNb];
    all.into_iter().map(|quantity| told.finding(quantity, Err(why.clone()))).collect()
}

fn no_value() -> Missing {
    missing_as(Cause::NoPublishedValue, "there is no value for Opus on this scale")
}

fn in_place_of_opus(kbps: f64) -> Equipment<Narrowband> {
    let g711 = g113::g711();
    let what = format!(
        "Opus at {kbps} kbit/s has no published narrowband value; that of G.711 without concealment stands for it \
         (Ie {}, Bpl 4.3)",
        g711.ie
    );
    Equipment::new("Opus", g711.ie, Bpl::Random(4.3), Source::Assumption { what: what.into() })
}

/// A rating, and what must be said with it.
#[derive(Debug, Clone)]
struct Rated {
    of_hundred: f64,
    mos: f64,
    source: String,
}

impl Rated {
    fn of<S: Scale>(estimate: &Estimate<S>, codec: &str, echo: &str) -> Self {
        let source = match &estimate.impairment {
            Source::ItuT { table } => table.to_string(),
            Source::ThirdParty { work, assumption } => format!("{work}; {assumption}"),
            Source::Assumption { what } => what.to_string(),
        };
        let source = format!("{}, {NATURE}. {codec}, Ie/Bpl: {source}; {echo}", S::MODEL);
        Self { of_hundred: estimate.rating.of_hundred().clamp(0.0, 100.0), mos: estimate.mos.value(), source }
    }
}
