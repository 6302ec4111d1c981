//! What it does to a slow line that packets wait at the relay and then leave in one burst.
//!
//! A study of rules, not of the relay as it is: how long a packet in the middle of a picture may wait, and how
//! many may leave together, are parameters here ([`Sending`]), so that the relay's can be chosen by what
//! they cost. Behind the relay lies one narrow link with a short queue ([`Line`]); everything is seeded.

use crate::network::{Link, LinkConfig};
use crate::random::Random;
use std::time::{Duration, Instant};
use tongke_measure::Distribution;

/// Pictures a second.
const PICTURES: u32 = 30;
/// Pictures from one keyframe to the next, and how much larger it is.
const KEYFRAME_DISTANCE: u32 = 60;
const KEYFRAME_SIZE: f64 = 5.0;
/// Most bytes of a packet, RTP header and tag included.
const PACKET: usize = 1_200;
/// Bytes of a sound packet; one comes each 20 ms.
const SOUND_PACKET: usize = 110;
const SOUND_INTERVAL: Duration = Duration::from_millis(20);
/// How much faster than the media's rate a publisher sends a picture.
const PACE: f64 = 2.5;
/// How often a publisher sends that sends in bursts (Chromium's pacer).
const BURST_INTERVAL: Duration = Duration::from_millis(5);

/// How long packets in the middle of a picture wait at the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Each leaves as it comes.
    Never,
    /// So long after the first of them, or until the picture's last packet comes.
    UpTo(Duration),
    /// Until the picture's last packet comes.
    PictureEnd,
}

/// The relay's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sending {
    /// How long packets wait.
    pub wait: Wait,
    /// How many at most; then they leave.
    pub group: usize,
}

impl Sending {
    /// Nothing waits.
    pub const AT_ONCE: Sending = Sending { wait: Wait::Never, group: 1 };
}

/// How a publisher's packets come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pacing {
    /// Evenly, at 2.5 times the media's rate.
    Even,
    /// The same in one burst each 5 ms.
    Bursts,
}

/// What goes over the line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    /// Pictures' tracks: a camera, and a screen.
    pub tracks: usize,
    /// Bits a second of all of them together.
    pub video_bps: f64,
    /// How they come to the relay.
    pub pacing: Pacing,
    /// Share of what the media leaves free that somebody else's packets take, at random moments.
    pub others: f64,
}

/// The narrow link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Bits per second.
    pub rate_bps: u64,
    /// Packets that wait behind the one on the wire.
    pub queue_packets: usize,
}

/// What came out of it.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Packets of pictures that were sent.
    pub packets: u64,
    /// Those of them that the queue had no room for.
    pub packets_lost: u64,
    /// Packets of sound that the queue had no room for.
    pub sounds_lost: u64,
    /// From a picture's last packet at the relay to the end of the picture at the receiver, less that packet's
    /// own time on the wire; of whole pictures.
    pub picture_end: Distribution,
    /// From a sound packet at the relay to its end at the receiver, less its own time on the wire.
    pub sound: Distribution,
}

/// Whose a packet is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Video { picture: usize, is_last: bool },
    Sound,
    Other,
}

#[derive(Debug, Clone, Copy)]
struct Packet {
    /// When it is at the relay.
    came: Duration,
    /// When it leaves the relay.
    leaves: Duration,
    bytes: usize,
    kind: Kind,
}

/// Sends so much of a lesson over a line.
pub fn study(line: Line, sending: Sending, traffic: Traffic, length: Duration, seed: u64) -> Seen {
    let mut packets = Vec::new();
    let mut pictures = 0;
    for track in 0..traffic.tracks {
        let mut random = Random::new(seed, track as u64);
        let mut of_track = film(traffic, track, &mut pictures, length, &mut random);
        hold(&mut of_track, sending);
        packets.append(&mut of_track);
    }
    packets.extend(sounds(length));
    packets.extend(others(line, traffic, length, &mut Random::new(seed, 1_000)));
    packets.sort_by_key(|packet| packet.leaves);
    transmit(line, &packets, pictures)
}

/// A track's packets as they come to the relay. Pictures are numbered from `next` on.
fn film(
    traffic: Traffic,
    track: usize,
    next: &mut usize,
    length: Duration,
    random: &mut Random,
) -> Vec<Packet> {
    let rate_bps = traffic.video_bps / traffic.tracks as f64;
    let distance = f64::from(KEYFRAME_DISTANCE);
    let usual = rate_bps / 8.0 / f64::from(PICTURES) * distance / (distance - 1.0 + KEYFRAME_SIZE);
    let mut packets = Vec::new();
    let mut free = Duration::ZERO;
    for number in 0.. {
        // Two cameras do not take their pictures in step.
        let taken = Duration::from_secs(1) * number / PICTURES + Duration::from_millis(7) * track as u32;
        if taken >= length {
            return packets;
        }
        let size = if number % KEYFRAME_DISTANCE == 0 { KEYFRAME_SIZE } else { random.between(0.7, 1.3) };
        let count = (usual * size / PACKET as f64).ceil().max(1.0) as usize;
        let bytes = ((usual * size) as usize / count).clamp(100, PACKET);
        free = free.max(taken);
        for at in 0..count {
            free += Duration::from_secs_f64(bytes as f64 * 8.0 / (rate_bps * PACE));
            let came = if traffic.pacing == Pacing::Even { free } else { next_burst(free) };
            let kind = Kind::Video { picture: *next, is_last: at + 1 == count };
            packets.push(Packet { came, leaves: came, bytes, kind });
        }
        *next += 1;
    }
    packets
}

fn next_burst(moment: Duration) -> Duration {
    BURST_INTERVAL * moment.as_nanos().div_ceil(BURST_INTERVAL.as_nanos()) as u32
}

fn sounds(length: Duration) -> impl Iterator<Item = Packet> {
    let times = (0..).map(|number| SOUND_INTERVAL * number + Duration::from_millis(3));
    let sound = |came| Packet { came, leaves: came, bytes: SOUND_PACKET, kind: Kind::Sound };
    times.take_while(move |came| *came < length).map(sound)
}

/// Packets of others, at random moments (exponential intervals).
fn others(line: Line, traffic: Traffic, length: Duration, random: &mut Random) -> Vec<Packet> {
    let rate_bps = (line.rate_bps as f64 - traffic.video_bps) * traffic.others;
    let mut packets = Vec::new();
    if rate_bps <= 0.0 {
        return packets;
    }
    let mean_s = PACKET as f64 * 8.0 / rate_bps;
    let mut came = Duration::ZERO;
    loop {
        came += Duration::from_secs_f64(-(1.0 - random.unit()).ln() * mean_s);
        if came >= length {
            return packets;
        }
        packets.push(Packet { came, leaves: came, bytes: PACKET, kind: Kind::Other });
    }
}

/// When each packet of a track leaves, by the relay's rule.
fn hold(packets: &mut [Packet], sending: Sending) {
    let mut first = 0;
    for at in 0..packets.len() {
        let since = packets[first].came;
        if let Wait::UpTo(most) = sending.wait
            && first < at
            && since + most < packets[at].came
        {
            packets[first..at].iter_mut().for_each(|packet| packet.leaves = since + most);
            first = at;
        }
        let is_last = matches!(packets[at].kind, Kind::Video { is_last: true, .. });
        if is_last || sending.wait == Wait::Never || at + 1 - first >= sending.group {
            let now = packets[at].came;
            packets[first..=at].iter_mut().for_each(|packet| packet.leaves = now);
            first = at + 1;
        }
    }
}

/// Sends packets in the order of their leaving.
fn transmit(line: Line, packets: &[Packet], pictures: usize) -> Seen {
    let config = LinkConfig {
        rate_bps: Some(line.rate_bps),
        queue: Duration::from_secs(60),
        queue_packets: line.queue_packets,
        delay: Duration::ZERO,
        ..LinkConfig::default()
    };
    let origin = Instant::now();
    let mut link = Link::new(config, Random::new(0, 0));
    let mut seen = Seen::default();
    // The end of what came of each picture so far; none: something of it is lost.
    let mut ends = vec![Some(Duration::ZERO); pictures];
    for packet in packets {
        let arrived = link.send(origin + packet.leaves, packet.bytes)[0].map(|at| at - origin);
        let on_wire = link.time_of(packet.bytes).unwrap_or_default();
        match packet.kind {
            Kind::Other => {}
            Kind::Sound => match arrived {
                Some(at) => seen.sound.record((at - packet.came).saturating_sub(on_wire)),
                None => seen.sounds_lost += 1,
            },
            Kind::Video { picture, is_last } => {
                seen.packets += 1;
                seen.packets_lost += u64::from(arrived.is_none());
                ends[picture] = ends[picture].zip(arrived).map(|(end, at)| end.max(at));
                if let Some(end) = ends[picture].filter(|_| is_last) {
                    seen.picture_end.record((end - packet.came).saturating_sub(on_wire));
                }
            }
        }
    }
    seen
}

/// The shortest queue that holds everything, if there is one below `most` packets.
pub fn least_queue(
    rate_bps: u64,
    sending: Sending,
    traffic: Traffic,
    length: Duration,
    most: usize,
) -> Option<usize> {
    let is_enough = |queue_packets: usize| {
        let seen = study(Line { rate_bps, queue_packets }, sending, traffic, length, 1);
        seen.packets_lost + seen.sounds_lost == 0
    };
    if !is_enough(most) {
        return None;
    }
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = (low + high) / 2;
        if is_enough(middle) { high = middle } else { low = middle + 1 }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn picture(count: usize) -> Vec<Packet> {
        let packet = |at| {
            let came = MS * at as u32;
            Packet {
                came,
                leaves: came,
                bytes: 1_000,
                kind: Kind::Video { picture: 0, is_last: at + 1 == count },
            }
        };
        (0..count).map(packet).collect()
    }

    fn leaving(count: usize, wait: Wait, group: usize) -> Vec<u128> {
        let mut packets = picture(count);
        hold(&mut packets, Sending { wait, group });
        packets.iter().map(|packet| packet.leaves.as_millis()).collect()
    }

    #[test]
    fn packets_leave_at_the_bound_at_the_pictures_end_or_when_enough_wait() {
        assert_eq!(leaving(5, Wait::Never, 9), [0, 1, 2, 3, 4]);
        assert_eq!(leaving(5, Wait::PictureEnd, 9), [4, 4, 4, 4, 4]);
        assert_eq!(leaving(5, Wait::PictureEnd, 2), [1, 1, 3, 3, 4]);
        assert_eq!(leaving(8, Wait::UpTo(MS * 3), 9), [3, 3, 3, 3, 7, 7, 7, 7]);
        assert_eq!(leaving(9, Wait::UpTo(MS * 3), 9), [3, 3, 3, 3, 7, 7, 7, 7, 8]);
    }
}
