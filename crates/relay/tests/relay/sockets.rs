//! What comes to the open ports from anybody: counted, never answered with more than came.

use crate::support::*;
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

/// First bytes of STUN, DTLS, SRTP and nothing at all (RFC 7983).
const FIRST_BYTES: [u8; 8] = [0, 1, 20, 22, 63, 0x80, 0xbf, 0xff];

#[tokio::test]
async fn rubbish_on_the_media_port_is_counted_and_not_answered() {
    let relay = relay();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut random = StdRng::seed_from_u64(7);
    let mut sent = 0;
    for round in 0..400 {
        let mut datagram = vec![0; random.random_range(0..1500)];
        random.fill_bytes(&mut datagram);
        if let Some(first) = datagram.first_mut() {
            *first = FIRST_BYTES[round % FIRST_BYTES.len()];
        }
        socket.send_to(&datagram, relay.rtc_addrs()[0]).await.unwrap();
        sent += u32::from(!datagram.is_empty());
    }
    let http = Http::new(&relay, String::new());
    http.metric_reaches("tongke_udp_datagrams_received_total", f64::from(sent)).await;
    assert!(http.metric("tongke_drops_total").await >= f64::from(sent));
    let mut answer = [0; 2048];
    assert!(socket.try_recv(&mut answer).is_err(), "an answer to rubbish");
}

#[tokio::test]
async fn a_well_formed_check_of_a_stranger_gets_no_longer_answer() {
    let relay = relay();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    // A binding request (RFC 8489) with USERNAME "nobody:me" and no integrity.
    let username = b"nobody:me\0\0\0";
    let mut check = vec![0, 1, 0, 16, 0x21, 0x12, 0xa4, 0x42];
    check.extend_from_slice(&[7; 12]);
    check.extend_from_slice(&[0, 6, 0, 9]);
    check.extend_from_slice(username);
    // A DTLS ClientHello record header with nothing behind it.
    let hello = [22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1];
    for datagram in [&check[..], &hello[..]] {
        socket.send_to(datagram, relay.rtc_addrs()[0]).await.unwrap();
    }
    Http::new(&relay, String::new()).metric_reaches("tongke_udp_datagrams_received_total", 2.0).await;
    let mut answer = [0; 2048];
    while let Ok(length) = socket.try_recv(&mut answer) {
        assert!(length <= hello.len(), "{length} bytes for at most {}", check.len());
    }
}

#[tokio::test]
async fn whoever_speaks_something_else_on_the_ice_tcp_port_is_cut_off() {
    let relay = relay();
    let mut stream = TcpStream::connect(relay.rtc_addrs()[0]).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let read = within("the end of the connection", stream.read_to_end(&mut answer)).await;
    assert!(answer.is_empty(), "{read:?}");
}

#[tokio::test]
async fn a_half_frame_then_rubbish_in_frames_is_counted() {
    let relay = relay();
    let mut stream = TcpStream::connect(relay.rtc_addrs()[0]).await.unwrap();
    let mut bytes = vec![];
    for first in FIRST_BYTES {
        bytes.extend_from_slice(&[0, 3, first, 1, 2]);
    }
    bytes.extend_from_slice(&[0, 200, 1]);
    stream.write_all(&bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    Http::new(&relay, String::new()).metric_reaches("tongke_drops_total", FIRST_BYTES.len() as f64).await;
    let mut answer = Vec::new();
    let _ = within("the end of the connection", stream.read_to_end(&mut answer)).await;
    assert!(answer.is_empty());
}
