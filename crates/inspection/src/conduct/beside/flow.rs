//! What came from one school, by the counters of the other: the difference from look to look.

use crate::facts::Point;
use tongke_protocol::facts::{ConcealedSeconds, NodeFacts, ReceivedTrack};
use tongke_protocol::{ParticipantId, TrackKind};

/// Most points of a plot.
const POINTS: usize = 720;

/// What was counted while somebody looked on.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// How often the facts were looked at.
    pub looks: u64,
    before: Option<NodeFacts>,
    /// Between the first look and the last, in seconds of the node.
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub packets: u64,
    pub lost: u64,
    /// Seconds of sound, by how much of them was invented; none: the node does not count them.
    pub concealed: Option<ConcealedSeconds>,
    pub frames: u64,
    pub freezes: u64,
    pub freeze_ms: f64,
    /// Share of the sound's packets that were missing after repair, look by look.
    pub loss_over_time: Vec<Point>,
    /// Share of the time in which the picture stood still.
    pub freeze_over_time: Vec<Point>,
}

/// A track of one participant.
pub(super) fn track<'a>(
    facts: &'a NodeFacts,
    from: &ParticipantId,
    kind: TrackKind,
) -> Option<&'a ReceivedTrack> {
    facts.received.iter().find(|track| track.from == *from && track.track == kind)
}

/// A counter's growth; one that is smaller than before began anew.
fn grown(before: u64, now: u64) -> u64 {
    now.checked_sub(before).unwrap_or(now)
}

impl Flow {
    /// Looks at a node's facts about what comes from `other`.
    pub(super) fn look(&mut self, at_s: f64, facts: &NodeFacts, other: &ParticipantId) {
        self.looks += 1;
        let Some(before) = self.before.replace(facts.clone()) else { return };
        let began_anew = facts.seconds < before.seconds;
        let since = |now: f64, before: f64| if began_anew { now } else { (now - before).max(0.0) };
        let seconds = since(facts.seconds, before.seconds);
        self.seconds += seconds;
        if let Some((now, was)) = facts.cpu_seconds.zip(before.cpu_seconds) {
            self.cpu_seconds += since(now, was);
        }
        let both = |kind| Some((track(&before, other, kind), track(facts, other, kind)?));
        if let Some((was, now)) = both(TrackKind::Microphone) {
            let packets = grown(was.map_or(0, |it| it.packets), now.packets);
            let lost = grown(was.map_or(0, |it| it.lost_after_repair), now.lost_after_repair);
            (self.packets, self.lost) = (self.packets + packets, self.lost + lost);
            if let Some(sound) = &now.sound {
                let was = was.and_then(|it| it.sound.as_ref()).map(|it| it.seconds).unwrap_or_default();
                self.add_concealed(was, sound.seconds);
            }
            if packets + lost > 0 {
                add(&mut self.loss_over_time, at_s, lost as f64 / (packets + lost) as f64);
            }
        }
        if let Some((was, now)) = both(TrackKind::Camera) {
            self.frames += grown(was.map_or(0, |it| it.frames_decoded), now.frames_decoded);
            self.freezes += grown(was.map_or(0, |it| it.freezes), now.freezes);
            let was_ms = was.map_or(0.0, |it| it.freeze_ms);
            let frozen_ms = if now.freeze_ms < was_ms { now.freeze_ms } else { now.freeze_ms - was_ms };
            self.freeze_ms += frozen_ms;
            if seconds > 0.0 {
                add(&mut self.freeze_over_time, at_s, (frozen_ms / 1e3 / seconds).min(1.0));
            }
        }
    }

    fn add_concealed(&mut self, was: ConcealedSeconds, now: ConcealedSeconds) {
        let seconds = self.concealed.get_or_insert_default();
        seconds.unimpaired += grown(was.unimpaired, now.unimpaired);
        seconds.concealed += grown(was.concealed, now.concealed);
        seconds.severely_concealed += grown(was.severely_concealed, now.severely_concealed);
    }
}

fn add(points: &mut Vec<Point>, at_s: f64, value: f64) {
    if points.len() < POINTS {
        points.push(Point { at_s, value, low: None, high: None });
    }
}
