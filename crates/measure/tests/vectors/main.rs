//! Numbers that were computed apart from any code here, from the standards' formulas: tables of inputs and of what
//! must come out, to 1e-4 or exactly.

#![expect(clippy::disallowed_methods, reason = "tests take one Instant as their origin")]

mod bursts;
mod clocks;
mod freezes;
mod jitter;
mod network_procedures;
