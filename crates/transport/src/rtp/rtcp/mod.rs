//! RTCP on the wire: what a datagram says ([`read()`]), and writers for what we say.
//!
//! Own reader and writers rather than `rtc-rtcp`, which the tests use as an oracle: values are
//! borrowed, so nothing is allocated however large a count a packet claims; one broken packet does
//! not take the rest of its compound along; the cumulative loss has its sign (RFC 3550 §6.4.1).

mod read;
mod transport_cc;
mod write;

pub use read::{FirList, LostList, Reader, ReportBlocks, SsrcList, read};
pub(super) use transport_cc::{FeedbackHead, write_transport_cc};
pub use transport_cc::{PacketStatus, Statuses, TransportFeedback};
pub use write::{
    write_cname, write_fir, write_goodbye, write_nack, write_pli, write_receiver_report, write_remb,
    write_sender_report,
};

use tongke_protocol::NtpTime;

/// Why bytes are not RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtcpError {
    /// The datagram ends inside a packet, or a packet inside its content.
    #[error("the RTCP packet ends too early")]
    Truncated,
    /// The version is not 2.
    #[error("the RTCP version is not 2")]
    Version,
    /// The padding is longer than the packet.
    #[error("the padding does not fit the RTCP packet")]
    Padding,
    /// The content contradicts itself.
    #[error("the RTCP packet contradicts itself")]
    Malformed,
}

/// One RTCP packet of a compound.
#[derive(Debug, Clone)]
pub enum Rtcp<'a> {
    /// A sender's clock and counts, and what it hears of others (RFC 3550 §6.4.1).
    SenderReport {
        /// The sender's part.
        info: SenderInfo,
        /// What it hears.
        reports: ReportBlocks<'a>,
    },
    /// What a receiver hears (RFC 3550 §6.4.2).
    ReceiverReport {
        /// Who hears.
        ssrc: u32,
        /// What it hears.
        reports: ReportBlocks<'a>,
    },
    /// Sources that end (RFC 3550 §6.6).
    Goodbye {
        /// Which.
        ssrcs: SsrcList<'a>,
    },
    /// Packets asked for again (RFC 4585 §6.2.1).
    Nack {
        /// Who asks.
        sender_ssrc: u32,
        /// Of which source.
        media_ssrc: u32,
        /// Which packets.
        lost: LostList<'a>,
    },
    /// A keyframe asked for after a loss (RFC 4585 §6.3.1).
    Pli {
        /// Who asks.
        sender_ssrc: u32,
        /// Of which source.
        media_ssrc: u32,
    },
    /// A keyframe asked for by a newcomer (RFC 5104 §4.3.1).
    Fir {
        /// Who asks.
        sender_ssrc: u32,
        /// Of which sources.
        requests: FirList<'a>,
    },
    /// What arrived when, over all sources of a transport.
    TransportCc(TransportFeedback<'a>),
    /// How much a receiver thinks can be sent (draft-alvestrand-rmcat-remb-03).
    Remb {
        /// Who thinks so.
        sender_ssrc: u32,
        /// How much, bits per second.
        bitrate_bps: u64,
        /// Over which sources.
        ssrcs: SsrcList<'a>,
    },
    /// A type that is not read, such as SDES and XR.
    Other {
        /// 192–223.
        packet_type: u8,
        /// The five bits of the first byte: count, subtype or message type.
        format: u8,
    },
}

/// The sender's part of a sender report (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SenderInfo {
    /// The source.
    pub ssrc: u32,
    /// A moment on the sender's wall clock …
    pub ntp: NtpTime,
    /// … and the same moment in media time.
    pub rtp_timestamp: u32,
    /// Packets sent, wrapping.
    pub packets: u32,
    /// Payload bytes sent, wrapping.
    pub octets: u32,
}

/// What one receiver says of one source (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportBlock {
    /// The source.
    pub ssrc: u32,
    /// Share lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the start, 24 bits; negative when duplicates outnumber losses.
    pub cumulative_lost: i32,
    /// Highest sequence number received, extended to 32 bits.
    pub highest_sequence: u32,
    /// Interarrival jitter in ticks of the media clock.
    pub jitter: u32,
    /// Middle 32 bits of the last sender report's NTP time; 0 when there was none.
    pub last_sr: u32,
    /// Time since that report, in 1/65536 s.
    pub delay_since_last_sr: u32,
}

/// RTCP packet types and feedback message types.
mod kind {
    pub(super) const SR: u8 = 200;
    pub(super) const RR: u8 = 201;
    pub(super) const SDES: u8 = 202;
    pub(super) const BYE: u8 = 203;
    /// Transport-layer feedback.
    pub(super) const RTPFB: u8 = 205;
    /// Payload-specific feedback.
    pub(super) const PSFB: u8 = 206;
    pub(super) const NACK: u8 = 1;
    pub(super) const TRANSPORT_CC: u8 = 15;
    pub(super) const PLI: u8 = 1;
    pub(super) const FIR: u8 = 4;
    /// Application layer feedback, of which REMB is one.
    pub(super) const AFB: u8 = 15;
}

#[cfg(test)]
mod tests;
