//! Pages beside the relay's own routes, and HTTPS.

use crate::support::*;
use axum::Router;
use axum::routing::get;
use reqwest::{Client, Method, StatusCode, redirect};
use std::path::PathBuf;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tongke_protocol::Role;
use tongke_relay::{Relay, RelayConfig, TlsFiles};

fn pages() -> Router {
    let page = Router::new().route("/lessons/{lesson}", get(|| async { "a page" }));
    page.fallback(|| async { "a fallback of its own" })
}

#[tokio::test]
async fn pages_are_served_beside_the_relays_routes_and_only_to_their_own_origin() {
    let relay = Relay::start_with(&config(), pages()).unwrap();
    let http = Http::new(&relay, token("math", "school-1", Role::Supporting));
    let page = http.request(Method::GET, "/lessons/math").send().await.unwrap();
    assert_eq!(header(&page, "access-control-allow-origin"), "");
    assert_eq!(page.text().await.unwrap(), "a page");

    let links = http.request(Method::GET, "/lessons/math/links").send().await.unwrap();
    assert_eq!((links.status(), header(&links, "access-control-allow-origin")), (StatusCode::OK, "*"));
    for path in ["/nothing", "/lessons", "/lessons/math/nothing"] {
        let (status, refusal) = refusal(http.request(Method::GET, path).send().await.unwrap()).await;
        assert_eq!((status, refusal.code.as_str()), (StatusCode::NOT_FOUND, "not_found"), "{path}");
    }
}

/// A directory that goes with the test.
struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A relay with HTTPS, and a client that trusts it and follows no redirect.
fn https(name: &str) -> (Relay, Client) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let directory =
        Directory(std::env::temp_dir().join(format!("tongke-relay-{name}-{}", std::process::id())));
    std::fs::create_dir_all(&directory.0).unwrap();
    let write = |name: &str, text: String| {
        let path = directory.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let cert = write("cert.pem", made.cert.pem());
    let key = write("key.pem", made.signing_key.serialize_pem());
    let relay = Relay::start(&RelayConfig { tls: Some(TlsFiles { cert, key }), ..config() }).unwrap();
    let root = reqwest::Certificate::from_der(made.cert.der()).unwrap();
    let client = Client::builder().tls_certs_only([root]).redirect(redirect::Policy::none());
    (relay, client.build().unwrap())
}

#[tokio::test]
async fn https_serves_with_the_certificate_that_was_given() {
    let (relay, client) = https("given");
    let url = format!("https://localhost:{}/readyz", relay.http_addr().port());
    assert_eq!(client.get(url).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn whoever_types_http_is_sent_on_to_https() {
    let (relay, client) = https("plain");
    let place = format!("localhost:{}/lessons/math?grant=a.b.c", relay.http_addr().port());
    for method in [Method::GET, Method::HEAD, Method::POST] {
        let response = client.request(method, format!("http://{place}")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT);
        assert_eq!(header(&response, "location"), format!("https://{place}"));
    }
}

#[tokio::test]
async fn what_is_neither_tls_nor_http_is_closed() {
    let (relay, client) = https("neither");
    for bytes in [&b"\0\0\0\0"[..], b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = TcpStream::connect(relay.http_addr()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // A reset is as good an end as any: what was not read is thrown away.
        let _ = within("the end", stream.read_to_end(&mut answer)).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    let url = format!("https://localhost:{}/readyz", relay.http_addr().port());
    assert_eq!(client.get(url).send().await.unwrap().status(), StatusCode::OK, "the others are served");
}
