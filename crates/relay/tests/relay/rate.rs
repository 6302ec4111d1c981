//! How much the way carries: noise down, anything up, within bounds.

use crate::support::*;
use reqwest::{Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tongke_protocol::Role;

const MAX: usize = 4 * 1024 * 1024;

fn school(relay: &tongke_relay::Relay) -> Http {
    Http::new(relay, token("math", "school-1", Role::Receiving))
}

#[tokio::test]
async fn so_many_bytes_of_noise_come_down_and_are_never_kept() {
    let relay = relay();
    let http = school(&relay);
    for bytes in [0, 1, 100_000, MAX] {
        let path = format!("/lessons/math/rate?bytes={bytes}");
        let response = http.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "cache-control"), "no-store");
        assert_eq!(header(&response, "content-length"), bytes.to_string());
        let body = response.bytes().await.unwrap();
        assert_eq!(body.len(), bytes);
        let mut seen = [0_usize; 256];
        body.iter().for_each(|byte| seen[usize::from(*byte)] += 1);
        let even = bytes / 256;
        assert!(bytes < 10_000 || seen.iter().all(|count| (even / 2..2 * even).contains(count)));
    }
}

#[tokio::test]
async fn what_goes_up_is_counted() {
    let relay = relay();
    let http = school(&relay);
    for bytes in [0, 70_000, MAX] {
        let request = http.request(Method::POST, "/lessons/math/rate").body(vec![7; bytes]);
        let response = request.send().await.unwrap();
        assert_eq!((response.status(), header(&response, "cache-control")), (StatusCode::OK, "no-store"));
        let answer: serde_json::Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        assert_eq!(answer, serde_json::json!({ "bytes": bytes }));
    }
}

#[tokio::test]
async fn who_asks_for_too_much_or_for_nothing_is_told_the_bounds() {
    let relay = relay();
    let http = school(&relay);
    for query in ["", "?bytes=", "?bytes=-1", "?bytes=4194305", "?bytes=99999999999999999999", "?byte=1"] {
        let request = http.request(Method::GET, &format!("/lessons/math/rate{query}"));
        let (status, refusal) = refusal(request.send().await.unwrap()).await;
        assert_eq!((status, refusal.code.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "bytes_invalid"));
        assert!(refusal.message.contains("4194304"), "{}", refusal.message);
    }
    // In HTTP/1.1 the answer may be lost with the connection while the client still sends.
    let body = reqwest::Body::from(vec![0; MAX + 1]);
    if let Ok(response) = http.request(Method::POST, "/lessons/math/rate").body(body).send().await {
        let (status, refusal) = refusal(response).await;
        assert_eq!((status, refusal.code.as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"));
    }
    let nobody = Http::new(&relay, String::new());
    for method in [Method::GET, Method::POST] {
        let response = nobody.request(method, "/lessons/math/rate?bytes=1").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }
}

/// An upload that is under way: its head is sent, and the relay waits for its 4 bytes.
async fn begin_upload(http: &Http) -> TcpStream {
    let address = http.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /lessons/math/rate HTTP/1.1\r\nhost: relay\r\nauthorization: Bearer {}\r\n\
         expect: 100-continue\r\ncontent-length: 4\r\n\r\n",
        http.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // It comes when the body is asked for.
    hear(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n").await;
    stream
}

async fn hear(stream: &mut TcpStream, expected: &str) {
    let mut came = vec![0; expected.len()];
    within("the answer", stream.read_exact(&mut came)).await.unwrap();
    assert_eq!(String::from_utf8(came).unwrap(), expected);
}

#[tokio::test]
async fn only_so_many_measure_at_once_and_who_ends_makes_room() {
    let relay = relay();
    let http = school(&relay);
    let mut running = Vec::new();
    for _ in 0..8 {
        running.push(begin_upload(&http).await);
    }
    let request = |method: Method| http.request(method, "/lessons/math/rate?bytes=1").send();
    for method in [Method::GET, Method::POST] {
        let (status, refusal) = refusal(request(method).await.unwrap()).await;
        assert_eq!((status, refusal.code.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "rate_busy"));
    }
    let mut ending = running.pop().unwrap();
    ending.write_all(b"1234").await.unwrap();
    hear(&mut ending, "HTTP/1.1 200 OK\r\n").await;
    let last = begin_upload(&http).await;
    assert_eq!(request(Method::GET).await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    // Who breaks off makes room too, as soon as the relay has seen it.
    drop(last);
    let again = async { while request(Method::GET).await.unwrap().status() != StatusCode::OK {} };
    within("a place", again).await;
}
