//! `tongke inspect` with a real relay and two nodes that stand by.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use support::process::{Running, Said, run, said, tongke};
use support::relay::Relay;
use support::scratch::Scratch;
use support::{eventually, s};
use tongke_inspection::Facts;
use tongke_inspection::facts::{Cause, Finding, Outcome, Way};
use tongke_inspection::quantity::{Quantity, Step};
use tongke_protocol::Role;

const LESSON: &str = "test-inspection";
/// A small drawn scene and a drawn voice: what any machine encodes in time.
const DEVICES: &str = "camera = \"test\"\nmicrophone = \"test\"\nsound_out = \"none\"\nvideo_out = \"none\"\n\
                       width = 640\nheight = 360\nfps = 15\nvideo_bitrate_kbps = 500\n";

fn token_of(scratch: &Scratch, relay: &Relay, name: &str, role: Role) -> PathBuf {
    scratch.write(&format!("{name}.token"), &relay.token_for(LESSON, name, role))
}

/// A node that stands by, once it says so.
fn stand_by(scratch: &Scratch, relay: &Relay, name: &str, role: Role) -> Running {
    let token = token_of(scratch, relay, name, role);
    let config = scratch.write("devices.toml", DEVICES);
    let mut command = tongke();
    command.args(["standby", "--relay", &relay.url(), "--token-file"]).arg(token);
    command.arg("--config").arg(config);
    let node = Running::start(command, &scratch.file(&format!("{name}.log")));
    eventually("the node stands by", s(20), || node.log().contains("stands by").then_some(()));
    node
}

/// The command of an inspector.
fn inspect(scratch: &Scratch, relay: &Relay, inspector: &str, out: &Path, hold: &str) -> Command {
    let token = token_of(scratch, relay, inspector, Role::Inspector);
    let mut command = tongke();
    command.args(["inspect", "--relay", &relay.url(), "--from", "valley", "--to", "hill", "--token-file"]);
    command.arg(token).arg("--out").arg(out);
    command.args(["--idle", "2", "--most-mbps", "20", "--hold", hold, "--language", "en"]);
    command
}

fn facts(out: &Path) -> Facts {
    Facts::parse(&std::fs::read(out.join("facts.json")).unwrap()).unwrap()
}

fn cause(finding: Option<&Finding>) -> Option<Cause> {
    match &finding?.outcome {
        Outcome::Missing(missing) => Some(missing.cause),
        _ => None,
    }
}

fn is_known(facts: &Facts, quantity: Quantity, way: Way) -> bool {
    let known = |finding: &Finding| !matches!(finding.outcome, Outcome::Missing(_));
    facts.find(quantity, Some(way)).is_some_and(known)
}

fn verify(file: &Path, data: &Path) -> Said {
    run(["verify", file.to_str().unwrap(), "--data", data.to_str().unwrap()])
}

#[test]
fn two_schools_are_measured_and_the_report_holds_against_an_altered_byte() {
    let scratch = Scratch::new("inspect");
    let relay = Relay::start(&scratch);
    let _valley = stand_by(&scratch, &relay, "valley", Role::Supporting);
    let _hill = stand_by(&scratch, &relay, "hill", Role::Receiving);
    let (out, data) = (scratch.file("out"), scratch.file("data"));
    tongke_outbox::Machine::keep(&data, "inspector-1", "https://registry.example", None).unwrap();
    let done = said(inspect(&scratch, &relay, "lin", &out, "10").arg("--data").arg(&data));
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("Overall:"), "{}", done.out);
    let facts = facts(&out);
    for step in [Step::Devices, Step::Reachability, Step::IdleLine, Step::Delay, Step::Media] {
        assert_eq!(facts.step(step).unwrap().not_run, None, "{step:?}");
    }
    for way in [Way::AToB, Way::BToA] {
        for quantity in [Quantity::NetworkLoss, Quantity::Mtu, Quantity::GlassToGlass, Quantity::AudioLoss] {
            assert!(
                is_known(&facts, quantity, way),
                "{quantity} {way:?}: {:?}",
                facts.find(quantity, Some(way))
            );
        }
    }
    assert_eq!(facts.time.clocks.len(), 2, "both clocks against the relay's");
    assert!(relay.participants().unwrap().is_empty(), "a test is no presence in a lesson");

    let signed = out.join("report.json");
    assert_eq!(verify(&signed, &data).code, Some(0));
    let text = std::fs::read_to_string(&signed).unwrap();
    let altered = scratch.write("altered.json", &text.replacen("\"hill\"", "\"hull\"", 1));
    let said = verify(&altered, &data);
    assert!(said.code == Some(3) && said.err.contains("was altered"), "{}", said.err);

    for kind in ["html", "pdf"] {
        let again = scratch.file(&format!("again.{kind}"));
        let flags = [
            "report",
            signed.to_str().unwrap(),
            "--language",
            "en",
            &format!("--{kind}"),
            again.to_str().unwrap(),
        ];
        assert_eq!(run(flags).code, Some(0));
        let first = std::fs::read(out.join(format!("report.{kind}"))).unwrap();
        assert!(first == std::fs::read(again).unwrap(), "the {kind} of the same facts has other bytes");
    }
}

#[test]
fn a_far_side_that_is_asleep_is_named_and_is_no_pass() {
    let scratch = Scratch::new("inspect-asleep");
    let relay = Relay::start(&scratch);
    let _valley = stand_by(&scratch, &relay, "valley", Role::Supporting);
    let out = scratch.file("out");
    let mut asks = inspect(&scratch, &relay, "lin", &out, "10");
    let done = said(asks.args(["--patience", "3"]));
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("the far side sleeps or is off"), "{}", done.out);
    assert!(done.out.contains("Overall: Undecided"), "{}", done.out);
    assert!(done.out.contains("It is not signed"), "{}", done.out);
    let facts = facts(&out);
    assert_eq!(cause(facts.find(Quantity::GlassToGlass, Some(Way::AToB))), Some(Cause::FarSideAsleep));
    assert!(is_known(&facts, Quantity::Tcp, Way::AtA), "whoever is there is measured alone");
    assert_eq!(cause(facts.find(Quantity::Tcp, Some(Way::AtB))), Some(Cause::FarSideAsleep));
}

#[test]
fn of_a_node_that_is_killed_in_the_call_stays_what_was_measured() {
    let scratch = Scratch::new("inspect-killed");
    let relay = Relay::start(&scratch);
    let _valley = stand_by(&scratch, &relay, "valley", Role::Supporting);
    let mut hill = stand_by(&scratch, &relay, "hill", Role::Receiving);
    let out = scratch.file("out");
    let command = inspect(&scratch, &relay, "lin", &out, "60");
    let mut inspector = Running::start(command, &scratch.file("inspector.log"));
    eventually("the call has begun", s(150), || inspector.log().contains("call, both ways").then_some(()));
    hill.kill();
    let code = eventually("the inspection has ended", s(100), || inspector.ended()).code();
    assert_eq!(code, Some(0), "{}", inspector.log());
    let facts = facts(&out);
    assert_eq!(cause(facts.find(Quantity::GlassToGlass, Some(Way::AToB))), Some(Cause::NodeDisappeared));
    assert!(is_known(&facts, Quantity::NetworkLoss, Way::AToB), "that was before");
}

#[test]
fn of_two_inspections_at_once_on_a_line_one_is_told_that_it_is_busy() {
    let scratch = Scratch::new("inspect-busy");
    let relay = Relay::start(&scratch);
    let _valley = stand_by(&scratch, &relay, "valley", Role::Supporting);
    let _hill = stand_by(&scratch, &relay, "hill", Role::Receiving);
    let (first, second) = (scratch.file("first"), scratch.file("second"));
    let command = inspect(&scratch, &relay, "lin", &first, "10");
    let mut lin = Running::start(command, &scratch.file("lin.log"));
    eventually("the first is at work", s(60), || lin.log().contains("devices").then_some(()));
    let done = said(&mut inspect(&scratch, &relay, "wu", &second, "10"));
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("another test was running on the line"), "{}", done.out);
    let refused = facts(&second);
    assert_eq!(cause(refused.find(Quantity::AudioLoss, Some(Way::AToB))), Some(Cause::LineBusy));
    assert_eq!(eventually("the first has ended", s(150), || lin.ended()).code(), Some(0));
    assert!(is_known(&facts(&first), Quantity::AudioLoss, Way::AToB), "it was not disturbed");
}

#[test]
fn what_cannot_be_inspected_is_told_with_what_to_do() {
    let scratch = Scratch::new("inspect-wrong");
    let relay = Relay::start(&scratch);
    let same = run(["inspect", "--from", "hill", "--to", "hill"]);
    assert!(same.code == Some(2) && same.err.contains("needs two"), "{}", same.err);
    let token = scratch.write("lesson.token", &relay.token_for("math", "lin", Role::Inspector));
    let of_lesson =
        ["--relay", &relay.url(), "--from", "a", "--to", "b", "--token-file", token.to_str().unwrap()];
    let said = run(["inspect"].iter().chain(&of_lesson));
    assert!(said.code == Some(2) && said.err.contains("--beside-lesson"), "{}", said.err);
    let token = token_of(&scratch, &relay, "hill", Role::Receiving);
    let as_school =
        ["--relay", &relay.url(), "--from", "a", "--to", "b", "--token-file", token.to_str().unwrap()];
    let said = run(["inspect"].iter().chain(&as_school));
    assert!(said.code == Some(2) && said.err.contains("an inspector's grant"), "{}", said.err);
}
