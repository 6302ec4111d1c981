//! One encoding of a track: what came, what is missing, what waits to be forwarded. A track has one,
//! a simulcast several.

use crate::cascade::EncodingState;
use crate::hold::{Arrived, Hold, HoldBound};
use crate::keyframes::KeyframeRequests;
use crate::layers::Layer;
use crate::ring::{Inserted, PacketInfo, Ring, RingSize};
use crate::stats::DropReason;
use std::time::{Duration, Instant};
use tongke_protocol::control::Codec;
use tongke_protocol::{MediaKind, Now, NtpTime};
use tongke_transport::rtp::report::ReceptionStats;
use tongke_transport::rtp::{Arrival, NackConfig, NackGenerator, SequenceExtender, h264, vp8};
use tongke_transport::rtp::{Extensions, RtpHeader};

/// Silence after which an encoding counts as switched off while others of its track still come:
/// long for an encoder that leaves pictures out, short for a class that looks at a still picture.
const INACTIVE_AFTER: Duration = Duration::from_millis(500);
/// How long an encoding that came back without a keyframe must last before it counts again: an
/// encoder that leaves out pictures for want of bits is not to be asked for keyframes all the time.
const ACTIVE_AFTER: Duration = Duration::from_secs(2);

/// The publisher's last sender report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SenderInfo {
    /// The publisher's clock.
    pub ntp: NtpTime,
    /// The same moment in the encoding's media time.
    pub timestamp: u32,
}

/// What to do with a packet that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// Forward this one.
    AtOnce(u64),
    /// Forward this one: a picture's packet that others have overtaken.
    Late(u64),
    /// Nothing to forward yet.
    Held,
    /// Forward what is held, this one included.
    Flush,
}

/// One encoding of a track.
pub(crate) struct Encoding {
    /// Its place in the publisher's list, the preferred first.
    pub rank: usize,
    pub ssrc: u32,
    pub ring: Ring,
    pub nack: NackGenerator,
    pub keyframes: KeyframeRequests,
    pub reception: ReceptionStats,
    pub sender_info: Option<SenderInfo>,
    codec: Codec,
    extender: SequenceExtender,
    /// Packets waiting for the end of their picture.
    pub hold: Hold,
    height: Option<u16>,
    is_active: bool,
    newest_at: Instant,
    alive_since: Instant,
    /// Whether height or activity changed since the last look.
    has_changed: bool,
}

impl Encoding {
    pub fn new(now: Instant, rank: usize, codec: Codec, ssrc: u32) -> Self {
        Self {
            rank,
            ssrc,
            ring: Ring::new(RingSize::for_media(codec.media())),
            nack: NackGenerator::new(NackConfig::for_media(codec.media())),
            keyframes: KeyframeRequests::default(),
            reception: ReceptionStats::new(ssrc, codec.clock_rate_hz()),
            sender_info: None,
            codec,
            extender: SequenceExtender::default(),
            hold: Hold::new(),
            height: None,
            is_active: true,
            newest_at: now,
            alive_since: now,
            has_changed: true,
        }
    }

    /// The source starts anew under another SSRC: nothing of the old one helps any more.
    pub fn restart(&mut self, ssrc: u32) {
        self.ssrc = ssrc;
        self.ring.clear();
        self.nack = NackGenerator::new(NackConfig::for_media(self.codec.media()));
        self.reception = ReceptionStats::new(ssrc, self.codec.clock_rate_hz());
        self.sender_info = None;
        self.extender = SequenceExtender::default();
        self.hold.clear();
    }

    /// Takes a packet; for a retransmission `header.sequence` is the original's. In the middle of a
    /// picture it waits within `hold`: the bound, and how many receive the track.
    pub fn accept(
        &mut self,
        now: Now,
        hold: (HoldBound, usize),
        header: &RtpHeader,
        codec: Codec,
        extensions: &Extensions,
        payload: &[u8],
    ) -> Result<(Accepted, Arrival), DropReason> {
        let sequence = self.extender.extend(header.sequence);
        let is_newest = self.ring.newest().is_none_or(|newest| sequence > newest);
        let arrival = match self.nack.on_packet(now.instant, sequence) {
            Arrival::Duplicate => return Err(DropReason::Duplicate),
            Arrival::TooOld => return Err(DropReason::TooOld),
            arrival => arrival,
        };
        let info = PacketInfo {
            sequence,
            timestamp: header.timestamp,
            marker: header.marker,
            codec,
            keyframe_start: begins_keyframe(codec, payload),
            extensions: Extensions {
                transport_cc: None,
                abs_send_time: None,
                mid: None,
                rid: None,
                repaired_rid: None,
                ..*extensions
            },
            arrived: now.instant,
        };
        self.keep(&info, payload, is_newest)?;
        if arrival == Arrival::New {
            self.reception.on_packet(now.instant, sequence, header.timestamp);
        }
        Ok((self.wait(hold, &info, is_newest), arrival))
    }

    /// Takes a packet over from the lesson's home, which has put it in order and asks for what is missing.
    pub fn take_over(&mut self, info: &PacketInfo, payload: &[u8]) -> Result<(), DropReason> {
        let is_newest = self.ring.newest().is_none_or(|newest| info.sequence > newest);
        self.keep(info, payload, is_newest)
    }

    /// Puts a packet into the ring and notes what it tells of the encoding.
    fn keep(&mut self, info: &PacketInfo, payload: &[u8], is_newest: bool) -> Result<(), DropReason> {
        match self.ring.insert(*info, payload) {
            Inserted::Stored => {}
            Inserted::Duplicate => return Err(DropReason::Duplicate),
            Inserted::TooOld => return Err(DropReason::TooOld),
            Inserted::TooLarge => return Err(DropReason::TooLarge),
        }
        if info.keyframe_start {
            self.keyframes.on_keyframe();
            self.note_height(info.codec, payload);
        }
        if is_newest && !payload.is_empty() {
            self.note_life(info.arrived, info.keyframe_start);
        }
        Ok(())
    }

    fn note_height(&mut self, codec: Codec, payload: &[u8]) {
        let told = if codec == Codec::H264 { h264::picture_height(payload) } else { None };
        if let Some(height) = told.map(|height| height.min(u32::from(u16::MAX)) as u16)
            && self.height.replace(height) != Some(height)
        {
            self.has_changed = true;
        }
    }

    fn note_life(&mut self, now: Instant, is_keyframe: bool) {
        if now.saturating_duration_since(self.newest_at) > INACTIVE_AFTER {
            self.alive_since = now;
        }
        self.newest_at = now;
        let has_lasted = now.saturating_duration_since(self.alive_since) >= ACTIVE_AFTER;
        if !self.is_active && (is_keyframe || has_lasted) {
            self.is_active = true;
            self.has_changed = true;
        }
    }

    /// Since when it comes without a longer break, and when its newest packet came.
    pub fn life(&self) -> (Instant, Instant) {
        (self.alive_since, self.newest_at)
    }

    /// Notes the life of another encoding of the track: this one should have come in that time too.
    pub fn note_other(&mut self, (since, until): (Instant, Instant)) {
        let missed = until.saturating_duration_since(since.max(self.newest_at));
        if self.is_active && missed > INACTIVE_AFTER {
            self.is_active = false;
            self.has_changed = true;
            // Nobody can be helped by it; and a browser answers with keyframes of all the others.
            self.keyframes.on_keyframe();
        }
    }

    /// Whether its height or activity changed since the last call.
    pub fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// What the choice of layers needs to know.
    pub fn layer(&self) -> Layer {
        Layer { rank: self.rank, height: self.height, is_active: self.is_active }
    }

    /// Decides whether the packet waits. Sound never does, nor what comes late.
    fn wait(
        &mut self,
        (bound, receivers): (HoldBound, usize),
        info: &PacketInfo,
        is_newest: bool,
    ) -> Accepted {
        if self.codec.media() == MediaKind::Audio {
            return Accepted::AtOnce(info.sequence);
        }
        if !is_newest {
            return Accepted::Late(info.sequence);
        }
        let PacketInfo { sequence, timestamp, marker, arrived: at, .. } = *info;
        let leaves = self.hold.add(bound, receivers, Arrived { at, sequence, timestamp, marker });
        if leaves { Accepted::Flush } else { Accepted::Held }
    }

    /// What a branch of the lesson must know of it.
    pub fn state(&self) -> EncodingState {
        EncodingState { rank: self.rank, ssrc: self.ssrc, info: self.sender_info }
    }

    /// What must be added to the encoding's timestamps to make them ticks of the publisher's clock,
    /// by which its encodings can be compared.
    pub fn clock_shift(&self) -> Option<u32> {
        let info = self.sender_info?;
        let ticks = (u128::from(info.ntp.0) * u128::from(self.codec.clock_rate_hz())) >> 32;
        Some((ticks as u32).wrapping_sub(info.timestamp))
    }
}

fn begins_keyframe(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::H264 => h264::is_keyframe_start(payload),
        Codec::Vp8 => vp8::is_keyframe_start(payload),
        Codec::Opus | Codec::Red => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn send(encoding: &mut Encoding, at: Instant, sequence: u16, payload: &[u8]) {
        let now = Now { instant: at, wall: tongke_protocol::WallTime(0) };
        let header = RtpHeader { sequence, marker: true, ..RtpHeader::default() };
        encoding
            .accept(now, (HoldBound::at_load(0.0), 1), &header, Codec::H264, &Extensions::default(), payload)
            .unwrap();
    }

    #[test]
    fn an_encoding_that_comes_back_with_a_keyframe_counts_at_once_and_else_when_it_lasts() {
        let t = Instant::now();
        let mut encoding = Encoding::new(t, 0, Codec::H264, 1);
        encoding.note_other((t, t + 500 * MS));
        encoding.note_other((t + 100 * MS, t + 550 * MS));
        assert!(encoding.layer().is_active);
        encoding.note_other((t, t + 501 * MS));
        assert!(!encoding.layer().is_active && encoding.take_change());
        send(&mut encoding, t + 600 * MS, 1, &[0x65, 1]);
        assert!(encoding.layer().is_active && encoding.take_change());
        encoding.note_other((t, t + 1200 * MS));
        assert!(!encoding.layer().is_active);
        for number in 0..=20 {
            assert!(!encoding.layer().is_active, "packet {number}");
            send(&mut encoding, t + (1300 + 100 * number) * MS, 2 + number as u16, &[0x41, 1]);
        }
        assert!(encoding.layer().is_active);
    }

    #[test]
    fn an_encoding_knows_the_height_of_its_pictures() {
        let t = Instant::now();
        let mut encoding = Encoding::new(t, 0, Codec::H264, 1);
        encoding.take_change();
        // OpenH264, 1280x720.
        send(&mut encoding, t, 1, &[0x67, 0x42, 0xC0, 0x1F, 0x8C, 0x8D, 0x40, 0x28, 0x02, 0xDC, 0x80]);
        assert!(encoding.take_change());
        assert_eq!(encoding.layer().height, Some(720));
    }

    #[test]
    fn encodings_are_compared_by_the_publishers_clock() {
        let t = Instant::now();
        let [mut h, mut l] = [1, 2].map(|ssrc| Encoding::new(t, 0, Codec::H264, ssrc));
        assert_eq!(h.clock_shift(), None);
        h.sender_info = Some(SenderInfo { ntp: NtpTime(7 << 32), timestamp: 1000 });
        l.sender_info = Some(SenderInfo { ntp: NtpTime((8 << 32) + (1 << 31)), timestamp: 50 });
        // Half past eight is 135 000 ticks later: 50 in l is 136 000 in h.
        let l_in_h = 50_u32.wrapping_add(l.clock_shift().unwrap()).wrapping_sub(h.clock_shift().unwrap());
        assert_eq!(l_in_h, 136_000);
    }
}
