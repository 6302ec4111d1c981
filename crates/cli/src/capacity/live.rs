//! Whether a relay with lessons runs here already, which a check would disturb.

use crate::failure::Failure;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// Longest wait for its answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Refuses if lessons run on the relay of these addresses, or might.
pub async fn refuse_beside_lessons(http: SocketAddr, rtc: SocketAddr) -> Result<(), Failure> {
    match lessons(http).await {
        Some(0) => Ok(()),
        Some(lessons) => Err(Failure::running(format!(
            "the relay on {http} has {lessons} running lesson(s), and the check takes a whole processor for its \
             time: it would disturb them"
        ))
        .hint("repeat it when no lesson runs, or on a machine of the same kind")),
        None if is_taken(rtc) => Err(Failure::running(format!(
            "somebody uses {rtc}, the relay's media port, and does not tell on {http} whether lessons run; the \
             check would disturb them"
        ))
        .hint("name the HTTP address of that relay with --http, or end it first")),
        None => Ok(()),
    }
}

/// How many lessons the relay there has; none: no relay answers.
async fn lessons(http: SocketAddr) -> Option<u64> {
    let ip = if http.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { http.ip() };
    let address = SocketAddr::new(ip, http.port());
    // Only a number is read, from this machine itself: any certificate will do.
    let client =
        reqwest::Client::builder().timeout(PATIENCE).no_proxy().tls_danger_accept_invalid_certs(true);
    let client = client.build().ok()?;
    for scheme in ["http", "https"] {
        let answer = client.get(format!("{scheme}://{address}/metrics")).send().await;
        if let Ok(answer) = answer
            && let Ok(text) = answer.text().await
            && let Some(lessons) = read(&text)
        {
            return Some(lessons);
        }
    }
    None
}

fn read(metrics: &str) -> Option<u64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix("tongke_lessons "))?;
    Some(line.trim().parse::<f64>().ok()? as u64)
}

fn is_taken(rtc: SocketAddr) -> bool {
    UdpSocket::bind(rtc).is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_are_read_from_the_metrics() {
        assert_eq!(read("# TYPE tongke_lessons gauge\ntongke_lessons 3\n"), Some(3));
        assert_eq!(read("tongke_lessons_ended 3\n"), None);
    }

    #[test]
    fn a_taken_media_port_is_noticed() {
        let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(is_taken(taken.local_addr().unwrap()));
    }
}
