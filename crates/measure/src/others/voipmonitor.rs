//! VoIPmonitor's score of a G.711 call: loss only, no delay and no echo.

use super::ToolScore;

/// Its R of a call without loss: the default of G.107.
const R0: f64 = 93.206_207_723_3;
/// Its Bpl.
const BPL: f64 = 17.2647;

/// `loss` is a share, 0 to 1; `burst_r` the burst ratio.
pub fn g711(loss: f64, burst_r: f64) -> ToolScore {
    let ppl = 100.0 * loss;
    let r = R0 - 95.0 * ppl / (ppl / burst_r + BPL);
    let mos = 2.06405 + 0.031738 * r - 0.000_356_641 * r * r + 2.93143e-6 * r * r * r;
    ToolScore { tool: "VoIPmonitor", r, mos }
}
