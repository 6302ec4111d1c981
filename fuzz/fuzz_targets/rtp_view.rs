//! RTP headers, extension blocks, and the short looks into payloads that forwarding takes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tongke_transport::rtp::{
    ExtensionKind, ExtensionMap, Extensions, RtpView, h264, is_rtcp, opus, vp8, write_header,
};

fuzz_target!(|packet: &[u8]| {
    let _ = is_rtcp(packet);
    let Ok(view) = RtpView::parse(packet) else { return };
    assert_eq!(view.payload_offset + view.payload.len() + view.padding, packet.len());
    let _ = (h264::is_keyframe_start(view.payload), vp8::is_keyframe_start(view.payload));
    let _ = opus::duration_samples(view.payload);
    for first_id in [1, 20] {
        let mut map = ExtensionMap::default();
        (first_id..).zip(ExtensionKind::ALL).for_each(|(id, kind)| map.set(id, kind));
        let values = Extensions::read(&view, &map);
        // What was read can be written, and reads the same.
        let mut out = Vec::new();
        write_header(&mut out, &view.header, &values, &map);
        let again = RtpView::parse(&out).expect("we wrote it");
        assert_eq!((again.header, Extensions::read(&again, &map)), (view.header, values));
    }
});
