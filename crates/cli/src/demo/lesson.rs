//! How the demo's lesson runs: start, wait until everyone sees everyone, let it go on, end, judge.

use super::children::{cannot, deliver, free_address, start_process, start_relay, wait_for_end};
use super::private::PrivateFolder;
use super::processes::Process;
use super::progress::Progress;
use super::registry::{self, Planned, Registry, Setting};
use super::relay_reading::RelayReading;
use super::report::{School, assemble, with_record};
use super::table;
use crate::failure::Failure;
use crate::registry::now;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tongke_protocol::facts::{DemoReport, NodeFacts, RegistryReport};
use tongke_protocol::{ParticipantId, Role};

/// Until every school has seen a picture of every other.
const EVERYONE_IN: Duration = Duration::from_secs(30);
/// For a node to write its facts at the end.
const ENDING: Duration = Duration::from_secs(8);
const POLL: Duration = Duration::from_millis(50);
/// The relay's name at the registry.
const RELAY: &str = "relay";

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
    planned: Planned,
    folder: PathBuf,
    http: SocketAddr,
    // Dropped in this order: nodes before their relay, that before the registry, the secret last.
    nodes: Vec<(ParticipantId, Process)>,
    relay: Process,
    registry: Registry,
    private: PrivateFolder,
}

impl Lesson {
    /// Starts the registry, enters the lesson, lets the machines in, and starts the relay and the schools.
    pub async fn start(plan: Plan) -> Result<Lesson, Failure> {
        let folder =
            plan.report.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.to_owned();
        fs::create_dir_all(&folder).map_err(|error| cannot("make the folder", &folder, &error))?;
        let private = PrivateFolder::create()?;
        let (secret_file, key) = private.secret()?;
        let http = free_address()?;
        let registry = Registry::start(Setting {
            data: private.path("registry"),
            logs: &folder,
            secret_file: &secret_file,
            key: &key,
            relay: http,
        })
        .await?;
        let planned = Planned::now(now(), plan.duration);
        registry.plan(&planned).await?;
        registry.enrol(RELAY, None, &private.path(RELAY)).await?;
        for (school, ..) in SCHOOLS {
            registry.enrol(&format!("{school}-1"), Some(school), &private.path(school)).await?;
        }
        let relay = start_relay(http, &private.path(RELAY), &secret_file, &folder).await?;
        let mut lesson = Lesson { plan, planned, folder, http, nodes: Vec::new(), relay, registry, private };
        for (name, role, link) in SCHOOLS {
            lesson.start_school(name, role, link)?;
        }
        Ok(lesson)
    }

    /// A school's node: it knows its registry and the lesson's name, and is told the rest.
    fn start_school(&mut self, name: &str, role: Role, link: &str) -> Result<(), Failure> {
        let participant: ParticipantId = name.parse().expect("a valid identifier");
        let facts = self.facts_file(&participant);
        let _ = fs::remove_file(&facts);
        let camera = if role == Role::Supporting { self.plan.sender_input.as_str() } else { "test" };
        let mut args: Vec<String> = vec![if role == Role::Supporting { "send" } else { "receive" }.into()];
        for (flag, value) in [
            ("--data", self.private.path(name).display().to_string()),
            ("--lesson", self.planned.lesson.to_string()),
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
            "registry {}\nlesson   {}\nrelay    http://{}\nschools  {}\nlogs     {}",
            self.registry.url(),
            self.planned.lesson,
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
        let lesson = self.planned.lesson.clone();
        let mut report =
            assemble(lesson, (seconds * 10.0).round() / 10.0, &schools, after.since(before), notes);
        wait_for_end(&mut self.relay, ENDING).await;
        if now() < self.planned.end() {
            report.notes.push("registry: it decides when the planned time is over".to_owned());
        } else if has_begun {
            report = with_record(report, self.record().await);
        }
        // Of a lesson that did not begin there is nothing to tell but why.
        let is_worth_telling = has_begun || schools.iter().any(School::has_seen_somebody);
        let mut tables = if is_worth_telling { table::render(&report, &schools) } else { String::new() };
        if let Some(record) = &report.registry {
            tables = format!("{tables}\n{}", registry::render(record));
        }
        write_report(&self.plan.report, &report)?;
        self.registry.process().ask_to_end();
        wait_for_end(self.registry.process(), ENDING).await;
        Ok((report, tables))
    }

    /// What the registry makes of the lesson, when everything that the machines know of it is there.
    async fn record(&self) -> Result<RegistryReport, String> {
        let folders = SCHOOLS.map(|(school, ..)| school).into_iter().chain([RELAY]);
        for machine in folders {
            deliver(machine, &self.private.path(machine), &self.folder).await?;
        }
        self.registry.record(&self.planned).await
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
        let counted = self.registry.count_heads(&self.planned).await;
        counted.map_err(|why| format!("registry: heads cannot be counted: {why}"))?;
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
        let nodes = self.nodes.iter_mut().map(|(_, process)| process);
        let all = nodes.chain([&mut self.relay, self.registry.process()]);
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

fn read_facts(path: &Path) -> Result<NodeFacts, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn write_report(path: &Path, report: &DemoReport) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(report).map_err(Failure::running)?;
    fs::write(path, json + "\n").map_err(|error| cannot("write the report", path, &error))
}
