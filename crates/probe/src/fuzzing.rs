//! For `fuzz/`: the parsers of this crate behind their HMAC, which no fuzzer would get right by chance.

use crate::key::{KEY_LEN, Key};
use crate::{load, nat};

/// Whatever a member of a session writes is read or refused, and what is read is written back the same.
pub fn packets_of_a_member(bytes: &[u8]) {
    let key = Key::new(&[7; KEY_LEN]);
    if let Some(mut load) = bytes.get(..load::LEN).map(<[u8]>::to_vec) {
        load::sign(&mut load, &key);
        if let Ok(packet) = load::Packet::parse(&load, &key) {
            let mut again = [0; load::LEN];
            packet.write(&mut again, &key);
            assert_eq!(load::Packet::parse(&again, &key), Ok(packet));
        }
    }
    if let Some(mut question) = bytes.get(..nat::LEN).map(<[u8]>::to_vec) {
        nat::sign(&mut question, &key);
        if let Some(packet) = nat::Packet::parse(&question, &key) {
            assert_eq!(nat::Packet::parse(&packet.write(&key), &key), Some(packet));
        }
    }
}
