//! Measures a relay of this same binary, on loopback, under a few stages of load.

use super::machine::Machine;
use super::model::{Measured, Stage};
use super::progress::Progress;
use crate::demo::{Process, free_address};
use crate::failure::Failure;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;
use tongke_load::cores::{Cores, pinned};
use tongke_load::{Joining, Link, Load, LoadConfig, LoadError, Pace, Seen, Shape, Target};
use tongke_protocol::GrantKey;

/// Stages: three numbers of lessons, and two of subscribers.
const STAGES: u32 = 5;
/// Share of a stage's time that is measured; the rest is for joins, and for what is under way at the end.
const MEASURED_SHARE: f64 = 0.5;
/// Two-way lessons of the first stage, which tells how many the others have.
const FIRST_LESSONS: usize = 8;
/// Use of the core that the second and the third stage aim at, and do not reach: a lesson more costs less
/// than the ones before.
const AIMS: [f64; 2] = [0.35, 0.65];
/// Most two-way lessons of a stage: each has four sockets, and a process may often have 1,024.
const MOST_LESSONS: usize = 100;
/// Subscribers of the first demonstration lesson.
const FIRST_SUBSCRIBERS: usize = 20;
/// Most subscribers of a demonstration lesson.
const MOST_SUBSCRIBERS: usize = 200;
/// Use of the load's own core up to which it keeps its times.
const LOAD_CORE: f64 = 0.8;
/// Sessions that join at once.
const AT_ONCE: usize = 8;
/// Headers around a payload: RTP and its extensions (36), SRTP's tag (16), UDP, IPv4 and Ethernet (46).
const HEADERS: f64 = 98.0;
/// Payload of a publisher: 2.5 Mbit/s and 50 packets of sound of 80 bytes.
const PAYLOAD_BPS: f64 = 2_500_000.0 + 50.0 * 80.0 * 8.0;

/// What a stage showed.
struct Shown {
    stage: Stage,
    /// Use of the load's core.
    load_core: f64,
    /// Packets a second that one subscriber got.
    packets_per_s: f64,
}

/// Where the programs of the check keep their secret and log; gone with it.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    fn make() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("tongke-capacity-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700))?;
        Ok(Self(path))
    }
}

/// Puts stage after stage on a relay; takes about `time`.
pub fn measure(machine: &Machine, time: Duration, progress: &mut Progress) -> Result<Measured, Failure> {
    let folder =
        Folder::make().map_err(|error| Failure::running(format!("cannot make a folder: {error}")))?;
    let window = time.mul_f64(MEASURED_SHARE) / STAGES;
    let bench = Bench::new(machine, &folder, window)?;
    let mut lessons = vec![bench.lessons(FIRST_LESSONS, progress)?];
    for aim in AIMS {
        let next = bench.next(&lessons, aim, MOST_LESSONS);
        lessons.push(bench.lessons(next, progress)?);
    }
    let mut demonstration = vec![bench.subscribers(FIRST_SUBSCRIBERS, progress)?];
    let next = bench.next(&demonstration, AIMS[1], MOST_SUBSCRIBERS);
    demonstration.push(bench.subscribers(next, progress)?);
    let packets_per_s = lessons.last().map_or(0.0, |shown| shown.packets_per_s);
    let stages = |shown: Vec<Shown>| shown.into_iter().map(|shown| shown.stage).collect();
    Ok(Measured {
        lessons: stages(lessons),
        demonstration: stages(demonstration),
        stream_bps: PAYLOAD_BPS + packets_per_s * HEADERS * 8.0,
    })
}

/// What all stages share.
struct Bench<'a> {
    folder: &'a Folder,
    secret_file: PathBuf,
    key: GrantKey,
    relay_core: Cores,
    load_core: Cores,
    window: Duration,
}

impl<'a> Bench<'a> {
    fn new(machine: &Machine, folder: &'a Folder, window: Duration) -> Result<Self, Failure> {
        let secret = format!("{:032x}", rand::random::<u128>());
        let secret_file = folder.0.join("secret");
        std::fs::write(&secret_file, &secret)
            .map_err(|error| Failure::running(format!("cannot write a secret: {error}")))?;
        let key = GrantKey::from_secret_file(secret.as_bytes());
        let core = |number: Option<&usize>| number.copied().unwrap_or(0).to_string().parse::<Cores>();
        Ok(Self {
            folder,
            secret_file,
            key: key.ok_or_else(|| Failure::running("the secret made here is too short"))?,
            relay_core: core(machine.cores.first()).map_err(Failure::running)?,
            load_core: core(machine.cores.last()).map_err(Failure::running)?,
            window,
        })
    }

    /// How many make the relay's core as busy as that, or the load's as busy as it may be; more than last
    /// time. Half as busy, if both are one.
    fn next(&self, shown: &[Shown], aim: f64, most: usize) -> usize {
        let Some(last) = shown.last() else { return 1 };
        let count = last.stage.count as f64 * if self.relay_core == self.load_core { 0.5 } else { 1.0 };
        let by_relay = count * aim / last.stage.core.max(0.001);
        let by_load = count * LOAD_CORE / last.load_core.max(0.001);
        let next = by_relay.min(by_load) as usize;
        next.clamp(last.stage.count + 2, most.max(last.stage.count + 2))
    }

    fn lessons(&self, lessons: usize, progress: &mut Progress) -> Result<Shown, Failure> {
        self.stage(Shape::Pairs { lessons }, lessons, &format!("{lessons} two-way lessons"), progress)
    }

    fn subscribers(&self, subscribers: usize, progress: &mut Progress) -> Result<Shown, Failure> {
        let what = format!("a demonstration lesson with {subscribers} subscribers");
        self.stage(Shape::Spread { lessons: 1, subscribers }, subscribers, &what, progress)
    }

    fn stage(
        &self,
        shape: Shape,
        count: usize,
        what: &str,
        progress: &mut Progress,
    ) -> Result<Shown, Failure> {
        progress.begin_stage(what);
        let (relay, url) = self.start_relay()?;
        let target = Target { url, key: Some(self.key.clone()), pid: Some(relay.pid()) };
        let seen = self
            .load(target, shape, progress)
            .map_err(|error| Failure::running(format!("{what}: {error}")).hint(relay.last_words(3)))?;
        shown(count, &seen).ok_or_else(|| Failure::running("the relay ended while it was measured"))
    }

    fn start_relay(&self) -> Result<(Process, String), Failure> {
        let failed =
            |error: &dyn std::fmt::Display| Failure::running(format!("cannot start a relay: {error}"));
        let http = free_address().map_err(|error| failed(&error))?;
        let secret = self.secret_file.display().to_string();
        let http_text = http.to_string();
        let args = ["relay", "--http", &http_text, "--rtc", "127.0.0.1:0", "--quic", "127.0.0.1:0"];
        let args = args.into_iter().chain(["--workers", "1", "--secret-file", &secret]);
        let args: Vec<String> = args.map(str::to_owned).collect();
        let log = self.folder.0.join("relay.log");
        let relay = pinned(&self.relay_core, || Process::start("relay", &args, &log));
        let relay = relay.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
        Ok((relay, format!("http://{http}")))
    }

    fn load(&self, target: Target, shape: Shape, progress: &mut Progress) -> Result<Seen, LoadError> {
        let config = LoadConfig { shape, link: Link::Webrtc, pace: Pace::Even, seed: 1 };
        let mut load = pinned(&self.load_core, || Load::start(target, config))??;
        load.join_publishers()?;
        load.join_subscribers(Joining::Calmly(AT_ONCE))?;
        // Keyframes that the joins asked for pass.
        load.wait(self.window / 4, &mut |_| progress.tick())?;
        load.window(self.window, &mut |_| progress.tick())
    }
}

fn shown(count: usize, seen: &Seen) -> Option<Shown> {
    let used = seen.target?;
    let stage = Stage {
        count,
        core: used.cpu_s / seen.seconds,
        cpu_us_per_packet: seen.cpu_us()?.0,
        memory_bytes: used.rss_bytes,
        frame_end_p99_ms: seen.frame_end.p99_ms,
        loss: seen.loss(),
        waited: used.waited_s / used.cpu_s.max(1e-9),
        load_limit: seen.generator.limit(),
    };
    let subscribers = seen.subscribers.max(1) as f64;
    Some(Shown { stage, load_core: seen.generator.busy, packets_per_s: seen.packets_per_s() / subscribers })
}
