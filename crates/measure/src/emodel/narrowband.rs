//! The narrowband E-model, ITU-T G.107 in its form of 06/2015, with every term.

use super::{DelaySensitivity, Equipment, Estimate, Loss, Narrowband, Rating, delay_impairment, g113};
use crate::input::{InputError, within};
use serde::Serialize;

/// A narrowband connection (G.107 Table 2, whose defaults these are). Field names are the recommendation's symbols.
/// Ranges are Table 2's from memory, wider where clause 7 has a branch for what lies beyond.
#[derive(Debug, Clone, PartialEq)]
pub struct NarrowbandInput {
    /// Send loudness rating, dB.
    pub slr_db: f64,
    /// Receive loudness rating, dB.
    pub rlr_db: f64,
    /// Sidetone masking rating, dB.
    pub stmr_db: f64,
    /// D-value of the telephone at the send side.
    pub ds: f64,
    /// D-value at the receive side; LSTR = STMR + Dr.
    pub dr: f64,
    /// Talker echo loudness rating, dB.
    pub telr_db: f64,
    /// Weighted echo path loss, dB.
    pub wepl_db: f64,
    /// Mean one-way delay of the echo path T, ms.
    pub t_ms: f64,
    /// Round-trip delay in the 4-wire loop Tr, ms.
    pub tr_ms: f64,
    /// Absolute one-way delay Ta, ms.
    pub ta_ms: f64,
    /// Quantising distortion units.
    pub qdu: f64,
    /// The codec.
    pub equipment: Equipment<Narrowband>,
    /// What was lost.
    pub loss: Loss,
    /// Circuit noise Nc, dBm0p.
    pub nc_dbm0p: f64,
    /// Noise floor at the receive side Nfor, dBmp.
    pub nfor_dbmp: f64,
    /// Room noise at the send side Ps, dB(A).
    pub ps_dba: f64,
    /// Room noise at the receive side Pr, dB(A).
    pub pr_dba: f64,
    /// Advantage factor A, points of R: 0 for wired access.
    pub a: f64,
    /// Who talks; a verdict uses the default.
    pub sensitivity: DelaySensitivity,
}

impl Default for NarrowbandInput {
    fn default() -> Self {
        Self {
            slr_db: 8.0,
            rlr_db: 2.0,
            stmr_db: 15.0,
            ds: 3.0,
            dr: 3.0,
            telr_db: 65.0,
            wepl_db: 110.0,
            t_ms: 0.0,
            tr_ms: 0.0,
            ta_ms: 0.0,
            qdu: 1.0,
            equipment: g113::g711(),
            loss: Loss::default(),
            nc_dbm0p: -70.0,
            nfor_dbmp: -64.0,
            ps_dba: 35.0,
            pr_dba: 35.0,
            a: 0.0,
            sensitivity: DelaySensitivity::Default,
        }
    }
}

/// What R is made of: R = Ro − Is − Idte − Idle − Idd − Ie,eff + A. In points of R, but for the noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct NarrowbandTerms {
    /// Sum of all noise, No, dBm0p.
    pub no_dbm0p: f64,
    /// Signal to noise, Ro.
    pub ro: f64,
    /// Too loud, Iolr.
    pub iolr: f64,
    /// Wrong sidetone, Ist.
    pub ist: f64,
    /// Quantising, Iq.
    pub iq: f64,
    /// Is = Iolr + Ist + Iq.
    pub is: f64,
    /// Talker echo, Idte.
    pub idte: f64,
    /// Listener echo, Idle.
    pub idle: f64,
    /// Absolute delay, Idd.
    pub idd: f64,
    /// Codec and loss, Ie,eff.
    pub ie_eff: f64,
}

impl NarrowbandInput {
    /// A path that is the same both ways: T = Ta, Tr = 2·Ta.
    pub fn with_one_way_ms(self, one_way_ms: f64) -> Self {
        Self { ta_ms: one_way_ms, t_ms: one_way_ms, tr_ms: 2.0 * one_way_ms, ..self }
    }

    /// R and its terms.
    pub fn estimate(&self) -> Result<Estimate<Narrowband>, InputError> {
        self.validate()?;
        let no = self.no_dbm0p();
        let ro = 15.0 - 1.5 * (self.slr_db + no);
        let (iolr, ist, iq) = (self.iolr(no), self.ist(), self.iq(ro));
        let terms = NarrowbandTerms {
            no_dbm0p: no,
            ro,
            iolr,
            ist,
            iq,
            is: iolr + ist + iq,
            idte: self.idte(no),
            idle: self.idle(ro),
            idd: delay_impairment(self.ta_ms, self.sensitivity)?,
            ie_eff: self.equipment.effective(self.loss)?,
        };
        let id = terms.idte + terms.idle + terms.idd;
        let rating = Rating::new(ro - terms.is - id - terms.ie_eff + self.a);
        Ok(Estimate { rating, mos: rating.mos(), terms, impairment: self.equipment.source.clone() })
    }

    /// The TELR in dB from which on talker echo costs at most `idte` points of R on this connection; none: any
    /// TELR will do, as without delay. What G.131 draws as a curve.
    pub fn telr_needed_db(&self, idte: f64) -> Result<Option<f64>, InputError> {
        self.validate()?;
        let limit = within("allowed echo impairment Idte", idte, 0.1..=100.0, "points of R")?;
        let no = self.no_dbm0p();
        let costs = |telr_db| Self { telr_db, ..self.clone() }.idte(no);
        let (mut low, mut high) = (0.0, 150.0);
        if costs(low) <= limit {
            return Ok(None);
        }
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if costs(middle) > limit { low = middle } else { high = middle }
        }
        Ok(Some(high))
    }

    fn validate(&self) -> Result<(), InputError> {
        for (what, value, range, unit) in [
            ("send loudness rating SLR", self.slr_db, 0.0..=18.0, "dB"),
            ("receive loudness rating RLR", self.rlr_db, -5.0..=14.0, "dB"),
            ("sidetone masking rating STMR", self.stmr_db, 5.0..=30.0, "dB"),
            ("D-value Ds", self.ds, -3.0..=3.0, "dB"),
            ("D-value Dr", self.dr, -3.0..=3.0, "dB"),
            ("talker echo loudness rating TELR", self.telr_db, 5.0..=65.0, "dB"),
            ("weighted echo path loss WEPL", self.wepl_db, 5.0..=110.0, "dB"),
            ("echo path delay T", self.t_ms, 0.0..=500.0, "ms"),
            ("loop delay Tr", self.tr_ms, 0.0..=1000.0, "ms"),
            ("absolute delay Ta", self.ta_ms, 0.0..=500.0, "ms"),
            ("quantising distortion qdu", self.qdu, 1.0..=14.0, "units"),
            ("circuit noise Nc", self.nc_dbm0p, -80.0..=-40.0, "dBm0p"),
            ("noise floor Nfor", self.nfor_dbmp, -80.0..=-40.0, "dBmp"),
            ("room noise Ps", self.ps_dba, 35.0..=85.0, "dB(A)"),
            ("room noise Pr", self.pr_dba, 35.0..=85.0, "dB(A)"),
            ("advantage factor A", self.a, 0.0..=20.0, "points of R"),
        ] {
            within(what, value, range, unit)?;
        }
        Ok(())
    }

    fn olr_db(&self) -> f64 {
        self.slr_db + self.rlr_db
    }

    /// Clause 7.2: circuit noise, both rooms' noise and the receiver's floor, added as powers.
    fn no_dbm0p(&self) -> f64 {
        let above_db = self.ps_dba - self.olr_db() - self.ds - 14.0;
        let nos = self.ps_dba - self.slr_db - self.ds - 100.0 + 0.004 * above_db * above_db;
        let lstr_db = self.stmr_db + self.dr;
        let pre = self.pr_dba + 10.0 * (1.0 + 10f64.powf((10.0 - lstr_db) / 10.0)).log10();
        let nor = self.rlr_db - 121.0 + pre + 0.008 * (pre - 35.0) * (pre - 35.0);
        let nfo = self.nfor_dbmp + self.rlr_db;
        let power: f64 = [self.nc_dbm0p, nos, nor, nfo].iter().map(|db| 10f64.powf(db / 10.0)).sum();
        10.0 * power.log10()
    }

    fn iolr(&self, no: f64) -> f64 {
        let x = (self.olr_db() + 0.2 * (64.0 + no - self.rlr_db)) / 8.0;
        20.0 * ((1.0 + x.powi(8)).powf(1.0 / 8.0) - x)
    }

    fn ist(&self) -> f64 {
        let echo = (-self.t_ms / 4.0).exp() * 10f64.powf(-self.telr_db / 10.0);
        let stmro = -10.0 * (10f64.powf(-self.stmr_db / 10.0) + echo).log10();
        let term = |x: f64, power: i32| (1.0 + x.powi(power)).powf(1.0 / f64::from(power));
        12.0 * term((stmro - 13.0) / 6.0, 8)
            - 28.0 * term((stmro + 1.0) / 19.4, 35)
            - 13.0 * term((stmro - 3.0) / 33.0, 13)
            + 29.0
    }

    fn iq(&self, ro: f64) -> f64 {
        let q = 37.0 - 15.0 * self.qdu.log10();
        let g = 1.07 + 0.258 * q + 0.0602 * q * q;
        let y = (ro - 100.0) / 15.0 + 46.0 / 8.4 - g / 9.0;
        let z = 46.0 / 30.0 - g / 40.0;
        15.0 * (1.0 + 10f64.powf(y) + 10f64.powf(z)).log10()
    }

    fn idte(&self, no: f64) -> f64 {
        let t = self.t_ms;
        let mut terv =
            self.telr_db - 40.0 * ((1.0 + t / 10.0) / (1.0 + t / 150.0)).log10() + 6.0 * (-0.3 * t * t).exp();
        if self.stmr_db < 9.0 {
            terv += self.ist() / 2.0;
        }
        let roe = -1.5 * (no - self.rlr_db);
        let re = 80.0 + 2.5 * (terv - 14.0);
        let half = (roe - re) / 2.0;
        let idte = (half + (half * half + 100.0).sqrt() - 1.0) * (1.0 - (-t).exp());
        if self.stmr_db > 20.0 { idte.hypot(self.ist()) } else { idte }
    }

    fn idle(&self, ro: f64) -> f64 {
        let rle = 10.5 * (self.wepl_db + 7.0) * (self.tr_ms + 1.0).powf(-0.25);
        let half = (ro - rle) / 2.0;
        half + (half * half + 169.0).sqrt()
    }
}
