//! Dispatches on their way out, one after the other, on a task of their own: neither end waits for the network.

use crate::link::{LinkError, RelayHttp};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tongke_protocol::ParticipantId;

/// Dispatches that wait; what does not fit is dropped, and asked for again.
const QUEUE: usize = 128;
/// A dispatch that lasts is tried for so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// What becomes of a dispatch that cannot be sent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// It is of the moment: dropped.
    Passing,
    /// It is tried again.
    Lasting,
}

/// Whether somebody was there to be told something.
#[derive(Debug)]
pub(super) struct Sent {
    pub to: ParticipantId,
    pub is_there: bool,
}

#[derive(Debug)]
struct Letter {
    to: ParticipantId,
    body: String,
    worth: Worth,
}

/// Where dispatches are put.
#[derive(Debug)]
pub(super) struct Mail {
    queue: mpsc::Sender<Letter>,
    task: JoinHandle<()>,
}

impl Mail {
    /// Begins to send.
    pub(super) fn start(http: RelayHttp) -> (Mail, mpsc::Receiver<Sent>) {
        let (queue, mut letters) = mpsc::channel::<Letter>(QUEUE);
        let (sent, news) = mpsc::channel(QUEUE);
        let task = tokio::spawn(async move {
            while let Some(letter) = letters.recv().await {
                if let Some(is_there) = deliver(&http, &letter).await {
                    // Nobody reads the news: then nobody needs them.
                    let _ = sent.try_send(Sent { to: letter.to, is_there });
                }
            }
        });
        (Mail { queue, task }, news)
    }

    /// Puts a dispatch into the queue.
    pub(super) fn post(&self, to: &ParticipantId, body: String, worth: Worth) {
        // Behind others it would be old news when it comes.
        if worth == Worth::Passing && self.queue.capacity() < QUEUE {
            return;
        }
        if self.queue.try_send(Letter { to: to.clone(), body, worth }).is_err() {
            tracing::debug!(%to, "too many dispatches wait: one was dropped");
        }
    }

    /// Sends what is waiting, within `patience`, and ends.
    pub(super) async fn close(self, patience: Duration) {
        drop(self.queue);
        let abort = self.task.abort_handle();
        if timeout(patience, self.task).await.is_err() {
            abort.abort();
        }
    }
}

/// Sends one. Says whether its addressee is in the lesson; none: that is not known.
async fn deliver(http: &RelayHttp, letter: &Letter) -> Option<bool> {
    let until = Instant::now() + PATIENCE;
    loop {
        let error = match http.dispatch(&letter.to, letter.body.clone()).await {
            Ok(()) => return Some(true),
            Err(error) => error,
        };
        let passes = match &error {
            LinkError::Refused(refusal) => match refusal.code.as_str() {
                "addressee_away" => return Some(false),
                // This end's own event stream is about to be opened again, too.
                "addressee_busy" | "dispatch_too_often" | "not_in_lesson" => true,
                _ => false,
            },
            _ => true,
        };
        if !passes || letter.worth == Worth::Passing || Instant::now() + PAUSE > until {
            tracing::debug!(%error, to = %letter.to, "a dispatch was not sent");
            return None;
        }
        sleep(PAUSE).await;
    }
}
