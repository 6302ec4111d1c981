//! How the demo's lesson runs: start, wait until everyone sees everyone, let it go on, end, judge.

use super::processes::Process;
use super::progress::Progress;
use super::relay_reading::RelayReading;
use super::report::{School, assemble};
use super::{http, ports, table};
use crate::failure::Failure;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tongke_protocol::facts::{DemoReport, NodeFacts};
use tongke_protocol::{Grant, GrantKey, LessonId, LessonScope, ParticipantId, Role};

/// Until the relay listens.
const RELAY_START: Duration = Duration::from_secs(10);
/// Until every school has seen a picture of every other.
const EVERYONE_IN: Duration = Duration::from_secs(30);
/// For a node to write its facts at the end.
const ENDING: Duration = Duration::from_secs(8);
const POLL: Duration = Duration::from_millis(50);
const SECRET_LEN: usize = 32;

/// The demo's schools: name, role, link.
const SCHOOLS: [(&str, Role, &str); 3] = [
    ("teacher-school", Role::Supporting, "quic"),
    ("hill-school", Role::Receiving, "quic"),
    ("island-school", Role::Receiving, "webrtc-udp"),
];

/// What to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How long, once everyone is in.
    pub duration: Duration,
    /// Where the report goes; logs and the nodes' own facts go beside it.
    pub report: PathBuf,
    /// What the supporting school's camera is: a source text, or the test scene.
    pub sender_input: String,
}

/// A lesson that runs.
#[derive(Debug)]
pub struct Lesson {
    plan: Plan,
    id: LessonId,
    folder: PathBuf,
    http: SocketAddr,
    // Dropped in this order: nodes before their relay, the secret last.
    nodes: Vec<(ParticipantId, Process)>,
    relay: Process,
    _private: PrivateFolder,
}

impl Lesson {
    /// Starts the relay and, when it listens, the schools.
    pub async fn start(plan: Plan) -> Result<Lesson, Failure> {
        let folder =
            plan.report.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.to_owned();
        fs::create_dir_all(&folder).map_err(|error| cannot("make the folder", &folder, &error))?;
        let private = PrivateFolder::create()?;
        let secret_file = private.0.join("secret");
        let secret: [u8; SECRET_LEN] = rand::random();
        let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        write_private(&secret_file, &secret)?;
        let key = GrantKey::from_secret_file(secret.as_bytes()).expect("twice as long as the least");

        let id: LessonId = "demo".parse().expect("a valid identifier");
        let (relay, http) = start_relay(&folder, &secret_file).await?;
        let mut lesson = Lesson { plan, id, folder, http, nodes: Vec::new(), relay, _private: private };
        for (name, role, link) in SCHOOLS {
            lesson.start_school(name, role, link, &key)?;
        }
        Ok(lesson)
    }

    fn start_school(&mut self, name: &str, role: Role, link: &str, key: &GrantKey) -> Result<(), Failure> {
        let participant: ParticipantId = name.parse().expect("a valid identifier");
        let token_file = self._private.0.join(format!("{name}.token"));
        let expires = SystemTime::now() + self.plan.duration + Duration::from_secs(3_600);
        let grant = Grant {
            lesson: LessonScope::Only(self.id.clone()),
            participant: participant.clone(),
            name: name.to_owned(),
            role,
            expires_unix_s: expires.duration_since(UNIX_EPOCH).map_err(Failure::running)?.as_secs(),
        };
        write_private(&token_file, &key.sign(&grant))?;
        let facts = self.facts_file(&participant);
        let _ = fs::remove_file(&facts);
        let camera = if role == Role::Supporting { self.plan.sender_input.as_str() } else { "test" };
        let mut args: Vec<String> = vec![if role == Role::Supporting { "send" } else { "receive" }.into()];
        for (flag, value) in [
            ("--relay", format!("http://{}", self.http)),
            ("--lesson", self.id.to_string()),
            ("--token-file", token_file.display().to_string()),
            ("--link", link.to_owned()),
            ("--camera", camera.to_owned()),
            ("--microphone", "test".to_owned()),
            ("--screen", if role == Role::Supporting { "slides" } else { "none" }.to_owned()),
            ("--video-out", "none".to_owned()),
            ("--sound-out", "none".to_owned()),
            ("--facts", facts.display().to_string()),
        ] {
            args.extend([flag.to_owned(), value]);
        }
        let process = start_process(name, &args, &self.folder)?;
        self.nodes.push((participant, process));
        Ok(())
    }

    fn facts_file(&self, participant: &ParticipantId) -> PathBuf {
        self.folder.join(format!("{participant}.facts.json"))
    }

    /// What was started, for whoever watches.
    pub fn describe(&self) -> String {
        let schools: Vec<String> = SCHOOLS.iter().map(|(name, _, link)| format!("{name} ({link})")).collect();
        format!(
            "relay    http://{}\nschools  {}\nlogs     {}",
            self.http,
            schools.join(", "),
            self.folder.display()
        )
    }

    /// Runs to the planned end, or until `stop`; writes the report and gives it with its tables.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(DemoReport, String), Failure> {
        let mut progress = Progress::begin(self.plan.duration);
        let mut notes = Vec::new();
        let mut stop = std::pin::pin!(stop);
        let joined = tokio::select! {
            joined = self.everyone_in(&mut progress) => joined,
            () = &mut stop => Err("stopped before everyone was in".to_owned()),
        };
        let before = RelayReading::take(self.http).await;
        let begun = Instant::now();
        let has_begun = joined.is_ok();
        match joined {
            Ok(()) => tokio::select! {
                result = self.go_on(begun, &mut progress) => notes.extend(result.err()),
                () = &mut stop => notes.push(format!("stopped after {:.0} s", begun.elapsed().as_secs_f64())),
            },
            Err(why) => notes.push(why),
        }
        let seconds = begun.elapsed().as_secs_f64();
        let after = RelayReading::take(self.http).await;
        progress.end();
        let schools = self.end_nodes().await;
        self.relay.ask_to_end();
        let report =
            assemble(self.id.clone(), (seconds * 10.0).round() / 10.0, &schools, after.since(before), notes);
        // Of a lesson that did not begin there is nothing to tell but why.
        let is_worth_telling = has_begun || schools.iter().any(School::has_seen_somebody);
        let tables = if is_worth_telling { table::render(&report, &schools) } else { String::new() };
        write_report(&self.plan.report, &report)?;
        wait_for_end(&mut self.relay, ENDING).await;
        Ok((report, tables))
    }

    async fn everyone_in(&mut self, progress: &mut Progress) -> Result<(), String> {
        let deadline = Instant::now() + EVERYONE_IN;
        loop {
            let schools = self.read_schools();
            let seen = progress.joining(&schools);
            if seen == SCHOOLS.len() * (SCHOOLS.len() - 1) {
                return Ok(());
            }
            self.all_alive()?;
            if Instant::now() > deadline {
                return Err(format!("not every school saw every other within {} s", EVERYONE_IN.as_secs()));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn go_on(&mut self, begun: Instant, progress: &mut Progress) -> Result<(), String> {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        while begun.elapsed() < self.plan.duration {
            tokio::select! {
                _ = second.tick() => {}
                () = tokio::time::sleep(self.plan.duration.saturating_sub(begun.elapsed())) => {}
            }
            self.all_alive()?;
            progress.running(begun.elapsed(), &self.read_schools());
        }
        Ok(())
    }

    fn all_alive(&mut self) -> Result<(), String> {
        let all = self.nodes.iter_mut().map(|(_, process)| process).chain([&mut self.relay]);
        for process in all {
            if let Some(status) = process.ended() {
                return Err(format!(
                    "{} ended early ({status}); its log ends with:\n{}",
                    process.name(),
                    process.last_words(3)
                ));
            }
        }
        Ok(())
    }

    fn read_schools(&self) -> Vec<School> {
        self.nodes
            .iter()
            .map(|(id, _)| School { id: id.clone(), facts: read_facts(&self.facts_file(id)) })
            .collect()
    }

    async fn end_nodes(&mut self) -> Vec<School> {
        for (_, node) in &mut self.nodes {
            node.ask_to_end();
        }
        let deadline = Instant::now() + ENDING;
        for (_, node) in &mut self.nodes {
            wait_for_end(node, deadline.saturating_duration_since(Instant::now())).await;
        }
        self.read_schools()
    }
}

async fn start_relay(folder: &Path, secret_file: &Path) -> Result<(Process, SocketAddr), Failure> {
    let free = || {
        ports::free_address().map_err(|error| Failure::running(format!("no free port on loopback: {error}")))
    };
    let (http, rtc, quic) = (free()?, free()?, free()?);
    let mut args = vec!["relay".to_owned()];
    for (flag, value) in [
        ("--http", http.to_string()),
        ("--rtc", rtc.to_string()),
        ("--quic", quic.to_string()),
        ("--secret-file", secret_file.display().to_string()),
    ] {
        args.extend([flag.to_owned(), value]);
    }
    let mut relay = start_process("relay", &args, folder)?;
    let deadline = Instant::now() + RELAY_START;
    while http::get(http, "/readyz").await.is_err() {
        if relay.ended().is_some() || Instant::now() > deadline {
            return Err(Failure::running(format!(
                "the relay did not start; its log {} ends with:\n{}",
                relay.log().display(),
                relay.last_words(5)
            )));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok((relay, http))
}

fn start_process(name: &str, args: &[String], folder: &Path) -> Result<Process, Failure> {
    let log = folder.join(format!("{name}.log"));
    Process::start(name, args, &log)
        .map_err(|error| Failure::running(format!("cannot start {name}: {error}")))
}

async fn wait_for_end(process: &mut Process, at_most: Duration) {
    let deadline = Instant::now() + at_most;
    while process.ended().is_none() && Instant::now() < deadline {
        tokio::time::sleep(POLL).await;
    }
}

fn read_facts(path: &Path) -> Result<NodeFacts, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn write_report(path: &Path, report: &DemoReport) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(report).map_err(Failure::running)?;
    fs::write(path, json + "\n").map_err(|error| cannot("write the report", path, &error))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::running(format!("cannot {what} {}: {error}", path.display()))
}

/// A folder that only this user can read, gone with the demo.
#[derive(Debug)]
struct PrivateFolder(PathBuf);

impl PrivateFolder {
    fn create() -> Result<PrivateFolder, Failure> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = std::env::temp_dir().join(format!("tongke-demo-{:016x}", rand::random::<u64>()));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|error| cannot("make the folder", &path, &error))?;
        Ok(PrivateFolder(path))
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| cannot("write", path, &error))
}
