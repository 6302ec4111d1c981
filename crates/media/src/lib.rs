//! Capture, encode, decode, render; the libraries behind each are private.
//!
//! Pictures come from a [`capture::video`] source and sound from a [`capture::sound`] source, both
//! stamped with the local [`Instant`](std::time::Instant) at capture. [`encode`] and [`decode`] turn
//! them into H.264 and Opus and back, [`render`] shows them, plays them or writes them to files.
//! [`marker`] and [`beat`] are what the test scene carries to be measured by: a readable time stamp
//! and a flash with its beep. [`filmed`] reads the stamp where a camera films it on a screen.
//!
//! A shell: it owns devices, files, threads and windows. Every source blocks in the thread of whoever
//! calls it; live sources never let a queue grow, they drop the oldest and count it.

pub mod beat;
pub mod capture;
pub mod decode;
mod devices;
mod draw;
pub mod encode;
pub mod filmed;
pub mod marker;
pub mod picture;
pub mod program;
pub mod render;
mod room;
pub mod sound;
mod text;
mod wall;

pub use picture::{EncodedPicture, Picture, VideoFormat};
pub use sound::{EncodedSound, SoundFrame};
pub use wall::{WallDisplay, is_wall};
