//! ITU-T G.107.2, with EVS by G.113 and Opus by its third-party table.

use crate::close;
use tongke_measure::emodel::opus::{Bandwidth, LossKind, OpusImpairment, RateControl};
use tongke_measure::emodel::{Bpl, Equipment, Fullband, FullbandInput, Loss, Source, g113};

fn check(equipment: Equipment<Fullband>, ta_ms: f64, ppl_percent: f64, r: f64, mos: f64) {
    let what = format!("{} Ta {ta_ms} Ppl {ppl_percent}", equipment.codec);
    let input = FullbandInput { ta_ms, loss: Loss::random(ppl_percent), ..FullbandInput::of(equipment) };
    let estimate = input.estimate().expect("within the model");
    close(&what, estimate.rating.value(), r);
    close(&what, estimate.mos.value(), mos);
}

#[test]
fn a_perfect_connection() {
    let nothing = Source::Assumption { what: "a vector".into() };
    check(Equipment::new("vector", 0.0, Bpl::Unknown, nothing), 0.0, 0.0, 148.0, 4.5);
}

#[test]
fn evs_by_its_table() {
    for (ta_ms, ppl_percent, r, mos) in [
        (0.0, 0.0, 140.8, 4.4436),
        (0.0, 1.0, 130.7355, 4.2961),
        (0.0, 3.0, 114.8, 3.9288),
        (150.0, 0.0, 140.5580, 4.4409),
        (200.0, 1.0, 126.2298, 4.2073),
        (300.0, 0.0, 118.9542, 4.0381),
        (400.0, 3.0, 79.1763, 2.7592),
    ] {
        check(g113::evs_swb(24.4).unwrap(), ta_ms, ppl_percent, r, mos);
    }
}

#[test]
fn another_implementations_constants() {
    for (ppl_percent, r, mos) in [(0.0, 137.8, 4.4075), (1.0, 114.8189, 3.9294)] {
        let source = Source::Assumption { what: "what rtpengine has built in".into() };
        check(Equipment::new("vector", 10.2, Bpl::Random(4.3), source), 0.0, ppl_percent, r, mos);
    }
}

#[test]
fn opus_by_the_third_party_table() {
    for (kbps, loss, ta_ms, ppl_percent, r, mos) in [
        (40.0, LossKind::Random, 250.0, 1.0, 112.8886, 3.8758),
        (40.0, LossKind::Bursty, 200.0, 3.0, 99.8542, 3.4762),
        (37.0, LossKind::Random, 0.0, 5.0, 96.9343, 3.3793),
    ] {
        let opus = OpusImpairment::of(Bandwidth::SuperWideband, RateControl::Vbr, kbps, loss).unwrap();
        check(opus.fullband().unwrap(), ta_ms, ppl_percent, r, mos);
    }
}
