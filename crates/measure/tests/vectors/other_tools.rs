//! What other tools print for the same call.

use crate::close;
use tongke_measure::others::livekit::{LossWeight, packet_score};
use tongke_measure::others::{rtcscore, voipmonitor};

#[test]
fn livekit() {
    for (rtt_ms, jitter_us, lost, weight, score, mos) in [
        (50.0, 5_000.0, 0, LossWeight::Opus, 99.125, 4.4931),
        (200.0, 20_000.0, 2, LossWeight::Opus, 80.5, 4.0428),
        (400.0, 30_000.0, 5, LossWeight::Opus, 46.0, 2.3666),
        (100.0, 10_000.0, 3, LossWeight::Video, 68.25, 3.5139),
        (100.0, 10_000.0, 3, LossWeight::OpusFec, 82.25, 4.1061),
    ] {
        let got = packet_score(rtt_ms, jitter_us, lost, 100, weight);
        close(&format!("score at RTT {rtt_ms}, {weight:?}"), got.r, score);
        close(&format!("MOS at RTT {rtt_ms}, {weight:?}"), got.mos, mos);
    }
}

#[test]
fn voipmonitor() {
    close("R at 0.5 %", voipmonitor::g711(0.005, 1.0).r, 90.5324);
    for (loss, burst_r, mos) in [
        (0.005, 1.0, 4.1895),
        (0.01, 1.0, 4.0930),
        (0.03, 1.0, 3.7952),
        (0.05, 1.0, 3.5912),
        (0.05, 2.0, 3.5232),
        (0.10, 1.0, 3.2843),
    ] {
        close(&format!("MOS at {loss}, {burst_r}"), voipmonitor::g711(loss, burst_r).mos, mos);
    }
}

#[test]
fn rtcscore_finds_five_percent_of_loss_perfect() {
    let got = rtcscore::Audio { loss_percent: 5.0, rtt_ms: 200.0, buffer_ms: 80.0, fec: true }.score();
    assert_eq!((got.r, got.mos), (100.0, 4.5));
}
