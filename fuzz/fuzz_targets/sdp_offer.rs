//! Offers: whatever is taken can be answered with as many media sections.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tongke_transport::webrtc::IceCredentials;
use tongke_transport::webrtc::sdp::{self, AnswerParams, Candidate, Leg, Offer, SendStream};

fuzz_target!(|text: &str| {
    let offer = match Offer::parse(text) {
        Ok(offer) => offer,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let ice = IceCredentials::from_random(&[3; IceCredentials::RANDOM_LEN]);
    let streams: Vec<SendStream> = (0..offer.media.len() as u32)
        .map(|n| SendStream { ssrc: n, rtx_ssrc: n + 1_000, stream_id: "slot".into() })
        .collect();
    for leg in [Leg::Publish, Leg::Subscribe] {
        let params = AnswerParams {
            leg,
            ice: &ice,
            fingerprint: "sha-256 00",
            candidates: &[Candidate::Udp(([192, 0, 2, 1], 3478).into())],
            streams: &streams,
            cname: "relay",
            session_id: 1,
        };
        if let Ok((answer, media)) = sdp::answer(&offer, &params) {
            assert_eq!(media.len(), offer.media.len());
            assert_eq!(answer.matches("\r\nm=").count(), media.len());
        }
    }
});
