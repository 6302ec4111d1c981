//! H.264 payloads: the input is cut into payloads by a length byte before each.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tongke_transport::rtp::h264;

fuzz_target!(|input: &[u8]| {
    let mut depacketizer = h264::Depacketizer::default();
    let mut rest = input;
    while let Some((len, after)) = rest.split_first() {
        let (payload, after) = after.split_at(usize::from(*len).min(after.len()));
        let _ = h264::is_keyframe_start(payload);
        let _ = depacketizer.push(payload);
        rest = after;
    }
    let Ok(frame) = depacketizer.take_frame() else { return };
    // Whatever came out can be cut up and put together again.
    let units = |annexb: &[u8]| h264::nal_units(annexb).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let mut payloads = Vec::new();
    h264::Packetizer::new(64).packetize(&frame, &mut payloads);
    assert!(payloads.iter().all(|payload| payload.len() <= 64));
    let mut avcc = Vec::new();
    h264::annexb_to_avcc(&frame, &mut avcc);
    let mut annexb = Vec::new();
    h264::avcc_to_annexb(&avcc, 4, &mut annexb).expect("we wrote it");
    assert_eq!(units(&annexb), units(&frame));
});
