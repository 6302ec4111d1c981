//! A core and its WebRTC clients under a clock that the tests turn.

use super::CERTIFICATE;
use super::browser::{Browser, H264, OPUS, extensions};
use super::heap::{of_others, of_relay};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tongke_protocol::{Grant, LessonId, LessonScope, Now, Role, WallTime};
use tongke_sfu::{Core, CoreConfig, Joined, LegId, Outputs};
use tongke_transport::rtp::twcc::ArrivalRecorder;
use tongke_transport::rtp::{Extensions, RtpHeader, RtpPacket, RtpView, is_rtcp};
use tongke_transport::webrtc::{DatagramKind, Path, classify};

/// Pictures a second.
const RATE: u32 = 30;
/// Packets of a picture and of a keyframe, of [`PAYLOAD`] bytes: 2.5 Mbit/s with a keyframe each 2 s.
const PACKETS: usize = 9;
const KEYFRAME_PACKETS: usize = 45;
const KEYFRAME_EVERY: u32 = 60;
const PAYLOAD: usize = 1_085;

/// One WebRTC session of a client.
pub struct Client {
    pub browser: Browser,
    pub leg: LegId,
    arrivals: ArrivalRecorder,
    publishes: bool,
    /// Media packets that came.
    pub packets: u64,
}

pub struct World {
    pub core: Core,
    pub now: Now,
    pub clients: BTreeMap<u16, Client>,
    next_port: u16,
    pictures: u32,
    sounds: u32,
    start: Instant,
}

pub fn lesson(number: usize) -> LessonId {
    format!("lesson-{number}").parse().unwrap()
}

fn port(path: Path) -> u16 {
    let Path::Udp { remote, .. } = path else { panic!("all clients are on UDP") };
    remote.port()
}

impl World {
    pub fn new() -> Self {
        let mut config = CoreConfig::new(CERTIFICATE.clone());
        config.udp_addresses = vec!["127.0.0.1:5000".parse().unwrap()];
        let start = Instant::now();
        Self {
            core: of_relay(|| Core::new(config, 7)),
            now: Now { instant: start, wall: WallTime(1_795_000_000_000_000) },
            clients: BTreeMap::new(),
            next_port: 1000,
            pictures: 0,
            sounds: 0,
            start,
        }
    }

    /// Joins and connects.
    pub fn join(&mut self, lesson: &LessonId, name: &str, publishes: bool) -> u16 {
        let port = self.offer(lesson, name, publishes);
        self.settle();
        assert!(self.clients[&port].browser.is_connected());
        port
    }

    /// Joins; the handshake begins with the next [`Self::settle`].
    pub fn offer(&mut self, lesson: &LessonId, name: &str, publishes: bool) -> u16 {
        let port = self.next_port;
        self.next_port = self.next_port.checked_add(1).unwrap_or(1000);
        let mut browser = if publishes { Browser::publishing(port) } else { Browser::watching(port, 1, 1) };
        let grant = Grant {
            lesson: LessonScope::Any,
            participant: name.parse().unwrap(),
            name: name.to_owned(),
            role: Role::Receiving,
            expires_unix_s: u64::MAX,
        };
        let (core, now, offer) = (&mut self.core, self.now, &browser.offer);
        let joined: Joined = of_relay(|| {
            let joined = if publishes {
                core.join_whip(now, lesson, &grant, offer).unwrap()
            } else {
                core.join_whep(now, lesson, &grant, offer).unwrap()
            };
            of_others(|| joined.clone())
        });
        let leg = joined.leg;
        browser.connect(now, joined);
        let client = Client { browser, leg, arrivals: ArrivalRecorder::new(), publishes, packets: 0 };
        self.clients.insert(port, client);
        port
    }

    pub fn leave(&mut self, port: u16) {
        let client = self.clients.remove(&port).unwrap();
        let (core, now) = (&mut self.core, self.now);
        of_relay(|| core.leave(now, client.leg, "left"));
        self.settle();
    }

    /// Lets everything happen that needs no time.
    pub fn settle(&mut self) {
        while self.drain() | self.deliver() {}
    }

    fn deliver(&mut self) -> bool {
        let (core, now) = (&mut self.core, self.now);
        let mut moved = false;
        for client in self.clients.values_mut() {
            for mut datagram in std::mem::take(&mut client.browser.out) {
                moved = true;
                of_relay(|| core.handle_datagram(now, client.browser.path, &mut datagram));
            }
        }
        while core.has_handshakes() {
            of_relay(|| core.handle_timeout(now));
        }
        moved
    }

    fn drain(&mut self) -> bool {
        let (now, clients) = (self.now, &mut self.clients);
        let outputs = self.core.outputs();
        let moved = !outputs.is_empty();
        for transmit in &outputs.udp {
            let Some(client) = clients.get_mut(&port(transmit.path)) else { continue };
            for segment in transmit.segments(&outputs.arena) {
                client.take(now, segment);
            }
        }
        of_relay(|| outputs.clear());
        moved
    }

    /// Drops the memory of the outputs, which all sessions share and which one picture for all fills.
    pub fn forget_buffers(&mut self) {
        of_relay(|| *self.core.outputs() = Outputs::default());
    }

    /// Lets time pass in which nobody is there.
    pub fn sleep(&mut self, time: Duration) {
        assert!(self.clients.is_empty());
        self.now = self.now.plus(time);
        self.start += time;
    }

    /// Lets all publishers send for so long, and everybody else tell what came.
    pub fn run(&mut self, time: Duration) {
        let end = self.now.instant + time;
        loop {
            let since = self.now.instant - self.start;
            let picture = Duration::from_secs(1) * self.pictures / RATE;
            let sound = Duration::from_millis(20) * self.sounds;
            let next = picture.min(sound).max(since);
            let timeout =
                self.core.poll_timeout().map_or(next, |at| at.saturating_duration_since(self.start));
            let next = next.min(timeout.max(since));
            if self.start + next >= end {
                self.now = self.now.plus(end - self.now.instant);
                return;
            }
            self.now = self.now.plus(next - since);
            if next == picture {
                self.send_pictures();
            } else if next == sound {
                self.send_sounds();
            }
            let (core, now) = (&mut self.core, self.now);
            if core.poll_timeout().is_some_and(|due| due <= now.instant) {
                of_relay(|| core.handle_timeout(now));
            }
            self.settle();
        }
    }

    fn send_pictures(&mut self) {
        let number = self.pictures;
        self.pictures += 1;
        for client in self.clients.values_mut().filter(|client| client.publishes) {
            for packet in picture(number) {
                client.browser.send(11, H264, packet);
            }
        }
    }

    /// Sound; and five times a second what came, twice in a check's time.
    fn send_sounds(&mut self) {
        let number = self.sounds;
        self.sounds += 1;
        for client in self.clients.values_mut() {
            if client.publishes {
                let header = RtpHeader { timestamp: number.wrapping_mul(960), ..RtpHeader::default() };
                let payload = Bytes::from_static(&[0x78; 80]);
                let packet = RtpPacket { header, extensions: Extensions::default(), payload };
                client.browser.send(13, OPUS, packet);
            } else if number.is_multiple_of(5) {
                let arrivals = &mut client.arrivals;
                client.browser.send_rtcp(|out| {
                    arrivals.write_feedback(out, 1, 2);
                });
            }
            if number.is_multiple_of(100) {
                client.browser.check();
            }
        }
    }
}

impl Client {
    /// Media is counted by its header, which is in the clear.
    fn take(&mut self, now: Now, datagram: &[u8]) {
        if classify(datagram[0]) != DatagramKind::Media {
            return self.browser.handle_datagram(now, datagram);
        }
        if is_rtcp(datagram) {
            return;
        }
        let view = RtpView::parse(datagram).unwrap();
        self.packets += 1;
        if let Some(number) = Extensions::read(&view, &extensions()).transport_cc {
            self.arrivals.on_packet(now.instant, number);
        }
    }
}

/// A picture in H.264 fragments.
fn picture(number: u32) -> impl Iterator<Item = RtpPacket> {
    let is_keyframe = number.is_multiple_of(KEYFRAME_EVERY);
    let (packets, unit) = if is_keyframe { (KEYFRAME_PACKETS, 5) } else { (PACKETS, 1) };
    (0..packets).map(move |at| {
        let (is_first, is_last) = (at == 0, at + 1 == packets);
        let mut payload = vec![number as u8; PAYLOAD];
        payload[0] = 0x7C;
        payload[1] = u8::from(is_first) << 7 | u8::from(is_last) << 6 | unit;
        let header =
            RtpHeader { marker: is_last, timestamp: number.wrapping_mul(3000), ..RtpHeader::default() };
        RtpPacket { header, extensions: Extensions::default(), payload: payload.into() }
    })
}
