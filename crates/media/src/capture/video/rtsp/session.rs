//! The camera's thread: one RTSP session from DESCRIBE to TEARDOWN.

use super::super::route::AccessUnit;
use super::clock::CameraClock;
use super::{SILENT_AFTER, Shared};
use crate::capture::CaptureError;
use futures_util::StreamExt;
use retina::client::{
    Credentials, Demuxed, PlayOptions, Session, SessionGroup, SessionOptions, SetupOptions,
};
use retina::codec::{CodecItem, FrameFormat};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::timeout;
use url::Url;

/// How long one step of setting up may take.
const STEP: Duration = Duration::from_secs(8);
/// How long a camera gets to confirm that we leave.
const TEARDOWN: Duration = Duration::from_secs(1);

/// Runs until the camera fails or `stopped`; what comes goes into `shared`.
pub(super) fn run(camera: &str, name: &str, shared: &Shared, stopped: oneshot::Receiver<()>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return shared.fail(open_error(name, error.to_string())),
    };
    runtime.block_on(async {
        let group = Arc::new(SessionGroup::default());
        tokio::select! {
            result = play(camera, name, shared, &group) => {
                if let Err(error) = result {
                    shared.fail(error);
                }
            }
            _ = stopped => {}
        }
        // Cheap cameras keep a session that was not ended, and have few.
        if let Ok(Err(error)) = timeout(TEARDOWN, group.await_teardown()).await {
            tracing::debug!("{name}: leaving: {error}");
        }
    });
}

async fn play(
    camera: &str,
    name: &str,
    shared: &Shared,
    group: &Arc<SessionGroup>,
) -> Result<(), CaptureError> {
    let mut frames = set_up(camera, name, group).await?;
    let mut clock = CameraClock::default();
    loop {
        let broken = |reason: String| CaptureError::Broken { name: name.to_owned(), reason };
        let item = timeout(SILENT_AFTER, frames.next())
            .await
            .map_err(|_| CaptureError::Silent { name: name.to_owned(), after: SILENT_AFTER })?;
        match item {
            Some(Ok(CodecItem::VideoFrame(frame))) => {
                let arrived = Instant::now();
                let media = Duration::try_from_secs_f64(frame.timestamp().elapsed_secs()).unwrap_or_default();
                let shown = clock.captured(media, arrived);
                let intact = frame.loss() == 0;
                shared.push(AccessUnit { data: frame.into_data().into(), shown, arrived }, intact);
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(broken(first_line(&error))),
            None => return Err(broken("the camera ended the stream".into())),
        }
    }
}

async fn set_up(camera: &str, name: &str, group: &Arc<SessionGroup>) -> Result<Demuxed, CaptureError> {
    let (url, credentials) = address(camera).map_err(|reason| open_error(name, reason))?;
    let options = SessionOptions::default()
        .creds(credentials)
        .user_agent("tongke".into())
        .session_group(Arc::clone(group));
    let mut session = step(name, "describing its stream", Session::describe(url, options)).await?;
    let h264 = session
        .streams()
        .iter()
        .position(|s| s.media() == "video" && s.encoding_name().eq_ignore_ascii_case("h264"));
    let Some(stream) = h264 else {
        let streams: Vec<String> =
            session.streams().iter().map(|s| format!("{} as {}", s.media(), s.encoding_name())).collect();
        return Err(CaptureError::Unsupported {
            name: name.to_owned(),
            found: if streams.is_empty() { "no stream".into() } else { streams.join(", ") },
            supported: "H.264 (set the camera's stream to H.264; many call it 'H.264 main stream')",
        });
    };
    let setup = SetupOptions::default().frame_format(FrameFormat::SIMPLE);
    step(name, "setting up its stream", session.setup(stream, setup)).await?;
    let playing = step(name, "starting its stream", session.play(PlayOptions::default())).await?;
    playing.demuxed().map_err(|error| open_error(name, first_line(&error)))
}

async fn step<T>(
    name: &str,
    doing: &str,
    work: impl Future<Output = Result<T, retina::Error>>,
) -> Result<T, CaptureError> {
    match timeout(STEP, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(open_error(name, format!("{doing}: {}", first_line(&error)))),
        Err(_) => Err(open_error(name, format!("{doing}: no answer for {} s", STEP.as_secs()))),
    }
}

fn open_error(name: &str, reason: String) -> CaptureError {
    CaptureError::Open { name: name.to_owned(), reason }
}

/// The library adds lines for its developers behind the first.
fn first_line(error: &retina::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().trim().to_owned()
}

/// The address without user and password, and these.
fn address(camera: &str) -> Result<(Url, Option<Credentials>), String> {
    let mut url = Url::parse(camera).map_err(|error| format!("the address cannot be read: {error}"))?;
    if url.host_str().is_none() {
        return Err("the address has no host".into());
    }
    let credentials = (!url.username().is_empty()).then(|| Credentials {
        username: percent_decoded(url.username()),
        password: percent_decoded(url.password().unwrap_or_default()),
    });
    let cleared = url.set_username("").and_then(|()| url.set_password(None));
    cleared.map_err(|()| "the address cannot have a user name".to_owned())?;
    Ok((url, credentials))
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], code) {
            (b'%', Some(code)) => {
                decoded.push(code);
                at += 3;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_leave_the_address_and_may_hold_any_character() {
        let (url, credentials) = address("rtsp://admin:p%40ss%2F%E8%AF%BE@10.0.0.2:8554/a?b=1").unwrap();
        assert_eq!(url.as_str(), "rtsp://10.0.0.2:8554/a?b=1");
        let credentials = credentials.unwrap();
        assert_eq!((credentials.username.as_str(), credentials.password.as_str()), ("admin", "p@ss/课"));
        assert!(address("rtsp://10.0.0.2/").unwrap().1.is_none());
        assert!(address("rtsp://").is_err());
    }

    #[test]
    fn broken_percent_codes_stay_as_they_are() {
        assert_eq!(percent_decoded("100%"), "100%");
        assert_eq!(percent_decoded("%zz%4"), "%zz%4");
        assert_eq!(percent_decoded("课%"), "课%");
    }
}
