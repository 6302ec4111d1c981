//! Stands in for the window until there is one.

use tongke_media::Picture;
use tongke_media::render::RenderError;

pub(super) struct WindowOptions {
    pub title: String,
    pub width: u32,
    pub height: u32,
    pub fullscreen: bool,
}

pub(super) struct Window;

impl Window {
    pub(super) fn open(options: WindowOptions) -> Result<Window, RenderError> {
        let WindowOptions { title, width, height, fullscreen } = options;
        Err(RenderError::Window(format!("not built in yet ({title} {width}x{height} {fullscreen})")))
    }

    pub(super) fn show(&self, _tile: u32, _name: &str, _picture: Picture) {}

    pub(super) fn remove(&self, _tile: u32) {}

    pub(super) fn is_closed(&self) -> bool {
        false
    }
}
