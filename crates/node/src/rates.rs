//! What went on in the last second, from cumulative counts.

use crate::receive::{Meters, Source};
use crate::roster::Roster;
use crate::send::SentTotals;
use crate::status::{ReceivedView, SentView};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tongke_protocol::TrackKind;

#[derive(Debug, Clone, Copy, Default)]
struct ReceivedTotals {
    decoded: u64,
    bytes: u64,
    packets: u64,
    lost: u64,
}

/// The counts of a second ago.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    at: Option<Instant>,
    sent: BTreeMap<TrackKind, SentTotals>,
    received: BTreeMap<Source, ReceivedTotals>,
}

impl Rates {
    /// The rates since the last call.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        sent: &[(TrackKind, SentTotals)],
        meters: &Meters,
        roster: &Roster,
    ) -> (Vec<SentView>, Vec<ReceivedView>) {
        let elapsed = self.at.replace(now).map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let per_second = |now: u64, before: u64| match elapsed.as_secs_f64() {
            0.0 => 0.0,
            seconds => now.saturating_sub(before) as f64 / seconds,
        };
        let kbps = |now: u64, before: u64| per_second(now, before) * 8.0 / 1000.0;
        let sent_views = sent
            .iter()
            .map(|&(track, totals)| {
                let before = self.sent.insert(track, totals).unwrap_or_default();
                SentView {
                    track,
                    fps: per_second(totals.frames, before.frames),
                    kbps: kbps(totals.bytes, before.bytes),
                }
            })
            .collect();
        let mut views = Vec::new();
        for (source, meter) in meters.iter() {
            let (totals, resolution, delay_ms) = {
                let received = meter.lock();
                let packets = received.gaps.totals();
                let totals = ReceivedTotals {
                    decoded: received.decoded,
                    bytes: received.bytes,
                    packets: packets.received,
                    lost: packets.missing + packets.recovered,
                };
                (totals, received.resolution, received.recent_delay_ms)
            };
            let before = self.received.insert(source.clone(), totals).unwrap_or_default();
            if totals.packets == before.packets && !roster.has_track(&source.participant, source.track) {
                continue;
            }
            let came = totals.packets - before.packets;
            let lost = totals.lost.saturating_sub(before.lost);
            views.push(ReceivedView {
                name: roster.name(&source.participant).to_owned(),
                track: source.track,
                resolution,
                fps: per_second(totals.decoded, before.decoded),
                kbps: kbps(totals.bytes, before.bytes),
                loss_percent: (came > 0).then(|| lost as f64 * 100.0 / (came + lost) as f64),
                delay_ms,
            });
        }
        (sent_views, views)
    }
}
