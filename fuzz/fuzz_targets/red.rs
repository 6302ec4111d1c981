//! Redundant audio.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tongke_transport::rtp::red;

fuzz_target!(|payload: &[u8]| {
    let Ok(blocks) = red::split(payload) else { return };
    let blocks: Vec<_> = blocks.collect();
    let (primary, redundant) = blocks.split_last().expect("a primary is always there");
    let mut out = Vec::new();
    red::join(&mut out, redundant, primary.payload_type, primary.data);
    assert_eq!(out, payload);
});
