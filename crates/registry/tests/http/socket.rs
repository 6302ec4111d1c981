//! Over real sockets: bodies of 100 MB, clients that never finish, HTTPS, the end.

use crate::databases::{Engine, Fresh};
use crate::world::secret;
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tongke_registry::{Server, ServerConfig, ServerError, Service, TlsFiles};

const PATIENCE: Duration = Duration::from_secs(60);

async fn start(tls: Option<TlsFiles>) -> (Fresh, Server) {
    // For the tests' own clients; fails if the registry was quicker.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (fresh, store) = Fresh::opened(Engine::Sqlite).await;
    let service = Arc::new(Service::new(store, secret()));
    let config = ServerConfig { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), tls };
    (fresh, Server::start(&config, service).unwrap())
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let reading = async {
        let mut piece = [0; 4096];
        loop {
            match stream.read(&mut piece).await {
                // After an answer to a request that was not read to its end the connection may break off.
                Ok(0) | Err(_) => break,
                Ok(length) => answer.extend_from_slice(&piece[..length]),
            }
        }
    };
    timeout(PATIENCE, reading).await.expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_of_100_mb_is_refused_without_being_read() {
    let (_fresh, server) = start(None).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /api/v1/facts HTTP/1.1\r\nHost: registry\r\nContent-Type: application/json\r\n\
        Content-Length: 104857600\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains(r#""code":"body_too_large""#), "{answer}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_body_without_an_end_is_refused_when_it_is_too_long() {
    let (_fresh, server) = start(None).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /api/v1/facts HTTP/1.1\r\nHost: registry\r\nContent-Type: application/json\r\n\
        Transfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let mut sent = 0_usize;
    while sent < 100 << 20 && stream.write_all(chunk.as_bytes()).await.is_ok() {
        sent += 0x10000;
    }
    assert!(sent < 100 << 20, "nobody reads all of it");
    server.shutdown().await;
}

#[tokio::test]
async fn a_body_that_is_a_little_too_long_is_answered() {
    let (_fresh, server) = start(None).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/api/v1/facts", server.address());
    let request =
        client.post(url).header("content-type", "application/json").body(" ".repeat((1 << 20) + 500_000));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 413);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "body_too_large");
    server.shutdown().await;
}

#[tokio::test]
async fn it_serves_https_and_ends_when_it_is_told_to() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let folder = crate::databases::Folder::new("http-tls");
    let files = TlsFiles { cert: folder.0.join("cert.pem"), key: folder.0.join("key.pem") };
    std::fs::write(&files.cert, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let (_fresh, server) = start(Some(files.clone())).await;
    let address = server.address();
    let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let client =
        reqwest::Client::builder().no_proxy().add_root_certificate(root).resolve("localhost", address);
    let client = client.build().unwrap();
    let url = format!("https://localhost:{}/api/v1/status", address.port());
    let status: Value = client.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(status["as_of"]["fact"], 0);
    server.shutdown().await;
    assert!(client.get(&url).send().await.is_err());
    let taken = ServerConfig { listen: address, tls: None };
    let (_fresh, store) = Fresh::opened(Engine::Sqlite).await;
    let service = Arc::new(Service::new(store, secret()));
    let first = Server::start(&taken, service.clone()).unwrap();
    assert!(matches!(Server::start(&taken, service.clone()), Err(ServerError::Listen { .. })));
    first.shutdown().await;
    std::fs::write(&files.key, "nothing").unwrap();
    let bad = ServerConfig { listen: taken.listen, tls: Some(files) };
    let why = Server::start(&bad, service).unwrap_err().to_string();
    assert!(why.contains("key.pem") && why.contains("PEM"), "{why}");
}
