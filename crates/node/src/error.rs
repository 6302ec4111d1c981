//! Why a node cannot start or go on. The texts are for people: what is wrong, what to do next.

use crate::link::{LinkFailure, describe_failures};
use tongke_media::capture::CaptureError;
use tongke_media::render::RenderError;
use tongke_outbox::{AskError, MachineError, OpenError};
use tongke_protocol::control::Refusal;

/// A setting that is missing, contradictory or out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ConfigError {
    /// The key, as written in the file; the flag is the same word with `-` for `_`.
    pub key: &'static str,
    /// What is wrong and what is allowed.
    pub problem: String,
}

/// Why a node ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// A setting is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No way to the relay worked for as long as was allowed.
    #[error("the relay {relay} cannot be reached:{}\n{}", describe_failures(.failures), hint(.failures))]
    Unreachable {
        /// The relay's address, as configured.
        relay: String,
        /// What was tried and why each failed.
        failures: Vec<LinkFailure>,
    },
    /// The relay does not let this node in, and asking again would not help.
    #[error("the relay refuses: {} ({})", .0.message, .0.code)]
    Refused(Refusal),
    /// A camera or microphone is not there. Without it the node runs only if told so.
    #[error("{source}\nto go on without it, use --{track} none")]
    Capture {
        /// `camera`, `screen` or `microphone`.
        track: &'static str,
        /// Which, why, and what was found.
        source: CaptureError,
    },
    /// No window or loudspeaker, or a file cannot be created.
    #[error("{source}\nto go on without it, use --{output} none")]
    Render {
        /// `video-out` or `sound-out`.
        output: &'static str,
        /// Which and why.
        source: RenderError,
    },
    /// The folder for what is told to the registry cannot be used.
    #[error(transparent)]
    Data(#[from] OpenError),
    /// The machine's own files cannot be used.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The registry gave no grant.
    #[error(transparent)]
    NotAdmitted(#[from] AskError),
    /// The machine cannot do it.
    #[error("cannot {what}: {reason}")]
    System {
        /// Start a thread, build a TLS client.
        what: &'static str,
        /// Why.
        reason: String,
    },
}

fn hint(failures: &[LinkFailure]) -> &'static str {
    if failures.iter().all(|failure| failure.before_media()) {
        "check the relay's address and that it is running"
    } else {
        "the relay answers over HTTP but no media gets through: check that its UDP and TCP ports are open"
    }
}
