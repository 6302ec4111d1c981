//! Lessons: who is there, and a datagram's way from one to the others.

use bytes::{Bytes, BytesMut};
use quinn::{Connection, Endpoint, Incoming, RecvStream, SendStream};
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tongke_protocol::control::{
    ClientMessage, FIRST_SLOT_FLOW, Hello, QuicSlot, RTCP_FLOW, RelayMessage, Welcome, publish_flow,
};
use tongke_protocol::{LessonId, MediaKind, TrackKind};
use tongke_transport::quic::control::{ControlReader, write_control};
use tongke_transport::quic::framing::{read_datagram, write_varint};

/// Sources of the two slots that everybody gets; a session has no others.
const SLOTS: [QuicSlot; 2] = [
    QuicSlot { slot: 0, media: MediaKind::Video, ssrc: 1 },
    QuicSlot { slot: 1, media: MediaKind::Audio, ssrc: 2 },
];
/// Where the source stands in an RTP header (RFC 3550 §5.1).
const SSRC: std::ops::Range<usize> = 8..12;

/// Who receives, by lesson. All is one thread, so nobody ever waits for it.
type Lessons = Arc<Mutex<HashMap<LessonId, Vec<Connection>>>>;

/// Takes everybody in.
pub async fn serve(endpoint: Endpoint) {
    let lessons = Lessons::default();
    while let Some(incoming) = endpoint.accept().await {
        tokio::spawn(attend(incoming, lessons.clone()));
    }
}

/// A session from its hello to its end.
async fn attend(incoming: Incoming, lessons: Lessons) {
    // Whoever breaks off is not there any more, and nothing more is to be done.
    let Ok((connection, hello, control)) = welcome(incoming).await else { return };
    if hello.video_slots > 0 {
        lock(&lessons).entry(hello.lesson.clone()).or_default().push(connection.clone());
    }
    while let Ok(datagram) = connection.read_datagram().await {
        if let Some((slot, packet)) = placed(&datagram) {
            forward(&lessons, &hello.lesson, connection.stable_id(), slot, packet);
        }
    }
    if let Some(others) = lock(&lessons).get_mut(&hello.lesson) {
        others.retain(|other| other.stable_id() != connection.stable_id());
    }
    drop(control);
}

type Joined = (Connection, Hello, (SendStream, RecvStream));

async fn welcome(incoming: Incoming) -> Result<Joined, Box<dyn Error + Send + Sync>> {
    let connection = incoming.await?;
    let (mut send, mut receive) = connection.accept_bi().await?;
    let mut reader = ControlReader::new();
    let hello = loop {
        let chunk = receive.read_chunk(4_096, true).await?.ok_or("the client left")?;
        reader.push(&chunk.bytes);
        if let Some(ClientMessage::Hello(hello)) = reader.next_message()? {
            break hello;
        }
    };
    let slots = if hello.video_slots > 0 { SLOTS.to_vec() } else { Vec::new() };
    let welcome = Welcome { participant: "school".parse()?, session: "session".to_owned(), slots };
    let mut bytes = Vec::new();
    write_control(&mut bytes, &RelayMessage::Welcome(welcome))?;
    send.write_all(&bytes).await?;
    Ok((connection, hello, (send, receive)))
}

/// The slot that a publisher's packet goes into.
fn placed(datagram: &[u8]) -> Option<(QuicSlot, &[u8])> {
    let (flow, packet) = read_datagram(datagram).ok()?;
    if flow == RTCP_FLOW || packet.len() < SSRC.end {
        return None;
    }
    let is_sound = flow == publish_flow(TrackKind::Microphone);
    Some((SLOTS[usize::from(is_sound)], packet))
}

fn forward(lessons: &Lessons, lesson: &LessonId, from: usize, slot: QuicSlot, packet: &[u8]) {
    // For everybody the same bytes: flow and source are.
    let mut flow = Vec::with_capacity(8);
    write_varint(&mut flow, FIRST_SLOT_FLOW + u64::from(slot.slot));
    let mut out = BytesMut::with_capacity(flow.len() + packet.len());
    out.extend_from_slice(&flow);
    out.extend_from_slice(packet);
    out[flow.len()..][SSRC].copy_from_slice(&slot.ssrc.to_be_bytes());
    let out: Bytes = out.freeze();
    let lessons = lock(lessons);
    let others = lessons.get(lesson).into_iter().flatten().filter(|other| other.stable_id() != from);
    for other in others {
        // What does not fit or comes too late is lost.
        let _ = other.send_datagram(out.clone());
    }
}

/// A panic elsewhere leaves whole lists behind.
fn lock(lessons: &Lessons) -> MutexGuard<'_, HashMap<LessonId, Vec<Connection>>> {
    lessons.lock().unwrap_or_else(PoisonError::into_inner)
}
