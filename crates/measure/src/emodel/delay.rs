//! What waiting for each other costs in a conversation: Idd (G.107 clause 7.4).

use crate::input::{InputError, within};
use serde::{Deserialize, Serialize};

/// How much those who talk mind a delay (G.107 Table 1). The default's parameters are confirmed by two other
/// implementations; those of the other two classes are from memory of the table and were not read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelaySensitivity {
    /// sT 1, mT 100 ms: conversation. A verdict uses this one.
    #[default]
    Default,
    /// sT 0.55, mT 120 ms: mostly one who talks, a lecture. For information.
    Low,
    /// sT 0.4, mT 150 ms.
    VeryLow,
}

impl DelaySensitivity {
    /// (sT, mT in ms).
    fn parameters(self) -> (f64, f64) {
        match self {
            DelaySensitivity::Default => (1.0, 100.0),
            DelaySensitivity::Low => (0.55, 120.0),
            DelaySensitivity::VeryLow => (0.4, 150.0),
        }
    }
}

/// Idd for an absolute one-way delay Ta in ms, 0 to 1000, in points of R on the narrowband scale.
pub fn delay_impairment(ta_ms: f64, sensitivity: DelaySensitivity) -> Result<f64, InputError> {
    let ta_ms = within("absolute delay Ta", ta_ms, 0.0..=1000.0, "ms")?;
    let (s, m_ms) = sensitivity.parameters();
    if ta_ms <= m_ms {
        return Ok(0.0);
    }
    let x = (ta_ms / m_ms).log2();
    // "6sT" is a product: one implementation in use reads a difference.
    let power = 6.0 * s;
    let root = |of: f64| (1.0 + of.powf(power)).powf(1.0 / power);
    Ok(25.0 * (root(x) - 3.0 * root(x / 3.0) + 2.0))
}
