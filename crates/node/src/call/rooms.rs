//! Whether this end's own room takes part in a call: its microphone and its loudspeaker, both or neither. A device that
//! cannot be opened leaves the room out, and not the call.

use super::findings::missing_as;
use crate::config::{NodeConfig, SoundOut};
use crate::error::NodeError;
use crate::session::{Instruments, Session};
use tongke_inspection::facts::{Cause, Missing, Remark, RemarkCode};
use tongke_media::capture::sound::SoundSource;

/// Starts a session for one end, with its room if that is configured and its devices can be opened. Says whether the
/// room takes part, or why not.
pub(super) async fn start(
    config: NodeConfig,
    instruments: Instruments,
) -> Result<(Session, Result<(), Missing>), NodeError> {
    let without = |why: Remark| Err(missing_as(Cause::NoDevice, why));
    if !has_room(&config) {
        let session = Session::start(of_call(config, false), Some(instruments)).await?;
        return Ok((session, without(RemarkCode::NoRoom.into())));
    }
    match Session::start(of_call(config.clone(), true), Some(instruments.clone())).await {
        Ok(session) => Ok((session, Ok(()))),
        Err(error) => {
            let why = device_of_room(&error).ok_or(error)?;
            tracing::warn!("the call goes on without its room: {why}");
            let session = Session::start(of_call(config, false), Some(instruments)).await?;
            Ok((session, without(Remark::of(RemarkCode::RoomNotOpened).with("problem", why))))
        }
    }
}

/// Whether a room's microphone and loudspeaker are to take part.
fn has_room(config: &NodeConfig) -> bool {
    matches!(config.microphone, Some(SoundSource::Device(_)))
        && matches!(config.sound_out, SoundOut::Speaker(_))
}

/// What could not be opened, if it is a device that only the room needs.
fn device_of_room(error: &NodeError) -> Option<String> {
    match error {
        NodeError::Capture { track: "microphone", source } => Some(source.to_string()),
        NodeError::Render { output: "sound-out", source } => Some(source.to_string()),
        _ => None,
    }
}

/// The configuration of an end, with its room or without, and nothing that is not measured.
fn of_call(config: NodeConfig, room: bool) -> NodeConfig {
    NodeConfig {
        microphone: if room { config.microphone } else { config.microphone.and(Some(SoundSource::Hiss)) },
        sound_out: if room { config.sound_out } else { SoundOut::None },
        audio_slots: config.audio_slots.max(1),
        seconds: None,
        status: false,
        facts: None,
        data: None,
        ..config
    }
}
