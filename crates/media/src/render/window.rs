//! A window with the participants' pictures side by side.

use super::RenderError;
use super::event_loop::{self, Wake};
use super::tiles::{Screen, places};
use crate::picture::Picture;
use crate::text::Mask;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use winit::application::ApplicationHandler;
use winit::dpi::LogicalSize;
use winit::event::{ElementState, KeyEvent, WindowEvent};
use winit::event_loop::{ActiveEventLoop, EventLoop, EventLoopProxy};
use winit::keyboard::{Key, NamedKey};
use winit::platform::run_on_demand::EventLoopExtRunOnDemand as _;
use winit::window::{Fullscreen, Window as SystemWindow, WindowId};

type Surface = softbuffer::Surface<Rc<SystemWindow>, Rc<SystemWindow>>;

/// How a window looks.
#[derive(Debug, Clone)]
pub struct WindowOptions {
    /// Its title.
    pub title: String,
    /// Its width at first, in pixels.
    pub width: u32,
    /// Its height at first, in pixels.
    pub height: u32,
    /// Whether it begins on the full screen; F11 changes it, Escape leaves it.
    pub fullscreen: bool,
}

impl Default for WindowOptions {
    fn default() -> Self {
        Self { title: "同课 Tongke".into(), width: 1280, height: 720, fullscreen: false }
    }
}

/// One participant. There is room for one picture only: a newer one takes the place of one not shown
/// yet.
struct Tile {
    name: String,
    mask: Mask,
    picture: Picture,
    /// Whether it was shown since it last changed.
    shown: bool,
}

#[derive(Default)]
struct Shared {
    tiles: Mutex<BTreeMap<u32, Tile>>,
    /// Whether the window's thread was told of something new and has not looked yet.
    told: AtomicBool,
    closed: AtomicBool,
}

impl Shared {
    fn tiles(&self) -> MutexGuard<'_, BTreeMap<u32, Tile>> {
        self.tiles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Windows are numbered, so that a word for one is not taken for the next one's.
static NUMBER: AtomicU64 = AtomicU64::new(0);
/// Whether there is a window.
static OPEN: AtomicBool = AtomicBool::new(false);

/// An open window, drawn by a thread of its own. Dropping it closes it. A process can have one at a time.
pub struct Window {
    shared: Arc<Shared>,
    proxy: EventLoopProxy<Wake>,
    number: u64,
    /// Gives nothing; ends when the window has closed.
    ended: Mutex<Receiver<Infallible>>,
}

impl Window {
    /// Opens a window.
    pub fn open(options: &WindowOptions) -> Result<Self, RenderError> {
        if OPEN.swap(true, Ordering::AcqRel) {
            return Err(RenderError::Window("this program shows one already".into()));
        }
        let shared = Arc::new(Shared::default());
        let closed = ClosedAtEnd(Arc::clone(&shared));
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let ((opened, result), (ends, ended)) = (channel(), channel());
        let (for_loop, wanted) = (Arc::clone(&shared), options.clone());
        event_loop::run(Box::new(move |event_loop| {
            // Dropped in reverse: another window may open when this one's owner is told that it has closed.
            let (_ends, _closed) = (ends, closed);
            run(event_loop, wanted, number, for_loop, opened);
        }))
        .map_err(RenderError::Window)?;
        let proxy = result.recv().unwrap_or_else(|_| Err("its thread ended".into()));
        let proxy = proxy.map_err(RenderError::Window)?;
        Ok(Self { shared, proxy, number, ended: Mutex::new(ended) })
    }

    /// Shows a picture of a participant, in the order of the `tile` numbers. Returns at once.
    pub fn show(&self, tile: u32, name: &str, picture: Picture) {
        let mut tiles = self.shared.tiles();
        match tiles.get_mut(&tile) {
            Some(known) if known.name == name => {
                known.picture = picture;
                known.shown = false;
            }
            _ => {
                let mask = Screen::name_mask(name);
                tiles.insert(tile, Tile { name: name.to_owned(), mask, picture, shown: false });
            }
        }
        drop(tiles);
        self.wake();
    }

    /// Takes a participant who left out of the window.
    pub fn remove(&self, tile: u32) {
        if self.shared.tiles().remove(&tile).is_some() {
            self.wake();
        }
    }

    /// Whether somebody closed the window.
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Relaxed)
    }

    fn wake(&self) {
        if !self.shared.told.swap(true, Ordering::AcqRel) {
            // Fails only when the window is closed; then there is nobody to tell.
            let _ = self.proxy.send_event(Wake::Draw);
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.proxy.send_event(Wake::Close(self.number));
        let _ = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner).recv();
    }
}

type Opened = Sender<Result<EventLoopProxy<Wake>, String>>;

fn run(
    event_loop: &mut EventLoop<Wake>,
    options: WindowOptions,
    number: u64,
    shared: Arc<Shared>,
    opened: Opened,
) {
    let opened = Some((opened, event_loop.create_proxy()));
    let mut app =
        App { options, number, shared, opened, surface: None, screen: Screen::default(), layout: None };
    if let Err(error) = event_loop.run_app_on_demand(&mut app) {
        tracing::warn!("the window closed: {error}");
    }
}

/// Tells that the window is closed, however that comes, and lets another one open.
struct ClosedAtEnd(Arc<Shared>);

impl Drop for ClosedAtEnd {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::Relaxed);
        OPEN.store(false, Ordering::Release);
    }
}

/// A window on the event loop.
struct App {
    options: WindowOptions,
    number: u64,
    shared: Arc<Shared>,
    /// Whom to tell that the window is open, until it is.
    opened: Option<(Opened, EventLoopProxy<Wake>)>,
    surface: Option<(Rc<SystemWindow>, Surface)>,
    screen: Screen,
    /// Size and tiles of what `screen` holds.
    layout: Option<(u32, u32, Vec<u32>)>,
}

impl App {
    fn create(&self, event_loop: &ActiveEventLoop) -> Result<(Rc<SystemWindow>, Surface), String> {
        let attributes = SystemWindow::default_attributes()
            .with_title(self.options.title.as_str())
            .with_inner_size(LogicalSize::new(self.options.width, self.options.height))
            .with_fullscreen(self.options.fullscreen.then_some(Fullscreen::Borderless(None)));
        let window = Rc::new(event_loop.create_window(attributes).map_err(|error| error.to_string())?);
        let context = softbuffer::Context::new(Rc::clone(&window)).map_err(|error| error.to_string())?;
        let surface =
            softbuffer::Surface::new(&context, Rc::clone(&window)).map_err(|error| error.to_string())?;
        Ok((window, surface))
    }

    fn redraw(&mut self) -> Result<(), softbuffer::SoftBufferError> {
        let Some((window, surface)) = &mut self.surface else { return Ok(()) };
        let size = window.inner_size();
        let (Some(width), Some(height)) = (NonZeroU32::new(size.width), NonZeroU32::new(size.height)) else {
            return Ok(());
        };
        self.shared.told.store(false, Ordering::Release);
        // Cloning a picture shares it, so the lock is not held while drawing.
        let mut tiles = self.shared.tiles();
        let count = tiles.len();
        let layout = (size.width, size.height, tiles.keys().copied().collect());
        let all = self.layout.as_ref() != Some(&layout);
        let changed: Vec<(usize, Picture, Mask)> = tiles
            .values_mut()
            .enumerate()
            .filter(|(_, tile)| all || !tile.shown)
            .map(|(n, tile)| {
                tile.shown = true;
                (n, tile.picture.clone(), tile.mask.clone())
            })
            .collect();
        drop(tiles);
        if all {
            self.screen.clear(size.width as usize, size.height as usize);
            self.layout = Some(layout);
        }
        let places = places(count, self.screen.width, self.screen.height);
        for (n, picture, mask) in &changed {
            self.screen.tile(places[*n], picture, mask);
        }
        surface.resize(width, height)?;
        let mut buffer = surface.buffer_mut()?;
        buffer.copy_from_slice(&self.screen.pixels);
        buffer.present()
    }

    fn key(&self, key: &Key) {
        let Some((window, _)) = &self.surface else { return };
        let full = window.fullscreen().is_some();
        match key {
            Key::Named(NamedKey::F11) => {
                window.set_fullscreen((!full).then_some(Fullscreen::Borderless(None)));
            }
            Key::Named(NamedKey::Escape) if full => window.set_fullscreen(None),
            _ => {}
        }
    }
}

impl ApplicationHandler<Wake> for App {
    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        let Some((opened, proxy)) = self.opened.take() else { return };
        match self.create(event_loop) {
            Ok(surface) => {
                self.surface = Some(surface);
                let _ = opened.send(Ok(proxy));
            }
            Err(reason) => {
                let _ = opened.send(Err(reason));
                event_loop.exit();
            }
        }
    }

    fn user_event(&mut self, event_loop: &ActiveEventLoop, wake: Wake) {
        match (wake, &self.surface) {
            (Wake::Draw, Some((window, _))) => window.request_redraw(),
            (Wake::Draw, None) => {}
            (Wake::Close(number), _) if number == self.number => event_loop.exit(),
            (Wake::Close(_), _) => {}
        }
    }

    fn window_event(&mut self, event_loop: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        match event {
            WindowEvent::CloseRequested => event_loop.exit(),
            WindowEvent::RedrawRequested => {
                if let Err(error) = self.redraw() {
                    tracing::warn!("cannot draw the window: {error}");
                }
            }
            WindowEvent::Resized(_) => {
                if let Some((window, _)) = &self.surface {
                    window.request_redraw();
                }
            }
            WindowEvent::KeyboardInput {
                event: KeyEvent { logical_key, state: ElementState::Pressed, .. },
                ..
            } => self.key(&logical_key),
            _ => {}
        }
    }
}
