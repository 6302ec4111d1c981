//! Which source goes into which receive slot.
//!
//! A slot keeps its source for as long as that is among the wanted ones, so that nobody's picture
//! jumps when somebody else joins or leaves. A source of higher rank takes the slot of the
//! lowest-ranked one when no slot is free; a slot that becomes free is filled again.

use crate::codecs::CodecSet;
use tongke_protocol::control::Codec;
use tongke_protocol::{MediaKind, TrackKind};

/// A place in a receiving leg that can carry one source at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot<S> {
    pub media: MediaKind,
    /// What the receiver decodes in it.
    pub codecs: CodecSet,
    pub source: Option<S>,
}

/// A source that could go into a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted<S> {
    pub source: S,
    pub codec: Codec,
}

/// How much a source is wanted, by who leads the lesson now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Of the supporting school, or of the class that has the floor.
    Leads,
    Takes,
    /// A microphone that is not to be heard: it holds a slot only as long as nobody else needs it.
    Silent,
}

/// Sort key of sources: who leads first with camera, screen and microphone, then the others'
/// cameras, then their screens, each by the order in which they came.
pub(crate) fn rank(standing: Standing, kind: TrackKind, joined: u64) -> (Standing, TrackKind, u64) {
    (standing, kind, joined)
}

/// Puts `wanted` (highest rank first) into `slots` and returns the indices of the slots that changed.
pub(crate) fn assign<S: Copy + Eq>(slots: &mut [Slot<S>], wanted: &[Wanted<S>]) -> Vec<usize> {
    let before: Vec<Option<S>> = slots.iter().map(|slot| slot.source).collect();
    let place_of = |source: S| wanted.iter().position(|wanted| wanted.source == source);
    for slot in slots.iter_mut() {
        slot.source = slot.source.filter(|&source| place_of(source).is_some());
    }
    let mut settled = vec![false; slots.len()];
    for candidate in wanted {
        let found = slots.iter().position(|slot| slot.source == Some(candidate.source)).or_else(|| {
            let open = |index: &usize| !settled[*index] && slots[*index].takes(candidate.codec);
            let free = (0..slots.len()).filter(open).find(|&index| slots[index].source.is_none());
            // Whoever is not settled yet ranks lower; the lowest of them gives way.
            let lowest =
                || (0..slots.len()).filter(open).max_by_key(|&index| slots[index].source.and_then(place_of));
            free.or_else(lowest)
        });
        if let Some(index) = found {
            slots[index].source = Some(candidate.source);
            settled[index] = true;
        }
    }
    (0..slots.len()).filter(|&index| slots[index].source != before[index]).collect()
}

impl<S> Slot<S> {
    fn takes(&self, codec: Codec) -> bool {
        self.media == codec.media() && self.codecs.takes(codec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn video(source: Option<char>) -> Slot<char> {
        Slot { media: MediaKind::Video, codecs: CodecSet::from_iter([Codec::H264]), source }
    }

    fn h264(sources: &str) -> Vec<Wanted<char>> {
        sources.chars().map(|source| Wanted { source, codec: Codec::H264 }).collect()
    }

    fn shown(slots: &[Slot<char>]) -> String {
        slots.iter().map(|slot| slot.source.unwrap_or('-')).collect()
    }

    #[test]
    fn sources_fill_slots_by_rank() {
        let mut slots = vec![video(None); 3];
        assert_eq!(assign(&mut slots, &h264("sab")), [0, 1, 2]);
        assert_eq!(shown(&slots), "sab");
    }

    #[test]
    fn a_slot_keeps_its_source_when_others_come_and_go() {
        let mut slots = vec![video(None); 4];
        assign(&mut slots, &h264("ab"));
        assert_eq!(assign(&mut slots, &h264("sab")), [2]);
        assert_eq!(shown(&slots), "abs-");
        assert_eq!(assign(&mut slots, &h264("sb")), [0]);
        assert_eq!(shown(&slots), "-bs-");
    }

    #[test]
    fn a_freed_slot_is_filled_with_whoever_waited() {
        let mut slots = vec![video(None); 2];
        assign(&mut slots, &h264("sabc"));
        assert_eq!(assign(&mut slots, &h264("sbc")), [1]);
        assert_eq!(shown(&slots), "sb");
    }

    #[test]
    fn the_lowest_rank_gives_way_to_a_higher_one() {
        let mut slots = vec![video(None); 2];
        assign(&mut slots, &h264("ab"));
        assert_eq!(assign(&mut slots, &h264("sab")), [1]);
        assert_eq!(shown(&slots), "as");
    }

    #[test]
    fn a_source_goes_only_where_its_codec_is_decoded() {
        let vp8 = Slot { codecs: CodecSet::from_iter([Codec::Vp8]), ..video(None) };
        let audio =
            Slot { media: MediaKind::Audio, codecs: CodecSet::from_iter([Codec::Opus]), source: None };
        let mut slots = vec![audio, vp8, video(None)];
        let mut wanted = h264("ab");
        wanted.push(Wanted { source: 'm', codec: Codec::Opus });
        assign(&mut slots, &wanted);
        assert_eq!(shown(&slots), "m-a");
    }

    #[test]
    fn ranks_put_who_leads_first_and_then_cameras_before_screens() {
        let mut sources = [
            rank(Standing::Takes, TrackKind::Screen, 1),
            rank(Standing::Takes, TrackKind::Camera, 2),
            rank(Standing::Leads, TrackKind::Screen, 3),
            rank(Standing::Takes, TrackKind::Camera, 1),
            rank(Standing::Leads, TrackKind::Camera, 3),
        ];
        sources.sort_unstable();
        assert_eq!(sources.map(|rank| rank.1), {
            use TrackKind::{Camera, Screen};
            [Camera, Screen, Camera, Camera, Screen]
        });
        assert_eq!(sources.map(|rank| rank.2), [3, 3, 1, 2, 1]);
    }
}
