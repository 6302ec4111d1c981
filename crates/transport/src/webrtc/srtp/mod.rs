//! SRTP and SRTCP (RFC 3711, RFC 7714): one [`Context`] seals or opens one direction of a session,
//! in place. After a source's first packet nothing is allocated.

mod cipher;
mod kdf;
mod replay;
#[cfg(test)]
mod tests;

pub use kdf::{KeyPair, MasterKey};

use cipher::{Cipher, RTCP_CLEAR_LEN};
use replay::{ReplayWindow, estimate};

/// Most sources opened in one session: 32 slots of each kind with their retransmissions, twice.
const MAX_SOURCES: usize = 256;
/// Bytes that sealing adds at most: to an RTP packet its tag, to an RTCP packet tag and index.
pub const MAX_OVERHEAD: usize = 20;

/// How packets are protected, negotiated by DTLS (RFC 5764 §4.1.2, RFC 7714 §14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// `SRTP_AEAD_AES_128_GCM`: the cheapest on processors with AES instructions.
    Aes128Gcm,
    /// `SRTP_AEAD_AES_256_GCM`.
    Aes256Gcm,
    /// `SRTP_AES128_CM_HMAC_SHA1_80`: what every implementation has; three to four times the cost.
    Aes128CmSha1_80,
}

impl Profile {
    /// All profiles, the preferred first.
    pub const ALL: [Profile; 3] = [Profile::Aes128Gcm, Profile::Aes256Gcm, Profile::Aes128CmSha1_80];

    /// The name in the IANA registry, which browsers' statistics show without `SRTP_`.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Aes128Gcm => "SRTP_AEAD_AES_128_GCM",
            Profile::Aes256Gcm => "SRTP_AEAD_AES_256_GCM",
            Profile::Aes128CmSha1_80 => "SRTP_AES128_CM_HMAC_SHA1_80",
        }
    }

    /// Bytes of a master key.
    pub fn key_len(self) -> usize {
        if self == Profile::Aes256Gcm { 32 } else { 16 }
    }

    /// Bytes of a master salt.
    pub fn salt_len(self) -> usize {
        if self == Profile::Aes128CmSha1_80 { 14 } else { 12 }
    }

    /// Bytes to export from DTLS: keys and salts of both directions.
    pub fn keying_material_len(self) -> usize {
        2 * (self.key_len() + self.salt_len())
    }
}

/// Why a packet could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SrtpError {
    /// Too short for its header, its tag or its index.
    #[error("the SRTP packet is truncated")]
    Truncated,
    /// Not RTP version 2.
    #[error("the packet is not RTP version 2")]
    Version,
    /// The tag is wrong: damaged, forged, or sealed with other keys.
    #[error("the SRTP packet is not authentic")]
    Unauthentic,
    /// Seen before, or older than the replay window.
    #[error("the SRTP packet was seen before or is too old")]
    Replayed,
    /// SRTCP that is authenticated only.
    #[error("the SRTCP packet is not encrypted")]
    NotEncrypted,
    /// The session has too many sources.
    #[error("the session has more than {MAX_SOURCES} sources")]
    TooManySources,
}

/// Something kept per synchronization source. Sources are few and packets come in runs, so a scan
/// that begins where the last one ended beats a hash table.
struct PerSource<T> {
    ssrcs: Vec<u32>,
    values: Vec<T>,
    last: usize,
}

impl<T> PerSource<T> {
    fn new() -> Self {
        PerSource { ssrcs: Vec::new(), values: Vec::new(), last: 0 }
    }

    fn get(&mut self, ssrc: u32) -> Option<&mut T> {
        if self.ssrcs.get(self.last) != Some(&ssrc) {
            self.last = self.ssrcs.iter().position(|known| *known == ssrc)?;
        }
        self.values.get_mut(self.last)
    }

    fn insert(&mut self, ssrc: u32, value: T) {
        self.last = self.ssrcs.len();
        self.ssrcs.push(ssrc);
        self.values.push(value);
    }

    fn is_full(&self) -> bool {
        self.ssrcs.len() >= MAX_SOURCES
    }
}

/// One direction of one session: seals what we send, or opens what the peer sends.
pub struct Context {
    cipher: Cipher,
    /// Greatest index sealed, per source.
    sealed: PerSource<u64>,
    opened: PerSource<ReplayWindow>,
    opened_rtcp: PerSource<ReplayWindow>,
    /// Index of the next SRTCP packet sealed. One count for all sources: it need only grow.
    next_rtcp_index: u32,
}

impl Context {
    /// The context of a direction's master key.
    pub fn new(profile: Profile, master: &MasterKey) -> Self {
        Context {
            cipher: Cipher::new(profile, master),
            sealed: PerSource::new(),
            opened: PerSource::new(),
            opened_rtcp: PerSource::new(),
            next_rtcp_index: 1,
        }
    }

    /// Seals the RTP packet `out[start..]` in place and appends its tag. Reserve [`MAX_OVERHEAD`]
    /// bytes and nothing is allocated.
    ///
    /// One source must never seal two different packets with one sequence number: with GCM that
    /// gives the key away. Send a packet again byte for byte, or as RTX.
    ///
    /// Returns false, and leaves `out` as it is, if the bytes are no RTP packet or lie 2^15 sequence
    /// numbers before the source's beginning.
    pub fn seal_rtp(&mut self, out: &mut Vec<u8>, start: usize) -> bool {
        let Some(Ok(header)) = out.get(start..).map(Header::read) else { return false };
        let is_full = self.sealed.is_full();
        let index = match self.sealed.get(header.ssrc) {
            Some(highest) => {
                let Some(index) = estimate(Some(*highest), header.sequence) else { return false };
                *highest = index.max(*highest);
                index
            }
            None if is_full => return false,
            None => {
                let index = u64::from(header.sequence);
                self.sealed.insert(header.ssrc, index);
                index
            }
        };
        self.cipher.seal_rtp(out, start, header.len, header.ssrc, index);
        true
    }

    /// Opens an SRTP packet in place and says how long the plain packet is. A packet that fails may
    /// have been overwritten.
    pub fn open_rtp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let header = Header::read(packet)?;
        let is_full = self.opened.is_full();
        let index = match self.opened.get(header.ssrc) {
            Some(window) => {
                let index = window.estimate(header.sequence).ok_or(SrtpError::Replayed)?;
                if !window.is_fresh(index) {
                    return Err(SrtpError::Replayed);
                }
                index
            }
            None if is_full => return Err(SrtpError::TooManySources),
            None => u64::from(header.sequence),
        };
        let len = self.cipher.open_rtp(packet, header.len, header.ssrc, index)?;
        mark(&mut self.opened, header.ssrc, index);
        Ok(len)
    }

    /// Seals the compound RTCP packet `out[start..]` in place and appends tag and index. Returns
    /// false, and leaves `out` as it is, if it is too short or 2^31 packets have been sealed.
    pub fn seal_rtcp(&mut self, out: &mut Vec<u8>, start: usize) -> bool {
        let Some(packet) = out.get(start..) else { return false };
        let Some(ssrc) = rtcp_ssrc(packet) else { return false };
        if self.next_rtcp_index >= 1 << 31 {
            return false;
        }
        let index = self.next_rtcp_index;
        self.next_rtcp_index += 1;
        self.cipher.seal_rtcp(out, start, ssrc, index);
        true
    }

    /// Opens an SRTCP packet in place and says how long the plain one is.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let ssrc = rtcp_ssrc(packet).ok_or(SrtpError::Truncated)?;
        if packet[0] >> 6 != 2 {
            return Err(SrtpError::Version);
        }
        let index = self.cipher.rtcp_index(packet)?;
        let is_full = self.opened_rtcp.is_full();
        match self.opened_rtcp.get(ssrc) {
            Some(window) if !window.is_fresh(u64::from(index)) => return Err(SrtpError::Replayed),
            None if is_full => return Err(SrtpError::TooManySources),
            _ => {}
        }
        let len = self.cipher.open_rtcp(packet, ssrc, index)?;
        mark(&mut self.opened_rtcp, ssrc, u64::from(index));
        Ok(len)
    }
}

fn mark(windows: &mut PerSource<ReplayWindow>, ssrc: u32, index: u64) {
    match windows.get(ssrc) {
        Some(window) => window.mark(index),
        None => {
            let mut window = ReplayWindow::new();
            window.mark(index);
            windows.insert(ssrc, window);
        }
    }
}

fn rtcp_ssrc(packet: &[u8]) -> Option<u32> {
    let bytes = packet.get(4..RTCP_CLEAR_LEN)?;
    Some(u32::from_be_bytes(bytes.try_into().expect("four bytes")))
}

/// What SRTP needs to know of an RTP header.
struct Header {
    sequence: u16,
    ssrc: u32,
    /// Bytes up to the payload: fixed part, contributing sources, extension.
    len: usize,
}

impl Header {
    fn read(packet: &[u8]) -> Result<Self, SrtpError> {
        let fixed = packet.get(..12).ok_or(SrtpError::Truncated)?;
        if fixed[0] >> 6 != 2 {
            return Err(SrtpError::Version);
        }
        let mut len = 12 + 4 * usize::from(fixed[0] & 0x0f);
        if fixed[0] & 0x10 != 0 {
            let extension = packet.get(len..len + 4).ok_or(SrtpError::Truncated)?;
            len += 4 + 4 * usize::from(u16::from_be_bytes([extension[2], extension[3]]));
        }
        if packet.len() < len {
            return Err(SrtpError::Truncated);
        }
        Ok(Header {
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            ssrc: u32::from_be_bytes(fixed[8..12].try_into().expect("four bytes")),
            len,
        })
    }
}
