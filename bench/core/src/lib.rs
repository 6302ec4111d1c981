//! The relay's core in memory with one publisher and many receivers ([`Lesson`]), and single packets
//! ([`packets`]): what is measured here is measured without a network.
//!
//! `benches/` takes times (criterion), `tongke-bench-instructions` counts instructions (callgrind), and
//! `tests/` counts allocations.

pub mod allocations;
pub mod client;
mod lesson;
pub mod media;
pub mod packets;

pub use lesson::{Lesson, Link};
