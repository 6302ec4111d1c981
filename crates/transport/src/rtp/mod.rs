//! RTP and RTCP: headers, extensions, payload formats, loss repair.
//!
//! Packets: [`RtpView`] reads one without copying, [`RtpPacket`] owns one, [`write_header`] writes
//! one. Payloads: [`h264`], [`vp8`], [`opus`], [`red`]. Repair: [`NackGenerator`] asks,
//! [`SendHistory`] answers. Reports: [`rtcp`] is the wire, [`report`] and [`twcc`] the accounts.

mod extension;
pub mod h264;
mod header;
mod history;
mod nack;
pub mod opus;
mod packet;
pub mod red;
pub mod report;
pub mod rtcp;
mod seq;
pub mod twcc;
pub mod vp8;

#[cfg(test)]
pub(crate) mod mutation;

pub use extension::{
    AbsCaptureTime, ExtensionKind, ExtensionMap, Extensions, SmallId, append_padding, write_header,
};
pub use header::{Csrcs, RawExtensions, RtpError, RtpHeader, RtpView, is_rtcp};
pub use history::{HistoryConfig, SendHistory};
pub use nack::{Arrival, NackConfig, NackCounters, NackGenerator};
pub use packet::RtpPacket;
pub use seq::SequenceExtender;
