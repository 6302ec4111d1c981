//! How the speech of the other end is heard: what it says in each of its turns is said again here, and compared with
//! what came (`measure::visqol`). When the call is over: a comparison takes a quarter of a second of a processor that has
//! sweeps to play.

use super::findings::{Told, missing_as};
use super::likeness::Drawn;
use super::recording::decimated;
use super::series::Series;
use super::turns::Turn;
use tongke_inspection::facts::{Cause, Measured, Method, Missing, Remark, RemarkCode};
use tongke_measure::visqol::{MosLqo, compare};
use tongke_media::program::spoken;

/// The median of fewer turns says little.
const TURNS_NEEDED: u64 = 3;
/// Turns kept, 12 MB at most. Of a longer call every second one is, then every fourth, so that they lie all over it.
const TURNS_KEPT: usize = 60;

/// What came of the turns of the other end, each with the second of the call at which it began.
#[derive(Debug)]
pub(super) struct Speech {
    /// By which program it speaks.
    drawn: Drawn,
    kept: Vec<(Turn, f64)>,
    came: usize,
    /// One in so many turns is kept.
    one_in: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Heard {
    scores: Series,
    nsim: Series,
    /// Turns of which nothing could be compared.
    unscored: u64,
}

impl Speech {
    pub(super) fn new(drawn: Drawn) -> Self {
        Self { drawn, kept: Vec::new(), came: 0, one_in: 1 }
    }

    pub(super) fn push(&mut self, turn: Turn, at_s: f64) {
        if self.kept.len() == TURNS_KEPT {
            let mut even = [true, false].into_iter().cycle();
            self.kept.retain(|_| even.next() == Some(true));
            self.one_in *= 2;
        }
        if self.came.is_multiple_of(self.one_in) {
            self.kept.push((turn, at_s));
        }
        self.came += 1;
    }

    /// Compares. Takes its time.
    pub(super) fn compared(self) -> Heard {
        let mut heard = Heard::default();
        self.kept.iter().for_each(|(turn, at_s)| heard.listen(self.drawn, turn, *at_s));
        heard
    }
}

impl Heard {
    fn listen(&mut self, Drawn { schedule, side }: Drawn, turn: &Turn, at_s: f64) {
        let said = spoken(schedule, side, turn.time.clone());
        let said: Vec<f32> = decimated(&said).collect();
        match compare(&said, &turn.heard) {
            Ok(found) => {
                self.scores.push(at_s, found.mos.value());
                self.nsim.push(at_s, found.nsim);
            }
            Err(error) => {
                tracing::debug!(%error, "a turn of speech without a score");
                self.unscored += 1;
            }
        }
    }

    /// What it comes to.
    pub(super) fn measured(&self, told: &Told) -> Result<Measured, Missing> {
        let (turns, nsim) = (self.scores.n(), self.nsim.median());
        let few = || {
            let unscored = self.unscored;
            let cause =
                if turns + unscored < TURNS_NEEDED { Cause::EndedEarly } else { Cause::SignalUnreadable };
            let detail = Remark::of(RemarkCode::TurnsTooFew)
                .with("compared", turns)
                .with("needed", TURNS_NEEDED)
                .with("others", unscored);
            missing_as(cause, detail)
        };
        let nsim = nsim.filter(|_| turns >= TURNS_NEEDED).ok_or_else(few)?;
        let measured = self.scores.measured(Method::Visqol, &told.by).ok_or_else(few)?;
        let source = Remark::of(RemarkCode::SpeechCompared)
            .with("similarity", format!("{nsim:.3}"))
            .with("source", MosLqo::SOURCE);
        Ok(Measured { reference: vec![source, RemarkCode::NoEModelScore.into()], ..measured })
    }
}
