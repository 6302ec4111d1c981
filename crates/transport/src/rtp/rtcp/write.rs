//! Writers. Each appends one or more whole packets to `out`; a compound is several calls.

use super::{ReportBlock, SenderInfo, kind};

/// Most report blocks in one packet: the count has five bits.
const MAX_BLOCKS: usize = 31;
/// Most pairs in one NACK, so that it fits any datagram.
const MAX_PAIRS: usize = 250;
/// The cumulative loss has 24 bits with sign (RFC 3550 A.3).
const MAX_CUMULATIVE_LOST: i32 = 0x7F_FFFF;

/// A sender report; blocks beyond 31 go into receiver reports behind it (RFC 3550 §6.1).
pub fn write_sender_report(out: &mut Vec<u8>, info: &SenderInfo, reports: &[ReportBlock]) {
    let (first, more) = reports.split_at(reports.len().min(MAX_BLOCKS));
    let start = begin(out, first.len() as u8, kind::SR);
    put(out, info.ssrc);
    out.extend_from_slice(&info.ntp.0.to_be_bytes());
    put(out, info.rtp_timestamp);
    put(out, info.packets);
    put(out, info.octets);
    first.iter().for_each(|block| write_block(out, block));
    end(out, start);
    if !more.is_empty() {
        write_receiver_report(out, info.ssrc, more);
    }
}

/// A receiver report, or several when there are more than 31 blocks. Without blocks it is an empty
/// report, which a compound may need as its first packet.
pub fn write_receiver_report(out: &mut Vec<u8>, ssrc: u32, reports: &[ReportBlock]) {
    let mut rest = reports;
    loop {
        let (blocks, more) = rest.split_at(rest.len().min(MAX_BLOCKS));
        let start = begin(out, blocks.len() as u8, kind::RR);
        put(out, ssrc);
        blocks.iter().for_each(|block| write_block(out, block));
        end(out, start);
        rest = more;
        if rest.is_empty() {
            return;
        }
    }
}

fn write_block(out: &mut Vec<u8>, block: &ReportBlock) {
    put(out, block.ssrc);
    let lost = block.cumulative_lost.clamp(-MAX_CUMULATIVE_LOST - 1, MAX_CUMULATIVE_LOST) as u32;
    put(out, u32::from(block.fraction_lost) << 24 | (lost & 0xFF_FFFF));
    put(out, block.highest_sequence);
    put(out, block.jitter);
    put(out, block.last_sr);
    put(out, block.delay_since_last_sr);
}

/// A source description with the canonical name (RFC 3550 §6.5.1), cut to 255 bytes: what WebRTC
/// peers expect behind a report.
pub fn write_cname(out: &mut Vec<u8>, ssrc: u32, cname: &str) {
    let name = &cname.as_bytes()[..cname.len().min(255)];
    let start = begin(out, 1, kind::SDES);
    put(out, ssrc);
    out.extend_from_slice(&[1, name.len() as u8]);
    out.extend_from_slice(name);
    // One to four zeros end the list of items.
    out.push(0);
    while !(out.len() - start).is_multiple_of(4) {
        out.push(0);
    }
    end(out, start);
}

/// Sources that end, at most 31.
pub fn write_goodbye(out: &mut Vec<u8>, ssrcs: &[u32]) {
    let ssrcs = &ssrcs[..ssrcs.len().min(MAX_BLOCKS)];
    let start = begin(out, ssrcs.len() as u8, kind::BYE);
    ssrcs.iter().for_each(|ssrc| put(out, *ssrc));
    end(out, start);
}

/// Asks for packets again; `lost` ascending (modulo the wrap) packs best. Nothing for nothing.
pub fn write_nack(out: &mut Vec<u8>, sender_ssrc: u32, media_ssrc: u32, lost: &[u16]) {
    let mut rest = lost;
    while !rest.is_empty() {
        let start = begin(out, kind::NACK, kind::RTPFB);
        put(out, sender_ssrc);
        put(out, media_ssrc);
        for _ in 0..MAX_PAIRS {
            let [first, following @ ..] = rest else { break };
            let covered = following.iter().map(|seq| seq.wrapping_sub(*first));
            let covered = covered.take_while(|distance| (1..=16).contains(distance));
            let (count, bits) =
                covered.fold((0, 0_u16), |(count, bits), distance| (count + 1, bits | 1 << (distance - 1)));
            put(out, u32::from(*first) << 16 | u32::from(bits));
            rest = &following[count..];
        }
        end(out, start);
    }
}

/// Asks for a keyframe after a loss.
pub fn write_pli(out: &mut Vec<u8>, sender_ssrc: u32, media_ssrc: u32) {
    let start = begin(out, kind::PLI, kind::PSFB);
    put(out, sender_ssrc);
    put(out, media_ssrc);
    end(out, start);
}

/// Asks for a keyframe; `number` rises with each new request and stays in repeats.
pub fn write_fir(out: &mut Vec<u8>, sender_ssrc: u32, media_ssrc: u32, number: u8) {
    let start = begin(out, kind::FIR, kind::PSFB);
    put(out, sender_ssrc);
    put(out, 0);
    put(out, media_ssrc);
    put(out, u32::from(number) << 24);
    end(out, start);
}

/// Tells a sender how much may be sent, over at most 255 sources.
pub fn write_remb(out: &mut Vec<u8>, sender_ssrc: u32, bitrate_bps: u64, ssrcs: &[u32]) {
    let ssrcs = &ssrcs[..ssrcs.len().min(255)];
    let exponent = (64 - bitrate_bps.leading_zeros()).saturating_sub(18);
    let mantissa = (bitrate_bps >> exponent) as u32;
    let start = begin(out, kind::AFB, kind::PSFB);
    put(out, sender_ssrc);
    put(out, 0);
    out.extend_from_slice(b"REMB");
    put(out, (ssrcs.len() as u32) << 24 | exponent << 18 | mantissa);
    ssrcs.iter().for_each(|ssrc| put(out, *ssrc));
    end(out, start);
}

/// Writes the frame of a packet; [`end`] fills in its length.
pub(super) fn begin(out: &mut Vec<u8>, format: u8, packet_type: u8) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0x80 | (format & 0x1F), packet_type, 0, 0]);
    start
}

/// Length in words without the first (RFC 3550 §6.4.1). The content is whole words.
pub(super) fn end(out: &mut [u8], start: usize) {
    let words = ((out.len() - start) / 4 - 1) as u16;
    out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}

fn put(out: &mut Vec<u8>, word: u32) {
    out.extend_from_slice(&word.to_be_bytes());
}
