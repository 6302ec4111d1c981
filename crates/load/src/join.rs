//! Sessions begin: an offer, an answer, a socket.

use crate::browser::{Browser, Identity, Sources};
use crate::engine::clock::wall_ns;
use crate::engine::{EngineHandle, Peer, Publisher, Side, Subscriber};
use crate::load::LoadConfig;
use crate::shape::Place;
use crate::signal::Signal;
use crate::{LoadError, port};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How sessions come.
#[derive(Debug, Clone, Copy)]
pub enum Joining {
    /// At most so many at once.
    Calmly(usize),
    /// Evenly over this time, whether or not those before are done.
    Over(Duration),
}

/// Has each place join by `join`, in this manner; ends with the first that fails.
pub(crate) async fn all<J>(
    places: Vec<Place>,
    how: Joining,
    mut join: impl FnMut(Place) -> J,
) -> Result<(), LoadError>
where
    J: Future<Output = Result<(), LoadError>> + Send + 'static,
{
    let count = places.len().max(1) as u32;
    let permits = Arc::new(Semaphore::new(match how {
        Joining::Calmly(at_once) => at_once.max(1),
        Joining::Over(_) => places.len().max(1),
    }));
    let ended = |error: tokio::task::JoinError| LoadError::Ended(error.to_string());
    let (mut joins, start) = (JoinSet::new(), Instant::now());
    for (at, place) in (0..).zip(places) {
        if let Joining::Over(time) = how {
            tokio::time::sleep_until((start + time * at / count).into()).await;
        }
        // The semaphore is never closed.
        let permit = permits.clone().acquire_owned().await;
        let joined = join(place);
        joins.spawn(async move {
            let _permit = permit;
            joined.await
        });
        while let Some(joined) = joins.try_join_next() {
            joined.map_err(ended)??;
        }
    }
    while let Some(joined) = joins.join_next().await {
        joined.map_err(ended)??;
    }
    Ok(())
}

/// A client for a place, and which side it is.
pub(crate) fn client(identity: &Identity, config: LoadConfig, place: Place) -> (Browser, Side) {
    let side = place.publisher.map_or("r", |_| "s");
    let name = format!("l{}p{}{side}", place.lesson, place.participant);
    match place.publisher {
        Some(number) => {
            let ssrc = (u32::from(number) + 1) * 16;
            let sources = Sources { video: ssrc, rtx: ssrc + 1, audio: ssrc + 2 };
            let publisher = Publisher::new(number, config.seed, config.pace, sources);
            (Browser::of(identity, &name, Some(sources)), Side::Publisher(Box::new(publisher)))
        }
        None => (Browser::of(identity, &name, None), Side::Subscriber(Box::default())),
    }
}

/// A client posts its offer and goes into the load's thread with the answer.
pub(crate) async fn webrtc(
    signal: Signal,
    engine: Arc<EngineHandle>,
    place: Place,
    (mut browser, mut side): (Browser, Side),
) -> Result<(), LoadError> {
    let offered_ns = wall_ns();
    let answer = signal.post(place, browser.offer.clone()).await?;
    let address = browser.connect(Instant::now(), &answer)?;
    if let Side::Subscriber(subscriber) = &mut side {
        **subscriber = Subscriber::new(video_ssrc(&answer));
    }
    let socket = port::open(address)?;
    let peer = Peer::new((browser, socket), side, (place.lesson, place.participant), offered_ns);
    engine.ask(move |engine| engine.add(peer))?
}

/// The source of pictures that an answer promises: the first of its first media section.
fn video_ssrc(answer: &str) -> u32 {
    let line = answer.lines().find_map(|line| line.strip_prefix("a=ssrc:"));
    line.and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn places(count: usize) -> Vec<Place> {
        (0..count).map(|participant| Place { lesson: 0, participant, publisher: None }).collect()
    }

    #[tokio::test]
    async fn no_more_join_at_once_than_may() {
        for (how, most_at_once) in [(Joining::Calmly(3), 3), (Joining::Over(Duration::ZERO), 10)] {
            let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let join = |_| {
                let (now, most) = (now.clone(), most.clone());
                async move {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    for _ in 0..50 {
                        tokio::task::yield_now().await;
                    }
                    now.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                }
            };
            all(places(10), how, join).await.unwrap();
            assert!(most.load(Ordering::SeqCst) <= most_at_once);
            assert!(most.load(Ordering::SeqCst) > 1);
        }
    }

    #[tokio::test]
    async fn the_first_failure_is_told() {
        let join = |place: Place| async move {
            if place.participant == 3 { Err(LoadError::Answer("no".into())) } else { Ok(()) }
        };
        assert!(all(places(5), Joining::Calmly(2), join).await.is_err());
    }

    #[test]
    fn the_promised_source_is_read() {
        assert_eq!(video_ssrc("m=video\r\na=ssrc:77 cname:x\r\na=ssrc:78 cname:x\r\n"), 77);
        assert_eq!(video_ssrc("m=video\r\n"), 0);
    }
}
