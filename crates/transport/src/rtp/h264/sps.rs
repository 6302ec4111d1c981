//! The sequence parameter set (H.264 §7.3.2.1.1): what a camera really sends.

/// Why a sequence parameter set cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpsError {
    /// The unit is no sequence parameter set.
    #[error("the unit is no sequence parameter set")]
    NotSps,
    /// The unit ends too early.
    #[error("the sequence parameter set ends too early")]
    Truncated,
    /// A value is outside what the standard allows.
    #[error("the sequence parameter set has an impossible {0}")]
    Impossible(&'static str),
}

/// What a sequence parameter set says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpsInfo {
    /// 66 baseline, 77 main, 100 high, …
    pub profile_idc: u8,
    /// `constraint_set0_flag` in the highest bit.
    pub constraint_flags: u8,
    /// Ten times the level.
    pub level_idc: u8,
    /// Width of the shown picture in pixels.
    pub width: u32,
    /// Height of the shown picture in pixels.
    pub height: u32,
    /// 1 is 4:2:0.
    pub chroma_format_idc: u32,
    /// Bits per luma sample.
    pub bit_depth_luma: u32,
    /// Frames only, no fields.
    pub progressive: bool,
    /// How pictures are numbered: 2 leaves no room for another order of output than of decoding.
    pub pic_order_cnt_type: u32,
    /// Most frames kept for reference.
    pub max_num_ref_frames: u32,
    /// Most frames that come before another one in decoding and after it in output, when told.
    pub max_num_reorder_frames: Option<u32>,
}

impl SpsInfo {
    /// Constrained Baseline: baseline with `constraint_set1_flag`, what every WebRTC peer decodes.
    pub fn is_constrained_baseline(&self) -> bool {
        self.profile_idc == 66 && self.constraint_flags & 0x40 != 0
    }

    /// Whether pictures may come in another order than they are shown, as B-frames make them. Evidence
    /// against it: the baseline profile has no B slices, the stream says zero reordered frames, or its
    /// numbering forbids it. Without evidence the answer is yes; then [`super::is_b_slice`] on some
    /// pictures tells.
    pub fn may_reorder(&self) -> bool {
        self.profile_idc != 66 && self.max_num_reorder_frames != Some(0) && self.pic_order_cnt_type != 2
    }

    /// `profile-level-id` of SDP (RFC 6184 §8.1), six hex digits.
    pub fn profile_level_id(&self) -> String {
        format!("{:02x}{:02x}{:02x}", self.profile_idc, self.constraint_flags, self.level_idc)
    }
}

/// Reads the set in a NAL unit (with its header byte, without start code).
pub fn parse(nal: &[u8]) -> Result<SpsInfo, SpsError> {
    let [header, profile_idc, constraint_flags, level_idc, rest @ ..] = nal else {
        return Err(if super::nal_type(nal) == Some(7) { SpsError::Truncated } else { SpsError::NotSps });
    };
    if header & 0x1F != 7 {
        return Err(SpsError::NotSps);
    }
    let mut bits = BitReader::new(rest);
    read(&mut bits, [*profile_idc, *constraint_flags, *level_idc]).ok_or(SpsError::Truncated)?
}

/// Outer `None`: the bits ended.
fn read(bits: &mut BitReader<'_>, profile: [u8; 3]) -> Option<Result<SpsInfo, SpsError>> {
    let _id = bits.ue()?;
    let (mut chroma_format_idc, mut bit_depth_luma) = (1, 8);
    if matches!(profile[0], 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
        (chroma_format_idc, bit_depth_luma) = chroma(bits)?;
    }
    let _log2_max_frame_num = bits.ue()?;
    let pic_order_cnt_type = bits.ue()?;
    match pic_order_cnt_type {
        0 => drop(bits.ue()?),
        1 => {
            bits.skip(1)?;
            bits.ue()?;
            bits.ue()?;
            let cycle = bits.ue()?;
            if cycle > 255 {
                return Some(Err(SpsError::Impossible("picture order cycle")));
            }
            for _ in 0..cycle {
                bits.ue()?;
            }
        }
        2 => {}
        _ => return Some(Err(SpsError::Impossible("picture order type"))),
    }
    let max_num_ref_frames = bits.ue()?;
    bits.skip(1)?;
    let width_mbs = u64::from(bits.ue()?) + 1;
    let height_units = u64::from(bits.ue()?) + 1;
    let progressive = bits.bit()?;
    if !progressive {
        bits.skip(1)?;
    }
    bits.skip(1)?;
    let crop = if bits.bit()? { [bits.ue()?, bits.ue()?, bits.ue()?, bits.ue()?] } else { [0; 4] };
    let field_factor = if progressive { 1 } else { 2 };
    let (unit_x, unit_y) = match chroma_format_idc {
        1 => (2, 2 * field_factor),
        2 => (2, field_factor),
        _ => (1, field_factor),
    };
    let shown = |whole: u64, unit: u64, a: u32, b: u32| {
        whole.checked_sub(unit * (u64::from(a) + u64::from(b))).filter(|left| (1..=16_384).contains(left))
    };
    let width = shown(width_mbs * 16, unit_x, crop[0], crop[1]);
    let height = shown(height_units * 16 * field_factor, unit_y, crop[2], crop[3]);
    let (Some(width), Some(height)) = (width, height) else {
        return Some(Err(SpsError::Impossible("picture size")));
    };
    // A cut or odd VUI takes away only what it would have told.
    let max_num_reorder_frames = if bits.bit()? { reorder_frames(bits) } else { None };
    Some(Ok(SpsInfo {
        profile_idc: profile[0],
        constraint_flags: profile[1],
        level_idc: profile[2],
        width: width as u32,
        height: height as u32,
        chroma_format_idc,
        bit_depth_luma,
        progressive,
        pic_order_cnt_type,
        max_num_ref_frames,
        max_num_reorder_frames,
    }))
}

/// chroma_format_idc and luma bit depth of the high profiles; skips the scaling lists.
fn chroma(bits: &mut BitReader<'_>) -> Option<(u32, u32)> {
    let format = bits.ue()?;
    if format == 3 {
        bits.skip(1)?;
    }
    let depth = bits.ue()?.saturating_add(8);
    bits.ue()?;
    bits.skip(1)?;
    if bits.bit()? {
        for index in 0..if format == 3 { 12 } else { 8 } {
            if bits.bit()? {
                scaling_list(bits, if index < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some((format, depth))
}

/// H.264 §7.3.2.1.1.1.
fn scaling_list(bits: &mut BitReader<'_>, size: u32) -> Option<()> {
    let (mut last, mut next) = (8_i32, 8_i32);
    for _ in 0..size {
        if next != 0 {
            next = last.wrapping_add(bits.se()?).wrapping_add(256) & 0xFF;
        }
        if next != 0 {
            last = next;
        }
    }
    Some(())
}

/// max_num_reorder_frames of the video usability information (H.264 §E.1.1).
fn reorder_frames(bits: &mut BitReader<'_>) -> Option<u32> {
    if bits.bit()? && bits.bits(8)? == 255 {
        bits.skip(32)?;
    }
    if bits.bit()? {
        bits.skip(1)?;
    }
    if bits.bit()? {
        bits.skip(4)?;
        if bits.bit()? {
            bits.skip(24)?;
        }
    }
    if bits.bit()? {
        bits.ue()?;
        bits.ue()?;
    }
    if bits.bit()? {
        bits.skip(65)?;
    }
    let nal_hrd = bits.bit()?;
    if nal_hrd {
        hypothetical_decoder(bits)?;
    }
    let vcl_hrd = bits.bit()?;
    if vcl_hrd {
        hypothetical_decoder(bits)?;
    }
    if nal_hrd || vcl_hrd {
        bits.skip(1)?;
    }
    bits.skip(1)?;
    if !bits.bit()? {
        return None;
    }
    bits.skip(1)?;
    for _ in 0..4 {
        bits.ue()?;
    }
    bits.ue()
}

/// Skips the parameters of a hypothetical reference decoder (H.264 §E.1.2).
fn hypothetical_decoder(bits: &mut BitReader<'_>) -> Option<()> {
    let schedules = bits.ue()?;
    bits.skip(8)?;
    for _ in 0..=schedules.min(31) {
        bits.ue()?;
        bits.ue()?;
        bits.skip(1)?;
    }
    bits.skip(20)
}

/// Reads bits of a unit, leaving out emulation prevention bytes (H.264 §7.3.1).
pub(super) struct BitReader<'a> {
    rest: &'a [u8],
    zeros: u8,
    byte: u8,
    left: u8,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> BitReader<'a> {
        BitReader { rest: bytes, zeros: 0, byte: 0, left: 0 }
    }

    fn bit(&mut self) -> Option<bool> {
        if self.left == 0 {
            let mut byte = self.take_byte()?;
            if self.zeros >= 2 && byte == 3 {
                self.zeros = 0;
                byte = self.take_byte()?;
            }
            self.zeros = if byte == 0 { self.zeros.saturating_add(1) } else { 0 };
            (self.byte, self.left) = (byte, 8);
        }
        self.left -= 1;
        Some(self.byte >> self.left & 1 == 1)
    }

    fn take_byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn bits(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value, _| Some(value << 1 | u32::from(self.bit()?)))
    }

    fn skip(&mut self, count: u32) -> Option<()> {
        (0..count).try_for_each(|_| self.bit().map(drop))
    }

    /// Unsigned Exp-Golomb (H.264 §9.1), at most 32 bits.
    pub(super) fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.bits(zeros)?)
    }

    /// Signed Exp-Golomb.
    fn se(&mut self) -> Option<i32> {
        let code = self.ue()?;
        let half = (code / 2 + code % 2) as i32;
        Some(if code % 2 == 1 { half } else { -half })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a set bit by bit, so that the tests know the truth.
    #[derive(Default)]
    struct BitWriter {
        bytes: Vec<u8>,
        used: u32,
    }

    impl BitWriter {
        fn bits(&mut self, value: u64, count: u32) -> &mut Self {
            for shift in (0..count).rev() {
                if self.used.is_multiple_of(8) {
                    self.bytes.push(0);
                }
                let bit = (value >> shift & 1) as u8;
                *self.bytes.last_mut().unwrap() |= bit << (7 - self.used % 8);
                self.used += 1;
            }
            self
        }

        fn ue(&mut self, value: u32) -> &mut Self {
            let code = u64::from(value) + 1;
            let len = 64 - code.leading_zeros();
            self.bits(0, len - 1).bits(code, len)
        }

        /// The unit: header, payload with emulation prevention.
        fn nal(&self) -> Vec<u8> {
            let mut out = vec![0x67];
            let mut zeros = 0;
            for &byte in &self.bytes {
                if zeros >= 2 && byte <= 3 {
                    out.push(3);
                    zeros = 0;
                }
                zeros = if byte == 0 { zeros + 1 } else { 0 };
                out.push(byte);
            }
            out
        }
    }

    fn high_1080(reorder: u32) -> Vec<u8> {
        let mut w = BitWriter::default();
        w.bits(100, 8).bits(0, 8).bits(40, 8).ue(0);
        w.ue(1).ue(0).ue(0).bits(0, 1).bits(1, 1);
        // A scaling list for the first matrix: one delta of -8 ends it (next scale 0).
        w.bits(1, 1).ue(16).bits(0, 7);
        w.ue(0).ue(0).ue(2).ue(4).bits(0, 1).ue(119).ue(67).bits(1, 1).bits(0, 1);
        w.bits(1, 1).ue(0).ue(0).ue(0).ue(4);
        // VUI: aspect ratio given in full, then timing, then bitstream restriction.
        w.bits(1, 1).bits(1, 1).bits(255, 8).bits(1, 16).bits(1, 16).bits(0, 1).bits(0, 1).bits(0, 1);
        w.bits(1, 1).bits(1, 32).bits(60, 32).bits(1, 1).bits(0, 1).bits(0, 1).bits(0, 1);
        w.bits(1, 1).bits(1, 1).ue(2).ue(1).ue(16).ue(16).ue(reorder).ue(4).bits(1, 1);
        w.nal()
    }

    #[test]
    fn a_cropped_high_profile_set_tells_size_and_reordering() {
        let info = parse(&high_1080(2)).unwrap();
        assert_eq!((info.width, info.height, info.profile_idc, info.level_idc), (1920, 1080, 100, 40));
        assert_eq!((info.max_num_ref_frames, info.max_num_reorder_frames), (4, Some(2)));
        assert!(info.may_reorder() && info.progressive);
        assert!(!parse(&high_1080(0)).unwrap().may_reorder());
    }

    #[test]
    fn sets_of_real_encoders_are_read() {
        // OpenH264, 1280x720, constrained baseline 3.1.
        let openh264 = [0x67, 0x42, 0xC0, 0x1F, 0x8C, 0x8D, 0x40, 0x28, 0x02, 0xDC, 0x80];
        let info = parse(&openh264).unwrap();
        assert_eq!((info.width, info.height), (1280, 720));
        assert!(info.is_constrained_baseline() && !info.may_reorder());
        assert_eq!(info.profile_level_id(), "42c01f");
        // x264, high 3.1, 1280x720, default B-frames.
        let x264 = [
            0x67, 0x64, 0x00, 0x1F, 0xAC, 0xD9, 0x40, 0x50, 0x05, 0xBB, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00,
            0x10, 0x00, 0x00, 0x03, 0x03, 0xC0, 0xF1, 0x83, 0x19, 0x60,
        ];
        let info = parse(&x264).unwrap();
        assert_eq!((info.width, info.height), (1280, 720));
        assert_eq!(info.max_num_reorder_frames, Some(2));
        assert!(info.may_reorder());
    }

    #[test]
    fn numbering_of_type_2_forbids_another_order() {
        let mut w = BitWriter::default();
        w.bits(77, 8).bits(0, 8).bits(31, 8).ue(0).ue(0).ue(2).ue(1).bits(0, 1).ue(39).ue(29);
        w.bits(1, 1).bits(0, 1).bits(0, 1).bits(0, 1).bits(1, 1);
        let info = parse(&w.nal()).unwrap();
        assert_eq!((info.width, info.height), (640, 480));
        assert!(!info.may_reorder());
    }

    #[test]
    fn impossible_sets_are_refused() {
        assert_eq!(parse(&[]), Err(SpsError::NotSps));
        assert_eq!(parse(&[0x65, 1, 2, 3, 4]), Err(SpsError::NotSps));
        assert_eq!(parse(&[0x67, 66]), Err(SpsError::Truncated));
        let mut w = BitWriter::default();
        w.bits(66, 8).bits(0, 8).bits(31, 8).ue(0).ue(0).ue(2).ue(1).bits(0, 1).ue(1 << 20).ue(29);
        w.bits(1, 1).bits(0, 1).bits(0, 1).bits(0, 1).bits(1, 1);
        assert_eq!(parse(&w.nal()), Err(SpsError::Impossible("picture size")));
    }

    #[test]
    fn mutated_sets_never_panic() {
        super::super::super::mutation::storm(&[high_1080(2)], |bytes| {
            let _ = parse(bytes);
            let _ = super::super::is_b_slice(bytes);
        });
    }
}
