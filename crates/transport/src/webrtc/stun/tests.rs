//! Against the samples of RFC 5769, `rtc-stun` as an oracle, and damage.

use super::write::{begin, finish, push};
use super::*;
use crate::rtp::mutation::storm;
use rtc_stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE};
use rtc_stun::message::{BINDING_REQUEST, Setter};
use std::net::SocketAddr;

const ID: TransactionId = *b"transaction!";
const PASSWORD: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";

fn hex(text: &str) -> Vec<u8> {
    let text: String = text.split_ascii_whitespace().collect();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The sample request of RFC 5769 §2.1.
fn rfc_5769_request() -> Vec<u8> {
    hex("00010058 2112a442 b7e7a701 bc34d686 fa87dfae
         80220010 5354554e 20746573 7420636c 69656e74
         00240004 6e0001ff
         80290008 932ff9b1 51263b36
         00060009 6576746a 3a683676 59202020
         00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
         80280004 e57a3bcf")
}

#[test]
fn the_sample_request_of_rfc_5769_is_read_and_authentic() {
    let bytes = rfc_5769_request();
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(message.class(), Class::Request);
    assert_eq!(message.username(), Some("evtj:h6vY"));
    assert_eq!(message.priority(), Some(0x6e00_01ff));
    assert!(message.claims_controlled() && !message.use_candidate());
    assert!(message.is_authentic(PASSWORD));
    assert!(!message.is_authentic(b"another password"));
    assert_eq!(message.unknown_required(), None);
}

#[test]
fn the_sample_responses_of_rfc_5769_have_our_mapped_addresses() {
    let id = rfc_5769_request()[8..20].try_into().unwrap();
    let v4 = success_response(id, "192.0.2.1:32853".parse().unwrap(), PASSWORD);
    assert_eq!(v4[20..32], hex("00200008 0001a147 e112a643"));
    let v6 = success_response(id, "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap(), PASSWORD);
    assert_eq!(v6[20..44], hex("00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9"));
    let mapped: SocketAddr = "[::ffff:192.0.2.1]:32853".parse().unwrap();
    assert_eq!(success_response(id, mapped, PASSWORD), v4, "a mapped IPv4 address is IPv4");
}

#[test]
fn a_request_of_rtc_stun_is_read_and_our_responses_are_read_by_it() {
    let mut theirs = rtc_stun::message::Message::new();
    theirs
        .build(&[
            Box::new(rtc_stun::message::TransactionId(ID)),
            Box::new(BINDING_REQUEST),
            Box::new(rtc_stun::textattrs::Username::new(
                rtc_stun::attributes::ATTR_USERNAME,
                "local:remote".into(),
            )),
        ])
        .unwrap();
    theirs.add(ATTR_ICE_CONTROLLING, &[1; 8]);
    theirs.add(ATTR_PRIORITY, &[0, 0, 1, 0]);
    theirs.add(ATTR_USE_CANDIDATE, &[]);
    let provider = rtc_dtls::crypto_provider::default_provider().unwrap();
    let password = String::from_utf8(PASSWORD.to_vec()).unwrap();
    rtc_stun::integrity::MessageIntegrity::new_short_term_integrity_with_provider(
        password,
        provider.crypto(),
    )
    .add_to(&mut theirs)
    .unwrap();
    rtc_stun::fingerprint::FINGERPRINT.add_to(&mut theirs).unwrap();
    let message = Message::parse(&theirs.raw).unwrap();
    assert!(message.is_authentic(PASSWORD) && message.use_candidate());
    assert_eq!((message.username(), message.priority()), (Some("local:remote"), Some(256)));

    for ours in [
        success_response(ID, "10.1.2.3:4567".parse().unwrap(), PASSWORD),
        error_response(ID, 487, None, PASSWORD),
        error_response(ID, 420, Some(0x7fff), PASSWORD),
    ] {
        let mut theirs = rtc_stun::message::Message::new();
        theirs.unmarshal_binary(&ours).unwrap();
        rtc_stun::fingerprint::FINGERPRINT.check(&theirs).unwrap();
        assert_eq!(theirs.transaction_id.0, ID);
        assert!(Message::parse(&ours).unwrap().is_authentic(PASSWORD));
    }
}

#[test]
fn a_flipped_bit_fails_the_fingerprint_or_the_integrity() {
    let good = binding_request(ID, "a:b", PASSWORD, 7, true);
    // Behind MESSAGE-INTEGRITY a damaged type makes FINGERPRINT an attribute to be ignored.
    for bit in 0..(good.len() - 8) * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let accepted = Message::parse(&bad).is_ok_and(|message| message.is_authentic(PASSWORD));
        assert!(!accepted, "bit {bit} changed and still accepted");
    }
}

#[test]
fn damaged_messages_never_panic_and_are_never_authentic() {
    let samples = vec![
        rfc_5769_request(),
        binding_request(ID, "local:remote", PASSWORD, 7, true),
        error_response(ID, 420, Some(9), PASSWORD),
    ];
    storm(&samples, |bytes| {
        if let Ok(message) = Message::parse(bytes) {
            let _ = (message.username(), message.transaction_id(), message.unknown_required());
            assert!(!message.is_authentic(PASSWORD) || samples.iter().any(|good| is_prefix(good, bytes)));
        }
    });
}

/// Whether `bytes` is `good` up to its MESSAGE-INTEGRITY; what follows that is not covered.
fn is_prefix(good: &[u8], bytes: &[u8]) -> bool {
    let covered = good.len() - 8;
    bytes.len() >= covered && bytes[4..covered] == good[4..covered]
}

#[test]
fn an_attribute_that_must_be_understood_is_named() {
    let mut request = begin(0x0001, ID);
    push(&mut request, attribute::USERNAME, b"a:b");
    push(&mut request, 0x7777, &[1, 2, 3]);
    let request = finish(request, PASSWORD);
    let message = Message::parse(&request).unwrap();
    assert!(message.is_authentic(PASSWORD));
    assert_eq!(message.unknown_required(), Some(0x7777));
}
