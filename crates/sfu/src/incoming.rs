//! Which of a publisher's tracks, and which encoding of it, a packet belongs to.

use tongke_protocol::TrackKind;
use tongke_protocol::control::{Codec, PublishTrack, publish_flow};
use tongke_transport::rtp::{ExtensionKind, ExtensionMap, Extensions, RtpView, SmallId};
use tongke_transport::webrtc::sdp::NegotiatedMedia;

/// Most synchronization sources of one leg; packets of further ones are dropped as
/// `unknown_stream`. Three tracks with their retransmissions have six, and each further encoding of a
/// simulcast two more.
const MAX_SOURCES: usize = 24;

/// One published track, as agreed on.
#[derive(Debug)]
pub(crate) struct Section {
    pub kind: TrackKind,
    pub extensions: ExtensionMap,
    /// Whether lost packets may be asked for.
    pub nack: bool,
    /// Whether a keyframe may be asked for.
    pub pli: bool,
    /// The track, once its first packet came.
    pub track: Option<u64>,
    /// The publisher has ended it: packets are dropped until it begins again.
    pub is_ended: bool,
    mid: Option<SmallId>,
    /// The encodings of a simulcast by name, in the publisher's order; empty: there is one encoding.
    rids: Vec<SmallId>,
    flow: Option<u64>,
    /// Payload type, codec, payload type of its retransmissions.
    formats: Vec<(u8, Codec, Option<u8>)>,
}

/// Where a packet belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Index of its [`Section`].
    pub section: usize,
    /// Which encoding of the track: its place in the publisher's list.
    pub rank: usize,
    pub codec: Codec,
    /// Whether it is a retransmission (RFC 4588), with the original's number in front.
    pub is_rtx: bool,
}

/// A synchronization source and what it stands for.
#[derive(Debug, Clone, Copy)]
struct Source {
    ssrc: u32,
    section: usize,
    rank: usize,
}

/// Everything that one leg publishes.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    pub sections: Vec<Section>,
    /// Bundled sections give one id to one extension (RFC 9143 §9), so one map reads the names (mid,
    /// rid) in every packet.
    names: ExtensionMap,
    /// Bounded by [`MAX_SOURCES`].
    sources: Vec<Source>,
}

impl Incoming {
    /// The sections of a WHIP leg.
    pub fn from_sdp(media: &[NegotiatedMedia]) -> Self {
        let mut incoming = Incoming::default();
        for media in media.iter().filter(|media| media.active) {
            let Some(kind) = media.track else { continue };
            let section = incoming.sections.len();
            for ssrc in [media.ssrc, media.rtx_ssrc].into_iter().flatten() {
                incoming.sources.push(Source { ssrc, section, rank: 0 });
            }
            for kind in [ExtensionKind::Mid, ExtensionKind::Rid, ExtensionKind::RepairedRid] {
                if let Some(id) = media.extensions.get(kind) {
                    incoming.names.set(id, kind);
                }
            }
            let formats = media.codecs.iter().map(|c| (c.payload_type, c.codec, c.rtx_payload_type));
            incoming.sections.push(Section {
                kind,
                extensions: media.extensions,
                nack: media.codecs.iter().any(|codec| codec.nack),
                pli: media.codecs.iter().any(|codec| codec.pli || codec.fir),
                track: None,
                is_ended: false,
                mid: SmallId::new(&media.mid),
                rids: media.rids.clone(),
                flow: None,
                formats: formats.collect(),
            });
        }
        incoming
    }

    /// The tracks of a QUIC leg.
    pub fn from_hello(publish: &[PublishTrack]) -> Self {
        let section = |track: &PublishTrack| Section {
            kind: track.kind,
            extensions: ExtensionMap::quic(),
            nack: true,
            pli: track.codec.media() == tongke_protocol::MediaKind::Video,
            track: None,
            is_ended: false,
            mid: None,
            rids: Vec::new(),
            flow: Some(publish_flow(track.kind)),
            formats: vec![(track.codec.quic_payload_type(), track.codec, None)],
        };
        Incoming {
            sections: publish.iter().map(section).collect(),
            names: ExtensionMap::default(),
            sources: publish
                .iter()
                .enumerate()
                .map(|(section, track)| Source { ssrc: track.ssrc, section, rank: 0 })
                .collect(),
        }
    }

    /// Where a packet of a QUIC leg belongs: its flow says so.
    pub fn place_on_flow(&self, flow: u64, view: &RtpView<'_>) -> Option<Place> {
        let section = self.sections.iter().position(|section| section.flow == Some(flow))?;
        self.sections[section].place(section, 0, view.header.payload_type)
    }

    /// Where a packet of a WHIP leg belongs: by its source as in the offer, else by its mid, else by
    /// its payload type if only one section has that (RFC 9143 §9.2). A simulcast's encodings are told
    /// apart by their names (RFC 8852).
    pub fn place_of(&mut self, view: &RtpView<'_>) -> Option<Place> {
        let header = &view.header;
        if let Some(&Source { section, rank, .. }) = self.source(header.ssrc) {
            return self.sections[section].place(section, rank, header.payload_type);
        }
        if self.sources.len() == MAX_SOURCES {
            return None;
        }
        let names = Extensions::read(view, &self.names);
        let place = match names.mid {
            Some(mid) => {
                let section = self.sections.iter().position(|section| section.mid == Some(mid))?;
                self.sections[section].place(section, 0, header.payload_type)?
            }
            None => {
                let mut places = self.sections.iter().enumerate();
                let mut next = || places.find_map(|(at, section)| section.place(at, 0, header.payload_type));
                let only = next()?;
                if next().is_some() {
                    return None;
                }
                only
            }
        };
        let rank = self.sections[place.section].rank_of(&names, place.is_rtx)?;
        self.sources.push(Source { ssrc: header.ssrc, section: place.section, rank });
        Some(Place { rank, ..place })
    }

    fn source(&self, ssrc: u32) -> Option<&Source> {
        self.sources.iter().find(|source| source.ssrc == ssrc)
    }

    /// Any source, for feedback that needs one.
    pub fn first_source(&self) -> Option<u32> {
        self.sources.first().map(|source| source.ssrc)
    }

    /// The section of a source that was seen or announced.
    pub fn section_of(&self, ssrc: u32) -> Option<&Section> {
        self.sections.get(self.source(ssrc)?.section)
    }
}

impl Section {
    /// The encoding that a packet names.
    fn rank_of(&self, names: &Extensions, is_rtx: bool) -> Option<usize> {
        if self.rids.is_empty() {
            return Some(0);
        }
        let repaired = names.repaired_rid.filter(|_| is_rtx);
        let name = repaired.or(names.rid)?;
        self.rids.iter().position(|rid| *rid == name)
    }

    fn place(&self, section: usize, rank: usize, payload_type: u8) -> Option<Place> {
        self.formats.iter().find_map(|&(media, codec, rtx)| {
            let is_rtx = rtx == Some(payload_type);
            (is_rtx || media == payload_type).then_some(Place { section, rank, codec, is_rtx })
        })
    }
}
