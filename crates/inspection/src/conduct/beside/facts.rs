//! What two nodes counted in a lesson, as one document.

use super::super::Side;
use super::flow::{Flow, track};
use super::{Beside, Node};
use crate::facts::{
    Cause, Clock, Facts, Finding, Kind, Measured, Method, Missing, Outcome, Place, Places, Remark,
    RemarkCode, Scope, StepRecord, Time, VERSION, Way,
};
use crate::quantity::{Quantity, Step};
use jiff::Timestamp;
use tongke_protocol::facts::{ConcealedSeconds, DistributionMs, ReceivedTrack, SpeechRating};
use tongke_protocol::{ParticipantId, TrackKind, WallTime};

/// Who measured, until the node's name is put there.
const BY: &str = "node";

pub(super) fn of(beside: &Beside, ended: WallTime) -> Facts {
    let plan = &beside.plan;
    let place = |side: Side, node: &ParticipantId| Place {
        school: beside.nodes[side as usize].school.clone().unwrap_or_else(|| node.to_string()),
        room: String::new(),
        node: node.to_string(),
    };
    let timestamp =
        |wall: WallTime| Timestamp::from_microsecond(wall.as_unix_us() as i64).unwrap_or(Timestamp::MAX);
    let began = beside.began.wall;
    let runs = |step| matches!(step, Step::Delay | Step::Media);
    let record = |step: Step| StepRecord { step, not_run: (!runs(step)).then_some(Cause::NotAsked) };
    let mut findings = seen_at(&beside.nodes[1], (&plan.head.b, &plan.head.a), Way::AToB, Way::AtB);
    findings.extend(seen_at(&beside.nodes[0], (&plan.head.a, &plan.head.b), Way::BToA, Way::AtA));
    findings.sort_by_key(|finding| (finding.quantity, finding.way));
    Facts {
        version: VERSION,
        id: plan.head.id.clone(),
        kind: Kind::BesideLesson,
        asked_by: plan.head.asked_by.clone(),
        places: Places {
            a: place(Side::A, &plan.head.a),
            b: Some(place(Side::B, &plan.head.b)),
            relay: plan.head.relay.clone(),
        },
        time: Time {
            began: timestamp(began),
            ended: timestamp(ended.max(began)),
            utc_offset_minutes: plan.head.utc_offset_minutes,
            clocks: clocks(beside),
        },
        software: plan.head.software.clone(),
        steps: Step::ALL.into_iter().map(record).collect(),
        findings,
        notes: notes(beside),
    }
}

fn clocks(beside: &Beside) -> Vec<Clock> {
    let told = [(Way::AtA, &beside.nodes[0]), (Way::AtB, &beside.nodes[1])];
    let clock = |(at, node): (Way, &Node)| {
        let clock = node.clock?;
        let (offset_ms, bound_ms) = (0.0 - clock.offset_us as f64 / 1e3, clock.bound_us as f64 / 1e3);
        Some(Clock { at, offset_ms, bound_ms, stepped: node.stepped })
    };
    told.into_iter().filter_map(clock).collect()
}

fn notes(beside: &Beside) -> Vec<Remark> {
    let mut notes = vec![RemarkCode::BesideLesson.into()];
    for (node, name) in beside.nodes.iter().zip([&beside.plan.head.a, &beside.plan.head.b]) {
        let looks = node.flow.looks;
        let note = match node.gone {
            Some(Cause::NodeDisappeared) => Remark::of(RemarkCode::NodeDisappeared).with("answers", looks),
            Some(_) => Remark::of(RemarkCode::NodeSilent),
            None => Remark::of(RemarkCode::NodeAnswers).with("answers", looks),
        };
        notes.push(note.of_node(name));
    }
    notes
}

/// What a node, which is the first of the names, counted of what came from the other school.
fn seen_at(node: &Node, (name, other): (&ParticipantId, &ParticipantId), way: Way, at: Way) -> Vec<Finding> {
    let Some(facts) = &node.last else {
        let cause = node.gone.unwrap_or(Cause::EndedEarly);
        return ALL.into_iter().map(|quantity| missing(quantity, way, at, cause)).collect();
    };
    let flow = &node.flow;
    let (sound, picture) =
        (track(facts, other, TrackKind::Microphone), track(facts, other, TrackKind::Camera));
    let minutes = format!("{:.1}", facts.seconds / 60.0);
    let whole = Remark::of(RemarkCode::OverMinutes).with("minutes", minutes);
    let skew = facts.av_skew.iter().find(|skew| skew.from == *other).map(|skew| Measured {
        median: Some(skew.p50_ms),
        reference: vec![whole.clone()],
        ..Measured::new(skew.n, Method::StampSoftware, BY)
    });
    let delay_of = |ms: Option<DistributionMs>| ms.map(|ms| delay(&ms, &whole));
    let numbers = [
        (Quantity::GlassToGlass, delay_of(picture.and_then(|it| it.capture_to_render_ms))),
        (Quantity::MouthToEar, delay_of(sound.and_then(|it| it.capture_to_render_ms))),
        (Quantity::LipSync, skew),
        (Quantity::AudioLoss, loss(flow)),
        (Quantity::FreezeShare, freezes(flow)),
        (Quantity::Freezes, (flow.frames > 0).then(|| count(flow.frames, flow.freezes as f64))),
        (Quantity::VideoFps, fps(flow)),
        (Quantity::Cpu, cpu(flow)),
    ];
    let concealed = |of| concealed(flow, of, sound.is_some());
    let spoken = [
        (Quantity::ConcealedSeconds, concealed(|seconds| seconds.concealed)),
        (Quantity::SeverelyConcealedSeconds, concealed(|seconds| seconds.severely_concealed)),
        (Quantity::SpeechRatingFb, rating(sound, &whole)),
    ];
    let mut findings: Vec<Finding> = numbers
        .into_iter()
        .map(|(quantity, number)| match number {
            Some(measured) => {
                let measured = Measured { by: name.to_string(), ..measured };
                finding(quantity, way, at, Outcome::Measured(Box::new(measured)))
            }
            None => missing(quantity, way, at, Cause::NoPackets),
        })
        .collect();
    findings.extend(spoken.into_iter().map(|(quantity, outcome)| finding(quantity, way, at, outcome)));
    if let Some((width, height)) = picture.and_then(|picture| picture.resolution) {
        findings.push(finding(Quantity::Resolution, way, at, Outcome::Found(format!("{width} × {height}"))));
    }
    if Quantity::Transport.definition().words.contains(&facts.transport.as_str()) {
        findings.push(finding(Quantity::Transport, way, at, Outcome::Found(facts.transport.clone())));
    }
    findings
}

/// What a node that never answered leaves unknown.
const ALL: [Quantity; 11] = [
    Quantity::GlassToGlass,
    Quantity::MouthToEar,
    Quantity::LipSync,
    Quantity::AudioLoss,
    Quantity::ConcealedSeconds,
    Quantity::SeverelyConcealedSeconds,
    Quantity::SpeechRatingFb,
    Quantity::FreezeShare,
    Quantity::Freezes,
    Quantity::VideoFps,
    Quantity::Cpu,
];

fn finding(quantity: Quantity, way: Way, at: Way, outcome: Outcome) -> Finding {
    let at_a_place = matches!(quantity.definition().extent, crate::quantity::Extent::Place);
    let scope = quantity.has_scope().then_some(Scope::A);
    Finding { scope, ..Finding::new(quantity, Some(if at_a_place { at } else { way }), outcome) }
}

fn missing(quantity: Quantity, way: Way, at: Way, cause: Cause) -> Finding {
    let missing = Finding::missing(quantity, None, cause);
    finding(quantity, way, at, missing.outcome)
}

/// A delay between two machines' clocks.
fn delay(ms: &DistributionMs, whole: &Remark) -> Measured {
    Measured {
        median: Some(ms.p50),
        p95: Some(ms.p95),
        max: Some(ms.max),
        bound: ms.clock_bound_ms,
        clock_bound_ms: ms.clock_bound_ms,
        reference: vec![whole.clone()],
        ..Measured::new(ms.n, Method::StampSoftware, BY)
    }
}

fn loss(flow: &Flow) -> Option<Measured> {
    let n = flow.packets + flow.lost;
    (n > 0).then(|| Measured {
        value: Some(flow.lost as f64 / n as f64),
        over_time: flow.loss_over_time.clone(),
        ..Measured::new(n, Method::ReceiverCount, BY)
    })
}

fn without(cause: Cause, detail: Option<Remark>) -> Outcome {
    Outcome::Missing(Missing { cause, detail })
}

/// Of the seconds of sound while somebody looked on, the share that was concealed. `comes`: whether there is any sound.
fn concealed(flow: &Flow, of: fn(&ConcealedSeconds) -> u64, comes: bool) -> Outcome {
    let Some(seconds) = &flow.concealed else {
        let uncounted = comes && flow.looks > 1;
        let cause = if uncounted { Cause::NotAsked } else { Cause::NoPackets };
        return without(cause, uncounted.then_some(RemarkCode::NodeDoesNotCount.into()));
    };
    let n = seconds.unimpaired + seconds.concealed;
    if n == 0 {
        return without(Cause::NoPackets, None);
    }
    let value = Some(of(seconds) as f64 / n as f64);
    Outcome::Measured(Box::new(Measured { value, ..Measured::new(n, Method::Rfc7294, BY) }))
}

/// What the node rates the sound of the whole lesson.
fn rating(sound: Option<&ReceivedTrack>, whole: &Remark) -> Outcome {
    let Some(track) = sound else { return without(Cause::NoPackets, None) };
    let Some(sound) = &track.sound else {
        return without(Cause::NotAsked, Some(RemarkCode::NodeDoesNotCount.into()));
    };
    let (of_hundred, bound) = match &sound.rating {
        SpeechRating::Fullband { of_hundred, bound } => (*of_hundred, *bound),
        SpeechRating::Muted => return without(Cause::MicrophoneMuted, None),
        SpeechRating::Unrated(why) => return without(Cause::NoPublishedValue, Some(why.as_str().into())),
    };
    let kbps = format!("{:.1}", sound.bitrate_bps.unwrap_or(0.0) / 1e3);
    let by_node = Remark::of(RemarkCode::RatedByNode).with("kbps", kbps);
    let beyond = bound.then_some(RemarkCode::BeyondTable.into());
    let said = [by_node, RemarkCode::EchoNotCharged.into(), whole.clone()];
    let n = sound.seconds.unimpaired + sound.seconds.concealed;
    Outcome::Measured(Box::new(Measured {
        value: Some(of_hundred),
        reference: said.into_iter().chain(beyond).collect(),
        ..Measured::new(n.max(1), Method::EModelFb, BY)
    }))
}

fn freezes(flow: &Flow) -> Option<Measured> {
    (flow.frames > 0 && flow.seconds > 0.0).then(|| Measured {
        value: Some((flow.freeze_ms / 1e3 / flow.seconds).min(1.0)),
        over_time: flow.freeze_over_time.clone(),
        ..Measured::new(flow.seconds as u64, Method::WebrtcStats, BY)
    })
}

fn fps(flow: &Flow) -> Option<Measured> {
    let seconds = flow.seconds;
    (flow.frames > 0 && seconds > 0.0).then(|| count(flow.frames, flow.frames as f64 / seconds))
}

fn count(n: u64, value: f64) -> Measured {
    Measured { value: Some(value), ..Measured::new(n, Method::ReceiverCount, BY) }
}

fn cpu(flow: &Flow) -> Option<Measured> {
    let n = flow.seconds as u64;
    (n > 0 && flow.cpu_seconds > 0.0).then(|| Measured {
        value: Some(flow.cpu_seconds / flow.seconds),
        ..Measured::new(n, Method::DeviceProbe, BY)
    })
}
