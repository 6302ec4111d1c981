//! An inspector beside a lesson: asks its nodes for what they counted, and sends nothing else.

use super::InspectError;
use super::lead::inspects;
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
use tongke_inspection::conduct::beside::{Beside, BesidePlan};
use tongke_protocol::inspect::Reply;

/// How often progress is told.
const TELLING: Duration = Duration::from_secs(1);

/// Looks on at a lesson with an inspector's grant until `stop` is done or the lesson is over. `tell` hears once a
/// second since when, and how many answers came from each place.
pub async fn beside(
    config: &NodeConfig,
    plan: BesidePlan,
    tell: &mut dyn FnMut(Duration, [u64; 2]),
    stop: impl Future<Output = ()>,
) -> Result<Facts, InspectError> {
    inspects(config)?;
    let http = http(config)?;
    let mut listening = Listening::begin(&http, config.connect_timeout).await?;
    let (mail, _) = Mail::start(http);
    let clock = MachineClock::start();
    let mut beside = Beside::new(plan, clock.now());
    let mut stop = pin!(stop);
    let (mut ended, mut stopped) = (false, false);
    let mut telling = interval(TELLING);
    telling.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        while let Some((to, ask)) = beside.poll_ask(clock.now().instant) {
            let body = ask.to_body().expect("an ask has a few numbers and names");
            // A question that is late is asked again, with another number.
            mail.post(&to, body, Worth::Passing);
        }
        if let Some(facts) = beside.facts() {
            return Ok(facts.clone());
        }
        let end = tokio::select! {
            heard = listening.next(), if !ended => match heard {
                Heard::Dispatch(from, body) => {
                    match Reply::parse(&body) {
                        Ok(reply) => beside.on_reply(clock.now(), &from, reply),
                        Err(error) => tracing::warn!(%from, %error, "an answer is not understood"),
                    }
                    false
                }
                Heard::Told(who, name, report) => {
                    beside.on_told(&who, name.as_deref(), report);
                    false
                }
                Heard::Over(why) => {
                    tracing::info!("the lesson is over: {why}");
                    ended = true;
                    true
                }
            },
            () = wait_until(beside.poll_timeout()) => {
                beside.handle_timeout(clock.now());
                false
            }
            () = stop.as_mut(), if !(ended || stopped) => {
                stopped = true;
                true
            }
            _ = telling.tick() => {
                let (since, looks) = beside.seen(clock.now().instant);
                tell(since, looks);
                false
            }
        };
        if end {
            beside.end(clock.now());
        }
    }
}
