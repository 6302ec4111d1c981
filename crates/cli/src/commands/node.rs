//! The flags of a classroom node, shared by `tongke send` and `tongke receive`.

use crate::config;
use crate::failure::Failure;
use crate::logging::LogArgs;
use crate::shutdown;
use std::path::PathBuf;
use tongke_node::{Held, NodeError, NodeSettings};
use tongke_outbox::AskError;
use tongke_protocol::Role;

/// The flags of a classroom node.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file; its keys are the flags' names (see configs/)
    #[arg(long, value_name = "FILE", env = "TONGKE_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
}

/// One flag for each key of [`NodeSettings`].
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// The relay: http://HOST:PORT or https://…
    #[arg(long, value_name = "URL", env = "TONGKE_RELAY", help_heading = "Relay and lesson")]
    relay: Option<String>,
    /// PEM file with the authority of a relay whose certificate no public authority signed
    #[arg(long, value_name = "FILE", env = "TONGKE_RELAY_CA", help_heading = "Relay and lesson")]
    relay_ca: Option<PathBuf>,
    /// The lesson [default: the one that the token is for]
    #[arg(long, value_name = "LESSON", env = "TONGKE_LESSON", help_heading = "Relay and lesson")]
    lesson: Option<String>,
    /// The grant, as 'tongke token' prints it; other users of this machine may see a flag, not a
    /// file
    #[arg(long, value_name = "TOKEN", env = "TONGKE_TOKEN", help_heading = "Relay and lesson")]
    token: Option<String>,
    /// A file that holds the grant
    #[arg(long, value_name = "FILE", env = "TONGKE_TOKEN_FILE", help_heading = "Relay and lesson")]
    token_file: Option<PathBuf>,
    /// The room of the school that this is, if it has several; the registry then gives the grant for it
    #[arg(long, value_name = "ROOM", env = "TONGKE_ROOM", help_heading = "Relay and lesson")]
    room: Option<String>,
    /// Folder of this machine's own: what the room sent and played is kept there for the registry. If the
    /// folder was enrolled ('tongke enrol'), the node delivers it, and asks the registry for grant and
    /// relay where --token and --relay are left out
    #[arg(long, value_name = "DIR", env = "TONGKE_DATA", help_heading = "Relay and lesson")]
    data: Option<PathBuf>,
    /// The way to the relay: auto (QUIC, then WebRTC over UDP, then over TCP), quic, webrtc-udp or
    /// webrtc-tcp [default: auto]
    #[arg(long, value_name = "LINK", env = "TONGKE_LINK", help_heading = "Relay and lesson")]
    link: Option<String>,
    /// How long to try before the relay has been reached for the first time; once it has been, a
    /// lost link is made again for as long as the node runs [default: 15]
    #[arg(long, value_name = "SECONDS", env = "TONGKE_CONNECT_TIMEOUT_S", help_heading = "Relay and lesson")]
    connect_timeout_s: Option<u64>,
    /// /dev/videoN, rtsp://…, FILE.mp4, FILE.y4m, 'test' (a drawn scene) or 'none' [default:
    /// /dev/video0]
    #[arg(long, value_name = "SOURCE", env = "TONGKE_CAMERA", help_heading = "What is sent")]
    camera: Option<String>,
    /// The courseware: as --camera, also 'slides' (test slides) [default: none]
    #[arg(long, value_name = "SOURCE", env = "TONGKE_SCREEN", help_heading = "What is sent")]
    screen: Option<String>,
    /// 'default', a device's name, FILE.wav, 'test' (like speech) or 'none' [default: default]
    #[arg(long, value_name = "SOURCE", env = "TONGKE_MICROPHONE", help_heading = "What is sent")]
    microphone: Option<String>,
    /// Width of the pictures sent [default: 1280]
    #[arg(long, value_name = "PIXELS", env = "TONGKE_WIDTH", help_heading = "What is sent")]
    width: Option<u32>,
    /// Height of the pictures sent [default: 720]
    #[arg(long, value_name = "LINES", env = "TONGKE_HEIGHT", help_heading = "What is sent")]
    height: Option<u32>,
    /// Pictures per second [default: 30]
    #[arg(long, value_name = "N", env = "TONGKE_FPS", help_heading = "What is sent")]
    fps: Option<u32>,
    /// Bitrate that a picture begins with [default: 2000]
    #[arg(long, value_name = "KBPS", env = "TONGKE_VIDEO_BITRATE_KBPS", help_heading = "What is sent")]
    video_bitrate_kbps: Option<u32>,
    /// Least bitrate of a picture when packets are lost [default: 300]
    #[arg(long, value_name = "KBPS", env = "TONGKE_VIDEO_BITRATE_MIN_KBPS", help_heading = "What is sent")]
    video_bitrate_min_kbps: Option<u32>,
    /// Greatest bitrate of a picture [default: one and a half times --video-bitrate-kbps]
    #[arg(long, value_name = "KBPS", env = "TONGKE_VIDEO_BITRATE_MAX_KBPS", help_heading = "What is sent")]
    video_bitrate_max_kbps: Option<u32>,
    /// Bitrate of the sound [default: 32 for speech, 96 for music]
    #[arg(long, value_name = "KBPS", env = "TONGKE_SOUND_BITRATE_KBPS", help_heading = "What is sent")]
    sound_bitrate_kbps: Option<u32>,
    /// 'speech' (one channel) or 'music' (two, for music lessons) [default: speech]
    #[arg(long, value_name = "MODE", env = "TONGKE_SOUND_MODE", help_heading = "What is sent")]
    sound_mode: Option<String>,
    /// Most pictures received [default: 10]
    #[arg(long, value_name = "N", env = "TONGKE_VIDEO_SLOTS", help_heading = "What is shown")]
    video_slots: Option<u8>,
    /// Most sounds received [default: 9]
    #[arg(long, value_name = "N", env = "TONGKE_AUDIO_SLOTS", help_heading = "What is shown")]
    audio_slots: Option<u8>,
    /// 'window', 'none' or a folder for Y4M files [default: window]
    #[arg(long, value_name = "WHERE", env = "TONGKE_VIDEO_OUT", help_heading = "What is shown")]
    video_out: Option<String>,
    /// Whether the window fills the screen [default: false]
    #[arg(long, value_name = "true|false", env = "TONGKE_FULLSCREEN", num_args = 0..=1, default_missing_value = "true", help_heading = "What is shown")]
    fullscreen: Option<bool>,
    /// 'default', a loudspeaker's name, 'none' or a folder (with a '/') for WAV files [default:
    /// default]
    #[arg(long, value_name = "WHERE", env = "TONGKE_SOUND_OUT", help_heading = "What is shown")]
    sound_out: Option<String>,
    /// End after this many seconds [default: run until stopped]
    #[arg(long, value_name = "N", env = "TONGKE_SECONDS", help_heading = "How it runs")]
    seconds: Option<u64>,
    /// A file (JSON) for what was measured, written every second and at the end
    #[arg(long, value_name = "FILE", env = "TONGKE_FACTS", help_heading = "How it runs")]
    facts: Option<PathBuf>,
    /// Whether a line tells how the lesson goes [default: true]
    #[arg(long, value_name = "true|false", env = "TONGKE_STATUS", num_args = 0..=1, default_missing_value = "true", help_heading = "How it runs")]
    status: Option<bool>,
}

impl From<Flags> for NodeSettings {
    fn from(flags: Flags) -> NodeSettings {
        NodeSettings {
            relay: flags.relay,
            relay_ca: flags.relay_ca,
            lesson: flags.lesson,
            token: flags.token,
            token_file: flags.token_file,
            room: flags.room,
            data: flags.data,
            link: flags.link,
            connect_timeout_s: flags.connect_timeout_s,
            camera: flags.camera,
            screen: flags.screen,
            microphone: flags.microphone,
            width: flags.width,
            height: flags.height,
            fps: flags.fps,
            video_bitrate_kbps: flags.video_bitrate_kbps,
            video_bitrate_min_kbps: flags.video_bitrate_min_kbps,
            video_bitrate_max_kbps: flags.video_bitrate_max_kbps,
            sound_bitrate_kbps: flags.sound_bitrate_kbps,
            sound_mode: flags.sound_mode,
            video_slots: flags.video_slots,
            audio_slots: flags.audio_slots,
            video_out: flags.video_out,
            fullscreen: flags.fullscreen,
            sound_out: flags.sound_out,
            seconds: flags.seconds,
            facts: flags.facts,
            status: flags.status,
        }
    }
}

/// Runs a node until it is told to end; `fits` tells whether a grant's role fits the command.
pub fn run(args: Args, log: LogArgs, fits: fn(Role) -> Result<(), Failure>) -> Result<(), Failure> {
    let file = config::load::<NodeSettings>(args.config.as_deref())?;
    let log = log.over(file.log);
    log.start()?;
    let mut settings = file.settings.merge(args.flags.into());
    if log.is_json() {
        // A program reads the logs: a line for people among them only gets in its way.
        settings.status.get_or_insert(false);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(async {
        let mut shutdown = std::pin::pin!(shutdown::requested()?);
        let config = tokio::select! {
            config = tongke_node::admit(settings) => config.map_err(ended)?,
            () = &mut shutdown => return Ok(()),
        };
        fits(config.grant.role)?;
        let _held = Held::by_lesson(config.data.as_deref());
        tongke_node::run(config, shutdown).await.map(drop).map_err(ended)
    })
}

/// What a node's failure says to whoever started it.
pub fn ended(error: NodeError) -> Failure {
    match error {
        NodeError::Config(error) => Failure::setting(error.key, &error.problem),
        NodeError::Capture { track, source } => {
            Failure::running(source).hint(format!("to go on without it, use --{track} none"))
        }
        NodeError::Render { output, source } => {
            Failure::running(source).hint(format!("to go on without it, use --{output} none"))
        }
        NodeError::NotAdmitted(AskError::Refused { message, hint, .. }) if !hint.is_empty() => {
            Failure::running(format!("the registry gives no grant: {message}")).hint(hint)
        }
        NodeError::NotAdmitted(error @ AskError::Unreachable { .. }) => Failure::running(error).hint(
            "see that it runs and that this machine reaches it; or have a grant made ('tongke token'), and give \
             it with --token-file, and the relay with --relay",
        ),
        error @ (NodeError::Data(_) | NodeError::Machine(_)) => Failure::usage(error),
        other => Failure::running(other),
    }
}
