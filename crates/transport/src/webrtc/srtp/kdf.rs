//! Session keys from master keys (RFC 3711 §4.3, RFC 6188 for AES-256, RFC 7714 §11 for GCM).

use super::Profile;
use aes::cipher::{BlockEncrypt, KeyInit};
use aes::{Aes128, Aes256, Block};

/// What a derived key is for: the labels of RFC 3711 §4.3.1 and §4.3.2.
#[derive(Debug, Clone, Copy)]
pub(super) enum Label {
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

/// The master key and salt of one direction.
#[derive(Clone)]
pub struct MasterKey {
    pub(super) key: Vec<u8>,
    pub(super) salt: Vec<u8>,
}

impl MasterKey {
    /// A key and a salt; `None` if their lengths are not the profile's.
    pub fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Option<Self> {
        (key.len() == profile.key_len() && salt.len() == profile.salt_len())
            .then(|| MasterKey { key: key.to_vec(), salt: salt.to_vec() })
    }

    /// Derives `N` bytes for a purpose with AES in counter mode, the key derivation rate being zero.
    pub(super) fn derive<const N: usize>(&self, label: Label) -> [u8; N] {
        // x = label ⊕ salt, the label being the eighth byte of 14; a salt of 96 bits is padded on
        // the right. The input block is x · 2^16, and counts up from there.
        let mut input = [0; 16];
        input[..self.salt.len()].copy_from_slice(&self.salt);
        input[7] ^= label as u8;
        let mut out = [0; N];
        for (counter, chunk) in out.chunks_mut(16).enumerate() {
            input[14..].copy_from_slice(&(counter as u16).to_be_bytes());
            let block = self.encrypt_block(input);
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        out
    }

    fn encrypt_block(&self, input: [u8; 16]) -> [u8; 16] {
        let mut block = Block::from(input);
        match self.key.len() {
            16 => Aes128::new_from_slice(&self.key).expect("16 bytes").encrypt_block(&mut block),
            _ => Aes256::new_from_slice(&self.key).expect("new() admits 16 and 32").encrypt_block(&mut block),
        }
        block.into()
    }
}

/// Both directions' master keys, as DTLS exports them (RFC 5764 §4.2).
#[derive(Clone)]
pub struct KeyPair {
    /// What the DTLS client seals with.
    pub client: MasterKey,
    /// What the DTLS server seals with.
    pub server: MasterKey,
}

impl KeyPair {
    /// Splits exported keying material: client key, server key, client salt, server salt. `None` if
    /// it is shorter than [`Profile::keying_material_len`].
    pub fn from_exported(profile: Profile, material: &[u8]) -> Option<Self> {
        let (keys, salts) = material.split_at_checked(2 * profile.key_len())?;
        let salts = salts.get(..2 * profile.salt_len())?;
        let (client_key, server_key) = keys.split_at(profile.key_len());
        let (client_salt, server_salt) = salts.split_at(profile.salt_len());
        Some(KeyPair {
            client: MasterKey::new(profile, client_key, client_salt)?,
            server: MasterKey::new(profile, server_key, server_salt)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn the_vectors_of_rfc_3711_b_3_are_met() {
        let master = MasterKey {
            key: hex("E1F97A0D3E018BE0D64FA32C06DE4139"),
            salt: hex("0EC675AD498AFEEBB6960B3AABE6"),
        };
        assert_eq!(
            master.derive::<16>(Label::RtpEncryption).to_vec(),
            hex("C61E7A93744F39EE10734AFE3FF7A087")
        );
        assert_eq!(master.derive::<14>(Label::RtpSalt).to_vec(), hex("30CBBC08863D8C85D49DB34A9AE1"));
        assert_eq!(
            master.derive::<94>(Label::RtpAuthentication).to_vec(),
            hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCEE049646C43D9327AD175\
                 578EF72270986371C10C9A369AC2F94A8C5FBCDDDC256D6E919A48B610EF17C2041E474035766B68642C\
                 59BBFC2F34DB60DBDFB2")
        );
    }

    #[test]
    fn the_vectors_of_rfc_6188_7_are_met() {
        let master = MasterKey {
            key: hex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"),
            salt: hex("3b04803de51ee7c96423ab5b78d2"),
        };
        assert_eq!(
            master.derive::<32>(Label::RtpEncryption).to_vec(),
            hex("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4")
        );
        assert_eq!(master.derive::<14>(Label::RtpSalt).to_vec(), hex("fa31791685ca444a9e07c6c64e93"));
    }
}
