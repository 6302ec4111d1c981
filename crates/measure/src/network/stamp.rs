//! Packets of the simple two-way active measurement protocol, RFC 8762 §4: the unauthenticated ones, 44 bytes each
//! way. What follows them (TLVs of RFC 8972, padding) is left alone.

use serde::{Deserialize, Serialize};
use tongke_protocol::time::NtpTime;

/// The port that reflectors listen on unless told otherwise.
pub const DEFAULT_PORT: u16 = 862;
/// Bytes of either packet.
pub const LEN: usize = 44;

/// What is no packet of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// Fewer bytes than a packet has.
    #[error("a STAMP packet has {LEN} bytes at least and this one {got}; it is none, or cut short")]
    TooShort {
        /// Bytes there.
        got: usize,
    },
    /// PTP timestamps.
    #[error("the stamps are in PTP time; set the far end to NTP time")]
    PtpTime,
}

/// How well a packet's clock is known to be right (RFC 4656 §4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorEstimate {
    /// The clock is synchronised to UTC by an outside source.
    pub synchronized: bool,
    /// Exponent, 6 bits.
    pub scale: u8,
    /// Factor; zero is not allowed, and means that the sender does not know.
    pub multiplier: u8,
}

impl ErrorEstimate {
    /// A clock about which nothing is claimed: the widest error.
    pub const UNKNOWN: ErrorEstimate = ErrorEstimate { synchronized: false, scale: 63, multiplier: 255 };

    /// The error in seconds: multiplier · 2⁻³² · 2^scale.
    pub fn seconds(&self) -> f64 {
        f64::from(self.multiplier) * 2f64.powi(i32::from(self.scale) - 32)
    }

    fn parse(bits: u16) -> Result<Self, StampError> {
        if bits & 0x4000 != 0 {
            return Err(StampError::PtpTime);
        }
        let [high, multiplier] = bits.to_be_bytes();
        Ok(Self { synchronized: bits & 0x8000 != 0, scale: high & 0x3f, multiplier })
    }

    fn bits(self) -> u16 {
        let synchronized = if self.synchronized { 0x80 } else { 0 };
        u16::from_be_bytes([synchronized | self.scale & 0x3f, self.multiplier])
    }
}

/// What a session sender sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestPacket {
    /// Counted from 0.
    pub seq: u32,
    /// When it was sent, sender's clock.
    pub sent: NtpTime,
    /// How good that clock is.
    pub error: ErrorEstimate,
}

/// What a session reflector sends back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReflectedPacket {
    /// The reflector's own count of packets reflected in this session, from 0 (a stateful reflector, §4.2).
    pub seq: u32,
    /// When it was sent back, reflector's clock.
    pub sent: NtpTime,
    /// How good that clock is.
    pub error: ErrorEstimate,
    /// When the test packet came, reflector's clock.
    pub received: NtpTime,
    /// From the test packet.
    pub test: TestPacket,
    /// TTL or hop limit with which the test packet came; 255 is what it was sent with.
    pub ttl: u8,
}

impl TestPacket {
    /// Reads a packet; what stands in its zero bytes is ignored (§4.2.1).
    pub fn parse(bytes: &[u8]) -> Result<Self, StampError> {
        let bytes = whole(bytes)?;
        Ok(Self { seq: u32_at(bytes, 0), sent: ntp_at(bytes, 4), error: error_at(bytes, 12)? })
    }

    /// The packet's bytes.
    pub fn write(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        self.write_at(&mut bytes, 0);
        bytes
    }

    fn write_at(&self, bytes: &mut [u8; LEN], at: usize) {
        bytes[at..at + 4].copy_from_slice(&self.seq.to_be_bytes());
        bytes[at + 4..at + 12].copy_from_slice(&self.sent.0.to_be_bytes());
        bytes[at + 12..at + 14].copy_from_slice(&self.error.bits().to_be_bytes());
    }

    /// The answer of a reflector, ready to be stamped: `received` is when this packet came, `seq` the reflector's
    /// own count. [`ReflectedPacket::sent`] is set just before it goes.
    pub fn reflect(&self, seq: u32, received: NtpTime, error: ErrorEstimate, ttl: u8) -> ReflectedPacket {
        ReflectedPacket { seq, sent: received, error, received, test: *self, ttl }
    }
}

impl ReflectedPacket {
    /// Reads a packet; what stands in its zero bytes is ignored.
    pub fn parse(bytes: &[u8]) -> Result<Self, StampError> {
        let bytes = whole(bytes)?;
        Ok(Self {
            seq: u32_at(bytes, 0),
            sent: ntp_at(bytes, 4),
            error: error_at(bytes, 12)?,
            received: ntp_at(bytes, 16),
            test: TestPacket { seq: u32_at(bytes, 24), sent: ntp_at(bytes, 28), error: error_at(bytes, 36)? },
            ttl: bytes[40],
        })
    }

    /// The packet's bytes.
    pub fn write(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        TestPacket { seq: self.seq, sent: self.sent, error: self.error }.write_at(&mut bytes, 0);
        bytes[16..24].copy_from_slice(&self.received.0.to_be_bytes());
        self.test.write_at(&mut bytes, 24);
        bytes[40] = self.ttl;
        bytes
    }
}

fn whole(bytes: &[u8]) -> Result<&[u8; LEN], StampError> {
    bytes.first_chunk().ok_or(StampError::TooShort { got: bytes.len() })
}

fn u32_at(bytes: &[u8; LEN], at: usize) -> u32 {
    u32::from_be_bytes(std::array::from_fn(|i| bytes[at + i]))
}

fn ntp_at(bytes: &[u8; LEN], at: usize) -> NtpTime {
    NtpTime(u64::from_be_bytes(std::array::from_fn(|i| bytes[at + i])))
}

fn error_at(bytes: &[u8; LEN], at: usize) -> Result<ErrorEstimate, StampError> {
    ErrorEstimate::parse(u16::from_be_bytes([bytes[at], bytes[at + 1]]))
}

#[cfg(test)]
mod tests;
