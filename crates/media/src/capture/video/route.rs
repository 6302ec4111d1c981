//! What becomes of H.264 that a camera or a file brings: sent as it is where every receiver can decode
//! it without holding pictures back, else decoded here, to be encoded again.

use super::Captured;
use crate::capture::CaptureError;
use crate::decode::{DecodeError, H264Decoder};
use crate::picture::{EncodedPicture, Picture};
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Instant;
use tongke_transport::rtp::h264::{is_b_slice, nal_type, nal_units, sps, sps::SpsInfo, unit};

const SUPPORTED: &str = "H.264 baseline, main or high profile, 8 bit, 4:2:0, progressive";
/// Undecodable pictures in a row after which a stream is given up.
const MOST_FAILURES: u32 = 90;
/// Pictures looked at for B slices when the stream does not say whether it has any.
pub(super) const LOOKED_AT: usize = 12;

/// One access unit, Annex B; a keyframe begins with its parameter sets.
#[derive(Debug, Clone)]
pub(super) struct AccessUnit {
    pub data: Bytes,
    /// When its picture is due or was captured.
    pub shown: Instant,
    /// When it was here as a whole.
    pub arrived: Instant,
}

impl AccessUnit {
    pub(super) fn is_keyframe(&self) -> bool {
        nal_units(&self.data).any(|nal| nal_type(nal) == Some(unit::IDR))
    }

    fn has_b_slices(&self) -> bool {
        nal_units(&self.data).any(is_b_slice)
    }

    fn sps(&self) -> Option<SpsInfo> {
        let set = nal_units(&self.data).find(|nal| nal_type(nal) == Some(unit::SPS))?;
        sps::parse(set).ok()
    }
}

/// Where the pictures of one stream go.
pub(super) struct Route {
    name: String,
    sps: SpsInfo,
    path: Path,
    failures: u32,
    /// When the last picture given was captured: a corrected clock must not turn time back.
    last: Option<Instant>,
}

enum Path {
    /// Sent as they are.
    Pass,
    Encode(Box<Decoding>),
}

/// Pictures that are decoded here and encoded again by the node.
struct Decoding {
    reason: &'static str,
    decoder: H264Decoder,
    /// Times of the pictures inside the decoder. It gives them in the order of these times.
    times: Vec<Instant>,
    ready: VecDeque<Picture>,
    /// Without a keyframe there is nothing to decode from.
    started: bool,
}

impl Decoding {
    fn boxed(name: &str, reason: &'static str) -> Result<Box<Self>, CaptureError> {
        let decoder = H264Decoder::reordering()
            .map_err(|error| CaptureError::Open { name: name.to_owned(), reason: error.to_string() })?;
        Ok(Box::new(Self { reason, decoder, times: Vec::new(), ready: VecDeque::new(), started: false }))
    }

    /// Stamps a picture with the earliest time still inside.
    fn stamp(&mut self, mut picture: Picture) -> Picture {
        if let Some(first) = (0..self.times.len()).min_by_key(|&at| self.times[at]) {
            picture.captured = self.times.swap_remove(first);
        }
        picture
    }

    fn take(&mut self, unit: &AccessUnit) -> Result<(), DecodeError> {
        let decoded = self.decoder.decode(&unit.data, unit.shown)?;
        // Only now: the time of a picture that cannot be decoded is lost with it.
        self.times.push(unit.shown);
        if let Some(picture) = decoded {
            let picture = self.stamp(picture);
            self.ready.push_back(picture);
        }
        Ok(())
    }

    fn finish(&mut self) {
        let now = Instant::now();
        for picture in self.decoder.flush(now).unwrap_or_default() {
            let picture = self.stamp(picture);
            self.ready.push_back(picture);
        }
        self.times.clear();
        self.started = false;
    }
}

/// Whether a stream needs a look at its pictures before its route can be chosen.
pub(super) fn needs_a_look(first: &AccessUnit) -> bool {
    first.sps().is_none_or(|sps| sps.may_reorder())
}

impl Route {
    /// Chooses from a stream's first keyframe and some pictures after it.
    pub(super) fn choose(name: &str, units: &[AccessUnit]) -> Result<Self, CaptureError> {
        let keyframe = units.iter().find(|u| u.is_keyframe());
        let sps = keyframe.and_then(AccessUnit::sps).ok_or_else(|| CaptureError::Unsupported {
            name: name.to_owned(),
            found: "H.264 whose keyframes and parameter sets cannot be read".into(),
            supported: SUPPORTED,
        })?;
        check(name, &sps)?;
        let reorders = sps.may_reorder()
            && (sps.max_num_reorder_frames.is_some() || units.iter().any(AccessUnit::has_b_slices));
        let path = if reorders {
            Path::Encode(Decoding::boxed(
                name,
                "its pictures are stored in another order than shown (B-frames)",
            )?)
        } else {
            Path::Pass
        };
        Ok(Self { name: name.to_owned(), sps, path, failures: 0, last: None })
    }

    /// Takes the next unit of the stream.
    pub(super) fn push(&mut self, unit: AccessUnit) -> Result<Option<Captured>, CaptureError> {
        let captured = self.route(unit)?;
        Ok(captured.map(|captured| self.forward_in_time(captured)))
    }

    /// Gives what was captured a time not before that of the picture before.
    fn forward_in_time(&mut self, mut captured: Captured) -> Captured {
        let at = match &mut captured {
            Captured::Picture(picture) => &mut picture.captured,
            Captured::H264(unit) => &mut unit.captured,
        };
        *at = self.last.map_or(*at, |last| last.max(*at));
        self.last = Some(*at);
        captured
    }

    fn route(&mut self, unit: AccessUnit) -> Result<Option<Captured>, CaptureError> {
        let keyframe = unit.is_keyframe();
        if keyframe && let Some(sps) = unit.sps() {
            check(&self.name, &sps)?;
            self.sps = sps;
        }
        if matches!(self.path, Path::Pass) && unit.has_b_slices() {
            tracing::warn!(
                "{} has B-frames after all; from its next keyframe on it is encoded again",
                self.name
            );
            self.path = Path::Encode(Decoding::boxed(&self.name, "B-frames appeared in it")?);
        }
        match &mut self.path {
            Path::Pass => Ok(Some(Captured::H264(EncodedPicture {
                data: unit.data,
                keyframe,
                width: self.sps.width,
                height: self.sps.height,
                captured: unit.shown,
                encoded: unit.arrived,
            }))),
            Path::Encode(decoding) => {
                decoding.started |= keyframe;
                if !decoding.started {
                    return Ok(None);
                }
                let decoded = decoding.take(&unit);
                let ready = decoding.ready.pop_front().map(Captured::Picture);
                self.count(decoded)?;
                Ok(ready)
            }
        }
    }

    /// Tells that the stream ends or begins anew, and lets out what was held back.
    pub(super) fn finish(&mut self) {
        if let Path::Encode(decoding) = &mut self.path {
            decoding.finish();
        }
    }

    /// A picture that is ready without a further unit.
    pub(super) fn pop(&mut self) -> Option<Captured> {
        let ready = match &mut self.path {
            Path::Pass => None,
            Path::Encode(decoding) => decoding.ready.pop_front().map(Captured::Picture),
        };
        ready.map(|captured| self.forward_in_time(captured))
    }

    /// Counts failures in a row; too many end the stream.
    fn count(&mut self, decoded: Result<(), DecodeError>) -> Result<(), CaptureError> {
        let Err(error) = decoded else {
            self.failures = 0;
            return Ok(());
        };
        self.failures += 1;
        if self.failures < MOST_FAILURES {
            return Ok(());
        }
        let reason = format!("{MOST_FAILURES} pictures in a row could not be decoded ({error})");
        Err(CaptureError::Broken { name: self.name.clone(), reason })
    }

    /// What comes and what becomes of it, for people.
    pub(super) fn describe(&self) -> String {
        let SpsInfo { width, height, level_idc, .. } = self.sps;
        let level = f32::from(level_idc) / 10.0;
        let stream = format!("H.264 {} {level:.1}, {width}x{height}", profile(&self.sps));
        match &self.path {
            Path::Pass => format!("{stream}, passed through without encoding"),
            Path::Encode(decoding) => format!("{stream}, encoded again here because {}", decoding.reason),
        }
    }
}

fn profile(sps: &SpsInfo) -> String {
    match sps.profile_idc {
        66 if sps.is_constrained_baseline() => "constrained baseline".into(),
        66 => "baseline".into(),
        77 => "main".into(),
        88 => "extended".into(),
        100 => "high".into(),
        110 => "high 10".into(),
        122 => "high 4:2:2".into(),
        244 => "high 4:4:4".into(),
        other => format!("profile {other}"),
    }
}

/// Refuses what neither receivers nor our own decoder can decode.
fn check(name: &str, sps: &SpsInfo) -> Result<(), CaptureError> {
    let unusual = if !matches!(sps.profile_idc, 66 | 77 | 100) {
        String::new()
    } else if sps.chroma_format_idc != 1 {
        ", not 4:2:0".into()
    } else if sps.bit_depth_luma != 8 {
        format!(", {} bit", sps.bit_depth_luma)
    } else if !sps.progressive {
        ", interlaced".into()
    } else if !sps.width.is_multiple_of(2) || !sps.height.is_multiple_of(2) {
        format!(", {}x{} with an odd side", sps.width, sps.height)
    } else {
        return Ok(());
    };
    Err(CaptureError::Unsupported {
        name: name.to_owned(),
        found: format!("H.264 {} profile{unusual}", profile(sps)),
        supported: SUPPORTED,
    })
}
