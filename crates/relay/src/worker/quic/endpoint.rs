//! How the QUIC endpoint is set: packet sizes, buffers, timeouts, and the keys that let a client
//! notice at once that the relay was started again.

use super::congestion::MediaWindows;
use crate::certificate::Identity;
use crate::error::RelayError;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{
    ConnectionId, ConnectionIdGenerator, Endpoint, EndpointConfig, IdleTimeout, MtuDiscoveryConfig,
    ServerConfig, TokioRuntime, TransportConfig, VarInt,
};
use quinn_proto::InvalidCid;
use ring::hmac;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;
use tongke_protocol::GrantKey;
use tongke_protocol::control::QUIC_ALPN;

/// QUIC's usual initial packet size of 1200 leaves 1162 bytes for a datagram, too few for an RTP
/// packet of 1200. 1350 leaves 1312 and still passes the tunnels a school may be behind (WireGuard
/// over IPv6: 1372). Discovery raises it; a path that carries less falls back to 1200.
const INITIAL_MTU: u16 = 1350;
/// A peer not heard for so long is gone.
const IDLE_MS: u32 = 5_000;
const KEEP_ALIVE: Duration = Duration::from_millis(1_500);
/// Media waiting to be sent; beyond it the oldest goes. 1 MiB holds the burst that brings a late
/// joiner the last keyframes of a whole lesson.
const DATAGRAM_SEND_BUFFER: usize = 1 << 20;
/// Media waiting for the worker; beyond it the oldest goes.
const DATAGRAM_RECEIVE_BUFFER: usize = 512 * 1024;
/// Packets that came on streams of their own, at once.
const MAX_UNI_STREAMS: u32 = 64;
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1 << 20;

/// Keys of one worker's endpoint that survive a restart, so that a relay started again recognises
/// the connections of its predecessor and resets them (RFC 9000 §10.3) instead of keeping silent.
pub(crate) struct EndpointSecrets {
    reset: hmac::Key,
    connection_ids: hmac::Key,
}

impl EndpointSecrets {
    /// The keys of worker `index`.
    pub(crate) fn derive(key: &GrantKey, index: usize) -> Self {
        let derived = |purpose: &str| {
            hmac::Key::new(hmac::HMAC_SHA256, &key.derive(&format!("quic {purpose} of worker {index}")))
        };
        Self { reset: derived("stateless reset"), connection_ids: derived("connection ids") }
    }
}

/// Opens the endpoint on a bound socket; call it inside the worker's runtime.
pub(crate) fn open(
    socket: UdpSocket,
    identity: &Identity,
    secrets: EndpointSecrets,
) -> Result<Endpoint, RelayError> {
    let fail = |source| RelayError::System { what: "open the QUIC endpoint", source };
    let tls = identity.server_config(&[QUIC_ALPN]).map_err(|error| fail(std::io::Error::other(error)))?;
    let tls = QuicServerConfig::try_from(tls).map_err(|error| fail(std::io::Error::other(error)))?;
    let mut server = ServerConfig::with_crypto(Arc::new(tls));
    server.transport_config(Arc::new(transport()));
    server.max_incoming(1024);
    server.incoming_buffer_size_total(4 << 20);
    let EndpointSecrets { reset, connection_ids } = secrets;
    let mut config = EndpointConfig::new(Arc::new(reset));
    config.cid_generator(move || Box::new(KnownIds { key: connection_ids.clone() }));
    Endpoint::new(config, Some(server), socket, Arc::new(TokioRuntime)).map_err(fail)
}

fn transport() -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .initial_mtu(INITIAL_MTU)
        .mtu_discovery_config(Some(MtuDiscoveryConfig::default()))
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(IDLE_MS))))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .congestion_controller_factory(Arc::new(MediaWindows))
        .datagram_send_buffer_size(DATAGRAM_SEND_BUFFER)
        .datagram_receive_buffer_size(Some(DATAGRAM_RECEIVE_BUFFER))
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(MAX_UNI_STREAMS))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(CONNECTION_WINDOW));
    transport
}

/// Connection ids that this relay, or the one before it with the same secret, has given out:
/// random bytes and a short MAC of them. Packets with other ids stay unanswered.
struct KnownIds {
    key: hmac::Key,
}

const RANDOM_BYTES: usize = 5;
const MAC_BYTES: usize = 3;

impl KnownIds {
    fn mac(&self, random: &[u8]) -> [u8; MAC_BYTES] {
        let tag = hmac::sign(&self.key, random);
        std::array::from_fn(|at| tag.as_ref()[at])
    }
}

impl ConnectionIdGenerator for KnownIds {
    fn generate_cid(&mut self) -> ConnectionId {
        let random: [u8; RANDOM_BYTES] = rand::random();
        ConnectionId::new(&[&random[..], &self.mac(&random)].concat())
    }

    fn validate(&self, id: &ConnectionId) -> Result<(), InvalidCid> {
        match id.split_at_checked(RANDOM_BYTES) {
            Some((random, mac)) if mac == self.mac(random) => Ok(()),
            _ => Err(InvalidCid),
        }
    }

    fn cid_len(&self) -> usize {
        RANDOM_BYTES + MAC_BYTES
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::SELF_MADE_NAME;
    use std::net::SocketAddr;
    use tokio::runtime::{Builder, Runtime};

    fn ids(secret: u8, index: usize) -> KnownIds {
        let key = GrantKey::new(&[secret; 32]).unwrap();
        KnownIds { key: EndpointSecrets::derive(&key, index).connection_ids }
    }

    #[test]
    fn a_relay_started_again_with_the_same_secret_knows_the_ids_of_the_one_before() {
        let id = ids(1, 0).generate_cid();
        assert!(ids(1, 0).validate(&id).is_ok());
        assert!(ids(1, 1).validate(&id).is_err(), "another worker's");
        assert!(ids(2, 0).validate(&id).is_err(), "another secret's");
    }

    #[test]
    fn ids_of_any_length_are_checked_without_a_panic() {
        for length in 0..=20 {
            let id = ConnectionId::new(&vec![7; length]);
            assert!(ids(1, 0).validate(&id).is_err());
        }
    }

    /// A relay's endpoint on a runtime that can be killed.
    fn serve(address: SocketAddr, identity: &Identity) -> (Runtime, SocketAddr) {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let key = GrantKey::new(&[3; 32]).unwrap();
        let socket = UdpSocket::bind(address).unwrap();
        let address = socket.local_addr().unwrap();
        let _inside = runtime.enter();
        let endpoint = open(socket, identity, EndpointSecrets::derive(&key, 0)).unwrap();
        runtime.spawn(async move {
            let mut held = Vec::new();
            while let Some(incoming) = endpoint.accept().await {
                held.push(incoming.await);
            }
        });
        (runtime, address)
    }

    fn client(identity: &Identity) -> Endpoint {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(identity.certificate().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![QUIC_ALPN.to_vec()];
        let tls = quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap();
        let mut endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
        endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(tls)));
        endpoint
    }

    #[tokio::test]
    async fn a_client_notices_at_once_that_the_relay_was_killed_and_started_again() {
        let identity = Identity::make().unwrap();
        let (first, address) = serve("127.0.0.1:0".parse().unwrap(), &identity);
        let client = client(&identity);
        let connection = client.connect(address, SELF_MADE_NAME).unwrap().await.unwrap();
        // Nothing is said at the end, as after SIGKILL; the socket closes a moment later.
        first.shutdown_background();
        while UdpSocket::bind(address).is_err() {
            tokio::task::yield_now().await;
        }
        let (second, _) = serve(address, &identity);
        connection.send_datagram(vec![0; 200].into()).unwrap();
        let reason = tokio::time::timeout(Duration::from_secs(2), connection.closed()).await;
        assert!(matches!(reason, Ok(quinn::ConnectionError::Reset)), "{reason:?}");
        second.shutdown_background();
    }
}
