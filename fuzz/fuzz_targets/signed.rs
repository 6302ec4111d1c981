//! Signed words of machines: what a stranger sends is read without a crash, and never accepted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tongke_protocol::signed::{self, PublicKey};

fuzz_target!(|text: &str| {
    let key: PublicKey = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".parse().expect("the key of RFC 8037");
    let of = signed::kid_of(text);
    if let Err(error) = key.verify(text) {
        assert!(!error.to_string().is_empty());
    } else {
        // Nobody but the owner of the key, whose example stands in RFC 8037, can have signed this.
        assert!(text.starts_with("eyJhbGciOiJFZERTQSJ9."), "{of:?}");
    }
});
