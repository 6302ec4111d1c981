//! WebRTC to the relay through the `webrtc` crate: one peer connection published by WHIP, one
//! receiving by WHEP, lesson events by server-sent events, clock probes and hands by HTTP.
//!
//! Packets are sent and received as they are: the node packetizes and repairs itself, the crate does
//! ICE, DTLS, SRTP, RTX, reports and transport-wide feedback.

mod answer;
mod packet;
mod peer;
mod publish;
mod receive;
mod running;
mod runtime;
mod tap;

use super::{Link, LinkError, LinkKind, LinkPlan, RelayHttp};
use crate::clock::MachineClock;
use peer::{Carrier, Reports};
use publish::Publisher;
use receive::Receiver;
use running::Running;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use webrtc::peer_connection::RTCPeerConnectionState;

/// Time for ICE and DTLS: six round trips of 0.8 s, which is a lesson's longest line.
const MEDIA_WAIT: Duration = Duration::from_secs(5);
/// Time for the goodbye.
const FAREWELL_WAIT: Duration = Duration::from_millis(700);

/// Connects over UDP or TCP. On success media flows both ways.
pub(super) async fn connect(
    kind: LinkKind,
    plan: &LinkPlan,
    http: &RelayHttp,
    clock: MachineClock,
) -> Result<Link, LinkError> {
    let carrier = if kind == LinkKind::WebrtcTcp { Carrier::Tcp } else { Carrier::Udp };
    let (_, local) = http.route().await?;
    let lesson_events = http.events().await?;
    tracing::debug!("event stream open");
    let asked = Instant::now();
    let publisher = async {
        match plan.publish.as_slice() {
            [] => Ok(None),
            tracks => Publisher::offer(http, local, carrier, tracks).await.map(Some),
        }
    };
    let receiver = async {
        match (plan.video_slots, plan.audio_slots) {
            (0, 0) => Ok(None),
            slots => Receiver::offer(http, local, carrier, slots).await.map(Some),
        }
    };
    let (publisher, receiver) = tokio::join!(publisher, receiver);
    let mut halves = Halves { publisher: None, receiver: None, http: http.clone() };
    let mut first_error = None;
    match publisher {
        Ok(publisher) => halves.publisher = publisher,
        Err(error) => first_error = Some(error),
    }
    match receiver {
        Ok(receiver) => halves.receiver = receiver,
        Err(error) => first_error = Some(error),
    }
    let up = match first_error {
        Some(error) => Err(error),
        None => halves.connected(kind).await,
    };
    if let Err(error) = up {
        halves.leave().await;
        return Err(error);
    }
    let (to_relay, from_relay, ends) = super::queues();
    let session = halves.receiver.as_ref().map(|half| half.session.name().to_owned()).unwrap_or_default();
    let slots = halves.receiver.as_ref().map(Receiver::link_slots).unwrap_or_default();
    let mut tasks = JoinSet::new();
    let run = Running::new(halves, lesson_events, ends, clock);
    tasks.spawn(run.run());
    Ok(Link { kind, session, slots, asked, to_relay, from_relay, tasks })
}

/// Both peer connections; either may be missing.
struct Halves {
    publisher: Option<Publisher>,
    receiver: Option<Receiver>,
    http: RelayHttp,
}

impl Halves {
    fn reports(&mut self) -> impl Iterator<Item = &mut Reports> {
        let publisher = self.publisher.as_mut().map(|half| &mut half.reports);
        publisher.into_iter().chain(self.receiver.as_mut().map(|half| &mut half.reports))
    }

    /// Waits until all media connections are up.
    async fn connected(&mut self, kind: LinkKind) -> Result<(), LinkError> {
        let all = async {
            for reports in self.reports() {
                let settled = reports.state.wait_for(|state| is_up(*state) || is_down(*state));
                match settled.await.map(|state| *state) {
                    Ok(state) if is_up(state) => {}
                    Ok(state) => {
                        return Err(LinkError::Media(format!("the media connection {state}")));
                    }
                    Err(_) => return Err(LinkError::Media("WebRTC ended".into())),
                }
            }
            Ok(())
        };
        tokio::time::timeout(MEDIA_WAIT, all).await.unwrap_or_else(|_| Err(kind.silence(MEDIA_WAIT)))
    }

    /// Ends the sessions at the relay and the connections, without waiting long for either.
    async fn leave(self) {
        let Halves { publisher, receiver, http } = self;
        let publish = async {
            if let Some(half) = publisher {
                http.leave(&half.session).await;
                let _ = half.connection.close().await;
            }
        };
        let receive = async {
            if let Some(half) = receiver {
                http.leave(&half.session).await;
                let _ = half.connection.close().await;
            }
        };
        let both = async { tokio::join!(publish, receive) };
        let _ = tokio::time::timeout(FAREWELL_WAIT, both).await;
    }
}

fn is_up(state: RTCPeerConnectionState) -> bool {
    state == RTCPeerConnectionState::Connected
}

fn is_down(state: RTCPeerConnectionState) -> bool {
    matches!(
        state,
        RTCPeerConnectionState::Disconnected
            | RTCPeerConnectionState::Failed
            | RTCPeerConnectionState::Closed
    )
}

#[cfg(test)]
mod tests;
