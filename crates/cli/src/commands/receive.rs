//! `tongke receive`: a receiving school's node, or an observer's.

use super::node;
pub use super::node::Args;
use crate::failure::Failure;
use crate::logging::LogArgs;
use tongke_protocol::Role;

/// Runs it until it is told to end.
pub fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    node::run(args, log, |role| match role {
        Role::Receiving | Role::Observer | Role::Inspector => Ok(()),
        Role::Supporting => Err(Failure::usage(
            "the token is for the supporting school, and 'tongke receive' is for all others",
        )
        .hint("use 'tongke send', or a token with --role receiving")),
    })
}
