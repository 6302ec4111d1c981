//! Orders, carried out: a self-test, or an end of an inspection.

use super::{Standby, now};
use crate::admission::admit;
use crate::config::NodeConfig;
use crate::inspect::{For, lead, plan_for, stand_by, stand_by_for};
use crate::keeping::keep_report;
use crate::selftest::{History, Progress, SelfTest, selftest};
use crate::settings::NodeSettings;
use std::fmt::Display;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tongke_inspection::Facts;
use tongke_inspection::conduct::{Plan, Telling};
use tongke_inspection::facts::Cause;
use tongke_inspection::quantity::Step;
use tongke_outbox::{AskError, Machine, OrderLink};
use tongke_protocol::order::{
    Door, JoinInspection, LeadInspection, MAX_WORDS_CHARS, NEWS_PERIOD_S, OrderKind, OrderNews, OrderState,
};

/// How long the idle line is watched in a self-test.
const IDLE: Duration = Duration::from_secs(20);
/// Longest self-test. It ends by itself long before; a driver that hangs must not hold the machine.
const SELF_TEST_MOST: Duration = Duration::from_secs(170);
/// How long after the end the node that led stays: the far one still sends its last words.
const GOODBYE: Duration = Duration::from_secs(2);

/// What an order came to.
pub(super) struct Outcome {
    /// What is to be said of it.
    pub news: OrderNews,
    /// Whether the relay had no room for the test's load, or somebody else tested on the line.
    pub found_no_room: bool,
}

impl Outcome {
    fn of(news: OrderNews) -> Outcome {
        Outcome { news, found_no_room: false }
    }
}

/// News of an order that is being carried out.
pub(super) fn taken(words: &str) -> OrderNews {
    OrderNews { state: OrderState::Taken, words: short(words), report: None }
}

/// News of an order that came to nothing.
pub(super) fn failed(why: impl Display) -> OrderNews {
    OrderNews { state: OrderState::Failed, words: short(&why.to_string()), report: None }
}

fn short(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(MAX_WORDS_CHARS).collect()
}

/// Carries an order out and tells meanwhile how it goes. Gives what is to be said at the end.
pub(super) async fn carry_out(standby: &Standby, id: &str, what: &OrderKind, asked_by: &str) -> Outcome {
    let (say, said) = watch::channel(String::new());
    let work = async {
        match what {
            OrderKind::SelfTest(door) => test_self(standby, door, asked_by, &say).await,
            OrderKind::JoinInspection(join) => inspect(standby, join, &say).await.map(Outcome::of),
        }
    };
    let done = tokio::select! {
        done = work => done,
        refused = tell_progress(&standby.link, id, said) => Err(refused),
    };
    done.unwrap_or_else(|why| Outcome::of(failed(why)))
}

/// Tells each ten seconds what is being done. What is not heard is told again with the next. Ends when the registry
/// wants no more of it: who led the inspection is done, or nobody is to do this any more.
async fn tell_progress(link: &OrderLink, id: &str, said: watch::Receiver<String>) -> String {
    let mut period = tokio::time::interval(Duration::from_secs(u64::from(NEWS_PERIOD_S)));
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        period.tick().await;
        let words = said.borrow().clone();
        match link.tell(id, taken(&words), now()).await {
            Ok(()) => {}
            Err(AskError::Refused { code, message, .. }) if code.starts_with("order_") => return message,
            Err(error) => tracing::debug!(order = id, %error, "the registry does not hear how an order goes"),
        }
    }
}

/// Tests this machine and its line, and keeps the report.
async fn test_self(
    standby: &Standby,
    door: &Door,
    asked_by: &str,
    say: &watch::Sender<String>,
) -> Result<Outcome, String> {
    let config = config_for(standby, door, &door.grant).await?;
    let plan = SelfTest { asked_by: asked_by.to_owned(), idle: IDLE, attended: false, load: standby.load };
    let mut tell = |progress: Progress| {
        let (doing, left_s) = (progress.doing.name(), progress.whole_left.as_secs());
        say.send_replace(format!("{doing}, {left_s} s left"));
    };
    let tested = selftest(&config, &plan, &mut tell, pending());
    let tested = tokio::time::timeout(SELF_TEST_MOST, tested).await;
    let facts =
        tested.map_err(|_| "the self-test did not end in time")?.map_err(|error| error.to_string())?;
    if let Err(error) = History::of(&standby.data).keep(&facts) {
        tracing::warn!(%error, "the self-test is not kept among the earlier ones");
    }
    let capacity = facts.step(Step::Capacity).and_then(|step| step.not_run);
    let found_no_room = capacity == Some(Cause::LineBusy);
    Ok(Outcome { news: keep(standby, facts).await?, found_no_room })
}

/// Is one end of an inspection, and leads it if that was ordered.
async fn inspect(
    standby: &Standby,
    join: &JoinInspection,
    say: &watch::Sender<String>,
) -> Result<OrderNews, String> {
    let config = config_for(standby, &join.door, &join.door.grant).await?;
    say.send_replace("inspection".to_owned());
    match &join.lead {
        Some(wanted) => {
            // The end of the inspection is the end of this node's part in it.
            let (over, ended) = tokio::sync::oneshot::channel::<()>();
            let there = stand_by(config, async { drop(ended.await) });
            let led = async {
                let facts = lead_it(standby, &join.door, wanted, say).await;
                tokio::time::sleep(GOODBYE).await;
                drop(over);
                facts
            };
            let (there, facts) = tokio::join!(there, led);
            let facts = facts.map_err(|error| match there {
                Err(why) => format!("{error} (this node: {why})"),
                Ok(()) => error,
            })?;
            keep(standby, facts).await
        }
        None => {
            // A node that leads tells the registry when it is done, and an asker lets go; without either the grant's
            // end is the end.
            let ends = Duration::from_secs(config.grant.expires_unix_s.saturating_sub(now().0 / 1_000_000));
            stand_by_for(For::OneInspection, config, tokio::time::sleep(ends))
                .await
                .map_err(|error| error.to_string())?;
            Ok(OrderNews { state: OrderState::Done, words: String::new(), report: None })
        }
    }
}

/// Leads an inspection to its facts.
async fn lead_it(
    standby: &Standby,
    door: &Door,
    wanted: &LeadInspection,
    say: &watch::Sender<String>,
) -> Result<Facts, String> {
    let LeadInspection { grant, from, to, hold_s, idle_s, metered, asked_by } = wanted;
    let config = config_for(standby, door, grant).await?;
    let plan = plan_for(&config, from.clone(), to.clone(), asked_by);
    let plan = Plan { hold_s: *hold_s, idle_s: *idle_s, metered: *metered || standby.load.metered, ..plan };
    let mut tell = |telling: &Telling| {
        say.send_replace(format!("{:?}, {} s left", telling.stage, telling.left_s));
    };
    lead(&config, plan, &mut tell, pending()).await.map_err(|error| error.to_string())
}

/// The node's configuration for a test: its own devices, the test's lesson and grant, and nothing told of it to the
/// registry but the report.
async fn config_for(standby: &Standby, door: &Door, grant: &str) -> Result<NodeConfig, String> {
    let settings = NodeSettings {
        relay: Some(door.relay.clone()),
        lesson: Some(door.lesson.to_string()),
        token: Some(grant.to_owned()),
        token_file: None,
        data: None,
        ..standby.settings.clone()
    };
    let has_authority = settings.relay_ca.is_some();
    let mut config = admit(settings).await.map_err(|error| error.to_string())?;
    let machine = &standby.machine;
    if !has_authority && machine.is_beside(&door.relay) {
        config.relay_ca = machine.authority().map(|pem| pem.as_bytes().to_vec());
    }
    Ok(config)
}

/// Keeps a report until the registry has it.
async fn keep(standby: &Standby, facts: Facts) -> Result<OrderNews, String> {
    let (data, machine, id) =
        (standby.data.clone(), Arc::<Machine>::clone(&standby.machine), facts.id.clone());
    let kept = tokio::task::spawn_blocking(move || keep_report(&data, &machine, facts)).await;
    kept.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    Ok(OrderNews { state: OrderState::Done, words: String::new(), report: Some(id) })
}
