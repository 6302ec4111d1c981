//! What authenticates the packets of a session: HMAC-SHA-256, cut to 16 bytes.

use ring::hmac;

/// Bytes of a session's key.
pub const KEY_LEN: usize = 32;
/// Bytes of an HMAC in a packet.
pub(crate) const HMAC_LEN: usize = 16;

/// A session's key.
#[derive(Debug, Clone)]
pub(crate) struct Key(hmac::Key);

impl Key {
    pub fn new(secret: &[u8; KEY_LEN]) -> Key {
        Key(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// Over these parts, one after the other.
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; HMAC_LEN] {
        let mut context = hmac::Context::with_key(&self.0);
        parts.iter().for_each(|part| context.update(part));
        let whole = context.sign();
        std::array::from_fn(|i| whole.as_ref()[i])
    }

    /// Whether that is what a packet says.
    pub fn fits(&self, parts: &[&[u8]], said: &[u8]) -> bool {
        let own = self.sign(parts);
        // All bytes are looked at, whichever differs.
        said.len() == HMAC_LEN && own.iter().zip(said).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}
