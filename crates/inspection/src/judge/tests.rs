use super::*;
use crate::facts::{Cause, Finding, Kind, Measured, Method, Missing, OneSided, Outcome, StepRecord};
use crate::quantity::Step;
use Grade::{Excellent, Fail, Good, Pass};
use proptest::prelude::*;

fn good() -> Facts {
    Facts::parse(include_bytes!("../../fixtures/good.json")).unwrap()
}

fn measured(value: f64, bound: f64) -> Measured {
    Measured {
        n: 5_000,
        value: Some(value),
        min: Some(value),
        median: Some(value),
        p95: Some(value),
        p999: Some(value),
        max: Some(value),
        spread: None,
        bound: Some(bound),
        clock_bound_ms: Some(2.0),
        one_sided: None,
        method: Method::Chirp,
        by: "n".into(),
        reference: Vec::new(),
        over_time: vec![],
        histogram: None,
        events: vec![],
    }
}

/// The good facts with one outcome of their own, from a to b.
fn with(quantity: Quantity, scope: Option<Scope>, outcome: Outcome) -> Facts {
    let mut facts = good();
    facts.findings.retain(|finding| finding.quantity != quantity || finding.way != Some(Way::AToB));
    let unit = quantity.definition().unit;
    facts.findings.push(Finding { quantity, unit, way: Some(Way::AToB), scope, outcome });
    facts
}

fn without(quantity: Quantity) -> Facts {
    let mut facts = good();
    facts.findings.retain(|finding| finding.quantity != quantity);
    facts
}

fn line(facts: &Facts, quantity: Quantity) -> Line {
    let judged = judge(facts, &Criteria::shipped());
    let here = |line: &Line| line.quantity == quantity && line.way == Some(Way::AToB);
    judged.lines.into_iter().find(here).unwrap()
}

fn of_value(quantity: Quantity, value: f64, bound: f64) -> Verdict {
    let scope = quantity.has_scope().then_some(Scope::A);
    line(&with(quantity, scope, Outcome::Measured(Box::new(measured(value, bound)))), quantity).verdict
}

fn between(worse: Grade, better: Grade) -> Verdict {
    Verdict::Borderline { worse, better }
}

#[test]
fn every_grade_and_every_limit_to_the_letter() {
    use Quantity::{CapacityRatio, LipSync, MouthToEar, SeverelyConcealedSeconds, SpeechRatingFb};
    let table = [
        (MouthToEar, 0.0, Excellent),
        (MouthToEar, 150.0, Excellent),
        (MouthToEar, 150.1, Good),
        (MouthToEar, 250.0, Good),
        (MouthToEar, 250.1, Pass),
        (MouthToEar, 400.0, Pass),
        (MouthToEar, 400.1, Fail),
        (LipSync, -60.0, Excellent),
        (LipSync, 40.0, Excellent),
        (LipSync, -60.1, Good),
        (LipSync, 40.1, Good),
        (LipSync, -80.1, Pass),
        (LipSync, 45.1, Pass),
        (LipSync, -185.0, Pass),
        (LipSync, 90.0, Pass),
        (LipSync, -185.1, Fail),
        (LipSync, 90.1, Fail),
        (SpeechRatingFb, 80.0, Excellent),
        (SpeechRatingFb, 79.9, Good),
        (SpeechRatingFb, 60.0, Pass),
        (SpeechRatingFb, 59.9, Fail),
        (SeverelyConcealedSeconds, 0.0, Excellent),
        (SeverelyConcealedSeconds, 0.0001, Good),
        (CapacityRatio, 2.0, Excellent),
        (CapacityRatio, 1.999, Good),
        (CapacityRatio, 1.199, Fail),
    ];
    for (quantity, value, grade) in table {
        assert_eq!(of_value(quantity, value, 0.0), Verdict::Graded(grade), "{quantity} {value}");
    }
}

#[test]
fn a_bound_across_a_limit_is_borderline_and_counts_as_the_worse() {
    use Quantity::{LipSync, MouthToEar, SpeechRatingFb};
    let table = [
        (MouthToEar, 145.0, 5.0, Verdict::Graded(Excellent)),
        (MouthToEar, 145.1, 5.0, between(Good, Excellent)),
        (MouthToEar, 155.0, 5.0, between(Good, Excellent)),
        (MouthToEar, 155.1, 5.0, Verdict::Graded(Good)),
        (MouthToEar, 200.0, 60.0, between(Pass, Excellent)),
        (MouthToEar, 405.0, 5.0, between(Fail, Pass)),
        (MouthToEar, 405.1, 5.0, Verdict::Graded(Fail)),
        (LipSync, -10.0, 50.0, Verdict::Graded(Excellent)),
        (LipSync, -10.0, 50.1, between(Good, Excellent)),
        (LipSync, 0.0, 500.0, between(Fail, Excellent)),
        (SpeechRatingFb, 80.0, 0.1, between(Good, Excellent)),
        (SpeechRatingFb, 59.9, 0.1, between(Fail, Pass)),
    ];
    for (quantity, value, bound, verdict) in table {
        assert_eq!(of_value(quantity, value, bound), verdict, "{quantity} {value} ± {bound}");
    }
    assert_eq!(between(Fail, Pass).counts_as(), Some(Fail));
}

#[test]
fn a_value_of_which_one_side_is_known_is_judged_from_the_side_that_matters() {
    let verdict = |quantity, value, side| {
        let measured = Measured { one_sided: Some(side), ..measured(value, 0.0) };
        line(&with(quantity, None, Outcome::Measured(Box::new(measured))), quantity).verdict
    };
    let undecided = Verdict::Undecided(Why::OneSided);
    assert_eq!(verdict(Quantity::EchoIdte, 9.0, OneSided::AtMost), Verdict::Graded(Good));
    assert_eq!(verdict(Quantity::EchoIdte, 2.0, OneSided::AtLeast), undecided);
    assert_eq!(verdict(Quantity::EchoIdte, 21.0, OneSided::AtLeast), Verdict::Graded(Fail));
    assert_eq!(verdict(Quantity::CapacityRatio, 1.6, OneSided::AtLeast), Verdict::Graded(Good));
    assert_eq!(verdict(Quantity::CapacityRatio, 1.6, OneSided::AtMost), undecided);
    assert_eq!(verdict(Quantity::CapacityRatio, 1.1, OneSided::AtMost), Verdict::Graded(Fail));
    assert_eq!(verdict(Quantity::LipSync, 0.0, OneSided::AtMost), undecided);
    assert_eq!(verdict(Quantity::LipSync, 95.0, OneSided::AtLeast), Verdict::Graded(Fail));
}

#[test]
fn what_is_missing_is_named_and_never_passes() {
    for cause in Cause::ALL {
        let missing = Outcome::Missing(Missing { cause, detail: None });
        let facts = with(Quantity::AudioLoss, None, missing);
        let why = Why::Missing(cause);
        let tried = [Verdict::Undecided(why), Verdict::NotTested(why)];
        let verdict = line(&facts, Quantity::AudioLoss).verdict;
        assert_eq!(verdict, tried[usize::from(cause.is_not_tested())]);
        let overall = judge(&facts, &Criteria::shipped()).overall;
        assert_eq!(overall.verdict, Verdict::Undecided(Why::MandatoryMissing), "{cause:?}");
        assert_eq!(overall.missing.len(), 1);
    }
}

#[test]
fn a_step_says_why_its_quantities_are_not_there() {
    let with_step = |not_run| {
        let mut facts = without(Quantity::EchoIdte);
        facts.steps.retain(|record| record.step != Step::Echo);
        facts.steps.push(StepRecord { step: Step::Echo, not_run });
        line(&facts, Quantity::EchoIdte).verdict
    };
    assert_eq!(with_step(None), Verdict::Undecided(Why::NothingLeft));
    assert_eq!(with_step(Some(Cause::LessonLive)), Verdict::NotTested(Why::Missing(Cause::LessonLive)));
    assert_eq!(
        with_step(Some(Cause::NodeDisappeared)),
        Verdict::Undecided(Why::Missing(Cause::NodeDisappeared))
    );
    let mut facts = without(Quantity::EchoIdte);
    facts.steps.clear();
    assert_eq!(line(&facts, Quantity::EchoIdte).verdict, Verdict::NotTested(Why::NoRecord));
}

#[test]
fn one_direction_alone_is_no_pass() {
    let mut facts = good();
    facts
        .findings
        .retain(|finding| finding.quantity != Quantity::AudioLoss || finding.way != Some(Way::BToA));
    let judged = judge(&facts, &Criteria::shipped());
    assert_eq!(judged.overall.verdict, Verdict::Undecided(Why::MandatoryMissing));
    let missing = &judged.lines[judged.overall.missing[0]];
    assert_eq!((missing.quantity, missing.way), (Quantity::AudioLoss, Some(Way::BToA)));
}

#[test]
fn few_samples_decide_nothing() {
    let verdict = |n| {
        let few = Measured { n, ..measured(100.0, 0.0) };
        let facts = with(Quantity::MouthToEar, Some(Scope::B), Outcome::Measured(Box::new(few)));
        line(&facts, Quantity::MouthToEar).verdict
    };
    assert_eq!(verdict(58), Verdict::Undecided(Why::TooFewSamples { n: 58, needed: 59 }));
    assert_eq!(verdict(59), Verdict::Graded(Excellent));
    let none = Measured { p95: None, ..measured(100.0, 0.0) };
    let facts = with(Quantity::MouthToEar, Some(Scope::B), Outcome::Measured(Box::new(none)));
    assert_eq!(line(&facts, Quantity::MouthToEar).verdict, Verdict::Undecided(Why::NoStatistic));
}

#[test]
fn a_delay_of_which_markers_or_clocks_are_in_doubt_is_invalid() {
    let delay = |scope, clock_bound_ms, share: Option<f64>| {
        let measured = Measured { clock_bound_ms, method: Method::MarkerSoftware, ..measured(100.0, 5.0) };
        let mut facts = with(Quantity::GlassToGlass, Some(scope), Outcome::Measured(Box::new(measured)));
        facts.findings.retain(|finding| finding.quantity != Quantity::MarkerDecode);
        let decoded = share.map(|share| {
            let outcome = Outcome::Measured(Box::new(self::measured(share, 0.0)));
            let (quantity, way) = (Quantity::MarkerDecode, Some(Way::AToB));
            Finding { quantity, unit: quantity.definition().unit, way, scope: None, outcome }
        });
        facts.findings.extend(decoded);
        facts
    };
    let verdict = |facts: &Facts| line(facts, Quantity::GlassToGlass).verdict;
    let of = |scope, clock, share| verdict(&delay(scope, clock, share));
    let excellent = Verdict::Graded(Excellent);
    assert_eq!(of(Scope::A, Some(10.0), Some(0.95)), excellent);
    let clocks = Verdict::Invalid(Why::ClockBound { bound_ms: 10.1, allowed_ms: 10.0 });
    assert_eq!(of(Scope::A, Some(10.1), Some(0.95)), clocks);
    assert_eq!(of(Scope::A, None, Some(0.95)), Verdict::Undecided(Why::ClockBoundUnknown));
    assert_eq!(of(Scope::C, None, Some(0.95)), excellent);
    let markers = Verdict::Invalid(Why::MarkersUnreadable { share: 0.9, needed: 0.95 });
    assert_eq!(of(Scope::C, None, Some(0.9)), markers);
    assert_eq!(of(Scope::C, None, None), Verdict::Undecided(Why::MarkersNotCounted));

    let mut stepped = delay(Scope::A, Some(1.0), Some(1.0));
    stepped.time.clocks[0].stepped = true;
    assert_eq!(verdict(&stepped), Verdict::Invalid(Why::ClockStepped));
    let mut one_clock = delay(Scope::C, None, Some(1.0));
    one_clock.time.clocks[0].stepped = true;
    assert_eq!(verdict(&one_clock), excellent);
}

#[test]
fn another_scope_stands_in_for_one_that_is_invalid_and_the_worse_of_two_counts() {
    let two = |first: f64, clock: f64, second: f64| {
        let of = |p95: f64, clock| Measured { clock_bound_ms: Some(clock), ..measured(p95, 0.0) };
        let outcome = Outcome::Measured(Box::new(of(first, clock)));
        let mut facts = with(Quantity::MouthToEar, Some(Scope::A), outcome);
        let mut other = facts.findings.last().unwrap().clone();
        (other.scope, other.outcome) = (Some(Scope::C), Outcome::Measured(Box::new(of(second, 0.0))));
        facts.findings.push(other);
        judge(&facts, &Criteria::shipped()).overall.verdict
    };
    assert_eq!(two(100.0, 50.0, 100.0), Verdict::Graded(Excellent));
    // There and back: 300 ms one way, if both take the same time.
    assert_eq!(two(100.0, 1.0, 600.0), Verdict::Graded(Pass));
    assert_eq!(two(100.0, 1.0, 300.0), Verdict::Graded(Excellent));
}

#[test]
fn the_worst_mandatory_line_decides_and_others_do_not() {
    let overall = |quantity, value, bound| {
        let scope = Quantity::has_scope(quantity).then_some(Scope::B);
        let facts = with(quantity, scope, Outcome::Measured(Box::new(measured(value, bound))));
        judge(&facts, &Criteria::shipped()).overall
    };
    assert_eq!(judge(&good(), &Criteria::shipped()).overall.verdict, Verdict::Graded(Excellent));
    assert_eq!(overall(Quantity::MouthToEar, 300.0, 0.0).verdict, Verdict::Graded(Pass));
    assert_eq!(overall(Quantity::MouthToEar, 395.0, 10.0).verdict, between(Fail, Pass));
    assert_eq!(overall(Quantity::MouthToEar, 500.0, 0.0).verdict, Verdict::Graded(Fail));
    assert_eq!(overall(Quantity::MouthToEar, 500.0, 0.0).decided_by.len(), 1);

    let mut beside = with(Quantity::Pdv, None, Outcome::Measured(Box::new(measured(900.0, 0.0))));
    beside.kind = Kind::BesideLesson;
    let judged = judge(&beside, &Criteria::shipped());
    assert_eq!(judged.overall.verdict, Verdict::Graded(Excellent), "{:?}", judged.overall);
    assert_eq!(line(&beside, Quantity::Pdv).verdict, Verdict::Graded(Fail));
}

#[test]
fn a_failure_is_not_hidden_behind_what_is_missing() {
    let mut facts = with(Quantity::AudioLoss, None, Outcome::Measured(Box::new(measured(0.2, 0.0))));
    facts.findings.retain(|finding| finding.quantity != Quantity::LipSync);
    let overall = judge(&facts, &Criteria::shipped()).overall;
    assert_eq!((overall.verdict, overall.missing.len()), (Verdict::Graded(Fail), 2));
}

#[test]
fn nothing_measured_is_undecided() {
    let facts = Facts::parse(include_bytes!("../../fixtures/empty.json")).unwrap();
    let judged = judge(&facts, &Criteria::shipped());
    assert_eq!(judged.overall.verdict, Verdict::Undecided(Why::MandatoryMissing));
    assert!(judged.lines.iter().all(|line| line.verdict == Verdict::NotTested(Why::NoRecord)));
}

#[test]
fn the_railways_eighty_milliseconds_are_told_and_decide_nothing() {
    let also = |value, bound| {
        let facts = with(Quantity::LipSync, None, Outcome::Measured(Box::new(measured(value, bound))));
        line(&facts, Quantity::LipSync).also
    };
    assert_eq!(also(80.0, 0.0), [Some(true)]);
    assert_eq!(also(-81.0, 0.0), [Some(false)]);
    assert_eq!(also(80.0, 1.0), [None]);
}

#[test]
fn of_a_delay_there_and_back_half_is_held_against_each_limit_and_the_whole_is_told() {
    let judged = |scope, p95| {
        let facts =
            with(Quantity::GlassToGlass, Some(scope), Outcome::Measured(Box::new(measured(p95, 0.0))));
        line(&facts, Quantity::GlassToGlass)
    };
    let (one_way, loop_of_both) = (judged(Scope::B, 280.0), judged(Scope::C, 280.0));
    assert_eq!((one_way.verdict, one_way.also), (Verdict::Graded(Pass), vec![Some(false)]));
    assert_eq!((loop_of_both.verdict, loop_of_both.also), (Verdict::Graded(Excellent), vec![Some(true)]));
    assert_eq!(loop_of_both.value, Some(280.0));
}

/// How good a verdict is at best, for the order of verdicts: the lower the better.
fn rank(verdict: Verdict) -> (u8, u8) {
    match verdict {
        Verdict::Graded(grade) => (grade as u8, grade as u8),
        Verdict::Borderline { worse, better } => (worse as u8, better as u8),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn a_worse_value_never_gets_a_better_verdict(
        a in 0.0..600.0_f64, b in 0.0..600.0_f64, bound in 0.0..80.0_f64,
    ) {
        let (low, high) = (a.min(b), a.max(b));
        let of = |quantity, value: f64| rank(of_value(quantity, value, bound));
        let (better, worse) = (of(Quantity::MouthToEar, low), of(Quantity::MouthToEar, high));
        prop_assert!(better.0 <= worse.0 && better.1 <= worse.1);
        let (better, worse) = (of(Quantity::SpeechRatingFb, high), of(Quantity::SpeechRatingFb, low));
        prop_assert!(better.0 <= worse.0 && better.1 <= worse.1);
        let (better, worse) = (of(Quantity::LipSync, low + 40.0), of(Quantity::LipSync, high + 40.0));
        prop_assert!(better.0 <= worse.0 && better.1 <= worse.1);
    }

    #[test]
    fn a_wider_bound_never_gets_a_better_verdict(
        value in -300.0..600.0_f64, bound in 0.0..80.0_f64, more in 0.0..80.0_f64,
    ) {
        for quantity in [Quantity::MouthToEar, Quantity::LipSync, Quantity::SpeechRatingFb] {
            let [narrow, wide] = [bound, bound + more].map(|bound| rank(of_value(quantity, value, bound)));
            prop_assert!(narrow.0 <= wide.0, "{quantity}");
        }
    }
}
