//! What a room sent and played, in stretches of about a minute: cumulative totals go in, facts come out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tongke_protocol::record::{FactKind, GotFrom};
use tongke_protocol::{ParticipantId, WallTime};

/// Ends of the first stretches, after the begin: a node that is killed early leaves something too.
const FIRST_ENDS: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(20)];
/// Time between the ends of all others.
const PERIOD: Duration = Duration::from_secs(60);
/// Longest stretch that is told. Registries do not believe one of more than five minutes, and a machine that
/// stood still for so long does not know either.
const LONGEST: Duration = Duration::from_secs(240);
/// How far a stretch's begin may be from the end of the one before and be the same moment: in between, the
/// relay's clock was measured better.
const SAME_MOMENT_US: u64 = 1_000_000;

/// What was sent and played since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Time of sound sent.
    pub sent_sound: Duration,
    /// Time for which pictures were sent.
    pub sent_pictures: Duration,
    /// What was played, by whom it came from.
    pub got: BTreeMap<ParticipantId, Played>,
}

/// What was played of one participant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Played {
    /// Time of its sound, without what was invented.
    pub sound: Duration,
    /// Time for which its pictures moved.
    pub pictures: Duration,
}

/// Cuts the totals into stretches, each with the next number.
#[derive(Debug)]
pub(crate) struct FlowBook {
    participant: ParticipantId,
    begun: Instant,
    /// Begin of the stretch that runs.
    from: Instant,
    /// The same moment as it was told.
    told_us: Option<u64>,
    before: Totals,
    seq: u64,
}

impl FlowBook {
    /// Begins now; what was before does not count.
    pub(crate) fn begin(participant: ParticipantId, now: Instant, totals: Totals) -> Self {
        Self { participant, begun: now, from: now, told_us: None, before: totals, seq: 0 }
    }

    /// When the stretch that runs is to end.
    pub(crate) fn due(&self) -> Instant {
        let age = self.from.saturating_duration_since(self.begun);
        let first = FIRST_ENDS.into_iter().find(|end| age < *end);
        let periods = u32::try_from(age.as_secs() / PERIOD.as_secs()).unwrap_or(u32::MAX);
        self.begun + first.unwrap_or_else(|| PERIOD.saturating_mul(periods.saturating_add(1)))
    }

    /// Ends the stretch that runs; the next begins. `on_relay` tells a moment on the relay's clock. None: it has no
    /// length.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        totals: Totals,
        on_relay: impl Fn(Instant) -> WallTime,
    ) -> Option<FactKind> {
        let mut length = now.saturating_duration_since(self.from);
        if length.as_millis() == 0 {
            return None;
        }
        if length > LONGEST {
            // The number that is left out stands for what nobody knows of.
            self.seq += 1;
            (self.from, self.told_us, length) = (now - LONGEST, None, LONGEST);
        }
        let from_us = on_relay(self.from).as_unix_us();
        let from_us = self.told_us.filter(|told| told.abs_diff(from_us) <= SAME_MOMENT_US).unwrap_or(from_us);
        let until_us = on_relay(now).as_unix_us().max(from_us);
        let before = std::mem::replace(&mut self.before, totals);
        let ms = |now: Duration, before: Duration| now.saturating_sub(before).min(length).as_millis() as u64;
        let got = self.before.got.iter().filter_map(|(participant, now)| {
            let before = before.got.get(participant).copied().unwrap_or_default();
            let (audio_ms, video_ms) = (ms(now.sound, before.sound), ms(now.pictures, before.pictures));
            let participant = participant.clone();
            (audio_ms + video_ms > 0).then_some(GotFrom { participant, audio_ms, video_ms })
        });
        let flow = FactKind::Flow {
            participant: self.participant.clone(),
            seq: self.seq,
            from_us,
            until_us,
            sent_audio_ms: ms(self.before.sent_sound, before.sent_sound),
            sent_video_ms: ms(self.before.sent_pictures, before.sent_pictures),
            got: got.collect(),
        };
        (self.from, self.told_us) = (now, Some(until_us));
        self.seq += 1;
        Some(flow)
    }
}

#[cfg(test)]
mod tests;
