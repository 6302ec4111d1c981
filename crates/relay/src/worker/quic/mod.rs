//! The worker's QUIC endpoint: sessions of native nodes, RTP in DATAGRAM frames.

mod congestion;
mod endpoint;
mod session;

pub(crate) use endpoint::{EndpointSecrets, open};
pub(crate) use session::{Admitted, Door, JoinRequest, accept, wrong_port};

use bytes::Bytes;
use quinn::{Connection, SendDatagramError};
use std::cell::Cell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::sync::oneshot;
use tongke_sfu::LegId;
use tongke_transport::quic::framing;

/// Streams under way on one connection, each with one packet too large for a DATAGRAM frame;
/// further such packets are dropped.
const MAX_STREAMS: u32 = 32;

struct QuicLeg {
    connection: Connection,
    streams: Rc<Cell<u32>>,
    /// Tells the session's task why its leg ended.
    end: Option<oneshot::Sender<String>>,
}

/// The QUIC legs of a worker, by the core's name for them.
#[derive(Default)]
pub(crate) struct QuicLegs {
    legs: HashMap<LegId, QuicLeg>,
    /// What happened so far.
    pub counters: QuicCounters,
}

/// Counters, cumulative.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct QuicCounters {
    /// Packets sent in DATAGRAM frames.
    pub datagrams: u64,
    /// Packets sent on streams because no DATAGRAM frame holds them.
    pub streams: u64,
    /// Packets dropped because the connection's send buffer was full: its oldest one goes.
    pub dropped_full: u64,
    /// Packets dropped because their connection is closing, or takes no more streams.
    pub dropped_closed: u64,
}

impl QuicLegs {
    /// Knows a leg's connection from now on. The receiver hears why the core ended the leg.
    pub(crate) fn add(&mut self, leg: LegId, connection: Connection) -> oneshot::Receiver<String> {
        let (end, ended) = oneshot::channel();
        self.legs.insert(leg, QuicLeg { connection, streams: Rc::default(), end: Some(end) });
        ended
    }

    /// Whence a leg's packets come.
    pub(crate) fn remote(&self, leg: LegId) -> Option<SocketAddr> {
        self.legs.get(&leg).map(|leg| leg.connection.remote_address())
    }

    /// The core has ended a leg. Its task closes the connection after the last control message.
    pub(crate) fn remove(&mut self, leg: LegId, reason: &str) {
        if let Some(end) = self.legs.remove(&leg).and_then(|leg| leg.end) {
            // The task may have ended first: then nobody needs the reason.
            let _ = end.send(reason.to_owned());
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.legs.len()
    }

    /// Sends one packet behind its flow identifier. Never waits.
    pub(crate) fn send(&mut self, leg: LegId, datagram: &[u8]) {
        let counters = &mut self.counters;
        let Some(QuicLeg { connection, streams, .. }) = self.legs.get(&leg) else {
            counters.dropped_closed += 1;
            return;
        };
        if connection.datagram_send_buffer_space() < datagram.len() {
            counters.dropped_full += 1;
        }
        match connection.send_datagram(Bytes::copy_from_slice(datagram)) {
            Ok(()) => counters.datagrams += 1,
            Err(SendDatagramError::TooLarge) if streams.get() < MAX_STREAMS => {
                counters.streams += 1;
                streams.set(streams.get() + 1);
                tokio::task::spawn_local(send_on_stream(
                    connection.clone(),
                    datagram.to_vec(),
                    streams.clone(),
                ));
            }
            Err(_) => counters.dropped_closed += 1,
        }
    }
}

async fn send_on_stream(connection: Connection, datagram: Vec<u8>, streams: Rc<Cell<u32>>) {
    // A connection that fails is noticed by its session's task.
    let _ = async {
        let mut framed = Vec::with_capacity(datagram.len() + 8);
        framing::write_stream(&mut framed, &datagram).ok()?;
        let mut stream = connection.open_uni().await.ok()?;
        stream.write_all(&framed).await.ok()?;
        stream.finish().ok()
    }
    .await;
    streams.set(streams.get() - 1);
}
