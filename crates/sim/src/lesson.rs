//! A whole lesson: the relay's core, the nodes and the links between them, driven event by event.

use crate::network::Link;
use crate::node::{Node, picture_time};
use crate::random::Random;
use crate::report::Report;
use crate::scenario::{Leaving, Scenario};
use crate::world::{Agenda, Event, Trace};
use bytes::Bytes;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tongke_measure::ClockSample;
use tongke_protocol::control::{ClientMessage, ClockEcho, ClockProbe, Hello, RelayMessage};
use tongke_protocol::{Grant, LessonId, LessonScope, Now, WallTime};
use tongke_sfu::{Audience, Core, CoreConfig, LegId};
use tongke_transport::webrtc::Certificate;

const FRAME: Duration = Duration::from_millis(20);
/// True time at the start, µs since the Unix epoch.
const START_US: u64 = 1_795_000_000_000_000;
/// Bytes of a control message, for the link's sake.
const CONTROL_BYTES: usize = 200;
const LESSON: &str = "simulated";

/// Runs a scenario to its end.
pub fn run(scenario: &Scenario) -> Report {
    let mut lesson = Lesson::new(scenario);
    lesson.run();
    Report::of(&lesson)
}

pub(crate) struct Lesson<'s> {
    pub(crate) scenario: &'s Scenario,
    pub(crate) start: Instant,
    now: Instant,
    agenda: Agenda,
    pub(crate) core: Core,
    pub(crate) nodes: Vec<Node>,
    legs: Vec<Option<LegId>>,
    pub(crate) links: Vec<NodeLinks>,
    timeouts: Vec<Option<Instant>>,
    pub(crate) trace: Trace,
    pub(crate) events: Vec<(Duration, usize, &'static str)>,
}

pub(crate) struct NodeLinks {
    pub(crate) up: Link,
    pub(crate) down: Link,
    /// Control streams are in order: nothing overtakes what was said before.
    control_up: Instant,
    control_down: Instant,
}

/// A certificate that no QUIC leg uses; made once, since it takes a while.
fn certificate() -> Arc<Certificate> {
    static CERTIFICATE: OnceLock<Arc<Certificate>> = OnceLock::new();
    CERTIFICATE
        .get_or_init(|| Arc::new(Certificate::generate().expect("the system gives random numbers")))
        .clone()
}

/// The origin of virtual time. Only distances from it matter.
fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(Instant::now)
}

impl<'s> Lesson<'s> {
    fn new(scenario: &'s Scenario) -> Self {
        let start = origin();
        let seed = scenario.seed;
        let nodes: Vec<Node> = scenario
            .schools
            .iter()
            .enumerate()
            .map(|(index, school)| Node::new(school.clone(), seed, index))
            .collect();
        let links = scenario.schools.iter().enumerate().map(|(index, school)| NodeLinks {
            up: Link::new(school.up, Random::new(seed, 2 * index as u64)),
            down: Link::new(school.down, Random::new(seed, 2 * index as u64 + 1)),
            control_up: start,
            control_down: start,
        });
        let mut agenda = Agenda::default();
        for (node, school) in scenario.schools.iter().enumerate() {
            agenda.at(start + school.joins, Event::Join { node });
            if let Some((at, _)) = school.leaves {
                agenda.at(start + at, Event::Leave { node });
            }
        }
        for (index, change) in scenario.changes.iter().enumerate() {
            agenda.at(start + change.at, Event::Change { index });
        }
        Self {
            start,
            now: start,
            agenda,
            core: Core::new(CoreConfig::new(certificate()), seed),
            legs: vec![None; nodes.len()],
            timeouts: vec![None; nodes.len()],
            links: links.collect(),
            nodes,
            trace: Trace::new(),
            events: Vec::new(),
            scenario,
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    /// Now, by the relay's clock, which is right.
    fn relay_now(&self) -> Now {
        Now { instant: self.now, wall: WallTime(START_US + self.elapsed().as_micros() as u64) }
    }

    /// Now, by a node's clock.
    pub(crate) fn node_now(&self, node: usize) -> Now {
        let ahead_us = self.nodes[node].school.clock_ahead_us;
        Now { instant: self.now, wall: self.relay_now().wall.offset_by_us(ahead_us) }
    }

    fn run(&mut self) {
        let end = self.start + self.scenario.lasts;
        let mut at_this_moment = 0;
        loop {
            let timeout = self.timeouts.iter().flatten().min().copied();
            let core = self.core.poll_timeout();
            let Some(next) = [self.agenda.next_at(), timeout, core].into_iter().flatten().min() else {
                break;
            };
            if next >= end {
                break;
            }
            at_this_moment = if next > self.now { 0 } else { at_this_moment + 1 };
            assert!(at_this_moment < 100_000, "time stands still: somebody's timeout never passes");
            self.now = self.now.max(next);
            if core.is_some_and(|at| at <= self.now) {
                self.core.handle_timeout(self.relay_now());
                self.drain_core();
            } else if timeout.is_some_and(|at| at <= self.now) {
                self.node_timeouts();
            } else if let Some(event) = self.agenda.next() {
                self.handle(event);
            }
        }
        self.now = end;
    }

    fn node_timeouts(&mut self) {
        for node in 0..self.nodes.len() {
            if self.timeouts[node].is_some_and(|at| at <= self.now) {
                let now = self.node_now(node);
                self.nodes[node].leg.handle_timeout(now);
                self.settle(node);
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Join { node } => self.join(node),
            Event::Hello { node } => self.hello(node),
            Event::ToRelay { node, datagram } => self.arrive_at_relay(node, &datagram),
            Event::ToNode { node, datagram } => self.arrive_at_node(node, &datagram),
            Event::ControlUp { node, message } => self.control_up(node, &message),
            Event::ControlDown { node, message } => self.control_down(node, *message),
            Event::Leave { node } => self.leave(node),
            Event::TimedOut { node } => self.gone(node, "the connection timed out"),
            Event::Change { index } => self.change(index),
            _ => self.handle_node_clock(event),
        }
    }

    /// What a node does by its own clocks, as long as it is there.
    fn handle_node_clock(&mut self, event: Event) {
        match event {
            Event::Film { node, track, number } if !self.nodes[node].ended => self.film(node, track, number),
            Event::Encoded { node, track, captured, annexb } if !self.nodes[node].ended => {
                let now = self.node_now(node);
                self.nodes[node].send_picture(now, track, captured, &annexb);
                self.settle(node);
            }
            Event::Spoken { node, captured } if !self.nodes[node].ended => {
                let now = self.node_now(node);
                self.nodes[node].send_sound(now, captured);
                self.settle(node);
                self.agenda.at(self.now + FRAME, Event::Spoken { node, captured: now });
            }
            Event::Pull { node } if !self.nodes[node].ended => {
                let now = self.node_now(node);
                self.nodes[node].pull(now);
                self.agenda.at(self.now + FRAME, Event::Pull { node });
            }
            Event::Sync { node } if !self.nodes[node].ended => {
                let now = self.node_now(node);
                self.nodes[node].sync(now);
                self.settle(node);
                self.agenda.at(self.now + Duration::from_millis(250), Event::Sync { node });
            }
            Event::Probe { node, number } if !self.nodes[node].ended => self.probe(node, number),
            _ => {}
        }
    }

    /// QUIC's and our handshake: the hello reaches the relay one and a half round trips later.
    fn join(&mut self, node: usize) {
        let delay = self.links[node].up.config().delay + self.links[node].down.config().delay;
        self.agenda.at(self.now + delay * 3 / 2, Event::Hello { node });
    }

    fn hello(&mut self, node: usize) {
        let now = self.relay_now();
        let lesson: LessonId = LESSON.parse().expect("a valid name");
        let school = &self.nodes[node].school;
        let grant = Grant {
            lesson: LessonScope::Only(lesson.clone()),
            participant: school.name.parse().expect("a scenario's names are identifiers"),
            name: school.name.clone(),
            role: school.role,
            expires_unix_s: u64::MAX,
        };
        let hello = Hello {
            token: String::new(),
            lesson,
            publish: self.nodes[node].publishes(node),
            video_slots: 6,
            audio_slots: 4,
        };
        let (leg, welcome) = match self.core.join_quic(now, &grant, &hello) {
            Ok(joined) => joined,
            Err(error) => panic!("{} cannot join: {error}", grant.participant),
        };
        self.legs[node] = Some(leg);
        self.say_down(node, RelayMessage::Welcome(welcome));
        self.drain_core();
    }

    /// Puts a message on the control stream to a node: reliable and in order.
    fn say_down(&mut self, node: usize, message: RelayMessage) {
        let links = &mut self.links[node];
        let at = reliable(&mut links.down, self.now).max(links.control_down);
        links.control_down = at;
        self.agenda.at(at, Event::ControlDown { node, message: Box::new(message) });
    }

    fn say_up(&mut self, node: usize, message: ClientMessage) {
        let links = &mut self.links[node];
        let at = reliable(&mut links.up, self.now).max(links.control_up);
        links.control_up = at;
        self.agenda.at(at, Event::ControlUp { node, message: Box::new(message) });
    }

    fn control_up(&mut self, node: usize, message: &ClientMessage) {
        let (Some(leg), now) = (self.legs[node], self.relay_now()) else { return };
        if let ClientMessage::ClockProbe(ClockProbe { t1_us }) = message {
            // The shell's business.
            let (t2_us, t3_us) = (now.wall.0, now.wall.0);
            self.say_down(node, RelayMessage::ClockEcho(ClockEcho { t1_us: *t1_us, t2_us, t3_us }));
            return;
        }
        self.core.handle_control(now, leg, message);
        self.drain_core();
    }

    fn control_down(&mut self, node: usize, message: RelayMessage) {
        let now = self.node_now(node);
        if self.nodes[node].ended {
            return;
        }
        match message {
            RelayMessage::Welcome(welcome) => {
                let links = &self.links[node];
                let round_trip = links.up.config().delay + links.down.config().delay;
                self.nodes[node].on_welcome(now, &welcome, round_trip);
                self.begin(node);
            }
            RelayMessage::Event { of } => {
                self.events.push((self.elapsed(), node, of.name()));
                self.nodes[node].on_lesson_event(of);
            }
            RelayMessage::ClockEcho(echo) => {
                let ClockEcho { t1_us, t2_us, t3_us } = echo;
                self.nodes[node].clock.add(ClockSample { t1_us, t2_us, t3_us, t4_us: now.wall.0 });
                if let Some(report) = self.nodes[node].clock.report() {
                    self.say_up(node, ClientMessage::Clock(report));
                }
            }
            RelayMessage::Refused(_) => {}
        }
        self.settle(node);
    }

    /// The node is in: its clocks start, each at its own phase.
    fn begin(&mut self, node: usize) {
        let mut phase = Random::new(self.scenario.seed, 500 + node as u64);
        let mut soon = |ms: f64| self.now + Duration::from_secs_f64(phase.between(0.0, ms) / 1000.0);
        let (pull, spoken) = (soon(20.0), soon(20.0));
        let films: Vec<Instant> = self.nodes[node].pictures.iter().map(|_| soon(33.0)).collect();
        for (track, at) in films.into_iter().enumerate() {
            self.agenda.at(at, Event::Film { node, track, number: 0 });
        }
        let captured = self.node_now(node).plus(spoken - self.now);
        self.agenda.at(spoken + FRAME, Event::Spoken { node, captured });
        self.agenda.at(pull, Event::Pull { node });
        self.agenda.at(self.now, Event::Sync { node });
        self.agenda.at(self.now, Event::Probe { node, number: 0 });
    }

    fn film(&mut self, node: usize, track: usize, number: u64) {
        let captured = self.node_now(node);
        let picture = &mut self.nodes[node].pictures[track];
        let encoded = picture.encoder.encode();
        let step = picture_time(&picture.format, number + 1) - picture_time(&picture.format, number);
        let annexb = encoded.annexb;
        self.agenda.at(self.now + encoded.took, Event::Encoded { node, track, captured, annexb });
        self.agenda.at(self.now + step, Event::Film { node, track, number: number + 1 });
    }

    /// Often at first, then once a second.
    fn probe(&mut self, node: usize, number: u64) {
        let t1_us = self.node_now(node).wall.0;
        self.say_up(node, ClientMessage::ClockProbe(ClockProbe { t1_us }));
        let every = Duration::from_millis(if number < 8 { 50 } else { 1000 });
        self.agenda.at(self.now + every, Event::Probe { node, number: number + 1 });
    }

    fn arrive_at_relay(&mut self, node: usize, datagram: &Bytes) {
        self.note(node, 1, datagram);
        if let Some(leg) = self.legs[node] {
            self.core.handle_quic_datagram(self.relay_now(), leg, datagram);
            self.drain_core();
        }
    }

    fn arrive_at_node(&mut self, node: usize, datagram: &Bytes) {
        self.note(node, 2, datagram);
        if !self.nodes[node].ended {
            let now = self.node_now(node);
            self.nodes[node].leg.handle_datagram(now, datagram);
            self.settle(node);
        }
    }

    fn note(&mut self, node: usize, direction: u64, datagram: &Bytes) {
        self.trace.add(self.elapsed().as_nanos() as u64);
        self.trace.add((node as u64) << 2 | direction);
        self.trace.add(datagram.len() as u64);
        self.trace.add_bytes(&datagram[..datagram.len().min(32)]);
    }

    /// After anything happened to a node: its buffers and what it wants to send.
    fn settle(&mut self, node: usize) {
        let now = self.node_now(node);
        self.nodes[node].settle(now);
        while let Some(datagram) = self.nodes[node].leg.poll_transmit() {
            for at in self.links[node].up.send(self.now, datagram.len()).into_iter().flatten() {
                self.agenda.at(at, Event::ToRelay { node, datagram: datagram.clone() });
            }
        }
        self.timeouts[node] = if self.nodes[node].ended { None } else { self.nodes[node].poll_timeout() };
    }

    /// After anything happened to the relay: what it wants sent and told.
    fn drain_core(&mut self) {
        let outputs = std::mem::take(self.core.outputs());
        for transmit in &outputs.quic {
            let Some(node) = self.legs.iter().position(|leg| *leg == Some(transmit.leg)) else { continue };
            let datagram = Bytes::copy_from_slice(&outputs.arena[transmit.range.clone()]);
            for at in self.links[node].down.send(self.now, datagram.len()).into_iter().flatten() {
                self.agenda.at(at, Event::ToNode { node, datagram: datagram.clone() });
            }
        }
        for addressed in &outputs.events {
            let hears = |leg: &Option<LegId>| match &addressed.to {
                Audience::Lesson(_) => leg.is_some(),
                Audience::Leg(only) => *leg == Some(*only),
                Audience::Participant(..) | Audience::Classrooms(_) => false,
            };
            let hearers: Vec<usize> = (0..self.legs.len()).filter(|node| hears(&self.legs[*node])).collect();
            for node in hearers {
                self.say_down(node, RelayMessage::Event { of: addressed.event.clone() });
            }
        }
        for closed in &outputs.closed {
            for leg in self.legs.iter_mut().filter(|leg| **leg == Some(closed.leg)) {
                *leg = None;
            }
        }
        let mut outputs = outputs;
        outputs.clear();
        *self.core.outputs() = outputs;
    }

    fn leave(&mut self, node: usize) {
        let leaving = self.nodes[node].school.leaves.map(|(_, leaving)| leaving);
        if leaving == Some(Leaving::Bye) {
            self.say_up(node, ClientMessage::Bye);
        } else {
            self.agenda.at(self.now + self.scenario.idle_timeout, Event::TimedOut { node });
        }
        self.nodes[node].ended = true;
        self.timeouts[node] = None;
    }

    /// The relay's shell tells the core that a connection is gone.
    fn gone(&mut self, node: usize, why: &str) {
        if let Some(leg) = self.legs[node] {
            self.core.leave(self.relay_now(), leg, why);
            self.drain_core();
        }
    }

    fn change(&mut self, index: usize) {
        let change = &self.scenario.changes[index];
        let links = &mut self.links[change.school];
        if let Some(up) = change.up {
            links.up.set_config(up);
        }
        if let Some(down) = change.down {
            links.down.set_config(down);
        }
    }
}

/// When something sent on a stream arrives: a lost piece is sent again after a round trip and a half.
fn reliable(link: &mut Link, now: Instant) -> Instant {
    let again_after = (link.config().delay * 3).max(Duration::from_millis(30));
    let mut sent = now;
    // A link that loses everything for a minute holds the stream up for that long.
    for _ in 0..1000 {
        if let Some(at) = link.send(sent, CONTROL_BYTES)[0] {
            return at;
        }
        sent += again_after;
    }
    sent
}
