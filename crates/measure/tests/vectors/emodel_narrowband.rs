//! ITU-T G.107.

use crate::close;
use tongke_measure::emodel::{
    Bpl, DelaySensitivity, Equipment, Loss, Mos, Narrowband, NarrowbandInput, Rating, Source,
    delay_impairment,
};

fn codec(ie: f64, bpl: f64) -> Equipment<Narrowband> {
    let source = Source::Assumption { what: "a vector".into() };
    Equipment::new("vector", ie, Bpl::Random(bpl), source)
}

fn path(one_way_ms: f64) -> NarrowbandInput {
    NarrowbandInput::default().with_one_way_ms(one_way_ms)
}

fn lossy(ie: f64, bpl: f64, ppl_percent: f64, burst_r: f64) -> NarrowbandInput {
    NarrowbandInput {
        equipment: codec(ie, bpl),
        loss: Loss { ppl_percent, burst_r },
        ..NarrowbandInput::default()
    }
}

#[test]
fn the_defaults_give_every_term_and_93_2062077233() {
    let estimate = NarrowbandInput::default().estimate().unwrap();
    let terms = estimate.terms;
    for (what, got, want) in [
        ("No", terms.no_dbm0p, -61.1792),
        ("Ro", terms.ro, 94.7688),
        ("Iolr", terms.iolr, 0.4402),
        ("Ist", terms.ist, -0.0007),
        ("Iq", terms.iq, 0.9741),
        ("Is", terms.is, 1.4136),
        ("Idte", terms.idte, 0.0),
        ("Idle", terms.idle, 0.1490),
        ("Idd", terms.idd, 0.0),
        ("MOS", estimate.mos.value(), 4.4094),
    ] {
        close(what, got, want);
    }
    assert!((estimate.rating.value() - 93.206_207_723_3).abs() < 1e-9, "{estimate:?}");
}

/// R, MOS, Idte, Idle, Idd, Ie,eff.
fn check(what: &str, input: &NarrowbandInput, want: [f64; 6]) {
    let estimate = input.estimate().expect("within the model");
    let terms = estimate.terms;
    let got =
        [estimate.rating.value(), estimate.mos.value(), terms.idte, terms.idle, terms.idd, terms.ie_eff];
    for ((name, got), want) in ["R", "MOS", "Idte", "Idle", "Idd", "Ie,eff"].iter().zip(got).zip(want) {
        close(&format!("{what}: {name}"), got, want);
    }
}

#[test]
fn delay_echo_loss_and_noise_cost_what_the_model_says() {
    check("150 ms", &path(150.0), [89.5391, 4.3275, 2.8118, 0.8407, 0.1635, 0.0]);
    check("250 ms", &path(250.0), [79.1771, 3.9925, 4.2429, 1.0186, 8.9167, 0.0]);
    check("400 ms", &path(400.0), [62.2468, 3.2156, 5.8082, 1.2301, 24.0701, 0.0]);
    for (telr_db, want) in [
        (55.0, [75.8147, 3.8565, 13.5608, 0.9353, 3.0444, 0.0]),
        (45.0, [54.8663, 2.8313, 34.5092, 0.9353, 3.0444, 0.0]),
        (35.0, [30.9983, 1.6507, 58.3772, 0.9353, 3.0444, 0.0]),
    ] {
        check("echo", &NarrowbandInput { telr_db, ..path(200.0) }, want);
    }
    for (input, want) in [
        (lossy(0.0, 4.3, 1.0, 1.0), [75.2817, 3.8339, 0.0, 0.1490, 0.0, 17.9245]),
        (lossy(0.0, 4.3, 3.0, 1.0), [54.1651, 2.7944, 0.0, 0.1490, 0.0, 39.0411]),
        (lossy(0.0, 4.3, 3.0, 2.0), [44.0683, 2.2675, 0.0, 0.1490, 0.0, 49.1379]),
        (lossy(0.0, 25.1, 3.0, 1.0), [83.0639, 4.1344, 0.0, 0.1490, 0.0, 10.1423]),
        (lossy(11.0, 19.0, 0.0, 1.0), [82.2062, 4.1046, 0.0, 0.1490, 0.0, 11.0]),
        (lossy(11.0, 19.0, 2.0, 1.0), [74.2062, 3.7876, 0.0, 0.1490, 0.0, 19.0]),
        (
            lossy(0.0, 25.1, 2.0, 1.0).with_one_way_ms(200.0),
            [78.7936, 3.9776, 3.5708, 0.9353, 3.0444, 7.0111],
        ),
    ] {
        check("loss", &input, want);
    }
    let noisy = NarrowbandInput { ps_dba: 55.0, pr_dba: 55.0, ..NarrowbandInput::default() };
    check("noise", &noisy, [79.1469, 3.9913, 0.0, 0.1472, 0.0, 0.0]);
    for (sensitivity, want) in [
        (DelaySensitivity::Low, [77.3328, 3.9193, 4.8339, 1.0943, 10.0942, 0.0]),
        (DelaySensitivity::VeryLow, [81.2485, 4.0703, 4.8339, 1.0943, 6.1786, 0.0]),
    ] {
        check("300 ms", &NarrowbandInput { sensitivity, ..path(300.0) }, want);
    }
}

#[test]
fn idd_by_sensitivity_class() {
    for (ta_ms, default, low, very_low) in [
        (50.0, 0.0, 0.0, 0.0),
        (100.0, 0.0, 0.0, 0.0),
        (120.0, 0.0014, 0.0, 0.0),
        (150.0, 0.1635, 0.1641, 0.0),
        (177.3, 1.1721, 0.9930, 0.2663),
        (200.0, 3.0444, 2.2530, 0.9498),
        (250.0, 8.9167, 6.0582, 3.3771),
        (300.0, 14.7607, 10.0942, 6.1786),
        (400.0, 24.0701, 16.8945, 11.1972),
        (500.0, 30.6359, 21.8751, 15.0670),
        (600.0, 35.2468, 25.5426, 18.0311),
        (800.0, 40.8325, 30.4757, 22.2207),
        (1000.0, 43.7896, 33.5979, 25.0402),
    ] {
        let idd = |class| delay_impairment(ta_ms, class).unwrap();
        close(&format!("{ta_ms} ms, default"), idd(DelaySensitivity::Default), default);
        close(&format!("{ta_ms} ms, low"), idd(DelaySensitivity::Low), low);
        close(&format!("{ta_ms} ms, very low"), idd(DelaySensitivity::VeryLow), very_low);
    }
}

#[test]
fn mos_good_and_poor_from_a_rating_and_back() {
    for (r, mos) in [
        (-5.0, 1.0),
        (0.0, 1.0),
        (3.0, 1.0),
        (10.0, 1.0350),
        (20.0, 1.2520),
        (30.0, 1.6090),
        (40.0, 2.0640),
        (50.0, 2.5750),
        (60.0, 3.1000),
        (70.0, 3.5970),
        (80.0, 4.0240),
        (90.0, 4.3390),
        (93.2, 4.4093),
        (94.2, 4.4278),
        (100.0, 4.5),
        (110.0, 4.5),
    ] {
        close(&format!("MOS of R {r}"), Rating::<Narrowband>::new(r).mos().value(), mos);
    }
    for (r, gob, pow) in [
        (50.0, 26.5986, 37.7330),
        (60.0, 50.0, 17.4251),
        (70.0, 73.4014, 5.9085),
        (80.0, 89.4350, 1.4353),
        (90.0, 96.9604, 0.2458),
        (93.2, 98.1007, 0.1296),
    ] {
        let rating = Rating::new(r);
        close(&format!("GoB of R {r}"), rating.good_or_better_percent(), gob);
        close(&format!("PoW of R {r}"), rating.poor_or_worse_percent(), pow);
    }
    for (mos, r) in [
        (1.5, 27.2688),
        (2.0, 38.6837),
        (2.5, 48.5683),
        (3.0, 58.0785),
        (3.1, 60.0000),
        (3.5, 67.9615),
        (3.6, 70.0640),
        (4.0, 79.3709),
        (4.03, 80.1591),
        (4.34, 90.0409),
        (4.4, 92.7298),
    ] {
        close(&format!("R of MOS {mos}"), Mos::<Narrowband>::new(mos).unwrap().rating().value(), r);
    }
}

#[test]
fn effective_equipment_impairment() {
    for (ie, bpl, ppl_percent, burst_r, want) in [
        (0.0, 4.3, 1.0, 1.0, 17.9245),
        (0.0, 4.3, 5.0, 1.0, 51.0753),
        (0.0, 25.1, 1.0, 1.0, 3.6398),
        (0.0, 25.1, 5.0, 1.0, 15.7807),
        (0.0, 25.1, 5.0, 2.0, 17.2101),
        (11.0, 19.0, 3.0, 1.0, 22.4545),
        (11.0, 19.0, 3.0, 1.5, 23.0000),
        (15.0, 16.1, 3.0, 1.0, 27.5654),
    ] {
        let got = codec(ie, bpl).effective(Loss { ppl_percent, burst_r }).unwrap();
        close(&format!("Ie {ie}, Bpl {bpl}, Ppl {ppl_percent}, BurstR {burst_r}"), got, want);
    }
}

#[test]
fn echo_loudness_needed_for_an_allowed_impairment() {
    for (one_way_ms, for_3, for_10, for_20) in [
        (50.0, 54.4, 45.3, 39.5),
        (100.0, 61.1, 51.9, 46.2),
        (150.0, 64.4, 55.3, 49.5),
        (200.0, 66.5, 57.3, 51.6),
        (250.0, 67.9, 58.7, 53.0),
        (300.0, 68.9, 59.7, 54.0),
        (400.0, 70.2, 61.1, 55.4),
    ] {
        for (idte, want) in [(3.0, for_3), (10.0, for_10), (20.0, for_20)] {
            let got = path(one_way_ms).telr_needed_db(idte).unwrap().unwrap();
            // The table is rounded to 0.1.
            assert!((got - want).abs() <= 0.1, "{one_way_ms} ms, Idte {idte}: {got}, not {want}");
        }
    }
}
