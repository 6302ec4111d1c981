//! SRTP and SRTCP that nobody sealed: never opened, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tongke_transport::webrtc::srtp::{Context, MasterKey, Profile};

fuzz_target!(|packet: &[u8]| {
    for profile in Profile::ALL {
        let key = MasterKey::new(profile, &[7; 32][..profile.key_len()], &[8; 14][..profile.salt_len()])
            .expect("the profile's lengths");
        let mut context = Context::new(profile, &key);
        assert!(context.open_rtp(&mut packet.to_vec()).is_err());
        assert!(context.open_rtcp(&mut packet.to_vec()).is_err());
        let mut out = packet.to_vec();
        if !context.seal_rtp(&mut out, 0) {
            assert_eq!(out, packet);
        }
    }
});
