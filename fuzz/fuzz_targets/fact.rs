//! What a machine signed, once its signature was right: a machine may be broken, or in the wrong hands. Whatever is
//! taken for a fact can be written down and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tongke_protocol::record::LessonFact;

fuzz_target!(|words: &[u8]| {
    let Ok(fact) = serde_json::from_slice::<LessonFact>(words) else { return };
    let written = serde_json::to_string(&fact).expect("a fact has a JSON form");
    let again: LessonFact = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!((again.id, again.lesson, again.at_us), (fact.id, fact.lesson, fact.at_us));
});
