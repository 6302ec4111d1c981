//! How many bits a second the path carries: the maximum IP-layer capacity of RFC 9097 (ITU-T Y.1540, TR-471).
//!
//! The sender sends at a rate out of a table ([`Row`]); the receiver reports every [`REPORT_INTERVAL`] what was
//! missing and how much delay rose ([`CapacityReceiver`]); the sender moves to another rate ([`RateSearch`]). The
//! capacity is the most that arrived within a whole second.

mod receiver;
mod row;
mod search;
#[cfg(test)]
mod tests;

pub use receiver::{Capacity, CapacityReceiver, Report, SubInterval};
pub use row::{IP_PACKET_BYTES, PAYLOAD_BYTES, Row, Volume};
pub use search::{RateSearch, SearchSettings};

use std::time::Duration;

/// The receiver reports this often.
pub const REPORT_INTERVAL: Duration = Duration::from_millis(50);
/// The sender takes silence for so long as a report of the worst kind: reports are lost where packets are.
pub const WATCHDOG: Duration = Duration::from_millis(190);
/// Arrivals are counted over so long; the most of them is the capacity.
pub const SUB_INTERVAL: Duration = Duration::from_secs(1);
/// How long a test lasts.
pub const TEST_LENGTH: Duration = Duration::from_secs(10);
/// When the search ends and its rate is held: three seconds hold two whole ones.
pub const HOLD_AFTER: Duration = Duration::from_secs(7);
