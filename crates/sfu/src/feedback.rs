//! RTCP that comes in: what publishers report, what receivers ask for.

use crate::forward::answer;
use crate::room::{Room, Turn};
use crate::stats::DropReason;
use std::time::{Duration, Instant};
use tongke_transport::rtp::rtcp::{self, ReportBlock, Rtcp, SenderInfo};

impl Room {
    /// Takes a plain compound RTCP packet of a leg.
    pub fn on_rtcp(&mut self, turn: &mut Turn<'_>, key: u64, bytes: &[u8]) {
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
                    lost.iter().for_each(|sequence| self.on_nack(turn, key, media_ssrc, sequence));
                }
                Ok(Rtcp::Pli { media_ssrc, .. }) => self.on_keyframe_request(turn, key, media_ssrc),
                Ok(Rtcp::Fir { requests, .. }) => {
                    requests.iter().for_each(|(ssrc, _)| self.on_keyframe_request(turn, key, ssrc));
                }
                Ok(Rtcp::TransportCc(feedback)) => {
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
        let track = leg.incoming.section_of(info.ssrc).and_then(|section| section.track);
        let Some(track) = track.and_then(|track| self.tracks.get_mut(track)) else { return };
        let layer = track.encodings.iter().position(|encoding| encoding.ssrc == info.ssrc);
        let Some(layer) = layer.filter(|_| info.ntp.0 != 0) else { return };
        leg.clock.note(turn.now, info.ntp);
        let encoding = &mut track.encodings[layer];
        let is_first = encoding.sender_info.is_none();
        encoding.on_sender_report(turn.now, info.ntp, info.rtp_timestamp);
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

    /// A receiver lacks a packet.
    fn on_nack(&mut self, turn: &mut Turn<'_>, key: u64, media_ssrc: u32, sequence: u16) {
        let Some(leg) = turn.legs.get_mut(key) else { return };
        let Some(slot) = leg.slot_of(media_ssrc) else {
            return self.counters.drop(DropReason::UnknownStream);
        };
        let track = leg.slots[slot].source.and_then(|source| self.tracks.get(source));
        let (Some(track), Some(mut receiver)) = (track, leg.receiver(slot)) else {
            return self.counters.drop(DropReason::NotInRing);
        };
        answer(turn.now, track, sequence, &mut receiver, turn.out, &mut self.counters);
    }

    /// A receiver cannot decode on. If a keyframe is on its way to it, it needs no other.
    fn on_keyframe_request(&mut self, turn: &mut Turn<'_>, key: u64, media_ssrc: u32) {
        self.counters.keyframe_requests_received += 1;
        let Some(leg) = turn.legs.get(key) else { return };
        let Some(slot) = leg.slot_of(media_ssrc) else {
            return self.counters.drop(DropReason::UnknownStream);
        };
        let round_trip = leg.wire.rtt_or_guess().clamp(Duration::from_millis(20), Duration::from_millis(500));
        let subscription = &leg.streams[slot].subscription;
        let is_fresh = subscription.has_fresh_keyframe(turn.now.instant, round_trip);
        let Some(source) = leg.slots[slot].source.filter(|_| !is_fresh) else { return };
        if let Some(layer) = subscription.layer().or(subscription.target) {
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
