//! The little HTTP that the demo speaks to its own relay: one GET, plain, on loopback.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longest answer read; the metrics of a demo are some ten kilobytes.
const MAX_ANSWER_LEN: u64 = 4 << 20;
const TIMEOUT: Duration = Duration::from_secs(2);

/// The body of `path` if the server answers 200.
pub async fn get(server: SocketAddr, path: &str) -> io::Result<String> {
    tokio::time::timeout(TIMEOUT, exchange(server, path)).await.map_err(|_| io::ErrorKind::TimedOut)?
}

async fn exchange(server: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(server).await?;
    // HTTP/1.0: the answer ends with the connection and is not chunked.
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {server}\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER_LEN).read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    if status == "200" { Ok(body.to_owned()) } else { Err(io::Error::other(format!("HTTP status {status}"))) }
}
