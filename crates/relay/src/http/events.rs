//! `GET /lessons/{lesson}/events`: server-sent events, a snapshot first.

use super::Relay;
use super::caller::Caller;
use super::refusal::{HttpRefusal, busy, refuse};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tongke_protocol::event::LessonEvent;

/// A comment so often keeps proxies from closing a quiet stream, and shows a dead listener.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Opens an event stream.
pub(super) async fn stream(
    State(relay): State<Arc<Relay>>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, HttpRefusal> {
    if relay.is_draining() {
        return Err(busy());
    }
    let Caller { lesson, grant } = caller.clone();
    let listening = relay.ask_for(&caller, move |plane, now| plane.listen(now, &lesson, &grant)).await?;
    let events = listening.ok_or_else(|| {
        let text = "this participant has too many event streams in the lesson; close some of them";
        refuse(StatusCode::TOO_MANY_REQUESTS, "too_many_listeners", text)
    })?;
    let stream = ReceiverStream::new(events).map(|event| Ok(written(&event)));
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn written(event: &LessonEvent) -> Event {
    // Events are strings and numbers in structs, which always have a JSON form.
    let json = serde_json::to_string(event).expect("an event has a JSON form");
    Event::default().event(event.name()).data(json)
}
