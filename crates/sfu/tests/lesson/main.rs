//! Whole lessons in memory: QUIC schools and WebRTC browsers around one core, over ways without
//! delay, under a clock that the tests turn.

#![allow(clippy::disallowed_methods, reason = "tests take one Instant as their origin")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

mod bad_input;
mod branches;
mod browsers;
mod carrying;
mod checks;
mod codecs;
mod conduct;
mod crowds;
mod events;
mod forwarding;
mod joining;
mod keyframes;
mod layers;
mod repair;
mod reports;
mod spreading;
mod stalls;
mod support;
mod told;
mod weather;
