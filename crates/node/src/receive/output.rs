//! Where what is received goes: window, loudspeaker, files, or nowhere.

use super::meter::Source;
use crate::config::{NodeConfig, SoundOut, VideoOut};
use crate::error::NodeError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tongke_media::render::{RenderError, Speaker, WavWriter, Window, WindowOptions, Y4mWriter};
use tongke_media::{Picture, WallDisplay};
use tongke_protocol::TrackKind;

/// Pixels of the window, without `fullscreen`.
const WINDOW: (u32, u32) = (1280, 720);

/// The outputs of a node. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Outputs {
    window: Option<Arc<Window>>,
    wall: Option<Arc<WallDisplay>>,
    speaker: Option<Arc<Speaker>>,
    pictures: Option<PathBuf>,
    sounds: Option<PathBuf>,
    fps: u32,
    /// The only track whose pictures are shown; none: all are.
    only: Option<TrackKind>,
}

impl Outputs {
    /// Opens what the configuration names; what cannot be opened is the error.
    pub(crate) fn open(config: &NodeConfig) -> Result<Outputs, NodeError> {
        let video = |source| NodeError::Render { output: "video-out", source };
        let sound = |source| NodeError::Render { output: "sound-out", source };
        let mut outputs = Outputs {
            window: None,
            wall: None,
            speaker: None,
            pictures: None,
            sounds: None,
            fps: config.format.fps,
            only: None,
        };
        match &config.sound_out {
            SoundOut::None => {}
            SoundOut::Speaker(name) => {
                outputs.speaker = Some(Arc::new(Speaker::open(name.as_deref()).map_err(sound)?));
            }
            SoundOut::Directory(path) => outputs.sounds = Some(made(path).map_err(sound)?),
        }
        // Last: a program can open its window once, and whoever finds no loudspeaker tries again without one.
        match &config.video_out {
            VideoOut::None => {}
            VideoOut::Window { fullscreen } => {
                let title = format!("同课 {} · {}", config.lesson, config.grant.name);
                let (width, height) = WINDOW;
                let options = WindowOptions { title, width, height, fullscreen: *fullscreen };
                outputs.window = Some(Arc::new(Window::open(&options).map_err(video)?));
            }
            VideoOut::Directory(path) => outputs.pictures = Some(made(path).map_err(video)?),
            VideoOut::Wall(name) => {
                let wall = WallDisplay::open(name).map_err(RenderError::Window).map_err(video)?;
                outputs.wall = Some(Arc::new(wall));
            }
        }
        Ok(outputs)
    }

    /// From now on pictures of other tracks are not shown.
    pub(crate) fn show_only(&mut self, track: TrackKind) {
        self.only = Some(track);
    }

    /// The way of one slot's pictures from `source`.
    pub(crate) fn picture_out(&self, slot: u8, source: &Source, name: &str) -> PictureOut {
        let path = self.pictures.as_ref().map(|directory| directory.join(file_name(source, "y4m")));
        let is_shown = self.only.is_none_or(|only| only == source.track);
        PictureOut {
            window: self.window.clone().filter(|_| is_shown),
            wall: self.wall.clone().filter(|_| is_shown),
            tile: slot.into(),
            name: name.to_owned(),
            path,
            fps: self.fps,
            file: None,
        }
    }

    /// The way of one slot's sound from `source`.
    pub(crate) fn sound_out(&self, slot: u8, source: &Source) -> SoundWay {
        let path = self.sounds.as_ref().map(|directory| directory.join(file_name(source, "wav")));
        SoundWay { speaker: self.speaker.clone(), slot: slot.into(), path, file: None }
    }

    /// Whether somebody closed the window: the lesson is over for this room.
    pub(crate) fn is_closed(&self) -> bool {
        self.window.as_ref().is_some_and(|window| window.is_closed())
    }
}

fn made(directory: &Path) -> Result<PathBuf, RenderError> {
    std::fs::create_dir_all(directory).map_err(|error| RenderError::File {
        path: directory.display().to_string(),
        reason: error.to_string(),
    })?;
    Ok(directory.to_owned())
}

fn file_name(source: &Source, extension: &str) -> String {
    format!("{}-{}.{extension}", source.participant, source.track)
}

/// The path itself, or with a number where there is such a file already: nothing recorded before,
/// in this lesson or another, is ever overwritten.
fn unused(path: PathBuf) -> PathBuf {
    if !path.exists() {
        return path;
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
    (2_u32..)
        .map(|number| path.with_file_name(format!("{stem}-{number}.{extension}")))
        .find(|path| !path.exists())
        .unwrap_or(path)
}

/// Where one source's pictures go. Lives in the decoder's thread.
pub(crate) struct PictureOut {
    window: Option<Arc<Window>>,
    wall: Option<Arc<WallDisplay>>,
    tile: u32,
    name: String,
    path: Option<PathBuf>,
    fps: u32,
    file: Option<Y4mWriter>,
}

impl PictureOut {
    /// Shows and writes a picture. What cannot be written is told once; the lesson goes on.
    pub(crate) fn show(&mut self, picture: Picture) {
        if let Some(path) = self.path.take() {
            match Y4mWriter::create(&unused(path), self.fps) {
                Ok(file) => self.file = Some(file),
                Err(error) => tracing::error!(%error, "no recording"),
            }
        }
        if let Some(file) = &mut self.file
            && let Err(error) = file.write(&picture, Instant::now())
        {
            tracing::error!(%error, "the recording is not complete");
        }
        if let Some(wall) = &self.wall {
            wall.show(picture.clone());
        }
        if let Some(window) = &self.window {
            window.show(self.tile, &self.name, picture);
        }
    }

    /// The slot is empty now.
    pub(crate) fn end(self) {
        if let Some(window) = &self.window {
            window.remove(self.tile);
        }
        if let Some(file) = self.file
            && let Err(error) = file.finish()
        {
            tracing::error!(%error, "the recording is not complete");
        }
    }
}

/// Where one source's sound goes.
pub(crate) struct SoundWay {
    speaker: Option<Arc<Speaker>>,
    slot: u32,
    path: Option<PathBuf>,
    file: Option<WavWriter>,
}

impl SoundWay {
    /// Plays and writes sound, 48 kHz interleaved.
    pub(crate) fn play(&mut self, samples: &[i16], channels: u8) {
        if let Some(path) = self.path.take() {
            match WavWriter::create(&unused(path), channels) {
                Ok(file) => self.file = Some(file),
                Err(error) => tracing::error!(%error, "no recording"),
            }
        }
        if let Some(file) = &mut self.file
            && let Err(error) = file.write(samples)
        {
            tracing::error!(%error, "the recording is not complete");
        }
        if let Some(speaker) = &self.speaker
            && let Err(error) = speaker.play(self.slot, samples, channels)
        {
            tracing::error!(%error, "no sound");
        }
    }

    /// Sound that the loudspeaker has and has not played yet, ms; none without a loudspeaker.
    pub(crate) fn queued_ms(&self) -> Option<f64> {
        self.speaker.as_ref().map(|speaker| speaker.queued_ms(self.slot))
    }

    /// The slot is empty now.
    pub(crate) fn end(self) {
        if let Some(speaker) = &self.speaker {
            speaker.remove(self.slot);
        }
        if let Some(file) = self.file
            && let Err(error) = file.finish()
        {
            tracing::error!(%error, "the recording is not complete");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_that_is_there_is_not_overwritten() {
        let directory = std::env::temp_dir().join(format!("tongke-output-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let first = directory.join("a-camera.y4m");
        assert_eq!(unused(first.clone()), first);
        std::fs::write(&first, "").unwrap();
        assert_eq!(unused(first), directory.join("a-camera-2.y4m"));
        std::fs::remove_dir_all(directory).unwrap();
    }
}
