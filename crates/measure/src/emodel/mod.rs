//! The E-model: a transmission rating R, and a MOS from it, reckoned from what a connection does to speech.
//!
//! Three models, three scales: narrowband (ITU-T G.107 06/2015), wideband (G.107.1 06/2019 with Cor. 1) and
//! fullband (G.107.2 03/2023). A MOS of one is no MOS of another, and their mean is nothing: the scale is part of
//! the type, and there is no way from one to the next.
//!
//! ```
//! use tongke_measure::emodel::FullbandInput;
//! # use tongke_measure::emodel::g113;
//! let evs = g113::evs_swb(24.4).expect("in the table");
//! let estimate = FullbandInput::of(evs).estimate().expect("defaults");
//! assert!((estimate.mos.value() - 4.4436).abs() < 1e-4);
//! ```
//!
//! ```compile_fail,E0308
//! use tongke_measure::emodel::{Fullband, Mos, Narrowband};
//! fn worse(a: Mos<Narrowband>, b: Mos<Fullband>) -> bool { a < b }
//! ```
//!
//! ```compile_fail,E0369
//! use tongke_measure::emodel::{Mos, Narrowband};
//! fn mean(a: Mos<Narrowband>, b: Mos<Narrowband>) -> f64 { (a + b) / 2.0 }
//! ```
//!
//! Every figure here is a planning value: nobody listened.

mod delay;
mod equipment;
mod fullband;
pub mod g113;
mod narrowband;
pub mod opus;
mod scale;
mod wideband;

pub use delay::{DelaySensitivity, delay_impairment};
pub use equipment::{Bpl, Equipment, Loss, Source};
pub use fullband::{FullbandInput, FullbandTerms};
pub use narrowband::{NarrowbandInput, NarrowbandTerms};
pub use scale::{Estimate, Fullband, Mos, NATURE, Narrowband, Rating, Scale, Wideband};
pub use wideband::{WidebandInput, WidebandTerms};
