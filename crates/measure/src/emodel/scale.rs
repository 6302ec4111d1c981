//! Ratings and MOS, each bound to its scale.

use super::{FullbandTerms, NarrowbandTerms, Source, WidebandTerms};
use crate::input::{InputError, within};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::f64::consts::{FRAC_PI_3, SQRT_2};
use std::fmt::Debug;
use std::marker::PhantomData;

/// What each of these figures is, for whoever prints one.
pub const NATURE: &str = "planning value, not a subjective score";

/// One of the three scales of the E-model. The names are for a report.
pub trait Scale: Copy + Debug + PartialEq + PartialOrd + sealed::Sealed {
    /// The scale's name (ITU-T P.800.1).
    const NAME: &'static str;
    /// The model behind it.
    const MODEL: &'static str;
    /// R of a perfect connection on this scale.
    const R_MAX: f64;
    /// What a lost packet's codec approaches as Ie,eff. In the wideband model it is the narrowband one's.
    const IE_LIMIT: f64;
    /// What R is made of.
    type Terms: Clone + Copy + Debug + PartialEq + Serialize;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Narrowband {}
    impl Sealed for super::Wideband {}
    impl Sealed for super::Fullband {}
}

/// 300–3400 Hz, ITU-T G.107.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub enum Narrowband {}

/// 50–7000 Hz, ITU-T G.107.1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub enum Wideband {}

/// 20–20 000 Hz, ITU-T G.107.2.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub enum Fullband {}

impl Scale for Narrowband {
    const NAME: &'static str = "MOS-CQEN";
    const MODEL: &'static str = "ITU-T G.107 (06/2015)";
    const R_MAX: f64 = 100.0;
    const IE_LIMIT: f64 = 95.0;
    type Terms = NarrowbandTerms;
}

impl Scale for Wideband {
    const NAME: &'static str = "MOS-CQEW";
    const MODEL: &'static str = "ITU-T G.107.1 (06/2019) Cor. 1 (01/2020)";
    const R_MAX: f64 = 129.0;
    const IE_LIMIT: f64 = 95.0;
    type Terms = WidebandTerms;
}

impl Scale for Fullband {
    const NAME: &'static str = "MOS-CQEF";
    const MODEL: &'static str = "ITU-T G.107.2 (03/2023)";
    const R_MAX: f64 = 148.0;
    const IE_LIMIT: f64 = 132.0;
    type Terms = FullbandTerms;
}

/// A transmission rating R on the scale `S`: [`Scale::R_MAX`] is perfect, 0 and below is useless.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rating<S: Scale> {
    value: f64,
    scale: PhantomData<S>,
}

impl<S: Scale> Rating<S> {
    /// A rating that was reckoned or read elsewhere. Not clamped: R may leave its scale at both ends.
    pub fn new(value: f64) -> Self {
        Self { value, scale: PhantomData }
    }

    /// R as the model gives it.
    pub fn value(self) -> f64 {
        self.value
    }

    /// R stretched to 100 for a perfect connection, for bands that are borrowed from G.109 (which is narrowband):
    /// a proposal, not a conversion between scales.
    pub fn of_hundred(self) -> f64 {
        self.value / (S::R_MAX / 100.0)
    }

    /// The MOS (G.107 Annex B on R/1, R/1.29 or R/1.48). The polynomial dips below 1 between 0 and 6.5: held at 1.
    pub fn mos(self) -> Mos<S> {
        let r = self.of_hundred();
        let value = match r {
            r if r <= 0.0 => 1.0,
            r if r >= 100.0 => 4.5,
            r => (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0),
        };
        Mos { value, scale: PhantomData }
    }
}

impl Rating<Narrowband> {
    /// Share of callers who call it good or better, percent (G.107 Annex B).
    pub fn good_or_better_percent(self) -> f64 {
        100.0 * normal((self.value - 60.0) / 16.0)
    }

    /// Share of callers who call it poor or worse, percent (G.107 Annex B).
    pub fn poor_or_worse_percent(self) -> f64 {
        100.0 * normal((45.0 - self.value) / 16.0)
    }
}

/// A mean opinion score that a model estimates on the scale `S`, 1 to 4.5.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Mos<S: Scale> {
    value: f64,
    scale: PhantomData<S>,
}

impl<S: Scale> Mos<S> {
    /// A score of this scale that was kept as a number.
    pub fn new(value: f64) -> Result<Self, InputError> {
        let value = within(S::NAME, value, 1.0..=4.5, "on its scale")?;
        Ok(Self { value, scale: PhantomData })
    }

    /// The number, for printing beside [`Scale::NAME`] and [`NATURE`].
    pub fn value(self) -> f64 {
        self.value
    }

    /// The rating that has this score (G.107 Appendix I), from 6.5 % of the scale upwards.
    pub fn rating(self) -> Rating<S> {
        let m = self.value;
        let square = -903_522.0 + 1_113_960.0 * m - 202_500.0 * m * m;
        // At 4.5 the root is of 0, and may come out just below it.
        let h = (15.0 * square.max(0.0).sqrt()).atan2(18_566.0 - 6_750.0 * m) / 3.0;
        let r = 20.0 / 3.0 * (8.0 - 226f64.sqrt() * (h + FRAC_PI_3).cos());
        Rating::new(r * S::R_MAX / 100.0)
    }
}

/// What a model says of a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate<S: Scale> {
    /// R.
    pub rating: Rating<S>,
    /// The MOS of R.
    pub mos: Mos<S>,
    /// What R is made of.
    pub terms: S::Terms,
    /// Whose word the codec's impairment is: to be printed beside the score.
    pub impairment: Source,
}

impl<S: Scale> Serialize for Estimate<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let mut out = serializer.serialize_struct("Estimate", 7)?;
        out.serialize_field("scale", S::NAME)?;
        out.serialize_field("model", S::MODEL)?;
        out.serialize_field("nature", NATURE)?;
        out.serialize_field("r", &self.rating.value)?;
        out.serialize_field("mos", &self.mos.value)?;
        out.serialize_field("terms", &self.terms)?;
        out.serialize_field("impairment", &self.impairment)?;
        out.end()
    }
}

/// The distribution function of the standard normal distribution, to 1e-12 within ±6: Taylor series of its
/// density's integral, whose terms all have one sign in this form (Abramowitz and Stegun 26.2.11).
fn normal(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum) = (x, x);
    for odd in (3..=151).step_by(2) {
        term *= x * x / f64::from(odd);
        sum += term;
    }
    let density = (-x * x / 2.0).exp() / (std::f64::consts::PI.sqrt() * SQRT_2);
    0.5 + sum * density
}
