//! What watches over the workers: one that ends by itself is replaced, and its lessons go on.
//!
//! Everybody in such a lesson has lost the connection and comes back. The lesson goes to another
//! worker, which lives already; only when there is none does it wait for the replacement. How it was
//! conducted comes back from the journal.

use crate::clock::Clock;
use crate::error::RelayError;
use crate::http::Relay;
use crate::journal::Restored;
use crate::worker::{self, Ended, Start, WorkerHandle};
use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tongke_protocol::LessonId;

/// How often workers are asked which of their lessons they have forgotten.
const TIDY_PERIOD: Duration = Duration::from_secs(60);
/// Lessons that a worker is asked about at once, so that no packet waits for long.
const TIDY_TOGETHER: usize = 256;
/// Lessons that move together: those that ran come first, and nobody waits for all of them.
const MOVE_TOGETHER: usize = 64;
/// So many workers that ended by themselves within [`LATELY`] are the relay's end.
const MAX_ENDED: usize = 5;
const LATELY: Duration = Duration::from_secs(60);

/// Watches, for ever or until it is of no use any more.
pub(crate) async fn watch(relay: Arc<Relay>, start: Start, mut ended: mpsc::Receiver<Ended>) -> RelayError {
    let start = Arc::new(start);
    let mut lately = VecDeque::with_capacity(MAX_ENDED);
    let mut tidy_again = tokio::time::interval(TIDY_PERIOD);
    tidy_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(Ended { worker, why }) = ended.recv() => {
                tracing::error!(worker, why, "a worker ended by itself");
                if is_too_often(&mut lately, start.clock.now().instant) {
                    return RelayError::WorkerEnded(worker);
                }
                if let Err(error) = replace(&relay, &start, worker).await {
                    return error;
                }
            }
            _ = tidy_again.tick() => tidy(&relay).await,
        }
    }
}

/// Notes that a worker ended. True: the relay must not go on like this.
fn is_too_often(lately: &mut VecDeque<Instant>, now: Instant) -> bool {
    lately.push_back(now);
    if lately.len() > MAX_ENDED {
        lately.pop_front();
    }
    let since = lately.front().map_or(Duration::ZERO, |first| now.saturating_duration_since(*first));
    lately.len() == MAX_ENDED && since < LATELY
}

/// Moves the lessons of a worker that ended, and starts it again.
async fn replace(relay: &Relay, start: &Arc<Start>, index: usize) -> Result<(), RelayError> {
    let lessons = by_need(&relay.workers[index], relay.placement.worker_ended(index));
    let count = lessons.len();
    part(relay, index).await;
    let (staying, going): (Vec<_>, Vec<_>) = lessons
        .into_iter()
        .map(|lesson| (relay.placement.refuge(&lesson), lesson))
        .partition(|(refuge, _)| *refuge == index);
    if relay.journal.is_none() && count > 0 {
        tracing::warn!(lessons = count, "floor, mutes and locks of its lessons are lost: no facts are kept");
    }
    resettle(relay, start.clock, &going).await;
    restart(relay, start, index).await?;
    introduce(relay, index).await;
    resettle(relay, start.clock, &staying).await;
    relay.placement.worker_began(index);
    relay.restarts.fetch_add(1, Ordering::Relaxed);
    tracing::info!(
        worker = index,
        moved = going.len(),
        stayed = staying.len(),
        "the worker was started again"
    );
    Ok(())
}

/// Tells the others that a worker has ended: a lesson must not come to one that still has a branch of it.
async fn part(relay: &Relay, index: usize) {
    for (_, worker) in relay.workers.iter().enumerate().filter(|(other, _)| *other != index) {
        // One that has ended too forgets it by that.
        let _ = worker.ask_patiently(move |plane, now| plane.lose(now, index)).await;
    }
}

/// Lets a worker that was started again and all others know how they are reached.
async fn introduce(relay: &Relay, index: usize) {
    for (other, worker) in relay.workers.iter().enumerate().filter(|(other, _)| *other != index) {
        let (here, there) = (relay.workers[index].trunk(), worker.trunk());
        // One that has ended too is introduced when it is started again.
        let _ = worker.ask_patiently(move |plane, now| plane.meet(now, index, here)).await;
        let _ = relay.workers[index].ask_patiently(move |plane, now| plane.meet(now, other, there)).await;
    }
}

/// Those that ran first: somebody waits for them.
fn by_need(worker: &WorkerHandle, mut lessons: Vec<LessonId>) -> Vec<LessonId> {
    let status = worker.status();
    let ran: HashSet<&LessonId> = status.core.lessons.iter().map(|stats| &stats.lesson).collect();
    lessons.sort_by_key(|lesson| !ran.contains(lesson));
    lessons
}

/// Brings lessons to their new workers, with all that is known of how they are conducted.
async fn resettle(relay: &Relay, clock: Clock, lessons: &[(usize, LessonId)]) {
    for some in lessons.chunks(MOVE_TOGETHER) {
        let restored = recall(relay, clock, some).await;
        for (index, worker) in relay.workers.iter().enumerate() {
            let here: Vec<LessonId> =
                some.iter().filter(|(to, _)| *to == index).map(|(_, lesson)| lesson.clone()).collect();
            if here.is_empty() {
                continue;
            }
            let known: Vec<Restored> =
                restored.iter().filter(|restored| here.contains(&restored.lesson)).cloned().collect();
            let told = worker.ask_patiently(move |plane, now| {
                for Restored { lesson, state, people } in known {
                    plane.core.restore(now, &lesson, state, people);
                }
            });
            if told.await.is_err() {
                tracing::error!(worker = index, "it ended too, with the lessons that were to live on it");
            }
            relay.placement.moved(&here, index);
        }
    }
}

async fn recall(relay: &Relay, clock: Clock, lessons: &[(usize, LessonId)]) -> Vec<Restored> {
    let Some(journal) = &relay.journal else { return Vec::new() };
    let lessons: Vec<LessonId> = lessons.iter().map(|(_, lesson)| lesson.clone()).collect();
    let count = lessons.len();
    journal.recall(lessons, clock.now().wall).await.unwrap_or_else(|| {
        tracing::error!(lessons = count, "the journal does not answer: floor, mutes and locks are lost");
        Vec::new()
    })
}

/// Starts a worker's thread again.
async fn restart(relay: &Relay, start: &Arc<Start>, index: usize) -> Result<(), RelayError> {
    let sockets = relay.workers[index].sockets();
    let start = start.clone();
    // Making a thread and, on failure, undoing it may block.
    let begun = tokio::task::spawn_blocking(move || worker::start_again(&start, index, &sockets));
    let failed = |error| RelayError::System { what: "start a worker again", source: io::Error::other(error) };
    relay.workers[index].replace(begun.await.map_err(failed)??);
    Ok(())
}

/// Forgets where the lessons lived that their workers have forgotten.
async fn tidy(relay: &Relay) {
    for (index, worker) in relay.workers.iter().enumerate() {
        for some in relay.placement.idle(index).chunks(TIDY_TOGETHER) {
            let some = some.to_vec();
            // A worker that has too much to do is asked another time.
            let Ok(forgotten) = worker.ask(move |plane, now| plane.forgotten(now, some)).await else { break };
            forgotten.iter().for_each(|lesson| relay.placement.release(lesson));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_that_end_now_and_then_are_replaced_but_not_one_after_another() {
        let start = Instant::now();
        let mut lately = VecDeque::new();
        for n in 0..20_u32 {
            assert!(!is_too_often(&mut lately, start + n * LATELY / 3));
        }
        let later = start + 10 * LATELY;
        let ended = (1..10_u32).find(|n| is_too_often(&mut lately, later + *n * Duration::from_secs(1)));
        assert_eq!(ended, Some(MAX_ENDED as u32));
    }
}
