//! Where the E-model answers, where it refuses, and what its answers never do.

use proptest::prelude::*;
use tongke_measure::InputError;
use tongke_measure::emodel::opus::{Bandwidth, LossKind, NoValue, OpusImpairment, RateControl, Reading};
use tongke_measure::emodel::{
    Bpl, Equipment, Fullband, FullbandInput, Loss, Mos, Narrowband, NarrowbandInput, Rating, Source, g113,
};

fn swb(kbps: f64, loss: LossKind) -> Result<OpusImpairment, NoValue> {
    OpusImpairment::of(Bandwidth::SuperWideband, RateControl::Vbr, kbps, loss)
}

#[test]
fn opus_between_rows_is_linear_and_says_which_rows() {
    // A third of the way from 16 to 19.
    let opus = swb(17.0, LossKind::Random).unwrap();
    assert!((opus.ie - (2.0 * 30.16 + 23.81) / 3.0).abs() < 1e-12);
    let Bpl::Random(bpl) = opus.bpl else { panic!("{opus:?}") };
    assert!((bpl - (2.0 * 11.83 + 10.67) / 3.0).abs() < 1e-12);
    let Reading::Between { lower, upper } = opus.reading else { panic!("{opus:?}") };
    assert_eq!((lower.kbps, upper.kbps), (16.0, 19.0));
}

#[test]
fn opus_above_40_kbps_is_a_pessimistic_bound_and_says_so() {
    let opus = swb(64.0, LossKind::Random).unwrap();
    assert_eq!((opus.ie, opus.bpl), (10.67, Bpl::Random(9.79)));
    assert!(matches!(opus.reading, Reading::PessimisticBound { row } if row.kbps == 40.0));
    let Source::ThirdParty { work, assumption } = opus.fullband().unwrap().source else { panic!() };
    assert!(work.contains("10.1145/3458751"), "{work}");
    assert!(assumption.contains("scale") && assumption.contains("pessimistic"), "{assumption}");
    assert_eq!(opus.narrowband(), None, "values of one bandwidth are none of another");
}

#[test]
fn opus_below_its_table_has_no_number() {
    assert!(matches!(swb(13.9, LossKind::Random), Err(NoValue::BelowTable { first: 14.0, .. })));
    assert!(matches!(swb(f64::NAN, LossKind::Random), Err(NoValue::BelowTable { .. })));
    let wide = OpusImpairment::of(Bandwidth::Wideband, RateControl::Vbr, 20.0, LossKind::Random);
    assert!(matches!(wide, Err(NoValue::AboveTable { last: 13.0, .. })));
}

#[test]
fn bursts_do_not_count_twice() {
    let opus = swb(40.0, LossKind::Bursty).unwrap().fullband().unwrap();
    let input = |burst_r| FullbandInput {
        loss: Loss { ppl_percent: 2.0, burst_r },
        ..FullbandInput::of(opus.clone())
    };
    assert!(input(1.0).estimate().is_ok());
    assert!(matches!(input(2.0).estimate(), Err(InputError::BurstsTwice { .. })));
}

#[test]
fn loss_without_a_robustness_factor_has_no_number() {
    let source = Source::Assumption { what: "none".into() };
    let codec: Equipment<Fullband> = Equipment::new("X", 5.0, Bpl::Unknown, source);
    let lossy = FullbandInput { loss: Loss::random(0.1), ..FullbandInput::of(codec.clone()) };
    assert_eq!(lossy.estimate(), Err(InputError::NoLossRobustness { codec: "X".into() }));
    assert!(FullbandInput::of(codec).estimate().is_ok());
}

#[test]
fn what_lies_outside_a_model_is_refused_by_name() {
    let refused = |input: NarrowbandInput| input.estimate().unwrap_err().to_string();
    let default = NarrowbandInput::default;
    assert_eq!(
        refused(NarrowbandInput { ta_ms: 700.0, ..default() }),
        "absolute delay Ta is 700 ms; give it from 0 to 500 ms, where the model is defined"
    );
    assert!(refused(NarrowbandInput { telr_db: f64::NAN, ..default() }).contains("TELR"));
    assert!(refused(NarrowbandInput { loss: Loss::random(-1.0), ..default() }).contains("Ppl"));
    assert!(refused(NarrowbandInput { loss: Loss::random(120.0), ..default() }).contains("Ppl"));
    assert!(Mos::<Narrowband>::new(5.0).is_err());
}

#[test]
fn an_estimate_carries_its_scale_its_model_and_whose_values_it_used() {
    let estimate = FullbandInput::of(g113::evs_swb(24.4).unwrap()).estimate().unwrap();
    let json = serde_json::to_value(&estimate).unwrap();
    assert_eq!(json["scale"], "MOS-CQEF");
    assert_eq!(json["model"], "ITU-T G.107.2 (03/2023)");
    assert_eq!(json["nature"], "planning value, not a subjective score");
    assert_eq!(json["impairment"]["kind"], "itu_t");
}

#[test]
fn wrong_sidetone_changes_what_echo_costs() {
    let at = |stmr_db, telr_db, one_way_ms| {
        let input = NarrowbandInput { stmr_db, telr_db, ..NarrowbandInput::default() };
        input.with_one_way_ms(one_way_ms).estimate().unwrap().terms
    };
    // Above 20 dB the sidetone's own impairment is added in quadrature (G.107 clause 7.4): where there is no echo to
    // speak of, it is all there is.
    let weak = at(28.0, 65.0, 1.0);
    assert!(weak.ist > 1.0 && (weak.idte - weak.ist).abs() < 0.05, "{weak:?}");
    // Below 9 dB a loud sidetone hides echo.
    let (normal, loud) = (at(15.0, 50.0, 100.0), at(7.0, 50.0, 100.0));
    assert!(loud.ist > 1.0 && loud.idte < normal.idte - 0.5, "{normal:?} {loud:?}");
}

proptest! {
    #[test]
    fn more_loss_more_delay_or_more_echo_is_never_better(
        ppl in 0.0..19.0f64, delay_ms in 0.0..480.0f64, telr_db in 6.0..64.0f64, burst_r in 1.0..7.0f64,
    ) {
        let r = |ppl_percent, delay_ms, telr_db, burst_r| {
            let loss = Loss { ppl_percent, burst_r };
            let input = NarrowbandInput { loss, telr_db, ..NarrowbandInput::default() };
            input.with_one_way_ms(delay_ms).estimate().unwrap().rating.value()
        };
        let here = r(ppl, delay_ms, telr_db, burst_r);
        prop_assert!(r(ppl + 1.0, delay_ms, telr_db, burst_r) <= here);
        prop_assert!(r(ppl, delay_ms, telr_db, burst_r + 1.0) <= here);
        // Sooner than that an echo is heard as sidetone, of which there may be too little.
        if delay_ms > 20.0 {
            prop_assert!(r(ppl, delay_ms, telr_db - 1.0, burst_r) <= here + 1e-9);
            prop_assert!(r(ppl, delay_ms + 20.0, telr_db, burst_r) <= here + 1e-9);
        }
    }

    #[test]
    fn a_score_has_the_rating_that_it_came_from(r in 7.0..99.9f64) {
        let back = Rating::<Narrowband>::new(r).mos().rating().value();
        prop_assert!((back - r).abs() < 1e-6, "{} became {}", r, back);
        let back = Rating::<Fullband>::new(r * 1.48).mos().rating().value();
        prop_assert!((back - r * 1.48).abs() < 1e-6);
    }

    #[test]
    fn a_score_never_leaves_its_scale(r in -1e3..1e3f64) {
        let mos = Rating::<Fullband>::new(r).mos().value();
        prop_assert!((1.0..=4.5).contains(&mos));
    }

    #[test]
    fn the_echo_loudness_needed_is_enough_and_no_more(one_way_ms in 30.0..290.0f64, limit in 5.0..30.0f64) {
        let path = NarrowbandInput::default().with_one_way_ms(one_way_ms);
        let needed = path.telr_needed_db(limit).unwrap().unwrap();
        let costs = |telr_db| NarrowbandInput { telr_db, ..path.clone() }.estimate().unwrap().terms.idte;
        prop_assert!(costs(needed) <= limit + 1e-6);
        prop_assert!(costs(needed - 0.1) > limit);
    }

    #[test]
    fn opus_lies_between_its_neighbouring_rows(kbps in 14.0..40.0f64) {
        let opus = swb(kbps, LossKind::Random).unwrap();
        if let Reading::Between { lower, upper } = opus.reading {
            let (low, high) = (lower.ie.min(upper.ie), lower.ie.max(upper.ie));
            prop_assert!((low..=high).contains(&opus.ie));
            prop_assert!(lower.kbps < kbps && kbps < upper.kbps);
        }
    }
}
