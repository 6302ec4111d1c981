//! What a node is told, as written: one flat table of optional keys.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Settings as written in a file or given as flags. Everything may be left out; what is then taken
/// stands with each key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeSettings {
    /// The relay: `http://HOST:PORT` or `https://…`. Required, unless the registry tells it.
    pub relay: Option<String>,
    /// PEM file with the authority of a relay whose certificate no public authority signed.
    pub relay_ca: Option<PathBuf>,
    /// The lesson. Left out: the one that the grant is for.
    pub lesson: Option<String>,
    /// The grant, as printed by `tongke token`. This or `token_file` is required, unless the
    /// registry gives one.
    pub token: Option<String>,
    /// A file that holds the grant.
    pub token_file: Option<PathBuf>,
    /// The room of the school that this is, if it has several: asked for with the lesson at the registry.
    pub room: Option<String>,
    /// A folder of this machine's own. What the room sent and played is kept there for the registry, on disk,
    /// until it is delivered; that is while the node runs if the folder was enrolled (`tongke enrol`). An enrolled
    /// node needs neither `relay` nor `token`: it asks the registry.
    pub data: Option<PathBuf>,
    /// Which way to the relay: `auto` (QUIC, then WebRTC over UDP, then over TCP; the default),
    /// `quic`, `webrtc-udp` or `webrtc-tcp`.
    pub link: Option<String>,
    /// Seconds to keep trying before the relay has been reached for the first time; 15. Once it has
    /// been, the node tries for as long as it runs.
    pub connect_timeout_s: Option<u64>,
    /// The camera: `test`, `rtsp://…`, `/dev/videoN`, `FILE.y4m`, `FILE.mp4`, or `none`; `/dev/video0`.
    pub camera: Option<String>,
    /// The courseware, as for `camera`, also `slides`; `none`.
    pub screen: Option<String>,
    /// The microphone: `default`, a device's name, `FILE.wav`, `test`, or `none`; `default`.
    pub microphone: Option<String>,
    /// Pixels per line of the camera's and the screen's picture, even; 1280.
    pub width: Option<u32>,
    /// Lines, even; 720.
    pub height: Option<u32>,
    /// Pictures per second; 30.
    pub fps: Option<u32>,
    /// Bitrate that the camera begins with, kbit/s; 2000.
    pub video_bitrate_kbps: Option<u32>,
    /// Least bitrate of a picture when packets are lost, kbit/s; 300.
    pub video_bitrate_min_kbps: Option<u32>,
    /// Greatest bitrate of a picture, kbit/s; one and a half times `video_bitrate_kbps`.
    pub video_bitrate_max_kbps: Option<u32>,
    /// Bitrate of the sound, kbit/s; 32 for speech, 96 for music.
    pub sound_bitrate_kbps: Option<u32>,
    /// What the sound is: `speech` (one channel; the default) or `music` (two channels).
    pub sound_mode: Option<String>,
    /// Pictures received at most; 9 classrooms and a screen: 10.
    pub video_slots: Option<u8>,
    /// Sounds received at most; 9.
    pub audio_slots: Option<u8>,
    /// Where pictures go: `window`, `none`, or a directory for one Y4M file each; `window`.
    pub video_out: Option<String>,
    /// Whether the window fills the screen; false.
    pub fullscreen: Option<bool>,
    /// Where sound goes: `default`, `none`, a loudspeaker's name, or a directory (with a `/` in its
    /// name) for one WAV file each; `default`.
    pub sound_out: Option<String>,
    /// Ends after this many seconds. Left out: runs until it is stopped.
    pub seconds: Option<u64>,
    /// A file for the facts, JSON, written once a second and at the end.
    pub facts: Option<PathBuf>,
    /// Whether the line about how the lesson goes is printed; true.
    pub status: Option<bool>,
}

macro_rules! merged {
    ($under:ident, $over:ident, $($field:ident),* $(,)?) => {
        NodeSettings { $($field: $over.$field.or($under.$field)),* }
    };
}

impl NodeSettings {
    /// These settings with those of `over` where it has any. A token given either way replaces one
    /// given the other way.
    #[must_use]
    pub fn merge(mut self, over: NodeSettings) -> NodeSettings {
        if over.token.is_some() || over.token_file.is_some() {
            (self.token, self.token_file) = (None, None);
        }
        let under = self;
        merged!(
            under,
            over,
            relay,
            relay_ca,
            lesson,
            token,
            token_file,
            room,
            data,
            link,
            connect_timeout_s,
            camera,
            screen,
            microphone,
            width,
            height,
            fps,
            video_bitrate_kbps,
            video_bitrate_min_kbps,
            video_bitrate_max_kbps,
            sound_bitrate_kbps,
            sound_mode,
            video_slots,
            audio_slots,
            video_out,
            fullscreen,
            sound_out,
            seconds,
            facts,
            status,
        )
    }
}
