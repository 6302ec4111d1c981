//! Everything by which packets leave a worker.

use super::quic::QuicLegs;
use super::tcp::TcpPort;
use super::udp::UdpSender;
use std::cell::RefCell;
use std::rc::Rc;
use tongke_sfu::{Carrier, QuicTransmit, Transmit};
use tongke_transport::webrtc::Path;

/// The ways out.
pub(crate) struct Egress {
    /// WebRTC over UDP.
    pub udp: UdpSender,
    /// WebRTC over TCP.
    pub tcp: TcpPort,
    /// QUIC sessions.
    pub quic: QuicLegs,
}

/// The worker's ways out, which its core uses too while it works ([`Carrier`]). So they must not be
/// held during a call of the core: [`with`](Self::with) keeps to that by its shape, as long as what
/// it is given does not call the core.
#[derive(Clone)]
pub(crate) struct SharedEgress(Rc<RefCell<Egress>>);

impl SharedEgress {
    /// Ways out without connections.
    pub(crate) fn new(udp: UdpSender) -> Self {
        Self(Rc::new(RefCell::new(Egress { udp, tcp: TcpPort::default(), quic: QuicLegs::default() })))
    }

    /// Does something with the ways out.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Egress) -> T) -> T {
        work(&mut self.0.borrow_mut())
    }
}

impl Carrier for SharedEgress {
    fn carry(&mut self, arena: &[u8], udp: &[Transmit], quic: &[QuicTransmit]) {
        self.with(|egress| {
            for transmit in udp {
                match transmit.path {
                    Path::Udp { local, remote } => {
                        let run = &arena[transmit.range.clone()];
                        egress.udp.send(local.ip(), remote, run, transmit.segment_size);
                    }
                    Path::Tcp { connection, .. } => egress.tcp.send(connection, transmit.segments(arena)),
                }
            }
            for transmit in quic {
                egress.quic.send(transmit.leg, &arena[transmit.range.clone()]);
            }
        });
    }
}
