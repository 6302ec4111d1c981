//! What the E-model makes of the sound that came: three ratings on three scales, none of them compared.

use super::findings::Told;
use crate::rating::{Came, unpublished};
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Finding, Measured, Method, Missing, Remark, RemarkCode};
use tongke_measure::echo::{Telr, TelrDb};
use tongke_measure::emodel::opus::{Bandwidth, OpusImpairment, Reading, WORK};
use tongke_measure::emodel::{
    Bpl, Equipment, Estimate, Narrowband, NarrowbandInput, Scale, Source, WidebandInput, g113,
};

/// The largest loudness rating that the model takes, dB: its default, an echo nobody hears.
const MOST_TELR_DB: f64 = 65.0;
/// What is rated.
pub(super) struct Connection {
    /// The other end's sound.
    pub sound: Came,
    /// How loud the own echo comes back; none: not measured.
    pub telr: Option<Telr>,
}

impl Connection {
    /// The four figures. `seconds` of sound were rated.
    pub(super) fn findings(&self, seconds: u64, told: &Told) -> Vec<Finding> {
        let n = seconds.max(1);
        let fullband = self.fullband();
        let of_fb = |value: fn(&Rated) -> f64| {
            let rated = fullband.as_ref().map_err(Clone::clone)?;
            Ok(Measured { reference: rated.said.clone(), ..told.value(n, value(rated), Method::EModelFb) })
        };
        let of = |rated: Result<Rated, Missing>, method| {
            let rated = rated?;
            Ok(Measured { reference: rated.said, ..told.value(n, rated.mos, method) })
        };
        vec![
            told.finding(Quantity::SpeechRatingFb, of_fb(|rated| rated.of_hundred)),
            told.finding(Quantity::SpeechMosFb, of_fb(|rated| rated.mos)),
            told.finding(Quantity::SpeechMosWb, of(self.wideband(), Method::EModelWb)),
            told.finding(Quantity::SpeechMosNb, of(self.narrowband(), Method::EModelNb)),
        ]
    }

    fn fullband(&self) -> Result<Rated, Missing> {
        let (estimate, opus) = self.sound.fullband()?;
        Ok(Rated::of(&estimate, of_opus(&opus, RemarkCode::EchoNotCharged.into())))
    }

    fn wideband(&self) -> Result<Rated, Missing> {
        self.fullband()?;
        let opus = self.sound.opus(Bandwidth::Wideband)?;
        let equipment = opus.wideband().ok_or_else(|| unpublished(RemarkCode::NoOpusValue))?;
        let input = WidebandInput { ta_ms: self.sound.delay_ms, equipment, loss: self.sound.loss };
        let estimate = input.estimate().map_err(|error| unpublished(error.to_string()))?;
        Ok(Rated::of(&estimate, of_opus(&opus, RemarkCode::EchoNotCharged.into())))
    }

    /// At the rates of a lesson Opus has no narrowband values; G.711's stand for it, and the report says so.
    fn narrowband(&self) -> Result<Rated, Missing> {
        self.fullband()?;
        let (telr_db, echo) = match self.telr {
            Some(Telr::Measured(TelrDb(db))) => (db, RemarkCode::TelrMeasured),
            Some(Telr::AtLeast(TelrDb(db))) => (db, RemarkCode::TelrAtLeast),
            None => (MOST_TELR_DB, RemarkCode::TelrNotMeasured),
        };
        let echo = Remark::of(echo).with("db", format!("{telr_db:.1}"));
        let opus = self.sound.opus(Bandwidth::Narrowband).ok();
        let known = opus.and_then(|opus| Some((opus.narrowband()?, of_opus(&opus, echo.clone()))));
        let (equipment, said) = known.unwrap_or_else(|| in_place_of_opus(self.sound.kbps, echo));
        let input = NarrowbandInput {
            telr_db: telr_db.clamp(5.0, MOST_TELR_DB),
            equipment,
            loss: self.sound.loss,
            ..NarrowbandInput::default()
        };
        let input = input.with_one_way_ms(self.sound.delay_ms);
        let estimate = input.estimate().map_err(|error| unpublished(error.to_string()))?;
        Ok(Rated::of(&estimate, said))
    }
}

/// The four findings of a call that cannot be rated.
pub(super) fn all_missing(why: &Missing, told: &Told) -> Vec<Finding> {
    let all = [Quantity::SpeechRatingFb, Quantity::SpeechMosFb, Quantity::SpeechMosWb, Quantity::SpeechMosNb];
    all.into_iter().map(|quantity| told.finding(quantity, Err(why.clone()))).collect()
}

/// What must be said with values of the table for Opus, and of the echo.
fn of_opus(opus: &OpusImpairment, echo: Remark) -> Vec<Remark> {
    let codec = format!("Opus {:?} {:?} {} kbit/s", opus.bandwidth, opus.rate_control, opus.kbps);
    let from = Remark::of(RemarkCode::ImpairmentFrom).with("codec", codec).with("source", WORK);
    let is_beyond = matches!(opus.reading, Reading::PessimisticBound { .. });
    let beyond = is_beyond.then_some(RemarkCode::BeyondTable.into());
    [from, RemarkCode::ScaleUnsaid.into()].into_iter().chain(beyond).chain([echo]).collect()
}

fn in_place_of_opus(kbps: f64, echo: Remark) -> (Equipment<Narrowband>, Vec<Remark>) {
    let (ie, bpl) = (g113::g711().ie, 4.3);
    let said = Remark::of(RemarkCode::G711ForOpus).with("kbps", kbps).with("ie", ie).with("bpl", bpl);
    let what = "G.711 without concealment stands for Opus";
    let equipment = Equipment::new("Opus", ie, Bpl::Random(bpl), Source::Assumption { what: what.into() });
    (equipment, vec![said, echo])
}

/// A rating, and what must be said with it.
#[derive(Debug, Clone)]
struct Rated {
    of_hundred: f64,
    mos: f64,
    said: Vec<Remark>,
}

impl Rated {
    fn of<S: Scale>(estimate: &Estimate<S>, said: Vec<Remark>) -> Self {
        let model = Remark::of(RemarkCode::Rated).with("model", S::MODEL);
        let said = [model].into_iter().chain(said).collect();
        Self { of_hundred: estimate.rating.of_hundred().clamp(0.0, 100.0), mos: estimate.mos.value(), said }
    }
}
