//! Y4M files: uncompressed pictures with a one-line header.

use super::{Captured, PictureSource, VideoOptions};
use crate::capture::pace::Pace;
use crate::capture::{CaptureError, open_file};
use crate::picture::{MAX_SIDE, Picture, PicturePool};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

const SUPPORTED: &str = "Y4M with 8-bit 4:2:0 pictures of even size, at most 3840 pixels wide and high";
/// Longest header line believed.
const LINE: u64 = 1024;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    width: u32,
    height: u32,
    /// Pictures per 1000 s.
    per_1000_s: u32,
}

impl Header {
    /// Reads the header line; says what is wrong with it.
    fn parse(line: &str) -> Result<Self, String> {
        let mut fields = line.split_ascii_whitespace();
        if fields.next() != Some("YUV4MPEG2") {
            return Err("no Y4M header".into());
        }
        let (mut width, mut height, mut rate, mut layout) = (0, 0, (30u32, 1u32), "420jpeg");
        for field in fields {
            let (tag, value) = field.split_at(field.char_indices().nth(1).map_or(field.len(), |(at, _)| at));
            let wrong = || format!("the header field '{field}'");
            match tag {
                "W" => width = value.parse().map_err(|_| wrong())?,
                "H" => height = value.parse().map_err(|_| wrong())?,
                "C" => layout = value,
                "F" => {
                    let (n, d) = value.split_once(':').ok_or_else(wrong)?;
                    rate = (n.parse().map_err(|_| wrong())?, d.parse().map_err(|_| wrong())?);
                }
                _ => {}
            }
        }
        if !matches!(layout, "420" | "420jpeg" | "420mpeg2" | "420paldv") {
            return Err(format!("pictures of layout {layout}"));
        }
        let sides = 16..=MAX_SIDE;
        if !sides.contains(&width) || !sides.contains(&height) || width % 2 != 0 || height % 2 != 0 {
            return Err(format!("pictures of {width}x{height}"));
        }
        let per_1000_s = u64::from(rate.0) * 1000 / u64::from(rate.1.max(1));
        match u32::try_from(per_1000_s) {
            Ok(per_1000_s @ 1_000..=120_000) => Ok(Self { width, height, per_1000_s }),
            _ => Err(format!("{}:{} pictures per second", rate.0, rate.1)),
        }
    }
}

/// A Y4M file played in real time.
pub(super) struct Y4mSource {
    name: String,
    file: BufReader<File>,
    header: Header,
    first_frame: u64,
    once: bool,
    pool: PicturePool,
    pace: Pace,
}

impl Y4mSource {
    pub(super) fn open(path: &Path, options: &VideoOptions) -> Result<Self, CaptureError> {
        let name = path.display().to_string();
        let mut file = BufReader::with_capacity(1 << 20, open_file(path)?);
        let line = read_line(&mut file).map_err(|error| broken(&name, &error))?;
        let header = Header::parse(&String::from_utf8_lossy(&line))
            .map_err(|found| CaptureError::Unsupported { name: name.clone(), found, supported: SUPPORTED })?;
        let first_frame = file.stream_position().map_err(|error| broken(&name, &error))?;
        let length = file.get_ref().metadata().map_or(0, |m| m.len());
        if length < first_frame + Picture::size(header.width, header.height) as u64 {
            let found = "a header without a whole picture".into();
            return Err(CaptureError::Unsupported { name, found, supported: SUPPORTED });
        }
        let patience = Duration::from_millis(1_000_000 / u64::from(header.per_1000_s));
        let pace = Pace::per_1000_s(header.per_1000_s, patience);
        Ok(Self { name, file, header, first_frame, once: options.once, pool: PicturePool::default(), pace })
    }

    /// The next picture's bytes; `None` at the end.
    fn read(&mut self) -> io::Result<Option<Picture>> {
        let line = read_line(&mut self.file)?;
        if line.is_empty() {
            return Ok(None);
        }
        if !line.starts_with(b"FRAME") {
            return Err(io::Error::other("a picture does not begin with FRAME"));
        }
        let Header { width, height, .. } = self.header;
        let mut result = Ok(());
        let file = &mut self.file;
        let data = self.pool.fill(Picture::size(width, height), |data| result = file.read_exact(data));
        match result {
            Ok(()) => Ok(Some(Picture::new(width, height, data, Instant::now()))),
            // A last picture cut short, as a killed recorder leaves it, is the end.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn read_line(file: &mut BufReader<File>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    file.by_ref().take(LINE).read_until(b'\n', &mut line)?;
    Ok(line)
}

fn broken(name: &str, error: &io::Error) -> CaptureError {
    CaptureError::Broken { name: name.to_owned(), reason: error.to_string() }
}

impl PictureSource for Y4mSource {
    fn next(&mut self) -> Result<Option<Captured>, CaptureError> {
        let mut picture = self.read().map_err(|error| broken(&self.name, &error))?;
        if picture.is_none() && !self.once {
            let rewound = self.file.seek(SeekFrom::Start(self.first_frame));
            rewound.map_err(|error| broken(&self.name, &error))?;
            picture = self.read().map_err(|error| broken(&self.name, &error))?;
        }
        let Some(mut picture) = picture else { return Ok(None) };
        self.pace.wait();
        picture.captured = Instant::now();
        Ok(Some(Captured::Picture(picture)))
    }

    fn describe(&self) -> String {
        let Header { width, height, per_1000_s } = self.header;
        let fps = f64::from(per_1000_s) / 1000.0;
        format!("{}: uncompressed {width}x{height}, {fps} pictures per second, encoded here", self.name)
    }

    fn dropped(&self) -> u64 {
        self.pace.skipped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Y4mWriter;

    #[test]
    fn headers_are_read_and_what_cannot_be_shown_is_named() {
        let header = Header::parse("YUV4MPEG2 W1280 H720 F30000:1001 Ip A1:1 C420mpeg2 XYSCSS=420").unwrap();
        assert_eq!(header, Header { width: 1280, height: 720, per_1000_s: 29_970 });
        for (line, found) in [
            ("RIFF", "no Y4M header"),
            ("YUV4MPEG2 W640 H480 F25:1 C444", "pictures of layout 444"),
            ("YUV4MPEG2 W641 H480 F25:1", "pictures of 641x480"),
            ("YUV4MPEG2 W640 H480 F0:0", "0:0 pictures per second"),
            ("YUV4MPEG2 Wx H480", "the header field 'Wx'"),
            ("YUV4MPEG2 W99999999999 H480", "the header field 'W99999999999'"),
        ] {
            assert_eq!(Header::parse(line), Err(found.to_owned()));
        }
    }

    #[test]
    fn a_recording_is_played_again_and_ends_where_it_was_cut() {
        let path = std::env::temp_dir().join(format!("tongke-{}-cut.y4m", std::process::id()));
        let mut writer = Y4mWriter::create(&path, 100).unwrap();
        let start = Instant::now();
        for n in 0..4u8 {
            let picture = Picture::filled(32, 16, [50 + n, 128, 128], start);
            writer.write(&picture, start + Duration::from_millis(10 * u64::from(n))).unwrap();
        }
        writer.finish().unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len(file.metadata().unwrap().len() - 5).unwrap();
        let options = VideoOptions { once: true, ..Default::default() };
        let mut source = Y4mSource::open(&path, &options).unwrap();
        let mut lumas = Vec::new();
        while let Some(Captured::Picture(picture)) = source.next().unwrap() {
            lumas.push(picture.data()[0]);
        }
        std::fs::remove_file(path).unwrap();
        assert_eq!(lumas, [50, 51, 52]);
    }
}
