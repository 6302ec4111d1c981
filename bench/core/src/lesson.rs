//! One publisher over WebRTC and its receivers around a real core, over ways without delay, under a clock
//! that goes from packet to packet.

use crate::client::{Client, Offer, RELAY};
use crate::media::Schedule;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use tongke_protocol::conduct::SlotSize;
use tongke_protocol::control::Hello;
use tongke_protocol::{Grant, LessonId, LessonScope, Now, Role, WallTime};
use tongke_sfu::{Core, CoreConfig, Counters, LegId, Outputs};
use tongke_transport::rtp::{RtpPacket, SmallId};
use tongke_transport::webrtc::{Certificate, Path};

/// Browsers send ICE checks about so often; without them a session ends after 6 s.
const CHECK_INTERVAL: Duration = Duration::from_millis(2_500);

static CERTIFICATE: LazyLock<Arc<Certificate>> =
    LazyLock::new(|| Arc::new(Certificate::generate().expect("the system has random numbers")));

/// How the receivers are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// WebRTC: packets are sealed for each.
    Webrtc,
    /// RTP in QUIC datagrams: sealed by the connection, which is not part of the core.
    Quic,
}

/// A core with one lesson.
pub struct Lesson {
    /// The core that is measured.
    pub core: Core,
    /// What time it is in the lesson.
    pub now: Now,
    /// The receivers over WebRTC.
    pub watchers: Vec<Client>,
    /// The receivers' legs.
    legs: Vec<LegId>,
    publisher: Client,
    start: Instant,
    schedule: Schedule,
    numbers: HashMap<u32, u16>,
    sent: u16,
    next_check: Instant,
}

/// A datagram of the publisher, as it lies in the shell's buffer.
pub struct Datagram {
    /// Where it came from.
    pub path: Path,
    /// Its bytes; the core opens them in place.
    pub bytes: Vec<u8>,
}

fn lesson_id() -> LessonId {
    "math".parse().expect("a name of letters")
}

fn grant(name: &str, role: Role) -> Grant {
    Grant {
        lesson: LessonScope::Any,
        participant: name.parse().expect("a name of letters and digits"),
        name: name.to_owned(),
        role,
        expires_unix_s: u64::MAX,
    }
}

impl Lesson {
    /// A publisher of a camera and a microphone, and so many receivers, all connected.
    pub fn new(link: Link, receivers: usize) -> Self {
        Self::with_publisher(Offer::Publish, link, receivers)
    }

    /// A publisher whose camera comes in two encodings, and one receiver over WebRTC.
    pub fn of_layers() -> Self {
        Self::with_publisher(Offer::PublishLayers, Link::Webrtc, 1)
    }

    fn with_publisher(offered: Offer, link: Link, receivers: usize) -> Self {
        let mut config = CoreConfig::new(CERTIFICATE.clone());
        config.udp_addresses = vec![RELAY];
        let now = Now { instant: Instant::now(), wall: WallTime(1_795_000_000_000_000) };
        let mut lesson = Self {
            core: Core::new(config, 7),
            now,
            watchers: Vec::new(),
            legs: Vec::new(),
            publisher: Client::new(0, offered),
            start: now.instant,
            schedule: Schedule::default(),
            numbers: HashMap::new(),
            sent: 0,
            next_check: now.instant + CHECK_INTERVAL,
        };
        let (id, school) = (lesson_id(), grant("school", Role::Supporting));
        let joined = lesson.core.join_whip(now, &id, &school, &lesson.publisher.offer);
        lesson.publisher.connect(now, &joined.expect("the offer is in order").answer);
        (1..=receivers).for_each(|number| lesson.add_receiver(link, number as u16));
        lesson.settle();
        let is_connected = lesson.watchers.iter().all(Client::is_connected);
        assert!(is_connected && lesson.publisher.is_connected(), "a handshake failed");
        lesson
    }

    fn add_receiver(&mut self, link: Link, number: u16) {
        let grant = grant(&format!("class-{number}"), Role::Observer);
        let lesson = lesson_id();
        if link == Link::Quic {
            let hello =
                Hello { token: String::new(), lesson, publish: vec![], video_slots: 1, audio_slots: 1 };
            let joined = self.core.join_quic(self.now, &grant, &hello);
            return self.legs.push(joined.expect("there is room").0);
        }
        let mut client = Client::new(number, Offer::Watch);
        let joined = self.core.join_whep(self.now, &lesson, &grant, &client.offer);
        let joined = joined.expect("the offer is in order");
        client.connect(self.now, &joined.answer);
        self.watchers.push(client);
        self.legs.push(joined.leg);
    }

    /// Lets core and clients talk until they have nothing more to say.
    pub fn settle(&mut self) {
        loop {
            let outputs: Outputs = std::mem::take(self.core.outputs());
            let mut clients: HashMap<Path, &mut Client> = self
                .watchers
                .iter_mut()
                .chain([&mut self.publisher])
                .map(|client| (client.path, client))
                .collect();
            for transmit in &outputs.udp {
                let Some(client) = clients.get_mut(&transmit.path) else { continue };
                for segment in transmit.segments(&outputs.arena) {
                    client.handle_datagram(self.now, segment);
                }
            }
            let mut is_quiet = outputs.udp.is_empty();
            for client in clients.into_values() {
                for mut datagram in client.out.drain(..) {
                    is_quiet = false;
                    self.core.handle_datagram(self.now, client.path, &mut datagram);
                }
            }
            while self.core.has_handshakes() {
                self.core.handle_timeout(self.now);
            }
            if is_quiet {
                // The core keeps its own memory for outputs: what grew there has grown.
                *self.core.outputs() = outputs;
                return self.core.outputs().clear();
            }
        }
    }

    /// Turns the clock to the publisher's next packet, or to what the core wants done before it, whichever
    /// comes first. None: it was the core; the turn is to be made without a packet.
    pub fn advance(&mut self) -> Option<Datagram> {
        let media = self.start + self.schedule.peek().0;
        let next = self.core.poll_timeout().map_or(media, |due| due.min(media));
        self.now = self.now.plus(next.saturating_duration_since(self.now.instant));
        (next == media).then(|| {
            let packet = self.schedule.take();
            self.sealed(packet)
        })
    }

    /// What the relay's worker does with a datagram, and what is due: the part that is measured. What follows
    /// from it lies in the core's outputs until the next turn.
    pub fn turn(&mut self, datagram: Option<&mut Datagram>) {
        self.core.outputs().clear();
        if let Some(datagram) = datagram {
            self.core.handle_datagram(self.now, datagram.path, &mut datagram.bytes);
        }
        if self.core.poll_timeout().is_some_and(|due| due <= self.now.instant) {
            self.core.handle_timeout(self.now);
        }
    }

    /// Lets the lesson go on for `time` before deaf receivers. `work` carries out each turn.
    pub fn run(&mut self, time: Duration, mut work: impl FnMut(&mut Self, Option<&mut Datagram>)) {
        let end = self.now.instant + time;
        while self.now.instant < end {
            let mut datagram = self.advance();
            work(self, datagram.as_mut());
            self.keep_alive();
        }
    }

    /// Lets the lesson go on for `time`; the receivers over WebRTC note what comes.
    pub fn run_heard(&mut self, time: Duration) {
        let end = self.now.instant + time;
        while self.now.instant < end {
            let mut datagram = self.advance();
            self.turn(datagram.as_mut());
            let outputs = self.core.outputs();
            for transmit in &outputs.udp {
                let client = self.watchers.iter_mut().find(|client| client.path == transmit.path);
                let Some(client) = client else { continue };
                for segment in transmit.segments(&outputs.arena) {
                    client.handle_datagram(self.now, segment);
                }
            }
            self.keep_alive();
        }
    }

    /// Sends everybody's ICE checks, if it is time.
    pub fn keep_alive(&mut self) {
        if self.now.instant < self.next_check {
            return;
        }
        self.next_check = self.now.instant + CHECK_INTERVAL;
        for client in self.watchers.iter_mut().chain([&mut self.publisher]) {
            client.check();
            for mut datagram in client.out.drain(..) {
                self.core.handle_datagram(self.now, client.path, &mut datagram);
            }
        }
    }

    /// A packet of the publisher, numbered and sealed. The first ones of an encoding carry its name.
    pub fn sealed(&mut self, mut packet: RtpPacket) -> Datagram {
        let number = self.numbers.entry(packet.header.ssrc).or_insert(0);
        packet.header.sequence = *number;
        packet.extensions.transport_cc = Some(self.sent);
        self.sent = self.sent.wrapping_add(1);
        let layer = crate::client::LAYER_SSRCS.iter().position(|ssrc| *ssrc == packet.header.ssrc);
        if let Some(layer) = layer.filter(|_| *number < 6) {
            packet.extensions.mid = SmallId::new("0");
            packet.extensions.rid = SmallId::new(["h", "l"][layer]);
        }
        *number = number.wrapping_add(1);
        Datagram { path: self.publisher.path, bytes: self.publisher.seal(&packet) }
    }

    /// A receiver shows its picture so high.
    pub fn show(&mut self, watcher: usize, height: u16) {
        let leg = self.legs[watcher];
        self.core.set_slot_sizes(self.now, leg, &[SlotSize { slot: 0, width: height, height }]);
    }

    /// Turns the clock without a packet.
    pub fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
    }

    /// What the core counted so far.
    pub fn counters(&self) -> Counters {
        self.core.stats().total
    }
}
