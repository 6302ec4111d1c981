//! What is likely the cause of a bad line, and what to do: a table of rules, the first that fits is told.
//!
//! It is said as likely, never as found: a rule sees what else was measured, not the cable.

use crate::criteria::Criteria;
use crate::facts::{Cause, Facts, Finding, Kind, Measured, Outcome, Way};
use crate::judge::{Grade, Line, Verdict, Why};
use crate::quantity::Quantity;
use serde::Serialize;

/// Whose it likely is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspect {
    /// The school's own network: cables, Wi-Fi, firewall, what others do on the line.
    SchoolNetwork,
    /// The line between the school and the operator.
    LastMile,
    /// The relay.
    Relay,
    /// The node's machine, or a device at it.
    Machine,
    /// The room: where loudspeakers and microphones stand.
    Room,
    /// How the test was done.
    Test,
}

impl Suspect {
    /// All of them.
    pub const ALL: [Suspect; 6] = [
        Suspect::SchoolNetwork,
        Suspect::LastMile,
        Suspect::Relay,
        Suspect::Machine,
        Suspect::Room,
        Suspect::Test,
    ];
}

/// What to do. Reports have a sentence for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Close other programs, or take a faster machine.
    RelieveMachine,
    /// See that the relay's address is right and that it runs, then at this network's firewall.
    ReachRelay,
    /// See what answers in the relay's place: a proxy; else give the relay's authority, or set the machine's clock.
    TrustRelay,
    /// Open UDP to the relay in the firewall.
    OpenUdp,
    /// Give the relay more processors, or spread the lessons.
    RelieveRelay,
    /// Limit what others do on the line, or give lessons precedence.
    LimitOthers,
    /// Get a faster line, or lower the lesson's rate.
    FasterLine,
    /// Measure at other hours; show it to the operator.
    AskOperator,
    /// Use a cable instead of Wi-Fi.
    UseCable,
    /// Switch off what the screen or the sound device adds to pictures or sound.
    LessProcessing,
    /// Turn the loudspeaker down, move the microphone away, switch echo cancellation on.
    LessEcho,
    /// Take a microphone and loudspeaker that let both sides talk, or turn the loudspeaker down.
    FullDuplex,
    /// Switch the microphone on.
    Unmute,
    /// See to the microphone's plug and level.
    CheckMicrophone,
    /// See to the camera: lens cap, light, plug.
    CheckCamera,
    /// Wake the far machine and test again.
    WakeFarSide,
    /// See whether the machine still runs and has its network.
    CheckMachine,
    /// Let the clocks settle and test again.
    TestAgain,
    /// Test when no lesson and no other test is on the line.
    TestLater,
    /// Give the relay a second address.
    SecondAddress,
    /// Test longer.
    TestLonger,
    /// Measure by another scope: there and back on one clock, or with the camera.
    OtherScope,
}

impl Remedy {
    /// All of them.
    pub const ALL: [Remedy; 22] = [
        Remedy::RelieveMachine,
        Remedy::ReachRelay,
        Remedy::TrustRelay,
        Remedy::OpenUdp,
        Remedy::RelieveRelay,
        Remedy::LimitOthers,
        Remedy::FasterLine,
        Remedy::AskOperator,
        Remedy::UseCable,
        Remedy::LessProcessing,
        Remedy::LessEcho,
        Remedy::FullDuplex,
        Remedy::Unmute,
        Remedy::CheckMicrophone,
        Remedy::CheckCamera,
        Remedy::WakeFarSide,
        Remedy::CheckMachine,
        Remedy::TestAgain,
        Remedy::TestLater,
        Remedy::SecondAddress,
        Remedy::TestLonger,
        Remedy::OtherScope,
    ];
}

/// A likely cause and its remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// Whose it likely is.
    pub suspect: Suspect,
    /// At which place, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Way>,
    /// What to do.
    pub remedy: Remedy,
}

/// A finding that no line judges and that asks for something to be done all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Beside {
    /// Which quantity.
    pub quantity: Quantity,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
    /// Why it is missing; none: what was found is bad.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Cause>,
    /// What to do.
    pub advice: Advice,
}

/// Which end of a way.
#[derive(Clone, Copy)]
enum End {
    From,
    To,
    Neither,
}

/// What else must have been found.
#[derive(Clone, Copy)]
enum When {
    Always,
    Fails(Quantity),
    Says(Quantity, &'static str),
    Below(Quantity, f64),
    Above(Quantity, f64),
    /// The call was this machine's with itself, and no packet of its sound was missing: what it made up or showed too
    /// late it had and did not handle in time.
    LoopbackWithoutLoss,
}

struct Rule {
    of: &'static [Quantity],
    at: End,
    when: When,
    suspect: Suspect,
    remedy: Remedy,
}

const fn rule(of: &'static [Quantity], at: End, when: When, suspect: Suspect, remedy: Remedy) -> Rule {
    Rule { of, at, when, suspect, remedy }
}

/// What is made worse by a machine that does not keep up.
const PICTURES: &[Quantity] = &[Quantity::GlassToGlass, Quantity::FreezeShare];
/// What is made worse by the way of the packets.
const FLOW: &[Quantity] = &[
    Quantity::GlassToGlass,
    Quantity::MouthToEar,
    Quantity::AudioLoss,
    Quantity::ConcealedSeconds,
    Quantity::SeverelyConcealedSeconds,
    Quantity::SpeechRatingFb,
    Quantity::FreezeShare,
    Quantity::Pdv,
];

/// What comes of packets that are there and not handled in time, as of packets that are not there.
const STALLS: &[Quantity] = &[
    Quantity::ConcealedSeconds,
    Quantity::SeverelyConcealedSeconds,
    Quantity::SpeechRatingFb,
    Quantity::FreezeShare,
];
/// What a camera does wrong.
const CAMERA: &[Quantity] = &[Quantity::CameraFps, Quantity::CameraBrightness];
/// What a microphone does wrong.
const MICROPHONE: &[Quantity] =
    &[Quantity::MicrophoneLevel, Quantity::MicrophoneNoise, Quantity::MicrophoneClipping];
/// What a machine does wrong.
const MACHINE: &[Quantity] = &[Quantity::EncoderHeadroom, Quantity::Cpu];

/// A machine that encodes less than so many times as fast as it must does not keep up.
const HEADROOM_NEEDED: f64 = 1.2;
/// A worker of the relay that is busier than this lets packets wait.
const RELAY_BUSY: f64 = 0.9;
/// Loss of the idle line that is not the lesson's own doing.
const LOSS_OF_THE_LINE: f64 = 0.01;

/// From what is proven by another figure to what is only usual.
const RULES: &[Rule] = &[
    rule(
        PICTURES,
        End::From,
        When::Below(Quantity::EncoderHeadroom, HEADROOM_NEEDED),
        Suspect::Machine,
        Remedy::RelieveMachine,
    ),
    rule(
        PICTURES,
        End::To,
        When::Below(Quantity::EncoderHeadroom, HEADROOM_NEEDED),
        Suspect::Machine,
        Remedy::RelieveMachine,
    ),
    rule(FLOW, End::From, When::Says(Quantity::Udp, "blocked"), Suspect::SchoolNetwork, Remedy::OpenUdp),
    rule(FLOW, End::To, When::Says(Quantity::Udp, "blocked"), Suspect::SchoolNetwork, Remedy::OpenUdp),
    rule(
        FLOW,
        End::Neither,
        When::Above(Quantity::RelayCpu, RELAY_BUSY),
        Suspect::Relay,
        Remedy::RelieveRelay,
    ),
    rule(FLOW, End::Neither, When::Fails(Quantity::CapacityRatio), Suspect::LastMile, Remedy::FasterLine),
    rule(FLOW, End::Neither, When::Fails(Quantity::RttRise), Suspect::SchoolNetwork, Remedy::LimitOthers),
    rule(
        FLOW,
        End::Neither,
        When::Above(Quantity::NetworkLoss, LOSS_OF_THE_LINE),
        Suspect::LastMile,
        Remedy::AskOperator,
    ),
    rule(&[Quantity::Pdv], End::Neither, When::Always, Suspect::SchoolNetwork, Remedy::UseCable),
    rule(FLOW, End::Neither, When::Fails(Quantity::Pdv), Suspect::SchoolNetwork, Remedy::UseCable),
    rule(STALLS, End::To, When::LoopbackWithoutLoss, Suspect::Machine, Remedy::RelieveMachine),
    rule(FLOW, End::Neither, When::Always, Suspect::LastMile, Remedy::AskOperator),
    rule(&[Quantity::LipSync], End::To, When::Always, Suspect::Machine, Remedy::LessProcessing),
    rule(&[Quantity::EchoIdte], End::To, When::Always, Suspect::Room, Remedy::LessEcho),
    rule(&[Quantity::DoubleTalkAttenuation], End::From, When::Always, Suspect::Room, Remedy::FullDuplex),
    rule(&[Quantity::CapacityRatio], End::Neither, When::Always, Suspect::LastMile, Remedy::FasterLine),
    rule(&[Quantity::RttRise], End::Neither, When::Always, Suspect::SchoolNetwork, Remedy::LimitOthers),
    rule(CAMERA, End::Neither, When::Always, Suspect::Room, Remedy::CheckCamera),
    rule(MICROPHONE, End::Neither, When::Always, Suspect::Room, Remedy::CheckMicrophone),
    rule(MACHINE, End::Neither, When::Always, Suspect::Machine, Remedy::RelieveMachine),
];

/// The advice for a line; none: nothing is to be done, or nothing is known to help.
pub(crate) fn of(line: &Line, facts: &Facts, lines: &[Line]) -> Option<Advice> {
    match line.verdict {
        Verdict::Undecided(why) | Verdict::Invalid(why) | Verdict::NotTested(why) => of_why(why, facts),
        verdict if verdict.counts_as() == Some(Grade::Fail) => RULES
            .iter()
            .filter(|rule| rule.of.contains(&line.quantity))
            .find_map(|rule| told(rule, line, facts, lines)),
        _ => None,
    }
}

/// The advice for what no line judges. What was not tried needs none.
pub(crate) fn beside(facts: &Facts, criteria: &Criteria) -> Vec<Beside> {
    let asks = |finding: &Finding| {
        let missing = match &finding.outcome {
            Outcome::Missing(missing) if missing.cause.is_not_tested() => return None,
            Outcome::Missing(missing) => Some(missing.cause),
            Outcome::Found(_) | Outcome::Measured(_) => None,
        };
        let advice = match missing {
            Some(cause) => of_cause(cause, facts)?,
            None => of_blocked(finding)?,
        };
        Some(Beside { quantity: finding.quantity, way: finding.way, missing, advice })
    };
    let unjudged = |finding: &&Finding| criteria.line(finding.quantity).is_none();
    facts.findings.iter().filter(unjudged).filter_map(asks).collect()
}

/// The advice for a way to the relay that is blocked.
fn of_blocked(finding: &Finding) -> Option<Advice> {
    if !matches!(&finding.outcome, Outcome::Found(word) if word == "blocked") {
        return None;
    }
    let remedy = match finding.quantity {
        Quantity::Tcp => Remedy::ReachRelay,
        Quantity::Tls => Remedy::TrustRelay,
        Quantity::Udp => Remedy::OpenUdp,
        _ => return None,
    };
    Some(Advice { suspect: Suspect::SchoolNetwork, at: None, remedy })
}

fn told(rule: &Rule, line: &Line, facts: &Facts, lines: &[Line]) -> Option<Advice> {
    let at = place(rule.at, line.way, facts);
    let told = Advice { suspect: rule.suspect, at, remedy: rule.remedy };
    let number = |quantity: Quantity| {
        let way = if quantity == Quantity::RelayCpu { None } else { at.or(line.way) };
        facts.find(quantity, way).and_then(|finding| number_of(&finding.outcome))
    };
    let holds = match rule.when {
        When::Always => true,
        When::Fails(quantity) => lines.iter().any(|other| {
            let same_way = other.way == line.way || line.way.is_none();
            other.quantity == quantity && same_way && other.verdict.counts_as() == Some(Grade::Fail)
        }),
        When::Says(quantity, word) => facts.findings.iter().any(|finding| {
            finding.quantity == quantity
                && finding.way == at
                && finding.outcome == Outcome::Found(word.to_owned())
        }),
        When::Below(quantity, limit) => number(quantity).is_some_and(|number| number < limit),
        When::Above(quantity, limit) => number(quantity).is_some_and(|number| number > limit),
        When::LoopbackWithoutLoss => {
            let lost = facts.find(Quantity::AudioLoss, None).and_then(|finding| number_of(&finding.outcome));
            facts.kind == Kind::SelfTest && line.way.is_none() && lost == Some(0.0)
        }
    };
    holds.then_some(told)
}

fn place(end: End, way: Option<Way>, facts: &Facts) -> Option<Way> {
    let place = match (end, way) {
        (End::Neither, _) => return None,
        // There and back: both ends are the school itself.
        (_, None | Some(Way::AtA)) | (End::From, Some(Way::AToB)) | (End::To, Some(Way::BToA)) => Way::AtA,
        (_, Some(Way::AtB)) | (End::From, Some(Way::BToA)) | (End::To, Some(Way::AToB)) => Way::AtB,
    };
    (place == Way::AtA || facts.places.b.is_some()).then_some(place)
}

fn number_of(outcome: &Outcome) -> Option<f64> {
    let Outcome::Measured(measured) = outcome else { return None };
    let Measured { value, median, .. } = **measured;
    value.or(median)
}

fn of_why(why: Why, facts: &Facts) -> Option<Advice> {
    let (suspect, remedy) = match why {
        Why::Missing(cause) => return of_cause(cause, facts),
        Why::TooFewSamples { .. } => (Suspect::Test, Remedy::TestLonger),
        Why::MarkersUnreadable { .. } => (Suspect::Room, Remedy::CheckCamera),
        Why::ClockBound { .. } | Why::ClockBoundUnknown => (Suspect::Test, Remedy::OtherScope),
        Why::ClockStepped | Why::NothingLeft => (Suspect::Test, Remedy::TestAgain),
        Why::NoRecord
        | Why::NoStatistic
        | Why::NoNumber
        | Why::OneSided
        | Why::MarkersNotCounted
        | Why::MandatoryMissing => return None,
    };
    Some(Advice { suspect, at: None, remedy })
}

fn of_cause(cause: Cause, facts: &Facts) -> Option<Advice> {
    if cause == Cause::NoPackets
        && let Some(blocked) = facts.findings.iter().find_map(of_blocked)
    {
        return Some(blocked);
    }
    let (suspect, remedy) = match cause {
        Cause::LessonLive | Cause::LineBusy | Cause::EndedEarly => (Suspect::Test, Remedy::TestLater),
        Cause::NoSecondAddress => (Suspect::Relay, Remedy::SecondAddress),
        Cause::MicrophoneMuted => (Suspect::Room, Remedy::Unmute),
        Cause::MicrophoneSilent => (Suspect::Machine, Remedy::CheckMicrophone),
        Cause::CameraBlack | Cause::CameraFrozen | Cause::SignalUnreadable => {
            (Suspect::Room, Remedy::CheckCamera)
        }
        Cause::NoPackets => (Suspect::SchoolNetwork, Remedy::OpenUdp),
        Cause::FarSideAsleep => (Suspect::Machine, Remedy::WakeFarSide),
        Cause::NodeDisappeared | Cause::TaskFailed | Cause::NoDevice | Cause::DeviceFailed => {
            (Suspect::Machine, Remedy::CheckMachine)
        }
        Cause::ClockStepped => (Suspect::Test, Remedy::TestAgain),
        Cause::TalkerUnclear => (Suspect::Test, Remedy::TestLonger),
        Cause::NotAsked | Cause::PlainHttp | Cause::NoPublishedValue | Cause::NoTalker => return None,
    };
    Some(Advice { suspect, at: None, remedy })
}

#[cfg(test)]
mod tests;
