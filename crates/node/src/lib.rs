//! A classroom box: sends a school's cameras, courseware and sound into a lesson, shows and plays
//! what the other schools send, and measures both.
//!
//! One program in two roles; [`run`] is all of it. Threads: one or two per picture sent (capture,
//! encode), one for the microphone, one per picture received (decode), and the caller's runtime for
//! everything else: links, jitter buffers, the sound clock.
//!
//! [`admit`] asks the registry for a grant where none was given; [`standby()`] does what the registry orders. [`link`]
//! hides the ways to the relay; `send` and `receive` are the pipelines; `record` tells the registry what flowed;
//! `session` ties them together and owns the retry of lost links.

mod admission;
mod busy;
pub mod call;
mod clock;
mod config;
mod error;
mod facts;
pub mod inspect;
mod keeping;
pub mod link;
mod rates;
mod rating;
mod receive;
mod record;
mod roster;
mod selftest;
mod send;
mod session;
mod settings;
mod standby;
mod status;

pub use admission::admit;
pub use busy::{Busy, Held};
pub use clock::{ClockKeeper, MachineClock, Translated};
pub use config::{BitrateBounds, NodeConfig, SoundOut, VideoOut};
pub use error::{ConfigError, NodeError};
pub use keeping::{KeepError, keep_report, reports_in};
pub use selftest::{History, HistoryError, LoadPlan, Piece, Progress, SelfTest, SelfTestError, selftest};
pub use session::Controls;
pub use settings::NodeSettings;
pub use standby::{StandbyError, standby};

use std::future::Future;
use tongke_protocol::facts::NodeFacts;

/// Takes part in a lesson until `shutdown` completes, the configured time is over, the relay ends the
/// lesson or the window is closed. Returns what was measured.
pub async fn run(config: NodeConfig, shutdown: impl Future<Output = ()>) -> Result<NodeFacts, NodeError> {
    run_controlled(config, Controls::default(), shutdown).await
}

/// As [`run`], with a person or a program at the controls.
pub async fn run_controlled(
    config: NodeConfig,
    controls: Controls,
    shutdown: impl Future<Output = ()>,
) -> Result<NodeFacts, NodeError> {
    session::Session::start(config, None).await?.run(controls, shutdown).await
}
