//! MP4 files with H.264.

use super::route::{AccessUnit, LOOKED_AT, Route, needs_a_look};
use super::{Captured, PictureSource, VideoOptions};
use crate::capture::{CaptureError, open_file};
use re_mp4::{Avc1Box, Mp4, StsdBoxContent, Track, TrackKind};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};
use tongke_transport::rtp::h264::{avcc_to_annexb, nal_type, nal_units, unit};

const SUPPORTED: &str =
    "MP4 with one H.264 track (convert with: ffmpeg -i FILE -c:v libx264 -bf 0 -an NEW.mp4)";
/// Largest picture believed, in bytes.
const MOST_BYTES: u64 = 16 << 20;

/// Where a picture lies in the file.
struct Sample {
    offset: u64,
    size: u64,
    shown: Duration,
}

/// An MP4 file played in real time.
pub(super) struct Mp4Source {
    name: String,
    file: BufReader<File>,
    samples: Vec<Sample>,
    length: Duration,
    length_size: usize,
    parameter_sets: Vec<u8>,
    route: Route,
    once: bool,
    next: usize,
    /// When the present round through the file began.
    round: Instant,
}

impl Mp4Source {
    pub(super) fn open(path: &Path, options: &VideoOptions) -> Result<Self, CaptureError> {
        let name = path.display().to_string();
        let mut file = BufReader::new(open_file(path)?);
        let mp4 = parse(&name, &mut file)?;
        let (track, entry) = video_track(&name, &mp4)?;
        let avcc = &entry.avcc.contents;
        let (samples, length) = timeline(&name, track)?;
        let mut parameter_sets = Vec::new();
        for set in avcc.sequence_parameter_sets.iter().chain(&avcc.picture_parameter_sets) {
            parameter_sets.extend([0, 0, 0, 1]);
            parameter_sets.extend(&set.bytes);
        }
        let length_size = usize::from(avcc.length_size_minus_one & 3) + 1;
        let mut reader =
            Reader { name: &name, file: &mut file, length_size, parameter_sets: &parameter_sets };
        let route = choose(&mut reader, &samples)?;
        let once = options.once;
        let round = Instant::now();
        Ok(Self { name, file, samples, length, length_size, parameter_sets, route, once, next: 0, round })
    }

    /// The next picture, whether or not it is due yet.
    fn advance(&mut self) -> Result<Option<Captured>, CaptureError> {
        loop {
            if let Some(ready) = self.route.pop() {
                return Ok(Some(ready));
            }
            let Some(sample) = self.samples.get(self.next) else {
                self.route.finish();
                if let Some(held_back) = self.route.pop() {
                    return Ok(Some(held_back));
                }
                if self.once {
                    return Ok(None);
                }
                self.next = 0;
                self.round += self.length;
                continue;
            };
            self.next += 1;
            let mut reader = Reader {
                name: &self.name,
                file: &mut self.file,
                length_size: self.length_size,
                parameter_sets: &self.parameter_sets,
            };
            let unit = reader.read(sample, self.round)?;
            if let Some(captured) = self.route.push(unit)? {
                return Ok(Some(captured));
            }
        }
    }
}

/// Reads access units out of the file.
struct Reader<'a> {
    name: &'a str,
    file: &'a mut BufReader<File>,
    length_size: usize,
    parameter_sets: &'a [u8],
}

impl Reader<'_> {
    fn read(&mut self, sample: &Sample, round: Instant) -> Result<AccessUnit, CaptureError> {
        let broken = |reason: String| CaptureError::Broken { name: self.name.to_owned(), reason };
        let mut raw = vec![0; sample.size as usize];
        self.file
            .seek(SeekFrom::Start(sample.offset))
            .and_then(|_| self.file.read_exact(&mut raw))
            .map_err(|error| broken(format!("the file ends or cannot be read ({error})")))?;
        let mut data = Vec::with_capacity(raw.len() + self.parameter_sets.len() + 16);
        let has = |wanted| move |data: &[u8]| nal_units(data).any(|nal| nal_type(nal) == Some(wanted));
        avcc_to_annexb(&raw, self.length_size, &mut data).map_err(|error| broken(error.to_string()))?;
        if has(unit::IDR)(&data) && !has(unit::SPS)(&data) {
            data.splice(0..0, self.parameter_sets.iter().copied());
        }
        let shown = round + sample.shown;
        Ok(AccessUnit { data: data.into(), shown, arrived: shown })
    }
}

fn parse(name: &str, file: &mut BufReader<File>) -> Result<Mp4, CaptureError> {
    let unsupported =
        |found: String| CaptureError::Unsupported { name: name.to_owned(), found, supported: SUPPORTED };
    let size = file.seek(SeekFrom::End(0)).and_then(|size| file.rewind().map(|()| size));
    let size = size.map_err(|e| CaptureError::Open { name: name.to_owned(), reason: e.to_string() })?;
    // The parser indexes tables by what the file says and panics on contradictions; a damaged file
    // must stop this source, not the node.
    let parsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Mp4::read(&mut *file, size)));
    match parsed {
        Ok(Ok(mp4)) => Ok(mp4),
        Ok(Err(error)) => Err(unsupported(format!("no readable MP4 data ({error})"))),
        Err(_) => Err(unsupported("MP4 tables that contradict each other".into())),
    }
}

fn video_track<'a>(name: &str, mp4: &'a Mp4) -> Result<(&'a Track, &'a Avc1Box), CaptureError> {
    let mut found = Vec::new();
    for track in mp4.tracks().values() {
        let Some(trak) = mp4.moov.traks.iter().find(|t| t.tkhd.track_id == track.track_id) else { continue };
        let contents = &trak.mdia.minf.stbl.stsd.contents;
        if let StsdBoxContent::Avc1(avc1) = contents
            && !track.samples.is_empty()
        {
            return Ok((track, avc1));
        }
        let codec = match contents {
            StsdBoxContent::Mp4a(_) => "MPEG-4 audio".to_owned(),
            StsdBoxContent::Unknown(code) => code.to_string(),
            other => other.codec_string().unwrap_or_else(|| "an unknown codec".into()),
        };
        let kind = match track.kind {
            Some(TrackKind::Video) => "video",
            Some(TrackKind::Audio) => "sound",
            _ => "other data",
        };
        found.push(if track.samples.is_empty() {
            format!("an empty {kind} track")
        } else {
            format!("{kind} as {codec}")
        });
    }
    let found = if found.is_empty() { "no track".to_owned() } else { found.join(", ") };
    Err(CaptureError::Unsupported { name: name.to_owned(), found, supported: SUPPORTED })
}

/// The pictures in the order in which they are stored, and the length of the whole.
fn timeline(name: &str, track: &Track) -> Result<(Vec<Sample>, Duration), CaptureError> {
    let at = |ticks: i64| {
        let timescale = track.timescale.max(1) as f64;
        Duration::try_from_secs_f64(ticks.max(0) as f64 / timescale).unwrap_or(Duration::MAX)
    };
    let samples: Vec<Sample> = track
        .samples
        .iter()
        .map(|s| Sample { offset: s.offset, size: s.size, shown: at(s.composition_timestamp) })
        .collect();
    let end =
        track.samples.iter().map(|s| s.composition_timestamp.saturating_add_unsigned(s.duration.max(1)));
    let length = at(end.max().unwrap_or(0)).max(Duration::from_millis(1));
    let strange = samples.iter().any(|s| s.size > MOST_BYTES) || length > Duration::from_secs(86_400 * 7);
    if strange {
        let found = "pictures or times of impossible size".into();
        return Err(CaptureError::Unsupported { name: name.to_owned(), found, supported: SUPPORTED });
    }
    Ok((samples, length))
}

fn choose(reader: &mut Reader<'_>, samples: &[Sample]) -> Result<Route, CaptureError> {
    let now = Instant::now();
    let mut units = Vec::new();
    for sample in samples.iter().take(LOOKED_AT) {
        units.push(reader.read(sample, now)?);
        if units.len() == 1 && !needs_a_look(&units[0]) {
            break;
        }
    }
    Route::choose(reader.name, &units)
}

impl PictureSource for Mp4Source {
    fn next(&mut self) -> Result<Option<Captured>, CaptureError> {
        let captured = self.advance()?;
        let due = match &captured {
            Some(Captured::Picture(picture)) => picture.captured,
            Some(Captured::H264(unit)) => unit.captured,
            None => return Ok(None),
        };
        let now = Instant::now();
        std::thread::sleep(due.saturating_duration_since(now));
        // A stall moves the whole rest of the file: skipping pictures of a file would only hide it,
        // and H.264 cannot be skipped.
        let late = now.saturating_duration_since(due);
        if late > Duration::from_millis(500) {
            self.round += late;
        }
        Ok(captured)
    }

    fn describe(&self) -> String {
        format!("{}: {}", self.name, self.route.describe())
    }
}
