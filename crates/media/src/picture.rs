//! Pictures, as drawn or decoded and as encoded.

use bytes::Bytes;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

/// Largest side of a picture, in pixels: what the H.264 encoder takes.
pub const MAX_SIDE: u32 = 3840;

/// Size and pace of a moving picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoFormat {
    /// Pixels per line; even.
    pub width: u32,
    /// Lines; even.
    pub height: u32,
    /// Pictures per second.
    pub fps: u32,
}

impl Default for VideoFormat {
    fn default() -> Self {
        Self { width: 1280, height: 720, fps: 30 }
    }
}

impl fmt::Display for VideoFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}@{}", self.width, self.height, self.fps)
    }
}

impl FromStr for VideoFormat {
    type Err = String;
    /// Reads `1280x720@30` or `1280x720` (then 30 pictures per second).
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a picture format; write for example 1280x720@30");
        let (size, fps) = text.split_once('@').unwrap_or((text, "30"));
        let (width, height) = size.split_once('x').ok_or_else(wrong)?;
        let number = |part: &str| part.trim().parse::<u32>().map_err(|_| wrong());
        let format = Self { width: number(width)?, height: number(height)?, fps: number(fps)? };
        let side = 16..=MAX_SIDE;
        if !side.contains(&format.width) || !side.contains(&format.height) || !(1..=120).contains(&format.fps)
        {
            return Err(format!(
                "'{text}' is out of range: sides 16 to {MAX_SIDE}, 1 to 120 pictures per second"
            ));
        }
        if !format.width.is_multiple_of(2) || !format.height.is_multiple_of(2) {
            return Err(format!("'{text}' has an odd side; width and height must be even"));
        }
        Ok(format)
    }
}

/// One picture: planar I420 (Y, then U, then V, no padding) in one shared buffer. Cloning shares it.
/// Luma is limited range (16 to 235), ITU-R BT.709.
#[derive(Clone)]
pub struct Picture {
    width: u32,
    height: u32,
    data: Arc<Vec<u8>>,
    /// When it was captured (or, at a receiver, the sender's capture seen from this clock).
    pub captured: Instant,
}

impl Picture {
    /// Bytes of an I420 picture of even width and height.
    pub const fn size(width: u32, height: u32) -> usize {
        width as usize * height as usize * 3 / 2
    }

    /// Takes a finished buffer.
    ///
    /// # Panics
    /// When the sides are odd or zero, or the buffer is not [`size`](Self::size) bytes long: that is
    /// a mistake of the caller, never of the input.
    pub fn new(width: u32, height: u32, data: Arc<Vec<u8>>, captured: Instant) -> Self {
        assert!(width > 0 && height > 0 && width.is_multiple_of(2) && height.is_multiple_of(2));
        assert_eq!(data.len(), Self::size(width, height), "I420 needs w*h*3/2 bytes");
        Self { width, height, data, captured }
    }

    /// A picture of one colour.
    pub fn filled(width: u32, height: u32, [y, u, v]: [u8; 3], captured: Instant) -> Self {
        let mut data = vec![y; Self::size(width, height)];
        let luma = (width * height) as usize;
        data[luma..luma + luma / 4].fill(u);
        data[luma + luma / 4..].fill(v);
        Self::new(width, height, Arc::new(data), captured)
    }

    /// Pixels per line.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Lines.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The whole I420 buffer.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The Y, U and V planes; strides are `width`, `width / 2` and `width / 2`.
    pub fn planes(&self) -> (&[u8], &[u8], &[u8]) {
        let luma = (self.width * self.height) as usize;
        let (y, chroma) = self.data.split_at(luma);
        let (u, v) = chroma.split_at(luma / 4);
        (y, u, v)
    }

    /// The planes for drawing into; copies the buffer first if somebody else holds it too.
    pub fn planes_mut(&mut self) -> (&mut [u8], &mut [u8], &mut [u8]) {
        let luma = (self.width * self.height) as usize;
        let (y, chroma) = Arc::make_mut(&mut self.data).split_at_mut(luma);
        let (u, v) = chroma.split_at_mut(luma / 4);
        (y, u, v)
    }

    /// This picture at another size (nearest sample; the picture itself if the size is the same).
    pub fn scaled(&self, width: u32, height: u32) -> Picture {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let mut data = Vec::with_capacity(Self::size(width, height));
        let (y, u, v) = self.planes();
        scale_plane(y, self.width, self.height, &mut data, width, height);
        for chroma in [u, v] {
            scale_plane(chroma, self.width / 2, self.height / 2, &mut data, width / 2, height / 2);
        }
        Picture::new(width, height, Arc::new(data), self.captured)
    }
}

fn scale_plane(from: &[u8], from_w: u32, from_h: u32, to: &mut Vec<u8>, to_w: u32, to_h: u32) {
    let columns: Vec<usize> =
        (0..to_w).map(|x| (u64::from(x) * u64::from(from_w) / u64::from(to_w)) as usize).collect();
    for line in 0..to_h {
        let source = (u64::from(line) * u64::from(from_h) / u64::from(to_h)) as usize * from_w as usize;
        let row = &from[source..source + from_w as usize];
        to.extend(columns.iter().map(|&x| row[x]));
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture {}x{} at {:?}", self.width, self.height, self.captured)
    }
}

/// One H.264 access unit.
#[derive(Debug, Clone)]
pub struct EncodedPicture {
    /// Annex B (start codes); a keyframe carries its SPS and PPS.
    pub data: Bytes,
    /// Whether decoding can begin here (IDR).
    pub keyframe: bool,
    /// Pixels per line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// When the picture in it was captured.
    pub captured: Instant,
    /// When its encoding ended; for a passed-through picture, when it arrived whole.
    pub encoded: Instant,
}

/// Buffers handed out again once nobody holds them, so that 1.4 MB are not asked of the system for
/// every 720p picture. Bounded: beyond [`PicturePool::KEPT`] buffers the oldest is forgotten.
#[derive(Debug, Default)]
pub(crate) struct PicturePool {
    given: Vec<Arc<Vec<u8>>>,
}

impl PicturePool {
    /// Most buffers remembered.
    const KEPT: usize = 8;

    /// A buffer of `size` bytes with arbitrary content, filled by `fill`, as a shared buffer.
    pub(crate) fn fill(&mut self, size: usize, fill: impl FnOnce(&mut [u8])) -> Arc<Vec<u8>> {
        let free = self.given.iter_mut().position(|b| b.len() == size && Arc::get_mut(b).is_some());
        let mut buffer = match free {
            Some(at) => self.given.swap_remove(at),
            None => Arc::new(vec![0; size]),
        };
        fill(Arc::get_mut(&mut buffer).expect("just made or just seen unshared"));
        if self.given.len() >= Self::KEPT {
            self.given.remove(0);
        }
        self.given.push(Arc::clone(&buffer));
        buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_as_people_write_them_and_odd_sizes_are_refused() {
        assert_eq!("1280x720@25".parse(), Ok(VideoFormat { width: 1280, height: 720, fps: 25 }));
        assert_eq!("640x360".parse(), Ok(VideoFormat { width: 640, height: 360, fps: 30 }));
        for wrong in ["", "720p", "1280x721", "0x0", "1280x720@0", "99999x16", "a×b"] {
            assert!(wrong.parse::<VideoFormat>().is_err(), "{wrong} was taken");
        }
    }

    #[test]
    fn a_clone_keeps_its_content_when_the_other_is_drawn_into() {
        let first = Picture::filled(16, 16, [16, 128, 128], Instant::now());
        let mut second = first.clone();
        second.planes_mut().0.fill(235);
        assert_eq!(first.planes().0[0], 16);
        assert_eq!(second.planes().0[0], 235);
    }

    #[test]
    fn scaling_keeps_colours_and_proportions() {
        let mut picture = Picture::filled(64, 32, [16, 100, 200], Instant::now());
        for row in picture.planes_mut().0.chunks_mut(64) {
            row[32..].fill(235);
        }
        let small = picture.scaled(32, 16);
        let (y, u, v) = small.planes();
        assert_eq!((y[15], y[16], u[0], v[0]), (16, 235, 100, 200));
    }

    #[test]
    fn the_pool_gives_a_buffer_again_only_when_nobody_holds_it() {
        let mut pool = PicturePool::default();
        let first = pool.fill(24, |b| b.fill(1));
        let second = pool.fill(24, |b| b.fill(2));
        assert_ne!(first.as_ptr(), second.as_ptr());
        let address = first.as_ptr();
        drop(first);
        assert_eq!(pool.fill(24, |b| b.fill(3)).as_ptr(), address);
    }
}
