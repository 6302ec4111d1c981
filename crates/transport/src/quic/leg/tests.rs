//! Two legs, one publishing and one receiving, over a seeded link in virtual time. The link renames
//! the publisher's flow to the receiver's slot and passes RTCP on: what a relay does at its least.

use super::feedback::MAX_RTCP;
use super::*;
use crate::quic::framing::{write_datagram, write_varint};
use crate::rtp::mutation::storm;
use crate::rtp::rtcp::{self, ReportBlock, Rtcp};
use crate::rtp::{AbsCaptureTime, Extensions, RtpHeader};
use std::collections::BTreeMap;
use tongke_protocol::control::{Codec, publish_flow};
use tongke_protocol::{MediaKind, WallTime};

const MS: Duration = Duration::from_millis(1);
const SSRC: u32 = 77;

fn start() -> Now {
    Now { instant: Instant::now(), wall: WallTime(1_795_000_000_000_000) }
}

fn leg(track: Option<(TrackKind, Codec)>, seed: u64) -> ClientLeg {
    let publish = track.map(|(kind, codec)| PublishTrack { kind, codec, ssrc: SSRC }).into_iter().collect();
    ClientLeg::new(ClientLegConfig { publish, seed, ..Default::default() })
}

fn slot(media: MediaKind) -> QuicSlot {
    QuicSlot { slot: 3, media, ssrc: SSRC }
}

fn packet(timestamp: u32, payload: &'static [u8]) -> RtpPacket {
    RtpPacket {
        header: RtpHeader { timestamp, ..Default::default() },
        payload: Bytes::from_static(payload),
        ..Default::default()
    }
}

/// A way that loses at random and delays by a fixed time and a random one.
struct Link {
    rng: StdRng,
    loss: f64,
    delay: Duration,
    jitter: Duration,
    /// By arrival and order of sending: (to the receiver, datagram).
    flying: BTreeMap<(Instant, u64), (bool, Bytes)>,
    sent: u64,
}

impl Link {
    fn new(seed: u64, loss: f64, delay: Duration, jitter: Duration) -> Link {
        Link { rng: StdRng::seed_from_u64(seed), loss, delay, jitter, flying: BTreeMap::new(), sent: 0 }
    }

    fn take(&mut self, now: Instant, to_receiver: bool, datagram: &Bytes) {
        if self.rng.random_bool(self.loss) {
            return;
        }
        let (flow, packet) = read_datagram(datagram).unwrap();
        let flow = if flow == RTCP_FLOW { RTCP_FLOW } else { FIRST_SLOT_FLOW + 3 };
        let mut renamed = Vec::new();
        write_datagram(&mut renamed, flow, packet);
        let arrival = now + self.delay + self.jitter.mul_f64(self.rng.random_range(0.0..1.0));
        self.sent += 1;
        self.flying.insert((arrival, self.sent), (to_receiver, renamed.into()));
    }
}

/// Both ends and the link between them.
struct Lesson {
    now: Now,
    link: Link,
    publisher: ClientLeg,
    receiver: ClientLeg,
    seen: Vec<(Now, LegEvent)>,
    told: Vec<LegEvent>,
}

impl Lesson {
    fn new(track: TrackKind, codec: Codec, link: Link) -> Lesson {
        let mut receiver = leg(None, 2);
        receiver.set_slots(&[slot(track.media())]);
        Lesson {
            now: start(),
            link,
            publisher: leg(Some((track, codec)), 1),
            receiver,
            seen: Vec::new(),
            told: Vec::new(),
        }
    }

    fn drain(&mut self) {
        while let Some(datagram) = self.publisher.poll_transmit() {
            self.link.take(self.now.instant, true, &datagram);
        }
        while let Some(datagram) = self.receiver.poll_transmit() {
            self.link.take(self.now.instant, false, &datagram);
        }
        self.seen.extend(std::iter::from_fn(|| self.receiver.poll_event()).map(|event| (self.now, event)));
        self.told.extend(std::iter::from_fn(|| self.publisher.poll_event()));
    }

    /// Lets everything happen up to a moment.
    fn run_until(&mut self, end: Instant) {
        loop {
            self.drain();
            let flying = self.link.flying.first_key_value().map(|((at, _), _)| *at);
            let due = [self.publisher.poll_timeout(), self.receiver.poll_timeout(), flying];
            let Some(next) = due.into_iter().flatten().min().filter(|next| *next <= end) else { break };
            self.now = self.now.plus(next.saturating_duration_since(self.now.instant));
            while let Some(first) = self.link.flying.first_entry().filter(|e| e.key().0 <= next) {
                let (to_receiver, datagram) = first.remove();
                let leg = if to_receiver { &mut self.receiver } else { &mut self.publisher };
                leg.handle_datagram(self.now, &datagram);
            }
            self.publisher.handle_timeout(self.now);
            self.receiver.handle_timeout(self.now);
        }
        self.now = self.now.plus(end.saturating_duration_since(self.now.instant));
    }

    /// Sends `count` pictures of nine packets at 30 per second and waits for the last repairs.
    fn send_pictures(&mut self, count: u32) {
        let begin = self.now;
        for picture in 0..count {
            let at = begin.plus(Duration::from_micros(u64::from(picture) * 33_333));
            self.run_until(at.instant);
            for part in 0..9 {
                let mut part_packet = packet(picture * 3000, &[0x41; 1100]);
                part_packet.header.marker = part == 8;
                part_packet.extensions.abs_capture_time =
                    Some(AbsCaptureTime { capture: at.wall.into(), clock_offset: None });
                self.publisher.send(self.now, TrackKind::Camera, part_packet);
            }
        }
        self.run_until(self.now.instant + 1500 * MS);
    }

    /// Time from capture to arrival of each packet.
    fn ways(&self) -> Vec<Duration> {
        let way = |(now, event): &(Now, LegEvent)| match event {
            LegEvent::Rtp { packet, .. } => {
                let capture = WallTime::from(packet.extensions.abs_capture_time?.capture);
                Some(Duration::from_micros(now.wall.micros_since(capture) as u64))
            }
            _ => None,
        };
        self.seen.iter().filter_map(way).collect()
    }
}

#[test]
fn five_percent_loss_at_80_ms_is_repaired_within_half_a_second() {
    for seed in 1..=20 {
        let link = Link::new(seed, 0.05, 40 * MS, Duration::ZERO);
        let mut lesson = Lesson::new(TrackKind::Camera, Codec::H264, link);
        lesson.send_pictures(600);
        let stats = lesson.receiver.stats().slots[0];
        // A first packet that is lost is unknown to the receiver; a keyframe request covers it.
        assert!(stats.expected >= 5390, "seed {seed}: {stats:?}");
        assert_eq!((stats.packets, stats.lost), (stats.expected, 0), "seed {seed}");
        let share = stats.lost_before_repair as f64 / stats.expected as f64;
        assert!((0.035..0.065).contains(&share), "seed {seed}: {share}");
        let mut ways = lesson.ways();
        ways.sort();
        let worst = *ways.last().unwrap();
        let once = ways[ways.len() * 99 / 100];
        assert!(once <= 165 * MS, "seed {seed}: one repair takes {once:?}");
        assert!(worst <= 500 * MS, "seed {seed}: {worst:?}");
        // Each request is for a packet that is really missing; only the few that had to be asked for
        // again may come twice, since those requests go out twice.
        let again = lesson.publisher.stats().published[0].resent;
        assert!(again as f64 <= stats.lost_before_repair as f64 * 1.3, "seed {seed}: {again}");
        assert!(stats.nack.duplicates <= stats.nack.asked / 5, "seed {seed}: {stats:?}");
        let rtt = lesson.receiver.rtt().unwrap();
        assert!(rtt.abs_diff(80 * MS) <= 3 * MS, "seed {seed}: {rtt:?}");
    }
}

#[test]
fn reordering_by_jitter_is_not_taken_for_loss() {
    let link = Link::new(4, 0.0, 40 * MS, 8 * MS);
    let mut lesson = Lesson::new(TrackKind::Camera, Codec::H264, link);
    lesson.send_pictures(600);
    let stats = lesson.receiver.stats().slots[0];
    assert_eq!((stats.packets, stats.lost), (5400, 0));
    assert!(stats.nack.asked < 100, "{:?}", stats.nack);
}

#[test]
fn late_packets_spoil_neither_the_round_trip_nor_the_link() {
    for seed in 1..=5 {
        let link = Link::new(seed, 0.05, 40 * MS, 8 * MS);
        let mut lesson = Lesson::new(TrackKind::Camera, Codec::H264, link);
        lesson.send_pictures(600);
        let stats = lesson.receiver.stats().slots[0];
        assert_eq!((stats.packets, stats.lost), (stats.expected, 0), "seed {seed}");
        let rtt = lesson.receiver.rtt().unwrap();
        assert!((80 * MS..96 * MS).contains(&rtt), "seed {seed}: {rtt:?}");
        let again = lesson.publisher.stats().published[0].resent;
        assert!(again as f64 <= stats.lost_before_repair as f64 * 1.3, "seed {seed}: {again}");
    }
}

#[test]
fn a_clean_link_needs_no_repair_and_no_probe() {
    let link = Link::new(1, 0.0, MS, Duration::ZERO);
    let mut lesson = Lesson::new(TrackKind::Camera, Codec::H264, link);
    lesson.send_pictures(90);
    let stats = lesson.receiver.stats().slots[0];
    assert_eq!((stats.packets, stats.nack.requests, stats.jitter < 90 * 40), (810, 0, true));
    let published = lesson.publisher.stats().published[0];
    assert_eq!((published.packets, published.resent), (810, 0));
    assert_eq!(published.tail_probes, 2, "only after the last picture");
    assert_eq!(lesson.publisher.stats().malformed + lesson.receiver.stats().malformed, 0);
}

#[test]
fn a_lost_last_packet_of_a_slide_is_noticed_without_a_next_one() {
    let mut lesson = Lesson::new(TrackKind::Camera, Codec::H264, Link::new(1, 0.0, 40 * MS, Duration::ZERO));
    lesson.publisher.send(lesson.now, TrackKind::Camera, packet(0, &[0x65, 1]));
    lesson.drain();
    lesson.link.loss = 1.0;
    lesson.publisher.send(lesson.now, TrackKind::Camera, packet(0, &[0x65, 2]));
    lesson.drain();
    lesson.link.loss = 0.0;
    lesson.run_until(lesson.now.instant + 100 * MS);
    assert_eq!(lesson.receiver.stats().slots[0].packets, 2);
}

#[test]
fn reports_come_early_then_each_second_and_tell_loss_before_repair() {
    let link = Link::new(9, 0.05, 40 * MS, Duration::ZERO);
    let mut lesson = Lesson::new(TrackKind::Camera, Codec::H264, link);
    lesson.send_pictures(300);
    let reports: Vec<_> = lesson
        .told
        .iter()
        .filter_map(|event| match event {
            LegEvent::LossReport { track: TrackKind::Camera, fraction_lost, rtt, .. } => {
                Some((*fraction_lost, *rtt))
            }
            _ => None,
        })
        .collect();
    assert!((9..=18).contains(&reports.len()), "{}", reports.len());
    let mean = reports.iter().map(|(lost, _)| lost).sum::<f32>() / reports.len() as f32;
    assert!((0.02..0.08).contains(&mean), "{mean}");
    assert!(reports.iter().any(|(_, rtt)| rtt.is_some_and(|rtt| rtt.abs_diff(80 * MS) < MS)));
    let clock = lesson.seen.iter().find(|(_, event)| matches!(event, LegEvent::SenderClock { slot: 3, .. }));
    let first_clock = clock.unwrap().0.instant;
    assert!(first_clock - lesson.seen[0].0.instant <= 500 * MS);
}

#[test]
fn a_keyframe_is_asked_for_until_it_comes_and_not_after() {
    let mut lesson = Lesson::new(TrackKind::Camera, Codec::H264, Link::new(1, 1.0, 20 * MS, Duration::ZERO));
    lesson.receiver.request_keyframe(lesson.now, 3);
    lesson.run_until(lesson.now.instant + 450 * MS);
    lesson.link.loss = 0.0;
    lesson.receiver.request_keyframe(lesson.now, 3);
    lesson.run_until(lesson.now.instant + 200 * MS);
    assert_eq!(lesson.told, [LegEvent::KeyframeRequest { track: TrackKind::Camera }]);
    assert_eq!(lesson.receiver.stats().slots[0].keyframe_requests, 4, "at 0, 200, 400, 600 ms");
    lesson.publisher.send(lesson.now, TrackKind::Camera, packet(0, &[0x65, 1]));
    lesson.run_until(lesson.now.instant + 900 * MS);
    assert_eq!(lesson.receiver.stats().slots[0].keyframe_requests, 4);
    lesson.receiver.request_keyframe(lesson.now, 9);
    lesson.run_until(lesson.now.instant + 900 * MS);
    assert_eq!(lesson.told.len(), 1 + lesson.told[1..].iter().filter(|e| !is_request(e)).count());
}

fn is_request(event: &LegEvent) -> bool {
    matches!(event, LegEvent::KeyframeRequest { .. })
}

#[test]
fn a_repeated_fir_is_one_request() {
    let mut leg = leg(Some((TrackKind::Screen, Codec::Vp8)), 1);
    for number in [1, 1, 2] {
        let mut packet = Vec::new();
        rtcp::write_fir(&mut packet, 9, SSRC, number);
        let mut datagram = Vec::new();
        write_datagram(&mut datagram, RTCP_FLOW, &packet);
        leg.handle_datagram(start(), &datagram.into());
    }
    assert_eq!(std::iter::from_fn(|| leg.poll_event()).count(), 2);
}

#[test]
fn packets_are_numbered_and_typed_by_the_leg_and_repeated_unchanged() {
    let mut leg = leg(Some((TrackKind::Microphone, Codec::Opus)), 5);
    let now = start();
    leg.send(now, TrackKind::Microphone, packet(960, b"one"));
    leg.send(now, TrackKind::Microphone, packet(1920, b"two"));
    leg.send(now, TrackKind::Camera, packet(0, b"not published"));
    let sent: Vec<Bytes> = std::iter::from_fn(|| leg.poll_transmit()).collect();
    assert_eq!((sent.len(), leg.stats().unknown), (2, 1));
    let headers: Vec<RtpHeader> = sent
        .iter()
        .map(|datagram| {
            let (flow, packet) = read_datagram(datagram).unwrap();
            assert_eq!(flow, publish_flow(TrackKind::Microphone));
            RtpPacket::parse(&Bytes::copy_from_slice(packet), &ExtensionMap::quic()).unwrap().header
        })
        .collect();
    assert_eq!((headers[0].ssrc, headers[0].payload_type), (SSRC, 111));
    assert_eq!(headers[1].sequence, headers[0].sequence + 1);
    let mut nack = vec![0];
    rtcp::write_nack(&mut nack, 9, SSRC, &[headers[0].sequence, headers[1].sequence.wrapping_add(5)]);
    leg.handle_datagram(now.plus(50 * MS), &nack.into());
    assert_eq!(leg.poll_transmit().as_ref(), Some(&sent[0]));
    assert_eq!(leg.poll_transmit(), None);
}

#[test]
fn foreign_flows_and_sources_are_counted_and_never_handed_on() {
    let mut leg = leg(None, 1);
    leg.set_slots(&[slot(MediaKind::Video)]);
    for (flow, ssrc) in [(5, SSRC), (FIRST_SLOT_FLOW + 4, SSRC), (FIRST_SLOT_FLOW + 3, 1), (1 << 40, SSRC)] {
        let mut datagram = Vec::new();
        write_varint(&mut datagram, flow);
        let mut foreign = packet(0, b"x");
        foreign.header.ssrc = ssrc;
        foreign.write(&mut datagram, &ExtensionMap::quic());
        leg.handle_datagram(start(), &datagram.into());
    }
    assert_eq!((leg.stats().unknown, leg.poll_event()), (4, None));
}

#[test]
fn slots_that_stay_keep_their_numbers() {
    let mut leg = leg(None, 1);
    leg.set_slots(&[slot(MediaKind::Video)]);
    let mut datagram = vec![16 + 3];
    let mut first = packet(0, b"x");
    first.header.ssrc = SSRC;
    first.write(&mut datagram, &ExtensionMap::quic());
    let datagram = Bytes::from(datagram);
    leg.handle_datagram(start(), &datagram);
    leg.set_slots(&[QuicSlot { slot: 4, ..slot(MediaKind::Video) }, slot(MediaKind::Video)]);
    leg.handle_datagram(start(), &datagram);
    assert_eq!(leg.stats().slots[1].nack.duplicates, 1);
}

#[test]
fn queues_nobody_drains_stay_bounded() {
    let mut leg = leg(Some((TrackKind::Camera, Codec::H264)), 1);
    let now = start();
    (0..5000).for_each(|i| leg.send(now, TrackKind::Camera, packet(i, b"x")));
    assert_eq!(leg.stats().transmits_dropped, 5000 - 4096);
    let mut pli = vec![0];
    rtcp::write_pli(&mut pli, 9, SSRC);
    let pli = Bytes::from(pli);
    (0..9000).for_each(|_| leg.handle_datagram(now, &pli));
    assert_eq!(leg.stats().events_dropped, 9000 - 8192);
}

#[test]
fn many_slots_report_in_datagrams_that_fit() {
    let mut leg = leg(None, 1);
    let slots: Vec<QuicSlot> =
        (0..64).map(|slot| QuicSlot { slot, media: MediaKind::Video, ssrc: u32::from(slot) + 1 }).collect();
    leg.set_slots(&slots);
    let now = start();
    for slot in &slots {
        for sequence in (0..400).step_by(2) {
            let mut datagram = Vec::new();
            write_varint(&mut datagram, FIRST_SLOT_FLOW + u64::from(slot.slot));
            let header = RtpHeader { ssrc: slot.ssrc, sequence, ..Default::default() };
            RtpPacket { header, extensions: Extensions::default(), payload: Bytes::from_static(b"x") }
                .write(&mut datagram, &ExtensionMap::quic());
            leg.handle_datagram(now, &datagram.into());
        }
    }
    leg.handle_timeout(now.plus(25 * MS));
    let sent: Vec<Bytes> = std::iter::from_fn(|| leg.poll_transmit()).collect();
    assert!(sent.iter().all(|datagram| datagram.len() <= MAX_RTCP + 1));
    let (mut blocks, mut asked) = (0, 0);
    for packet in sent.iter().flat_map(|datagram| rtcp::read(&datagram[1..])) {
        match packet.unwrap() {
            Rtcp::ReceiverReport { reports, .. } => blocks += reports.iter().count(),
            Rtcp::Nack { lost, .. } => asked += lost.iter().count(),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((blocks, asked), (64, 64 * 199));
}

#[test]
fn mutated_datagrams_never_panic() {
    let now = start();
    let mut source = leg(Some((TrackKind::Camera, Codec::H264)), 1);
    source.send(now, TrackKind::Camera, packet(5, &[0x65, 1, 2]));
    source.handle_timeout(now.plus(30 * MS));
    let mut samples: Vec<Vec<u8>> =
        std::iter::from_fn(|| source.poll_transmit()).map(|datagram| datagram.to_vec()).collect();
    samples[0][0] = (FIRST_SLOT_FLOW + 3) as u8;
    let mut asked = vec![0];
    rtcp::write_nack(&mut asked, 1, SSRC, &[1, 2, 3]);
    rtcp::write_fir(&mut asked, 1, SSRC, 3);
    rtcp::write_receiver_report(&mut asked, 1, &[ReportBlock { ssrc: SSRC, ..Default::default() }]);
    samples.push(asked);
    source.set_slots(&[slot(MediaKind::Video)]);
    let mut elapsed = 0;
    storm(&samples, |bytes| {
        elapsed += 1;
        let at = now.plus(elapsed * MS);
        source.handle_datagram(at, &Bytes::copy_from_slice(bytes));
        source.handle_timeout(at);
        while source.poll_transmit().is_some() {}
        while source.poll_event().is_some() {}
    });
    assert!(source.stats().malformed > 1000);
}
