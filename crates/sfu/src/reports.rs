//! RTCP that goes out on the clock: sender reports to receivers, receiver reports to publishers.

use crate::clock::PublisherClock;
use crate::encoding::Encoding;
use crate::room::{Room, Turn};
use std::time::Duration;
use tongke_protocol::{NtpTime, WallTime};
use tongke_transport::rtp::rtcp::{
    ReportBlock, SenderInfo, write_cname, write_receiver_report, write_sender_report,
};

/// Time between two reports of a leg.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Age of a publisher's report beyond which nothing is told by it. One that seems older, or is of the future, is of
/// before a step of the publisher's clock, by however many years; the track's next report is in order.
const MAX_SINCE_REPORT_US: u64 = 60_000_000;
/// Sender reports in one compound: with their names they stay below 1 kB.
const REPORTS_PER_COMPOUND: usize = 16;

/// A sender report and whose name goes with it.
struct Report {
    info: SenderInfo,
    owner: u64,
}

impl Room {
    /// What a leg is told at regular times: feedback and reports. Also looks after its encodings.
    pub fn report(&mut self, turn: &mut Turn<'_>, key: u64) {
        self.watch_layers(turn, key);
        let Some(leg) = turn.legs.get_mut(key).filter(|leg| leg.wire.is_ready()) else { return };
        leg.send_feedback(turn.now, turn.out, &mut self.counters);
        if turn.now.instant < leg.next_report {
            return;
        }
        leg.next_report = turn.now.instant + REPORT_INTERVAL;
        self.send_sender_reports(turn, key);
        self.send_receiver_report(turn, key);
    }

    fn send_sender_reports(&mut self, turn: &mut Turn<'_>, key: u64) {
        let slots = turn.legs.get(key).map_or(0, |leg| leg.streams.len());
        let reports: Vec<Report> =
            (0..slots).filter_map(|slot| self.sender_report(turn, key, slot)).collect();
        let Some(leg) = turn.legs.get_mut(key) else { return };
        for compound in reports.chunks(REPORTS_PER_COMPOUND) {
            let sent = leg.wire.send_rtcp(turn.out, |out| {
                for report in compound {
                    write_sender_report(out, &report.info, &[]);
                    write_cname(out, report.info.ssrc, &format!("p{}", report.owner));
                }
            });
            self.counters.bytes_out += sent as u64;
        }
    }

    /// The report on one slot's stream, if its publisher has told how its media time runs.
    fn sender_report(&self, turn: &mut Turn<'_>, key: u64, slot: usize) -> Option<Report> {
        let source = turn.legs.get(key)?.slots.get(slot)?.source?;
        let track = self.tracks.get(source)?;
        let layer = turn.legs.get(key)?.streams.get(slot)?.subscription.layer()?;
        let encoding = track.encodings.get(layer)?;
        let clock = match &self.home {
            Some(home) => home.clock_of(source)?,
            None => &turn.legs.get(track.leg)?.clock,
        };
        let (moment, timestamp) = media_moment(clock, encoding)?;
        let since_us = turn.now.wall.micros_since(moment);
        if since_us.unsigned_abs() > MAX_SINCE_REPORT_US {
            return None;
        }
        let stream = turn.legs.get_mut(key)?.streams.get_mut(slot)?;
        let ticks = since_us * i64::from(track.codec.clock_rate_hz()) / 1_000_000;
        let info = SenderInfo {
            ssrc: stream.subscription.stream.ssrc,
            ntp: NtpTime::from(turn.now.wall),
            rtp_timestamp: stream.subscription.timestamp_of(timestamp)?.wrapping_add(ticks as u32),
            packets: stream.subscription.sent.packets as u32,
            octets: stream.subscription.sent.payload_bytes as u32,
        };
        stream.reports.rotate_right(1);
        stream.reports[0] = Some((info.ntp.middle_32(), turn.now.instant));
        Some(Report { info, owner: track.owner })
    }

    fn send_receiver_report(&mut self, turn: &mut Turn<'_>, key: u64) {
        let Some(leg) = turn.legs.get_mut(key).filter(|leg| leg.publishes()) else { return };
        let mut blocks: Vec<ReportBlock> = Vec::new();
        for key in leg.incoming.sections.iter().filter_map(|section| section.track) {
            let Some(track) = self.tracks.get_mut(key) else { continue };
            let reports = track.encodings.iter_mut().filter_map(|it| it.reception.report(turn.now.instant));
            blocks.extend(reports);
        }
        if blocks.is_empty() {
            return;
        }
        let local = leg.local_ssrc;
        let sent = leg.wire.send_rtcp(turn.out, |out| {
            write_receiver_report(out, local, &blocks);
            write_cname(out, local, "tongke");
        });
        self.counters.bytes_out += sent as u64;
    }
}

/// A moment on the relay's clock and in an encoding's media time, by the publisher's last report.
fn media_moment(clock: &PublisherClock, encoding: &Encoding) -> Option<(WallTime, u32)> {
    let info = encoding.sender_info?;
    Some((clock.to_relay(info.ntp)?, info.timestamp))
}
