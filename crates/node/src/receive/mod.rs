//! What a node receives: a slot per picture and sound, shown, played and measured.

mod decode;
mod gaps;
mod meter;
mod output;
mod sound;
mod tap;
mod video;

pub(crate) use meter::{Meters, Source};
pub(crate) use output::Outputs;
pub(crate) use tap::{PieceKind, SeenClock, Tap, Tapped, TappedPicture, TappedSound};

use crate::clock::{ClockKeeper, MachineClock};
use crate::error::NodeError;
use crate::link::LinkSlot;
use decode::{Feedback, Showing};
use sound::{Played, SoundSlot};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tongke_measure::AvSkewMeter;
use tongke_playout::{LipSync, LipSyncConfig};
use tongke_protocol::event::SlotSource;
use tongke_protocol::facts::{AvSkew, ReceivedTrack};
use tongke_protocol::{MediaKind, ParticipantId, TrackKind};
use tongke_transport::rtp::RtpPacket;
use video::VideoSlot;

/// How often the delays of sound and picture are brought together.
const SYNC_INTERVAL: Duration = Duration::from_millis(250);
/// Feedback of the decoders that the session may leave unread.
const FEEDBACK: usize = 256;

enum Slot {
    Video(Box<VideoSlot>),
    Sound(Box<SoundSlot>),
}

/// Sound and picture of one participant, side by side.
struct Person {
    lips: LipSync,
    skew: AvSkewMeter,
}

/// A packet of a slot, as the link gives it.
pub(crate) struct SlotPacket {
    pub slot: u8,
    pub ext_seq: u64,
    pub packet: RtpPacket,
    pub recovered: bool,
    pub arrived: Instant,
}

/// All slots of a node, and what was measured in them.
pub(crate) struct Receiving {
    clock: MachineClock,
    outputs: Outputs,
    tap: Option<Tap>,
    /// Whose pictures are held to the sound.
    lips: TrackKind,
    slots: BTreeMap<u8, Slot>,
    people: BTreeMap<ParticipantId, Person>,
    pub meters: Meters,
    feedback: (mpsc::Sender<Feedback>, mpsc::Receiver<Feedback>),
    next_sync: Option<Instant>,
    /// When the first picture of all was shown.
    pub first_picture: Option<Instant>,
    /// Slots whose source must be asked for a keyframe.
    keyframes_wanted: Vec<u8>,
}

impl Receiving {
    /// `tap`: who measures. `lips`: which track's pictures are held to the sound.
    pub(crate) fn new(clock: MachineClock, outputs: Outputs, tap: Option<Tap>, lips: TrackKind) -> Self {
        Self {
            clock,
            outputs,
            tap,
            lips,
            slots: BTreeMap::new(),
            people: BTreeMap::new(),
            meters: Meters::default(),
            feedback: mpsc::channel(FEEDBACK),
            next_sync: None,
            first_picture: None,
            keyframes_wanted: Vec::new(),
        }
    }

    /// A link came up with these slots. Slots that were there before keep their source until the
    /// relay names another.
    pub(crate) fn on_link(&mut self, slots: &[LinkSlot]) {
        self.slots.retain(|number, slot| {
            let kept = slots.iter().any(|given| given.slot == *number && given.media == slot.media());
            if !kept {
                slot.empty();
            }
            kept
        });
        self.slots.values_mut().for_each(Slot::on_link);
        for LinkSlot { slot, media } in slots {
            self.slots.entry(*slot).or_insert_with(|| match media {
                MediaKind::Video => Slot::Video(Box::new(VideoSlot::new(*slot))),
                MediaKind::Audio => Slot::Sound(Box::new(SoundSlot::new())),
            });
        }
    }

    /// A slot carries another source, or none. `name` is shown with the picture.
    pub(crate) fn on_slot(
        &mut self,
        number: u8,
        source: Option<SlotSource>,
        name: &str,
    ) -> Result<(), NodeError> {
        let Some(slot) = self.slots.get_mut(&number) else { return Ok(()) };
        let source = source.map(|told| Source { participant: told.participant, track: told.track });
        if source.is_some() && slot.source() == source.as_ref() {
            slot.confirm();
            return Ok(());
        }
        if let Some(before) = slot.source()
            && let Some(person) = self.people.get_mut(&before.participant)
        {
            person.lips.reset();
            person.skew.on_silence();
        }
        let Some(source) = source else {
            slot.empty();
            return Ok(());
        };
        let meter = self.meters.of(&source);
        match slot {
            Slot::Video(slot) => {
                let out = self.outputs.picture_out(number, &source, name);
                let tapped = self.tap.clone().map(|tap| (tap, source.clone(), name.to_owned()));
                slot.set_source(source, meter, Showing { out, tapped }, &self.feedback.0)?;
            }
            Slot::Sound(slot) => {
                let out = self.outputs.sound_out(number, &source);
                slot.set_source(source, meter, out, self.tap.clone());
            }
        }
        Ok(())
    }

    /// After a snapshot: a slot that no event names again is empty.
    pub(crate) fn empty_all_but(&mut self, present: impl Fn(&Source) -> bool) {
        for slot in self.slots.values_mut() {
            if slot.source().is_some_and(|source| !present(source)) {
                slot.empty();
            }
        }
    }

    /// A packet came.
    pub(crate) fn on_packet(&mut self, now: Instant, keeper: &ClockKeeper, came: SlotPacket) {
        let SlotPacket { slot: number, ext_seq, packet, recovered, arrived } = came;
        match self.slots.get_mut(&number) {
            Some(Slot::Video(slot)) => {
                slot.on_packet(ext_seq, packet, recovered, arrived);
                self.poll_video(number, now, keeper);
            }
            Some(Slot::Sound(slot)) => slot.on_packet(ext_seq, packet, recovered, arrived),
            None => {}
        }
    }

    fn poll_video(&mut self, number: u8, now: Instant, keeper: &ClockKeeper) {
        let now = tongke_protocol::Now { instant: now, wall: self.clock.wall_of(now) };
        if let Some(Slot::Video(slot)) = self.slots.get_mut(&number)
            && slot.poll(now, keeper, self.clock)
        {
            self.keyframes_wanted.push(number);
        }
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant, keeper: &ClockKeeper) {
        let numbers: Vec<u8> = self.slots.keys().copied().collect();
        for number in numbers {
            self.poll_video(number, now, keeper);
            if let Some(Slot::Sound(slot)) = self.slots.get_mut(&number) {
                while let Some(played) = slot.poll(now, keeper, self.clock) {
                    let Some(source) = slot.source() else { break };
                    if source.track == TrackKind::Microphone {
                        note_sound(&mut self.people, &source.participant, played);
                    }
                }
            }
        }
        if self.next_sync.is_none_or(|due| due <= now) {
            self.next_sync = Some(now + SYNC_INTERVAL);
            self.bring_together(now);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let slots = self.slots.values().filter_map(|slot| match slot {
            Slot::Video(slot) => slot.poll_timeout(),
            Slot::Sound(slot) => slot.poll_timeout(),
        });
        slots.chain(self.next_sync).min()
    }

    /// The next thing a decoder has to say. Safe to cancel.
    pub(crate) async fn next_feedback(&mut self) -> DecoderNews {
        // The sender is kept beside the receiver, so the channel never ends.
        self.feedback.1.recv().await.map_or(DecoderNews(None), |feedback| DecoderNews(Some(feedback)))
    }

    /// A decoder showed a picture or cannot go on.
    pub(crate) fn on_feedback(&mut self, DecoderNews(feedback): DecoderNews) {
        match feedback {
            None => {}
            Some(Feedback::NeedKeyframe { slot }) => self.keyframes_wanted.push(slot),
            Some(Feedback::Shown { slot, delay_us }) => {
                self.first_picture.get_or_insert_with(Instant::now);
                let source = self.slots.get(&slot).and_then(Slot::source);
                let lips = source.filter(|source| source.track == self.lips);
                if let (Some(source), Some(delay_us)) = (lips, delay_us) {
                    let person = self.people.entry(source.participant.clone()).or_default();
                    person.lips.on_picture(delay_us);
                    person.skew.on_picture(delay_us as f64 / 1000.0);
                }
            }
        }
    }

    /// Slots whose source must be asked for a keyframe now.
    pub(crate) fn take_keyframes_wanted(&mut self) -> Vec<u8> {
        let mut wanted = std::mem::take(&mut self.keyframes_wanted);
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// Delays the early one of each participant's sound and picture.
    fn bring_together(&mut self, now: Instant) {
        for slot in self.slots.values_mut() {
            let Some(source) = slot.source() else { continue };
            if source.track != TrackKind::Microphone && source.track != self.lips {
                continue;
            }
            let Some(person) = self.people.get_mut(&source.participant) else { continue };
            let extra = person.lips.update(now);
            match slot {
                Slot::Video(slot) => slot.set_extra_delay(extra.video),
                Slot::Sound(slot) => slot.set_extra_delay(extra.audio),
            }
        }
    }

    /// The lesson is over: recordings are finished.
    pub(crate) fn end(&mut self) {
        self.slots.values_mut().for_each(Slot::empty);
    }

    /// Whether the room closed its window.
    pub(crate) fn is_closed(&self) -> bool {
        self.outputs.is_closed()
    }

    /// The facts about what was received.
    pub(crate) fn facts(&self) -> Vec<ReceivedTrack> {
        self.meters.facts()
    }

    /// Sound against picture, per participant.
    pub(crate) fn skews(&self) -> Vec<AvSkew> {
        self.people.iter().filter_map(|(id, person)| person.skew.facts(id.clone())).collect()
    }
}

/// News of a decoder, for [`Receiving::on_feedback`].
pub(crate) struct DecoderNews(Option<Feedback>);

fn note_sound(people: &mut BTreeMap<ParticipantId, Person>, id: &ParticipantId, played: Played) {
    let person = people.entry(id.clone()).or_default();
    match played {
        Played::Sound { delay_us } => {
            person.lips.on_sound(delay_us);
            person.skew.on_sound(delay_us as f64 / 1000.0);
        }
        Played::Nothing => {}
    }
}

impl Default for Person {
    fn default() -> Self {
        Self { lips: LipSync::new(LipSyncConfig::default()), skew: AvSkewMeter::new() }
    }
}

impl Slot {
    fn media(&self) -> MediaKind {
        match self {
            Slot::Video(_) => MediaKind::Video,
            Slot::Sound(_) => MediaKind::Audio,
        }
    }

    fn source(&self) -> Option<&Source> {
        match self {
            Slot::Video(slot) => slot.source(),
            Slot::Sound(slot) => slot.source(),
        }
    }

    fn on_link(&mut self) {
        match self {
            Slot::Video(slot) => slot.on_link(),
            Slot::Sound(slot) => slot.on_link(),
        }
    }

    fn confirm(&mut self) {
        match self {
            Slot::Video(slot) => slot.confirm(),
            Slot::Sound(slot) => slot.confirm(),
        }
    }

    fn empty(&mut self) {
        match self {
            Slot::Video(slot) => slot.empty(),
            Slot::Sound(slot) => slot.empty(),
        }
    }
}
