//! A relay under test.

use super::process::{Running, tongke};
use super::scratch::Scratch;
use super::{eventually, http, s};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tongke_protocol::event::{LessonEvent, ParticipantInfo};
use tongke_protocol::{Grant, GrantKey, Role};

/// Every test's lesson.
pub const LESSON: &str = "math";
const SECRET: [u8; 40] = [b's'; 40];

/// A relay on loopback that can be killed and started again at the same addresses.
pub struct Relay {
    pub http: SocketAddr,
    rtc: SocketAddr,
    quic: SocketAddr,
    pub secret_file: PathBuf,
    log: PathBuf,
    process: Running,
}

impl Relay {
    pub fn start(scratch: &Scratch) -> Relay {
        let secret_file = scratch.write("secret", std::str::from_utf8(&SECRET).unwrap());
        let (http, rtc, quic) = (free_address(), free_address(), free_address());
        let log = scratch.file("relay.log");
        let process = start(http, rtc, quic, &secret_file, &log);
        Relay { http, rtc, quic, secret_file, log, process }
    }

    /// SIGKILL: nobody is told.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again after a kill; returns when it listens.
    pub fn restart(&mut self) {
        self.process = start(self.http, self.rtc, self.quic, &self.secret_file, &self.log);
    }

    pub fn terminate(&mut self) -> Option<i32> {
        self.process.terminate()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// A grant for [`LESSON`], good for an hour.
    pub fn token(&self, participant: &str, role: Role) -> String {
        self.token_until(participant, role, now_s() + 3_600)
    }

    pub fn token_until(&self, participant: &str, role: Role, expires_unix_s: u64) -> String {
        self.sign(LESSON, participant, role, expires_unix_s)
    }

    /// A grant for another lesson, good for an hour.
    pub fn token_for(&self, lesson: &str, participant: &str, role: Role) -> String {
        self.sign(lesson, participant, role, now_s() + 3_600)
    }

    fn sign(&self, lesson: &str, participant: &str, role: Role, expires_unix_s: u64) -> String {
        GrantKey::from_secret_file(&SECRET).unwrap().sign(&Grant {
            lesson: lesson.parse().unwrap(),
            participant: participant.parse().unwrap(),
            name: participant.to_owned(),
            role,
            expires_unix_s,
        })
    }

    /// Who is in the lesson, as an observer sees it.
    pub fn participants(&self) -> Option<Vec<ParticipantInfo>> {
        let token = self.token("observer-of-the-test", Role::Observer);
        let json = http::first_event(self.http, &format!("/lessons/{LESSON}/events"), &token)?;
        match serde_json::from_str(&json) {
            Ok(LessonEvent::Snapshot { participants, .. }) => Some(participants),
            other => panic!("the first event is no snapshot: {other:?}"),
        }
    }

    /// Status and answer to a request with a JSON body.
    pub fn post(&self, path: &str, token: &str, body: &str) -> Option<(u16, String)> {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        http::request(self.http, "POST", path, &headers, body)
    }

    /// A metric's sum over its labels.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let (_, text) = http::get(self.http, "/metrics")?;
        let lines = text.lines().filter_map(|line| line.strip_prefix(name));
        lines
            .filter(|rest| rest.starts_with([' ', '{']))
            .filter_map(|rest| rest.rsplit_once(' ')?.1.parse::<f64>().ok())
            .reduce(|sum, value| sum + value)
    }
}

fn start(http: SocketAddr, rtc: SocketAddr, quic: SocketAddr, secret: &Path, log: &Path) -> Running {
    let mut command = tongke();
    command.arg("relay").arg("--secret-file").arg(secret);
    for (flag, address) in [("--http", http), ("--rtc", rtc), ("--quic", quic)] {
        command.arg(flag).arg(address.to_string());
    }
    let mut process = Running::start(command, log);
    eventually("the relay is ready", s(10), || {
        assert!(process.ended().is_none(), "the relay did not start:\n{}", process.log());
        http::get(http, "/readyz").filter(|(status, _)| *status == 200)
    });
    process
}

/// An address on loopback that is free for UDP and TCP.
pub fn free_address() -> SocketAddr {
    for _ in 0..50 {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no port is free for both UDP and TCP");
}

pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
