//! How a leg's packets get to its peer: sealed over WebRTC, or in QUIC datagrams.

use crate::LegId;
use crate::outputs::{Outputs, QuicTransmit, Transmit};
use crate::subscription::OwnExtensions;
use std::time::Duration;
use tongke_protocol::Now;
use tongke_protocol::control::RTCP_FLOW;
use tongke_transport::quic::framing::write_varint;
use tongke_transport::rtp::twcc::SendLog;
use tongke_transport::rtp::{ExtensionKind, ExtensionMap};
use tongke_transport::webrtc::{Path, Session};

/// Taken as the round trip until one was measured.
const UNKNOWN_RTT: Duration = Duration::from_millis(100);

/// The way to the peer.
pub(crate) enum Link {
    Webrtc(Box<Session>),
    Quic,
}

/// The way to the peer and what is known of it.
pub(crate) struct Wire {
    pub leg: LegId,
    pub link: Link,
    /// Transport-wide numbers given out and when (WebRTC with transport-cc only).
    pub send_log: SendLog,
    pub rtt: Option<Duration>,
}

impl Wire {
    pub fn new(leg: LegId, link: Link) -> Self {
        Self { leg, link, send_log: SendLog::new(), rtt: None }
    }

    /// Whether packets can be sent.
    pub fn is_ready(&self) -> bool {
        match &self.link {
            Link::Webrtc(session) => session.is_connected(),
            Link::Quic => true,
        }
    }

    pub fn rtt_or_guess(&self) -> Duration {
        self.rtt.unwrap_or(UNKNOWN_RTT)
    }

    /// The path of a WebRTC leg that packets can be sent to.
    pub fn path(&self) -> Option<Path> {
        match &self.link {
            Link::Webrtc(session) if session.is_connected() => session.path(),
            _ => None,
        }
    }

    /// The values of the leg's own extensions for a packet of `len` bytes that is sent now.
    pub fn own_extensions(&mut self, now: Now, map: &ExtensionMap, len: usize) -> OwnExtensions {
        let has_twcc = map.get(ExtensionKind::TransportCc).is_some();
        let transport_cc = has_twcc.then(|| self.send_log.on_sent(now.instant, len));
        let abs_send_time = map.get(ExtensionKind::AbsSendTime).map(|_| abs_send_time(now));
        OwnExtensions { transport_cc, abs_send_time }
    }

    /// Seals the packet `arena[start..]` of a WebRTC leg; on failure nothing of it stays.
    pub fn seal(&mut self, arena: &mut Vec<u8>, start: usize) -> bool {
        let Link::Webrtc(session) = &mut self.link else { return true };
        let sealed = session.seal_rtp(arena, start);
        if !sealed {
            arena.truncate(start);
        }
        sealed
    }

    /// Sends a compound RTCP packet, which `write` appends. Returns the bytes sent.
    pub fn send_rtcp(&mut self, out: &mut Outputs, write: impl FnOnce(&mut Vec<u8>)) -> usize {
        let start = out.arena.len();
        match &mut self.link {
            Link::Quic => {
                write_varint(&mut out.arena, RTCP_FLOW);
                write(&mut out.arena);
                let range = start..out.arena.len();
                out.quic.push(QuicTransmit { leg: self.leg, range });
            }
            Link::Webrtc(session) => {
                let Some(path) = session.path() else { return 0 };
                write(&mut out.arena);
                if !session.seal_rtcp(&mut out.arena, start) {
                    out.arena.truncate(start);
                    return 0;
                }
                let range = start..out.arena.len();
                out.udp.push(Transmit { path, range, segment_size: None });
            }
        }
        out.arena.len() - start
    }
}

/// Wall time as abs-send-time wants it: 24 bits, 6.18 fixed point seconds.
fn abs_send_time(now: Now) -> u32 {
    (((now.wall.as_unix_us() % 64_000_000) << 18) / 1_000_000) as u32 & 0x00FF_FFFF
}
