//! The machine-readable time marker: a block of black and white cells drawn into a picture just
//! before it is encoded and read just after it is decoded.
//!
//! Cells of 16x16 pixels (24x24 up to 360 lines), aligned to 16, luma 16 or 235 only, with a quiet
//! border of one cell, white, and a black rim around that. First four calibration cells (black, white,
//! black, white), then 96 bits, most significant first: magic 8, session 16, frame number 24 in Gray code,
//! wall-clock milliseconds 32, CRC-16/CCITT-FALSE 16 over the bits before it. Gray code, because a camera
//! that films the marker across a screen refresh then sees one doubtful bit instead of another number; the
//! rim, because a camera finds the marker by its outline ([`crate::filmed`]).

use crate::picture::Picture;
use tongke_protocol::WallTime;

const MAGIC: u8 = 0xA7;
const CALIBRATION: usize = 4;
pub(crate) const CELLS: usize = CALIBRATION + 96;
/// Cells whose colour is the same in every marker: those of calibration, and the magic number.
pub(crate) const FIXED: usize = CALIBRATION + 8;
/// Cells in a row: of a wide picture, and of a narrow one.
pub(crate) const COLUMNS: [usize; 2] = [20, 10];
/// Where the quiet border begins, from the left and the top, in pixels: as wide is the rim.
const ORIGIN: usize = 16;
const BLACK: u8 = 16;
const WHITE: u8 = 235;
/// Least difference between black and white calibration cells.
const MIN_SEPARATION: u32 = 60;

/// What a marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Whose picture it is.
    pub session: u16,
    /// Number of the picture, counted modulo 2^24.
    pub frame: u32,
    /// Sender's wall clock when the picture was captured, milliseconds modulo 2^32.
    pub timestamp_ms: u32,
}

impl Stamp {
    /// A stamp for a picture captured at `wall`.
    pub fn new(session: u16, frame: u32, wall: WallTime) -> Self {
        Self { session, frame: frame & 0x00ff_ffff, timestamp_ms: (wall.as_unix_us() / 1000) as u32 }
    }

    /// The whole wall time on the sender's clock: the one nearest to `reference` that ends in these
    /// 32 bits (they wrap every 49.7 days). Good to 1 ms.
    pub fn wall_near(&self, reference: WallTime) -> WallTime {
        let reference_ms = reference.as_unix_us() / 1000;
        let ahead_ms = self.timestamp_ms.wrapping_sub(reference_ms as u32) as i32;
        WallTime(reference_ms.saturating_add_signed(i64::from(ahead_ms)) * 1000)
    }

    fn to_bytes(self) -> [u8; 12] {
        let gray = (self.frame ^ (self.frame >> 1)) & 0x00ff_ffff;
        let mut bytes = [0; 12];
        bytes[0] = MAGIC;
        bytes[1..3].copy_from_slice(&self.session.to_be_bytes());
        bytes[3..6].copy_from_slice(&gray.to_be_bytes()[1..]);
        bytes[6..10].copy_from_slice(&self.timestamp_ms.to_be_bytes());
        let crc = crc16(&bytes[..10]);
        bytes[10..].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; 12]) -> Result<Self, MarkerError> {
        if crc16(&bytes[..10]) != u16::from_be_bytes([bytes[10], bytes[11]]) {
            return Err(MarkerError::Checksum);
        }
        if bytes[0] != MAGIC {
            return Err(MarkerError::Other);
        }
        let mut frame = u32::from_be_bytes([0, bytes[3], bytes[4], bytes[5]]);
        for shift in [1, 2, 4, 8, 16] {
            frame ^= frame >> shift;
        }
        Ok(Self {
            session: u16::from_be_bytes([bytes[1], bytes[2]]),
            frame,
            timestamp_ms: u32::from_be_bytes([bytes[6], bytes[7], bytes[8], bytes[9]]),
        })
    }
}

/// Why a picture's marker could not be read. Callers count these: the share of readable pictures is
/// part of the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MarkerError {
    /// No place for a marker in a picture of this size.
    #[error("the picture is too small for a marker")]
    TooSmall,
    /// The calibration cells are not black and white: no marker, or a washed-out one.
    #[error("there is no marker, or black and white cannot be told apart")]
    NoContrast,
    /// Cells were read but some wrongly.
    #[error("the marker's checksum is wrong")]
    Checksum,
    /// A whole marker, but not of this kind.
    #[error("the marker is of another kind")]
    Other,
}

/// Where the cells are, a function of the picture's size alone.
#[derive(Debug, Clone, Copy)]
struct Layout {
    cell: usize,
    columns: usize,
}

impl Layout {
    fn of(width: u32, height: u32) -> Option<Layout> {
        let preferred = if height <= 360 { 24 } else { 16 };
        [(preferred, 20), (preferred, 10), (16, 20), (16, 10)]
            .into_iter()
            .map(|(cell, columns)| Layout { cell, columns })
            .find(|layout| {
                let (w, h) = layout.outer();
                ORIGIN + w <= width as usize && ORIGIN + h <= height as usize
            })
    }

    /// Width and height with the quiet border, in pixels.
    fn outer(self) -> (usize, usize) {
        ((self.columns + 2) * self.cell, (CELLS / self.columns + 2) * self.cell)
    }

    /// Top left pixel of a cell.
    fn at(self, index: usize) -> (usize, usize) {
        let (column, row) = (index % self.columns, index / self.columns);
        (ORIGIN + (column + 1) * self.cell, ORIGIN + (row + 1) * self.cell)
    }
}

/// Right and lower edge of the marker's quiet border in a picture of this size, in pixels, so that a
/// scene can keep clear of it; a rim as wide as its distance from the picture's edge is still around it.
/// `None` where no marker fits.
pub fn extent(width: u32, height: u32) -> Option<(u32, u32)> {
    let (w, h) = Layout::of(width, height)?.outer();
    Some(((ORIGIN + w) as u32, (ORIGIN + h) as u32))
}

/// Draws `stamp` into `picture`. A picture too small for it stays as it is and the call says so.
pub fn draw(picture: &mut Picture, stamp: Stamp) -> Result<(), MarkerError> {
    let (width, height) = (picture.width(), picture.height());
    let (y, u, v) = picture.planes_mut();
    draw_planes(y, u, v, width, height, stamp)
}

/// As [`draw`], on planes without padding: for whoever is still drawing the picture.
pub(crate) fn draw_planes(
    y: &mut [u8],
    u: &mut [u8],
    v: &mut [u8],
    width: u32,
    height: u32,
    stamp: Stamp,
) -> Result<(), MarkerError> {
    let layout = Layout::of(width, height).ok_or(MarkerError::TooSmall)?;
    let stride = width as usize;
    let (outer_w, outer_h) = layout.outer();
    let rim = ((outer_w + 2 * ORIGIN).min(stride), outer_h + 2 * ORIGIN);
    fill(y, stride, (0, 0), rim, BLACK);
    fill(y, stride, (ORIGIN, ORIGIN), (outer_w, outer_h), WHITE);
    for chroma in [u, v] {
        fill(chroma, stride / 2, (0, 0), (rim.0 / 2, rim.1 / 2), 128);
    }
    let bytes = stamp.to_bytes();
    for index in 0..CELLS {
        if !is_white(&bytes, index) {
            fill(y, stride, layout.at(index), (layout.cell, layout.cell), BLACK);
        }
    }
    Ok(())
}

/// Turns one cell of a picture's marker around, so that its checksum is wrong: for tests of who reads it.
pub(crate) fn damage(picture: &mut Picture) {
    let (width, height) = (picture.width(), picture.height());
    let Some(layout) = Layout::of(width, height) else { return };
    let (y, _, _) = picture.planes_mut();
    let stride = width as usize;
    let last = CELLS - 1;
    let was = cell_mean(y, stride, layout, last);
    let turned = if was > u32::from(WHITE / 2) { BLACK } else { WHITE };
    fill(y, stride, layout.at(last), (layout.cell, layout.cell), turned);
}

fn is_white(bytes: &[u8; 12], index: usize) -> bool {
    match index.checked_sub(CALIBRATION) {
        None => index % 2 == 1,
        Some(bit) => bytes[bit / 8] >> (7 - bit % 8) & 1 == 1,
    }
}

fn fill(plane: &mut [u8], stride: usize, (x, y): (usize, usize), (w, h): (usize, usize), value: u8) {
    for row in plane.chunks_mut(stride).skip(y).take(h) {
        row[x..x + w].fill(value);
    }
}

/// Reads the marker of a decoded picture.
pub fn read(picture: &Picture) -> Result<Stamp, MarkerError> {
    let layout = Layout::of(picture.width(), picture.height()).ok_or(MarkerError::TooSmall)?;
    let (y, _, _) = picture.planes();
    let mean = |index| cell_mean(y, picture.width() as usize, layout, index);
    let black = mean(0).max(mean(2));
    let white = mean(1).min(mean(3));
    if white < black + MIN_SEPARATION {
        return Err(MarkerError::NoContrast);
    }
    let threshold = (mean(0) + mean(1) + mean(2) + mean(3)) / 4;
    decode(|index| mean(index) > threshold)
}

/// The stamp of cells of which somebody says whether they are white.
pub(crate) fn decode(is_white: impl Fn(usize) -> bool) -> Result<Stamp, MarkerError> {
    let mut bytes = [0u8; 12];
    for bit in 0..96 {
        if is_white(CALIBRATION + bit) {
            bytes[bit / 8] |= 1 << (7 - bit % 8);
        }
    }
    Stamp::from_bytes(&bytes)
}

/// Whether one of the [`FIXED`] cells is white.
pub(crate) fn fixed_is_white(index: usize) -> bool {
    is_white(&[MAGIC, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], index)
}

/// Mean luma of a cell's middle: its edges carry the neighbours' ringing and deblocking.
fn cell_mean(y: &[u8], stride: usize, layout: Layout, index: usize) -> u32 {
    let (left, top) = layout.at(index);
    let (margin, side) = (layout.cell / 4, layout.cell / 2);
    let rows = y.chunks(stride).skip(top + margin).take(side);
    let sum: u32 =
        rows.flat_map(|row| &row[left + margin..left + margin + side]).map(|&p| u32::from(p)).sum();
    sum / (side * side) as u32
}

/// CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF, not reflected.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, &byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            if crc & 0x8000 != 0 { (crc << 1) ^ 0x1021 } else { crc << 1 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn grey(width: u32, height: u32) -> Picture {
        Picture::filled(width, height, [90, 128, 128], Instant::now())
    }

    #[test]
    fn the_checksum_matches_its_published_check_value() {
        assert_eq!(crc16(b"123456789"), 0x29B1);
    }

    #[test]
    fn a_stamp_is_read_back_at_every_usual_size() {
        for (width, height) in [(320, 240), (640, 360), (854, 480), (1280, 720), (1920, 1080)] {
            for frame in [0, 1, 0x7f_ffff, 0xff_ffff] {
                let stamp = Stamp { session: 0xBEEF, frame, timestamp_ms: 0x8000_0001 };
                let mut picture = grey(width, height);
                draw(&mut picture, stamp).unwrap();
                assert_eq!(read(&picture), Ok(stamp), "{width}x{height}");
            }
        }
    }

    #[test]
    fn successive_frame_numbers_differ_in_one_cell_of_the_number() {
        for frame in 0..5000u32 {
            let number = |frame| {
                let bytes = Stamp { session: 0, frame, timestamp_ms: 0 }.to_bytes();
                u32::from_be_bytes([0, bytes[3], bytes[4], bytes[5]])
            };
            assert_eq!((number(frame) ^ number(frame + 1)).count_ones(), 1);
        }
    }

    #[test]
    fn pictures_without_a_marker_or_with_a_damaged_one_are_unreadable_not_wrong() {
        assert_eq!(read(&grey(1280, 720)), Err(MarkerError::NoContrast));
        assert_eq!(read(&grey(64, 64)), Err(MarkerError::TooSmall));
        let stamp = Stamp { session: 1, frame: 2, timestamp_ms: 3 };
        for cell in CALIBRATION..CELLS {
            let mut picture = grey(1280, 720);
            draw(&mut picture, stamp).unwrap();
            let at = Layout::of(1280, 720).unwrap().at(cell);
            let value = if is_white(&stamp.to_bytes(), cell) { BLACK } else { WHITE };
            fill(picture.planes_mut().0, 1280, at, (16, 16), value);
            assert_eq!(read(&picture), Err(MarkerError::Checksum), "cell {cell}");
        }
    }

    #[test]
    fn the_wall_time_is_completed_from_a_near_reference_across_the_wrap() {
        let wrap_ms = 1u64 << 32;
        let wall = WallTime((wrap_ms * 417 - 5) * 1000);
        let stamp = Stamp::new(1, 1, wall);
        for later_ms in [0, 5, 80, 60_000] {
            assert_eq!(stamp.wall_near(WallTime(wall.0 + later_ms * 1000)), wall);
        }
        assert_eq!(stamp.wall_near(WallTime(wall.0 - 30_000)), wall, "a clock that lags the sender's");
    }
}
