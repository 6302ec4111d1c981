//! Transport-wide feedback on the wire (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).

use super::read::u32_at;
use super::write::{begin, end};
use super::{RtcpError, kind};

/// Unit of the reference time, in µs.
const REFERENCE_US: i64 = 64_000;
/// Unit of the deltas, in µs.
pub(in crate::rtp) const DELTA_US: i64 = 250;

/// Status symbols.
const LOST: u8 = 0;
const SMALL: u8 = 1;
const LARGE: u8 = 2;

/// Which packets of a transport arrived, and when.
#[derive(Debug, Clone, Copy)]
pub struct TransportFeedback<'a> {
    /// Who tells.
    pub sender_ssrc: u32,
    /// A source of the transport.
    pub media_ssrc: u32,
    /// Transport-wide number of the first packet told about.
    pub base_sequence: u16,
    /// Packets told about.
    pub status_count: u16,
    /// The teller's clock, in 64 ms, 24 bits with sign.
    pub reference_time: i32,
    /// Number of this feedback, wrapping.
    pub feedback_count: u8,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

/// What became of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketStatus {
    /// Its transport-wide number.
    pub sequence: u16,
    /// When it arrived, in µs of the teller's clock; none when it has not.
    pub arrival_us: Option<i64>,
}

impl<'a> TransportFeedback<'a> {
    /// Reads the part behind the common header, and checks that every status has its delta.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, RtcpError> {
        let counts = u32_at(body, 8)?;
        let times = u32_at(body, 12)?;
        let status_count = counts as u16;
        let rest = &body[16..];
        let (mut left, mut deltas_len, mut at) = (u32::from(status_count), 0, 0);
        while left > 0 {
            let Some([high, low, ..]) = rest.get(at..) else { return Err(RtcpError::Truncated) };
            at += 2;
            let chunk = Chunk(u16::from_be_bytes([*high, *low]));
            let told = chunk.len().min(left);
            deltas_len += chunk.deltas_len(told).ok_or(RtcpError::Malformed)?;
            left -= told;
        }
        let (chunks, rest) = rest.split_at(at);
        Ok(TransportFeedback {
            sender_ssrc: u32_at(body, 0)?,
            media_ssrc: u32_at(body, 4)?,
            base_sequence: (counts >> 16) as u16,
            status_count,
            reference_time: times as i32 >> 8,
            feedback_count: times as u8,
            chunks,
            deltas: rest.get(..deltas_len).ok_or(RtcpError::Truncated)?,
        })
    }

    /// What became of each packet, by ascending number.
    pub fn statuses(&self) -> Statuses<'a> {
        Statuses {
            chunks: self.chunks,
            deltas: self.deltas,
            chunk: Chunk(0),
            index: 0,
            sequence: self.base_sequence,
            left: self.status_count,
            clock_us: i64::from(self.reference_time) * REFERENCE_US,
        }
    }
}

/// A packet status chunk.
#[derive(Debug, Clone, Copy)]
struct Chunk(u16);

impl Chunk {
    /// Statuses that it tells.
    fn len(self) -> u32 {
        match self.0 >> 14 {
            0b10 => 14,
            0b11 => 7,
            _ => u32::from(self.0 & 0x1FFF),
        }
    }

    fn symbol(self, index: u32) -> u8 {
        let shifted = match self.0 >> 14 {
            0b10 => return (self.0 >> (13 - index) & 1) as u8,
            0b11 => self.0 >> (12 - 2 * index),
            _ => self.0 >> 13,
        };
        (shifted & 3) as u8
    }

    /// Bytes of deltas of the first `told` statuses; none when a symbol is the reserved one, or when
    /// the chunk tells nothing.
    fn deltas_len(self, told: u32) -> Option<usize> {
        let len_of = |symbol: u8| (symbol <= LARGE).then_some(usize::from(symbol));
        match (told, self.0 >> 15) {
            (0, _) => None,
            (_, 0) => Some(len_of(self.symbol(0))? * told as usize),
            _ => (0..told).try_fold(0, |sum, index| Some(sum + len_of(self.symbol(index))?)),
        }
    }
}

/// Walks the statuses of a feedback.
#[derive(Debug, Clone)]
pub struct Statuses<'a> {
    chunks: &'a [u8],
    deltas: &'a [u8],
    chunk: Chunk,
    /// Next status of `chunk`.
    index: u32,
    sequence: u16,
    left: u16,
    clock_us: i64,
}

impl Iterator for Statuses<'_> {
    type Item = PacketStatus;

    fn next(&mut self) -> Option<PacketStatus> {
        self.left = self.left.checked_sub(1)?;
        if self.index == self.chunk.len() {
            let (chunk, rest) = self.chunks.split_first_chunk()?;
            (self.chunks, self.chunk, self.index) = (rest, Chunk(u16::from_be_bytes(*chunk)), 0);
        }
        let symbol = self.chunk.symbol(self.index);
        self.index += 1;
        let delta = match symbol {
            SMALL => {
                let (delta, rest) = self.deltas.split_first()?;
                self.deltas = rest;
                Some(i64::from(*delta))
            }
            LARGE => {
                let (delta, rest) = self.deltas.split_first_chunk()?;
                self.deltas = rest;
                Some(i64::from(i16::from_be_bytes(*delta)))
            }
            _ => None,
        };
        self.clock_us += delta.unwrap_or(0) * DELTA_US;
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        Some(PacketStatus { sequence, arrival_us: delta.map(|_| self.clock_us) })
    }
}

/// The fixed part of a feedback to write.
#[derive(Debug, Clone, Copy)]
pub(in crate::rtp) struct FeedbackHead {
    pub(in crate::rtp) sender_ssrc: u32,
    pub(in crate::rtp) media_ssrc: u32,
    pub(in crate::rtp) base_sequence: u16,
    pub(in crate::rtp) feedback_count: u8,
}

/// Appends a feedback. `arrivals`: by ascending number from the base, arrival in units of 250 µs on
/// our clock (not negative). Returns how many were told: fewer when two neighbours are further apart
/// than a delta can say.
pub(in crate::rtp) fn write_transport_cc(
    out: &mut Vec<u8>,
    head: &FeedbackHead,
    arrivals: &[Option<i64>],
) -> usize {
    let ticks_per_reference = REFERENCE_US / DELTA_US;
    let reference = arrivals.iter().flatten().next().map_or(0, |first| first / ticks_per_reference);
    let mut clock = reference * ticks_per_reference;
    let mut symbols = Vec::with_capacity(arrivals.len());
    let mut deltas = Vec::with_capacity(arrivals.len() * 2);
    for arrival in arrivals.iter().take(usize::from(u16::MAX)) {
        let Some(at) = arrival else {
            symbols.push(LOST);
            continue;
        };
        match (u8::try_from(at - clock), i16::try_from(at - clock)) {
            (Ok(small), _) => {
                symbols.push(SMALL);
                deltas.push(small);
            }
            (_, Ok(large)) => {
                symbols.push(LARGE);
                deltas.extend_from_slice(&large.to_be_bytes());
            }
            _ => break,
        }
        clock = *at;
    }
    let start = begin(out, kind::TRANSPORT_CC, kind::RTPFB);
    out.extend_from_slice(&head.sender_ssrc.to_be_bytes());
    out.extend_from_slice(&head.media_ssrc.to_be_bytes());
    out.extend_from_slice(&head.base_sequence.to_be_bytes());
    out.extend_from_slice(&(symbols.len() as u16).to_be_bytes());
    out.extend_from_slice(&(((reference as u32) << 8) | u32::from(head.feedback_count)).to_be_bytes());
    write_chunks(out, &symbols);
    out.extend_from_slice(&deltas);
    let padding = (4 - (out.len() - start) % 4) % 4;
    if padding > 0 {
        out[start] |= 0x20;
        out.resize(out.len() + padding - 1, 0);
        out.push(padding as u8);
    }
    end(out, start);
    symbols.len()
}

/// Symbols as chunks: a run where one is long, else a vector of one or two bits each.
fn write_chunks(out: &mut Vec<u8>, mut symbols: &[u8]) {
    while let [first, ..] = symbols {
        let run = symbols.iter().take(0x1FFF).take_while(|symbol| *symbol == first).count();
        let narrow = symbols.iter().take(14).all(|symbol| *symbol != LARGE);
        let (chunk, told) = if run >= 14 || run == symbols.len() || (run >= 7 && !narrow) {
            (u16::from(*first) << 13 | run as u16, run)
        } else {
            let (kind, bits, most) = if narrow { (0b10, 1, 14) } else { (0b11, 2, 7) };
            let told = symbols.len().min(most);
            let vector = symbols[..told].iter().fold(0, |vector, symbol| vector << bits | u16::from(*symbol));
            (kind << 14 | vector << (bits * (most - told)), told)
        };
        out.extend_from_slice(&chunk.to_be_bytes());
        symbols = &symbols[told..];
    }
}
