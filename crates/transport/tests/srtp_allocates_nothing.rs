//! The hot path of the relay: sealing and opening a packet must not touch the heap.

mod allocations;

use tongke_transport::webrtc::srtp::{Context, MAX_OVERHEAD, MasterKey, Profile};

#[test]
fn sealing_and_opening_rtp_allocate_nothing_after_the_first_packet() {
    for profile in Profile::ALL {
        let key =
            MasterKey::new(profile, &[1; 32][..profile.key_len()], &[2; 14][..profile.salt_len()]).unwrap();
        let (mut seal, mut open) = (Context::new(profile, &key), Context::new(profile, &key));
        let mut out = Vec::with_capacity(1200 + MAX_OVERHEAD);
        let mut before = 0;
        for sequence in 0..2_000u16 {
            for ssrc in [1u32, 2] {
                out.clear();
                out.extend_from_slice(&[0x80, 96]);
                out.extend_from_slice(&sequence.to_be_bytes());
                out.extend_from_slice(&[0; 4]);
                out.extend_from_slice(&ssrc.to_be_bytes());
                out.resize(1200, 7);
                assert!(seal.seal_rtp(&mut out, 0));
                assert_eq!(open.open_rtp(&mut out), Ok(1200));
            }
            if sequence == 0 {
                before = allocations::so_far();
            }
        }
        assert_eq!(allocations::so_far() - before, 0, "{profile:?}");
    }
}
