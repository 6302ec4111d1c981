//! RTP over QUIC to the relay: media in DATAGRAM frames (a packet too large for one on a stream of
//! its own), lesson events and clock probes on one bidirectional stream.

mod control;
mod endpoint;

use super::{
    Link, LinkCommand, LinkDown, LinkEnds, LinkError, LinkEvent, LinkKind, LinkPlan, LinkSlot, RelayHttp,
};
use crate::clock::{MachineClock, wait_until};
use bytes::Bytes;
use control::{ControlReceiver, ControlSender};
use quinn::{Connection, VarInt};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tongke_measure::ClockSample;
use tongke_protocol::TrackKind;
use tongke_protocol::control::{ClientMessage, ClockProbe, Hello, PublishTrack, RelayMessage, Welcome};
use tongke_protocol::event::LessonEvent;
use tongke_transport::quic::framing::{StreamReader, write_stream};
use tongke_transport::quic::{ClientLeg, ClientLegConfig, LegEvent};

/// Time for the handshake, and again for the answer to our hello.
const MEDIA_WAIT: Duration = Duration::from_secs(3);
/// Longest stream that carries a packet too large for a DATAGRAM frame.
const MAX_STREAM_LEN: usize = 128 * 1024;
/// Packets from such streams waiting for the link.
const STREAM_PACKETS: usize = 64;
/// Time for the goodbye to reach the relay.
const FAREWELL_WAIT: Duration = Duration::from_millis(300);
/// Datagrams taken in one go before what they cause is sent.
const MAX_BATCH: usize = 64;

const CODE_BYE: VarInt = VarInt::from_u32(0);

/// Connects. On success the relay has let us in.
pub(super) async fn connect(
    plan: &LinkPlan,
    http: &RelayHttp,
    clock: MachineClock,
) -> Result<Link, LinkError> {
    let links = http.links().await?;
    let (Some(port), Some(pin)) = (links.quic_port, links.quic_certificate_sha256) else {
        return Err(LinkError::NotOffered("the relay does not offer QUIC".into()));
    };
    let (relay, local) = http.route().await?;
    let asked = Instant::now();
    let endpoint = endpoint::open(local, &pin)?;
    let relay = std::net::SocketAddr::new(relay.ip(), port);
    let connecting = endpoint
        .connect(relay, "relay")
        .map_err(|error| LinkError::Media(format!("QUIC to {relay}: {error}")))?;
    let connection = tokio::time::timeout(MEDIA_WAIT, connecting)
        .await
        .map_err(|_| LinkKind::Quic.silence(MEDIA_WAIT))?
        .map_err(|error| LinkError::Media(format!("QUIC to {relay}: {error}")))?;
    let publish = published(plan);
    let greeting = tokio::time::timeout(MEDIA_WAIT, greet(&connection, plan, &publish));
    let (send, receive, welcome) = greeting.await.map_err(|_| LinkKind::Quic.silence(MEDIA_WAIT))??;

    let mut leg =
        ClientLeg::new(ClientLegConfig { publish, seed: rand::random(), ..ClientLegConfig::default() });
    leg.set_slots(&welcome.slots);
    let slots = welcome.slots.iter().map(|slot| LinkSlot { slot: slot.slot, media: slot.media }).collect();
    let (to_relay, from_relay, ends) = super::queues();
    let mut tasks = JoinSet::new();
    let running =
        Running { connection, send, leg, ends, clock, streams: JoinSet::new(), resent: HashMap::new() };
    tasks.spawn(running.run(receive));
    Ok(Link { kind: LinkKind::Quic, session: welcome.session, slots, asked, to_relay, from_relay, tasks })
}

fn published(plan: &LinkPlan) -> Vec<PublishTrack> {
    plan.publish.iter().map(|&(kind, codec)| PublishTrack { kind, codec, ssrc: rand::random() }).collect()
}

/// Says hello and waits for the answer.
async fn greet(
    connection: &Connection,
    plan: &LinkPlan,
    publish: &[PublishTrack],
) -> Result<(ControlSender, ControlReceiver, Welcome), LinkError> {
    let lost = |what: &str| LinkError::Media(format!("the relay {what} instead of answering our hello"));
    let (send, receive) = connection.open_bi().await.map_err(|_| lost("closed the connection"))?;
    let (mut send, mut receive) = (ControlSender::new(send), ControlReceiver::new(receive));
    let hello = Hello {
        token: plan.token.clone(),
        lesson: plan.lesson.clone(),
        publish: publish.to_vec(),
        video_slots: plan.video_slots,
        audio_slots: plan.audio_slots,
    };
    send.write(&ClientMessage::Hello(hello)).await.map_err(|_| lost("closed the connection"))?;
    match receive.next().await {
        Ok(RelayMessage::Welcome(welcome)) => Ok((send, receive, welcome)),
        Ok(RelayMessage::Refused(refusal)) => Err(LinkError::Refused(refusal)),
        Ok(_) => Err(lost("said something else")),
        Err(reason) => Err(lost(&format!("ended ({reason})"))),
    }
}

/// What can happen to a running link.
enum Turn {
    Command(Option<LinkCommand>),
    Datagram(Bytes),
    Message(Result<RelayMessage, String>, Instant),
    Closed(String),
    Due,
}

/// A link that is up.
struct Running {
    connection: Connection,
    send: ControlSender,
    leg: ClientLeg,
    ends: LinkEnds,
    clock: MachineClock,
    /// Packets too large for a datagram, on their way.
    streams: JoinSet<()>,
    /// Packets sent again, as last told.
    resent: HashMap<TrackKind, u64>,
}

impl Running {
    async fn run(mut self, mut receive: ControlReceiver) {
        let (stream_packets, mut from_streams) = mpsc::channel(STREAM_PACKETS);
        let mut reader = JoinSet::new();
        reader.spawn(read_streams(self.connection.clone(), stream_packets));
        let down = loop {
            let turn = self.next_turn(&mut receive, &mut from_streams).await;
            if let Some(down) = self.take(turn).await {
                break down;
            }
            self.flush();
        };
        self.ends.events.tell(LinkEvent::Down(down)).await;
        self.leave().await;
    }

    async fn next_turn(
        &mut self,
        receive: &mut ControlReceiver,
        from_streams: &mut mpsc::Receiver<Bytes>,
    ) -> Turn {
        let due = self.leg.poll_timeout();
        tokio::select! {
            command = self.ends.commands.recv() => Turn::Command(command),
            datagram = self.connection.read_datagram() => match datagram {
                Ok(datagram) => Turn::Datagram(datagram),
                Err(error) => Turn::Closed(error.to_string()),
            },
            message = receive.next() => Turn::Message(message, Instant::now()),
            Some(packet) = from_streams.recv() => Turn::Datagram(packet),
            () = wait_until(due) => Turn::Due,
            Some(_) = self.streams.join_next() => Turn::Due,
        }
    }

    /// Does what happened; some reason ends the link.
    async fn take(&mut self, turn: Turn) -> Option<LinkDown> {
        match turn {
            Turn::Command(command) => return self.command(command).await,
            Turn::Datagram(datagram) => {
                let now = self.clock.now();
                self.leg.handle_datagram(now, &datagram);
                self.drain_datagrams();
            }
            Turn::Message(message, at) => return self.message(message, at).await,
            Turn::Closed(reason) => return Some(LinkDown { reason, reconnect: true }),
            Turn::Due => self.leg.handle_timeout(self.clock.now()),
        }
        None
    }

    /// What else has come already: one wake for a burst.
    fn drain_datagrams(&mut self) {
        use futures_util::FutureExt as _;
        for _ in 0..MAX_BATCH {
            match self.connection.read_datagram().now_or_never() {
                Some(Ok(datagram)) => self.leg.handle_datagram(self.clock.now(), &datagram),
                _ => return,
            }
        }
    }

    /// Sends what the leg wants sent and tells the node what it has to tell.
    fn flush(&mut self) {
        while let Some(datagram) = self.leg.poll_transmit() {
            self.transmit(datagram);
        }
        while let Some(event) = self.leg.poll_event() {
            match event {
                LegEvent::Rtp { slot, packet, ext_seq, recovered, arrived } => {
                    self.ends.events.offer(LinkEvent::Rtp { slot, ext_seq, packet, recovered, arrived });
                }
                LegEvent::KeyframeRequest { track } => {
                    self.ends.events.offer(LinkEvent::KeyframeRequest { track });
                }
                LegEvent::LossReport { track, fraction_lost, rtt, .. } => {
                    self.ends.events.offer(LinkEvent::Loss { track, fraction_lost, rtt });
                    self.tell_resent(track);
                }
                // Every packet carries its capture moment; a coarser clock adds nothing.
                LegEvent::SenderClock { .. } => {}
            }
        }
    }

    /// Tells how many packets of a track were sent again since the last time.
    fn tell_resent(&mut self, track: TrackKind) {
        let published = self.leg.stats().published;
        let resent = published.iter().find(|stats| stats.track == track).map_or(0, |stats| stats.resent);
        let told = self.resent.entry(track).or_default();
        let packets = resent - std::mem::replace(told, resent);
        if packets > 0 {
            self.ends.events.offer(LinkEvent::Retransmitted { track, packets });
        }
    }

    fn transmit(&mut self, datagram: Bytes) {
        if self.connection.max_datagram_size().is_some_and(|most| datagram.len() <= most) {
            // A full buffer drops its oldest packet; a closed connection tells of itself elsewhere.
            let _ = self.connection.send_datagram(datagram);
            return;
        }
        let connection = self.connection.clone();
        self.streams.spawn(async move {
            let Ok(mut stream) = connection.open_uni().await else { return };
            let mut content = Vec::with_capacity(datagram.len() + 8);
            if write_stream(&mut content, &datagram).is_ok() && stream.write_all(&content).await.is_ok() {
                let _ = stream.finish();
            }
        });
    }

    async fn command(&mut self, command: Option<LinkCommand>) -> Option<LinkDown> {
        let now = self.clock.now();
        let message = match command {
            Some(LinkCommand::Send { track, packets }) => {
                packets.into_iter().for_each(|packet| self.leg.send(now, track, packet));
                return None;
            }
            Some(LinkCommand::RequestKeyframe { slot }) => {
                self.leg.request_keyframe(now, slot);
                return None;
            }
            Some(LinkCommand::Hand { raised }) => ClientMessage::Hand { raised },
            Some(LinkCommand::ReportClock(report)) => ClientMessage::Clock(report),
            Some(LinkCommand::ProbeClock) => {
                ClientMessage::ClockProbe(ClockProbe { t1_us: now.wall.as_unix_us() })
            }
            Some(LinkCommand::Close) | None => {
                return Some(LinkDown { reason: "left".into(), reconnect: false });
            }
        };
        match self.send.write(&message).await {
            Ok(()) => None,
            Err(reason) => Some(LinkDown { reason, reconnect: true }),
        }
    }

    async fn message(&mut self, message: Result<RelayMessage, String>, at: Instant) -> Option<LinkDown> {
        match message {
            Ok(RelayMessage::Event { of }) => {
                let ending = match &of {
                    LessonEvent::Ending { reason, reconnect } => Some(LinkDown {
                        reason: format!("the relay ends the session: {reason}"),
                        reconnect: *reconnect,
                    }),
                    _ => None,
                };
                self.ends.events.tell(LinkEvent::Lesson(of)).await;
                ending
            }
            Ok(RelayMessage::ClockEcho(echo)) => {
                let t4_us = self.clock.wall_of(at).as_unix_us();
                let (t1_us, t2_us, t3_us) = (echo.t1_us, echo.t2_us, echo.t3_us);
                self.ends.events.offer(LinkEvent::Clock(ClockSample { t1_us, t2_us, t3_us, t4_us }));
                None
            }
            Ok(RelayMessage::Welcome(_)) => None,
            Ok(RelayMessage::Refused(refusal)) => Some(LinkDown { reason: refusal.message, reconnect: true }),
            Err(reason) => {
                let reason = self.connection.close_reason().map_or(reason, |error| error.to_string());
                Some(LinkDown { reason, reconnect: true })
            }
        }
    }

    async fn leave(mut self) {
        let farewell = async {
            if self.send.write(&ClientMessage::Bye).await.is_ok() {
                self.send.finish().await;
            }
        };
        let _ = tokio::time::timeout(FAREWELL_WAIT, farewell).await;
        self.connection.close(CODE_BYE, b"bye");
    }
}

/// Takes packets that came on streams of their own.
async fn read_streams(connection: Connection, packets: mpsc::Sender<Bytes>) {
    while let Ok(mut stream) = connection.accept_uni().await {
        let Ok(content) = stream.read_to_end(MAX_STREAM_LEN).await else { continue };
        let mut reader = StreamReader::new();
        reader.push(&content);
        while let Ok(Some(datagram)) = reader.next_datagram() {
            if packets.send(datagram).await.is_err() {
                return;
            }
        }
    }
}
