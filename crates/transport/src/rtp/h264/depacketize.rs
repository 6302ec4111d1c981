//! Payloads into access units (RFC 6184 §5.6–5.8).

use super::unit;
use bytes::Bytes;

/// Longest access unit put together, in bytes: a lossless 4K picture would fit.
const MAX_FRAME: usize = 16 * 1024 * 1024;

/// Why a payload cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum H264Error {
    /// The payload is empty or ends inside a unit.
    #[error("the payload ends inside a unit")]
    Truncated,
    /// A fragment without its start, or something else before its end.
    #[error("a fragment has no beginning or no end")]
    Fragment,
    /// A packet type that packetization-mode 1 does not have.
    #[error("packet type {0} does not belong to packetization-mode 1")]
    Unsupported(u8),
    /// The access unit is longer than 16 MiB.
    #[error("the access unit is too long")]
    TooLong,
}

/// Puts access units together in Annex B form. Give it the payloads of one access unit in order.
#[derive(Debug, Default)]
pub struct Depacketizer {
    frame: Vec<u8>,
    /// A fragmented unit has begun and not ended.
    open: bool,
}

impl Depacketizer {
    /// Takes the next payload. After an error the units taken so far stay; the fragmented one that
    /// was open is lost.
    pub fn push(&mut self, payload: &[u8]) -> Result<(), H264Error> {
        let first = *payload.first().ok_or(H264Error::Truncated)?;
        if self.frame.len() + payload.len() > MAX_FRAME {
            return Err(H264Error::TooLong);
        }
        let kind = first & 0x1F;
        if kind == unit::FU_A {
            return self.fragment(payload);
        }
        if std::mem::take(&mut self.open) {
            return Err(H264Error::Fragment);
        }
        match kind {
            1..=23 => self.unit(payload),
            unit::STAP_A => self.aggregate(&payload[1..])?,
            other => return Err(H264Error::Unsupported(other)),
        }
        Ok(())
    }

    /// The access unit, and room for the next one. An error when its last unit has no end.
    pub fn take_frame(&mut self) -> Result<Vec<u8>, H264Error> {
        let frame = std::mem::take(&mut self.frame);
        if std::mem::take(&mut self.open) { Err(H264Error::Fragment) } else { Ok(frame) }
    }

    fn unit(&mut self, nal: &[u8]) {
        self.frame.extend_from_slice(&[0, 0, 0, 1]);
        self.frame.extend_from_slice(nal);
    }

    fn aggregate(&mut self, mut rest: &[u8]) -> Result<(), H264Error> {
        while !rest.is_empty() {
            let (len, after) = rest.split_first_chunk::<2>().ok_or(H264Error::Truncated)?;
            let len = usize::from(u16::from_be_bytes(*len));
            let (nal, after) = after.split_at_checked(len).ok_or(H264Error::Truncated)?;
            if !nal.is_empty() {
                self.unit(nal);
            }
            rest = after;
        }
        Ok(())
    }

    fn fragment(&mut self, payload: &[u8]) -> Result<(), H264Error> {
        let [indicator, fu, piece @ ..] = payload else { return Err(H264Error::Truncated) };
        let starts = fu & 0x80 != 0;
        if starts == self.open {
            self.open = false;
            return Err(H264Error::Fragment);
        }
        if starts {
            self.unit(&[(indicator & 0xE0) | (fu & 0x1F)]);
        }
        self.frame.extend_from_slice(piece);
        self.open = fu & 0x40 == 0;
        Ok(())
    }
}

/// The access unit of payloads that are all there and in order.
pub fn depacketize(payloads: &[Bytes]) -> Result<Vec<u8>, H264Error> {
    let total: usize = payloads.iter().map(Bytes::len).sum();
    let mut depacketizer =
        Depacketizer { frame: Vec::with_capacity((total + 32).min(MAX_FRAME)), open: false };
    for payload in payloads {
        depacketizer.push(payload)?;
    }
    depacketizer.take_frame()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_come_out_of_every_packet_form() {
        let mut depacketizer = Depacketizer::default();
        depacketizer.push(&[0x78, 0, 2, 0x67, 1, 0, 0, 0, 1, 0x68]).unwrap();
        depacketizer.push(&[0x7C, 0x85, 7]).unwrap();
        depacketizer.push(&[0x7C, 0x05, 8]).unwrap();
        depacketizer.push(&[0x7C, 0x45, 9]).unwrap();
        depacketizer.push(&[0x06, 5]).unwrap();
        let frame = depacketizer.take_frame().unwrap();
        assert_eq!(
            frame,
            [0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 0, 0, 0, 1, 0x65, 7, 8, 9, 0, 0, 0, 1, 6, 5]
        );
        assert!(depacketizer.take_frame().unwrap().is_empty());
    }

    #[test]
    fn fragments_out_of_place_are_errors() {
        let mut depacketizer = Depacketizer::default();
        assert_eq!(depacketizer.push(&[0x7C, 0x05, 8]), Err(H264Error::Fragment));
        depacketizer.push(&[0x7C, 0x85, 7]).unwrap();
        assert_eq!(depacketizer.push(&[0x41, 1]), Err(H264Error::Fragment));
        depacketizer.push(&[0x7C, 0x85, 7]).unwrap();
        assert_eq!(depacketizer.push(&[0x7C, 0x85, 7]), Err(H264Error::Fragment));
        depacketizer.push(&[0x7C, 0x85, 7]).unwrap();
        assert_eq!(depacketizer.take_frame(), Err(H264Error::Fragment));
    }

    #[test]
    fn foreign_and_cut_packets_are_errors() {
        let mut depacketizer = Depacketizer::default();
        assert_eq!(depacketizer.push(&[]), Err(H264Error::Truncated));
        assert_eq!(depacketizer.push(&[0x7C]), Err(H264Error::Truncated));
        assert_eq!(depacketizer.push(&[0x78, 0, 5, 1]), Err(H264Error::Truncated));
        assert_eq!(depacketizer.push(&[25, 0, 0]), Err(H264Error::Unsupported(25)));
        assert_eq!(depacketizer.push(&[0]), Err(H264Error::Unsupported(0)));
    }

    #[test]
    fn mutated_payloads_never_panic() {
        let samples = [
            vec![0x78, 0, 2, 0x67, 1, 0, 1, 0x68],
            vec![0x7C, 0x85, 7],
            vec![0x7C, 0x45, 9],
            vec![0x65, 1, 2],
        ];
        let mut depacketizer = Depacketizer::default();
        super::super::super::mutation::storm(&samples, |bytes| {
            let _ = super::super::is_keyframe_start(bytes);
            if depacketizer.push(bytes).is_err() || bytes.len() > 8 {
                let _ = depacketizer.take_frame();
            }
        });
    }
}
