//! One HTTP request, plain, on loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Status and body of an answer; none: nobody answered.
pub fn request(
    server: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<(u16, String)> {
    let mut stream = open(server, method, path, headers, body)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split_whitespace().nth(1)?.parse().ok()?, body.to_owned()))
}

pub fn get(server: SocketAddr, path: &str) -> Option<(u16, String)> {
    request(server, "GET", path, &[], "")
}

/// The data of the first event of an event stream.
pub fn first_event(server: SocketAddr, path: &str, token: &str) -> Option<String> {
    let bearer = format!("Bearer {token}");
    let stream = open(server, "GET", path, &[("Authorization", &bearer)], "")?;
    BufReader::new(stream)
        .lines()
        .find_map(|line| line.ok()?.strip_prefix("data:").map(|data| data.trim().to_owned()))
}

fn open(
    server: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(server).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    // HTTP/1.0: the answer ends with the connection and is not chunked.
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {server}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
    .ok()?;
    Some(stream)
}
