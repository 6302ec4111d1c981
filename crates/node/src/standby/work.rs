//! Orders, carried out.

use super::{Standby, now};
use crate::admission::admit;
use crate::config::NodeConfig;
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
use tongke_outbox::{AskError, Machine, OrderLink};
use tongke_protocol::order::{Door, MAX_WORDS_CHARS, NEWS_PERIOD_S, OrderKind, OrderNews, OrderState};

/// How long the idle line is watched in a self-test.
const IDLE: Duration = Duration::from_secs(20);
/// Longest self-test. It ends by itself long before; a driver that hangs must not hold the machine.
const SELF_TEST_MOST: Duration = Duration::from_secs(170);
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
pub(super) async fn carry_out(standby: &Standby, id: &str, what: &OrderKind, asked_by: &str) -> OrderNews {
    let (say, said) = watch::channel(String::new());
    let work = async {
        match what {
            OrderKind::SelfTest(door) => test_self(standby, door, asked_by, &say).await,
            OrderKind::JoinInspection(_) => {
                Err("this program takes part in no inspections; update it".to_owned())
            }
        }
    };
    let done = tokio::select! {
        done = work => done,
        refused = tell_progress(&standby.link, id, said) => Err(refused),
    };
    done.unwrap_or_else(failed)
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
) -> Result<OrderNews, String> {
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
    keep(standby, facts).await
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
