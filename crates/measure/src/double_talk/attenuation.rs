//! What the sweeps of both kinds of moments come to.

use super::Sweep;
use crate::echo::DoubleTalkType;

/// The fewest sweeps of each kind that make a figure: from six on, all of them hold their median at 95 % confidence.
const LEAST: usize = 6;
/// Nothing that was played is speech below this, dBFS.
const SPEECH_DBFS: f64 = -50.0;
/// The loudspeaker sounds down to so far below its loudest speech, and is silent from so far below it, dB. In between
/// nobody can say.
const SOUNDING_DB: f64 = 20.0;
const SILENT_DB: f64 = 30.0;

/// How much weaker the talker goes out while both talk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attenuation {
    /// Median level of the sweeps alone, less that of those in double talk, dB. Below 0: louder in double talk.
    pub db: f64,
    /// ±, at 95 % confidence: of both medians, whatever the levels' distribution.
    pub bound_db: f64,
    /// In double talk hardly anything is left: `db` is the least that it can be.
    pub is_at_least: bool,
    /// Sweeps while the loudspeaker was silent.
    pub alone: usize,
    /// Sweeps while it sounded.
    pub together: usize,
    /// How far the levels of a kind lie apart, dB: standard deviation, of the kind in which it is larger.
    pub spread_db: f64,
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAttenuation {
    /// Nobody talks.
    #[error("no test talker is heard in the room: sound one where the teacher stands")]
    NoTalker,
    /// Nothing was played.
    #[error("the room's loudspeaker played no speech: nobody spoke against the talker")]
    LoudspeakerSilent,
    /// Too few moments of a kind.
    #[error(
        "{alone} sweeps of the test talker while the loudspeaker was silent and {together} while it spoke; 6 of each \
         are needed: test for longer, and sound a talker in one room only"
    )]
    TooFew {
        /// Sweeps while the loudspeaker was silent.
        alone: usize,
        /// Sweeps while it sounded.
        together: usize,
    },
    /// Noise hides the talker even where it is alone.
    #[error("the test talker hardly stands out of the room's noise: make it louder, or lay it nearer")]
    Noise,
}

impl Attenuation {
    /// The type of P.340. Within its bound of a limit it is the worse one; none: it is not known how much is lost, and
    /// that need not be the worst.
    pub fn double_talk_type(&self) -> Option<DoubleTalkType> {
        let worst = if self.is_at_least { self.db } else { self.db + self.bound_db };
        let class = DoubleTalkType::from_send_attenuation(worst.clamp(0.0, 120.0)).ok()?;
        (!self.is_at_least || class == DoubleTalkType::Type3).then_some(class)
    }
}

/// The attenuation of a room's talker, from all its sweeps in a call.
pub fn attenuation(sweeps: &[Sweep]) -> Result<Attenuation, NoAttenuation> {
    if sweeps.is_empty() {
        return Err(NoAttenuation::NoTalker);
    }
    let speech_dbfs = sweeps.iter().map(|sweep| sweep.sounding_dbfs).fold(f64::NEG_INFINITY, f64::max);
    if speech_dbfs < SPEECH_DBFS {
        return Err(NoAttenuation::LoudspeakerSilent);
    }
    let alone = Levels::of(sweeps, |sweep| sweep.silent_dbfs <= speech_dbfs - SILENT_DB);
    let together = Levels::of(sweeps, |sweep| sweep.sounding_dbfs >= speech_dbfs - SOUNDING_DB);
    if alone.n() < LEAST || together.n() < LEAST {
        return Err(NoAttenuation::TooFew { alone: alone.n(), together: together.n() });
    }
    let level_db = alone.median().ok_or(NoAttenuation::Noise)?;
    let left_db = together.median();
    Ok(Attenuation {
        db: level_db - left_db.unwrap_or_else(|| middle(&together.limits_db)),
        bound_db: alone.bound_db().hypot(together.bound_db()),
        is_at_least: left_db.is_none(),
        alone: alone.n(),
        together: together.n(),
        spread_db: alone.deviation_db().max(together.deviation_db()),
    })
}

/// The levels of one kind of sweeps, rising.
struct Levels {
    /// Of what was heard, dB.
    heard_db: Vec<f64>,
    /// What could have been heard, of all of them, dB.
    limits_db: Vec<f64>,
}

impl Levels {
    fn of(sweeps: &[Sweep], counts: impl Fn(&Sweep) -> bool) -> Self {
        let counted: Vec<&Sweep> = sweeps.iter().filter(|sweep| counts(sweep)).collect();
        let mut heard_db: Vec<f64> = counted.iter().filter_map(|sweep| sweep.level_db).collect();
        let mut limits_db: Vec<f64> = counted.iter().map(|sweep| sweep.limit_db).collect();
        heard_db.sort_by(f64::total_cmp);
        limits_db.sort_by(f64::total_cmp);
        Self { heard_db, limits_db }
    }

    fn n(&self) -> usize {
        self.limits_db.len()
    }

    /// The level by its rank; none: of those that were not heard, which are below all others.
    fn ranked(&self, rank: usize) -> Option<f64> {
        self.heard_db.get(rank.checked_sub(self.n() - self.heard_db.len())?).copied()
    }

    fn median(&self) -> Option<f64> {
        Some((self.ranked((self.n() - 1) / 2)? + self.ranked(self.n() / 2)?) / 2.0)
    }

    /// How far the median may be from the true one: the levels whose ranks hold it with 95 % confidence.
    fn bound_db(&self) -> f64 {
        let Some(median) = self.median() else { return 0.0 };
        let (half, reach) = (self.n() as f64 / 2.0, 0.98 * (self.n() as f64).sqrt());
        let low = (half - reach).floor().max(0.0) as usize;
        let high = ((half + reach).ceil() as usize).min(self.n() - 1);
        let [low, high] =
            [low, high].map(|rank| self.ranked(rank).unwrap_or_else(|| middle(&self.limits_db).min(median)));
        (median - low).max(high - median)
    }

    fn deviation_db(&self) -> f64 {
        let n = self.heard_db.len().max(1) as f64;
        let mean = self.heard_db.iter().sum::<f64>() / n;
        (self.heard_db.iter().map(|level| (level - mean).powi(2)).sum::<f64>() / n).sqrt()
    }
}

/// The middle one of some that rise.
fn middle(rising: &[f64]) -> f64 {
    rising.get(rising.len() / 2).copied().unwrap_or_default()
}
