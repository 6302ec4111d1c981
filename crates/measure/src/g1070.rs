//! ITU-T G.1070 (06/2018), an opinion model for *planning* videotelephony: narrowband speech, pictures up to VGA.
//!
//! It says nothing on delay: from 0 to 400 ms its multimedia quality falls by 0.07. It has no coefficients for 720p
//! or more. Tables B.2, B.4, B.6 and Annex C by way of an open implementation that cites them.

use crate::emodel::{self, Mos, Narrowband, Rating};
use crate::input::{InputError, within};
use serde::Serialize;

/// Whether the best frame rate Ofr is held between 1 and 30 frames per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OfrClip {
    /// As the formula gives it. A slow line with little bit rate gets no picture worth the name.
    None,
    /// Held. From memory of the recommendation, not read again.
    From1To30,
}

/// v1 to v12 of a codec, picture and screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoCoefficients {
    /// Which row of which table.
    pub name: &'static str,
    v: [f64; 12],
}

/// H.264 VGA on 6 inches.
pub const H264_VGA_6_INCH: VideoCoefficients = VideoCoefficients {
    name: "G.1070 Table B.4 #1",
    v: [6.743, 0.9998e-2, 3.051, 168.1, 1.766, 1.130, 18.340e-4, 1.232, 53.25, 3.353, 6.025, 80.752],
};

/// H.264 VGA on 65 inches.
pub const H264_VGA_65_INCH: VideoCoefficients = VideoCoefficients {
    name: "G.1070 Table B.6 #1",
    v: [5.643, 1.042e-2, 2.862, 178.2, 1.972, 1.263, 11.026e-4, 1.125, 49.34, 3.047, 5.824, 92.465],
};

/// VGA on 9.2 inches.
pub const VGA_9_2_INCH: VideoCoefficients = VideoCoefficients {
    name: "G.1070 Table B.2 #5",
    v: [5.517, 1.29e-2, 3.459, 178.53, 1.02, 1.15, 3.55e-4, 0.114, 513.77, 0.736, -6.451, 13.684],
};

/// m1 to m14 of a screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultimediaCoefficients {
    /// Which screen.
    pub name: &'static str,
    m: [f64; 14],
}

/// A screen of 4.2 inches.
pub const SCREEN_4_2_INCH: MultimediaCoefficients = MultimediaCoefficients {
    name: "G.1070, 4.2 inches",
    m: [
        -0.4457, -0.6638, 0.4042, 2.321, -0.3255, 0.3309, 0.1494, 0.5457, -3.235e-4, 3.915, -1.377e-3, 0.0,
        -1.095e-3, 0.0,
    ],
};

/// A screen of 2.1 inches.
pub const SCREEN_2_1_INCH: MultimediaCoefficients = MultimediaCoefficients {
    name: "G.1070, 2.1 inches",
    m: [
        -0.6966, -0.8127, 0.4562, 3.003, -0.1638, 0.3626, 0.1291, 0.5456, -1.251e-4, 3.763, -1.065e-3,
        1.465e-2, -1.002e-3, 0.0,
    ],
};

/// Pictures as sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Video {
    /// Bit rate, kbit/s, 1 to 10 000.
    pub bitrate_kbps: f64,
    /// Pictures per second, 1 to 30.
    pub fps: f64,
    /// Lost packets, percent.
    pub ppl_percent: f64,
}

/// Video quality Vq, 1 to 5, and what it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct VideoQuality {
    /// Vq.
    pub vq: f64,
    /// The best frame rate at this bit rate, Ofr.
    pub ofr: f64,
    /// The best quality at this bit rate, Iofr.
    pub iofr: f64,
    /// How much a wrong frame rate matters, DFr.
    pub dfr: f64,
    /// Quality of the coding, Icoding.
    pub icoding: f64,
    /// Robustness against loss, DPplV.
    pub dppl: f64,
    /// How Ofr was held.
    pub clip: OfrClip,
    /// Which coefficients.
    pub coefficients: &'static str,
}

impl Video {
    /// Vq.
    pub fn quality(
        &self,
        coefficients: &VideoCoefficients,
        clip: OfrClip,
    ) -> Result<VideoQuality, InputError> {
        let br = within("video bit rate", self.bitrate_kbps, 1.0..=10_000.0, "kbit/s")?;
        let fr = within("frame rate", self.fps, 1.0..=30.0, "fps")?;
        let ppl = within("packet loss Ppl", self.ppl_percent, 0.0..=100.0, "%")?;
        let [v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12] = coefficients.v;
        let ofr = match clip {
            OfrClip::None => v1 + v2 * br,
            OfrClip::From1To30 => (v1 + v2 * br).clamp(1.0, 30.0),
        };
        let iofr = v3 - v3 / (1.0 + (br / v4).powf(v5));
        let dfr = v6 + v7 * br;
        let off = fr.ln() - ofr.ln();
        let icoding = iofr * (-off * off / (2.0 * dfr * dfr)).exp();
        let dppl = v10 + v11 * (-fr / v8).exp() + v12 * (-br / v9).exp();
        let vq = (1.0 + icoding * (-ppl / dppl).exp()).clamp(1.0, 5.0);
        Ok(VideoQuality { vq, ofr, iofr, dfr, icoding, dppl, clip, coefficients: coefficients.name })
    }
}

/// Speech quality Sq: Q = 93.193 − Idte − Ie,eff, narrowband, with TELR 65 dB. The delay counts as
/// that of the echo path only.
pub fn speech(
    equipment: &emodel::Equipment<Narrowband>,
    loss: emodel::Loss,
    one_way_ms: f64,
) -> Result<(Rating<Narrowband>, Mos<Narrowband>), InputError> {
    let t = within("one-way delay", one_way_ms, 0.0..=500.0, "ms")?;
    let terv = 65.0 - 40.0 * ((1.0 + t / 10.0) / (1.0 + t / 150.0)).log10() + 6.0 * (-0.3 * t * t).exp();
    // Roe of G.107 at its defaults.
    let half = (94.769 - (80.0 + 2.5 * (terv - 14.0))) / 2.0;
    let idte = (half + (half * half + 100.0).sqrt() - 1.0) * (1.0 - (-t).exp());
    let q = Rating::new(93.193 - idte - equipment.effective(loss)?);
    Ok((q, q.mos()))
}

/// Sound and picture together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Multimedia {
    /// Speech quality Sq, 1 to 5.
    pub sq: f64,
    /// Video quality Vq, 1 to 5.
    pub vq: f64,
    /// One-way delay of sound TS, ms.
    pub ts_ms: f64,
    /// One-way delay of pictures TV, ms.
    pub tv_ms: f64,
}

/// Multimedia quality MMq, 1 to 5, and what it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MultimediaQuality {
    /// MMq. Nearly blind to delay: no verdict on one.
    pub mmq: f64,
    /// Of both media, MMsv.
    pub mmsv: f64,
    /// Of delay and lip sync, MMt.
    pub mmt: f64,
    /// Which coefficients.
    pub coefficients: &'static str,
}

impl Multimedia {
    /// MMq.
    pub fn quality(&self, coefficients: &MultimediaCoefficients) -> Result<MultimediaQuality, InputError> {
        let sq = within("speech quality Sq", self.sq, 1.0..=5.0, "on its scale")?;
        let vq = within("video quality Vq", self.vq, 1.0..=5.0, "on its scale")?;
        let ts = within("delay of sound TS", self.ts_ms, 0.0..=1000.0, "ms")?;
        let tv = within("delay of pictures TV", self.tv_ms, 0.0..=1000.0, "ms")?;
        let m = coefficients.m;
        let mmsv = (m[4] * sq + m[5] * vq + m[6] * sq * vq + m[7]).clamp(1.0, 5.0);
        let ad = m[8] * (ts + tv) + m[9];
        // The open implementation has TS − TV in both branches, which makes late pictures better than none late.
        let ms = if ts >= tv {
            (m[10] * (ts - tv) + m[11]).min(0.0)
        } else {
            (m[12] * (tv - ts) + m[13]).min(0.0)
        };
        let mmt = (ad + ms).clamp(1.0, 5.0);
        let mmq = (m[0] * mmsv + m[1] * mmt + m[2] * mmsv * mmt + m[3]).clamp(1.0, 5.0);
        Ok(MultimediaQuality { mmq, mmsv, mmt, coefficients: coefficients.name })
    }
}
