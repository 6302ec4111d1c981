use crate::facts::{Facts, FactsError};

const GOOD: &str = include_str!("../../../fixtures/good.json");

/// What is said of the good document with one part of it written otherwise.
fn refused(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    Facts::parse(GOOD.replacen(from, to, 1).as_bytes()).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn documents_come_back_as_they_were_written() {
    for json in
        [GOOD, include_str!("../../../fixtures/bad.json"), include_str!("../../../fixtures/empty.json")]
    {
        let facts = Facts::parse(json.as_bytes()).unwrap();
        assert_eq!(Facts::parse(&facts.to_json().unwrap()).unwrap(), facts);
        assert_eq!(facts.to_json().unwrap(), facts.to_json().unwrap());
    }
}

#[test]
fn what_cannot_be_true_is_refused_with_its_name() {
    let table = [
        ("\"version\":1", "\"version\":2", "version 2"),
        ("\"asked_by\":\"", "\"asked_buy\":\"", "asked_buy"),
        ("\"ended\":\"2026", "\"ended\":\"2025", "it ends before it begins"),
        ("\"utc_offset_minutes\":480", "\"utc_offset_minutes\":4800", "UTC"),
        ("\"node\":\"ob-zx-201\"", "\"node\":\" \"", "places.a.node: nothing is written"),
        ("\"kind\":\"inspection\"", "\"kind\":\"self_test\"", "places.b"),
        ("{\"step\":\"devices\"}", "{\"step\":\"echo\"}", "steps: a step stands there twice"),
        ("\"unit\":\"ms\"", "\"unit\":\"share\"", "delay.glass_to_glass: its unit"),
        ("\"scope\":\"A\",", "", "delay.glass_to_glass: delays from one place"),
        ("\"scope\":\"B\"", "\"scope\":\"A\"", "delay.glass_to_glass: it stands there twice"),
        (
            "\"n\":1200,\"value\":0.998",
            "\"n\":0,\"value\":0.998",
            "marker.decode_share: it was measured without",
        ),
        ("\"value\":0.998", "\"value\":1.01", "marker.decode_share: a number is not one"),
        ("\"value\":4.19", "\"value\":5.1", "speech.mos_fb: a number is not one"),
        ("\"value\":0.998,", "", "marker.decode_share: it has samples, but no number"),
        ("\"bound\":0.0003", "\"bound\":-0.0003", "audio.loss_post_repair: a spread or a bound"),
        ("\"found\":\"kept\"", "\"found\":\"lost\"", "network.dscp: 'lost' is none of its words"),
        ("\"found\":\"kept\"", "\"missing\":{\"cause\":\"tired\"}", "tired"),
        ("{\"at_s\":5.0", "{\"at_s\":-5.0", "delay.glass_to_glass: its points in time"),
        ("\"width\":5.0", "\"width\":0.0", "delay.glass_to_glass: its histogram"),
        (
            "\"way\":\"a_to_b\",\"scope\":\"A\"",
            "\"way\":\"at_a\",\"scope\":\"A\"",
            "it is not measured on this way",
        ),
        ("\"value\":0.998", "\"value\":1e999", "number out of range"),
    ];
    for (from, to, said) in table {
        let error = refused(from, to);
        assert!(error.contains(said), "{to}: {error}");
    }
}

#[test]
fn ranks_stand_in_the_order_of_their_size() {
    let mut facts = Facts::parse(GOOD.as_bytes()).unwrap();
    let crate::facts::Outcome::Measured(first) = &mut facts.findings[0].outcome else { panic!() };
    first.median = Some(1e6);
    let error = facts.to_json().unwrap_err().to_string();
    assert!(error.contains("not in the order of their size"), "{error}");
}

#[test]
fn a_number_that_is_none_is_never_written() {
    let mut facts = Facts::parse(GOOD.as_bytes()).unwrap();
    for number in [f64::NAN, f64::INFINITY] {
        let crate::facts::Outcome::Measured(first) = &mut facts.findings[0].outcome else { panic!() };
        first.max = Some(number);
        assert!(matches!(facts.to_json(), Err(FactsError::Part { .. })));
    }
}

#[test]
fn what_is_too_long_is_refused_unread() {
    let long = vec![b' '; super::super::MAX_LEN + 1];
    assert!(matches!(Facts::parse(&long), Err(FactsError::TooLong(_))));
}

#[test]
fn cut_documents_are_refused_and_never_crash() {
    for len in (0..GOOD.len() - 1).step_by(97) {
        assert!(Facts::parse(&GOOD.as_bytes()[..len]).is_err(), "cut to {len}");
    }
}
