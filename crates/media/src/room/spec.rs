//! What a room's name says of it.

use std::str::FromStr;

/// Longest way from loudspeaker to microphone, ms.
const MAX_DELAY_MS: f64 = 1000.0;
/// What the test voice has by itself, as measured over its words and pauses.
const TALKER_DBFS: f64 = -23.0;
/// What the program's sweep has by itself.
const SWEEPS_DBFS: f64 = -19.5;

/// A room.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spec {
    pub delay_ms: f64,
    /// Of what is played, in what is heard; 0: the two are apart.
    pub path_gain: f32,
    pub talker_gain: f32,
    /// Of the test talker's sweeps.
    pub sweeps_gain: f32,
    /// Of whoever talks while the loudspeaker sounds.
    pub ducked_gain: f32,
    /// Largest sample of the noise.
    pub noise_gain: f32,
}

impl FromStr for Spec {
    type Err = String;

    /// `delay_ms=180,loss_db=30,noise_dbfs=-65,talker_dbfs=-25,sweeps_dbfs=-30,duck_db=9`; what is left out is not
    /// there.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut spec = Spec {
            delay_ms: 0.0,
            path_gain: 0.0,
            talker_gain: 0.0,
            sweeps_gain: 0.0,
            ducked_gain: 1.0,
            noise_gain: 0.0,
        };
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (key, value) = part.split_once('=').ok_or_else(|| wrong(part))?;
            let value: f64 = value.trim().parse().map_err(|_| wrong(part))?;
            let gain = |db: f64| 10f64.powf(db / 20.0) as f32;
            match key.trim() {
                "delay_ms" if (0.0..=MAX_DELAY_MS).contains(&value) => spec.delay_ms = value,
                "loss_db" if (0.0..=120.0).contains(&value) => spec.path_gain = gain(-value),
                "talker_dbfs" if (-120.0..=-10.0).contains(&value) => {
                    spec.talker_gain = gain(value - TALKER_DBFS);
                }
                "sweeps_dbfs" if (-120.0..=-10.0).contains(&value) => {
                    spec.sweeps_gain = gain(value - SWEEPS_DBFS);
                }
                "duck_db" if (0.0..=120.0).contains(&value) => spec.ducked_gain = gain(-value),
                // Evenly spread samples have √3 times less than their largest.
                "noise_dbfs" if (-120.0..=-10.0).contains(&value) => {
                    spec.noise_gain = gain(value) * 3f32.sqrt();
                }
                _ => return Err(wrong(part)),
            }
        }
        Ok(spec)
    }
}

fn wrong(part: &str) -> String {
    format!(
        "'{part}' says nothing of a room; say delay_ms (0 to 1000), loss_db or duck_db (0 to 120), noise_dbfs, \
         talker_dbfs or sweeps_dbfs (-120 to -10), as in room:delay_ms=180,loss_db=30"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_read_as_written_and_nonsense_is_named() {
        let spec: Spec = "delay_ms=180, loss_db=40, duck_db=20".parse().unwrap();
        assert_eq!((spec.delay_ms, spec.path_gain, spec.noise_gain), (180.0, 0.01, 0.0));
        assert_eq!((spec.ducked_gain, spec.sweeps_gain), (0.1, 0.0));
        assert_eq!("".parse::<Spec>().map(|spec| spec.path_gain), Ok(0.0));
        for bad in ["delay_ms=-1", "delay_ms", "loss_db=x", "colour=3", "delay_ms=1e9", "loss_db=NaN"] {
            assert!(bad.parse::<Spec>().unwrap_err().contains(bad), "{bad}");
        }
    }
}
