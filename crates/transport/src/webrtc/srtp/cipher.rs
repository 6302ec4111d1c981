//! The two families of SRTP transforms over bytes in place: AEAD AES-GCM (RFC 7714) and AES counter
//! mode with HMAC-SHA1 (RFC 3711 §4.1.1 and §4.2.1).

use super::kdf::{Label, MasterKey};
use super::{Profile, SrtpError};
use aes::Aes128;
use aes::cipher::{InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper};
use hmac::{Hmac, Mac};
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sha1::Sha1;
use subtle::ConstantTimeEq;

const GCM_TAG_LEN: usize = 16;
/// SHA1_80 keeps 80 bits of the HMAC.
const SHA1_TAG_LEN: usize = 10;
/// The word behind an SRTCP packet: one bit "encrypted", 31 bits of index.
const RTCP_WORD_LEN: usize = 4;
const ENCRYPTED: u32 = 1 << 31;
/// The part of an RTCP packet that stays readable: the first header and the sender's SSRC.
pub(super) const RTCP_CLEAR_LEN: usize = 8;

/// One direction's session keys.
pub(super) enum Cipher {
    Gcm(Box<Gcm>),
    Cm(Box<CmSha1>),
}

impl Cipher {
    pub fn new(profile: Profile, master: &MasterKey) -> Self {
        match profile {
            Profile::Aes128Gcm | Profile::Aes256Gcm => Cipher::Gcm(Box::new(Gcm::new(profile, master))),
            Profile::Aes128CmSha1_80 => Cipher::Cm(Box::new(CmSha1::new(master))),
        }
    }

    /// Seals `packet[header_len..]` and appends the tag.
    pub fn seal_rtp(&self, out: &mut Vec<u8>, start: usize, header_len: usize, ssrc: u32, index: u64) {
        let body = start + header_len;
        match self {
            Cipher::Gcm(gcm) => {
                let (header, payload) = out[start..].split_at_mut(header_len);
                let tag = gcm
                    .rtp_key
                    .seal_in_place_separate_tag(gcm.rtp_nonce(ssrc, index), Aad::from(&*header), payload)
                    .expect("an RTP packet is far shorter than GCM's limit of 64 GiB");
                out.extend_from_slice(tag.as_ref());
            }
            Cipher::Cm(cm) => {
                cm.rtp.apply(ssrc, index, &mut out[body..]);
                let tag = cm.rtp.tag(&[&out[start..], &roc_bytes(index)]);
                out.extend_from_slice(&tag);
            }
        }
    }

    /// Opens a packet in place and says how long it is without its tag.
    pub fn open_rtp(
        &self,
        packet: &mut [u8],
        header_len: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, SrtpError> {
        match self {
            Cipher::Gcm(gcm) => {
                let (header, payload) = packet.split_at_mut(header_len);
                let plain = gcm
                    .rtp_key
                    .open_in_place(gcm.rtp_nonce(ssrc, index), Aad::from(&*header), payload)
                    .map_err(|_| SrtpError::Unauthentic)?;
                Ok(header_len + plain.len())
            }
            Cipher::Cm(cm) => {
                let len = packet.len().checked_sub(SHA1_TAG_LEN).filter(|len| *len >= header_len);
                let (sealed, tag) = packet.split_at_mut(len.ok_or(SrtpError::Truncated)?);
                cm.rtp.check(&[sealed, &roc_bytes(index)], tag)?;
                cm.rtp.apply(ssrc, index, &mut sealed[header_len..]);
                Ok(sealed.len())
            }
        }
    }

    /// Seals the RTCP packet `out[start..]` with this index and appends what belongs behind it.
    pub fn seal_rtcp(&self, out: &mut Vec<u8>, start: usize, ssrc: u32, index: u32) {
        let word = (ENCRYPTED | index).to_be_bytes();
        match self {
            Cipher::Gcm(gcm) => {
                let (header, body) = out[start..].split_at_mut(RTCP_CLEAR_LEN);
                let tag = gcm
                    .rtcp_key
                    .seal_in_place_separate_tag(
                        gcm.rtcp_nonce(ssrc, index),
                        Aad::from(rtcp_aad(header, word)),
                        body,
                    )
                    .expect("an RTCP packet is far shorter than GCM's limit of 64 GiB");
                out.extend_from_slice(tag.as_ref());
                out.extend_from_slice(&word);
            }
            Cipher::Cm(cm) => {
                cm.rtcp.apply(ssrc, u64::from(index), &mut out[start + RTCP_CLEAR_LEN..]);
                out.extend_from_slice(&word);
                let tag = cm.rtcp.tag(&[&out[start..]]);
                out.extend_from_slice(&tag);
            }
        }
    }

    /// The index that an SRTCP packet names.
    pub fn rtcp_index(&self, packet: &[u8]) -> Result<u32, SrtpError> {
        let behind = if matches!(self, Cipher::Gcm(_)) { 0 } else { SHA1_TAG_LEN };
        let tag = if matches!(self, Cipher::Gcm(_)) { GCM_TAG_LEN } else { 0 };
        if packet.len() < RTCP_CLEAR_LEN + tag + RTCP_WORD_LEN + behind {
            return Err(SrtpError::Truncated);
        }
        let word = &packet[packet.len() - behind - RTCP_WORD_LEN..][..RTCP_WORD_LEN];
        let word = u32::from_be_bytes(word.try_into().expect("four bytes"));
        // Nobody in WebRTC sends SRTCP in the clear, and taking it would only open a door.
        if word & ENCRYPTED == 0 { Err(SrtpError::NotEncrypted) } else { Ok(word & !ENCRYPTED) }
    }

    /// Opens an SRTCP packet in place and says how long the plain one is.
    pub fn open_rtcp(&self, packet: &mut [u8], ssrc: u32, index: u32) -> Result<usize, SrtpError> {
        match self {
            Cipher::Gcm(gcm) => {
                let end = packet.len() - RTCP_WORD_LEN;
                let (sealed, _word) = packet.split_at_mut(end);
                let (header, body) = sealed.split_at_mut(RTCP_CLEAR_LEN);
                let aad = rtcp_aad(header, (ENCRYPTED | index).to_be_bytes());
                let plain = gcm
                    .rtcp_key
                    .open_in_place(gcm.rtcp_nonce(ssrc, index), Aad::from(aad), body)
                    .map_err(|_| SrtpError::Unauthentic)?;
                Ok(RTCP_CLEAR_LEN + plain.len())
            }
            Cipher::Cm(cm) => {
                let (covered, tag) = packet.split_at_mut(packet.len() - SHA1_TAG_LEN);
                cm.rtcp.check(&[covered], tag)?;
                let end = covered.len() - RTCP_WORD_LEN;
                cm.rtcp.apply(ssrc, u64::from(index), &mut covered[RTCP_CLEAR_LEN..end]);
                Ok(end)
            }
        }
    }
}

fn rtcp_aad(header: &[u8], word: [u8; 4]) -> [u8; RTCP_CLEAR_LEN + RTCP_WORD_LEN] {
    let mut aad = [0; RTCP_CLEAR_LEN + RTCP_WORD_LEN];
    aad[..RTCP_CLEAR_LEN].copy_from_slice(header);
    aad[RTCP_CLEAR_LEN..].copy_from_slice(&word);
    aad
}

/// The rollover counter of an index, which authentication covers though it is not sent.
fn roc_bytes(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

/// AEAD_AES_128_GCM and AEAD_AES_256_GCM.
pub(super) struct Gcm {
    rtp_key: LessSafeKey,
    rtp_salt: [u8; 12],
    rtcp_key: LessSafeKey,
    rtcp_salt: [u8; 12],
}

impl Gcm {
    fn new(profile: Profile, master: &MasterKey) -> Self {
        let key = |label| {
            let bytes: [u8; 32] = master.derive(label);
            let (algorithm, len) = match profile {
                Profile::Aes256Gcm => (&AES_256_GCM, 32),
                _ => (&AES_128_GCM, 16),
            };
            LessSafeKey::new(UnboundKey::new(algorithm, &bytes[..len]).expect("the algorithm's length"))
        };
        Gcm {
            rtp_key: key(Label::RtpEncryption),
            rtp_salt: master.derive(Label::RtpSalt),
            rtcp_key: key(Label::RtcpEncryption),
            rtcp_salt: master.derive(Label::RtcpSalt),
        }
    }

    /// 16 bits of zero, SSRC, rollover counter, sequence number, ⊕ salt (RFC 7714 §8.1).
    fn rtp_nonce(&self, ssrc: u32, index: u64) -> Nonce {
        nonce(self.rtp_salt, ssrc, index)
    }

    /// 16 bits of zero, SSRC, 16 bits of zero, index, ⊕ salt (RFC 7714 §9.1).
    fn rtcp_nonce(&self, ssrc: u32, index: u32) -> Nonce {
        nonce(self.rtcp_salt, ssrc, u64::from(index))
    }
}

fn nonce(mut salt: [u8; 12], ssrc: u32, index: u64) -> Nonce {
    let iv = (u128::from(ssrc) << 48 | u128::from(index)).to_be_bytes();
    for (byte, iv) in salt.iter_mut().zip(&iv[4..]) {
        *byte ^= iv;
    }
    Nonce::assume_unique_for_key(salt)
}

/// AES128_CM_HMAC_SHA1_80.
pub(super) struct CmSha1 {
    rtp: CmStream,
    rtcp: CmStream,
}

impl CmSha1 {
    fn new(master: &MasterKey) -> Self {
        use Label::{
            RtcpAuthentication, RtcpEncryption, RtcpSalt, RtpAuthentication, RtpEncryption, RtpSalt,
        };
        CmSha1 {
            rtp: CmStream::new(master, RtpEncryption, RtpAuthentication, RtpSalt),
            rtcp: CmStream::new(master, RtcpEncryption, RtcpAuthentication, RtcpSalt),
        }
    }
}

/// The keyed ciphers of SRTP or of SRTCP: keyed once, used by reference or by copy.
struct CmStream {
    aes: Aes128,
    mac: Hmac<Sha1>,
    salt: [u8; 14],
}

impl CmStream {
    fn new(master: &MasterKey, encryption: Label, authentication: Label, salt: Label) -> Self {
        CmStream {
            aes: Aes128::new(&master.derive::<16>(encryption).into()),
            mac: <Hmac<Sha1> as Mac>::new_from_slice(&master.derive::<20>(authentication))
                .expect("HMAC takes keys of any length"),
            salt: master.derive(salt),
        }
    }

    /// Encrypts, or decrypts: IV = salt·2^16 ⊕ SSRC·2^64 ⊕ index·2^16.
    fn apply(&self, ssrc: u32, index: u64, bytes: &mut [u8]) {
        let mut salt = [0; 16];
        salt[..14].copy_from_slice(&self.salt);
        let iv = u128::from_be_bytes(salt) ^ (u128::from(ssrc) << 64) ^ (u128::from(index) << 16);
        let core = ctr::CtrCore::<&Aes128, ctr::flavors::Ctr128BE>::inner_iv_init(
            &self.aes,
            &iv.to_be_bytes().into(),
        );
        StreamCipherCoreWrapper::from_core(core).apply_keystream(bytes);
    }

    fn tag(&self, parts: &[&[u8]]) -> [u8; SHA1_TAG_LEN] {
        let mut mac = self.mac.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes()[..SHA1_TAG_LEN].try_into().expect("SHA-1 has 20 bytes")
    }

    fn check(&self, parts: &[&[u8]], tag: &[u8]) -> Result<(), SrtpError> {
        if self.tag(parts).ct_eq(tag).into() { Ok(()) } else { Err(SrtpError::Unauthentic) }
    }
}
