//! ICE checks: read, and never authentic without the password.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tongke_transport::webrtc::{classify, stun::Message, stun_local_ufrag};

fuzz_target!(|datagram: &[u8]| {
    if let Some(first) = datagram.first() {
        let _ = classify(*first);
    }
    let ufrag = stun_local_ufrag(datagram);
    let Ok(message) = Message::parse(datagram) else {
        assert_eq!(ufrag, None);
        return;
    };
    let _ = (message.class(), message.transaction_id(), message.priority(), message.unknown_required());
    assert!(!message.is_authentic(b"a password of which the fuzzer does not know the HMAC"));
});
