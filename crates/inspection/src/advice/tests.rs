use super::*;
use crate::criteria::Criteria;
use crate::judge::judge;

fn good() -> Facts {
    Facts::parse(include_bytes!("../../fixtures/good.json")).unwrap()
}

fn set(facts: &mut Facts, quantity: Quantity, way: Option<Way>, value: f64) {
    for finding in &mut facts.findings {
        if finding.quantity == quantity
            && finding.way == way
            && let Outcome::Measured(measured) = &mut finding.outcome
        {
            let number = Some(value);
            let Measured { min, median, p95, p999, max, .. } = &mut **measured;
            (*min, *median, *p95, *p999, *max) = (number, number, number, number, number);
            (measured.value, measured.bound, measured.one_sided) = (number, None, None);
        }
    }
}

fn say(facts: &mut Facts, quantity: Quantity, way: Way, word: &str) {
    for finding in &mut facts.findings {
        if finding.quantity == quantity && finding.way == Some(way) {
            finding.outcome = Outcome::Found(word.to_owned());
        }
    }
}

/// What is told of a quantity from a to b.
fn told(facts: &Facts, quantity: Quantity) -> Option<(Suspect, Option<Way>, Remedy)> {
    let judged = judge(facts, &Criteria::shipped());
    let line =
        judged.lines.iter().find(|line| line.quantity == quantity && line.way == Some(Way::AToB)).unwrap();
    line.advice.map(|advice| (advice.suspect, advice.at, advice.remedy))
}

const A_TO_B: Option<Way> = Some(Way::AToB);

#[test]
fn what_is_well_needs_no_advice() {
    let judged = judge(&good(), &Criteria::shipped());
    assert!(judged.lines.iter().all(|line| line.advice.is_none()));
}

#[test]
fn a_slow_picture_is_laid_to_what_another_figure_proves() {
    let slow = || {
        let mut facts = good();
        set(&mut facts, Quantity::GlassToGlass, A_TO_B, 900.0);
        facts
    };
    let of = |change: &dyn Fn(&mut Facts)| {
        let mut facts = slow();
        change(&mut facts);
        told(&facts, Quantity::GlassToGlass).unwrap()
    };
    let (at_a, at_b) = (Some(Way::AtA), Some(Way::AtB));
    assert_eq!(of(&|_| ()), (Suspect::LastMile, None, Remedy::AskOperator));
    let sender = of(&|facts| set(facts, Quantity::EncoderHeadroom, Some(Way::AtA), 0.9));
    assert_eq!(sender, (Suspect::Machine, at_a, Remedy::RelieveMachine));
    let receiver = of(&|facts| set(facts, Quantity::EncoderHeadroom, Some(Way::AtB), 0.9));
    assert_eq!(receiver, (Suspect::Machine, at_b, Remedy::RelieveMachine));
    let blocked = of(&|facts| say(facts, Quantity::Udp, Way::AtB, "blocked"));
    assert_eq!(blocked, (Suspect::SchoolNetwork, at_b, Remedy::OpenUdp));
    let busy = of(&|facts| set(facts, Quantity::RelayCpu, None, 0.95));
    assert_eq!(busy, (Suspect::Relay, None, Remedy::RelieveRelay));
    let narrow = of(&|facts| set(facts, Quantity::CapacityRatio, A_TO_B, 0.8));
    assert_eq!(narrow, (Suspect::LastMile, None, Remedy::FasterLine));
    let queue = of(&|facts| set(facts, Quantity::RttRise, A_TO_B, 500.0));
    assert_eq!(queue, (Suspect::SchoolNetwork, None, Remedy::LimitOthers));
    let radio = of(&|facts| set(facts, Quantity::Pdv, A_TO_B, 300.0));
    assert_eq!(radio, (Suspect::SchoolNetwork, None, Remedy::UseCable));
    let other_way = of(&|facts| set(facts, Quantity::RttRise, Some(Way::BToA), 500.0));
    assert_eq!(other_way, (Suspect::LastMile, None, Remedy::AskOperator));
}

/// A machine's call with itself, of which so much of the sound was lost and one second in five concealed.
fn loopback(lost: f64) -> Facts {
    let mut facts = good();
    (facts.kind, facts.places.b) = (Kind::SelfTest, None);
    facts.findings.retain(|finding| finding.way == A_TO_B);
    facts.findings.iter_mut().for_each(|finding| finding.way = None);
    set(&mut facts, Quantity::AudioLoss, None, lost);
    set(&mut facts, Quantity::ConcealedSeconds, None, 0.2);
    set(&mut facts, Quantity::FreezeShare, None, 0.2);
    facts
}

#[test]
fn what_a_machine_conceals_in_a_call_with_itself_that_lost_nothing_is_its_own_doing() {
    let told = |facts: &Facts, quantity| {
        let judged = judge(facts, &Criteria::shipped());
        let line = judged.lines.into_iter().find(|line| line.quantity == quantity && line.way.is_none());
        line.and_then(|line| line.advice).map(|advice| (advice.suspect, advice.at, advice.remedy))
    };
    let machine = Some((Suspect::Machine, Some(Way::AtA), Remedy::RelieveMachine));
    let line = Some((Suspect::LastMile, None, Remedy::AskOperator));
    for quantity in [Quantity::ConcealedSeconds, Quantity::FreezeShare] {
        assert_eq!(told(&loopback(0.0), quantity), machine, "{quantity}");
        assert_eq!(told(&loopback(0.02), quantity), line, "{quantity}: the line lost some of it");
    }
    let mut late = loopback(0.0);
    set(&mut late, Quantity::Pdv, None, 300.0);
    let cable = Some((Suspect::SchoolNetwork, None, Remedy::UseCable));
    assert_eq!(told(&late, Quantity::ConcealedSeconds), cable, "packets that came late");
    // Between two schools it may be either.
    let mut two = good();
    set(&mut two, Quantity::ConcealedSeconds, A_TO_B, 0.2);
    set(&mut two, Quantity::AudioLoss, A_TO_B, 0.0);
    assert_eq!(super::tests::told(&two, Quantity::ConcealedSeconds), line);
}

#[test]
fn echo_is_laid_to_the_room_that_it_comes_from() {
    let mut facts = good();
    set(&mut facts, Quantity::EchoIdte, A_TO_B, 40.0);
    assert_eq!(told(&facts, Quantity::EchoIdte), Some((Suspect::Room, Some(Way::AtB), Remedy::LessEcho)));
    // Whoever talks at a is not heard at b while b talks: the room is a's.
    set(&mut facts, Quantity::DoubleTalkAttenuation, A_TO_B, 15.0);
    let half = told(&facts, Quantity::DoubleTalkAttenuation);
    assert_eq!(half, Some((Suspect::Room, Some(Way::AtA), Remedy::FullDuplex)));
}

#[test]
fn every_quantity_that_is_judged_has_advice_when_it_fails() {
    for line in Criteria::shipped().lines {
        let judged_rule =
            RULES.iter().any(|rule| rule.of.contains(&line.quantity) && matches!(rule.when, When::Always));
        assert!(judged_rule, "{}", line.quantity);
    }
}

#[test]
fn a_muted_microphone_is_to_be_switched_on() {
    let mut facts = good();
    for finding in &mut facts.findings {
        if finding.quantity == Quantity::AudioLoss {
            let cause = Cause::MicrophoneMuted;
            finding.outcome = Outcome::Missing(crate::facts::Missing { cause, detail: None });
        }
    }
    assert_eq!(told(&facts, Quantity::AudioLoss), Some((Suspect::Room, None, Remedy::Unmute)));
}

#[test]
fn every_remedy_is_told_by_something() {
    let by_rule = |remedy| RULES.iter().any(|rule| rule.remedy == remedy);
    let by_cause = |remedy| {
        Cause::ALL.iter().any(|cause| of_cause(*cause, &good()).is_some_and(|told| told.remedy == remedy))
    };
    let whys = [
        Why::TooFewSamples { n: 0, needed: 1 },
        Why::MarkersUnreadable { share: 0.0, needed: 1.0 },
        Why::ClockBoundUnknown,
        Why::ClockStepped,
    ];
    let by_why =
        |remedy| whys.iter().any(|why| of_why(*why, &good()).is_some_and(|told| told.remedy == remedy));
    let blocked = |quantity| Finding::new(quantity, Some(Way::AtA), Outcome::Found("blocked".to_owned()));
    let by_blocked = |remedy| {
        let ways = [Quantity::Tcp, Quantity::Tls, Quantity::Udp].map(blocked);
        ways.iter().any(|finding| of_blocked(finding).is_some_and(|told| told.remedy == remedy))
    };
    for remedy in Remedy::ALL {
        assert!(by_blocked(remedy) || by_rule(remedy) || by_cause(remedy) || by_why(remedy), "{remedy:?}");
    }
}

/// What is told of what no line judges.
fn beside(change: &dyn Fn(&mut Facts)) -> Vec<(Quantity, Option<Cause>, Remedy)> {
    let mut facts = good();
    change(&mut facts);
    let told = judge(&facts, &Criteria::shipped()).beside;
    told.into_iter().map(|told| (told.quantity, told.missing, told.advice.remedy)).collect()
}

#[test]
fn what_no_line_judges_is_told_where_something_is_to_be_done() {
    assert_eq!(beside(&|_| ()), []);
    let blocked = beside(&|facts| say(facts, Quantity::Udp, Way::AtA, "blocked"));
    assert_eq!(blocked, [(Quantity::Udp, None, Remedy::OpenUdp)]);
    let lost = |facts: &mut Facts, cause| {
        facts.findings.retain(|finding| finding.quantity != Quantity::Rtt);
        facts.findings.push(Finding::missing(Quantity::Rtt, None, cause));
    };
    let lost_line = beside(&|facts| lost(facts, Cause::NoPackets));
    assert_eq!(lost_line, [(Quantity::Rtt, Some(Cause::NoPackets), Remedy::OpenUdp)]);
    assert_eq!(
        beside(&|facts| lost(facts, Cause::NoSecondAddress)),
        [],
        "what was not tried needs no advice"
    );
    let no_relay = beside(&|facts| {
        say(facts, Quantity::Tcp, Way::AtA, "blocked");
        lost(facts, Cause::NoPackets);
    });
    assert!(no_relay.iter().all(|told| told.2 == Remedy::ReachRelay), "{no_relay:?}");
}
