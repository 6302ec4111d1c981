//! The sending side of a peer connection.

use super::clock::{Clock, ntp};
use crate::browser::{AUDIO_PAYLOAD_TYPE, Browser, Sources, VIDEO_PAYLOAD_TYPE, extensions};
use crate::ledger::PublisherCounts;
use crate::record::{Record, Sent};
use crate::schedule::{Due, Pace, Schedule, Track};
use crate::stamp::{LAST_OF_PICTURE, Stamp};
use std::net::UdpSocket;
use tongke_transport::rtp::rtcp::{self, Rtcp, SenderInfo};
use tongke_transport::rtp::{AbsCaptureTime, ExtensionMap, Extensions, RtpHeader, SmallId, write_header};

/// Publishers begin on this grid, 3 pictures and 5 packets of sound, so that their phases stay apart.
const GRID_NS: u64 = 100_000_000;
/// Longest payload, and what it is filled with.
const FILL: [u8; 1_200] = [0x55; 1_200];

/// A publisher: what it sends next, and as what.
pub(crate) struct Publisher {
    pub number: u16,
    pub counts: PublisherCounts,
    schedule: Schedule,
    /// When its schedule began; none: it is not connected yet.
    begun_ns: Option<u64>,
    sources: Sources,
    extensions: ExtensionMap,
    mids: [Option<SmallId>; 2],
    first_sequence: u16,
    first_timestamp: u32,
    transport_cc: u16,
    sent: [(u32, u32, u32); 2],
    packet: Vec<u8>,
}

impl Publisher {
    pub(crate) fn new(number: u16, seed: u64, pace: Pace, sources: Sources) -> Self {
        let spread = u64::from(number).wrapping_mul(0x9E37_79B9).wrapping_add(seed);
        Self {
            number,
            counts: PublisherCounts::default(),
            schedule: Schedule::new(u64::from(number), seed, pace),
            begun_ns: None,
            sources,
            extensions: extensions(),
            mids: [SmallId::new("0"), SmallId::new("1")],
            first_sequence: (spread & 0x7FFF) as u16,
            first_timestamp: (spread >> 3) as u32,
            transport_cc: 0,
            sent: [(0, 0, 0); 2],
            packet: Vec::with_capacity(1_500),
        }
    }

    /// Begins, if it has not; says when its next packet is due.
    pub(crate) fn begin(&mut self, clock: &Clock) -> u64 {
        let since = clock.ns().saturating_sub(clock.start_ns());
        let begun = self.begun_ns.get_or_insert(clock.start_ns() + since.next_multiple_of(GRID_NS));
        *begun + self.schedule.peek_ns()
    }

    /// Sends the next packet; says when it was sent and when the one after it is due.
    pub(crate) fn send_next(
        &mut self,
        clock: &Clock,
        browser: &mut Browser,
        socket: &UdpSocket,
        record: &mut Record,
    ) -> (u64, u64) {
        let due = self.schedule.take();
        let header = self.header(&due);
        let extensions = self.extensions_of(&due, clock.ns());
        let mut packet = std::mem::take(&mut self.packet);
        packet.clear();
        write_header(&mut packet, &header, &extensions, &self.extensions);
        let start = packet.len();
        packet.extend_from_slice(&FILL[..due.len.min(FILL.len())]);
        packet[start..start + 2].copy_from_slice(&due.fragment);
        let stamp = Stamp { publisher: self.number, flags: due.flags, index: record.next_index() };
        stamp.write(&mut packet[start..]);
        browser.seal_rtp(&mut packet);
        let at_ns = clock.ns();
        if socket.send(&packet).is_err() {
            self.counts.not_sent += 1;
        }
        self.packet = packet;
        self.note(&due, &header);
        let RtpHeader { timestamp, marker, .. } = header;
        record.push(due.track, Sent { at_ns, timestamp, number: due.number, flags: due.flags, marker });
        (at_ns, self.begun_ns.unwrap_or(at_ns) + self.schedule.peek_ns())
    }

    fn header(&self, due: &Due) -> RtpHeader {
        let is_video = due.track == Track::Video;
        RtpHeader {
            marker: is_video && due.flags & LAST_OF_PICTURE != 0,
            payload_type: if is_video { VIDEO_PAYLOAD_TYPE } else { AUDIO_PAYLOAD_TYPE },
            sequence: self.first_sequence.wrapping_add(due.number as u16),
            timestamp: self.first_timestamp.wrapping_add(due.media_time),
            ssrc: if is_video { self.sources.video } else { self.sources.audio },
            ..RtpHeader::default()
        }
    }

    fn extensions_of(&mut self, due: &Due, now_ns: u64) -> Extensions {
        self.transport_cc = self.transport_cc.wrapping_add(1);
        let capture = AbsCaptureTime { capture: ntp(now_ns), clock_offset: None };
        Extensions {
            transport_cc: Some(self.transport_cc),
            // 6.18 fixed point seconds.
            abs_send_time: Some((ntp(now_ns).0 >> 14) as u32 & 0x00FF_FFFF),
            mid: self.mids[due.track as usize],
            audio_level: (due.track == Track::Audio).then_some(40),
            abs_capture_time: due.has_capture_time.then_some(capture),
            ..Extensions::default()
        }
    }

    fn note(&mut self, due: &Due, header: &RtpHeader) {
        let (packets, octets, timestamp) = &mut self.sent[due.track as usize];
        *packets += 1;
        *octets = octets.wrapping_add(due.len as u32);
        *timestamp = header.timestamp;
    }

    /// Sender reports of both tracks, as browsers send them about once a second.
    pub(crate) fn report(&self, now_ns: u64, browser: &mut Browser) {
        let info = |ssrc, (packets, octets, rtp_timestamp)| SenderInfo {
            ssrc,
            ntp: ntp(now_ns),
            rtp_timestamp,
            packets,
            octets,
        };
        let [video, audio] = self.sent;
        browser.send_reports(&[info(self.sources.video, video), info(self.sources.audio, audio)]);
    }

    /// Takes the target's RTCP.
    pub(crate) fn take_rtcp(&mut self, plain: &[u8]) {
        for packet in rtcp::read(plain).flatten() {
            match packet {
                Rtcp::Pli { .. } | Rtcp::Fir { .. } => {
                    self.counts.keyframe_requests += 1;
                    self.schedule.want_keyframe();
                }
                Rtcp::Nack { lost, .. } => self.counts.nacked += lost.iter().count() as u64,
                _ => {}
            }
        }
    }
}
