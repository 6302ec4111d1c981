//! RTCP that comes in: what publishers report, what receivers ask for.

use crate::encoding::SenderInfo as SenderTime;
use crate::forward::answer;
use crate::room::{Room, Turn};
use crate::stats::DropReason;
use std::time::{Duration, Instant};
use tongke_transport::rtp::rtcp::{self, ReportBlock, Rtcp, SenderInfo};

/// Keyframes that one receiver may ask for in a row, before it has to wait a second for each: one that never
/// decodes anything must not turn everybody's picture into keyframes.
pub(crate) const KEYFRAMES_IN_A_ROW: u64 = 4;
/// What a request for a keyframe costs: a second.
pub(crate) const KEYFRAME_REQUEST_NS: u64 = 1_000_000_000;
/// Transport-wide feedbacks read of one compound. Each may claim 65,535 packets in 36 bytes; one tells of all
/// that came lately, and no receiver puts more than a few together.
const MAX_FEEDBACKS: usize = 4;

impl Room {
    /// Takes a plain compound RTCP packet of a leg.
    pub fn on_rtcp(&mut self, turn: &mut Turn<'_>, key: u64, bytes: &[u8]) {
        let now = turn.now.instant;
        if !self.police(turn, key, |policer| policer.take_rtcp(now, bytes.len())) {
            return;
        }
        let mut feedbacks = 0;
        for packet in rtcp::read(bytes) {
            match packet {
                Err(_) => self.counters.drop(DropReason::MalformedRtcp),
                Ok(Rtcp::SenderReport { info, reports }) => {
                    self.on_sender_report(turn, key, &info);
                    reports.iter().for_each(|block| on_report(turn, key, &block));
                }
                Ok(Rtcp::ReceiverReport { reports, .. }) => {
                    reports.iter().for_each(|block| on_report(turn, key, &block));
                }
                Ok(Rtcp::Nack { media_ssrc, lost, .. }) => {
                    self.on_nack(turn, key, media_ssrc, lost.iter());
                }
                Ok(Rtcp::Pli { media_ssrc, .. }) => self.on_keyframe_request(turn, key, media_ssrc),
                Ok(Rtcp::Fir { requests, .. }) => {
                    requests.iter().for_each(|(ssrc, _)| self.on_keyframe_request(turn, key, ssrc));
                }
                Ok(Rtcp::TransportCc(_)) if feedbacks == MAX_FEEDBACKS => {
                    self.counters.drop(DropReason::Policed);
                }
                Ok(Rtcp::TransportCc(feedback)) => {
                    feedbacks += 1;
                    if let Some(leg) = turn.legs.get_mut(key) {
                        let losses = &mut self.counters.reported_lost;
                        leg.wire.send_log.on_feedback(turn.now.instant, &feedback, |outcome| {
                            *losses += u64::from(outcome.arrival_us.is_none());
                        });
                    }
                }
                // A publisher's goodbye is no end: its leg's end is. SDES and REMB say nothing new.
                Ok(Rtcp::Goodbye { .. } | Rtcp::Remb { .. } | Rtcp::Other { .. }) => {}
            }
        }
    }

    fn on_sender_report(&mut self, turn: &mut Turn<'_>, key: u64, info: &SenderInfo) {
        let Some(leg) = turn.legs.get_mut(key) else { return };
        let key = leg.incoming.section_of(info.ssrc).and_then(|section| section.track);
        let Some((key, track)) = key.and_then(|key| Some((key, self.tracks.get_mut(key)?))) else { return };
        let layer = track.encodings.iter().position(|encoding| encoding.ssrc == info.ssrc);
        let Some(layer) = layer.filter(|_| info.ntp.0 != 0) else { return };
        leg.clock.note(turn.now, info.ntp);
        let clock = leg.clock.clone();
        track.encodings[layer].reception.on_sender_report(turn.now.instant, info.ntp);
        let info = SenderTime { ntp: info.ntp, timestamp: info.rtp_timestamp };
        self.note_report(turn, key, layer, info);
        self.branches.report(turn.out, (key, layer), info, &clock);
    }

    /// Notes how an encoding's media time runs by its publisher's clock.
    pub fn note_report(&mut self, turn: &mut Turn<'_>, key: u64, layer: usize, info: SenderTime) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        let Some(encoding) = track.encodings.get_mut(layer) else { return };
        let is_first = encoding.sender_info.replace(info).is_none();
        track.set_clock(layer);
        if is_first {
            // Receivers can bring sound and picture together only from now on: tell them soon.
            for (leg, _) in &track.subscribers {
                if let Some(leg) = turn.legs.get_mut(*leg) {
                    leg.next_report = turn.now.instant;
                }
            }
        }
    }

    /// A receiver lacks packets. Each number that it asks for costs credit, sent again or not: a list names
    /// thousands in a datagram, and what is beyond the credit is not even looked up.
    fn on_nack(&mut self, turn: &mut Turn<'_>, key: u64, media_ssrc: u32, lost: impl Iterator<Item = u16>) {
        let Some(leg) = turn.legs.get_mut(key) else { return };
        let Some(slot) = leg.slot_of(media_ssrc) else {
            return self.counters.drop(DropReason::UnknownStream);
        };
        let track = leg.slots[slot].source.and_then(|source| self.tracks.get(source));
        let (Some(track), Some(mut receiver)) = (track, leg.receiver(slot)) else {
            return self.counters.drop(DropReason::NotInRing);
        };
        for sequence in lost {
            if !receiver.subscription.take_repeat_credit() {
                return self.counters.drop(DropReason::AskedTooOften);
            }
            answer(turn.now, track, sequence, &mut receiver, turn.out, &mut self.counters);
        }
    }

    /// A receiver cannot decode on. If a keyframe is on its way to it, it needs no other.
    fn on_keyframe_request(&mut self, turn: &mut Turn<'_>, key: u64, media_ssrc: u32) {
        self.counters.keyframe_requests_received += 1;
        let Some(leg) = turn.legs.get_mut(key) else { return };
        let Some(slot) = leg.slot_of(media_ssrc) else {
            return self.counters.drop(DropReason::UnknownStream);
        };
        let round_trip = leg.wire.rtt_or_guess().clamp(Duration::from_millis(20), Duration::from_millis(500));
        let subscription = &leg.streams[slot].subscription;
        let is_fresh = subscription.has_fresh_keyframe(turn.now.instant, round_trip);
        let Some(source) = leg.slots[slot].source.filter(|_| !is_fresh) else { return };
        let Some(layer) = subscription.layer().or(subscription.target) else { return };
        if leg.streams[slot].keyframe_requests.take(turn.now.instant, KEYFRAME_REQUEST_NS) {
            self.want_keyframe(turn, source, layer);
        }
    }
}

/// What a receiver hears of one of our streams: its round trip.
fn on_report(turn: &mut Turn<'_>, key: u64, block: &ReportBlock) {
    let Some(leg) = turn.legs.get_mut(key) else { return };
    let Some(slot) = leg.slot_of(block.ssrc) else { return };
    if let Some(sample) = round_trip(turn.now.instant, &leg.streams[slot].reports, block) {
        leg.wire.rtt = Some(leg.wire.rtt.map_or(sample, |rtt| (rtt * 7 + sample) / 8));
    }
}

/// RFC 3550 §6.4.1, by our own note of when the report left: no clock comes into it.
fn round_trip(now: Instant, sent: &[Option<(u32, Instant)>], block: &ReportBlock) -> Option<Duration> {
    let (_, at) = sent.iter().flatten().find(|(middle, _)| *middle == block.last_sr)?;
    let held = Duration::from_nanos((u64::from(block.delay_since_last_sr) * 1_000_000_000) >> 16);
    now.saturating_duration_since(*at).checked_sub(held)
}
