//! What a simulated lesson came to.

use crate::lesson::Lesson;
use crate::network::LinkStats;
use crate::node::{Node, Slot, SlotMedia};
use std::time::Duration;
use tongke_measure::Distribution;
use tongke_playout::{AudioStats, VideoStats};
use tongke_protocol::TrackKind;
use tongke_protocol::facts::SkewMs;
use tongke_sfu::CoreStats;

/// One participant's pictures at another.
#[derive(Debug, Clone)]
pub struct PicturePath {
    /// Sender.
    pub from: String,
    /// Receiver.
    pub to: String,
    /// Camera or screen.
    pub track: TrackKind,
    /// From the receiver's welcome to the first picture shown.
    pub first_after: Option<Duration>,
    /// Pictures decoded.
    pub decoded: u64,
    /// Pictures that reached the decoder without what they need.
    pub undecodable: u64,
    /// Freezes by the W3C rule.
    pub freezes: u64,
    /// Their total length.
    pub freeze_total: Duration,
    /// The longest time between two pictures, freeze or not.
    pub longest_gap: Duration,
    /// Time since the last picture, at the end.
    pub since_last: Option<Duration>,
    /// Capture to render as the receiver measures it, ms.
    pub delay: Distribution,
    /// What the buffer added to that, ms.
    pub buffered: Distribution,
    /// The buffer's counts.
    pub stats: VideoStats,
}

/// One participant's sound at another.
#[derive(Debug, Clone)]
pub struct SoundPath {
    /// Sender.
    pub from: String,
    /// Receiver.
    pub to: String,
    /// From the receiver's welcome to the first sound.
    pub first_after: Option<Duration>,
    /// Share of the speech that was invented.
    pub speech_concealed: Option<f64>,
    /// Share of all sound that was invented, pauses left out of the invented part.
    pub concealed: Option<f64>,
    /// Packets of speech left out to lose delay.
    pub speech_cut: u64,
    /// Mouth to ear as the receiver measures it, ms.
    pub delay: Distribution,
    /// Sound against picture.
    pub av_skew: Option<SkewMs>,
    /// The buffer's counts.
    pub stats: AudioStats,
}

/// A node's side of the lesson.
#[derive(Debug, Clone)]
pub struct NodeReport {
    /// Who.
    pub name: String,
    /// Pictures sent, of all tracks.
    pub pictures_sent: u64,
    /// Sound frames sent.
    pub sounds_sent: u64,
    /// What the link to the relay did.
    pub up: LinkStats,
    /// What the link from the relay did.
    pub down: LinkStats,
    /// Relay clock minus this node's, as measured, and its bound, µs.
    pub clock_us: Option<(i64, u64)>,
    /// Packets asked for again by this node, and come.
    pub recovered: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Events heard: when after the start, and its name.
    pub events: Vec<(Duration, &'static str)>,
}

/// A whole lesson in numbers.
#[derive(Debug, Clone)]
pub struct Report {
    /// The scenario's seed.
    pub seed: u64,
    /// Every camera and screen at every other participant.
    pub pictures: Vec<PicturePath>,
    /// Every microphone at every other participant.
    pub sounds: Vec<SoundPath>,
    /// By participant.
    pub nodes: Vec<NodeReport>,
    /// The relay.
    pub relay: CoreStats,
    /// A hash of all that was delivered and when.
    pub trace: u64,
}

impl Report {
    pub(crate) fn of(lesson: &Lesson<'_>) -> Self {
        let mut report = Self {
            seed: lesson.scenario.seed,
            pictures: Vec::new(),
            sounds: Vec::new(),
            nodes: Vec::new(),
            relay: lesson.core.stats(),
            trace: lesson.trace.hash(),
        };
        for (index, node) in lesson.nodes.iter().enumerate() {
            for slot in node.archive.iter().chain(node.slots.values()) {
                report.add_slot(lesson, index, node, slot);
            }
            report.nodes.push(node_report(lesson, index, node));
        }
        report
    }

    fn add_slot(&mut self, lesson: &Lesson<'_>, index: usize, node: &Node, slot: &Slot) {
        let Some(source) = &slot.source else { return };
        let (from, to) = (source.participant.to_string(), node.school.name.clone());
        let after = |at: Option<std::time::Instant>| Some(at?.saturating_duration_since(node.welcomed?));
        match &slot.media {
            SlotMedia::Pictures(pictures) => self.pictures.push(PicturePath {
                from,
                to,
                track: source.track,
                first_after: after(pictures.first),
                decoded: pictures.decoded,
                undecodable: pictures.undecodable,
                freezes: pictures.freezes.freezes(),
                freeze_total: pictures.freezes.total(),
                longest_gap: pictures.freezes.longest_gap(),
                since_last: pictures.freezes.since_last(lesson.node_now(index).instant),
                delay: pictures.delay.clone(),
                buffered: pictures.buffered.clone(),
                stats: pictures.stats(),
            }),
            SlotMedia::Sound(sound) => self.sounds.push(SoundPath {
                from,
                to,
                first_after: after(sound.first),
                speech_concealed: sound.speech.ratio(),
                concealed: sound.all.ratio(),
                speech_cut: sound.speech_cut,
                delay: sound.delay.clone(),
                av_skew: node.peers.get(&source.participant).and_then(|peer| peer.skew.skew()),
                stats: sound.stats(),
            }),
        }
    }

    /// The pictures of one track at one receiver.
    pub fn picture(&self, from: &str, to: &str, track: TrackKind) -> Option<&PicturePath> {
        self.pictures.iter().find(|path| path.from == from && path.to == to && path.track == track)
    }

    /// The sound of one participant at another.
    pub fn sound(&self, from: &str, to: &str) -> Option<&SoundPath> {
        self.sounds.iter().find(|path| path.from == from && path.to == to)
    }

    /// The longest time any picture stood still.
    pub fn worst_gap(&self) -> Duration {
        self.pictures.iter().map(|path| path.longest_gap).max().unwrap_or_default()
    }

    /// The greatest share of concealed speech on any path.
    pub fn worst_concealed(&self) -> f64 {
        self.sounds.iter().filter_map(|path| path.speech_concealed).fold(0.0, f64::max)
    }
}

fn node_report(lesson: &Lesson<'_>, index: usize, node: &Node) -> NodeReport {
    let stats = node.leg.stats();
    let links = &lesson.links[index];
    NodeReport {
        name: node.school.name.clone(),
        pictures_sent: node.pictures.iter().map(|track| track.encoder.pictures()).sum(),
        sounds_sent: node.speaker.as_ref().map_or(0, |speaker| speaker.frames()),
        up: links.up.stats(),
        down: links.down.stats(),
        clock_us: node.clock.estimate().map(|estimate| (estimate.offset_us, estimate.bound_us)),
        recovered: stats.slots.iter().map(|slot| slot.recovered).sum(),
        lost: stats.slots.iter().map(|slot| slot.lost).sum(),
        events: lesson
            .events
            .iter()
            .filter(|(_, hearer, _)| *hearer == index)
            .map(|(at, _, name)| (*at, *name))
            .collect(),
    }
}
