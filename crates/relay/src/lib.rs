//! The shell around [`tongke_sfu::Core`]: UDP workers, QUIC endpoint, WHIP and WHEP, events, metrics.
//!
//! [`Relay::start`] binds everything and returns; [`run`] does so until it is told to stop. The way
//! of a packet: `worker`'s `turn` receives a batch, the core decides, `Plane::flush` sends.

mod addresses;
mod certificate;
mod clock;
mod config;
mod error;
mod handing_on;
mod http;
mod journal;
mod leases;
mod loopback;
mod metrics;
mod placement;
mod reflector;
mod relay;
mod supervisor;
mod worker;

pub use config::{LOAD_MBPS, MAX_WORKERS, RelayConfig, RelaySettings, TlsFiles};
pub use error::RelayError;
pub use relay::{Relay, run, run_with};
