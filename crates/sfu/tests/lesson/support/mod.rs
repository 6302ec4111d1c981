//! The lesson that the tests drive.

mod browser;
mod frames;
mod heap;
mod school;
mod spread;
mod witness;

pub use browser::Browser;
pub mod payload_types {
    pub use super::browser::{H264, H264_RTX, OPUS, RED};
}
pub use frames::{capture, frame, sound};
pub use heap::live_bytes;
use payload_types::{H264, OPUS};
pub use school::School;
pub use spread::{BRANCH, Spread};
pub use witness::Witness;

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use tongke_protocol::control::{Hello, PublishTrack};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::record::LessonFact;
use tongke_protocol::{Grant, LessonId, LessonScope, MediaKind, Now, Role, TrackKind, WallTime};
use tongke_sfu::{
    AddressedEvent, Audience, Carrier, ClosedLeg, Core, CoreConfig, JoinError, LegId, Outputs, QuicTransmit,
    Transmit, TrunkBatch,
};
use tongke_transport::rtp::RtpPacket;
use tongke_transport::webrtc::Certificate;

pub static CERTIFICATE: LazyLock<Arc<Certificate>> =
    LazyLock::new(|| Arc::new(Certificate::generate().unwrap()));

pub const MS: Duration = Duration::from_millis(1);

pub fn lesson_id() -> LessonId {
    "math".parse().unwrap()
}

pub fn grant(name: &str, role: Role) -> Grant {
    grant_in(&lesson_id(), name, role)
}

pub fn grant_in(lesson: &LessonId, name: &str, role: Role) -> Grant {
    Grant {
        lesson: LessonScope::Only(lesson.clone()),
        participant: name.parse().unwrap(),
        name: name.to_uppercase(),
        role,
        expires_unix_s: u64::MAX,
    }
}

/// One send of the core to a browser: its datagrams' sizes.
pub struct Send {
    pub sizes: Vec<usize>,
}

/// What the core handed over while it was at work.
#[derive(Clone, Default)]
struct Carried(Rc<RefCell<Outputs>>);

impl Carrier for Carried {
    fn carry(&mut self, arena: &[u8], udp: &[Transmit], quic: &[QuicTransmit]) {
        let mut all = self.0.borrow_mut();
        let start = all.arena.len();
        let moved = |range: &Range<usize>| range.start + start..range.end + start;
        all.arena.extend_from_slice(arena);
        all.udp.extend(udp.iter().map(|it| Transmit { range: moved(&it.range), ..it.clone() }));
        all.quic.extend(quic.iter().map(|it| QuicTransmit { range: moved(&it.range), ..it.clone() }));
    }
}

pub struct Lesson {
    pub core: Core,
    /// The lesson that whoever joins goes to.
    pub id: LessonId,
    pub now: Now,
    pub schools: Vec<School>,
    pub browsers: Vec<Browser>,
    pub events: Vec<AddressedEvent>,
    pub closed: Vec<ClosedLeg>,
    pub facts: Vec<LessonFact>,
    pub sends: Vec<Send>,
    /// For other cores.
    pub trunk: Vec<TrunkBatch>,
    /// Lessons whose event streams were to be greeted again.
    pub greet: Vec<LessonId>,
    carried: Carried,
}

impl Lesson {
    pub fn new() -> Self {
        Self::with(7, |_| {})
    }

    /// With another seed and other settings.
    pub fn with(seed: u64, set: impl FnOnce(&mut CoreConfig)) -> Self {
        let mut config = CoreConfig::new(CERTIFICATE.clone());
        config.udp_addresses = vec!["127.0.0.1:5000".parse().unwrap()];
        set(&mut config);
        Self {
            core: Core::new(config, seed),
            id: lesson_id(),
            now: Now { instant: Instant::now(), wall: WallTime(1_795_000_000_000_000) },
            schools: Vec::new(),
            browsers: Vec::new(),
            events: Vec::new(),
            closed: Vec::new(),
            facts: Vec::new(),
            sends: Vec::new(),
            trunk: Vec::new(),
            greet: Vec::new(),
            carried: Carried::default(),
        }
    }

    /// Has much taken while the core is at work, as a relay's worker does.
    pub fn carry(&mut self) {
        self.core.carry_with(self.carried.clone());
    }

    /// A QUIC school with all its tracks and slots for the others; its index.
    pub fn join(&mut self, name: &str, role: Role) -> usize {
        let tracks = if role.may_publish() { &TrackKind::ALL[..] } else { &[] };
        self.join_with(name, role, tracks, (10, 9)).unwrap()
    }

    pub fn join_with(
        &mut self,
        name: &str,
        role: Role,
        tracks: &[TrackKind],
        (video_slots, audio_slots): (u8, u8),
    ) -> Result<usize, JoinError> {
        let index = self.schools.len();
        let publish = (0_u32..)
            .zip(tracks)
            .map(|(at, kind)| PublishTrack {
                kind: *kind,
                codec: school::codec(*kind),
                ssrc: (index as u32 + 1) * 100 + at,
            })
            .collect();
        self.join_publishing(name, role, publish, (video_slots, audio_slots))
    }

    pub fn join_publishing(
        &mut self,
        name: &str,
        role: Role,
        publish: Vec<PublishTrack>,
        (video_slots, audio_slots): (u8, u8),
    ) -> Result<usize, JoinError> {
        let index = self.schools.len();
        let hello = Hello {
            token: String::new(),
            lesson: self.id.clone(),
            publish: publish.clone(),
            video_slots,
            audio_slots,
        };
        let (leg, welcome) = self.core.join_quic(self.now, &grant_in(&self.id, name, role), &hello)?;
        self.schools.push(School::new(name, leg, welcome, publish, index as u64));
        self.settle();
        Ok(index)
    }

    /// A WHEP browser with so many slots, connected; its index.
    pub fn watch(&mut self, name: &str, role: Role, video: usize, audio: usize) -> usize {
        let mut browser = Browser::watching(1000 + self.browsers.len() as u16, video, audio);
        let offer = browser.offer.clone();
        let joined =
            self.core.join_whep(self.now, &self.id, &grant_in(&self.id, name, role), &offer).unwrap();
        browser.connect(self.now, joined);
        self.browsers.push(browser);
        self.settle();
        self.browsers.len() - 1
    }

    /// A WHEP browser that has its answer but has not begun its handshake.
    pub fn offer_to_watch(&mut self, name: &str, role: Role) {
        let browser = Browser::watching(1000, 1, 1);
        self.core.join_whep(self.now, &self.id, &grant_in(&self.id, name, role), &browser.offer).unwrap();
        self.settle();
    }

    /// A WHIP browser with a camera and a microphone, connected; its index.
    pub fn publish(&mut self, name: &str, role: Role) -> usize {
        let browser = Browser::publishing(1000 + self.browsers.len() as u16);
        self.publish_as(browser, name, role)
    }

    /// A WHIP browser whose camera is a simulcast, with a microphone, connected; its index.
    pub fn publish_layers(&mut self, name: &str, role: Role) -> usize {
        let browser = Browser::publishing_layers(1000 + self.browsers.len() as u16);
        self.publish_as(browser, name, role)
    }

    fn publish_as(&mut self, mut browser: Browser, name: &str, role: Role) -> usize {
        let offer = browser.offer.clone();
        let joined =
            self.core.join_whip(self.now, &self.id, &grant_in(&self.id, name, role), &offer).unwrap();
        browser.connect(self.now, joined);
        self.browsers.push(browser);
        self.settle();
        self.browsers.len() - 1
    }

    /// Sends packets of a school's track, and lets everything that follows at once happen.
    pub fn send(&mut self, school: usize, track: TrackKind, packets: Vec<RtpPacket>) {
        for packet in packets {
            self.schools[school].leg.send(self.now, track, packet);
        }
        self.settle();
    }

    /// Pictures `from..to` of a school, 30 a second, the first one a keyframe if so wished.
    pub fn film(&mut self, school: usize, track: TrackKind, numbers: std::ops::Range<u32>, keyframe: bool) {
        for number in numbers.clone() {
            self.send(school, track, frame(number, keyframe && number == numbers.start, 4));
            self.pass(33);
        }
    }

    /// Lets everything happen that needs no time.
    pub fn settle(&mut self) {
        for _ in 0..1000 {
            let mut moved = self.drain();
            for school in &mut self.schools {
                while let Some(datagram) = school.leg.poll_transmit() {
                    moved = true;
                    if !(school.lose_up)(&datagram) {
                        self.core.handle_quic_datagram(self.now, school.id, &datagram);
                    }
                }
                while let Some(event) = school.leg.poll_event() {
                    school.seen.push(event);
                }
            }
            for browser in &mut self.browsers {
                for mut datagram in std::mem::take(&mut browser.out) {
                    moved = true;
                    self.core.handle_datagram(self.now, browser.path, &mut datagram);
                }
            }
            while self.core.has_handshakes() {
                moved = true;
                self.core.handle_timeout(self.now);
            }
            if !moved {
                return;
            }
        }
        panic!("the lesson never comes to rest");
    }

    fn drain(&mut self) -> bool {
        let carried = std::mem::take(&mut *self.carried.0.borrow_mut());
        let outputs: Outputs = std::mem::take(self.core.outputs());
        self.deliver(&carried);
        self.deliver(&outputs);
        let moved = !outputs.is_empty() || !carried.is_empty();
        self.events.extend(outputs.events);
        self.closed.extend(outputs.closed);
        self.facts.extend(outputs.facts);
        self.trunk.extend(outputs.trunk);
        self.greet.extend(outputs.greet);
        moved
    }

    fn deliver(&mut self, outputs: &Outputs) {
        for transmit in &outputs.quic {
            let datagram = bytes::Bytes::copy_from_slice(&outputs.arena[transmit.range.clone()]);
            if let Some(school) = self.schools.iter_mut().find(|school| school.id == transmit.leg)
                && !(school.lose_down)(&datagram)
            {
                school.leg.handle_datagram(self.now, &datagram);
            }
        }
        for transmit in &outputs.udp {
            let sizes = transmit.segments(&outputs.arena).map(<[u8]>::len).collect();
            self.sends.push(Send { sizes });
            let browser = self.browsers.iter_mut().find(|browser| browser.path == transmit.path);
            let Some(browser) = browser else { continue };
            for segment in transmit.segments(&outputs.arena) {
                browser.handle_datagram(self.now, segment);
            }
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now.plus(Duration::from_millis(ms));
        self.settle();
        loop {
            let schools = self.schools.iter().filter_map(|school| school.leg.poll_timeout());
            let next = schools.chain(self.core.poll_timeout()).min();
            let Some(next) = next.filter(|next| *next <= end.instant) else { break };
            self.now = self.now.plus(next.saturating_duration_since(self.now.instant));
            if self.core.poll_timeout().is_some_and(|due| due <= self.now.instant) {
                self.core.handle_timeout(self.now);
            }
            for school in &mut self.schools {
                school.leg.handle_timeout(self.now);
            }
            self.settle();
        }
        self.now = end;
    }

    pub fn leave(&mut self, school: usize, reason: &str) {
        self.core.leave(self.now, self.schools[school].id, reason);
        self.settle();
    }

    /// Events for everyone, as JSON, since the last call.
    pub fn take_public_events(&mut self) -> Vec<String> {
        let events = std::mem::take(&mut self.events);
        let public = events.into_iter().filter(|event| matches!(event.to, Audience::Lesson(_)));
        public.map(|event| describe(&event.event)).collect()
    }

    /// What the slots of a leg show, by its slot events: `participant track`, by slot.
    pub fn slots_of(&self, session: &str, media_wanted: MediaKind) -> Vec<String> {
        let mut slots = std::collections::BTreeMap::new();
        for event in &self.events {
            if let LessonEvent::Slot { session: of, slot, media, source } = &event.event
                && of == session
                && *media == media_wanted
            {
                slots.insert(
                    *slot,
                    source.as_ref().map_or_else(|| "-".into(), |s| format!("{} {}", s.participant, s.track)),
                );
            }
        }
        slots.into_values().collect()
    }

    /// Forgets what the clients got, so that only the core's memory is left to count.
    pub fn forget(&mut self) {
        self.schools.iter_mut().for_each(|school| school.seen = Vec::new());
        for browser in &mut self.browsers {
            (browser.received, browser.rtcp) = (Vec::new(), Vec::new());
        }
        (self.sends, self.events) = (Vec::new(), Vec::new());
    }

    /// What was counted in a lesson that runs.
    pub fn counters_of(&self, lesson: &str) -> tongke_sfu::Counters {
        let lessons = self.core.stats().lessons;
        lessons.into_iter().find(|stats| stats.lesson.as_str() == lesson).unwrap().counters
    }

    pub fn total(&self) -> tongke_sfu::Counters {
        self.core.stats().total
    }

    pub fn leg_ids(&self) -> Vec<LegId> {
        self.schools.iter().map(|school| school.id).collect()
    }
}

/// What a publisher of the tests sends to: a lesson on one core, or on two.
pub trait Stage {
    /// The lesson's home.
    fn home(&mut self) -> &mut Lesson;
    /// Lets time pass.
    fn pass(&mut self, ms: u64);
}

impl Stage for Lesson {
    fn home(&mut self) -> &mut Lesson {
        self
    }

    fn pass(&mut self, ms: u64) {
        Lesson::pass(self, ms);
    }
}

/// An event in a few words.
pub fn describe(event: &LessonEvent) -> String {
    match event {
        LessonEvent::Joined { participant } => format!("joined {}", participant.id),
        LessonEvent::Left { participant, reason } => format!("left {participant}: {reason}"),
        LessonEvent::TrackStarted { participant, track } => format!("started {participant} {}", track.kind),
        LessonEvent::TrackEnded { participant, track } => format!("ended {participant} {track}"),
        other => other.name().to_owned(),
    }
}
