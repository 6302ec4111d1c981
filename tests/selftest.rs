//! `tongke selftest` with a real relay.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use serde_json::Value;
use support::process::{Said, run};
use support::relay::{LESSON, Relay, now_s};
use support::scratch::Scratch;
use tongke_protocol::Role;

fn selftest(scratch: &Scratch, url: &str, token: &str, more: &[&str]) -> Said {
    let token = scratch.write("token", token);
    let mut flags = vec!["selftest", "--relay", url, "--token-file", token.to_str().unwrap()];
    flags.extend(["--language", "en"]);
    let unless_given =
        [("--seconds", "1"), ("--camera", "none"), ("--microphone", "none"), ("--loudspeaker", "none")];
    for (flag, value) in unless_given {
        if !more.contains(&flag) {
            flags.extend([flag, value]);
        }
    }
    run(flags.iter().chain(more))
}

/// What was found of a quantity, each way.
fn found<'a>(facts: &'a Value, quantity: &str) -> Vec<&'a Value> {
    let all = facts["findings"].as_array().unwrap().iter();
    all.filter(|finding| finding["quantity"] == quantity).map(|finding| &finding["outcome"]).collect()
}

#[test]
fn a_good_line_is_measured_both_ways_and_what_was_not_tested_is_named() {
    let scratch = Scratch::new("selftest");
    let relay = Relay::start(&scratch);
    let token = relay.token("hill", Role::Receiving);
    let said = selftest(&scratch, &relay.url(), &token, &["--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let facts: Value = serde_json::from_str(&said.out).unwrap();
    for (quantity, word) in [("network.tcp", "reachable"), ("network.udp", "reachable")] {
        assert_eq!(found(&facts, quantity)[0]["found"], word, "{quantity}");
    }
    let both = |quantity: &str| {
        let all = found(&facts, quantity);
        assert_eq!(all.len(), 2, "{quantity}, there and back");
        all
    };
    assert!(both("network.loss").iter().all(|it| it["measured"]["n"].as_u64() > Some(20)), "{facts}");
    assert!(both("network.pdv").iter().all(|it| it["measured"]["p999"].is_f64()));
    assert!(both("network.mtu").iter().all(|it| it["measured"]["value"] == 1500.0));
    assert!(both("network.dscp").iter().all(|it| it["found"] == "kept"));
    assert_eq!(found(&facts, "network.nat_mapping")[0]["missing"]["cause"], "no_second_address");
    let clock = &facts["time"]["clocks"][0];
    assert!(
        clock["offset_ms"].as_f64().unwrap().abs() <= clock["bound_ms"].as_f64().unwrap() + 0.01,
        "{clock}"
    );
    let skipped = facts["steps"].as_array().unwrap().iter().filter(|step| step["not_run"] == "not_asked");
    assert_eq!(skipped.count(), 5, "capacity, loaded line, delay, media, echo");
    assert!(relay.participants().unwrap().is_empty(), "a test is no presence");

    let words = selftest(&scratch, &relay.url(), &token, &[]).out;
    assert!(words.contains("UDP to the relay") && words.contains("reachable"), "{words}");
    assert!(words.contains("the relay's address is plain HTTP"), "{words}");
    assert!(words.contains("so this is no pass"), "{words}");
}

#[test]
fn a_relay_that_is_not_there_is_a_finding_with_a_remedy() {
    let scratch = Scratch::new("selftest-none");
    let relay = Relay::start(&scratch);
    let (url, token) = (relay.url(), relay.token("hill", Role::Receiving));
    drop(relay);
    let said = selftest(&scratch, &url, &token, &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("TCP to the relay") && said.out.contains("blocked"), "{}", said.out);
    assert!(said.out.contains("Check the relay's address and that the relay runs"), "{}", said.out);
    assert!(said.out.contains("Overall: Undecided"), "{}", said.out);
}

#[test]
fn whoever_has_no_right_grant_is_told_why() {
    let scratch = Scratch::new("selftest-refused");
    let relay = Relay::start(&scratch);
    let old = relay.token_until("hill", Role::Receiving, now_s() - 60);
    let said = selftest(&scratch, &relay.url(), &old, &[]);
    assert_ne!(said.code, Some(0));
    assert!(said.err.contains("expired"), "{}", said.err);
    let said = selftest(&scratch, "http://no-such-relay.invalid", &relay.token("hill", Role::Receiving), &[]);
    assert!(said.err.contains("no-such-relay.invalid") && said.err.contains("no address"), "{}", said.err);
    let said =
        selftest(&scratch, &relay.url(), &relay.token("hill", Role::Receiving), &["--lesson", "other"]);
    assert!(said.code != Some(0) && said.err.contains(LESSON), "{}", said.err);
}
