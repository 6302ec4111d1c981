//! A node that stops reading what it is sent: the rest of its lesson goes on, and what waits for it is bounded.

use crate::support::*;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tongke_protocol::control::{Codec, PublishTrack};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{Role, TrackKind};
use tongke_relay::Relay;

const CAMERA: PublishTrack = PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: 0x77 };
const CAMERA_FLOW: u8 = 1;
/// Bytes of one picture: a packet that fits into a datagram.
const PICTURE: usize = 1_100;
/// What may be sent at once without being policed, with room for the sound that is not there.
const BURST: usize = 1_900_000;
/// While it catches up, pictures come so often.
const BEAT: Duration = Duration::from_millis(20);
/// Datagrams of one connection that may wait in the relay, and be under way, in bytes.
const QUEUE: usize = (1 << 20) + 256 * 1024;

/// A way to the relay that can be closed, as if the client stood still: nothing is read or sent then.
struct Line {
    address: SocketAddr,
    is_open: watch::Sender<bool>,
}

impl Line {
    async fn to(relay: SocketAddr) -> Self {
        let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        far.connect(relay).await.unwrap();
        let address = near.local_addr().unwrap();
        let (is_open, opened) = watch::channel(true);
        tokio::spawn(carry(near, far, opened));
        Self { address, is_open }
    }

    fn open(&self, is_open: bool) {
        self.is_open.send_replace(is_open);
    }
}

async fn carry(near: UdpSocket, far: UdpSocket, mut opened: watch::Receiver<bool>) {
    let (mut up, mut down) = ([0; 2048], [0; 2048]);
    let mut client = None;
    loop {
        let is_open = *opened.borrow_and_update();
        tokio::select! {
            came = near.recv_from(&mut up), if is_open => {
                let (length, from) = came.unwrap();
                client = Some(from);
                far.send(&up[..length]).await.unwrap();
            }
            length = far.recv(&mut down), if is_open => {
                near.send_to(&down[..length.unwrap()], client.unwrap()).await.unwrap();
            }
            changed = opened.changed() => if changed.is_err() { return },
        }
    }
}

/// Lesson "math" with a teacher who films, a class that gets everything, and one behind a line.
struct Lesson {
    teacher: Node,
    class: Node,
    slow: Node,
    line: Line,
    pictures: u32,
}

impl Lesson {
    async fn begin(relay: &Relay) -> Self {
        let line = Line::to(relay.quic_addrs()[0]).await;
        let teaching = hello(token("math", "teacher", Role::Supporting), "math", vec![CAMERA], 0, 0);
        let (teacher, _) = Node::join(relay, teaching).await;
        let receiving = |name: &str| hello(token("math", name, Role::Receiving), "math", vec![], 1, 0);
        let (class, _) = Node::join(relay, receiving("class")).await;
        let (slow, _) = Node::connect_to(line.address).await.greet(receiving("slow")).await;
        Self { teacher, class, slow, line, pictures: 0 }
    }

    /// Sends pictures, each of which the class must have before the next.
    async fn film(&mut self, pictures: usize) {
        for _ in 0..pictures {
            let mut payload = keyframe();
            payload.resize(PICTURE - 16, 0);
            payload.extend_from_slice(&self.pictures.to_be_bytes());
            let packet = rtp(CAMERA.ssrc, self.pictures as u16, 3000 * self.pictures, true, &payload);
            self.teacher.send_rtp(CAMERA_FLOW, &packet);
            assert_eq!(number(&self.class).await, self.pictures);
            self.pictures += 1;
        }
    }

    /// Closes the line and sends what may be sent at once.
    async fn film_in_vain(&mut self) {
        self.line.open(false);
        self.film(BURST / PICTURE).await;
    }
}

async fn number(node: &Node) -> u32 {
    let (_, packet) = node.next_media().await;
    u32::from_be_bytes(packet[packet.len() - 4..].try_into().unwrap())
}

#[tokio::test]
async fn one_that_stops_reading_has_its_oldest_packets_dropped_and_goes_on_when_it_reads_again() {
    let relay = relay();
    let mut lesson = Lesson::begin(&relay).await;
    lesson.film(1).await;
    assert_eq!(number(&lesson.slow).await, 0);
    lesson.film_in_vain().await;
    let newest = lesson.pictures;
    lesson.line.open(true);
    let (mut seen, mut beat) = (Vec::new(), tokio::time::interval(BEAT));
    while seen.last().is_none_or(|last| *last < newest) {
        tokio::select! {
            number = number(&lesson.slow) => seen.push(number),
            _ = beat.tick() => lesson.film(1).await,
        }
    }
    assert!(seen.is_sorted(), "in the order of sending");
    let kept = seen.iter().filter(|number| **number < newest).count();
    assert!(kept * PICTURE <= QUEUE, "{kept} of {newest}");
    let http = Http::new(&relay, String::new());
    let dropped = (newest as usize - QUEUE / PICTURE) as f64;
    http.metric_reaches("tongke_drops_total{reason=\"quic_buffer_full\"}", dropped).await;
}

#[tokio::test]
async fn one_that_never_reads_again_is_let_go_and_nothing_waits_for_it_any_more() {
    let relay = relay();
    let mut lesson = Lesson::begin(&relay).await;
    lesson.film_in_vain().await;
    let left = |event: &LessonEvent| matches!(event, LessonEvent::Left { .. });
    let event = lesson.class.event(left).await;
    let LessonEvent::Left { participant, reason } = event else { panic!("{event:?}") };
    assert_eq!((participant.as_str(), reason.as_str()), ("slow", "timed out"));
    lesson.film(1).await;
    Http::new(&relay, String::new()).metric_falls("tongke_quic_sessions", 2.0).await;
}
