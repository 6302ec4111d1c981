//! What every generated packet carries at the end of its payload: whose it is and which.

/// Length of a stamp in bytes.
pub const STAMP_LEN: usize = 16;
/// Tells generated payloads from others'.
const MAGIC: [u8; 4] = *b"TKLD";

/// The last packet of a picture.
pub const LAST_OF_PICTURE: u16 = 1;
/// The first packet of a keyframe.
pub const KEYFRAME_START: u16 = 2;
/// Sound.
pub const AUDIO: u16 = 4;

/// Whose packet it is and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Number of the publisher in the load.
    pub publisher: u16,
    /// [`LAST_OF_PICTURE`], [`KEYFRAME_START`], [`AUDIO`].
    pub flags: u16,
    /// Number of the packet among all of the publisher's, both tracks together, from 0.
    pub index: u64,
}

impl Stamp {
    /// Writes it over the end of a payload; one that is shorter stays as it is.
    pub fn write(&self, payload: &mut [u8]) {
        let Some(place) = payload.last_chunk_mut::<STAMP_LEN>() else { return };
        place[..4].copy_from_slice(&MAGIC);
        place[4..6].copy_from_slice(&self.publisher.to_be_bytes());
        place[6..8].copy_from_slice(&self.flags.to_be_bytes());
        place[8..].copy_from_slice(&self.index.to_be_bytes());
    }

    /// Reads it from the end of a plain payload without padding.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let place = payload.last_chunk::<STAMP_LEN>()?;
        let [a, b, c, d, p, q, f, g, index @ ..] = *place;
        ([a, b, c, d] == MAGIC).then(|| Self {
            publisher: u16::from_be_bytes([p, q]),
            flags: u16::from_be_bytes([f, g]),
            index: u64::from_be_bytes(index),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_as_it_was_written() {
        let stamp = Stamp { publisher: 513, flags: LAST_OF_PICTURE | AUDIO, index: 1 << 40 };
        let mut payload = [9; 80];
        stamp.write(&mut payload);
        assert_eq!(Stamp::read(&payload), Some(stamp));
        assert_eq!(payload[..64], [9; 64]);
    }

    #[test]
    fn other_payloads_have_none() {
        assert_eq!(Stamp::read(&[7; 80]), None);
        assert_eq!(Stamp::read(&[7; 15]), None);
        let mut short = [7; 15];
        Stamp { publisher: 0, flags: 0, index: 0 }.write(&mut short);
        assert_eq!(short, [7; 15]);
    }
}
