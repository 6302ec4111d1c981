//! A participant over QUIC: the client's leg of `transport` on a `quinn` connection.

use crate::relay::Relay;
use crate::tally::{Clock, Tally};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint, RecvStream, SendStream, TransportConfig};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use std::error::Error;
use std::net::{Ipv4Addr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tongke_bench::media::{Schedule, TRACKS};
use tongke_protocol::control::{ClientMessage, Hello, QUIC_ALPN, RelayMessage};
use tongke_protocol::{Now, NtpTime, Role};
use tongke_transport::quic::control::{ControlReader, write_control};
use tongke_transport::quic::{ClientLeg, ClientLegConfig, LegEvent};

/// A joined participant: who may publish does, who may not receives one picture and one sound.
pub struct QuicClient {
    connection: Connection,
    leg: ClientLeg,
    publishes: bool,
    _endpoint: Endpoint,
    /// Dropping the control stream would end the session.
    _control: (SendStream, RecvStream),
}

impl QuicClient {
    /// Joins a lesson.
    ///
    /// # Errors
    /// If the relay does not let it.
    pub async fn join(relay: &Relay, lesson: &str, name: &str, role: Role) -> Result<Self, Box<dyn Error>> {
        let token = relay.token(name, role)?;
        let port = relay.links(lesson, &token).await?.quic_port.ok_or("the relay has no QUIC")?;
        let url = reqwest::Url::parse(&relay.url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let address = (host, port).to_socket_addrs()?.next().ok_or("the relay has no address")?;
        let mut endpoint = Endpoint::client((Ipv4Addr::UNSPECIFIED, 0).into())?;
        endpoint.set_default_client_config(client_config()?);
        let connection = endpoint.connect(address, "relay")?.await?;
        let (mut send, mut receive) = connection.open_bi().await?;
        let publishes = role.may_publish();
        let publish = if publishes { TRACKS.to_vec() } else { Vec::new() };
        let slots = u8::from(!publishes);
        let hello = Hello {
            token,
            lesson: lesson.parse()?,
            publish: publish.clone(),
            video_slots: slots,
            audio_slots: slots,
        };
        let mut bytes = Vec::new();
        write_control(&mut bytes, &ClientMessage::Hello(hello))?;
        send.write_all(&bytes).await?;
        let mut reader = ControlReader::new();
        let welcome = loop {
            let chunk = receive.read_chunk(4_096, true).await?.ok_or("the relay ended the session")?;
            reader.push(&chunk.bytes);
            match reader.next_message()? {
                Some(RelayMessage::Welcome(welcome)) => break welcome,
                Some(other) => return Err(format!("not welcomed: {other:?}").into()),
                None => {}
            }
        };
        let seed = rand::random();
        let mut leg = ClientLeg::new(ClientLegConfig { publish, seed, ..ClientLegConfig::default() });
        leg.set_slots(&welcome.slots);
        Ok(Self { connection, leg, publishes, _endpoint: endpoint, _control: (send, receive) })
    }

    /// Publishes or receives until told to stop, or until the connection ends.
    pub async fn run(mut self, clock: Clock, mut stop: watch::Receiver<bool>) -> Tally {
        let (mut tally, mut schedule, start) = (Tally::default(), Schedule::default(), clock.now().instant);
        loop {
            let media = self.publishes.then(|| start + schedule.peek().at);
            let wake = [self.leg.poll_timeout(), media].into_iter().flatten().min();
            let wake = wake.unwrap_or_else(|| Instant::now() + Duration::from_secs(1));
            tokio::select! {
                datagram = self.connection.read_datagram() => match datagram {
                    Ok(datagram) => self.leg.handle_datagram(clock.now(), &datagram),
                    Err(_) => break,
                },
                () = tokio::time::sleep_until(wake.into()) => {}
                _ = stop.changed() => break,
            }
            let now = clock.now();
            if media.is_some_and(|due| due <= now.instant) {
                let track = schedule.peek().track;
                for packet in schedule.take(NtpTime::from(now.wall)) {
                    self.leg.send(now, track, packet);
                }
            }
            if self.leg.poll_timeout().is_some_and(|due| due <= now.instant) {
                self.leg.handle_timeout(now);
            }
            self.flush(now, &mut tally);
        }
        self.connection.close(0_u8.into(), b"");
        tally
    }

    fn flush(&mut self, now: Now, tally: &mut Tally) {
        while let Some(datagram) = self.leg.poll_transmit() {
            // What cannot be sent is lost, and counted where it is missed.
            let _ = self.connection.send_datagram(datagram);
        }
        while let Some(event) = self.leg.poll_event() {
            if let LegEvent::Rtp { slot, packet, ext_seq, .. } = event {
                let capture = packet.extensions.abs_capture_time.map(|time| time.capture);
                tally.count(now, slot.into(), ext_seq, capture);
            }
        }
    }
}

fn client_config() -> Result<ClientConfig, Box<dyn Error>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone))
        .with_no_client_auth();
    tls.alpn_protocols = vec![QUIC_ALPN.to_vec()];
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    let mut transport = TransportConfig::default();
    transport.initial_mtu(1350).datagram_receive_buffer_size(Some(1 << 20));
    config.transport_config(Arc::new(transport));
    Ok(config)
}

/// Takes any certificate: nothing secret is sent.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
