//! The interface as its clients meet it: a router without a socket, and real sockets where they matter.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed, as it should")]
#![allow(clippy::needless_pass_by_value, reason = "what tests say is written where it is said")]

#[path = "../databases/mod.rs"]
mod databases;
mod entries;
mod facts;
mod frame;
mod grants;
mod machines;
mod orders;
mod others;
mod questions;
mod reports;
mod socket;
mod walk;
mod world;

use tongke_registry::store::Store;
