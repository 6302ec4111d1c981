//! A lesson that is now: a real relay and two real nodes, which are killed and started again.

use super::chance::Chance;
use super::county::{County, LIVE};
use super::support::process::{Running, run, tongke};
use super::support::relay::free_address;
use super::support::scratch::Scratch;
use super::support::{eventually, http, s};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// The longest that a relay and a node live before they are killed.
const LIFE: Duration = Duration::from_millis(1_800);

/// The lesson's machines, enrolled.
pub struct Live {
    relay: Relay,
    rooms: Vec<Room>,
}

#[derive(Clone)]
struct Relay {
    data: PathBuf,
    secret: PathBuf,
    /// HTTP, WebRTC, QUIC.
    ports: [SocketAddr; 3],
}

#[derive(Clone)]
struct Room {
    data: PathBuf,
    command: &'static str,
    relay_url: String,
}

impl Live {
    pub fn prepare(county: &County, scratch: &Scratch) -> Live {
        let relay = Relay {
            data: scratch.file("relay"),
            secret: county.folder.join("secret"),
            ports: [free_address(), free_address(), free_address()],
        };
        county.enrol("relay", "relay", None, &relay.data);
        let room = |(school, command): (&str, &'static str)| {
            let data = scratch.file(&format!("{school}-live"));
            county.enrol(&format!("{school}-live"), "node", Some(school), &data);
            Room { data, command, relay_url: format!("http://{}", relay.ports[0]) }
        };
        let rooms = [("lake", "send"), ("oak", "receive")].map(room).to_vec();
        Live { relay, rooms }
    }

    /// Kills the relay so many times, and each room.
    pub fn under_fire(self, of_relay: u32, of_node: u32) -> Live {
        let dying = self.rooms.iter().cloned().enumerate().map(|(number, room)| {
            thread::spawn(move || {
                let mut chance = Chance::new(0x0ddb_a110 + number as u64);
                for _ in 0..of_node {
                    let mut process = room.start();
                    // The moment itself, which nothing may depend on.
                    thread::sleep(LIFE / 2 + chance.pause(3 * LIFE));
                    process.kill();
                }
            })
        });
        let dying: Vec<_> = dying.collect();
        let mut chance = Chance::new(0x7e1a_7e1a);
        for _ in 0..of_relay {
            let mut process = self.relay.start();
            thread::sleep(chance.pause(LIFE));
            process.kill();
        }
        // Rooms that outlive the relay go on trying.
        dying.into_iter().for_each(|room| room.join().unwrap());
        self
    }

    /// The end of the lesson in good order: every room and the relay deliver what they have. Returns the relay's
    /// journal, line by line.
    pub fn end_well(&self, county: &County) -> Vec<String> {
        let mut relay = self.relay.start();
        let rooms: Vec<Running> = self.rooms.iter().map(Room::start).collect();
        eventually("both rooms are in the lesson", s(60), || {
            let (_, text) = http::get(self.relay.ports[0], "/metrics")?;
            text.lines()
                .any(|line| line.starts_with("tongke_lesson_participants") && line.ends_with(" 2"))
                .then_some(())
        });
        for mut room in rooms {
            assert_eq!(room.terminate(), Some(0), "{}", room.log());
        }
        assert_eq!(relay.terminate(), Some(0), "{}", relay.log());
        assert!(county.line.url().starts_with("http://"));
        for data in self.rooms.iter().map(|room| &room.data).chain([&self.relay.data]) {
            let said = run(["deliver", "--data", data.to_str().unwrap(), "--wait", "60s"]);
            assert_eq!(said.code, Some(0), "{said:?}");
        }
        journal(&self.relay.data)
    }
}

impl Relay {
    fn start(&self) -> Running {
        let mut command = tongke();
        command.arg("relay").arg("--secret-file").arg(&self.secret).arg("--data").arg(&self.data);
        for (flag, address) in ["--http", "--rtc", "--quic"].into_iter().zip(self.ports) {
            command.arg(flag).arg(address.to_string());
        }
        let mut process = Running::start(command, &self.data.with_extension("log"));
        eventually("the relay is ready", s(20), || {
            assert!(process.ended().is_none(), "the relay did not start:\n{}", process.log());
            http::get(self.ports[0], "/readyz").filter(|(status, _)| *status == 200)
        });
        process
    }
}

impl Room {
    fn start(&self) -> Running {
        let mut command = tongke();
        command.args([self.command, "--lesson", LIVE, "--relay", &self.relay_url, "--data"]).arg(&self.data);
        command.args([
            "--camera",
            "test",
            "--microphone",
            "test",
            "--video-out",
            "none",
            "--sound-out",
            "none",
        ]);
        command
            .args(["--status", "false", "--width", "160", "--height", "90", "--fps", "5", "--link", "quic"]);
        Running::start(command, &self.data.with_extension("log"))
    }
}

/// Every line of a relay's journal.
fn journal(data: &Path) -> Vec<String> {
    let days = fs::read_dir(data.join("facts")).unwrap().map(|day| day.unwrap().path());
    let files = days.filter(|day| day.is_dir()).flat_map(|day| fs::read_dir(day).unwrap());
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}
