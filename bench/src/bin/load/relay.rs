//! The relay under load: started here, or somebody's; its metrics, and grants for it.

use crate::Args;
use std::error::Error;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tongke_protocol::control::Links;
use tongke_protocol::{Grant, GrantKey, LessonScope, Role};

/// Longest wait for a relay to be ready, or to come to rest.
const PATIENCE: Duration = Duration::from_secs(10);

/// A relay.
pub struct Relay {
    /// Where it is, as http://HOST:PORT.
    pub url: String,
    /// For its HTTP interface.
    pub http: reqwest::Client,
    key: GrantKey,
    _child: Option<Running>,
}

/// A relay started here; ends with this program.
struct Running {
    child: Child,
    secret_file: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.secret_file);
    }
}

/// What a relay tells of itself. Counters and CPU time are the workers' own, of the same moment.
pub struct Snapshot {
    /// When it was taken.
    pub at: Instant,
    /// Packets forwarded.
    pub forwarded: f64,
    /// Packets that should have been forwarded and were not.
    pub dropped: f64,
    /// CPU time of the workers' threads.
    pub cpu_s: f64,
    /// Memory held by the process.
    pub rss_bytes: f64,
    /// Lessons that run.
    lessons: f64,
}

impl Relay {
    /// The relay of the arguments, ready.
    ///
    /// # Errors
    /// If it is not there or cannot be started.
    pub async fn new(args: &Args) -> Result<Self, Box<dyn Error>> {
        let http = reqwest::Client::new();
        let relay = match (&args.relay, &args.secret_file) {
            (Some(url), Some(file)) => {
                let key =
                    GrantKey::from_secret_file(&std::fs::read(file)?).ok_or("the secret is too short")?;
                Self { url: url.clone(), http, key, _child: None }
            }
            _ => Self::start(args, http)?,
        };
        let until = Instant::now() + PATIENCE;
        loop {
            match relay.http.get(format!("{}/readyz", relay.url)).send().await {
                Ok(response) if response.status().is_success() => return Ok(relay),
                Err(error) if Instant::now() > until => return Err(error.into()),
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn start(args: &Args, http: reqwest::Client) -> Result<Self, Box<dyn Error>> {
        let program = match &args.program {
            Some(program) => program.clone(),
            None => std::env::current_exe()?.with_file_name("tongke"),
        };
        let secret = format!("{:032x}", rand::random::<u128>());
        let secret_file = std::env::temp_dir().join(format!("tongke-bench-{}", std::process::id()));
        std::fs::write(&secret_file, &secret)?;
        let mut command = Command::new(&program);
        command.args(["relay", "--secret-file"]).arg(&secret_file);
        let (page, rtc, quic) = (free_port()?, free_port()?, free_port()?);
        for (flag, port) in [("--http", page), ("--rtc", rtc), ("--quic", quic)] {
            command.args([flag, &format!("127.0.0.1:{port}")]);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let key = GrantKey::from_secret_file(secret.as_bytes()).ok_or("the secret is too short")?;
        let url = format!("http://127.0.0.1:{page}");
        Ok(Self { url, http, key, _child: Some(Running { child, secret_file }) })
    }

    /// A grant for any lesson.
    ///
    /// # Errors
    /// If the name is none.
    pub fn token(&self, name: &str, role: Role) -> Result<String, Box<dyn Error>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        Ok(self.key.sign(&Grant {
            lesson: LessonScope::Any,
            participant: name.parse()?,
            name: name.to_owned(),
            role,
            expires_unix_s: now.as_secs() + 3_600,
        }))
    }

    /// By which ways it takes a lesson's media.
    ///
    /// # Errors
    /// If it does not say.
    pub async fn links(&self, lesson: &str, token: &str) -> Result<Links, Box<dyn Error>> {
        let request = self.http.get(format!("{}/lessons/{lesson}/links", self.url)).bearer_auth(token);
        Ok(serde_json::from_slice(&request.send().await?.error_for_status()?.bytes().await?)?)
    }

    /// Its figures now; workers tell theirs once a second.
    ///
    /// # Errors
    /// If it has none.
    pub async fn snapshot(&self) -> Result<Snapshot, Box<dyn Error>> {
        let text = self.http.get(format!("{}/metrics", self.url)).send().await?.text().await?;
        let sum = |name: &str| -> f64 {
            let lines = text.lines().filter_map(|line| line.strip_prefix(name));
            let values =
                lines.filter(|rest| rest.starts_with([' ', '{'])).filter_map(|rest| rest.rsplit(' ').next());
            values.filter_map(|value| value.parse::<f64>().ok()).sum()
        };
        Ok(Snapshot {
            at: Instant::now(),
            forwarded: sum("tongke_packets_forwarded_total"),
            dropped: sum("tongke_packets_dropped_total"),
            cpu_s: sum("tongke_worker_cpu_seconds_total"),
            rss_bytes: sum("process_resident_memory_bytes"),
            lessons: sum("tongke_lessons"),
        })
    }

    /// Its figures once the lessons before are over.
    ///
    /// # Errors
    /// If it has none.
    pub async fn settled(&self) -> Result<Snapshot, Box<dyn Error>> {
        let until = Instant::now() + PATIENCE;
        loop {
            let snapshot = self.snapshot().await?;
            if snapshot.lessons == 0.0 || Instant::now() > until {
                return Ok(snapshot);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
