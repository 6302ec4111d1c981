//! Packets of load tests and of tests of NATs, as from a member of a session: their HMAC is right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tongke_probe::fuzzing::packets_of_a_member;

fuzz_target!(|bytes: &[u8]| packets_of_a_member(bytes));
