//! Bringing facts: they are signed, sent together, and each has an answer of its own.

use crate::aside::Aside;
use crate::backoff::Pace;
use crate::deliver::Delivery;
use crate::errand::{Brought, Errand, Later, off_runtime};
use crate::machine::Machine;
use crate::post::{Answer, Post, Posted, Verdict};
use crate::source::{MAX_FACT_LEN, Source, Taken};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;

/// Most of a refused fact that is logged, in bytes.
const MAX_LOGGED: usize = 200;

/// Begins to deliver facts. Those that are refused are put aside in `folder`.
pub(crate) fn deliver<S: Source>(source: Arc<S>, machine: Machine, folder: &Path, pace: Pace) -> Delivery {
    let (waiting, machine) = (source.clone(), Arc::new(machine));
    let facts = Facts { source, machine: machine.clone(), aside: Arc::new(Aside::new(folder)) };
    Delivery::start(facts, machine, pace, move || waiting.waiting_bytes())
}

struct Facts<S> {
    source: Arc<S>,
    machine: Arc<Machine>,
    aside: Arc<Aside>,
}

impl<S: Source> Errand for Facts<S> {
    const WHAT: &'static str = "facts";
    type Mark = S::Mark;

    async fn bring(&mut self, post: &Post) -> Result<Option<Brought<S::Mark>>, Later> {
        let (source, machine) = (self.source.clone(), self.machine.clone());
        // A thousand signatures take a while too.
        let taken = off_runtime(move || {
            let taken = source.take()?;
            Ok(taken.map(|Taken { facts, mark }| (mark, sign(&machine, facts))))
        });
        let taken: std::io::Result<_> = taken.await?;
        let taken = taken.map_err(|error| format!("what waits cannot be read: {error}"))?;
        let Some((mark, (signed, unfit))) = taken else { return Ok(None) };
        let mut outcome = Outcome { refused: unfit, ..Outcome::default() };
        send(post, signed, &mut outcome).await?;
        let refused = outcome.refused.len() as u64;
        if refused > 0 {
            self.put_aside(outcome.refused).await?;
        }
        Ok(Some(Brought { new: outcome.new, known: outcome.known, refused, mark }))
    }

    async fn settle(&mut self, mark: S::Mark) -> Result<(), Later> {
        let source = self.source.clone();
        off_runtime(move || source.settle(mark)).await
    }

    async fn news(&self) {
        self.source.news().notified().await;
    }
}

impl<S: Source> Facts<S> {
    /// Keeps facts that were refused, and says so.
    async fn put_aside(&self, refused: Vec<(Vec<u8>, Answer)>) -> Result<(), Later> {
        for (fact, Answer { code, message, .. }) in &refused {
            let fact = String::from_utf8_lossy(fact.get(..MAX_LOGGED).unwrap_or(fact));
            tracing::error!(code, message, %fact, "the registry does not take a fact; it is kept in refused.jsonl");
        }
        let aside = self.aside.clone();
        let kept = off_runtime(move || aside.keep(&refused)).await?;
        kept.map_err(|error| format!("a refused fact cannot be kept: {error}").into())
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
