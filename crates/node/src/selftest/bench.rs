//! What the pieces share, and how one says that it came to nothing.

use super::capacity::Lent;
use super::line::Watching;
use super::{SelfTest, SelfTestError};
use crate::config::NodeConfig;
use crate::link::{LinkError, RelayHttp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::net::{IpAddr, SocketAddr};
use tongke_inspection::facts::{Cause, Clock, Finding, Remark};
use tongke_probe::{Line, LineError, Opened};
use tongke_protocol::control::ReflectorSession;

/// What the pieces share.
pub(super) struct Bench<'a> {
    pub config: &'a NodeConfig,
    pub plan: &'a SelfTest,
    pub http: RelayHttp,
    /// The relay's address that took TCP; none: none did.
    pub relay: Option<SocketAddr>,
    /// Session of the relay's reflector that was opened to see whether the relay lets this grant test.
    pub session: Option<ReflectorSession>,
    /// Whether datagrams are answered; none: nobody has tried yet.
    pub answered: Option<bool>,
    /// Clocks that were compared with the relay's.
    pub clocks: Vec<Clock>,
    /// How many times faster than needed this machine encodes; none: not known.
    pub headroom: Option<f64>,
    /// The idle line while it is being watched, or why it cannot be.
    pub watching: Option<Result<Watching, Nothing>>,
    /// Round trips of the idle line, ms.
    pub idle_ms: Vec<f64>,
    /// The line as it was lent for load; or why it was not.
    pub lent: Result<Lent, Cause>,
}

/// What a piece found, or why nothing.
pub(super) type Found = Result<Vec<Finding>, Nothing>;

/// Why a piece came to nothing.
#[derive(Debug)]
pub(super) enum Nothing {
    /// What it would have left is missing, and the test goes on.
    Missing(Cause, Option<Remark>),
    /// There is nothing to test: the whole ends.
    Refused(SelfTestError),
}

impl From<Cause> for Nothing {
    fn from(cause: Cause) -> Self {
        Nothing::Missing(cause, None)
    }
}

impl From<LineError> for Nothing {
    fn from(error: LineError) -> Self {
        Nothing::Missing(Cause::NoPackets, Some(error.to_string().into()))
    }
}

impl From<LinkError> for Nothing {
    /// What the relay says in mid-test; at the begin [`super::reach`] is stricter.
    fn from(error: LinkError) -> Self {
        let cause = match &error {
            LinkError::Refused(refusal) if refusal.code == "lesson_live" => Cause::LessonLive,
            LinkError::Refused(refusal) if matches!(&*refusal.code, "line_busy" | "relay_busy") => {
                Cause::LineBusy
            }
            // The relay's operator wants no load.
            LinkError::Refused(refusal) if refusal.code == "no_load" => Cause::NotAsked,
            _ => Cause::NodeDisappeared,
        };
        Nothing::Missing(cause, Some(error.to_string().into()))
    }
}

impl<'a> Bench<'a> {
    pub(super) fn new(config: &'a NodeConfig, plan: &'a SelfTest) -> Result<Self, SelfTestError> {
        let http = RelayHttp::new(
            config.relay.clone(),
            config.lesson.clone(),
            config.token.clone(),
            config.relay_ca.as_deref(),
        )
        .map_err(SelfTestError::Answer)?;
        Ok(Self {
            config,
            plan,
            http,
            relay: None,
            session: None,
            answered: None,
            clocks: Vec::new(),
            headroom: None,
            watching: None,
            idle_ms: Vec::new(),
            lent: Err(Cause::NotAsked),
        })
    }

    /// A line to the relay's reflector, in a session of its own: the reflector's count of a session begins at 0.
    /// With it, how many packets the session takes.
    pub(super) async fn line(&mut self) -> Result<(Line, u32), Nothing> {
        let (far, session) = self.reflector().await?;
        let opened = opened(session.session, &session.key).map_err(Nothing::Refused)?;
        Ok((Line::open(far, &opened)?, session.most_packets))
    }

    /// The relay's reflector, and a session there.
    pub(super) async fn reflector(&mut self) -> Result<(SocketAddr, ReflectorSession), Nothing> {
        let relay = self.relay_over_udp()?;
        let session = match self.session.take() {
            Some(session) => session,
            None => self.http.reflector().await?,
        };
        Ok((SocketAddr::new(relay, session.port), session))
    }

    /// Where the relay is, unless it is known that nothing comes from there.
    pub(super) fn relay_over_udp(&self) -> Result<IpAddr, Nothing> {
        let answers = self.relay.filter(|_| self.answered != Some(false));
        answers.map(|relay| relay.ip()).ok_or(Nothing::from(Cause::NoPackets))
    }
}

/// A session of the relay's, and its key as the relay writes it.
pub(super) fn opened(session: u16, key: &str) -> Result<Opened, SelfTestError> {
    let wrong = |why: String| SelfTestError::Answer(format!("the session's key: {why}"));
    let key = URL_SAFE_NO_PAD.decode(key).map_err(|error| wrong(error.to_string()))?;
    let key = key.try_into().map_err(|key: Vec<u8>| wrong(format!("it has {} bytes", key.len())))?;
    Ok(Opened { session, key })
}

/// Runs what blocks on a thread of its own: its times must not wait for others.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Nothing> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Nothing::Refused(SelfTestError::Broken))
}
