//! `tongke send`: the supporting school's node.

use super::node;
pub use super::node::Args;
use crate::failure::Failure;
use crate::logging::LogArgs;
use tongke_protocol::Role;

/// Runs it until it is told to end.
pub fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    node::run(args, log, |role| match role {
        Role::Supporting => Ok(()),
        other => Err(Failure::usage(format!(
            "the token is for the role {other}, and 'tongke send' is the supporting school's"
        ))
        .hint("use 'tongke receive', or a token with --role supporting")),
    })
}
