//! The far end: a node that is there and does what an inspector asks of it.

use super::desk::{Desk, Todo};
use super::mail::{Mail, Worth};
use super::plan::SOFTWARE;
use super::stream::{Heard, Listening};
use super::work::Work;
use super::{InspectError, parts};
use crate::config::NodeConfig;
use crate::link::RelayHttp;
use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval};
use tongke_protocol::inspect::{Answer, Ask, HEARTBEAT_S, Presence};

/// Time for the last words.
const GOODBYE: Duration = Duration::from_secs(2);

/// How long a node that was there for one inspection waits for more of it: whoever leads lets go of a node that was
/// silent, and knocks again.
const MORE: Duration = Duration::from_secs(60);

/// For whom a node stands by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// For whoever comes, one after the other.
    Anybody,
    /// For one inspection: it is over when whoever led it has let go or has gone.
    OneInspection,
}

/// Stands by in a test lesson for whoever inspects it, with the devices and the grant of `config`, until `until` is
/// done or the lesson is over. Publishes nothing of its own accord.
pub async fn stand_by(config: NodeConfig, until: impl Future<Output = ()>) -> Result<(), InspectError> {
    stand_by_for(For::Anybody, config, until).await
}

/// As [`stand_by`].
pub(crate) async fn stand_by_for(
    whom: For,
    config: NodeConfig,
    until: impl Future<Output = ()>,
) -> Result<(), InspectError> {
    if !config.lesson.is_test() {
        return Err(InspectError::NoTest(config.lesson));
    }
    if !config.grant.role.may_publish() {
        let role = config.grant.role;
        let text = format!("a node stands by as a school; this grant is for the role {role}");
        return Err(InspectError::Role(text));
    }
    let http = http(&config)?;
    let listening = Listening::begin(&http, config.connect_timeout).await?;
    let (mail, sent) = Mail::start(http);
    let presence =
        Presence { school: config.grant.name.clone(), room: String::new(), software: SOFTWARE.to_owned() };
    let mut far_end = FarEnd { whom, config, desk: Desk::new(presence), mail, work: None };
    far_end.run(listening, sent, until).await;
    far_end.mail.close(GOODBYE).await;
    Ok(())
}

/// The relay's HTTP interface for a configuration.
pub(super) fn http(config: &NodeConfig) -> Result<RelayHttp, InspectError> {
    let (relay, lesson, token) = (config.relay.clone(), config.lesson.clone(), config.token.clone());
    RelayHttp::new(relay, lesson, token, config.relay_ca.as_deref()).map_err(InspectError::Http)
}

struct FarEnd {
    whom: For,
    config: NodeConfig,
    desk: Desk,
    mail: Mail,
    work: Option<Work>,
}

impl FarEnd {
    async fn run(
        &mut self,
        mut listening: Listening,
        mut sent: tokio::sync::mpsc::Receiver<super::mail::Sent>,
        until: impl Future<Output = ()>,
    ) {
        let mut until = pin!(until);
        let mut beat = interval(Duration::from_secs(HEARTBEAT_S.into()));
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = until.as_mut() => break,
                heard = listening.next() => match heard {
                    Heard::Dispatch(from, body) => match Ask::parse(&body) {
                        Ok(ask) => {
                            tracing::debug!(%from, id = ask.id, "asked: {:?}", ask.what);
                            let todo = self.desk.on_ask(Instant::now(), &from, ask);
                            self.take(todo);
                        }
                        Err(error) => tracing::warn!(%from, %error, "a dispatch is not understood"),
                    },
                    Heard::Told(..) => {}
                    Heard::Over(why) => {
                        tracing::info!("the test lesson is over: {why}");
                        break;
                    }
                },
                Some(sent) = sent.recv() => self.desk.on_sent(Instant::now(), &sent.to, sent.is_there),
                answers = done(&mut self.work) => {
                    let todo = self.desk.on_done(answers);
                    self.take(todo);
                }
                _ = beat.tick() => {
                    if let Some(progress) = self.work.as_ref().and_then(Work::progress) {
                        self.desk.on_progress(progress);
                    }
                    let now = Instant::now();
                    let todo = self.desk.on_beat(now);
                    self.take(todo);
                    let is_over = self.desk.released_for(now).is_some_and(|free| free >= MORE);
                    if self.whom == For::OneInspection && is_over {
                        break;
                    }
                }
            }
        }
    }

    fn take(&mut self, todo: Vec<Todo>) {
        for todo in todo {
            match todo {
                Todo::Say(to, reply) => {
                    let is_news = matches!(reply.says, Answer::Progress(_));
                    let worth = if is_news { Worth::Passing } else { Worth::Lasting };
                    match reply.to_body() {
                        Ok(body) => self.mail.post(&to, body, worth),
                        Err(error) => tracing::warn!(%error, "an answer cannot be sent"),
                    }
                }
                Todo::Begin(task) => self.work = Some(Work::begin(&self.config, task)),
                Todo::End => {
                    if let Some(work) = &mut self.work {
                        work.end();
                    }
                }
            }
        }
    }
}

/// What the work came to, once it has; never without work.
async fn done(work: &mut Option<Work>) -> Vec<Answer> {
    let Some(at_work) = work else { return std::future::pending().await };
    let found = at_work.done().await;
    *work = None;
    match found {
        Ok(found) => parts::of(found),
        Err(refused) => vec![Answer::Refused(refused)],
    }
}
