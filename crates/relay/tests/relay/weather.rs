//! Bad weather on real sockets. In each test another lesson goes on and misses nothing.

use crate::support::*;
use crate::witness::Witness;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::net::UdpSocket;
use tongke_protocol::control::{ClientMessage, Codec, PublishTrack};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{Role, TrackKind};

const CAMERA: PublishTrack = PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: 0x77 };

#[tokio::test]
async fn a_node_that_never_reads_what_it_is_told_is_let_go_with_its_session() {
    let relay = relay();
    let mut witness = Witness::join(&relay).await;
    let mut config = client_config();
    let mut transport = quinn::TransportConfig::default();
    transport.stream_receive_window(4096u32.into());
    config.transport_config(Arc::new(transport));
    let node = Node::connect_as(relay.quic_addrs()[0], config).await;
    let hello_again = || hello(token("math", "school-1", Role::Supporting), "math", vec![CAMERA], 0, 0);
    let (stuck, _) = node.greet(hello_again()).await;
    let receiving = hello(token("math", "school-2", Role::Receiving), "math", vec![], 0, 0);
    let (mut other, _) = Node::join(&relay, receiving).await;
    for number in 0..400 {
        other.say(&ClientMessage::Hand { raised: number % 2 == 0 }).await;
        other.event(|event| matches!(event, LessonEvent::Hand { .. })).await;
    }
    let http = Http::new(&relay, String::new());
    http.metric_reaches("tongke_events_dropped_total", 1.0).await;
    witness.film(20).await;
    let (_newer, _) = Node::join(&relay, hello_again()).await;
    let reason = within("the end of the connection", stuck.connection.closed()).await;
    assert!(reason.to_string().contains("newer session"), "{reason}");
    witness.film(20).await;
}

/// First datagrams of so many QUIC clients: taken by a socket that never answers.
async fn initials(count: usize) -> Vec<Vec<u8>> {
    let sink = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    endpoint.set_default_client_config(client_config());
    let address = sink.local_addr().unwrap();
    let mut taken = HashMap::new();
    let mut connecting = Vec::new();
    let mut buffer = [0; 2048];
    while taken.len() < count {
        connecting.push(endpoint.connect(address, "relay").unwrap());
        let length = within("an Initial", sink.recv(&mut buffer)).await.unwrap();
        let datagram = &buffer[..length];
        // A client that repeats itself has the same destination id (RFC 9000 §17.2).
        let id = datagram[6..6 + usize::from(datagram[5])].to_vec();
        taken.entry(id).or_insert_with(|| datagram.to_vec());
    }
    taken.into_values().collect()
}

#[tokio::test]
async fn a_flood_of_quic_hellos_is_answered_with_little_and_keeps_nobody_out() {
    let relay = relay();
    let mut witness = Witness::join(&relay).await;
    let initials = initials(400).await;
    let mut senders = Vec::new();
    for initial in &initials {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.send_to(initial, relay.quic_addrs()[0]).await.unwrap();
        senders.push(socket);
        if senders.len() % 40 == 0 {
            witness.film(5).await;
        }
    }
    // Somebody real comes in, by showing that its address is its own.
    let receiving = hello(token("math", "school-2", Role::Receiving), "math", vec![], 1, 0);
    Node::join(&relay, receiving).await;
    witness.film(20).await;
    let (mut retried, mut in_bytes, mut out_bytes) = (0, 0, 0);
    for (socket, initial) in senders.iter().zip(&initials) {
        let (mut buffer, mut back) = ([0; 2048], 0);
        while let Ok(length) = socket.try_recv(&mut buffer) {
            back += length;
            // A Retry: long header, type 3.
            retried += usize::from(length > 0 && buffer[0] & 0xF0 == 0xF0);
        }
        assert!(back <= 3 * initial.len(), "{back} bytes for {}: RFC 9000 allows three times", initial.len());
        in_bytes += initial.len();
        out_bytes += back;
    }
    assert!(retried >= 400 - 64 - 1, "{retried} were asked to prove their address");
    assert!(out_bytes < in_bytes, "{out_bytes} bytes out for {in_bytes} in");
}

#[tokio::test]
async fn what_the_kernel_drops_is_among_the_metrics() {
    let relay = relay();
    let http = Http::new(&relay, String::new());
    let page = http.request(reqwest::Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    for port in ["rtc", "quic"] {
        let line = format!("tongke_udp_receive_dropped_total{{port=\"{port}\"}}");
        assert!(page.contains(&line), "{page}");
    }
    assert!(page.contains("reason=\"policed\""));
}
