//! A school's node: encoders in, one QUIC leg, buffers and measurements out.

use crate::model::picture::{Encoder, PictureFormat};
use crate::model::sound::Speaker;
use crate::random::Random;
use crate::receiver::{PictureReceiver, SoundReceiver};
use crate::scenario::School;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tongke_measure::{AvSkewMeter, ClockOffset};
use tongke_playout::{LipSync, LipSyncConfig};
use tongke_protocol::control::{Codec, PublishTrack, Welcome};
use tongke_protocol::event::{ClockReport, LessonEvent, SlotSource};
use tongke_protocol::{MediaKind, Now, ParticipantId, TrackKind};
use tongke_transport::quic::{ClientLeg, ClientLegConfig, LegEvent};
use tongke_transport::rtp::{AbsCaptureTime, Extensions, RtpHeader, RtpPacket, h264::Packetizer};

/// Payload bytes of a packet: what fits QUIC's least datagram with room for headers.
const MAX_PAYLOAD: usize = 1100;

/// A track that a node publishes.
#[derive(Debug)]
pub(crate) struct PictureTrack {
    pub(crate) kind: TrackKind,
    pub(crate) format: PictureFormat,
    pub(crate) encoder: Encoder,
    rtp_origin: u32,
}

/// One receive slot and what was measured in it since its source came.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) source: Option<SlotSource>,
    pub(crate) media: SlotMedia,
}

#[derive(Debug)]
pub(crate) enum SlotMedia {
    Pictures(Box<PictureReceiver>),
    Sound(Box<SoundReceiver>),
}

impl SlotMedia {
    fn new(kind: MediaKind, round_trip: Duration) -> Self {
        match kind {
            MediaKind::Video => SlotMedia::Pictures(Box::default()),
            MediaKind::Audio => {
                let mut sound = SoundReceiver::default();
                sound.set_round_trip(round_trip);
                SlotMedia::Sound(Box::new(sound))
            }
        }
    }
}

/// Another participant, as this node knows it.
#[derive(Debug)]
pub(crate) struct Peer {
    clock: Option<ClockReport>,
    sync: LipSync,
    pub(crate) skew: AvSkewMeter,
}

impl Default for Peer {
    fn default() -> Self {
        Self { clock: None, sync: LipSync::new(LipSyncConfig::default()), skew: AvSkewMeter::new() }
    }
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) school: School,
    pub(crate) leg: ClientLeg,
    pub(crate) pictures: Vec<PictureTrack>,
    pub(crate) speaker: Option<Speaker>,
    packetizer: Packetizer,
    session: String,
    round_trip: Duration,
    pub(crate) slots: BTreeMap<u8, Slot>,
    /// What was measured of sources that left.
    pub(crate) archive: Vec<Slot>,
    pub(crate) peers: BTreeMap<ParticipantId, Peer>,
    pub(crate) clock: ClockOffset,
    pub(crate) welcomed: Option<Instant>,
    pub(crate) ended: bool,
    shown_us: Vec<i64>,
}

impl Node {
    pub(crate) fn new(school: School, seed: u64, index: usize) -> Self {
        let stream = 1000 * (index as u64 + 1);
        let formats = [(TrackKind::Camera, school.camera), (TrackKind::Screen, school.screen)];
        let pictures: Vec<PictureTrack> = formats
            .into_iter()
            .filter_map(|(kind, format)| Some((kind, format?)))
            .map(|(kind, format)| PictureTrack {
                kind,
                format,
                encoder: Encoder::new(format, Random::new(seed, stream + kind as u64)),
                rtp_origin: Random::new(seed, stream + 10 + kind as u64).bits() as u32,
            })
            .collect();
        let speaker = school.microphone.then(|| Speaker::new(Random::new(seed, stream + 20)));
        let publish = publish_tracks(&pictures, speaker.is_some(), index);
        let config = ClientLegConfig { publish, seed: seed ^ stream, ..ClientLegConfig::default() };
        Self {
            school,
            leg: ClientLeg::new(config),
            pictures,
            speaker,
            packetizer: Packetizer::new(MAX_PAYLOAD),
            session: String::new(),
            round_trip: Duration::ZERO,
            slots: BTreeMap::new(),
            archive: Vec::new(),
            peers: BTreeMap::new(),
            clock: ClockOffset::new(),
            welcomed: None,
            ended: false,
            shown_us: Vec::new(),
        }
    }

    pub(crate) fn publishes(&self, index: usize) -> Vec<PublishTrack> {
        publish_tracks(&self.pictures, self.speaker.is_some(), index)
    }

    /// `round_trip`: as the connection's handshake showed it.
    pub(crate) fn on_welcome(&mut self, now: Now, welcome: &Welcome, round_trip: Duration) {
        self.welcomed = Some(now.instant);
        self.round_trip = round_trip;
        self.session.clone_from(&welcome.session);
        self.leg.set_slots(&welcome.slots);
        for slot in &welcome.slots {
            let media = SlotMedia::new(slot.media, round_trip);
            self.slots.insert(slot.slot, Slot { source: None, media });
        }
    }

    pub(crate) fn on_lesson_event(&mut self, event: LessonEvent) {
        match event {
            LessonEvent::Snapshot { participants, .. } => {
                for participant in participants {
                    self.note_clock(participant.id, participant.clock);
                }
            }
            LessonEvent::Joined { participant } => self.note_clock(participant.id, participant.clock),
            LessonEvent::Clock { participant, clock } => self.note_clock(participant, Some(clock)),
            LessonEvent::Slot { session, slot, source, .. } if session == self.session => {
                self.on_slot(slot, source);
            }
            _ => {}
        }
    }

    fn note_clock(&mut self, participant: ParticipantId, clock: Option<ClockReport>) {
        if clock.is_some() {
            self.peers.entry(participant).or_default().clock = clock;
        }
    }

    /// A slot's source changed. What came before the news about the first one is that one's.
    fn on_slot(&mut self, number: u8, source: Option<SlotSource>) {
        let Some(slot) = self.slots.get_mut(&number) else { return };
        if slot.source.is_some() && slot.source != source {
            let kind = match slot.media {
                SlotMedia::Pictures(_) => MediaKind::Video,
                SlotMedia::Sound(_) => MediaKind::Audio,
            };
            let media = SlotMedia::new(kind, self.round_trip);
            self.archive.push(std::mem::replace(slot, Slot { source: None, media }));
        }
        slot.source = source;
    }

    /// Sends an encoded picture.
    pub(crate) fn send_picture(&mut self, now: Now, track: usize, captured: Now, annexb: &[u8]) {
        let mut payloads: Vec<Bytes> = Vec::new();
        self.packetizer.packetize(annexb, &mut payloads);
        let track = &self.pictures[track];
        let timestamp = track.rtp_origin.wrapping_add(ticks(captured, 90_000));
        let last = payloads.len().saturating_sub(1);
        for (index, payload) in payloads.into_iter().enumerate() {
            let extensions = Extensions {
                abs_capture_time: (index == 0)
                    .then(|| AbsCaptureTime { capture: captured.wall.into(), clock_offset: None }),
                ..Extensions::default()
            };
            let header = RtpHeader { marker: index == last, timestamp, ..RtpHeader::default() };
            self.leg.send(now, track.kind, RtpPacket { header, extensions, payload });
        }
    }

    /// Sends the sound of the 20 ms that ended now.
    pub(crate) fn send_sound(&mut self, now: Now, captured: Now) {
        let Some(speaker) = &mut self.speaker else { return };
        let frame = speaker.next_frame();
        let packet = RtpPacket {
            header: RtpHeader { timestamp: ticks(captured, 48_000), ..RtpHeader::default() },
            extensions: Extensions {
                abs_capture_time: Some(AbsCaptureTime { capture: captured.wall.into(), clock_offset: None }),
                audio_level: Some(frame.level_dbov),
                ..Extensions::default()
            },
            payload: frame.payload,
        };
        self.leg.send(now, TrackKind::Microphone, packet);
    }

    /// Hands packets from the leg to the buffers and shows what is due.
    pub(crate) fn settle(&mut self, now: Now) {
        while let Some(event) = self.leg.poll_event() {
            match event {
                LegEvent::Rtp { slot, packet, ext_seq, .. } => match self.slots.get_mut(&slot) {
                    Some(Slot { media: SlotMedia::Pictures(pictures), .. }) => {
                        pictures.push(now, ext_seq, packet);
                    }
                    Some(Slot { media: SlotMedia::Sound(sound), .. }) => sound.push(now, ext_seq, packet),
                    None => {}
                },
                LegEvent::KeyframeRequest { track } => {
                    for picture in self.pictures.iter_mut().filter(|picture| picture.kind == track) {
                        picture.encoder.request_keyframe();
                    }
                }
                _ => {}
            }
        }
        self.show(now);
    }

    fn show(&mut self, now: Now) {
        let own = self.clock.estimate().map(|estimate| estimate.offset_us);
        for (number, slot) in &mut self.slots {
            let SlotMedia::Pictures(pictures) = &mut slot.media else { continue };
            let source = slot.source.as_ref();
            let mut peer = source.and_then(|source| self.peers.get_mut(&source.participant));
            let to_local_us = peer.as_ref().and_then(|peer| Some(peer.clock?.offset_us - own?));
            self.shown_us.clear();
            if pictures.poll(now, to_local_us, &mut self.shown_us) {
                self.leg.request_keyframe(now, *number);
            }
            if let Some(peer) = &mut peer
                && source.is_some_and(|source| source.track == TrackKind::Camera)
            {
                for late_us in &self.shown_us {
                    peer.sync.on_picture(*late_us);
                    peer.skew.on_picture(*late_us as f64 / 1000.0);
                }
            }
        }
    }

    /// The sound clock ticks.
    pub(crate) fn pull(&mut self, now: Now) {
        let own = self.clock.estimate().map(|estimate| estimate.offset_us);
        for slot in self.slots.values_mut() {
            let SlotMedia::Sound(sound) = &mut slot.media else { continue };
            let participant = slot.source.as_ref().map(|source| &source.participant);
            let peer = participant.and_then(|participant| self.peers.get_mut(participant));
            let to_local_us = peer.as_ref().and_then(|peer| Some(peer.clock?.offset_us - own?));
            if let (Some(late_us), Some(peer)) = (sound.pull(now, to_local_us), peer) {
                peer.sync.on_sound(late_us);
                peer.skew.on_sound(late_us as f64 / 1000.0);
            }
        }
    }

    /// Keeps lips and words together.
    pub(crate) fn sync(&mut self, now: Now) {
        for slot in self.slots.values_mut() {
            let Some(source) = &slot.source else { continue };
            let Some(peer) = self.peers.get_mut(&source.participant) else { continue };
            match (&mut slot.media, source.track) {
                // Once per participant: the camera's slot drives, the microphone's follows.
                (SlotMedia::Pictures(pictures), TrackKind::Camera) => {
                    pictures.set_extra_delay(peer.sync.update(now.instant).video);
                }
                (SlotMedia::Sound(sound), _) => sound.set_extra_delay(peer.sync.extra().audio),
                _ => {}
            }
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let pictures = self.slots.values().filter_map(|slot| match &slot.media {
            SlotMedia::Pictures(pictures) => pictures.poll_timeout(),
            SlotMedia::Sound(_) => None,
        });
        pictures.chain(self.leg.poll_timeout()).min()
    }
}

fn publish_tracks(pictures: &[PictureTrack], sound: bool, index: usize) -> Vec<PublishTrack> {
    let ssrc = |kind: TrackKind| 1000 * (index as u32 + 1) + kind as u32;
    let mut tracks: Vec<PublishTrack> = pictures
        .iter()
        .map(|track| PublishTrack { kind: track.kind, codec: Codec::H264, ssrc: ssrc(track.kind) })
        .collect();
    if sound {
        let kind = TrackKind::Microphone;
        tracks.push(PublishTrack { kind, codec: Codec::Opus, ssrc: ssrc(kind) });
    }
    tracks
}

/// Media time of a moment, from the wall clock so that the models need no origin of their own.
fn ticks(at: Now, clock_rate_hz: u64) -> u32 {
    (at.wall.as_unix_us() as u128 * u128::from(clock_rate_hz) / 1_000_000) as u32
}

/// How long after a moment a picture of this format's `number` is taken.
pub(crate) fn picture_time(format: &PictureFormat, number: u64) -> Duration {
    Duration::from_secs_f64(number as f64 / format.fps)
}
