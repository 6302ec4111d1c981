//! Impairment values of ITU-T G.113: all of its appendices are provisional planning values. There is none for Opus.

use super::{Bpl, Equipment, Fullband, Narrowband, Source, Wideband};
use std::borrow::Cow;

/// (kbit/s, Ie,fb, Bpl): EVS in super-wideband, diotic. Erratum 1 (01/2026): the row printed as "2" is 32.
const EVS_SWB: [(f64, f64, f64); 6] = [
    (9.6, 22.7, 13.0),
    (13.2, 17.1, 11.7),
    (16.4, 10.8, 10.3),
    (24.4, 7.2, 11.4),
    (32.0, 8.7, 9.3),
    (48.0, 10.2, 9.6),
];

/// (kbit/s, Ie,wb): AMR-WB heard with one ear.
const AMR_WB_MONOTIC: [(f64, f64); 9] = [
    (6.6, 41.0),
    (8.85, 26.0),
    (12.65, 13.0),
    (14.25, 10.0),
    (15.85, 7.0),
    (18.25, 5.0),
    (19.85, 3.0),
    (23.05, 1.0),
    (23.85, 8.0),
];

/// (kbit/s, Ie,wb, Bpl,wb under uniform loss): AMR-WB heard with both ears.
const AMR_WB_DIOTIC: [(f64, f64, Option<f64>); 6] = [
    (6.6, 56.0, None),
    (8.85, 41.0, None),
    (12.65, 20.0, Some(4.3)),
    (15.85, 17.0, None),
    (23.05, 8.0, Some(4.6)),
    (23.85, 10.0, Some(4.9)),
];

/// G.711 without concealment: Ie 0, Bpl 4.3 (Appendix I; the defaults of G.107).
pub fn g711() -> Equipment<Narrowband> {
    Equipment::new("G.711", 0.0, Bpl::Random(4.3), itu_t("ITU-T G.113 Appendix I, Table I.3"))
}

/// G.711 with its Appendix I concealment: Ie 0, Bpl 25.1.
pub fn g711_concealed() -> Equipment<Narrowband> {
    Equipment::new("G.711 + PLC", 0.0, Bpl::Random(25.1), itu_t("ITU-T G.113 Appendix I, Table I.3"))
}

/// G.729A with voice activity detection: Ie 11, Bpl 19. From memory of the table, not read again.
pub fn g729a_vad() -> Equipment<Narrowband> {
    let source = itu_t("ITU-T G.113 Appendix I (from memory, not verified)");
    Equipment::new("G.729A + VAD", 11.0, Bpl::Random(19.0), source)
}

/// AMR-WB with one ear. No Bpl is known for it.
pub fn amr_wb_monotic(kbps: f64) -> Option<Equipment<Wideband>> {
    let (_, ie) = AMR_WB_MONOTIC.into_iter().find(|row| row.0 == kbps)?;
    let source = itu_t("ITU-T G.113 (09/2024) Appendix IV, monotic");
    Some(Equipment::new(format!("AMR-WB {kbps} kbit/s, monotic"), ie, Bpl::Unknown, source))
}

/// AMR-WB with both ears.
pub fn amr_wb_diotic(kbps: f64) -> Option<Equipment<Wideband>> {
    let (_, ie, bpl) = AMR_WB_DIOTIC.into_iter().find(|row| row.0 == kbps)?;
    let source = itu_t("ITU-T G.113 (09/2024) Appendix IV, diotic");
    let bpl = bpl.map_or(Bpl::Unknown, Bpl::Random);
    Some(Equipment::new(format!("AMR-WB {kbps} kbit/s, diotic"), ie, bpl, source))
}

/// EVS in super-wideband at one of its rates; none between them.
pub fn evs_swb(kbps: f64) -> Option<Equipment<Fullband>> {
    let (_, ie, bpl) = EVS_SWB.into_iter().find(|row| row.0 == kbps)?;
    let source = itu_t("ITU-T G.113 Appendix V with Erratum 1 (01/2026), diotic");
    Some(Equipment::new(format!("EVS-SWB {kbps} kbit/s"), ie, Bpl::Random(bpl), source))
}

fn itu_t(table: &'static str) -> Source {
    Source::ItuT { table: Cow::Borrowed(table) }
}
