//! What both ends tell each other about the media: requests, reports.

use super::{ClientLeg, FIRST_REPORT, LegEvent};
use crate::quic::framing::write_datagram;
use crate::rtp::report::round_trip;
use crate::rtp::rtcp::{self, LostList, ReportBlock, ReportBlocks, Rtcp, SenderInfo};
use rand::Rng;
use std::time::{Duration, Instant};
use tongke_protocol::Now;
use tongke_protocol::control::RTCP_FLOW;

/// Longest RTCP datagram, in bytes: fits where QUIC has found no more than its least packet size.
pub(super) const MAX_RTCP: usize = 1100;
/// Numbers in one NACK, so that it stays below [`MAX_RTCP`] even when no two share a pair.
const NACK_BATCH: usize = 200;
/// Report blocks in one receiver report.
const REPORT_BATCH: usize = 31;
/// Between reports, once the session is some seconds old; ±25 %.
const REPORT_INTERVAL: Duration = Duration::from_millis(1000);

impl ClientLeg {
    /// Takes a compound from the relay.
    pub(super) fn handle_rtcp(&mut self, now: Now, compound: &[u8]) {
        for packet in rtcp::read(compound) {
            match packet {
                Ok(Rtcp::SenderReport { info, reports }) => {
                    self.handle_reports(now, reports);
                    self.handle_sender_report(now, &info);
                }
                Ok(Rtcp::ReceiverReport { reports, .. }) => self.handle_reports(now, reports),
                Ok(Rtcp::Nack { media_ssrc, lost, .. }) => self.handle_nack(now, media_ssrc, &lost),
                Ok(Rtcp::Pli { media_ssrc, .. }) => self.handle_keyframe_request(media_ssrc, None),
                Ok(Rtcp::Fir { requests, .. }) => requests
                    .iter()
                    .for_each(|(ssrc, number)| self.handle_keyframe_request(ssrc, Some(number))),
                // Who left is told on the control stream; the rest is not for us.
                Ok(Rtcp::Goodbye { .. } | Rtcp::TransportCc(_) | Rtcp::Remb { .. } | Rtcp::Other { .. }) => {}
                Err(_) => self.malformed += 1,
            }
        }
    }

    fn handle_sender_report(&mut self, now: Now, info: &SenderInfo) {
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.slot.ssrc == info.ssrc) else {
            self.unknown += 1;
            return;
        };
        slot.reception.on_sender_report(now.instant, info.ntp);
        let first = !std::mem::replace(&mut slot.sender_report_seen, true);
        let slot = slot.slot.slot;
        self.event(LegEvent::SenderClock { slot, ntp: info.ntp, rtp_timestamp: info.rtp_timestamp });
        if first {
            let soon = now.instant + FIRST_REPORT;
            self.next_report = Some(self.next_report.map_or(soon, |at| at.min(soon)));
        }
    }

    fn handle_reports(&mut self, now: Now, blocks: ReportBlocks<'_>) {
        for block in blocks.iter() {
            let Some(publisher) = self.publishers.iter().find(|p| p.track.ssrc == block.ssrc) else {
                self.unknown += 1;
                continue;
            };
            let track = publisher.track.kind;
            let rtt = round_trip(now.wall.into(), &block);
            if let Some(rtt) = rtt {
                self.note_rtt(rtt);
            }
            self.event(LegEvent::LossReport {
                track,
                fraction_lost: f32::from(block.fraction_lost) / 256.0,
                jitter: block.jitter,
                rtt,
            });
        }
    }

    fn note_rtt(&mut self, rtt: Duration) {
        self.rtt = Some(self.rtt.map_or(rtt, |smoothed| (smoothed * 7 + rtt) / 8));
        self.slots.iter_mut().for_each(|slot| slot.nack.set_rtt(rtt));
    }

    fn handle_nack(&mut self, now: Now, media_ssrc: u32, lost: &LostList<'_>) {
        let Some(index) = self.publishers.iter().position(|p| p.track.ssrc == media_ssrc) else {
            self.unknown += 1;
            return;
        };
        for sequence in lost.iter() {
            if let Some(datagram) = self.publishers[index].answer(now.instant, sequence) {
                self.transmit(datagram);
            }
        }
    }

    fn handle_keyframe_request(&mut self, media_ssrc: u32, fir: Option<u8>) {
        let Some(publisher) = self.publishers.iter_mut().find(|p| p.track.ssrc == media_ssrc) else {
            self.unknown += 1;
            return;
        };
        // A repeated FIR has the number of the first (RFC 5104 §4.3.1.2).
        if fir.is_some() && std::mem::replace(&mut publisher.last_fir, fir) == fir {
            return;
        }
        publisher.counts.keyframe_requests += 1;
        let track = publisher.track.kind;
        self.event(LegEvent::KeyframeRequest { track });
    }

    /// Requests of all slots that are due: lost packets, keyframes.
    pub(super) fn ask(&mut self, now: Instant) {
        let mut lost = Vec::new();
        for index in 0..self.slots.len() {
            let slot = &mut self.slots[index];
            lost.clear();
            slot.nack.poll(now, &mut lost);
            let keyframe = slot.keyframe_due(now, self.rtt);
            let (ssrc, media_ssrc) = (self.ssrc, slot.slot.ssrc);
            for batch in lost.chunks(NACK_BATCH) {
                self.push_rtcp(|out| rtcp::write_nack(out, ssrc, media_ssrc, batch));
            }
            if keyframe {
                self.push_rtcp(|out| rtcp::write_pli(out, ssrc, media_ssrc));
            }
        }
    }

    /// Sends sender reports of all tracks and a receiver report of all slots.
    pub(super) fn report(&mut self, now: Now) {
        // Denser at first: both ends want to know their round trip.
        let interval = REPORT_INTERVAL / (4 >> self.reports.min(2));
        self.reports = self.reports.saturating_add(1);
        self.next_report = Some(now.instant + interval.mul_f64(self.rng.random_range(0.75..1.25)));
        for index in 0..self.publishers.len() {
            if let Some(info) = self.publishers[index].sender.report(now) {
                self.push_rtcp(|out| rtcp::write_sender_report(out, &info, &[]));
            }
        }
        let blocks: Vec<ReportBlock> =
            self.slots.iter_mut().filter_map(|slot| slot.reception.report(now.instant)).collect();
        let ssrc = self.ssrc;
        for batch in blocks.chunks(REPORT_BATCH) {
            self.push_rtcp(|out| rtcp::write_receiver_report(out, ssrc, batch));
        }
    }

    fn push_rtcp(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.compound.len();
        write(&mut self.compound);
        if before > 0 && self.compound.len() > MAX_RTCP {
            let overflow = self.compound.split_off(before);
            self.flush_rtcp();
            self.compound = overflow;
        }
    }

    /// Sends the RTCP packets gathered so far.
    pub(super) fn flush_rtcp(&mut self) {
        if self.compound.is_empty() {
            return;
        }
        let mut datagram = Vec::with_capacity(self.compound.len() + 1);
        write_datagram(&mut datagram, RTCP_FLOW, &self.compound);
        self.compound.clear();
        self.transmit(datagram.into());
    }
}
