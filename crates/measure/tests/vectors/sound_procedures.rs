//! Echo loss over the telephone band, and listening quality from similarity.

use crate::close;
use tongke_measure::echo::tclw_db;
use tongke_measure::visqol::MosLqo;

const BANDS_HZ: [f64; 12] =
    [300.0, 400.0, 500.0, 630.0, 800.0, 1000.0, 1250.0, 1600.0, 2000.0, 2500.0, 3150.0, 3400.0];

#[test]
fn tclw() {
    let flat: Vec<_> = BANDS_HZ.into_iter().map(|hz| (hz, 40.0)).collect();
    close("flat 40 dB", tclw_db(&flat).unwrap(), 39.9998);
    let rising: Vec<_> = BANDS_HZ.into_iter().zip((30..).step_by(2).map(f64::from)).collect();
    close("30 to 52 dB", tclw_db(&rising).unwrap(), 36.4598);
}

#[test]
fn listening_quality_from_similarity() {
    for (nsim, mos) in
        [(0.5, 2.4464), (0.7, 3.4655), (0.8, 3.9762), (0.9, 4.4877), (0.95, 4.7438), (1.0, 5.0)]
    {
        close(&format!("NSIM {nsim}"), MosLqo::from_nsim(nsim).unwrap().value(), mos);
    }
}
