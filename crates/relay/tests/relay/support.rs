//! A relay, grants, offers and clients for the tests.

use bytes::Bytes;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use serde::de::DeserializeOwned;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tongke_protocol::control::{
    ClientMessage, Hello, PublishTrack, QUIC_ALPN, Refusal, RelayMessage, Welcome,
};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{Grant, GrantKey, LessonScope, Role};
use tongke_relay::{Relay, RelayConfig};

/// Longest wait for anything; never waited for when all is well.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub fn key() -> GrantKey {
    GrantKey::new(&[42; 32]).unwrap()
}

pub fn config() -> RelayConfig {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
    let free: SocketAddr = "127.0.0.1:0".parse().unwrap();
    RelayConfig {
        http: free,
        rtc: free,
        quic: free,
        reflector: None,
        key: key(),
        tls: None,
        advertise: vec![],
        workers: 1,
        spread_after: 0,
        reflector_second: None,
        load_mbps: 120,
        pin_workers: true,
        data: None,
    }
}

pub fn relay() -> Relay {
    Relay::start(&config()).unwrap()
}

pub fn grant(lesson: &str, participant: &str, role: Role) -> Grant {
    Grant {
        lesson: lesson.parse().unwrap(),
        participant: participant.parse().unwrap(),
        name: participant.to_owned(),
        role,
        expires_unix_s: unix_s() + 3600,
    }
}

pub fn unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

pub fn token(lesson: &str, participant: &str, role: Role) -> String {
    key().sign(&grant(lesson, participant, role))
}

pub fn any_token() -> String {
    key().sign(&Grant { lesson: LessonScope::Any, ..grant("math", "anyone", Role::Receiving) })
}

/// An HTTP client of one relay with one grant.
pub struct Http {
    pub client: Client,
    pub base: String,
    pub token: String,
}

impl Http {
    pub fn new(relay: &Relay, token: String) -> Self {
        Self { client: Client::new(), base: format!("http://{}", relay.http_addr()), token }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    pub async fn offer(&self, path: &str, offer: &str) -> Response {
        let request = self.request(Method::POST, path).header("content-type", "application/sdp");
        request.body(offer.to_owned()).send().await.unwrap()
    }

    pub async fn patch(&self, path: &str, if_match: Option<&str>, fragment: &str) -> Response {
        let mut request =
            self.request(Method::PATCH, path).header("content-type", "application/trickle-ice-sdpfrag");
        if let Some(etag) = if_match {
            request = request.header("if-match", etag);
        }
        request.body(fragment.to_owned()).send().await.unwrap()
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let response = self.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    /// The value of a metric, summed over its labels.
    pub async fn metric(&self, name: &str) -> f64 {
        let response = self.request(Method::GET, "/metrics").send().await.unwrap();
        let text = response.text().await.unwrap();
        let of = |line: &str| {
            let rest = line.strip_prefix(name)?.trim_start();
            rest.rsplit(' ').next()?.parse::<f64>().ok()
        };
        text.lines().filter_map(of).sum()
    }

    /// Waits until a metric is down to a value.
    pub async fn metric_falls(&self, name: &str, value: f64) {
        let fallen = async {
            let mut again = tokio::time::interval(Duration::from_millis(50));
            while self.metric(name).await > value {
                again.tick().await;
            }
        };
        within(name, fallen).await;
    }

    /// Waits until a metric reaches a value: workers tell theirs once a second.
    pub async fn metric_reaches(&self, name: &str, value: f64) {
        let reached = async {
            let mut again = tokio::time::interval(Duration::from_millis(50));
            while self.metric(name).await < value {
                again.tick().await;
            }
        };
        within(name, reached).await;
    }
}

/// The status and the refusal in the body.
pub async fn refusal(response: Response) -> (StatusCode, Refusal) {
    let status = response.status();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{status}: {body:?}")))
}

pub fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// A data directory that goes with the test.
pub struct Data(PathBuf);

impl Data {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("tongke-relay-data-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Server-sent events of a lesson, as they come.
pub struct EventStream {
    response: Response,
    text: String,
}

impl EventStream {
    pub async fn open(http: &Http, lesson: &str) -> Self {
        let path = format!("/lessons/{lesson}/events");
        let response = http.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert!(header(&response, "content-type").starts_with("text/event-stream"));
        Self { response, text: String::new() }
    }

    /// The next event; none: the stream ended.
    pub async fn next(&mut self) -> Option<LessonEvent> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = read_event(block);
                self.text = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let chunk = within("an event", self.response.chunk()).await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The first event that `wanted` accepts.
    pub async fn until(&mut self, wanted: impl Fn(&LessonEvent) -> bool) -> LessonEvent {
        loop {
            let event = self.next().await.expect("the event stream goes on");
            if wanted(&event) {
                return event;
            }
        }
    }
}

/// None for a comment.
fn read_event(block: &str) -> Option<LessonEvent> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
    let event: LessonEvent = serde_json::from_str(field("data: ")?).unwrap();
    assert_eq!(field("event: "), Some(event.name()));
    Some(event)
}

pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// A QUIC connection of a node, by hand.
pub struct Node {
    pub connection: quinn::Connection,
    pub send: quinn::SendStream,
    pub receive: quinn::RecvStream,
    _endpoint: quinn::Endpoint,
}

impl Node {
    pub async fn connect(relay: &Relay) -> Self {
        Self::connect_to(relay.quic_addrs()[0]).await
    }

    pub async fn connect_to(address: SocketAddr) -> Self {
        Self::connect_as(address, client_config()).await
    }

    pub async fn connect_as(address: SocketAddr, config: quinn::ClientConfig) -> Self {
        let mut endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
        endpoint.set_default_client_config(config);
        let connection = within("the handshake", endpoint.connect(address, "relay").unwrap()).await.unwrap();
        let (send, receive) = connection.open_bi().await.unwrap();
        Self { connection, send, receive, _endpoint: endpoint }
    }

    /// Connects and is welcomed.
    pub async fn join(relay: &Relay, hello: Hello) -> (Self, Welcome) {
        Self::connect(relay).await.greet(hello).await
    }

    /// Says hello and is welcomed.
    pub async fn greet(mut self, hello: Hello) -> (Self, Welcome) {
        self.say(&ClientMessage::Hello(hello)).await;
        match self.hear().await {
            Some(RelayMessage::Welcome(welcome)) => (self, welcome),
            other => panic!("not welcomed: {other:?}"),
        }
    }

    pub async fn say(&mut self, message: &ClientMessage) {
        let json = serde_json::to_vec(message).unwrap();
        let length = u32::try_from(json.len()).unwrap().to_be_bytes();
        self.send.write_all(&[&length[..], &json].concat()).await.unwrap();
    }

    /// The next control message; none: the stream ended.
    pub async fn hear(&mut self) -> Option<RelayMessage> {
        let mut length = [0; 4];
        within("a control message", self.receive.read_exact(&mut length)).await.ok()?;
        let mut json = vec![0; u32::from_be_bytes(length) as usize];
        self.receive.read_exact(&mut json).await.unwrap();
        Some(serde_json::from_slice(&json).unwrap())
    }

    /// The first event that `wanted` accepts.
    pub async fn event(&mut self, wanted: impl Fn(&LessonEvent) -> bool) -> LessonEvent {
        loop {
            match self.hear().await.expect("the control stream goes on") {
                RelayMessage::Event { of } if wanted(&of) => return of,
                _ => {}
            }
        }
    }

    pub fn send_rtp(&self, flow: u8, packet: &[u8]) {
        let datagram = [&[flow][..], packet].concat();
        self.connection.send_datagram(Bytes::from(datagram)).unwrap();
    }

    /// The next datagram on a slot's flow: (flow, packet).
    pub async fn next_media(&self) -> (u8, Bytes) {
        loop {
            let datagram = within("media", self.connection.read_datagram()).await.unwrap();
            // One-byte varints: all flows of the tests are below 64.
            if datagram[0] >= 16 {
                return (datagram[0], datagram.slice(1..));
            }
        }
    }
}

pub fn hello(token: String, lesson: &str, publish: Vec<PublishTrack>, video: u8, audio: u8) -> Hello {
    Hello { token, lesson: lesson.parse().unwrap(), publish, video_slots: video, audio_slots: audio }
}

pub fn client_config() -> quinn::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone))
        .with_no_client_auth();
    tls.alpn_protocols = vec![QUIC_ALPN.to_vec()];
    let tls = quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap();
    let mut config = quinn::ClientConfig::new(Arc::new(tls));
    let mut transport = quinn::TransportConfig::default();
    transport.initial_mtu(1350).datagram_receive_buffer_size(Some(1 << 20));
    config.transport_config(Arc::new(transport));
    config
}

/// Takes any certificate: who the relay is, is not what these tests are about.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// An RTP packet: H.264 on a QUIC leg.
pub fn rtp(ssrc: u32, sequence: u16, timestamp: u32, marker: bool, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 96 | if marker { 0x80 } else { 0 }];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&timestamp.to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

/// The payload of a whole keyframe in one packet: STAP-A of SPS, PPS and an IDR slice.
pub fn keyframe() -> Vec<u8> {
    let sps: &[u8] = &[0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe8, 0x40];
    let pps: &[u8] = &[0x68, 0xce, 0x3c, 0x80];
    let idr: &[u8] = &[0x65, 0x88, 0x84, 0x00, 0x10, 0xff, 0xfe];
    let mut payload = vec![0x78];
    for nal in [sps, pps, idr] {
        payload.extend_from_slice(&(nal.len() as u16).to_be_bytes());
        payload.extend_from_slice(nal);
    }
    payload
}

/// A hand-made offer: `direction` is `sendonly` or `recvonly`, one H.264 and one Opus section.
pub fn offer(direction: &str) -> String {
    let common = format!(
        "c=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=ice-ufrag:Ufr4\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n\
         a=ice-options:trickle\r\na=fingerprint:sha-256 {}\r\na=setup:actpass\r\na={direction}\r\n",
        vec!["AB"; 32].join(":")
    );
    format!(
        "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF 102 103\r\na=mid:0\r\n{common}\
         a=rtpmap:102 H264/90000\r\na=rtcp-fb:102 nack\r\na=rtcp-fb:102 nack pli\r\n\
         a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n\
         a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\n{common}\
         a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
    )
}

/// A trickled candidate of the client that made [`offer`].
pub fn trickle() -> String {
    "a=ice-ufrag:Ufr4\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
     a=candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host\r\na=end-of-candidates\r\n"
        .to_owned()
}

/// An ICE restart of the client that made [`offer`].
pub fn restart() -> String {
    "a=ice-ufrag:New9\r\na=ice-pwd:zyxwvutsrqponmlkjihgfedc\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
        .to_owned()
}
