//! Both ends of an inspection, as they talk through the relay: a node that stands by and does what an inspector asks
//! ([`stand_by()`]), and the inspector that leads ([`lead()`]) or looks on beside a lesson ([`beside()`]).
//!
//! What is asked when, and what follows from the answers, is decided in [`tongke_inspection::conduct`].

mod beside;
mod desk;
mod lead;
mod mail;
mod parts;
mod plan;
mod stand_by;
mod stream;
mod work;

pub use beside::beside;
pub use lead::lead;
pub use plan::{beside_plan_for, plan_for};
pub use stand_by::stand_by;
pub(crate) use stand_by::{For, stand_by_for};

use crate::link::LinkError;

/// Why an inspection, or a node's part in it, ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The relay is not there, or does not let this participant in.
    #[error("the relay does not let this inspection begin: {0}")]
    Relay(#[from] LinkError),
    /// The lesson is a real one.
    #[error(
        "'{0}' is a lesson, and nobody's tests belong there; test lessons have names that begin with 'test-', and a \
         grant for exactly that name"
    )]
    NoTest(tongke_protocol::LessonId),
    /// The grant is for something else.
    #[error("{0}")]
    Role(String),
    /// The way to the relay cannot be set up.
    #[error("cannot set up HTTP: {0}")]
    Http(String),
}
