pub(super) mod town;

use super::*;
use crate::facts::{Finding, Outcome, Remark, Scope, Way};
use crate::judge::{Verdict, Why};
use crate::quantity::{Quantity, Step};
use crate::{Criteria, judge};
use town::{Town, cause, plan, value};

/// Longer than any inspection of a town takes.
const LONG: Duration = Duration::from_secs(900);

fn ended(town: &mut Town) -> Facts {
    town.run(LONG);
    let facts = town.inspectors[0].facts().expect("the inspection ends").clone();
    // What is written can be read again: nothing in it is impossible.
    Facts::parse(&facts.to_json().unwrap()).unwrap()
}

fn number(facts: &Facts, quantity: Quantity, way: Option<Way>) -> Option<f64> {
    match &facts.find(quantity, way)?.outcome {
        Outcome::Measured(measured) => measured.value,
        _ => None,
    }
}

fn is_missing(finding: &&Finding) -> bool {
    matches!(finding.outcome, Outcome::Missing(_))
}

#[test]
fn a_good_pair_is_measured_in_every_step_and_seen_from_outside() {
    let facts = ended(&mut Town::new(1, 0.0));
    assert_eq!(facts.steps.len(), 8);
    assert!(facts.steps.iter().all(|step| step.not_run.is_none()), "{:?}", facts.steps);
    assert_eq!(facts.findings.iter().filter(is_missing).count(), 0);
    // What comes towards b is what goes from a to b.
    assert_eq!(number(&facts, Quantity::AudioLoss, Some(Way::AToB)), Some(value(Side::B, Some(Way::BToA))));
    assert_eq!(number(&facts, Quantity::AudioLoss, Some(Way::BToA)), Some(value(Side::A, Some(Way::BToA))));
    assert!(facts.find(Quantity::CameraFps, Some(Way::AtB)).is_some());
    // Up from a, down to b.
    let lost = number(&facts, Quantity::NetworkLoss, Some(Way::AToB)).unwrap();
    assert!((lost - (1.0 - 0.9 * 0.6)).abs() < 1e-12, "{lost}");
    let narrow = number(&facts, Quantity::CapacityRate, Some(Way::BToA)).unwrap();
    assert!((narrow - 0.2).abs() < 1e-12, "{narrow}");
    assert_eq!((facts.places.a.school.as_str(), facts.places.a.node.as_str()), ("school A", "valley"));
    let clocks: Vec<_> = facts.time.clocks.iter().map(|clock| (clock.at, clock.offset_ms)).collect();
    assert_eq!(clocks, [(Way::AtA, 2.0), (Way::AtB, -3.0)]);
}

#[test]
fn dispatches_that_are_lost_and_overtake_each_other_change_no_figure() {
    let expected = ended(&mut Town::new(0, 0.0)).findings;
    for seed in 1..60 {
        let facts = ended(&mut Town::new(seed, 0.25));
        let other = facts.findings.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert_eq!(other, None, "seed {seed}");
        assert_eq!(facts.findings.len(), expected.len(), "seed {seed}");
    }
}

#[test]
fn a_task_is_done_once_however_often_it_is_asked() {
    let mut town = Town::new(5, 0.4);
    ended(&mut town);
    let once = 2 * (Stage::ALL.len() - 1);
    assert!(town.asked.len() > once + 5, "the seed loses something: {}", town.asked.len());
    let tasks = Stage::ALL.len() as f64 - 1.0;
    let longest = tasks * (town::TASK_S as f64 + 20.0);
    assert!(town.since_s() < longest, "{} s", town.since_s());
}

#[test]
fn whoever_is_asleep_is_named_and_the_other_one_is_measured_alone() {
    let mut town = Town::new(2, 0.0);
    town.nodes[1].gone_at_s = Some(0.0);
    let facts = ended(&mut town);
    let asleep = facts.find(Quantity::AudioLoss, Some(Way::AToB)).unwrap();
    let Outcome::Missing(missing) = &asleep.outcome else { panic!("{asleep:?}") };
    assert_eq!(missing.cause, Cause::FarSideAsleep);
    assert!(
        matches!(&missing.detail, Some(Remark::Coded(told)) if told.node.as_deref() == Some("hill")),
        "{missing:?}"
    );
    assert_eq!(number(&facts, Quantity::CameraFps, Some(Way::AtA)), Some(0.5));
    assert_eq!(cause(facts.find(Quantity::CameraFps, Some(Way::AtB))), Some(Cause::FarSideAsleep));
    assert_eq!(facts.step(Step::Media).unwrap().not_run, Some(Cause::FarSideAsleep));
    assert_eq!(facts.step(Step::Devices).unwrap().not_run, None);
    assert!(!town.asked.iter().any(|(_, task)| matches!(task, Task::Call(_))), "nobody to call");
    let overall = judge(&facts, &Criteria::shipped()).overall;
    assert_eq!(overall.verdict, Verdict::Undecided(Why::MandatoryMissing));
}

#[test]
fn a_room_that_took_no_part_gave_no_echo_whatever_the_other_one_heard() {
    let mut town = Town::new(13, 0.0);
    town.nodes[1].roomless = true;
    let facts = ended(&mut town);
    for finding in facts.findings.iter().filter(|it| it.quantity.definition().step == Step::Echo) {
        let double_talk = [Quantity::DoubleTalk, Quantity::DoubleTalkAttenuation].contains(&finding.quantity);
        let absent = finding.way == Some(Way::AToB) && !double_talk;
        assert_eq!(cause(Some(finding)), absent.then_some(Cause::NoDevice), "{finding:?}");
    }
    let heard = |it: &&Finding| it.quantity == Quantity::MouthToEar && it.scope == Some(Scope::A);
    assert!(!facts.findings.iter().filter(heard).any(|it| is_missing(&it)), "it heard all the same");
}

#[test]
fn with_nobody_there_it_ends_as_soon_as_that_is_known() {
    let mut town = Town::new(3, 0.0);
    town.nodes.iter_mut().for_each(|node| node.gone_at_s = Some(0.0));
    let facts = ended(&mut town);
    assert!(town.since_s() < 31.0, "{} s", town.since_s());
    assert!(facts.findings.iter().all(|finding| is_missing(&finding)));
    assert!(facts.steps.iter().all(|step| step.not_run == Some(Cause::FarSideAsleep)));
}

#[test]
fn of_a_node_that_disappears_at_any_time_stays_what_was_measured() {
    let whole = ended(&mut Town::new(4, 0.0));
    for side in Side::BOTH {
        for gone_at_s in (2..130).step_by(4).map(f64::from) {
            let mut town = Town::new(4, 0.0);
            town.nodes[side as usize].gone_at_s = Some(gone_at_s);
            let facts = ended(&mut town);
            assert_eq!(facts.findings.len(), whole.findings.len(), "{side:?} {gone_at_s}");
            for (finding, expected) in facts.findings.iter().zip(&whole.findings) {
                let gone = cause(Some(finding)) == Some(Cause::NodeDisappeared);
                assert!(gone || finding == expected, "{side:?} {gone_at_s}: {finding:?}");
            }
            assert!(town.since_s() < 200.0, "{side:?} {gone_at_s}: ends after {} s", town.since_s());
        }
    }
}

#[test]
fn whom_the_other_one_left_in_a_call_says_what_it_heard_until_then() {
    let mut town = Town::new(6, 0.0);
    town.inspectors = vec![Inspection::new(Plan { hold_s: 600, ..plan(6) }, town.start)];
    town.nodes[1].gone_at_s = Some(106.0);
    let facts = ended(&mut town);
    assert!(town.since_s() < 130.0, "it does not go on alone for ten minutes: {} s", town.since_s());
    assert_eq!(town.asked.iter().filter(|(_, task)| matches!(task, Task::Call(_))).count(), 2);
    assert_eq!(number(&facts, Quantity::AudioLoss, Some(Way::BToA)), Some(0.2));
    assert_eq!(cause(facts.find(Quantity::AudioLoss, Some(Way::AToB))), Some(Cause::NodeDisappeared));
}

#[test]
fn an_answer_that_comes_after_a_long_silence_counts_and_the_node_is_asked_on() {
    let mut town = Town::new(7, 0.0);
    // Silent in the midst of the idle line, for longer than is waited for; the other one is still at work then.
    town.nodes[1].mute = Some((25.0, 46.0));
    let facts = ended(&mut town);
    let missing: Vec<_> = facts.findings.iter().filter(is_missing).map(|it| it.quantity).collect();
    // Its own turn of capacity came while it was not there.
    assert!(missing.iter().all(|it| it.definition().step >= Step::Capacity), "{missing:?}");
    assert!(!missing.contains(&Quantity::AudioLoss), "{missing:?}");
}

#[test]
fn of_two_inspectors_at_once_one_is_told_that_the_line_is_busy() {
    let mut town = Town::new(8, 0.0);
    let mut second = plan(90_000);
    second.head.id = "second".into();
    town.inspectors.push(Inspection::new(second, town.start));
    let facts = ended(&mut town);
    let second = town.inspectors[1].facts().unwrap();
    let busy = |facts: &Facts| facts.findings.iter().any(|it| cause(Some(it)) == Some(Cause::LineBusy));
    assert!(busy(&facts) || busy(second), "one of them was refused");
    for finding in facts.findings.iter().chain(&second.findings).filter(is_missing) {
        assert_eq!(cause(Some(finding)), Some(Cause::LineBusy), "{finding:?}");
    }
}

#[test]
fn ended_early_it_keeps_what_was_measured_by_then() {
    let mut town = Town::new(9, 0.0);
    town.run(Duration::from_secs(30));
    let now = town.time();
    town.inspectors[0].end(now);
    let facts = ended(&mut town);
    assert!(town.since_s() < 36.0, "{} s", town.since_s());
    assert!(facts.find(Quantity::CameraFps, Some(Way::AtA)).is_some_and(|finding| !is_missing(&finding)));
    let rtt = facts.find(Quantity::Rtt, None).unwrap();
    assert!(!is_missing(&rtt), "it stopped, and said what it had");
    assert_eq!(cause(facts.find(Quantity::AudioLoss, Some(Way::AToB))), Some(Cause::EndedEarly));
    assert_eq!(facts.step(Step::Capacity).unwrap().not_run, Some(Cause::EndedEarly));
}

#[test]
fn a_clock_that_was_set_voids_what_two_clocks_measured() {
    let mut town = Town::new(10, 0.0);
    town.nodes[0].stepped = true;
    let facts = ended(&mut town);
    let judged = judge(&facts, &Criteria::shipped());
    let delays = judged.lines.iter().filter(|line| line.scope == Some(Scope::A));
    let verdicts: Vec<_> = delays.map(|line| line.verdict).collect();
    assert_eq!(verdicts.len(), 4);
    assert!(verdicts.iter().all(|it| *it == Verdict::Invalid(Why::ClockStepped)), "{verdicts:?}");
}

#[test]
fn it_says_how_far_it_is_and_how_long_it_still_takes() {
    let mut town = Town::new(11, 0.0);
    let before = town.inspectors[0].telling(town.now);
    assert_eq!((before.stage, before.doing), (Stage::Knocking, [None, None]));
    town.run(Duration::from_secs(10));
    let after = town.inspectors[0].telling(town.now);
    assert_eq!((after.stage, after.doing), (Stage::Devices, [Some(Doing::IdleLine); 2]));
    assert!(after.left_s < before.left_s && after.left_s > 0, "{before:?} {after:?}");
}

#[test]
fn what_a_stranger_answers_is_nothing() {
    let mut town = Town::new(12, 0.0);
    let id = town.inspectors[0].poll_ask(town.now).unwrap().1.id;
    let presence = Presence { school: "x".into(), room: String::new(), software: "x".into() };
    let reply = Reply { id, says: tongke_protocol::inspect::Answer::Yes(presence) };
    town.inspectors[0].on_reply(town.start, &"stranger".parse().unwrap(), reply);
    assert_eq!(town.inspectors[0].presence, [None, None]);
}
