//! Sound devices by name, for the microphone and the loudspeaker.

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{BufferSize, Device, SampleFormat, StreamConfig, SupportedStreamConfigRange};

use crate::sound::SAMPLE_RATE;

/// Which way sound goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    In,
    Out,
}

/// A device with the format it will be opened in.
pub(crate) struct Found {
    pub device: Device,
    pub name: String,
    pub config: StreamConfig,
    pub format: SampleFormat,
}

/// Why there is no device.
pub(crate) enum NotFound {
    /// No device of this name; which there are, as a clause.
    Name(String),
    /// It is there and cannot be opened.
    Refused { name: String, reason: String },
}

/// Keeps ALSA's C library from writing to the terminal while it lives; for one thread.
pub(crate) struct Quiet(#[allow(dead_code, reason = "held, not read")] Option<alsa_output::Handle>);

mod alsa_output {
    pub(super) type Handle = std::rc::Rc<std::cell::RefCell<alsa::Output>>;
}

impl Quiet {
    pub(crate) fn new() -> Self {
        Self(alsa::Output::local_error_handler().ok())
    }
}

/// Finds a device by name (`None`: the system's default) and a format for it, 48 kHz and `channels`
/// where it has them.
pub(crate) fn find(name: Option<&str>, direction: Direction, channels: u16) -> Result<Found, NotFound> {
    let host = cpal::default_host();
    let device = match name {
        None if direction == Direction::In => host.default_input_device(),
        None => host.default_output_device(),
        Some(name) => devices(direction).into_iter().find(|d| is_called(d, name)),
    };
    let device = device.ok_or_else(|| NotFound::Name(listing(direction)))?;
    let name = label(&device);
    match configuration(&device, direction, channels) {
        Ok((config, format)) => Ok(Found { device, name, config, format }),
        // ALSA always has a "default"; without a card behind it it cannot be opened.
        Err(_) if !has_cards() && matches!(id(&device).as_str(), "default" | "sysdefault") => {
            Err(NotFound::Name(listing(direction)))
        }
        Err(reason) => Err(NotFound::Refused { name, reason }),
    }
}

/// The devices there are, as a clause.
pub(crate) fn listing(direction: Direction) -> String {
    let names: Vec<String> =
        devices(direction).iter().filter(|d| has_cards() || id(d) != "default").map(label).collect();
    let cards = if has_cards() { "" } else { "no sound card; " };
    match (names.is_empty(), direction) {
        (true, Direction::In) => format!("found {cards}no sound input"),
        (true, Direction::Out) => format!("found {cards}no sound output"),
        (false, _) => format!("found {cards}{}", names.join(", ")),
    }
}

fn devices(direction: Direction) -> Vec<Device> {
    let Ok(all) = cpal::default_host().devices() else { return Vec::new() };
    all.filter(|device| match direction {
        Direction::In => device.supports_input(),
        Direction::Out => device.supports_output(),
    })
    .collect()
}

fn is_called(device: &Device, name: &str) -> bool {
    id(device) == name
        || device.description().is_ok_and(|d| d.name().to_lowercase().contains(&name.to_lowercase()))
}

fn id(device: &Device) -> String {
    device.id().map_or_else(|_| String::new(), |id| id.id().to_owned())
}

fn label(device: &Device) -> String {
    match device.description() {
        Ok(description) if description.name() != id(device) => {
            format!("{} ({})", id(device), description.name())
        }
        _ => id(device),
    }
}

fn has_cards() -> bool {
    std::fs::read_dir("/dev/snd").is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("pcm"))
    }) || std::env::var_os("PULSE_SERVER").is_some()
        || std::env::var_os("XDG_RUNTIME_DIR")
            .is_some_and(|dir| std::path::Path::new(&dir).join("pulse/native").exists())
}

fn configuration(
    device: &Device,
    direction: Direction,
    channels: u16,
) -> Result<(StreamConfig, SampleFormat), String> {
    let ranges: Vec<SupportedStreamConfigRange> = match direction {
        Direction::In => device.supported_input_configs().map(Iterator::collect),
        Direction::Out => device.supported_output_configs().map(Iterator::collect),
    }
    .map_err(|error| error.to_string())?;
    let usable = ranges.iter().filter(|r| rank(r.sample_format()).is_some());
    let best = usable.min_by_key(|r| {
        (!r.contains_rate(SAMPLE_RATE), r.channels().abs_diff(channels), rank(r.sample_format()))
    });
    let best = best.ok_or("it has no sample format of 16, 32 bit or float")?;
    let rate = SAMPLE_RATE.clamp(best.min_sample_rate(), best.max_sample_rate());
    let config =
        StreamConfig { channels: best.channels(), sample_rate: rate, buffer_size: BufferSize::Default };
    Ok((config, best.sample_format()))
}

fn rank(format: SampleFormat) -> Option<u8> {
    match format {
        SampleFormat::I16 => Some(0),
        SampleFormat::F32 => Some(1),
        SampleFormat::I32 => Some(2),
        _ => None,
    }
}
