//! The demo's registry, a process of its own: the lesson stands in its timetable, its machines enrol, nodes come
//! in by its grants, and what it makes of their facts is the lesson's record.

mod entries;
mod record;
mod table;

pub use entries::Planned;
pub use record::failures_of;
#[cfg(test)]
pub(in crate::demo) use record::tests::held;
pub use table::render;

use super::children::{free_address, start_process, wait_until_it_answers};
use super::processes::Process;
use crate::failure::Failure;
use crate::registry::now;
use entries::CLERK;
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tongke_pairing::credit::Decision;
use tongke_protocol::GrantKey;
use tongke_protocol::facts::RegistryReport;
use tongke_registry::access::{Access, AccessKey, Scope};

/// Until it listens.
const START: Duration = Duration::from_secs(10);
/// For the last facts to be worked out.
const SETTLING: Duration = Duration::from_secs(10);
/// For one request.
const ANSWER: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);
/// How long the demo's own token is good for.
const TOKEN_S: u64 = 2 * 86_400;
const POLICY: &str = include_str!("policy.toml");

/// A registry that runs.
#[derive(Debug)]
pub struct Registry {
    process: Process,
    address: SocketAddr,
    client: reqwest::Client,
    token: String,
}

/// Where it keeps what it has, and what it is told.
#[derive(Debug)]
pub struct Setting<'a> {
    /// Its folder to be.
    pub data: PathBuf,
    /// Where its log goes.
    pub logs: &'a Path,
    /// The secret that the relay has too.
    pub secret_file: &'a Path,
    /// The same.
    pub key: &'a GrantKey,
    /// Where the relay will be.
    pub relay: SocketAddr,
}

impl Registry {
    /// Starts it; returns when it answers.
    pub async fn start(setting: Setting<'_>) -> Result<Registry, Failure> {
        let policies = setting.data.join("policies");
        let written =
            fs::create_dir_all(&policies).and_then(|()| fs::write(policies.join("demo.toml"), POLICY));
        written.map_err(|error| Failure::running(format!("cannot write the demo's policy: {error}")))?;
        let address = free_address()?;
        let args = [
            "registry".to_owned(),
            "--http".to_owned(),
            format!("--listen={address}"),
            format!("--data={}", setting.data.display()),
            format!("--secret-file={}", setting.secret_file.display()),
            format!("--relay-url=http://{}", setting.relay),
        ];
        let mut process = start_process("registry", &args, setting.logs)?;
        wait_until_it_answers(&mut process, address, "/api/v1/status", START).await?;
        // Fails if it was chosen already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client =
            reqwest::Client::builder().no_proxy().timeout(ANSWER).build().map_err(Failure::running)?;
        let access = Access {
            sub: CLERK.to_owned(),
            may: vec![Scope::Admin],
            exp: now().as_unix_us() / 1_000_000 + TOKEN_S,
        };
        Ok(Registry { process, address, client, token: AccessKey::of(setting.key).sign(&access) })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Enters the schools, the pair and the lesson.
    pub async fn plan(&self, planned: &Planned) -> Result<(), Failure> {
        self.enter(planned.entries()).await.map_err(|why| Failure::running(format!("registry: {why}")))
    }

    /// Enters how many people are in the rooms.
    pub async fn count_heads(&self, planned: &Planned) -> Result<(), String> {
        self.enter(planned.head_counts()).await
    }

    async fn enter(&self, entries: Vec<Value>) -> Result<(), String> {
        let entered = self.post("entries", &json!({"entries": entries})).await?;
        tracing::debug!(%entered, "entered");
        Ok(())
    }

    /// Enrols the machine of a folder: a node of its school, or the relay.
    pub async fn enrol(&self, machine: &str, school: Option<&str>, data: &Path) -> Result<(), Failure> {
        let wrong = |why: String| Failure::running(format!("registry: {machine} cannot be enrolled: {why}"));
        let kind = if school.is_some() { "node" } else { "relay" };
        let mut asked = json!({"machine": machine, "kind": kind, "name": machine, "valid_s": 60});
        if let Some(school) = school {
            asked["school"] = school.into();
        }
        let made = self.post("enrolments", &asked).await.map_err(wrong)?;
        let code = made["code"].as_str().ok_or_else(|| wrong(format!("no code in {made}")))?;
        let enrolled = tongke_outbox::enrol(data, &self.url(), code, machine, None).await;
        enrolled.map(drop).map_err(|error| wrong(error.to_string()))
    }

    /// The lesson's record, once everything that came is worked out.
    pub async fn record(&self, planned: &Planned) -> Result<RegistryReport, String> {
        let deadline = Instant::now() + SETTLING;
        while self.get("status").await?["as_of"]["unsettled"] != 0 {
            if Instant::now() > deadline {
                return Err(format!("not everything is worked out after {} s", SETTLING.as_secs()));
            }
            tokio::time::sleep(POLL).await;
        }
        let lesson = self.get(&format!("lessons/{}", planned.lesson)).await?;
        let decision: Decision = serde_json::from_value(lesson["decision"].clone())
            .map_err(|error| format!("the lesson's decision cannot be read: {error}"))?;
        Ok(record::record(planned, &decision, self.facts_of(planned).await?))
    }

    /// How many facts of the lesson are kept.
    async fn facts_of(&self, planned: &Planned) -> Result<u64, String> {
        let (mut facts, mut cursor) = (0, String::new());
        loop {
            let page = self.get(&format!("lessons/{}/facts?limit=200{cursor}", planned.lesson)).await?;
            facts += page["items"].as_array().map_or(0, |items| items.len() as u64);
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(facts),
            }
        }
    }

    async fn get(&self, what: &str) -> Result<Value, String> {
        self.ask(self.client.get(self.endpoint(what)), what).await
    }

    async fn post(&self, what: &str, body: &Value) -> Result<Value, String> {
        self.ask(self.client.post(self.endpoint(what)).json(body), what).await
    }

    fn endpoint(&self, what: &str) -> String {
        format!("{}/api/v1/{what}", self.url())
    }

    async fn ask(&self, request: reqwest::RequestBuilder, what: &str) -> Result<Value, String> {
        let sent = request.bearer_auth(&self.token).send().await;
        let response = sent.map_err(|error| format!("it does not answer: {error}"))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| format!("it does not answer: {error}"))?;
        if !status.is_success() {
            return Err(format!("it answered {status} to {what}: {text}"));
        }
        serde_json::from_str(&text).map_err(|error| format!("its answer to {what} cannot be read: {error}"))
    }
}
