//! One outgoing stream of a receiving leg: the keyframe gate, and sequence numbers and timestamps
//! that go on without a break when the source behind it, or the encoding of the source, changes.

use crate::codecs::CodecSet;
use crate::mapping::{Mapping, Outgoing, Replay};
use crate::ring::PacketInfo;
use crate::track::Feed;
use std::time::{Duration, Instant};
use tongke_protocol::MediaKind;
use tongke_protocol::control::Codec;
use tongke_transport::rtp::{ExtensionMap, Extensions, RtpHeader, SmallId, red, write_header};

/// Packets before a keyframe's first known one that a repair may still bring and that then belong
/// to it: parameter sets in packets of their own, or the keyframe's real first packet.
const MAX_LATE_START: u64 = 8;
/// Most packets that are looked for and sent again in a row; every forwarded one earns one more, so that a
/// receiver that asks for all it gets at most doubles its stream.
const MAX_REPEAT_CREDIT: u32 = 512;

/// What the receiver was told about the stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    pub ssrc: u32,
    /// Of its retransmissions; none on QUIC legs and where RTX was not negotiated.
    pub rtx_ssrc: Option<u32>,
    pub codecs: CodecSet,
    pub extensions: ExtensionMap,
    pub mid: Option<SmallId>,
}

/// Time between two pictures of a replay in this stream, in ticks: 1 ms.
const REPLAY_STEP: u32 = 90;

/// Most by which the publisher's clock may contradict the arrival of packets when a stream goes over
/// to another encoding, in ticks: 1 s.
const MAX_CLOCK_ERROR: u32 = 90_000;

/// The newest packet sent.
#[derive(Debug, Clone, Copy)]
struct Last {
    sequence: u64,
    timestamp: u32,
    at: Instant,
}

/// One outgoing stream.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub stream: Stream,
    /// The encoding that the receiver is to get; none: nothing. Until a keyframe of it comes, the
    /// stream goes on with the one it has.
    pub target: Option<usize>,
    /// None: closed, i.e. no source, or waiting for its first keyframe.
    mapping: Option<Mapping>,
    /// Of the same source's encoding before, for repeats of what was sent last of it.
    before: Option<Mapping>,
    last: Option<Last>,
    first_sequence: u64,
    first_timestamp: u32,
    rtx_sequence: u16,
    repeat_credit: u32,
    /// When the last keyframe of the source was begun to be sent.
    keyframe_at: Option<Instant>,
    /// Length of a header by the set of its extensions; 0 is not known yet.
    header_lens: [u8; 32],
    pub sent: Sent,
}

/// Cumulative counts of one outgoing stream, as its sender reports need them (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sent {
    pub packets: u64,
    pub payload_bytes: u64,
}

impl Subscription {
    /// A stream without a source. `random` gives its first numbers (RFC 3550 §5.1).
    pub fn new(stream: Stream, random: u64) -> Self {
        Self {
            stream,
            target: None,
            mapping: None,
            before: None,
            last: None,
            // The low half, far from the wrap for a while: kinder to receivers that guess.
            first_sequence: 0x1_0000 | (random & 0x7FFF),
            first_timestamp: (random >> 32) as u32,
            rtx_sequence: (random >> 16) as u16,
            repeat_credit: MAX_REPEAT_CREDIT,
            keyframe_at: None,
            header_lens: [0; 32],
            sent: Sent::default(),
        }
    }

    /// Whether it waits for a source, or for a packet to begin with.
    pub fn is_closed(&self) -> bool {
        self.mapping.is_none()
    }

    /// The encoding that passes now.
    pub fn layer(&self) -> Option<usize> {
        self.mapping.as_ref().map(|mapping| mapping.layer)
    }

    /// Whether it will begin, or go over to another encoding, with a keyframe of this one.
    pub fn waits_for(&self, layer: usize) -> bool {
        self.target == Some(layer) && self.layer() != Some(layer)
    }

    /// Whether packets of this encoding may be of use.
    pub fn wants(&self, layer: usize) -> bool {
        let of_layer = |mapping: &Option<Mapping>| mapping.as_ref().is_some_and(|it| it.layer == layer);
        self.target == Some(layer) || of_layer(&self.mapping) || of_layer(&self.before)
    }

    /// The source changes or is gone: nothing passes until the next one has begun.
    pub fn close(&mut self) {
        self.mapping = None;
        self.before = None;
        self.keyframe_at = None;
    }

    /// An encoding of the source starts anew: its old numbers mean nothing any more.
    pub fn forget(&mut self, layer: usize) {
        if self.layer() == Some(layer) {
            self.close();
        }
        self.before.take_if(|mapping| mapping.layer == layer);
    }

    /// Lets the packets of an encoding from number `first` on pass. Its newest packet gets the
    /// timestamp that is due now, so that the stream's clock runs on as if nothing had changed.
    pub fn open(&mut self, feed: Feed<'_>, first: u64, now: Instant) {
        let ring = feed.ring;
        let Some(newest) = ring.newest() else { return };
        let mut pictures: Vec<u32> = Vec::new();
        for (info, _) in (first..=newest).filter_map(|sequence| ring.get(sequence)) {
            if pictures.last() != Some(&info.timestamp) {
                pictures.push(info.timestamp);
            }
        }
        let (Some((info, _)), Some(&newest_in)) = (ring.get(first), pictures.last()) else { return };
        let pasts = pictures.len() as u32 - 1;
        let mut late = ring.missing_before(first, MAX_LATE_START).min(first);
        let (base_out, newest_out, step) = match self.last {
            None => (self.first_sequence, self.first_timestamp, REPLAY_STEP),
            Some(last) => {
                // What was never there leaves no gap for the receiver to ask about.
                late = late.min(first - ring.first().unwrap_or(first).min(first));
                let passed = ticks(now.saturating_duration_since(last.at), info.codec.clock_rate_hz());
                let passed = self.exact_time(feed, newest_in, passed).unwrap_or(passed).max(pasts + 1);
                let step = (passed / (pasts + 1)).min(REPLAY_STEP);
                (last.sequence + 1, last.timestamp.wrapping_add(passed), step)
            }
        };
        let timestamps = (0..)
            .zip(&pictures)
            .map(|(at, picture)| (*picture, newest_out.wrapping_sub((pasts - at) * step)));
        let mapping = Mapping {
            layer: feed.layer,
            base_in: first - late,
            base_out,
            timestamp_offset: newest_out.wrapping_sub(newest_in),
            replay: Replay { until: newest, timestamps: timestamps.take(pasts as usize).collect() },
        };
        self.before = self.mapping.replace(mapping);
    }

    /// Media time from the newest packet sent to `timestamp` of another encoding of the same source,
    /// by the publisher's sender reports; `passed` is what the arrivals say.
    fn exact_time(&self, feed: Feed<'_>, timestamp: u32, passed: u32) -> Option<u32> {
        let (mapping, last) = (self.mapping.as_ref()?, self.last?);
        let clock = |layer: usize| feed.clocks.get(layer).copied().flatten();
        let (new, old) = (clock(feed.layer)?, clock(mapping.layer)?);
        let in_old = timestamp.wrapping_add(new).wrapping_sub(old);
        let exact = in_old.wrapping_add(mapping.timestamp_offset).wrapping_sub(last.timestamp);
        // Not later than what was sent (the same picture, as a rule): the next possible moment.
        let exact = if (exact as i32) < 1 { 1 } else { exact };
        (exact.abs_diff(passed) <= MAX_CLOCK_ERROR).then_some(exact)
    }

    /// A packet's numbers in this stream, if it passes. `may_open`: the gate opens if a decoder can
    /// begin with this packet.
    pub fn admit(
        &mut self,
        feed: Feed<'_>,
        info: &PacketInfo,
        may_open: bool,
        now: Instant,
    ) -> Option<Outgoing> {
        let can_begin = info.keyframe_start || info.codec.media() == MediaKind::Audio;
        if can_begin && may_open && self.waits_for(feed.layer) {
            self.open(feed, info.sequence, now);
        }
        let outgoing = self.numbers_of(feed.layer, info)?;
        if info.keyframe_start {
            self.keyframe_at = Some(now);
        }
        if self.last.is_none_or(|last| last.sequence < outgoing.sequence) {
            self.last = Some(Last { sequence: outgoing.sequence, timestamp: outgoing.timestamp, at: now });
        }
        self.repeat_credit = (self.repeat_credit + 1).min(MAX_REPEAT_CREDIT);
        Some(outgoing)
    }

    /// A packet's numbers, if it belongs to what passes, or passed before the last change of the
    /// encoding.
    pub fn numbers_of(&self, layer: usize, info: &PacketInfo) -> Option<Outgoing> {
        let current = self.mapping.as_ref()?;
        let now = if current.layer == layer { current.numbers_of(info) } else { None };
        now.or_else(|| {
            let before = self.before.as_ref().filter(|mapping| mapping.layer == layer)?;
            before.numbers_of(info).filter(|outgoing| outgoing.sequence < current.base_out)
        })
    }

    /// Uses up the credit for one packet that is asked for; false: there is none.
    pub fn take_repeat_credit(&mut self) -> bool {
        let left = self.repeat_credit.checked_sub(1);
        self.repeat_credit = left.unwrap_or(0);
        left.is_some()
    }

    /// The packet that was sent as `sequence`, by encoding and number, if it was of the present
    /// source.
    pub fn repeat(&self, sequence: u16) -> Option<(usize, u64)> {
        let (current, last) = (self.mapping.as_ref()?, self.last?);
        let behind = u64::from((last.sequence as u16).wrapping_sub(sequence));
        let sent_as = last.sequence.checked_sub(behind)?;
        let found = [Some(current), self.before.as_ref()].into_iter().flatten();
        found.filter_map(|mapping| Some((mapping.layer, mapping.source_of(sent_as)?))).next()
    }

    /// The timestamp in this stream of a moment in the media time of the encoding that passes.
    pub fn timestamp_of(&self, source_timestamp: u32) -> Option<u32> {
        Some(source_timestamp.wrapping_add(self.mapping.as_ref()?.timestamp_offset))
    }

    /// Whether a keyframe went out so shortly ago that its receiver cannot have it yet.
    pub fn has_fresh_keyframe(&self, now: Instant, round_trip: Duration) -> bool {
        self.keyframe_at.is_some_and(|at| now.saturating_duration_since(at) < round_trip)
    }

    /// What to send of a payload, and as which payload type. RED goes to who decodes Opus only as
    /// its primary block, a whole Opus packet.
    pub fn payload_of<'p>(&self, codec: Codec, payload: &'p [u8]) -> Option<(u8, &'p [u8])> {
        if let Some(types) = self.stream.codecs.payload_types(codec) {
            return Some((types.media, payload));
        }
        let opus = self.stream.codecs.payload_types(Codec::Opus).filter(|_| codec == Codec::Red)?;
        Some((opus.media, red::split(payload).ok()?.last()?.data))
    }

    fn extensions_of(&self, info: &PacketInfo, own: &OwnExtensions) -> Extensions {
        Extensions {
            transport_cc: own.transport_cc,
            abs_send_time: own.abs_send_time,
            mid: self.stream.mid,
            ..info.extensions
        }
    }

    /// Length of a packet's header, without writing it: the same for the same set of extensions.
    pub fn header_len(&mut self, info: &PacketInfo, scratch: &mut Vec<u8>) -> usize {
        let set = extension_set(&info.extensions);
        if self.header_lens[set] == 0 {
            let any = OwnExtensions { transport_cc: Some(0), abs_send_time: Some(0) };
            let extensions = self.extensions_of(info, &any);
            scratch.clear();
            let len = write_header(scratch, &RtpHeader::default(), &extensions, &self.stream.extensions);
            self.header_lens[set] = len as u8;
        }
        usize::from(self.header_lens[set])
    }

    /// Appends a media packet.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        (info, payload): (&PacketInfo, &[u8]),
        payload_type: u8,
        outgoing: Outgoing,
        own: &OwnExtensions,
    ) {
        let header = RtpHeader {
            marker: info.marker,
            payload_type,
            sequence: outgoing.sequence as u16,
            timestamp: outgoing.timestamp,
            ssrc: self.stream.ssrc,
            ..RtpHeader::default()
        };
        write_header(out, &header, &self.extensions_of(info, own), &self.stream.extensions);
        let start = out.len();
        out.extend_from_slice(payload);
        if info.codec == Codec::Red
            && let Some(types) = self.stream.codecs.payload_types(Codec::Red)
            && types.media == payload_type
        {
            self.name_red_blocks(&mut out[start..]);
        }
    }

    /// Appends a retransmission (RFC 4588 §4).
    pub fn write_rtx(
        &mut self,
        out: &mut Vec<u8>,
        (info, payload): (&PacketInfo, &[u8]),
        outgoing: Outgoing,
        own: &OwnExtensions,
    ) -> Option<()> {
        let ssrc = self.stream.rtx_ssrc?;
        let payload_type = self.stream.codecs.payload_types(info.codec)?.rtx?;
        let header = RtpHeader {
            marker: info.marker,
            payload_type,
            sequence: self.rtx_sequence,
            timestamp: outgoing.timestamp,
            ssrc,
            ..RtpHeader::default()
        };
        self.rtx_sequence = self.rtx_sequence.wrapping_add(1);
        write_header(out, &header, &self.extensions_of(info, own), &self.stream.extensions);
        out.extend_from_slice(&(outgoing.sequence as u16).to_be_bytes());
        out.extend_from_slice(payload);
        Some(())
    }

    /// Inside RED, each block names its payload type (RFC 2198 §3): Opus has another number on
    /// another leg.
    fn name_red_blocks(&self, payload: &mut [u8]) {
        let Some(opus) = self.stream.codecs.payload_types(Codec::Opus) else { return };
        let mut at = 0;
        while let Some(first) = payload.get_mut(at) {
            *first = (*first & 0x80) | opus.media;
            if *first & 0x80 == 0 {
                break;
            }
            at += 4;
        }
    }
}

/// Extension values that belong to the receiving leg.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OwnExtensions {
    pub transport_cc: Option<u16>,
    pub abs_send_time: Option<u32>,
}

/// Which of the travelling extensions are there, as a number below 32: with the leg's own ones,
/// which never change, it decides the header's length.
fn extension_set(extensions: &Extensions) -> usize {
    let capture = extensions.abs_capture_time;
    usize::from(capture.is_some())
        | usize::from(capture.is_some_and(|time| time.clock_offset.is_some())) << 1
        | usize::from(extensions.audio_level.is_some()) << 2
        | usize::from(extensions.playout_delay.is_some()) << 3
        | usize::from(extensions.video_orientation.is_some()) << 4
}

/// A duration in a media clock's ticks.
pub(crate) fn ticks(duration: Duration, rate_hz: u32) -> u32 {
    (duration.as_micros() as u64 * u64::from(rate_hz) / 1_000_000) as u32
}

#[cfg(test)]
mod tests;
