//! ITU-T G.107.1 with Cor. 1.

use crate::close;
use tongke_measure::emodel::{Bpl, Equipment, Loss, Source, WidebandInput, g113};

#[test]
fn ratings_and_scores() {
    for (ta_ms, ie, bpl, ppl_percent, r, mos) in [
        (0.0, 0.0, None, 0.0, 129.0, 4.5000),
        (0.0, 1.0, Some(4.6), 0.0, 128.0, 4.4940),
        (0.0, 8.0, Some(4.9), 0.0, 121.0, 4.4206),
        (0.0, 13.0, Some(4.3), 0.0, 116.0, 4.3371),
        (0.0, 41.0, None, 0.0, 88.0, 3.5123),
        (0.0, 20.0, Some(4.3), 2.0, 85.1905, 3.4062),
        (200.0, 13.0, Some(4.3), 0.0, 112.9556, 4.2748),
        (300.0, 8.0, Some(4.6), 1.0, 90.7036, 3.6116),
        (400.0, 8.0, Some(4.6), 0.0, 96.9299, 3.8278),
    ] {
        let source = Source::Assumption { what: "a vector".into() };
        let equipment = Equipment::new("vector", ie, bpl.map_or(Bpl::Unknown, Bpl::Random), source);
        let input = WidebandInput { ta_ms, equipment, loss: Loss::random(ppl_percent) };
        let estimate = input.estimate().expect("within the model");
        let what = format!("Ta {ta_ms}, Ie {ie}, Ppl {ppl_percent}");
        close(&what, estimate.rating.value(), r);
        close(&what, estimate.mos.value(), mos);
    }
}

#[test]
fn amr_wb_by_its_tables() {
    for (kbps, monotic, diotic) in [(23.05, 128.0, 121.0), (12.65, 116.0, 109.0), (6.6, 88.0, 73.0)] {
        let r = |equipment| WidebandInput::of(equipment).estimate().unwrap().rating.value();
        close(&format!("{kbps} monotic"), r(g113::amr_wb_monotic(kbps).unwrap()), monotic);
        close(&format!("{kbps} diotic"), r(g113::amr_wb_diotic(kbps).unwrap()), diotic);
    }
    assert_eq!(g113::amr_wb_diotic(12.0), None);
}
