//! Sound against picture from one participant.

use crate::Distribution;
use tongke_protocol::ParticipantId;
use tongke_protocol::facts::{AvSkew, SkewMs};

/// Pairs each picture's delay with that of the last sound. Positive: sound is early.
#[derive(Debug, Clone, Default)]
pub struct AvSkewMeter {
    sound_ms: Option<f64>,
    signed: Distribution,
    absolute: Distribution,
}

impl AvSkewMeter {
    /// Nothing heard or seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A sound was played `delay_ms` after its capture.
    pub fn on_sound(&mut self, delay_ms: f64) {
        self.sound_ms = Some(delay_ms);
    }

    /// The sound stopped; pictures are compared again when there is a next one.
    pub fn on_silence(&mut self) {
        self.sound_ms = None;
    }

    /// A picture was shown `delay_ms` after its capture. Returns the skew in ms.
    pub fn on_picture(&mut self, delay_ms: f64) -> Option<f64> {
        let skew_ms = delay_ms - self.sound_ms?;
        self.signed.record_ms(skew_ms);
        self.absolute.record_ms(skew_ms.abs());
        Some(skew_ms)
    }

    /// Median and 95th percentile of the absolute value.
    pub fn skew(&self) -> Option<SkewMs> {
        Some(SkewMs { p50: self.signed.quantile_ms(0.5)?, p95: self.absolute.quantile_ms(0.95)? })
    }

    /// The facts about the participant `from`.
    pub fn facts(&self, from: ParticipantId) -> Option<AvSkew> {
        let skew = self.skew()?;
        Some(AvSkew { from, p50_ms: skew.p50, p95_ms: skew.p95, n: self.signed.n() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_put_in_is_read_back_with_its_sign() {
        for offset_ms in (-200..=200).step_by(20).map(f64::from) {
            let mut meter = AvSkewMeter::new();
            assert_eq!(meter.on_picture(80.0), None, "no sound yet");
            for _ in 0..100 {
                meter.on_sound(80.0);
                meter.on_picture(80.0 + offset_ms);
            }
            let skew = meter.skew().unwrap();
            assert_eq!((skew.p50, skew.p95), (offset_ms, offset_ms.abs()));
        }
    }
}
