//! Sequence parameter sets and slice headers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tongke_transport::rtp::h264;

fuzz_target!(|nal: &[u8]| {
    if let Ok(info) = h264::sps::parse(nal) {
        assert!((1..=16_384).contains(&info.width) && (1..=16_384).contains(&info.height));
        let _ = (info.may_reorder(), info.profile_level_id());
    }
    let _ = h264::is_b_slice(nal);
});
