//! The ways in: a QUIC endpoint, and where it is told over HTTP.

use axum::routing::get;
use axum::{Json, Router};
use quinn::congestion::CubicConfig;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, ServerConfig, TransportConfig};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use tongke_protocol::control::{Links, QUIC_ALPN};

/// As the relay has it.
const INITIAL_MTU: u16 = 1_350;
const DATAGRAM_BUFFER: usize = 1 << 20;
/// So that nothing waits for a window: it is the cost of datagrams that is asked for.
const WINDOW: u64 = 4 << 20;

/// An endpoint with a certificate of its own making.
pub fn open(address: SocketAddr) -> Result<Endpoint, Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(vec!["relay".to_owned()])?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())?;
    tls.alpn_protocols = vec![QUIC_ALPN.to_vec()];
    let mut config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    let mut congestion = CubicConfig::default();
    congestion.initial_window(WINDOW);
    let mut transport = TransportConfig::default();
    transport
        .initial_mtu(INITIAL_MTU)
        .congestion_controller_factory(Arc::new(congestion))
        .datagram_send_buffer_size(DATAGRAM_BUFFER)
        .datagram_receive_buffer_size(Some(DATAGRAM_BUFFER));
    config.transport_config(Arc::new(transport));
    Ok(Endpoint::server(config, address)?)
}

/// Serves HTTP: that it is ready, and the port of QUIC.
pub async fn http(address: SocketAddr, quic_port: u16) -> Result<(), Box<dyn Error>> {
    let links = Links { quic_port: Some(quic_port), quic_certificate_sha256: None };
    let router = Router::new()
        .route("/readyz", get(|| async { "ready\n" }))
        .route("/lessons/{lesson}/links", get(move || async move { Json(links) }));
    Ok(axum::serve(tokio::net::TcpListener::bind(address).await?, router).await?)
}
