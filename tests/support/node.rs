//! A classroom's node under test.

use super::process::{Running, tongke};
use super::relay::Relay;
use super::scratch::Scratch;
use super::{eventually, s};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tongke_protocol::facts::{NodeFacts, ReceivedTrack, SentTrack};
use tongke_protocol::{Role, TrackKind};

/// Small pictures, so that several nodes fit a small machine.
const LIGHT: [(&str, &str); 3] = [("--width", "320"), ("--height", "180"), ("--fps", "15")];

/// A node with a drawn camera and a microphone like speech, without window and loudspeaker.
pub struct Node {
    pub name: String,
    role: Role,
    args: Vec<String>,
    facts: PathBuf,
    log: PathBuf,
    process: Running,
}

impl Node {
    /// Starts a node; flags of `more` replace those it would have.
    pub fn start(scratch: &Scratch, relay: &Relay, name: &str, role: Role, more: &[&str]) -> Node {
        let (facts, args) = Node::prepare(scratch, relay, name, role, more);
        let log = scratch.file(&format!("{name}.log"));
        let process = Running::start(command(role, &args), &log);
        Node { name: name.to_owned(), role, args, facts, log, process }
    }

    /// As [`Node::start`]; no file that it writes can grow beyond `kib`.
    pub fn start_limited(
        scratch: &Scratch,
        relay: &Relay,
        name: &str,
        role: Role,
        more: &[&str],
        kib: u32,
    ) -> Node {
        let (facts, args) = Node::prepare(scratch, relay, name, role, more);
        let log = scratch.file(&format!("{name}.log"));
        let plain = command(role, &args);
        let mut limited = std::process::Command::new("bash");
        // Ignored, the signal of the limit leaves a failing write.
        limited.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\""));
        limited.arg(plain.get_program()).args(plain.get_args());
        let process = Running::start(limited, &log);
        Node { name: name.to_owned(), role, args, facts, log, process }
    }

    fn prepare(
        scratch: &Scratch,
        relay: &Relay,
        name: &str,
        role: Role,
        more: &[&str],
    ) -> (PathBuf, Vec<String>) {
        let facts = scratch.file(&format!("{name}.facts.json"));
        let token = scratch.write(&format!("{name}.token"), &relay.token(name, role));
        let mut args: Vec<String> = Vec::new();
        let (url, token, facts_text) =
            (relay.url(), token.display().to_string(), facts.display().to_string());
        for (flag, value) in [
            ("--relay", url.as_str()),
            ("--token-file", &token),
            ("--facts", &facts_text),
            ("--camera", "test"),
            ("--microphone", "test"),
            ("--video-out", "none"),
            ("--sound-out", "none"),
            ("--status", "false"),
        ]
        .into_iter()
        .chain(LIGHT)
        {
            if !more.contains(&flag) {
                args.extend([flag.to_owned(), value.to_owned()]);
            }
        }
        args.extend(more.iter().map(|word| (*word).to_owned()));
        (facts, args)
    }

    pub fn kill(&mut self) {
        self.process.kill();
        let _ = std::fs::remove_file(&self.facts);
    }

    /// Starts it again after a kill.
    pub fn restart(&mut self) {
        self.process = Running::start(command(self.role, &self.args), &self.log);
    }

    /// Ends it in good order; its last facts.
    pub fn end(&mut self) -> NodeFacts {
        assert_eq!(self.process.terminate(), Some(0), "{} ended badly:\n{}", self.name, self.process.log());
        self.facts().expect("facts at the end")
    }

    pub fn log(&self) -> String {
        self.process.log()
    }

    pub fn process(&mut self) -> &mut Running {
        &mut self.process
    }

    /// What it has measured so far; written once a second.
    pub fn facts(&self) -> Option<NodeFacts> {
        serde_json::from_str(&std::fs::read_to_string(&self.facts).ok()?).ok()
    }

    /// Pictures or sound frames that it has shown of somebody's track.
    pub fn shown(&self, from: &str, track: TrackKind) -> u64 {
        self.facts()
            .and_then(|facts| received(&facts, from, track).map(|track| track.frames_decoded))
            .unwrap_or(0)
    }

    /// Waits until it has shown pictures and sound of `from` beyond what it shows now.
    pub fn sees_and_hears(&mut self, from: &str, within: Duration) {
        let before = [TrackKind::Camera, TrackKind::Microphone].map(|track| (track, self.shown(from, track)));
        let what = format!("{} sees and hears {from}", self.name);
        eventually(&what, within, || {
            if let Some(status) = self.process.ended() {
                panic!("{} ended ({status}):\n{}", self.name, self.process.log());
            }
            before.iter().all(|(track, shown)| self.shown(from, *track) > *shown).then_some(())
        });
    }
}

pub fn received<'a>(facts: &'a NodeFacts, from: &str, track: TrackKind) -> Option<&'a ReceivedTrack> {
    facts.received.iter().find(|received| received.from.as_str() == from && received.track == track)
}

pub fn sent(facts: &NodeFacts, track: TrackKind) -> Option<&SentTrack> {
    facts.sent.iter().find(|sent| sent.track == track)
}

/// Waits until each sees and hears each.
pub fn all_see_all(nodes: &mut [&mut Node]) {
    let names: Vec<String> = nodes.iter().map(|node| node.name.clone()).collect();
    for node in nodes {
        let own = node.name.clone();
        for other in names.iter().filter(|name| **name != own) {
            node.sees_and_hears(other, s(20));
        }
    }
}

fn command(role: Role, args: &[String]) -> Command {
    let mut command = tongke();
    command.arg(if role == Role::Supporting { "send" } else { "receive" }).args(args);
    command
}
