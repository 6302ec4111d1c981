//! What a node is told, as checked: the configuration made of [`NodeSettings`].

use crate::error::ConfigError;
use crate::link::{LinkKind, RelayUrl};
use crate::settings::NodeSettings;
use std::path::PathBuf;
use std::time::Duration;
use tongke_media::capture::sound::SoundSource;
use tongke_media::capture::video::VideoSource;
use tongke_media::encode::SoundMode;
use tongke_media::{VideoFormat, is_wall};
use tongke_protocol::control::MAX_SLOTS;
use tongke_protocol::{Grant, LessonId, LessonScope};

/// Where pictures go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VideoOut {
    /// Nowhere; they are decoded and measured all the same.
    None,
    /// A window.
    Window {
        /// Over the whole screen.
        fullscreen: bool,
    },
    /// One Y4M file per participant and track in this directory.
    Directory(PathBuf),
    /// A display in memory, `wall:…`, which a camera of the same name films.
    Wall(String),
}

/// Where sound goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SoundOut {
    /// Nowhere; it is decoded and measured all the same.
    None,
    /// A loudspeaker; none: the system's default.
    Speaker(Option<String>),
    /// One WAV file per participant in this directory.
    Directory(PathBuf),
}

/// Bounds of a picture's bitrate, bit/s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BitrateBounds {
    /// Least.
    pub min_bps: u32,
    /// To begin with.
    pub start_bps: u32,
    /// Greatest.
    pub max_bps: u32,
}

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// The relay.
    pub relay: RelayUrl,
    /// Contents of a PEM file with the relay's authority.
    pub relay_ca: Option<Vec<u8>>,
    /// The lesson.
    pub lesson: LessonId,
    /// The grant as a token.
    pub token: String,
    /// What the token says.
    pub grant: Grant,
    /// The ways to try, in order.
    pub links: Vec<LinkKind>,
    /// How long to try before the first success.
    pub connect_timeout: Duration,
    /// The camera; none: not sent.
    pub camera: Option<VideoSource>,
    /// The courseware; none: not sent.
    pub screen: Option<VideoSource>,
    /// The microphone; none: not sent.
    pub microphone: Option<SoundSource>,
    /// The pictures' format.
    pub format: VideoFormat,
    /// The pictures' bitrate.
    pub video_bitrate: BitrateBounds,
    /// The sound's bitrate, bit/s.
    pub sound_bitrate_bps: u32,
    /// What the sound is.
    pub sound_mode: SoundMode,
    /// Receive slots for pictures.
    pub video_slots: u8,
    /// Receive slots for sound.
    pub audio_slots: u8,
    /// Where pictures go.
    pub video_out: VideoOut,
    /// Where sound goes.
    pub sound_out: SoundOut,
    /// When to end by itself.
    pub seconds: Option<u64>,
    /// A file for the facts.
    pub facts: Option<PathBuf>,
    /// Whether to print the status line.
    pub status: bool,
    /// This machine's folder: where facts wait for the registry.
    pub data: Option<PathBuf>,
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err, which gives values")]
pub(crate) fn wrong(key: &'static str, problem: impl ToString) -> ConfigError {
    ConfigError { key, problem: problem.to_string() }
}

impl TryFrom<NodeSettings> for NodeConfig {
    type Error = ConfigError;

    fn try_from(settings: NodeSettings) -> Result<Self, ConfigError> {
        let relay =
            settings.relay.as_deref().ok_or_else(|| wrong("relay", "is missing; give http://HOST:PORT"))?;
        let relay = relay.parse().map_err(|problem| wrong("relay", problem))?;
        let token = token(&settings)?;
        let grant = Grant::read_unchecked(&token).map_err(|problem| wrong("token", problem))?;
        let lesson = lesson(&settings, &grant)?;
        let publishes = grant.role.may_publish();
        let source = |given: &Option<String>, default: &str| match given.as_deref().unwrap_or(default) {
            "none" => None,
            // Observers and inspectors only receive, whatever a shared file says.
            text => publishes.then(|| text.to_owned()),
        };
        let read_video = |key, text: Option<String>| {
            text.map(|text| text.parse::<VideoSource>().map_err(|problem| wrong(key, problem))).transpose()
        };
        let microphone = source(&settings.microphone, "default");
        let microphone = microphone.map(|text| text.parse().map_err(|problem| wrong("microphone", problem)));
        let sound_mode = sound_mode(&settings)?;
        let default_sound_kbps = if sound_mode == SoundMode::Music { 96 } else { 32 };
        Ok(NodeConfig {
            relay,
            relay_ca: settings.relay_ca.as_ref().map(|path| read_file("relay_ca", path)).transpose()?,
            lesson,
            links: links(&settings)?,
            connect_timeout: Duration::from_secs(settings.connect_timeout_s.unwrap_or(15)),
            camera: read_video("camera", source(&settings.camera, "/dev/video0"))?,
            screen: read_video("screen", source(&settings.screen, "none"))?,
            microphone: microphone.transpose()?,
            format: format(&settings)?,
            video_bitrate: video_bitrate(&settings)?,
            sound_bitrate_bps: within(
                "sound_bitrate_kbps",
                settings.sound_bitrate_kbps,
                default_sound_kbps,
                6..=510,
            )? * 1000,
            sound_mode,
            video_slots: slots("video_slots", settings.video_slots, 10)?,
            audio_slots: slots("audio_slots", settings.audio_slots, 9)?,
            video_out: video_out(&settings),
            sound_out: sound_out(&settings),
            seconds: settings.seconds,
            facts: settings.facts.clone(),
            status: settings.status.unwrap_or(true),
            data: settings.data.clone(),
            token,
            grant,
        })
    }
}

fn read_file(key: &'static str, path: &PathBuf) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(path).map_err(|error| wrong(key, format!("cannot read '{}': {error}", path.display())))
}

fn token(settings: &NodeSettings) -> Result<String, ConfigError> {
    match (&settings.token, &settings.token_file) {
        (Some(_), Some(_)) => Err(wrong("token", "is given together with token_file; give one of them")),
        (Some(token), None) => Ok(token.trim().to_owned()),
        (None, Some(path)) => {
            let contents = read_file("token_file", path)?;
            let text = String::from_utf8(contents)
                .map_err(|_| wrong("token_file", format!("'{}' is no text", path.display())))?;
            Ok(text.trim().to_owned())
        }
        (None, None) => Err(wrong(
            "token",
            "is missing; 'tongke token' makes one, give it or a file with it (token_file); a machine that was \
             enrolled (tongke enrol) gets one by itself, give its folder (data)",
        )),
    }
}

fn lesson(settings: &NodeSettings, grant: &Grant) -> Result<LessonId, ConfigError> {
    match (&settings.lesson, &grant.lesson) {
        (Some(text), scope) => {
            let lesson: LessonId = text.parse().map_err(|problem| wrong("lesson", problem))?;
            if scope.covers(&lesson) {
                Ok(lesson)
            } else {
                Err(wrong("lesson", format!("the grant is for lesson '{scope}', not for '{lesson}'")))
            }
        }
        (None, LessonScope::Only(lesson)) => Ok(lesson.clone()),
        (None, LessonScope::Any) => Err(wrong("lesson", "is missing; the grant is good for any")),
    }
}

fn links(settings: &NodeSettings) -> Result<Vec<LinkKind>, ConfigError> {
    match settings.link.as_deref() {
        None | Some("auto") => Ok(LinkKind::ALL.to_vec()),
        Some(text) => Ok(vec![text.parse().map_err(|problem| wrong("link", problem))?]),
    }
}

fn format(settings: &NodeSettings) -> Result<VideoFormat, ConfigError> {
    let VideoFormat { width, height, fps } = VideoFormat::default();
    let width = settings.width.unwrap_or(width);
    let height = settings.height.unwrap_or(height);
    let fps = settings.fps.unwrap_or(fps);
    format!("{width}x{height}@{fps}").parse().map_err(|problem| wrong("width, height, fps", problem))
}

fn within(
    key: &'static str,
    given: Option<u32>,
    default: u32,
    allowed: std::ops::RangeInclusive<u32>,
) -> Result<u32, ConfigError> {
    let value = given.unwrap_or(default);
    if allowed.contains(&value) {
        Ok(value)
    } else {
        Err(wrong(
            key,
            format!("{value} is out of range; {} to {} are possible", allowed.start(), allowed.end()),
        ))
    }
}

fn video_bitrate(settings: &NodeSettings) -> Result<BitrateBounds, ConfigError> {
    let start = within("video_bitrate_kbps", settings.video_bitrate_kbps, 2000, 50..=50_000)?;
    let min = within("video_bitrate_min_kbps", settings.video_bitrate_min_kbps, start.min(300), 50..=start)?;
    let max = within(
        "video_bitrate_max_kbps",
        settings.video_bitrate_max_kbps,
        start + start / 2,
        start..=100_000,
    )?;
    Ok(BitrateBounds { min_bps: min * 1000, start_bps: start * 1000, max_bps: max * 1000 })
}

fn sound_mode(settings: &NodeSettings) -> Result<SoundMode, ConfigError> {
    match settings.sound_mode.as_deref() {
        None | Some("speech") => Ok(SoundMode::Speech),
        Some("music") => Ok(SoundMode::Music),
        Some(other) => Err(wrong("sound_mode", format!("'{other}' is neither speech nor music"))),
    }
}

fn slots(key: &'static str, given: Option<u8>, default: u8) -> Result<u8, ConfigError> {
    let value = given.unwrap_or(default);
    if value <= MAX_SLOTS {
        Ok(value)
    } else {
        Err(wrong(key, format!("{value} is too much; at most {MAX_SLOTS}")))
    }
}

fn video_out(settings: &NodeSettings) -> VideoOut {
    match settings.video_out.as_deref() {
        Some("none") => VideoOut::None,
        None | Some("window") => VideoOut::Window { fullscreen: settings.fullscreen.unwrap_or(false) },
        Some(name) if is_wall(name) => VideoOut::Wall(name.to_owned()),
        Some(directory) => VideoOut::Directory(directory.into()),
    }
}

fn sound_out(settings: &NodeSettings) -> SoundOut {
    match settings.sound_out.as_deref() {
        Some("none") => SoundOut::None,
        None | Some("default") => SoundOut::Speaker(None),
        Some(text) if text.contains('/') => SoundOut::Directory(text.into()),
        Some(name) => SoundOut::Speaker(Some(name.to_owned())),
    }
}

#[cfg(test)]
mod tests;
