//! How a node that was given no grant gets one: an enrolled machine asks the registry, once, at the beginning. What
//! it was given last is kept, so that a node that is started again in mid-lesson needs no registry.

use crate::config::{NodeConfig, wrong};
use crate::error::NodeError;
use crate::link::reconnect::Backoff;
use crate::settings::NodeSettings;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tongke_outbox::{AskError, Granted, Machine};
use tongke_protocol::{Grant, LessonId, WallTime};

/// Checks the settings. An enrolled machine that was given no token asks its registry for one, and where the relay
/// is.
pub async fn admit(mut settings: NodeSettings) -> Result<NodeConfig, NodeError> {
    if settings.token.is_some() || settings.token_file.is_some() {
        return Ok(NodeConfig::try_from(settings)?);
    }
    let machine = settings.data.as_deref().map(Machine::load).transpose()?.flatten();
    let Some((machine, data)) = machine.zip(settings.data.clone()) else {
        return Ok(NodeConfig::try_from(settings)?);
    };
    let lesson = settings.lesson.as_deref().ok_or_else(|| {
        wrong("lesson", "is missing; an enrolled machine is told which lesson, as it stands in the timetable")
    })?;
    let lesson: LessonId = lesson.parse().map_err(|problem| wrong("lesson", problem))?;
    let asked = Asked { lesson, room: settings.room.clone() };
    let patience = Duration::from_secs(settings.connect_timeout_s.unwrap_or(DEFAULT_PATIENCE_S));
    let granted = ask(&machine, &data, &asked, patience).await?;
    settings.token = Some(granted.token);
    settings.relay = settings.relay.or(granted.relay);
    if settings.relay.is_none() {
        return Err(
            wrong("relay", "is missing, and the registry does not know it; give https://HOST:PORT").into()
        );
    }
    let has_authority = settings.relay_ca.is_some();
    let mut config = NodeConfig::try_from(settings)?;
    if !has_authority && machine.is_beside(config.relay.as_str()) {
        config.relay_ca = machine.authority().map(|pem| pem.as_bytes().to_vec());
    }
    Ok(config)
}

/// How long a registry that does not answer is asked again, if nothing was configured.
const DEFAULT_PATIENCE_S: u64 = 15;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    lesson: LessonId,
    room: Option<String>,
}

/// The last grant, as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    asked: Asked,
    granted: Granted,
}

async fn ask(
    machine: &Machine,
    data: &Path,
    asked: &Asked,
    patience: Duration,
) -> Result<Granted, NodeError> {
    let begun = Instant::now();
    let mut backoff = Backoff::default();
    loop {
        let error = match machine.ask_grant(&asked.lesson, asked.room.as_deref(), now()).await {
            Ok(granted) => {
                keep(data, asked, &granted);
                return Ok(granted);
            }
            Err(error @ AskError::Unreachable { .. }) => error,
            Err(error) => return Err(error.into()),
        };
        if let Some(granted) = kept(data, asked, now()) {
            tracing::warn!(%error, "the grant that was given for this lesson before is used again");
            return Ok(granted);
        }
        if begun.elapsed() >= patience {
            return Err(error.into());
        }
        tracing::info!(%error, "asking again");
        tokio::time::sleep(backoff.wait(rand::random())).await;
    }
}

fn now() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(since.as_micros() as u64)
}

fn file_in(data: &Path) -> PathBuf {
    data.join("grant.json")
}

/// Keeps a grant, for its owner only. Without it the node runs all the same.
fn keep(data: &Path, asked: &Asked, granted: &Granted) {
    let kept = Kept { asked: asked.clone(), granted: granted.clone() };
    let path = file_in(data);
    let written = serde_json::to_vec(&kept).map_err(io::Error::other).and_then(|json| write(&path, &json));
    if let Err(error) = written {
        tracing::warn!(path = %path.display(), %error, "the grant cannot be kept; a restart needs the registry");
    }
}

fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(contents)?;
    fs::rename(draft, path)
}

/// The grant that was given last, if it was for the same and is still good.
fn kept(data: &Path, asked: &Asked, now: WallTime) -> Option<Granted> {
    let Kept { asked: before, granted } = serde_json::from_slice(&fs::read(file_in(data)).ok()?).ok()?;
    let grant = Grant::read_unchecked(&granted.token).ok()?;
    (before == *asked && grant.check_time(now).is_ok()).then_some(granted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_protocol::{GrantKey, Role};

    #[test]
    fn a_grant_is_kept_for_the_same_lesson_and_room_until_it_ends() {
        let data = std::env::temp_dir().join(format!("tongke-admission-{}", std::process::id()));
        fs::create_dir_all(&data).unwrap();
        let token = GrantKey::new(&[7; 32]).unwrap().sign(&Grant {
            lesson: "math".parse().unwrap(),
            participant: "hill".parse().unwrap(),
            name: "山村小学".into(),
            role: Role::Receiving,
            expires_unix_s: 1_000,
        });
        let granted = Granted { token, relay: Some("https://relay:8443".into()) };
        let asked = Asked { lesson: "math".parse().unwrap(), room: None };
        let at = |unix_s: u64| WallTime(unix_s * 1_000_000);
        assert_eq!(kept(&data, &asked, at(1)), None);
        keep(&data, &asked, &granted);
        assert_eq!(kept(&data, &asked, at(999)), Some(granted));
        assert_eq!(kept(&data, &asked, at(1_000)), None);
        let other = Asked { room: Some("2".into()), ..asked };
        assert_eq!(kept(&data, &other, at(1)), None);
        fs::write(file_in(&data), "{").unwrap();
        assert_eq!(kept(&data, &other, at(1)), None);
        fs::remove_dir_all(&data).unwrap();
    }
}
