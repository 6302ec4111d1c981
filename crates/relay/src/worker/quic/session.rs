//! One QUIC connection: its hello, its control stream, the way of its media to the worker.

use crate::clock::Clock;
use crate::http::refusal::of_grant;
use crate::placement::Placement;
use crate::worker::Input;
use crate::worker::audience::Events;
use crate::worker::spread::{Admission, busy};
use quinn::{Connection, Endpoint, Incoming, RecvStream, SendStream, VarInt};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tongke_protocol::control::{ClientMessage, ClockEcho, ClockProbe, Hello, Refusal, RelayMessage, Welcome};
use tongke_protocol::{Grant, GrantError, GrantKey, LessonId};
use tongke_sfu::LegId;
use tongke_transport::quic::control::{ControlReader, write_control};
use tongke_transport::quic::framing::StreamReader;
use tracing::Instrument as _;

/// Time for handshake and hello together.
const HELLO_WAIT: Duration = Duration::from_secs(5);
/// Time for a lesson whose worker ended by itself to be where it goes on.
const SETTLE_WAIT: Duration = Duration::from_secs(3);
/// Time for the last control messages to reach a client that is being let go.
const FAREWELL_WAIT: Duration = Duration::from_millis(500);
/// Connections before their hello; further ones are refused.
const MAX_NEWCOMERS: usize = 512;
/// From this many on, a newcomer must first show that its address is its own (RFC 9000 §8.1.2).
const SUSPICIOUS_NEWCOMERS: usize = 64;
/// Bytes taken from a stream at once.
const STREAM_CHUNK: usize = 16 * 1024;

/// Application error codes of our connections.
const CODE_BYE: VarInt = VarInt::from_u32(0);
const CODE_REFUSED: VarInt = VarInt::from_u32(1);
const CODE_PROTOCOL: VarInt = VarInt::from_u32(2);

/// What every session's task knows.
#[derive(Clone)]
pub(crate) struct Door {
    pub key: GrantKey,
    pub clock: Clock,
    /// This worker, and which worker a lesson lives on.
    pub index: usize,
    pub placement: Arc<Placement>,
    pub inputs: mpsc::Sender<Input>,
}

/// A hello with a grant that is good but for its time, for the worker to answer.
pub(crate) struct JoinRequest {
    pub grant: Grant,
    pub hello: Hello,
    pub connection: Connection,
    pub span: tracing::Span,
    pub reply: oneshot::Sender<Result<Admitted, Refusal>>,
    pub admission: Admission,
}

/// The worker's yes.
pub(crate) struct Admitted {
    pub leg: LegId,
    pub welcome: Welcome,
    pub events: Events,
    /// Why the core ended the leg, once it has.
    pub ended: oneshot::Receiver<String>,
}

/// Accepts connections until the endpoint closes.
pub(crate) async fn accept(endpoint: Endpoint, door: Door) {
    let newcomers = Rc::new(Cell::new(0));
    while let Some(incoming) = endpoint.accept().await {
        if newcomers.get() >= MAX_NEWCOMERS {
            incoming.refuse();
        } else if newcomers.get() >= SUSPICIOUS_NEWCOMERS && !incoming.remote_address_validated() {
            // Fails only for validated addresses.
            let _ = incoming.retry();
        } else {
            tokio::task::spawn_local(serve(incoming, door.clone(), Newcomer::new(&newcomers)));
        }
    }
}

/// Counts a connection as long as it has not said hello.
struct Newcomer(Rc<Cell<usize>>);

impl Newcomer {
    fn new(count: &Rc<Cell<usize>>) -> Self {
        count.set(count.get() + 1);
        Self(count.clone())
    }
}

impl Drop for Newcomer {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

async fn serve(incoming: Incoming, door: Door, newcomer: Newcomer) {
    let remote = incoming.remote_address();
    let greeted = tokio::time::timeout(HELLO_WAIT, async {
        let connection = incoming.await.ok()?;
        let control = Control::open(&connection).await?;
        Some((connection, control))
    });
    let Ok(Some((connection, mut control))) = greeted.await else {
        tracing::debug!(%remote, "a QUIC connection ended before its hello");
        return;
    };
    let hello = match tokio::time::timeout(HELLO_WAIT, control.read()).await {
        Ok(Some(ClientMessage::Hello(hello))) => hello,
        _ => return connection.close(CODE_PROTOCOL, b"the first message must be a hello"),
    };
    drop(newcomer);
    let span = tracing::info_span!("quic", lesson = %hello.lesson, participant = tracing::field::Empty);
    join(door, hello, connection, control).instrument(span).await;
}

async fn join(door: Door, hello: Hello, connection: Connection, mut control: Control) {
    match admit(&door, hello, &connection).await {
        Ok(admitted) => attend(&door, connection, control, admitted).await,
        Err(refusal) => {
            let remote = connection.remote_address();
            tracing::info!(%remote, code = refusal.code, "QUIC session refused: {}", refusal.message);
            control.refuse(refusal).await;
            connection.close(CODE_REFUSED, b"refused");
        }
    }
}

async fn admit(door: &Door, hello: Hello, connection: &Connection) -> Result<Admitted, Refusal> {
    let grant = read_grant(door, &hello).map_err(|error| of_grant(&error))?;
    tracing::Span::current().record("participant", tracing::field::display(&grant.participant));
    // Whoever is quick to come back must not begin the lesson anew before it is known how it was conducted.
    let settled = tokio::time::timeout(SETTLE_WAIT, door.placement.settled(&hello.lesson));
    settled.await.map_err(|_| busy())?;
    if grant.role.may_publish() && door.placement.home(&hello.lesson) != door.index {
        return Err(wrong_port(&hello.lesson));
    }
    let (reply, answer) = oneshot::channel();
    let connection = connection.clone();
    let span = tracing::Span::current();
    let request = JoinRequest { grant, hello, connection, span, reply, admission: Admission::Asked };
    let _ = door.inputs.send(Input::QuicJoin(Box::new(request))).await;
    answer.await.map_err(|_| Refusal {
        code: "shutting_down".into(),
        message: "the relay is shutting down; try again in a few seconds".into(),
    })?
}

/// The hello's grant. Whether its time is over is for the worker to judge, which knows who was there.
fn read_grant(door: &Door, hello: &Hello) -> Result<Grant, GrantError> {
    let grant = door.key.verify_signature(&hello.token)?;
    grant.check_lesson(&hello.lesson)?;
    Ok(grant)
}

/// The refusal of a session whose lesson, or whose part of it, is on another worker.
pub(crate) fn wrong_port(lesson: &LessonId) -> Refusal {
    Refusal {
        code: "lesson_elsewhere".into(),
        message: format!(
            "lesson '{lesson}' lives on another port of this relay; GET /lessons/{lesson}/links names it"
        ),
    }
}

/// Runs an admitted session until either side ends it.
async fn attend(door: &Door, connection: Connection, mut control: Control, admitted: Admitted) {
    let Admitted { leg, welcome, events, mut ended } = admitted;
    let mut told = None;
    // A client that does not read its control stream hears of the end by the connection's.
    let overdue = async {
        told = (&mut ended).await.ok();
        tokio::time::sleep(FAREWELL_WAIT).await;
    };
    tracing::info!(session = welcome.session, remote = %connection.remote_address(), "joined over QUIC");
    let reason = tokio::select! {
        reason = control.run(door, leg, welcome, events) => reason,
        () = pass_datagrams(&connection, leg, &door.inputs) => None,
        () = pass_streams(&connection, leg, &door.inputs) => None,
        () = overdue => Some(ControlEnd::Overdue),
    };
    let reason = match reason {
        Some(end @ (ControlEnd::ByRelay | ControlEnd::Overdue)) => {
            if matches!(end, ControlEnd::ByRelay) {
                control.farewell().await;
            }
            let reason = told.or_else(|| ended.try_recv().ok());
            let reason = reason.unwrap_or_else(|| "the relay ends the session".into());
            connection.close(CODE_BYE, reason.as_bytes());
            reason
        }
        Some(ControlEnd::Broken(why)) => {
            connection.close(CODE_PROTOCOL, why.as_bytes());
            why.to_owned()
        }
        Some(ControlEnd::ByClient) | None => match connection.close_reason() {
            Some(error) => error.to_string(),
            None => {
                connection.close(CODE_BYE, b"bye");
                "left".to_owned()
            }
        },
    };
    tracing::info!(reason, "QUIC session ended");
    let _ = door.inputs.send(Input::QuicClosed { leg, reason }).await;
}

async fn pass_datagrams(connection: &Connection, leg: LegId, inputs: &mpsc::Sender<Input>) {
    while let Ok(datagram) = connection.read_datagram().await {
        if inputs.send(Input::QuicDatagram { leg, datagram }).await.is_err() {
            return;
        }
    }
}

/// Takes packets that came on streams of their own. The transport bounds how many there are.
async fn pass_streams(connection: &Connection, leg: LegId, inputs: &mpsc::Sender<Input>) {
    while let Ok(stream) = connection.accept_uni().await {
        tokio::task::spawn_local(pass_stream(stream, leg, inputs.clone()));
    }
}

async fn pass_stream(mut stream: RecvStream, leg: LegId, inputs: mpsc::Sender<Input>) {
    let mut reader = StreamReader::new();
    while let Ok(Some(chunk)) = stream.read_chunk(STREAM_CHUNK, true).await {
        reader.push(&chunk.bytes);
        loop {
            match reader.next_datagram() {
                Ok(Some(datagram)) => {
                    if inputs.send(Input::QuicDatagram { leg, datagram }).await.is_err() {
                        return;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::debug!(%error, "a stream of no use");
                    return;
                }
            }
        }
    }
}

/// How a control stream ended.
enum ControlEnd {
    ByClient,
    ByRelay,
    /// The relay has ended it, and the client takes no more messages.
    Overdue,
    Broken(&'static str),
}

/// The control stream.
struct Control {
    send: SendStream,
    receive: RecvStream,
    reader: ControlReader,
    buffer: Box<[u8; 4096]>,
}

impl Control {
    async fn open(connection: &Connection) -> Option<Self> {
        let (send, receive) = connection.accept_bi().await.ok()?;
        let reader = ControlReader::new();
        Some(Self { send, receive, reader, buffer: Box::new([0; 4096]) })
    }

    /// The next message; none: the stream ended or holds something else. Safe to cancel: bytes go
    /// to the reader as soon as they are read.
    async fn read(&mut self) -> Option<ClientMessage> {
        loop {
            if let Some(message) = self.reader.next_message().ok()? {
                return Some(message);
            }
            let length = self.receive.read(&mut self.buffer[..]).await.ok()??;
            self.reader.push(&self.buffer[..length]);
        }
    }

    async fn write(&mut self, message: &RelayMessage) -> Option<()> {
        let mut framed = Vec::new();
        write_control(&mut framed, message).ok()?;
        self.send.write_all(&framed).await.ok()
    }

    /// Welcomes, then passes events out and messages in.
    async fn run(
        &mut self,
        door: &Door,
        leg: LegId,
        welcome: Welcome,
        mut events: Events,
    ) -> Option<ControlEnd> {
        self.write(&RelayMessage::Welcome(welcome)).await?;
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(of) => self.write(&RelayMessage::Event { of }).await?,
                    None => return Some(ControlEnd::ByRelay),
                },
                message = self.read() => match message {
                    Some(ClientMessage::ClockProbe(probe)) => self.echo(door, probe).await?,
                    Some(ClientMessage::Hello(_)) => return Some(ControlEnd::Broken("a second hello")),
                    Some(message) => {
                        door.inputs.send(Input::QuicControl { leg, message }).await.ok()?;
                    }
                    None => return Some(ControlEnd::ByClient),
                },
            }
        }
    }

    async fn echo(&mut self, door: &Door, probe: ClockProbe) -> Option<()> {
        let t2_us = door.clock.now().wall.as_unix_us();
        let t3_us = door.clock.now().wall.as_unix_us();
        self.write(&RelayMessage::ClockEcho(ClockEcho { t1_us: probe.t1_us, t2_us, t3_us })).await
    }

    async fn refuse(&mut self, refusal: Refusal) {
        let _ = self.write(&RelayMessage::Refused(refusal)).await;
        self.farewell().await;
    }

    /// Ends the stream and waits, within bounds, until the client has all of it.
    async fn farewell(&mut self) {
        if self.send.finish().is_ok() {
            let _ = tokio::time::timeout(FAREWELL_WAIT, self.send.stopped()).await;
        }
    }
}
