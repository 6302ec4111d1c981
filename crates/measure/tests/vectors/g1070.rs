//! ITU-T G.1070.

use crate::close;
use tongke_measure::emodel::{Bpl, Equipment, Loss, Source};
use tongke_measure::g1070::{
    H264_VGA_6_INCH, H264_VGA_65_INCH, Multimedia, MultimediaCoefficients, OfrClip, SCREEN_2_1_INCH,
    SCREEN_4_2_INCH, VGA_9_2_INCH, Video, VideoCoefficients, speech,
};

/// (kbit/s, fps, Ppl %, Vq without the clip of Ofr, with it).
type Row = (f64, f64, f64, f64, f64);

fn check(coefficients: &VideoCoefficients, rows: &[Row]) {
    for &(bitrate_kbps, fps, ppl_percent, plain, clipped) in rows {
        let video = Video { bitrate_kbps, fps, ppl_percent };
        for (clip, want) in [(OfrClip::None, plain), (OfrClip::From1To30, clipped)] {
            let quality = video.quality(coefficients, clip).expect("within the model");
            close(&format!("{}: {video:?}, {clip:?}", coefficients.name), quality.vq, want);
        }
    }
}

#[test]
fn video_quality() {
    check(
        &H264_VGA_6_INCH,
        &[
            (500.0, 15.0, 0.0, 3.6436, 3.6436),
            (1000.0, 25.0, 0.0, 3.8989, 3.8989),
            (2000.0, 30.0, 0.0, 4.0121, 4.0121),
            (2000.0, 30.0, 1.0, 3.2354, 3.2354),
            (2000.0, 30.0, 3.0, 2.2311, 2.2311),
            (4000.0, 30.0, 0.0, 4.0356, 4.0397),
            (4000.0, 30.0, 1.0, 3.2528, 3.2559),
        ],
    );
    check(
        &H264_VGA_65_INCH,
        &[
            (500.0, 15.0, 0.0, 3.4911, 3.4911),
            (1000.0, 25.0, 0.0, 3.7217, 3.7217),
            (2000.0, 30.0, 0.0, 3.8361, 3.8361),
            (2000.0, 30.0, 1.0, 3.0426, 3.0426),
            (2000.0, 30.0, 3.0, 2.0595, 2.0595),
            (4000.0, 30.0, 0.0, 3.8466, 3.8558),
            (4000.0, 30.0, 1.0, 3.0502, 3.0568),
        ],
    );
    check(
        &VGA_9_2_INCH,
        &[
            (500.0, 15.0, 0.0, 3.5258, 3.5258),
            (1000.0, 25.0, 0.0, 3.8900, 3.8900),
            (2000.0, 30.0, 0.0, 4.1870, 4.1879),
            (2000.0, 30.0, 1.0, 2.1899, 2.1902),
            (2000.0, 30.0, 3.0, 1.1659, 1.1659),
            (4000.0, 30.0, 0.0, 4.2172, 4.3198),
            (4000.0, 30.0, 1.0, 1.8355, 1.8621),
        ],
    );
}

#[test]
fn what_video_quality_is_made_of() {
    for (coefficients, bitrate_kbps, fps, want) in [
        (&H264_VGA_6_INCH, 500.0, 15.0, [11.7420, 2.6626, 2.0470, 2.6436, 3.3598]),
        (&H264_VGA_6_INCH, 2000.0, 30.0, [26.7390, 3.0130, 4.7980, 3.0121, 3.3530]),
        (&H264_VGA_65_INCH, 2000.0, 30.0, [26.4830, 2.8379, 3.4682, 2.8361, 3.0470]),
        (&VGA_9_2_INCH, 2000.0, 30.0, [31.3170, 3.1879, 1.8600, 3.1870, 1.0150]),
    ] {
        let q = Video { bitrate_kbps, fps, ppl_percent: 0.0 }.quality(coefficients, OfrClip::None).unwrap();
        for (got, want) in [q.ofr, q.iofr, q.dfr, q.icoding, q.dppl].into_iter().zip(want) {
            close(&format!("{} at {bitrate_kbps}", coefficients.name), got, want);
        }
    }
}

#[test]
fn speech_quality() {
    for (ie, bpl, ppl_percent, t_ms, q, sq) in [
        (0.0, 25.1, 0.0, 0.0, 93.1930, 4.4092),
        (0.0, 25.1, 1.0, 100.0, 87.5894, 4.2756),
        (11.0, 19.0, 2.0, 150.0, 71.3812, 3.6611),
    ] {
        let source = Source::Assumption { what: "a vector".into() };
        let codec = Equipment::new("vector", ie, Bpl::Random(bpl), source);
        let (rating, mos) = speech(&codec, Loss::random(ppl_percent), t_ms).unwrap();
        close(&format!("Q at {t_ms}"), rating.value(), q);
        close(&format!("Sq at {t_ms}"), mos.value(), sq);
    }
}

#[test]
fn multimedia_quality() {
    let mmq = |coefficients: &MultimediaCoefficients, (sq, vq, ts_ms, tv_ms)| {
        Multimedia { sq, vq, ts_ms, tv_ms }.quality(coefficients).unwrap()
    };
    for (input, on_4_2, on_2_1) in [
        ((4.5, 4.0, 0.0, 0.0), 3.2390, 3.5995),
        ((4.3, 3.5, 100.0, 100.0), 2.6001, 3.0449),
        ((4.3, 3.5, 200.0, 200.0), 2.5763, 3.0304),
        ((4.3, 3.5, 400.0, 400.0), 2.5287, 3.0014),
        ((4.0, 3.0, 150.0, 300.0), 1.9804, 2.4527),
        ((4.0, 3.0, 300.0, 150.0), 1.9738, 2.4544),
    ] {
        close(&format!("4.2 inches, {input:?}"), mmq(&SCREEN_4_2_INCH, input).mmq, on_4_2);
        close(&format!("2.1 inches, {input:?}"), mmq(&SCREEN_2_1_INCH, input).mmq, on_2_1);
    }
    for (input, mmsv, mmt) in [
        ((4.5, 4.0, 0.0, 0.0), 3.0938, 3.9150),
        ((4.0, 3.0, 150.0, 300.0), 2.0292, 3.6052),
        ((4.0, 3.0, 300.0, 150.0), 2.0292, 3.5629),
    ] {
        let quality = mmq(&SCREEN_4_2_INCH, input);
        close(&format!("MMsv of {input:?}"), quality.mmsv, mmsv);
        close(&format!("MMt of {input:?}"), quality.mmt, mmt);
    }
}
