//! Cameras, microphones, encoders and decoders that cost nothing: frames of realistic sizes whose
//! payloads tell what they are.

pub mod picture;
pub mod sound;
