//! Reading compounds (RFC 3550 §6.1), reduced-size ones too (RFC 5506).

use super::{ReportBlock, Rtcp, RtcpError, SenderInfo, TransportFeedback, kind};
use tongke_protocol::NtpTime;

/// Bytes of a report block.
const BLOCK_LEN: usize = 24;

/// The packets of a plain (decrypted) RTCP datagram. After an error in a packet's content the walk
/// goes on with the next packet; after an error in its frame it ends.
pub fn read(datagram: &[u8]) -> Reader<'_> {
    Reader { rest: datagram }
}

/// Walks the packets of a compound.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<Rtcp<'a>, RtcpError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let framed = frame(self.rest);
        self.rest = framed.as_ref().map_or(&[][..], |framed| framed.after);
        Some(framed.and_then(|framed| content(&framed)))
    }
}

/// One packet cut out of its compound.
struct Framed<'a> {
    /// Count, subtype or message type.
    format: u8,
    packet_type: u8,
    body: &'a [u8],
    after: &'a [u8],
}

fn frame(rest: &[u8]) -> Result<Framed<'_>, RtcpError> {
    let Some(&[first, packet_type, high, low]) = rest.first_chunk() else {
        return Err(RtcpError::Truncated);
    };
    if first >> 6 != 2 {
        return Err(RtcpError::Version);
    }
    let len = usize::from(u16::from_be_bytes([high, low])) * 4;
    let (body, after) = rest[4..].split_at_checked(len).ok_or(RtcpError::Truncated)?;
    let mut end = body.len();
    if first & 0x20 != 0 {
        let padding = usize::from(*body.last().ok_or(RtcpError::Padding)?);
        end = end.checked_sub(padding).filter(|_| padding > 0).ok_or(RtcpError::Padding)?;
    }
    Ok(Framed { format: first & 0x1F, packet_type, body: &body[..end], after })
}

fn content<'a>(framed: &Framed<'a>) -> Result<Rtcp<'a>, RtcpError> {
    let body = framed.body;
    match (framed.packet_type, framed.format) {
        (kind::SR, count) => {
            let info = SenderInfo {
                ssrc: u32_at(body, 0)?,
                ntp: NtpTime(u64::from(u32_at(body, 4)?) << 32 | u64::from(u32_at(body, 8)?)),
                rtp_timestamp: u32_at(body, 12)?,
                packets: u32_at(body, 16)?,
                octets: u32_at(body, 20)?,
            };
            Ok(Rtcp::SenderReport { info, reports: report_blocks(body, 24, count)? })
        }
        (kind::RR, count) => {
            Ok(Rtcp::ReceiverReport { ssrc: u32_at(body, 0)?, reports: report_blocks(body, 4, count)? })
        }
        (kind::BYE, count) => Ok(Rtcp::Goodbye { ssrcs: ssrcs(body, usize::from(count))? }),
        (kind::RTPFB, kind::NACK) => {
            let (sender_ssrc, media_ssrc) = (u32_at(body, 0)?, u32_at(body, 4)?);
            Ok(Rtcp::Nack { sender_ssrc, media_ssrc, lost: LostList { pairs: whole_items(&body[8..], 4)? } })
        }
        (kind::RTPFB, kind::TRANSPORT_CC) => TransportFeedback::read(body).map(Rtcp::TransportCc),
        (kind::PSFB, kind::PLI) => {
            Ok(Rtcp::Pli { sender_ssrc: u32_at(body, 0)?, media_ssrc: u32_at(body, 4)? })
        }
        (kind::PSFB, kind::FIR) => {
            let (sender_ssrc, _unused) = (u32_at(body, 0)?, u32_at(body, 4)?);
            Ok(Rtcp::Fir { sender_ssrc, requests: FirList { entries: whole_items(&body[8..], 8)? } })
        }
        (kind::PSFB, kind::AFB) if body.get(8..12) == Some(b"REMB") => remb(body),
        (packet_type, format) => Ok(Rtcp::Other { packet_type, format }),
    }
}

fn remb(body: &[u8]) -> Result<Rtcp<'_>, RtcpError> {
    let sender_ssrc = u32_at(body, 0)?;
    let word = u32_at(body, 12)?;
    let (count, exponent, mantissa) = (word >> 24, word >> 18 & 0x3F, word & 0x3_FFFF);
    let bitrate = u128::from(mantissa) << exponent;
    Ok(Rtcp::Remb {
        sender_ssrc,
        bitrate_bps: u64::try_from(bitrate).unwrap_or(u64::MAX),
        ssrcs: ssrcs(&body[16..], count as usize)?,
    })
}

pub(super) fn u32_at(body: &[u8], at: usize) -> Result<u32, RtcpError> {
    body.get(at..)
        .and_then(<[u8]>::first_chunk)
        .map(|word| u32::from_be_bytes(*word))
        .ok_or(RtcpError::Truncated)
}

fn report_blocks(body: &[u8], at: usize, count: u8) -> Result<ReportBlocks<'_>, RtcpError> {
    let end = at + usize::from(count) * BLOCK_LEN;
    body.get(at..end).map(|blocks| ReportBlocks { blocks }).ok_or(RtcpError::Truncated)
}

fn ssrcs(bytes: &[u8], count: usize) -> Result<SsrcList<'_>, RtcpError> {
    bytes.get(..count * 4).map(|words| SsrcList { words }).ok_or(RtcpError::Truncated)
}

/// At least one item of `size` bytes, and no half one.
fn whole_items(bytes: &[u8], size: usize) -> Result<&[u8], RtcpError> {
    if bytes.is_empty() || !bytes.len().is_multiple_of(size) { Err(RtcpError::Malformed) } else { Ok(bytes) }
}

/// Report blocks of a packet.
#[derive(Debug, Clone, Copy)]
pub struct ReportBlocks<'a> {
    blocks: &'a [u8],
}

impl<'a> ReportBlocks<'a> {
    /// The blocks, in order.
    pub fn iter(&self) -> impl Iterator<Item = ReportBlock> + use<'a> {
        self.blocks.chunks_exact(BLOCK_LEN).map(|block| {
            let word =
                |at: usize| u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
            ReportBlock {
                ssrc: word(0),
                fraction_lost: block[4],
                // 24 bits with sign: into the upper bits and back.
                cumulative_lost: (word(4) << 8) as i32 >> 8,
                highest_sequence: word(8),
                jitter: word(12),
                last_sr: word(16),
                delay_since_last_sr: word(20),
            }
        })
    }
}

/// Sequence numbers asked for again.
#[derive(Debug, Clone, Copy)]
pub struct LostList<'a> {
    pairs: &'a [u8],
}

impl<'a> LostList<'a> {
    /// The numbers, as listed: each pair is a number and a bit for each of the 16 after it.
    pub fn iter(&self) -> impl Iterator<Item = u16> + use<'a> {
        self.pairs.chunks_exact(4).flat_map(|pair| {
            let first = u16::from_be_bytes([pair[0], pair[1]]);
            let following = u16::from_be_bytes([pair[2], pair[3]]);
            let rest = (0..16).filter(move |bit| following >> bit & 1 == 1);
            std::iter::once(first).chain(rest.map(move |bit| first.wrapping_add(bit + 1)))
        })
    }
}

/// Keyframe requests by source.
#[derive(Debug, Clone, Copy)]
pub struct FirList<'a> {
    entries: &'a [u8],
}

impl<'a> FirList<'a> {
    /// (source, number of the request: a repeat has the same).
    pub fn iter(&self) -> impl Iterator<Item = (u32, u8)> + use<'a> {
        self.entries
            .chunks_exact(8)
            .map(|entry| (u32::from_be_bytes([entry[0], entry[1], entry[2], entry[3]]), entry[4]))
    }
}

/// Synchronization sources of a packet.
#[derive(Debug, Clone, Copy)]
pub struct SsrcList<'a> {
    words: &'a [u8],
}

impl<'a> SsrcList<'a> {
    /// The sources, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.words.chunks_exact(4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]))
    }
}
