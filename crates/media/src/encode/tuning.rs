//! The one unsafe door of the H.264 encoder: options its safe wrapper has no name for.
//!
//! Invariant: an option is set only on an encoder that has encoded a picture (before that the library
//! is not initialised and rejects options), on the thread that owns it (`&mut`), and the value passed is
//! the very C struct the library documents for that option, alive for the whole call; the library copies it.

use openh264::encoder::Encoder;
use openh264_sys2::{
    ENCODER_OPTION, ENCODER_OPTION_BITRATE, ENCODER_OPTION_MAX_BITRATE, LAYER_NUM, SBitrateInfo,
    SPATIAL_LAYER_0, SPATIAL_LAYER_ALL,
};

/// Changes target and maximum bitrate of a running encoder.
pub(super) fn set_bitrate(encoder: &mut Encoder, bitrate_bps: u32) -> Result<(), String> {
    let bitrate = i32::try_from(bitrate_bps).map_err(|_| format!("{bitrate_bps} bit/s is too much"))?;
    // The target may never exceed the maximum, so a rise must lift the maximum first and a fall
    // must lower the target first: setting the maximum on both sides of the target does either.
    // "All layers" sets only the sum; the one layer has a maximum of its own.
    for layer in [SPATIAL_LAYER_0, SPATIAL_LAYER_ALL] {
        set(encoder, ENCODER_OPTION_MAX_BITRATE, layer, bitrate).ok();
    }
    set(encoder, ENCODER_OPTION_BITRATE, SPATIAL_LAYER_ALL, bitrate)?;
    for layer in [SPATIAL_LAYER_0, SPATIAL_LAYER_ALL] {
        set(encoder, ENCODER_OPTION_MAX_BITRATE, layer, bitrate)?;
    }
    Ok(())
}

fn set(encoder: &mut Encoder, option: ENCODER_OPTION, layer: LAYER_NUM, bitrate: i32) -> Result<(), String> {
    let mut info = SBitrateInfo { iLayer: layer, iBitrate: bitrate };
    // SAFETY: the module's invariant; `info` is the struct both bitrate options take and lives on
    // this stack frame until the call returns.
    let status = unsafe { encoder.raw_api().set_option(option, (&raw mut info).cast()) };
    if status == 0 { Ok(()) } else { Err(format!("the encoder refused {bitrate} bit/s (code {status})")) }
}
