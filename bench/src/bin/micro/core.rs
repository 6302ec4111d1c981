//! The relay's core in memory: one publisher over QUIC, receivers that take everything and ask for
//! nothing.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tongke_bench::browser::Browser;
use tongke_bench::media::{Schedule, TRACKS};
use tongke_bench::stopwatch::Stopwatch;
use tongke_protocol::control::Hello;
use tongke_protocol::{Grant, LessonId, LessonScope, Now, NtpTime, Role, WallTime};
use tongke_sfu::{Core, CoreConfig, LegId, Outputs};
use tongke_transport::quic::{ClientLeg, ClientLegConfig};
use tongke_transport::webrtc::{Certificate, Path};

const RELAY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5_000);
/// Browsers send ICE checks about so often; without them a session ends after 6 s.
const CHECK_INTERVAL: Duration = Duration::from_millis(2_500);
/// Until the heap and the caches have settled.
const WARM_UP: Duration = Duration::from_secs(2);

/// How the receivers are connected.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Link {
    Quic,
    Webrtc,
}

/// Prints the cost of forwarding to so many receivers.
pub fn report(receivers: &[usize], seconds: u64, rounds: usize) -> Result<(), Box<dyn Error>> {
    println!("core, one 720p publisher (320 packets/s) to N receivers; per forwarded packet:");
    println!("  link     N      ns  allocations  packets/send");
    let certificate = Arc::new(Certificate::generate()?);
    for link in [Link::Quic, Link::Webrtc] {
        for &count in receivers {
            let mut lesson = Lesson::new(certificate.clone(), link, count)?;
            lesson.run(WARM_UP);
            let costs = (0..rounds).map(|_| lesson.run(Duration::from_secs(seconds)));
            let best = costs.min_by(|a, b| a.ns.total_cmp(&b.ns)).unwrap_or_default();
            let Cost { ns, allocations, packets_per_send } = best;
            let link = format!("{link:?}").to_lowercase();
            println!("  {link:6} {count:3} {ns:7.0}  {allocations:11.3}  {packets_per_send:12.1}");
        }
    }
    Ok(())
}

/// Per forwarded packet.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    ns: f64,
    allocations: f64,
    packets_per_send: f64,
}

struct Lesson {
    core: Core,
    start: Now,
    now: Now,
    schedule: Schedule,
    school: ClientLeg,
    school_leg: LegId,
    browsers: Vec<(Path, Browser)>,
    next_check: Instant,
}

impl Lesson {
    fn new(certificate: Arc<Certificate>, link: Link, receivers: usize) -> Result<Self, Box<dyn Error>> {
        let mut config = CoreConfig::new(certificate);
        config.udp_addresses = vec![RELAY];
        let mut core = Core::new(config, 7);
        let now = Now { instant: Instant::now(), wall: WallTime(1_795_000_000_000_000) };
        let id: LessonId = "math".parse()?;
        let grant = |name: &str, role| {
            Ok::<_, Box<dyn Error>>(Grant {
                lesson: LessonScope::Any,
                participant: name.parse()?,
                name: name.to_owned(),
                role,
                expires_unix_s: u64::MAX,
            })
        };
        let hello = |publish, slots| Hello {
            token: String::new(),
            lesson: id.clone(),
            publish,
            video_slots: slots,
            audio_slots: slots,
        };
        let supporting = grant("school", Role::Supporting)?;
        let (school_leg, _) = core.join_quic(now, &supporting, &hello(TRACKS.to_vec(), 0))?;
        let config = ClientLegConfig { publish: TRACKS.to_vec(), seed: 1, ..ClientLegConfig::default() };
        let mut browsers = Vec::new();
        for number in 0..receivers {
            let receiving = grant(&format!("class-{number}"), Role::Observer)?;
            if link == Link::Quic {
                core.join_quic(now, &receiving, &hello(Vec::new(), 1))?;
                continue;
            }
            let mut browser = Browser::new(&format!("class{number}"))?;
            let joined = core.join_whep(now, &id, &receiving, &browser.offer)?;
            browser.connect(now.instant, &joined.answer)?;
            let remote = SocketAddr::from(([192, 0, 2, 1], 1_000 + number as u16));
            browsers.push((Path::Udp { local: RELAY, remote }, browser));
        }
        let school = ClientLeg::new(config);
        let next_check = now.instant;
        let schedule = Schedule::default();
        let mut lesson = Self { core, start: now, now, schedule, school, school_leg, browsers, next_check };
        lesson.handshakes();
        let connected = lesson.browsers.iter().filter(|(_, browser)| browser.is_connected()).count();
        if connected < lesson.browsers.len() {
            return Err(format!("only {connected} of {receivers} browsers connected").into());
        }
        Ok(lesson)
    }

    /// Lets core and browsers talk until they have nothing more to say.
    fn handshakes(&mut self) {
        loop {
            let outputs: Outputs = std::mem::take(self.core.outputs());
            for transmit in &outputs.udp {
                let found = self.browsers.iter_mut().find(|(path, _)| *path == transmit.path);
                let Some((_, browser)) = found else { continue };
                for segment in transmit.segments(&outputs.arena) {
                    browser.handle_datagram(self.now.instant, &mut segment.to_vec());
                }
            }
            let mut is_quiet = outputs.is_empty();
            for (path, browser) in &mut self.browsers {
                for mut datagram in browser.out.drain(..) {
                    is_quiet = false;
                    self.core.handle_datagram(self.now, *path, &mut datagram);
                }
            }
            if is_quiet {
                return;
            }
        }
    }

    /// Lets the lesson go on for `time`; only the core's work counts.
    fn run(&mut self, time: Duration) -> Cost {
        let (end, before) = (self.now.plus(time).instant, self.core.stats().total);
        let mut watch = Stopwatch::default();
        while self.now.instant < end {
            let media = self.start.instant + self.schedule.peek().at;
            let timers = [self.core.poll_timeout(), self.school.poll_timeout()];
            let next = timers.into_iter().flatten().fold(media, Instant::min);
            self.now = self.now.plus(next.saturating_duration_since(self.now.instant));
            if next == media {
                let due = self.schedule.peek();
                for packet in self.schedule.take(NtpTime::from(self.now.wall)) {
                    self.school.send(self.now, due.track, packet);
                }
            }
            self.school.handle_timeout(self.now);
            self.turn(&mut watch);
            self.check();
        }
        let after = self.core.stats().total;
        let forwarded = after.packets_out - before.packets_out;
        Cost {
            ns: watch.ns_each(forwarded),
            allocations: watch.allocations_each(forwarded),
            packets_per_send: forwarded as f64 / (after.sends - before.sends).max(1) as f64,
        }
    }

    /// Hands the core what the school sends, as the relay's worker does a batch at a time.
    fn turn(&mut self, watch: &mut Stopwatch) {
        let datagrams: Vec<_> = std::iter::from_fn(|| self.school.poll_transmit()).collect();
        watch.measure(|| {
            for datagram in &datagrams {
                self.core.handle_quic_datagram(self.now, self.school_leg, datagram);
            }
            if self.core.poll_timeout().is_some_and(|due| due <= self.now.instant) {
                self.core.handle_timeout(self.now);
            }
        });
        let outputs = self.core.outputs();
        for transmit in outputs.quic.iter().filter(|transmit| transmit.leg == self.school_leg) {
            let datagram = bytes::Bytes::copy_from_slice(&outputs.arena[transmit.range.clone()]);
            self.school.handle_datagram(self.now, &datagram);
        }
        watch.measure(|| outputs.clear());
    }

    fn check(&mut self) {
        if self.now.instant < self.next_check {
            return;
        }
        self.next_check = self.now.instant + CHECK_INTERVAL;
        for (path, browser) in &mut self.browsers {
            browser.check();
            for mut datagram in browser.out.drain(..) {
                self.core.handle_datagram(self.now, *path, &mut datagram);
            }
        }
        self.core.outputs().clear();
    }
}
