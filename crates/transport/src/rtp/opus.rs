//! Opus payloads (RFC 6716 §3): what the first bytes tell without decoding.

/// Samples per second of the RTP clock, whatever the coded bandwidth (RFC 7587 §4.1).
pub const CLOCK_RATE_HZ: u32 = 48_000;
/// Longest packet, in samples: 120 ms (RFC 6716 §3.4, R5).
const MAX_DURATION: u32 = 5_760;

/// The table-of-contents byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Toc {
    /// Mode, bandwidth and frame size, 0–31.
    pub config: u8,
    /// Two channels.
    pub stereo: bool,
    /// Duration of one frame in samples of 48 kHz.
    pub frame_samples: u32,
    /// Frames in the packet.
    pub frames: u8,
}

/// The table of contents of a payload; `None` when it is empty, cut off, holds no frame or lasts
/// longer than 120 ms.
pub fn toc(payload: &[u8]) -> Option<Toc> {
    let first = *payload.first()?;
    let config = first >> 3;
    let frame_samples = match config {
        // SILK: 10, 20, 40, 60 ms. Hybrid: 10, 20 ms. CELT: 2.5, 5, 10, 20 ms.
        0..=11 => [480, 960, 1920, 2880][usize::from(config & 3)],
        12..=15 => [480, 960][usize::from(config & 1)],
        _ => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => payload.get(1)? & 0x3F,
    };
    let toc = Toc { config, stereo: first & 4 != 0, frame_samples, frames };
    (frames > 0 && u32::from(frames) * frame_samples <= MAX_DURATION).then_some(toc)
}

/// Duration of a payload in samples of 48 kHz.
pub fn duration_samples(payload: &[u8]) -> Option<u32> {
    toc(payload).map(|toc| toc.frame_samples * u32::from(toc.frames))
}

/// Whether a payload says only "silence goes on" (DTX): a table of contents and at most one byte.
pub fn is_dtx(payload: &[u8]) -> bool {
    matches!(payload.len(), 1 | 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_follow_table_2_of_rfc_6716() {
        let of = |config: u8, code: u8| duration_samples(&[(config << 3) | code, 0x83, 0]);
        assert_eq!(of(0, 0), Some(480));
        assert_eq!(of(3, 0), Some(2880));
        assert_eq!(of(13, 0), Some(960));
        assert_eq!(of(16, 0), Some(120));
        assert_eq!(of(31, 0), Some(960));
        assert_eq!(of(31, 1), Some(1920));
        assert_eq!(of(1, 3), Some(2880), "three frames of 20 ms");
        assert_eq!(of(3, 3), None, "180 ms are too long");
        assert_eq!(duration_samples(&[0x03]), None, "no frame count");
        assert_eq!(duration_samples(&[0x03, 0]), None, "no frames");
        assert_eq!(duration_samples(&[]), None);
    }

    #[test]
    fn stereo_and_silence_are_seen() {
        assert!(toc(&[0xFC]).unwrap().stereo && !toc(&[0xF8]).unwrap().stereo);
        assert!(is_dtx(&[0xF8]) && !is_dtx(&[0xF8, 0xFF, 0xFE]));
    }
}
