//! The relay's HTTP interface, as a node uses it.

use super::sse::EventStreamReader;
use super::{LinkError, LinkKind};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tongke_protocol::control::{
    ClockEcho, ClockProbe, LeaseRequest, LineLease, Links, Loopback, ReflectorSession, Refusal,
};
use tongke_protocol::dispatch::Dispatch;
use tongke_protocol::event::{ClockReport, LessonEvent};
use tongke_protocol::{LessonId, ParticipantId};

/// Time for one request.
const REQUEST_WAIT: Duration = Duration::from_secs(4);
/// Time for the TCP (and TLS) handshake.
const CONNECT_WAIT: Duration = Duration::from_secs(2);
/// The relay says something on an event stream every 10 s: one that is silent for longer than two of them is dead.
const SILENT: Duration = Duration::from_secs(22);
/// Longest error body read, in bytes.
const MAX_ERROR_LEN: usize = 4096;

/// Where a relay's HTTP interface is, e.g. `http://relay.example:8080`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayUrl(Url);

impl FromStr for RelayUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            |why: String| format!("'{text}' is not a relay's address ({why}); write http://HOST:PORT");
        let mut url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("it begins with neither http:// nor https://".into()));
        }
        if url.host_str().is_none() {
            return Err(wrong("it names no host".into()));
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        url.set_query(None);
        Ok(Self(url))
    }
}

impl RelayUrl {
    /// Whether it is reached over TLS.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Its host, as a name or an address without brackets, and its port.
    pub fn host_and_port(&self) -> (String, u16) {
        let host = self.0.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        (host, self.0.port_or_known_default().unwrap_or_default())
    }

    /// The address as text.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for RelayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// Which half of WebRTC a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// WHIP (RFC 9725).
    Publish,
    /// WHEP.
    Receive,
}

/// A WHIP or WHEP session at the relay.
#[derive(Debug, Clone)]
pub(super) struct HttpSession {
    resource: Url,
    /// The SDP answer.
    pub answer: String,
}

impl HttpSession {
    /// The last segment of the resource's path.
    pub(super) fn name(&self) -> &str {
        self.resource.path_segments().and_then(|mut all| all.next_back()).unwrap_or_default()
    }
}

/// The relay, for one lesson and one grant. Cheap to clone; connections are kept. Of use without a [`Link`](super::Link)
/// too: whoever inspects a lesson needs no media.
#[derive(Debug, Clone)]
pub struct RelayHttp {
    client: Client,
    base: RelayUrl,
    lesson: LessonId,
    token: String,
}

impl RelayHttp {
    /// `token`: the grant. `extra_root`: a PEM file's contents, for a relay whose certificate no public authority
    /// signed; the error says what is wrong with it.
    pub fn new(
        base: RelayUrl,
        lesson: LessonId,
        token: String,
        extra_root: Option<&[u8]>,
    ) -> Result<Self, String> {
        // Fails if the program has chosen a provider already: then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .connect_timeout(CONNECT_WAIT)
            // A lesson's media must never depend on a proxy that caches.
            .no_proxy()
            .tcp_nodelay(true)
            .user_agent(concat!("tongke/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = extra_root {
            let roots = reqwest::Certificate::from_pem_bundle(pem).map_err(|error| chain(&error))?;
            builder = roots.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate);
        }
        let client = builder.build().map_err(|error| chain(&error))?;
        Ok(Self { client, base, lesson, token })
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url).bearer_auth(&self.token)
    }

    fn url(&self, path: &str) -> Url {
        // Joining a relative path of safe characters to a checked base cannot fail.
        self.base.0.join(path).unwrap_or_else(|_| self.base.0.clone())
    }

    fn of_lesson(&self, what: &str) -> Url {
        self.url(&format!("lessons/{}/{what}", self.lesson))
    }

    /// By which ways the relay takes media.
    pub(super) async fn links(&self) -> Result<Links, LinkError> {
        let answer = send(self.request(Method::GET, self.of_lesson("links"))).await?;
        answer.json().await.map_err(|error| no_answer(&error))
    }

    /// Opens a session of the relay's reflector.
    pub(crate) async fn reflector(&self) -> Result<ReflectorSession, LinkError> {
        let answer = send(self.request(Method::POST, self.of_lesson("reflector"))).await?;
        answer.json().await.map_err(|error| no_answer(&error))
    }

    /// Asks for a test lesson in which this machine may call itself, and for the grants of both ends.
    pub async fn loopback(&self) -> Result<Loopback, LinkError> {
        let answer = send(self.request(Method::POST, self.of_lesson("loopback"))).await?;
        answer.json().await.map_err(|error| no_answer(&error))
    }

    /// Asks for a line to load.
    pub(super) async fn take_line(&self, asked: LeaseRequest) -> Result<LineLease, LinkError> {
        let answer = send(self.request(Method::POST, self.of_lesson("load")).json(&asked)).await?;
        answer.json().await.map_err(|error| no_answer(&error))
    }

    /// Gives it back. Failure is of no consequence: its time ends by itself.
    pub(super) async fn give_line_back(&self, lease: &str) {
        let url = self.of_lesson(&format!("load/{lease}"));
        if let Err(error) = send(self.request(Method::DELETE, url)).await {
            tracing::debug!(%error, "the relay did not take the line back");
        }
    }

    /// Offers a session.
    pub(super) async fn join(&self, direction: Direction, offer: String) -> Result<HttpSession, LinkError> {
        let door = match direction {
            Direction::Publish => "whip",
            Direction::Receive => "whep",
        };
        let url = self.url(&format!("{door}/{}", self.lesson));
        let request = self.request(Method::POST, url.clone());
        let answer = send(request.header(CONTENT_TYPE, "application/sdp").body(offer)).await?;
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let resource = location.and_then(|location| url.join(location).ok()).ok_or_else(|| {
            LinkError::Media(format!("the relay's answer to {door} has no usable Location header"))
        })?;
        let answer = answer.text().await.map_err(|error| no_answer(&error))?;
        Ok(HttpSession { resource, answer })
    }

    /// Ends a session. Failure is of no consequence: the relay notices by itself.
    pub(super) async fn leave(&self, session: &HttpSession) {
        if let Err(error) = send(self.request(Method::DELETE, session.resource.clone())).await {
            tracing::debug!(%error, "the relay did not take the goodbye");
        }
    }

    /// One clock probe.
    pub(super) async fn probe_clock(&self, probe: ClockProbe) -> Result<ClockEcho, LinkError> {
        let answer = send(self.request(Method::POST, self.of_lesson("clock")).json(&probe)).await?;
        answer.json().await.map_err(|error| no_answer(&error))
    }

    /// Tells this node's clock.
    pub(super) async fn report_clock(&self, report: ClockReport) {
        if let Err(error) = send(self.request(Method::PUT, self.of_lesson("clock")).json(&report)).await {
            tracing::debug!(%error, "the relay did not take the clock report");
        }
    }

    /// Puts the hand up or down.
    pub(super) async fn report_hand(&self, raised: bool) {
        let body = serde_json::json!({ "raised": raised });
        if let Err(error) = send(self.request(Method::PUT, self.of_lesson("hand")).json(&body)).await {
            tracing::warn!(%error, "the relay did not take the hand");
        }
    }

    /// Opens the event stream. As long as it is open its holder is there: dispatches reach it.
    pub async fn events(&self) -> Result<EventStream, LinkError> {
        let request = self.request(Method::GET, self.of_lesson("events"));
        let request = request.header("accept", "text/event-stream");
        let response = tokio::time::timeout(REQUEST_WAIT, request.send()).await;
        let response = response
            .map_err(|_| LinkError::Http(format!("no answer within {} s", REQUEST_WAIT.as_secs())))?
            .map_err(|error| no_answer(&error))?;
        let response = accepted(response).await?;
        let (reader, heard) = (EventStreamReader::default(), Instant::now());
        Ok(EventStream { response, reader, ready: Vec::new(), heard })
    }

    /// Sends a dispatch. Done, it waits for the addressee to read it. Refused with `addressee_busy` or
    /// `dispatch_too_often`, it may be sent again a second later; with `addressee_away`, once the addressee has joined.
    pub async fn dispatch(&self, to: &ParticipantId, body: String) -> Result<(), LinkError> {
        let dispatch = Dispatch { to: to.clone(), body };
        send(self.request(Method::POST, self.of_lesson("dispatches")).json(&dispatch)).await?;
        Ok(())
    }

    /// The relay's addresses, in the order in which the system gives them.
    pub(super) async fn addresses(&self) -> Result<Vec<SocketAddr>, LinkError> {
        let host = self.base.0.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = self.base.0.port_or_known_default().unwrap_or(80);
        let found = tokio::net::lookup_host((host, port)).await;
        let addresses: Vec<SocketAddr> =
            found.map_err(|error| LinkError::Http(format!("'{host}' has no address: {error}")))?.collect();
        if addresses.is_empty() {
            return Err(LinkError::Http(format!("'{host}' has no address")));
        }
        Ok(addresses)
    }

    /// The relay's address and this machine's address towards it.
    pub(super) async fn route(&self) -> Result<(SocketAddr, IpAddr), LinkError> {
        let mut last = None;
        for relay in self.addresses().await? {
            match local_towards(relay) {
                Ok(local) => return Ok((relay, local)),
                Err(error) => last = Some(LinkError::Media(format!("no route to {}: {error}", relay.ip()))),
            }
        }
        Err(last.unwrap_or_else(|| LinkError::Media("no route to the relay".into())))
    }
}

/// The local address that the routing table gives packets to `relay`; sends nothing.
fn local_towards(relay: SocketAddr) -> std::io::Result<IpAddr> {
    let any: SocketAddr = if relay.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = std::net::UdpSocket::bind(any)?;
    socket.connect(relay)?;
    Ok(socket.local_addr()?.ip())
}

/// The relay's lesson events: a snapshot first.
#[derive(Debug)]
pub struct EventStream {
    response: Response,
    reader: EventStreamReader,
    /// Read and not yet given, the next one last.
    ready: Vec<LessonEvent>,
    /// When something came last.
    heard: Instant,
}

impl EventStream {
    /// The next event; an error, in words, when the stream has ended or is silent for too long. Safe to cancel.
    pub async fn next(&mut self) -> Result<LessonEvent, String> {
        loop {
            if let Some(event) = self.ready.pop() {
                return Ok(event);
            }
            let chunk = timeout_at(self.heard + SILENT, self.response.chunk()).await;
            let chunk = chunk.map_err(|_| format!("nothing came for {} s", SILENT.as_secs()))?;
            let chunk = chunk.map_err(|error| chain(&error))?;
            self.heard = Instant::now();
            let chunk = chunk.ok_or("the relay closed the event stream")?;
            let mut texts = Vec::new();
            self.reader.push(&chunk, &mut texts);
            // An event that a newer relay knows and this node does not is left out.
            self.ready = texts.iter().rev().filter_map(|text| serde_json::from_str(text).ok()).collect();
        }
    }
}

async fn send(request: RequestBuilder) -> Result<Response, LinkError> {
    let response = request.timeout(REQUEST_WAIT).send().await.map_err(|error| no_answer(&error))?;
    accepted(response).await
}

/// The response if it is a success; otherwise what the relay says is wrong.
async fn accepted(mut response: Response) -> Result<Response, LinkError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ERROR_LEN {
            break;
        }
    }
    Err(LinkError::Refused(serde_json::from_slice(&body).unwrap_or_else(|_| unnamed_refusal(status))))
}

fn unnamed_refusal(status: StatusCode) -> Refusal {
    Refusal {
        code: format!("http_{}", status.as_u16()),
        message: format!("the relay's address answers {status}; is it a Tongke relay?"),
    }
}

fn no_answer(error: &reqwest::Error) -> LinkError {
    LinkError::Http(chain(error))
}

/// An error's innermost cause: what the operating system or the peer said.
fn chain(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

impl LinkKind {
    /// What a failure to come up in time means.
    pub(super) fn silence(self, waited: Duration) -> LinkError {
        let what = match self {
            LinkKind::Quic => "no answer to QUIC packets",
            LinkKind::WebrtcUdp => "no answer to UDP packets",
            LinkKind::WebrtcTcp => "no TCP connection for media",
        };
        LinkError::Media(format!("{what} within {:.1} s", waited.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_address_is_read_and_shown_without_its_slash() {
        let url: RelayUrl = "http://relay:8080".parse().unwrap();
        assert_eq!(url.to_string(), "http://relay:8080");
        let behind: RelayUrl = "https://school.example/tongke?x=1".parse().unwrap();
        assert_eq!(behind.to_string(), "https://school.example/tongke");
    }

    #[test]
    fn what_is_no_address_is_said_so_with_the_right_form() {
        for text in ["relay:8080", "10.0.0.1", "ftp://x", ""] {
            let error = text.parse::<RelayUrl>().unwrap_err();
            assert!(error.contains("http://HOST:PORT"), "{error}");
        }
    }
}
