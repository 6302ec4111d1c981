//! Virtual clock, seeded network, a whole lesson in memory.
//!
//! [`run`] plays a [`Scenario`]: the relay's real core (`tongke-sfu`), real client legs
//! (`tongke-transport`), real buffers (`tongke-playout`) and measurements (`tongke-measure`), between
//! them links that lose, delay, reorder, double and hold back as a seed says. Only cameras,
//! microphones and codecs are models. A seed determines a run to the last packet; no test sleeps.

pub mod bursts;
mod lesson;
pub mod model;
pub mod network;
mod node;
pub mod random;
mod receiver;
mod report;
mod scenario;
mod world;

pub use lesson::run;
pub use network::{LinkConfig, Loss};
pub use report::{NodeReport, PicturePath, Report, SoundPath};
pub use scenario::{Leaving, LinkChange, Scenario, School};
