//! The inspector: asks both nodes in turn, hears their answers, and has one document in the end.

use super::InspectError;
use super::mail::{Mail, Worth};
use super::stand_by::http;
use super::stream::{Heard, Listening};
use crate::clock::{MachineClock, wait_until};
use crate::config::NodeConfig;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tongke_inspection::Facts;
use tongke_inspection::conduct::{Inspection, Plan, Telling};
use tongke_protocol::Role;
use tongke_protocol::inspect::Reply;

/// How often progress is told.
const TELLING: Duration = Duration::from_secs(1);
/// Time for the last words.
const GOODBYE: Duration = Duration::from_secs(3);

/// Leads an inspection with an inspector's grant, from its begin to its facts. `tell` hears once a second how far it
/// is. When `stop` is done before, the facts hold what was measured by then.
pub async fn lead(
    config: &NodeConfig,
    plan: Plan,
    tell: &mut dyn FnMut(&Telling),
    stop: impl Future<Output = ()>,
) -> Result<Facts, InspectError> {
    if !config.lesson.is_test() {
        return Err(InspectError::NoTest(config.lesson.clone()));
    }
    inspects(config)?;
    let http = http(config)?;
    let mut listening = Listening::begin(&http, config.connect_timeout).await?;
    // Whether the nodes are there their own words say.
    let (mail, _) = Mail::start(http);
    let clock = MachineClock::start();
    let mut inspection = Inspection::new(plan, clock.now());
    let mut stop = pin!(stop);
    let (mut stopped, mut over) = (false, false);
    let mut telling = interval(TELLING);
    telling.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let facts = loop {
        while let Some((to, ask)) = inspection.poll_ask(clock.now().instant) {
            let body = ask.to_body().expect("an ask has a few numbers and names");
            mail.post(&to, body, Worth::Lasting);
        }
        if let Some(facts) = inspection.facts() {
            break facts.clone();
        }
        tokio::select! {
            heard = listening.next(), if !over => match heard {
                Heard::Dispatch(from, body) => match Reply::parse(&body) {
                    Ok(reply) => inspection.on_reply(clock.now(), &from, reply),
                    Err(error) => tracing::warn!(%from, %error, "an answer is not understood"),
                },
                Heard::Told(..) => {}
                Heard::Over(why) => {
                    tracing::warn!("the test lesson is over: {why}");
                    over = true;
                    inspection.end(clock.now());
                }
            },
            () = wait_until(inspection.poll_timeout()) => inspection.handle_timeout(clock.now()),
            () = stop.as_mut(), if !stopped => {
                stopped = true;
                inspection.end(clock.now());
            }
            _ = telling.tick() => tell(&inspection.telling(clock.now().instant)),
        }
    };
    mail.close(GOODBYE).await;
    Ok(facts)
}

/// Whether the grant is an inspector's.
pub(super) fn inspects(config: &NodeConfig) -> Result<(), InspectError> {
    match config.grant.role {
        Role::Inspector => Ok(()),
        role => Err(InspectError::Role(format!(
            "an inspection needs an inspector's grant; this is for the role {role}"
        ))),
    }
}
