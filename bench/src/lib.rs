//! What both benches need: the media of a lesson, a WebRTC client, and watches for time and memory.

pub mod allocations;
pub mod browser;
pub mod media;
pub mod stopwatch;
