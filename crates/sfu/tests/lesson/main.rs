//! Whole lessons in memory: QUIC schools and WebRTC browsers around one core, over ways without
//! delay, under a clock that the tests turn.

#![allow(clippy::disallowed_methods, reason = "tests take one Instant as their origin")]

mod bad_input;
mod browsers;
mod events;
mod forwarding;
mod joining;
mod keyframes;
mod repair;
mod reports;
mod support;
