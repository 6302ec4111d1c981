//! WebRTC clients with a socket each.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};
use tongke_bench_core::client::{Client, Offer};
use tongke_protocol::{Grant, GrantKey, LessonScope, Now, Role, WallTime};
use tongke_relay::Relay;
use tongke_transport::rtp::{RtpPacket, is_rtcp};
use tongke_transport::webrtc::{DatagramKind, classify};

/// Longest wait for anything; never waited for when all is well.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client and its socket.
pub struct Peer {
    client: Client,
    socket: UdpSocket,
    sequence: u16,
    datagram: Box<[u8; 2048]>,
    /// The worker that it talks to.
    pub worker: SocketAddr,
}

fn now() -> Now {
    Now { instant: Instant::now(), wall: WallTime(1_795_000_000_000_000) }
}

/// Joins the lesson and connects.
pub fn join(relay: &Relay, key: &GrantKey, number: u16, offered: Offer) -> Peer {
    let (way, role) =
        if offered == Offer::Watch { ("whep", Role::Observer) } else { ("whip", Role::Supporting) };
    let name = format!("peer-{number}");
    let grant = Grant {
        lesson: LessonScope::Any,
        participant: name.parse().unwrap(),
        name,
        role,
        expires_unix_s: u64::MAX,
    };
    let mut client = Client::new(number, offered);
    let answer = post(relay.http_addr(), &format!("/{way}/math"), &key.sign(&grant), &client.offer);
    client.connect(now(), &answer);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let worker = worker_of(relay, &answer);
    socket.connect(worker).unwrap();
    let mut peer = Peer { client, socket, sequence: 0, datagram: Box::new([0; 2048]), worker };
    while !peer.client.is_connected() {
        peer.flush();
        let len = peer.socket.recv(&mut *peer.datagram).expect("the handshake goes on");
        peer.client.handle_datagram(now(), &peer.datagram[..len]);
    }
    peer.flush();
    peer
}

/// Where the worker is that gave an answer: its port is in the candidates.
fn worker_of(relay: &Relay, answer: &str) -> SocketAddr {
    let candidates = answer.lines().filter(|line| line.starts_with("a=candidate:"));
    let ports: Vec<&str> = candidates.filter_map(|line| line.split(' ').nth(5)).collect();
    let is_named = |worker: &SocketAddr| ports.contains(&worker.port().to_string().as_str());
    relay.rtc_addrs().into_iter().find(is_named).unwrap()
}

/// An HTTP request, and the body of what is answered to it.
fn post(to: SocketAddr, path: &str, token: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: relay\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-type: application/sdp\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

impl Peer {
    fn flush(&mut self) {
        for datagram in self.client.out.drain(..) {
            self.socket.send(&datagram).unwrap();
        }
    }

    /// Keeps the session alive.
    pub fn check(&mut self) {
        self.client.check();
        self.flush();
    }

    /// Sends a packet, numbered by itself.
    pub fn send(&mut self, mut packet: RtpPacket) {
        packet.header.sequence = self.sequence;
        packet.extensions.transport_cc = Some(self.sequence);
        self.sequence = self.sequence.wrapping_add(1);
        let sealed = self.client.seal(&packet);
        self.socket.send(&sealed).unwrap();
    }

    /// Waits until so many packets of media have come.
    pub fn receive(&mut self, packets: u64) {
        let mut received = 0;
        while received < packets {
            let len = self.socket.recv(&mut *self.datagram).expect("every packet comes");
            let datagram = &self.datagram[..len];
            let is_media = classify(datagram[0]) == DatagramKind::Media && !is_rtcp(datagram);
            received += u64::from(is_media);
        }
    }
}
