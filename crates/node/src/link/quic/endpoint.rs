//! How the client's QUIC endpoint is set.

use crate::link::LinkError;
use crate::link::pin::Pinned;
use crate::link::socket::make_room;
use quinn::congestion::CubicConfig;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Endpoint, EndpointConfig, IdleTimeout, TokioRuntime, TransportConfig, VarInt};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use tongke_protocol::control::QUIC_ALPN;

/// QUIC's usual initial packet size of 1200 leaves 1162 bytes for a datagram, too few for an RTP
/// packet of 1200. Discovery raises it; a path that carries less falls back to 1200.
const INITIAL_MTU: u16 = 1350;
/// Silence after which the link is down. Media and keep-alives are expected all the time.
const IDLE_MS: u32 = 1_500;
/// A third of the idle time: two lost keep-alives do not end a link.
const KEEP_ALIVE: Duration = Duration::from_millis(400);
/// Media waiting to be sent; beyond it the oldest goes.
const DATAGRAM_SEND_BUFFER: usize = 512 * 1024;
/// Media waiting for the node; beyond it the oldest goes.
const DATAGRAM_RECEIVE_BUFFER: usize = 1 << 20;
/// A keyframe leaves in one go: waiting for acknowledgements, which may be delayed by 25 ms, would
/// show as delay. The bitrate is steered by the encoder, from loss reports.
const INITIAL_WINDOW: u64 = 256 * 1024;

/// An endpoint on a socket of its own that trusts one certificate.
pub(super) fn open(local: IpAddr, pin: &str) -> Result<Endpoint, LinkError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let pinned = Pinned::from_hex(pin, provider.clone())
        .ok_or_else(|| LinkError::Media("the relay names no usable QUIC certificate".into()))?;
    let failed = |error: String| LinkError::Media(format!("QUIC cannot be set up: {error}"));
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| failed(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned))
        .with_no_client_auth();
    tls.alpn_protocols = vec![QUIC_ALPN.to_vec()];
    let tls = QuicClientConfig::try_from(tls).map_err(|error| failed(error.to_string()))?;
    let mut config = ClientConfig::new(Arc::new(tls));
    config.transport_config(Arc::new(transport()));
    let any = match local {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).map_err(|error| failed(error.to_string()))?;
    make_room(&socket);
    let runtime = Arc::new(TokioRuntime);
    let mut endpoint = Endpoint::new(EndpointConfig::default(), None, socket, runtime)
        .map_err(|error| failed(error.to_string()))?;
    endpoint.set_default_client_config(config);
    Ok(endpoint)
}

fn transport() -> TransportConfig {
    let mut congestion = CubicConfig::default();
    congestion.initial_window(INITIAL_WINDOW);
    let mut transport = TransportConfig::default();
    transport
        .initial_mtu(INITIAL_MTU)
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(IDLE_MS))))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .congestion_controller_factory(Arc::new(congestion))
        .datagram_send_buffer_size(DATAGRAM_SEND_BUFFER)
        .datagram_receive_buffer_size(Some(DATAGRAM_RECEIVE_BUFFER));
    transport
}
