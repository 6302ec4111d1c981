//! The lesson's event stream as either end hears it: dispatches, until the lesson is over.

use crate::link::reconnect::Backoff;
use crate::link::{EventStream, LinkError, RelayHttp};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tongke_protocol::ParticipantId;
use tongke_protocol::event::{ClockReport, LessonEvent, ParticipantInfo};

/// Dispatches that wait to be read; the relay then keeps a few more.
const QUEUE: usize = 64;

/// What is heard.
#[derive(Debug)]
pub(super) enum Heard {
    /// Somebody says something.
    Dispatch(ParticipantId, String),
    /// Of somebody the name, or how its clock stands to the relay's.
    Told(ParticipantId, Option<String>, Option<ClockReport>),
    /// Nothing more will come, and why.
    Over(String),
}

/// The stream, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Listening {
    heard: mpsc::Receiver<Heard>,
    _task: JoinSet<()>,
}

impl Listening {
    /// Joins the lesson as a listener; tries for `patience`, and from then on for ever.
    pub(super) async fn begin(http: &RelayHttp, patience: Duration) -> Result<Listening, LinkError> {
        let stream = open(http, Some(Instant::now() + patience)).await?;
        let (queue, heard) = mpsc::channel(QUEUE);
        let mut task = JoinSet::new();
        task.spawn(listen(http.clone(), stream, queue));
        Ok(Listening { heard, _task: task })
    }

    /// The next thing that is heard. Safe to cancel.
    pub(super) async fn next(&mut self) -> Heard {
        let over = || Heard::Over("the event stream's task ended".to_owned());
        self.heard.recv().await.unwrap_or_else(over)
    }
}

/// Opens the stream, and tries again where that may help.
async fn open(http: &RelayHttp, until: Option<Instant>) -> Result<EventStream, LinkError> {
    let mut backoff = Backoff::default();
    loop {
        let error = match http.events().await {
            Ok(stream) => return Ok(stream),
            Err(error) => error,
        };
        let wait = backoff.wait(rand::random());
        if error.is_final().is_some() || until.is_some_and(|until| Instant::now() + wait > until) {
            return Err(error);
        }
        sleep(wait).await;
    }
}

/// What of an event is of interest here.
fn of(event: LessonEvent) -> Vec<Heard> {
    let told = |it: ParticipantInfo| Heard::Told(it.id, Some(it.name), it.clock);
    match event {
        LessonEvent::Dispatch { from, body } => vec![Heard::Dispatch(from, body)],
        LessonEvent::Snapshot { participants, .. } => participants.into_iter().map(told).collect(),
        LessonEvent::Joined { participant } => vec![told(participant)],
        LessonEvent::Clock { participant, clock } => vec![Heard::Told(participant, None, Some(clock))],
        LessonEvent::Ending { reason, reconnect: false } => vec![Heard::Over(reason)],
        _ => Vec::new(),
    }
}

async fn listen(http: RelayHttp, mut stream: EventStream, queue: mpsc::Sender<Heard>) {
    loop {
        match stream.next().await {
            Ok(event) => {
                for heard in of(event) {
                    let is_last = matches!(heard, Heard::Over(_));
                    if queue.send(heard).await.is_err() || is_last {
                        return;
                    }
                }
            }
            Err(why) => {
                tracing::debug!(why, "the event stream ended, it is opened again");
                match open(&http, None).await {
                    Ok(again) => stream = again,
                    Err(error) => {
                        let _ = queue.send(Heard::Over(error.to_string())).await;
                        return;
                    }
                }
            }
        }
    }
}
