//! The least WebRTC client, for WHIP and for WHEP: one picture and one sound, ICE checks, `rtc-dtls` as
//! the DTLS client, SRTP, transport-wide feedback. Bytes in, bytes out. It takes any certificate and
//! repairs nothing.

mod identity;
mod offer;

pub use identity::Identity;
pub use offer::{AUDIO_PAYLOAD_TYPE, Sources, VIDEO_PAYLOAD_TYPE, extensions};

use crate::LoadError;
use bytes::BytesMut;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_shared::TransportProtocol;
use std::net::SocketAddr;
use std::time::Instant;
use tongke_transport::rtp::rtcp::{SenderInfo, write_pli, write_receiver_report, write_sender_report};
use tongke_transport::rtp::twcc::ArrivalRecorder;
use tongke_transport::rtp::{Extensions, RtpView, is_rtcp};
use tongke_transport::webrtc::srtp::{Context, KeyPair, Profile};
use tongke_transport::webrtc::{DatagramKind, IceCredentials, classify, stun};

/// Who speaks in a receiver's RTCP.
const OWN_SSRC: u32 = 1;

/// One peer connection over WebRTC.
pub struct Browser {
    /// The offer for `POST /whep/{lesson}` or `POST /whip/{lesson}`.
    pub offer: String,
    /// Datagrams for the relay.
    pub out: Vec<Vec<u8>>,
    /// What it sends; none: it receives.
    pub sources: Option<Sources>,
    dtls: Endpoint,
    identity: Identity,
    local: IceCredentials,
    remote: IceCredentials,
    relay: SocketAddr,
    checks: u64,
    keys: Option<Keys>,
    arrivals: ArrivalRecorder,
}

/// Both directions' SRTP.
struct Keys {
    seal: Context,
    open: Context,
}

impl Browser {
    /// A receiver that has not joined; `name` tells its ICE user from others'.
    ///
    /// # Errors
    /// If no certificate can be made.
    pub fn new(name: &str) -> Result<Self, LoadError> {
        Ok(Self::of(&Identity::new()?, name, None))
    }

    /// A client that has not joined. With `sources` it sends these, else it receives.
    pub fn of(identity: &Identity, name: &str, sources: Option<Sources>) -> Self {
        let local = IceCredentials { ufrag: name.to_owned(), pwd: "p".repeat(24) };
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        Self {
            offer: offer::write(&local, &identity.fingerprint, sources.as_ref()),
            out: Vec::new(),
            sources,
            dtls: Endpoint::new(nowhere, TransportProtocol::UDP, None),
            identity: identity.clone(),
            remote: local.clone(),
            local,
            relay: nowhere,
            checks: 0,
            keys: None,
            arrivals: ArrivalRecorder::new(),
        }
    }

    /// Takes the answer and begins to connect; says where the relay is.
    ///
    /// # Errors
    /// If the answer names no way to the relay.
    pub fn connect(&mut self, now: Instant, answer: &str) -> Result<SocketAddr, LoadError> {
        let unusable = |why: &str| LoadError::Answer(why.to_owned());
        let attribute = |name| answer.lines().find_map(|line| line.trim_end().strip_prefix(name));
        let of = |name| attribute(name).map(str::to_owned).ok_or_else(|| unusable("no ICE credentials"));
        self.remote = IceCredentials { ufrag: of("a=ice-ufrag:")?, pwd: of("a=ice-pwd:")? };
        let candidates = answer.lines().filter_map(|line| line.strip_prefix("a=candidate:"));
        let address = candidates.filter_map(udp_candidate).next();
        self.relay = address.ok_or_else(|| unusable("no UDP candidate"))?;
        self.check();
        let config = self.identity.config.clone();
        let started = self.dtls.connect(now, self.relay, config, None);
        started.map_err(|error| LoadError::Dtls(error.to_string()))?;
        self.flush_dtls();
        Ok(self.relay)
    }

    /// Whether media can flow.
    pub fn is_connected(&self) -> bool {
        self.keys.is_some()
    }

    /// An ICE check, which keeps the session alive too. It nominates.
    pub fn check(&mut self) {
        self.checks += 1;
        let mut id = [0; 12];
        id[4..].copy_from_slice(&self.checks.to_be_bytes());
        let username = format!("{}:{}", self.remote.ufrag, self.local.ufrag);
        self.out.push(stun::binding_request(id, &username, self.remote.pwd.as_bytes(), 100, true));
    }

    /// Sends a lost flight of the handshake again, if it is time.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.keys.is_none() {
            // A failure shows in that it never connects.
            let _ = self.dtls.handle_timeout(self.relay, now);
            self.flush_dtls();
        }
    }

    /// Transport-wide feedback on what came, as browsers send it ten to twenty times a second.
    pub fn send_feedback(&mut self) {
        while self.arrivals.is_pending() && self.keys.is_some() {
            let arrivals = &mut self.arrivals;
            let mut bytes = Vec::new();
            write_receiver_report(&mut bytes, OWN_SSRC, &[]);
            arrivals.write_feedback(&mut bytes, OWN_SSRC, 0);
            self.send_rtcp(bytes);
        }
    }

    /// Asks for a keyframe of a source.
    pub fn ask_keyframe(&mut self, ssrc: u32) {
        let mut bytes = Vec::new();
        write_receiver_report(&mut bytes, OWN_SSRC, &[]);
        write_pli(&mut bytes, OWN_SSRC, ssrc);
        self.send_rtcp(bytes);
    }

    /// A sender's report of its sources.
    pub fn send_reports(&mut self, infos: &[SenderInfo]) {
        let mut bytes = Vec::new();
        infos.iter().for_each(|info| write_sender_report(&mut bytes, info, &[]));
        self.send_rtcp(bytes);
    }

    fn send_rtcp(&mut self, mut bytes: Vec<u8>) {
        if self.keys.as_mut().is_some_and(|keys| keys.seal.seal_rtcp(&mut bytes, 0)) {
            self.out.push(bytes);
        }
    }

    /// Seals an RTP packet in place. False: there are no keys yet.
    pub fn seal_rtp(&mut self, packet: &mut Vec<u8>) -> bool {
        self.keys.as_mut().is_some_and(|keys| keys.seal.seal_rtp(packet, 0))
    }

    /// Opens an RTP packet in place, without noting that it came.
    pub fn open_rtp<'d>(&mut self, datagram: &'d mut [u8]) -> Option<&'d [u8]> {
        let len = self.keys.as_mut()?.open.open_rtp(datagram).ok()?;
        Some(&datagram[..len])
    }

    /// Opens an RTCP compound in place.
    pub fn open_rtcp<'d>(&mut self, datagram: &'d mut [u8]) -> Option<&'d [u8]> {
        let len = self.keys.as_mut()?.open.open_rtcp(datagram).ok()?;
        Some(&datagram[..len])
    }

    /// Notes for the feedback that a packet came, by its transport-wide number.
    pub fn note_arrival(&mut self, at: Instant, number: u16) {
        self.arrivals.on_packet(at, number);
    }

    /// Takes a datagram of the relay; gives the plain packet if it is RTP, and notes that it came.
    pub fn handle_datagram<'d>(&mut self, now: Instant, datagram: &'d mut [u8]) -> Option<&'d [u8]> {
        match classify(*datagram.first()?) {
            DatagramKind::Media if !is_rtcp(datagram) => {
                let len = self.keys.as_mut()?.open.open_rtp(datagram).ok()?;
                let plain = &datagram[..len];
                let extensions = Extensions::read(&RtpView::parse(plain).ok()?, &extensions());
                if let Some(number) = extensions.transport_cc {
                    self.arrivals.on_packet(now, number);
                }
                Some(plain)
            }
            DatagramKind::Dtls => {
                self.handle_dtls(now, datagram);
                None
            }
            _ => None,
        }
    }

    /// Takes DTLS records.
    pub fn handle_dtls(&mut self, now: Instant, datagram: &[u8]) {
        let events = self.dtls.read(now, self.relay, None, BytesMut::from(datagram)).unwrap_or_default();
        if events.iter().any(|event| matches!(event, EndpointEvent::HandshakeComplete)) {
            self.keys = self.take_keys();
        }
        self.flush_dtls();
    }

    fn flush_dtls(&mut self) {
        while let Some(transmit) = self.dtls.poll_transmit() {
            self.out.push(transmit.message.to_vec());
        }
    }

    fn take_keys(&self) -> Option<Keys> {
        let profile = Profile::Aes128Gcm;
        let state = self.dtls.get_connection_state(self.relay)?;
        let len = profile.keying_material_len();
        let material = state.export_keying_material("EXTRACTOR-dtls_srtp", &[], len).ok()?;
        let keys = KeyPair::from_exported(profile, material.as_ref())?;
        Some(Keys { seal: Context::new(profile, &keys.client), open: Context::new(profile, &keys.server) })
    }
}

/// The address of a candidate (RFC 8839 §5.1), if it is reached over UDP.
fn udp_candidate(line: &str) -> Option<SocketAddr> {
    let fields: Vec<&str> = line.trim_end().split(' ').collect();
    let [_, _, transport, _, ip, port, ..] = fields[..] else { return None };
    let is_udp = transport.eq_ignore_ascii_case("udp");
    Some(SocketAddr::new(ip.parse().ok().filter(|_| is_udp)?, port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_udp_candidates_count() {
        let of = |line| udp_candidate(line).map(|address| address.to_string());
        assert_eq!(of("1 1 UDP 2130706431 127.0.0.1 5004 typ host\r"), Some("127.0.0.1:5004".into()));
        assert_eq!(of("1 1 tcp 2130706431 127.0.0.1 5004 typ host tcptype passive"), None);
        assert_eq!(of("1 1 udp 2130706431 relay.local 5004 typ host"), None);
        assert_eq!(of("1 1 udp"), None);
    }

    #[test]
    fn an_answer_without_a_way_is_an_error() {
        let mut browser = Browser::new("a").unwrap();
        assert!(browser.connect(Instant::now(), "v=0\r\n").is_err());
        let credentials = "a=ice-ufrag:u\r\na=ice-pwd:p\r\n";
        assert!(browser.connect(Instant::now(), credentials).is_err());
        let way = format!("{credentials}a=candidate:1 1 udp 1 127.0.0.1 5004 typ host\r\n");
        browser.connect(Instant::now(), &way).unwrap();
        // A check and the first hello.
        assert_eq!(browser.out.len(), 2);
    }
}
