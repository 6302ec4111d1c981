//! The target's HTTP interface: sessions, whether it is ready, its counters.

use crate::LoadError;
use crate::shape::Place;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tongke_protocol::control::Links;
use tongke_protocol::{Grant, GrantKey, LessonScope, Role};

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is put under load.
#[derive(Clone)]
pub struct Target {
    /// Its HTTP interface, as http://HOST:PORT.
    pub url: String,
    /// What signs grants for it, if it wants any.
    pub key: Option<GrantKey>,
    /// Its process, if that runs on this machine.
    pub pid: Option<u32>,
}

/// Counters that a target tells of itself, cumulative.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Counters {
    /// System calls that sent datagrams.
    pub send_calls: f64,
    /// Datagrams sent.
    pub datagrams_sent: f64,
    /// System calls that received datagrams.
    pub receive_calls: f64,
    /// Datagrams received.
    pub datagrams_received: f64,
    /// Packets that should have been forwarded and were not.
    pub dropped: f64,
}

impl Counters {
    /// What they grew by.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            send_calls: self.send_calls - before.send_calls,
            datagrams_sent: self.datagrams_sent - before.datagrams_sent,
            receive_calls: self.receive_calls - before.receive_calls,
            datagrams_received: self.datagrams_received - before.datagrams_received,
            dropped: self.dropped - before.dropped,
        }
    }
}

/// An HTTP client of a target.
#[derive(Clone)]
pub(crate) struct Signal {
    target: Target,
    http: reqwest::Client,
    /// Tells lessons of this load from those before.
    run: u64,
}

impl Signal {
    pub(crate) fn new(target: Target) -> Result<Self, LoadError> {
        // Fails if somebody has installed one; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build();
        let http = http.map_err(|error| failed("make an HTTP client", &error))?;
        Ok(Self { target, http, run: rand::random() })
    }

    /// Waits until the target takes sessions.
    pub(crate) async fn ready(&self) -> Result<(), LoadError> {
        let (url, until) = (format!("{}/readyz", self.target.url), Instant::now() + PATIENCE);
        loop {
            let why = match self.http.get(&url).send().await {
                Ok(response) if response.status().is_success() => return Ok(()),
                Ok(response) => response.status().to_string(),
                Err(error) => error.to_string(),
            };
            if Instant::now() > until {
                return Err(LoadError::Http { what: format!("GET {url}"), why });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Posts a session's offer and gives the answer.
    pub(crate) async fn post(&self, place: Place, offer: String) -> Result<String, LoadError> {
        let endpoint = if place.publisher.is_some() { "whip" } else { "whep" };
        let (lesson, name) = (self.lesson(place.lesson), participant(place.participant));
        let path = format!("/{endpoint}/{lesson}?participant={name}");
        let what = format!("POST {path}");
        let request = self
            .http
            .post(format!("{}{path}", self.target.url))
            .bearer_auth(self.token(place)?)
            .header("content-type", "application/sdp")
            .body(offer);
        let response = request.send().await.map_err(|error| failed(&what, &error))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| failed(&what, &error))?;
        if status.is_success() {
            Ok(text)
        } else {
            Err(LoadError::Http { what, why: format!("{status} {text}") })
        }
    }

    /// Where the target takes QUIC sessions of a lesson.
    pub(crate) async fn quic_address(&self, place: Place) -> Result<SocketAddr, LoadError> {
        let what = format!("GET /lessons/{}/links", self.lesson(place.lesson));
        let url = format!("{}/lessons/{}/links", self.target.url, self.lesson(place.lesson));
        let request = self.http.get(url).bearer_auth(self.token(place)?);
        let response = request.send().await.and_then(reqwest::Response::error_for_status);
        let links: Links = match response {
            Ok(response) => response.json().await.map_err(|error| failed(&what, &error))?,
            Err(error) => return Err(failed(&what, &error)),
        };
        let nowhere = |why: &str| LoadError::Http { what: what.clone(), why: why.to_owned() };
        let port = links.quic_port.ok_or_else(|| nowhere("the target has no QUIC"))?;
        let url = reqwest::Url::parse(&self.target.url).map_err(|error| nowhere(&error.to_string()))?;
        let host = (url.host_str().unwrap_or_default().to_owned(), port);
        let address = host.to_socket_addrs().ok().and_then(|mut all| all.next());
        address.ok_or_else(|| nowhere("the target's host has no address"))
    }

    /// The target's counters; none if it tells none.
    pub(crate) async fn counters(&self) -> Option<Counters> {
        let response = self.http.get(format!("{}/metrics", self.target.url)).send().await.ok()?;
        Some(read_counters(&response.error_for_status().ok()?.text().await.ok()?))
    }

    /// A lesson's name.
    pub(crate) fn lesson(&self, number: usize) -> String {
        format!("load-{:x}-{number}", self.run as u32)
    }

    /// A grant for who sits there.
    pub(crate) fn token(&self, place: Place) -> Result<String, LoadError> {
        let Some(key) = &self.target.key else { return Ok("none".to_owned()) };
        let name = participant(place.participant);
        let unnamed = |error: tongke_protocol::IdError| LoadError::Http {
            what: "sign a grant".to_owned(),
            why: error.to_string(),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(key.sign(&Grant {
            lesson: LessonScope::Any,
            participant: name.parse().map_err(unnamed)?,
            name,
            role: if place.participant == 0 { Role::Supporting } else { Role::Receiving },
            expires_unix_s: now.as_secs() + 86_400,
        }))
    }
}

fn participant(number: usize) -> String {
    format!("school-{number}")
}

fn failed(what: &str, error: &reqwest::Error) -> LoadError {
    LoadError::Http { what: what.to_owned(), why: error.to_string() }
}

fn read_counters(page: &str) -> Counters {
    let sum = |name: &str| -> f64 {
        let lines = page.lines().filter_map(|line| line.strip_prefix(name));
        let values =
            lines.filter(|rest| rest.starts_with([' ', '{'])).filter_map(|rest| rest.rsplit(' ').next());
        values.filter_map(|value| value.parse::<f64>().ok()).sum()
    };
    Counters {
        send_calls: sum("tongke_udp_send_calls_total"),
        datagrams_sent: sum("tongke_udp_datagrams_sent_total"),
        receive_calls: sum("tongke_udp_receive_calls_total"),
        datagrams_received: sum("tongke_udp_datagrams_received_total"),
        dropped: sum("tongke_packets_dropped_total"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_summed_over_labels_and_missing_ones_are_zero() {
        let page = "# HELP tongke_udp_send_calls x\ntongke_udp_send_calls_total{worker=\"0\"} 5\n\
                    tongke_udp_send_calls_total{worker=\"1\"} 7\ntongke_udp_send_calls_total_other 9\n\
                    tongke_udp_datagrams_sent_total 90\n";
        let counters = read_counters(page);
        assert_eq!((counters.send_calls, counters.datagrams_sent), (12.0, 90.0));
        assert_eq!(counters.receive_calls, 0.0);
    }
}
