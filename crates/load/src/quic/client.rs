//! One participant: a connection, the client's leg on it, and what comes of it.

use super::media::{self, EARLY_NS, Publishing, TRACKS};
use super::{State, lock};
use crate::LoadError;
use crate::engine::clock::wall_ns;
use crate::load::LoadConfig;
use crate::schedule::{Schedule, Track};
use crate::shape::Place;
use crate::signal::Signal;
use crate::stamp::{AUDIO, KEYFRAME_START, Stamp};
use bytes::Bytes;
use quinn::{ClientConfig, Connection, Endpoint, RecvStream, SendStream};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tongke_protocol::control::{ClientMessage, Hello, RelayMessage};
use tongke_protocol::{Now, WallTime};
use tongke_transport::quic::control::{ControlReader, write_control};
use tongke_transport::quic::{ClientLeg, ClientLegConfig, LegEvent};

/// Sleep of somebody who has nothing to do.
const IDLE: Duration = Duration::from_secs(1);

/// What a participant says first.
pub(super) fn hello(signal: &Signal, place: Place, subscribes: bool) -> Result<Hello, LoadError> {
    let lesson = signal.lesson(place.lesson).parse();
    let slots = u8::from(subscribes);
    Ok(Hello {
        token: signal.token(place)?,
        lesson: lesson.map_err(|error: tongke_protocol::IdError| LoadError::Quic(error.to_string()))?,
        publish: if place.publisher.is_some() { TRACKS.to_vec() } else { Vec::new() },
        video_slots: slots,
        audio_slots: slots,
    })
}

/// A participant that has been welcomed.
pub(super) struct Client {
    connection: Connection,
    leg: ClientLeg,
    state: Arc<Mutex<State>>,
    seat: usize,
    _endpoint: Endpoint,
    /// Dropping the control stream would end the session.
    _control: (SendStream, RecvStream),
}

impl Client {
    /// Connects and says hello.
    pub(super) async fn join(
        address: SocketAddr,
        config: ClientConfig,
        hello: Hello,
        (state, seat): (Arc<Mutex<State>>, usize),
    ) -> Result<Self, LoadError> {
        fn failed(error: impl std::fmt::Display) -> LoadError {
            LoadError::Quic(error.to_string())
        }
        let mut endpoint = Endpoint::client((Ipv4Addr::UNSPECIFIED, 0).into()).map_err(failed)?;
        endpoint.set_default_client_config(config);
        let connection = endpoint.connect(address, "relay").map_err(failed)?.await.map_err(failed)?;
        let (mut send, mut receive) = connection.open_bi().await.map_err(failed)?;
        let (mut bytes, publish) = (Vec::new(), hello.publish.clone());
        write_control(&mut bytes, &ClientMessage::Hello(hello)).map_err(failed)?;
        send.write_all(&bytes).await.map_err(failed)?;
        let mut reader = ControlReader::new();
        let welcome = loop {
            let chunk = receive.read_chunk(4_096, true).await.map_err(failed)?;
            reader.push(&chunk.ok_or_else(|| failed("the target ended the session"))?.bytes);
            match reader.next_message().map_err(failed)? {
                Some(RelayMessage::Welcome(welcome)) => break welcome,
                Some(other) => return Err(failed(format!("not welcomed: {other:?}"))),
                None => {}
            }
        };
        let config = ClientLegConfig { publish, seed: seat as u64, ..ClientLegConfig::default() };
        let mut leg = ClientLeg::new(config);
        leg.set_slots(&welcome.slots);
        {
            let session = &mut lock(&state).seats[seat].session;
            session.connected_ns = Some(wall_ns());
            session.port = endpoint.local_addr().map_or(0, |local| local.port());
        }
        Ok(Self { connection, leg, state, seat, _endpoint: endpoint, _control: (send, receive) })
    }

    /// Publishes, receives or both, until the connection ends.
    pub(super) async fn run(mut self, config: LoadConfig, publisher: Option<u16>) {
        let schedule = |number| Schedule::new(u64::from(number), config.seed, config.pace);
        let mut publishing = publisher.map(|number| Publishing::begin(number, schedule(number), wall_ns()));
        loop {
            let media = publishing.as_ref().map(|publishing| Instant::now() + publishing.sleep(wall_ns()));
            let wake = media.into_iter().chain(self.leg.poll_timeout()).min();
            let wake = wake.unwrap_or_else(|| Instant::now() + IDLE);
            tokio::select! {
                datagram = self.connection.read_datagram() => match datagram {
                    Ok(datagram) => self.take(&datagram),
                    Err(_) => return,
                },
                () = tokio::time::sleep_until(wake.into()) => {}
            }
            if let Some(publishing) = &mut publishing {
                self.publish(publishing);
            }
            if self.leg.poll_timeout().is_some_and(|due| due <= Instant::now()) {
                self.leg.handle_timeout(now(wall_ns()));
            }
            self.hear(&mut publishing);
            self.flush();
        }
    }

    fn publish(&mut self, publishing: &mut Publishing) {
        while publishing.due_ns() <= wall_ns() + EARLY_NS {
            let (due_ns, due) = (publishing.due_ns(), publishing.schedule.take());
            let packet = {
                let mut state = lock(&self.state);
                let ledger = &mut state.ledger;
                let record = &mut ledger.records[usize::from(publishing.number)];
                let at_ns = wall_ns();
                let (packet, sent) = media::packet(publishing.number, record.next_index(), &due, at_ns);
                record.push(due.track, sent);
                ledger.lateness.add(at_ns.saturating_sub(due_ns));
                ledger.sent += 1;
                packet
            };
            self.leg.send(now(wall_ns()), media::kind(due.track), packet);
            self.flush();
        }
    }

    fn take(&mut self, datagram: &Bytes) {
        self.leg.handle_datagram(now(wall_ns()), datagram);
    }

    fn flush(&mut self) {
        while let Some(datagram) = self.leg.poll_transmit() {
            if self.connection.send_datagram(datagram).is_err()
                && let Some(counts) = lock(&self.state).counts(self.seat)
            {
                counts.not_sent += 1;
            }
        }
    }

    /// What the leg has to tell.
    fn hear(&mut self, publishing: &mut Option<Publishing>) {
        while let Some(event) = self.leg.poll_event() {
            match event {
                LegEvent::Rtp { packet, .. } => self.count(&packet.payload),
                LegEvent::KeyframeRequest { .. } => {
                    if let Some(publishing) = publishing {
                        publishing.schedule.want_keyframe();
                    }
                    if let Some(counts) = lock(&self.state).counts(self.seat) {
                        counts.keyframe_requests += 1;
                    }
                }
                LegEvent::SenderClock { .. } | LegEvent::LossReport { .. } => {}
            }
        }
    }

    fn count(&mut self, payload: &[u8]) {
        let (at_ns, stamp) = (wall_ns(), Stamp::read(payload));
        let mut state = lock(&self.state);
        let State { ledger, seats } = &mut *state;
        let sent = stamp.as_ref().and_then(|stamp| {
            ledger.records.get(usize::from(stamp.publisher)).and_then(|record| record.of_stamp(stamp))
        });
        let (Some(stamp), Some(sent), Some(seat)) = (stamp, sent, seats.get_mut(self.seat)) else {
            ledger.tally.unopened += 1;
            return;
        };
        seat.session.first_media_ns.get_or_insert(at_ns);
        if stamp.flags & KEYFRAME_START != 0 {
            seat.session.first_keyframe_ns.get_or_insert(at_ns);
        }
        let track = if stamp.flags & AUDIO != 0 { Track::Audio } else { Track::Video };
        seat.account.count((stamp.publisher, track), sent, at_ns, ledger.window, &mut ledger.tally);
    }
}

/// The same moment on both clocks.
fn now(ns: u64) -> Now {
    Now { instant: Instant::now(), wall: WallTime(ns / 1_000) }
}
