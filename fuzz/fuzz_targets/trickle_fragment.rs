//! Trickle fragments of a PATCH.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tongke_transport::webrtc::sdp::TrickleFragment;

fuzz_target!(|text: &str| {
    match TrickleFragment::parse(text) {
        Ok(fragment) => assert!(fragment.candidates.len() <= text.lines().count()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
