//! A registry with two schools and what they planned: a hundred lessons of last autumn, and one that is now.

use super::chance::Chance;
use super::line::Line;
use super::support::process::{Running, run, tongke};
use super::support::relay::{free_address, now_s};
use super::support::scratch::Scratch;
use super::support::{eventually, http, s};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Lessons that the reporters tell of.
pub const LESSONS: usize = 100;
/// The lesson that is now.
pub const LIVE: &str = "live";
/// The first lesson's begin: 2019-09-02, 8:20. The others follow a day apart.
pub const START_US: u64 = 1_567_383_600_000_000;
pub const DAY_US: u64 = 86_400_000_000;
/// The longest that the registry lives before it is killed.
const LIFE: Duration = Duration::from_millis(150);

/// A lesson's name and its begin.
pub fn lesson(number: usize) -> (String, u64) {
    (format!("l{number:03}"), START_US + number as u64 * DAY_US)
}

/// A registry that runs.
pub struct County {
    pub folder: PathBuf,
    pub line: Line,
    listen: SocketAddr,
    process: Running,
}

impl County {
    /// Starts a registry, behind a line, and enters what is planned.
    pub fn found(scratch: &Scratch) -> County {
        let (folder, listen) = (scratch.file("registry"), free_address());
        let process = serve(&folder, listen, scratch.path(), None);
        let line = Line::to(listen, 0x11ae);
        let county = County { folder, line, listen, process };
        let entered = county.ask("POST", "entries", &json!({"entries": entries()}).to_string());
        assert!(matches!(entered.0, 200 | 201), "{:?}", entered.1["problems"][0]);
        county
    }

    /// Enrols a machine; it reports over the line that breaks.
    pub fn enrol(&self, machine: &str, kind: &str, school: Option<&str>, data: &Path) {
        let folder = self.folder.to_str().unwrap();
        let mut words = vec!["registry", "code", "--data", folder, "--machine", machine, "--kind", kind];
        words.extend(school.iter().flat_map(|school| ["--school", school]));
        let said = run(&words);
        assert_eq!(said.code, Some(0), "{said:?}");
        let code = said.out.split_whitespace().find(|word| word.contains('-')).unwrap().to_owned();
        let (url, data) = (format!("http://{}", self.listen), data.to_str().unwrap());
        let said = run(["enrol", "--registry", &url, "--code", &code, "--data", data]);
        assert_eq!(said.code, Some(0), "{said:?}");
        // From now on by the line that breaks; the name and the key stay.
        let card = Path::new(data).join("machine.json");
        let text = fs::read_to_string(&card).unwrap();
        let behind_line = text.replace(&self.listen.to_string(), &self.line.address.to_string());
        assert_ne!(text, behind_line);
        fs::write(card, behind_line).unwrap();
    }

    /// An answer of the interface, asked for without the line.
    fn ask(&self, method: &str, what: &str, body: &str) -> (u16, Value) {
        let folder = self.folder.to_str().unwrap();
        let token = run(["registry", "token", "--data", folder, "--name", "clerk", "--may", "admin"]);
        let bearer = format!("Bearer {}", token.out.trim_end());
        let headers = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
        let path = format!("/api/v1/{what}");
        let (status, body) = http::request(self.listen, method, &path, &headers, body).unwrap();
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    /// Sends every fact that it has again, twice and in another order, and is told that all are known.
    pub fn say_again_in_any_order(&self, chance: &mut Chance) {
        let mut facts = super::books::Books::open(&self.folder).every_jws();
        facts.extend(facts.clone());
        chance.shuffle(&mut facts);
        for some in facts.chunks(500) {
            let (status, answer) = self.ask("POST", "facts", &json!({"facts": some}).to_string());
            assert_eq!(status, 200, "{answer}");
            let results = answer["results"].as_array().unwrap();
            assert_eq!(results.len(), some.len());
            assert!(results.iter().all(|result| result["status"] == "known"), "{answer}");
        }
    }

    /// Lessons that count, each once and for each of its schools, once everything is worked out.
    pub fn totals(&self) -> (u64, u64) {
        eventually("everything is worked out", s(60), || {
            let (status, answer) = self.ask("GET", "status", "");
            (status == 200 && answer["as_of"]["unsettled"] == 0).then_some(())
        });
        let mut credited = (0, 0);
        for number in 0..LESSONS {
            let (status, answer) = self.ask("GET", &format!("lessons/{}", lesson(number).0), "");
            assert_eq!(status, 200, "{answer}");
            let schools = answer["decision"]["schools"].as_array().unwrap();
            let held = schools.iter().filter(|school| school["status"] == "held").count() as u64;
            credited = (credited.0 + u64::from(held > 0), credited.1 + held);
        }
        credited
    }

    /// Killed and started again with a disk that takes no file longer than this.
    pub fn restarted_with_files_of_at_most(mut self, scratch: &Scratch, kib: u32) -> County {
        self.process.kill();
        self.process = serve(&self.folder, self.listen, scratch.path(), Some(kib));
        self
    }

    /// Killed and started again.
    pub fn restarted(mut self, scratch: &Scratch) -> County {
        self.process.kill();
        self.process = serve(&self.folder, self.listen, scratch.path(), None);
        self
    }

    pub fn end(mut self) {
        assert_eq!(self.process.terminate(), Some(0), "{}", self.process.log());
    }
}

/// Kills and starts a registry until everybody is done, and at least so many times; then it goes on, behind a
/// line that is sound. Returns how often it was killed.
pub fn killed_again_and_again(
    mut county: County,
    kills: u32,
    done: &AtomicBool,
    logs: &Path,
) -> (County, u32) {
    let mut chance = Chance::new(0x00c0_de00);
    let mut killed = 0;
    while killed < kills {
        // The moment itself, which nothing may depend on.
        std::thread::sleep(chance.pause(LIFE));
        county.process.kill();
        killed += 1;
        county.process = serve(&county.folder, county.listen, logs, None);
    }
    while !done.load(Ordering::Relaxed) {
        std::thread::sleep(LIFE);
    }
    county.line.mend();
    (county, killed)
}

fn serve(folder: &Path, listen: SocketAddr, logs: &Path, most_kib: Option<u32>) -> Running {
    let log = logs.join("registry.log");
    let _ = fs::remove_file(&log);
    let mut command = tongke();
    command.args(["registry", "--http", "--listen", &listen.to_string(), "--data"]).arg(folder);
    if let Some(kib) = most_kib {
        let plain = command;
        command = std::process::Command::new("bash");
        // Ignored, the signal of the limit leaves a failing write.
        command.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\""));
        command.arg(plain.get_program()).args(plain.get_args());
    }
    let mut process = Running::start(command, &log);
    eventually("the registry listens", s(30), || {
        assert!(process.ended().is_none(), "the registry did not start:\n{}", process.log());
        std::net::TcpStream::connect(listen).ok()
    });
    process
}

fn entries() -> Vec<Value> {
    let school = |id: &str| {
        json!({"school": {"id": id, "name": id, "stage": "primary", "county": "yongjia", "city": "wenzhou",
            "province": "zhejiang"}})
    };
    let pair =
        json!({"pair": {"id": "p1", "supporting": "lake", "receiving": ["oak"], "since": "2019-09-01"}});
    let mut all = vec![school("lake"), school("oak"), pair];
    let session = |id: &str, start_us: u64| {
        json!({"session": {"id": id, "purpose": {"help": "sync_class"}, "pair": "p1", "supporting": "lake",
            "receiving": ["oak"], "subject": "美术", "start_us": start_us, "end_us": start_us + 40 * 60_000_000}})
    };
    all.extend((0..LESSONS).map(lesson).map(|(id, start_us)| session(&id, start_us)));
    all.push(session(LIVE, (now_s() - 600) * 1_000_000));
    let entry = |(number, says): (usize, Value)| json!({"id": format!("e{number}"), "at_us": START_US, "author": "clerk", "says": says});
    all.into_iter().enumerate().map(entry).collect()
}
