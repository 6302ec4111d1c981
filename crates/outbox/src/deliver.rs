//! The one owner of attempts to deliver: takes what waits, signs it, sends it, and tries again later if it
//! must.

use crate::aside::Aside;
use crate::backoff::{Backoff, Pace};
use crate::machine::Machine;
use crate::post::{Answer, Post, Posted, Verdict};
use crate::source::{MAX_FACT_LEN, Source, Taken};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Most of a refused fact that is logged, in bytes.
const MAX_LOGGED: usize = 200;

/// How delivery goes. Counters are since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryStatus {
    /// Facts that were new to the registry.
    pub new: u64,
    /// Facts that the registry had before.
    pub known: u64,
    /// Facts that it did not take, or that have another's id: kept in `refused.jsonl`.
    pub refused: u64,
    /// Attempts that failed.
    pub failures: u64,
    /// Why the last attempt failed; none: it did not.
    pub trouble: Option<String>,
    /// Bytes that wait.
    pub waiting_bytes: u64,
}

/// Delivery in the background. Ends when it is dropped; what has no answer by then is sent again.
pub struct Delivery {
    task: JoinHandle<()>,
    status: watch::Receiver<DeliveryStatus>,
    waiting_bytes: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Delivery {
    pub(crate) fn start<S: Source>(source: Arc<S>, machine: Machine, folder: &Path, pace: Pace) -> Delivery {
        let (told, status) = watch::channel(DeliveryStatus::default());
        let waiting = source.clone();
        let carrier = Carrier {
            source,
            machine: Arc::new(machine),
            aside: Arc::new(Aside::new(folder)),
            told,
            backoff: Backoff::new(pace),
        };
        let waiting_bytes = Box::new(move || waiting.waiting_bytes());
        Delivery { task: tokio::spawn(carrier.run()), status, waiting_bytes }
    }

    /// How it goes.
    pub fn status(&self) -> DeliveryStatus {
        let waiting_bytes = (self.waiting_bytes)();
        DeliveryStatus { waiting_bytes, ..self.status.borrow().clone() }
    }

    /// Waits until nothing is left to deliver, but no longer than `patience`. True: nothing is.
    pub async fn finish(&self, patience: Duration) -> bool {
        let mut status = self.status.clone();
        // Each request that has its answers is told in the status.
        let done = status.wait_for(|_| (self.waiting_bytes)() == 0);
        matches!(tokio::time::timeout(patience, done).await, Ok(Ok(_)))
    }
}

struct Carrier<S> {
    source: Arc<S>,
    machine: Arc<Machine>,
    aside: Arc<Aside>,
    told: watch::Sender<DeliveryStatus>,
    backoff: Backoff,
}

/// Why facts are sent again later.
struct Later {
    why: String,
    after: Option<Duration>,
}

impl From<String> for Later {
    fn from(why: String) -> Self {
        Later { why, after: None }
    }
}

/// What the registry said of facts that were taken together.
#[derive(Default)]
struct Outcome {
    new: u64,
    known: u64,
    refused: Vec<(Vec<u8>, Answer)>,
}

impl Outcome {
    fn take(&mut self, part: Vec<Signed>, answers: Vec<Answer>) {
        for (signed, answer) in part.into_iter().zip(answers) {
            match answer.status {
                Verdict::New => self.new += 1,
                Verdict::Known => self.known += 1,
                Verdict::Conflict | Verdict::Refused => self.refused.push((signed.fact, answer)),
            }
        }
    }
}

/// A fact that is to be sent.
struct Signed {
    fact: Vec<u8>,
    id: String,
    jws: String,
}

impl<S: Source> Carrier<S> {
    async fn run(mut self) {
        let post = match self.machine.post() {
            Ok(post) => post,
            Err(why) => return self.on_trouble(&format!("nothing can be sent: {why}")),
        };
        loop {
            match self.turn(&post).await {
                Ok(true) => {}
                Ok(false) => self.source.news().notified().await,
                Err(Later { why, after }) => {
                    self.on_trouble(&why);
                    let wait = self.backoff.wait(rand::random());
                    tokio::time::sleep(after.map_or(wait, |after| after.max(wait))).await;
                }
            }
        }
    }

    /// Delivers one request's worth. False: there was nothing.
    async fn turn(&mut self, post: &Post) -> Result<bool, Later> {
        let (source, machine) = (self.source.clone(), self.machine.clone());
        // Off the runtime: disks are slow, and a thousand signatures are too.
        let taken = tokio::task::spawn_blocking(move || {
            let taken = source.take()?;
            Ok(taken.map(|Taken { facts, mark }| (mark, sign(&machine, facts))))
        });
        let taken: std::io::Result<_> = taken.await.map_err(|error| error.to_string())?;
        let taken = taken.map_err(|error| format!("what waits cannot be read: {error}"))?;
        let Some((mark, (signed, unfit))) = taken else {
            // What seemed to wait may be no facts.
            self.told.send_modify(|_| {});
            return Ok(false);
        };
        let mut outcome = Outcome { refused: unfit, ..Outcome::default() };
        send(post, signed, &mut outcome).await?;
        if !outcome.refused.is_empty() {
            self.put_aside(&mut outcome).await?;
        }
        // Told before it is settled: whoever sees that nothing waits sees also what became of it.
        self.on_success();
        self.told.send_modify(|status| {
            status.new += outcome.new;
            status.known += outcome.known;
            status.refused += outcome.refused.len() as u64;
        });
        let source = self.source.clone();
        let settled = tokio::task::spawn_blocking(move || source.settle(mark));
        settled.await.map_err(|error| error.to_string())?;
        // Whoever waits for the end looks again.
        self.told.send_modify(|_| {});
        Ok(true)
    }

    /// Keeps facts that were refused, and says so.
    async fn put_aside(&self, outcome: &mut Outcome) -> Result<(), Later> {
        for (fact, Answer { code, message, .. }) in &outcome.refused {
            let fact = String::from_utf8_lossy(fact.get(..MAX_LOGGED).unwrap_or(fact));
            tracing::error!(code, message, %fact, "the registry does not take a fact; it is kept in refused.jsonl");
        }
        let (aside, refused) = (self.aside.clone(), std::mem::take(&mut outcome.refused));
        let kept = tokio::task::spawn_blocking(move || aside.keep(&refused).map(|()| refused));
        let kept = kept.await.map_err(|error| error.to_string())?;
        outcome.refused = kept.map_err(|error| format!("a refused fact cannot be kept: {error}"))?;
        Ok(())
    }

    fn on_success(&mut self) {
        self.backoff.reset();
        if self.told.borrow().trouble.is_some() {
            tracing::info!(registry = self.machine.registry(), "facts are delivered again");
            self.told.send_modify(|status| status.trouble = None);
        }
    }

    fn on_trouble(&mut self, why: &str) {
        if self.told.borrow().trouble.as_deref() != Some(why) {
            let registry = self.machine.registry();
            tracing::warn!(registry, why, "facts cannot be delivered; they wait on disk");
        }
        self.told.send_modify(|status| {
            status.failures += 1;
            status.trouble = Some(why.to_owned());
        });
    }
}

/// Sends facts until each has its answer, in smaller parts if the registry does not take the whole.
async fn send(post: &Post, signed: Vec<Signed>, outcome: &mut Outcome) -> Result<(), Later> {
    let mut parts = vec![signed];
    while let Some(mut part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        let jws: Vec<&str> = part.iter().map(|signed| signed.jws.as_str()).collect();
        let ids: Vec<&str> = part.iter().map(|signed| signed.id.as_str()).collect();
        match post.facts(&jws, &ids).await {
            Posted::Answered(answers) => outcome.take(part, answers),
            Posted::NotTaken(answer) if part.len() == 1 => outcome.take(part, vec![answer]),
            Posted::NotTaken(_) => {
                let second = part.split_off(part.len() / 2);
                parts.extend([second, part]);
            }
            Posted::Later { why, after } => return Err(Later { why, after }),
        }
    }
    Ok(())
}

/// Signs facts; what is none, or is too long to be sent, is sorted out.
fn sign(machine: &Machine, facts: Vec<Vec<u8>>) -> (Vec<Signed>, Vec<(Vec<u8>, Answer)>) {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    let unfit = |code: &str, message: String| Answer {
        id: None,
        status: Verdict::Refused,
        code: code.to_owned(),
        message,
    };
    let (mut signed, mut refused) = (Vec::with_capacity(facts.len()), Vec::new());
    for fact in facts {
        match serde_json::from_slice(&fact) {
            Ok(Named { id }) if fact.len() <= MAX_FACT_LEN => {
                let jws = machine.sign(&fact);
                signed.push(Signed { fact, id, jws });
            }
            Ok(Named { .. }) => {
                let message = format!("{} bytes are too long for a fact", fact.len());
                refused.push((fact, unfit("too_long", message)));
            }
            Err(error) => refused.push((fact, unfit("unreadable", error.to_string()))),
        }
    }
    (signed, refused)
}
