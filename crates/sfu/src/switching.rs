//! Which encoding each slot gets, and how a slot begins with it: from the ring, or from a keyframe
//! that is asked for.

use crate::LegId;
use crate::core::Core;
use crate::forward::{Batch, forward};
use crate::layers::Shown;
use crate::room::{Room, Turn};
use crate::track::{
    HANDSHAKE_ALLOWANCE, HANDSHAKE_PACKETS, MAX_REPLAY_AGE, MAX_REPLAY_PACKETS, MAX_SWITCH_AGE,
};
use std::time::Duration;
use tongke_protocol::conduct::SlotSize;
use tongke_protocol::{MediaKind, Now};

impl Core {
    /// A receiver tells how large it shows its slots; those that it does not name keep their size.
    /// Names of slots that do not exist, and of slots for sound, are of no effect.
    pub fn set_slot_sizes(&mut self, now: Now, leg: LegId, sizes: &[SlotSize]) {
        let Some(room) = self.legs.get(leg.0).map(|leg| leg.room) else { return };
        self.in_room(now, room, |room, turn| {
            for size in sizes {
                room.set_slot_size(turn, leg.0, size);
            }
        });
    }
}

impl Room {
    fn set_slot_size(&mut self, turn: &mut Turn<'_>, key: u64, size: &SlotSize) {
        let Some(leg) = turn.legs.get_mut(key) else { return };
        let Some(slot) = leg.streams.iter().position(|stream| stream.index == size.slot) else { return };
        leg.streams[slot].shown = Shown::from_size(size.width, size.height);
        self.choose_layer(turn, key, slot);
    }

    /// Begins to send a slot's source: from the last keyframe in the ring if that will do, else
    /// from the next, which is asked for. Before the leg is connected only the asking is done, so
    /// that the keyframe is there when the handshake is.
    pub fn start(&mut self, turn: &mut Turn<'_>, key: u64, slot: usize) {
        let Some(source) = turn.legs.get(key).and_then(|leg| leg.slots.get(slot)?.source) else { return };
        self.flush_all(turn, source);
        let (Some(track), Some(leg)) = (self.tracks.get_mut(source), turn.legs.get_mut(key)) else { return };
        if !track.subscribers.contains(&(key, slot)) {
            track.subscribers.push((key, slot));
        }
        leg.next_report = turn.now.instant;
        let stream = &mut leg.streams[slot];
        stream.subscription.target = track.choose(stream.shown, None);
        if track.media() == MediaKind::Video {
            self.begin(turn, key, slot);
        }
    }

    /// Looks for each receiver of a track whether another encoding fits better now.
    pub fn choose_layers(&mut self, turn: &mut Turn<'_>, key: u64) {
        let subscribers = self.tracks.get(key).map_or(0, |track| track.subscribers.len());
        for at in 0..subscribers {
            let Some(&(leg, slot)) = self.tracks.get(key).and_then(|track| track.subscribers.get(at)) else {
                return;
            };
            self.choose_layer(turn, leg, slot);
        }
    }

    /// Lets a slot go over to the encoding that fits it. The one before goes on until then.
    fn choose_layer(&mut self, turn: &mut Turn<'_>, key: u64, slot: usize) {
        let Some(leg) = turn.legs.get_mut(key) else { return };
        let source = leg.slots.get(slot).and_then(|slot| slot.source);
        let Some(track) = source.and_then(|source| self.tracks.get(source)) else { return };
        let Some(stream) = leg.streams.get_mut(slot) else { return };
        let target = track.choose(stream.shown, stream.subscription.target);
        if std::mem::replace(&mut stream.subscription.target, target) == target {
            return;
        }
        match target {
            Some(_) => self.begin(turn, key, slot),
            None => stream.subscription.close(),
        }
    }

    /// Sends a slot the encoding that it is to get, or asks for the keyframe to begin with.
    fn begin(&mut self, turn: &mut Turn<'_>, key: u64, slot: usize) {
        let Some((source, layer)) = awaited(turn, key, slot) else { return };
        // A keyframe that is being held will do; and what is replayed must not follow once more.
        self.flush(turn, source, layer);
        if awaited(turn, key, slot).is_some() && !self.replay(turn, key, slot) {
            self.want_keyframe(turn, source, layer);
        }
    }

    /// Sends a slot its source's pictures from the last keyframe on, if that will do. Before the leg
    /// is connected nothing is sent; the answer says whether it will do when the handshake is done.
    pub fn replay(&mut self, turn: &mut Turn<'_>, key: u64, slot: usize) -> bool {
        let Some((source, layer)) = awaited(turn, key, slot) else { return false };
        let Some(feed) = self.tracks.get(source).and_then(|track| track.feed(layer)) else { return false };
        let Some(leg) = turn.legs.get_mut(key) else { return false };
        let (time, packets) =
            if leg.wire.is_ready() { (Duration::ZERO, 0) } else { (HANDSHAKE_ALLOWANCE, HANDSHAKE_PACKETS) };
        let is_closed = leg.streams[slot].subscription.is_closed();
        let max_age = if is_closed { MAX_REPLAY_AGE - time } else { MAX_SWITCH_AGE };
        let found = feed.ring.replay_from(turn.now.instant, max_age, MAX_REPLAY_PACKETS - packets);
        let (Some(keyframe), Some(newest)) = (found, feed.ring.newest()) else { return false };
        let Some(mut receiver) = leg.receiver(slot).filter(|receiver| receiver.wire.is_ready()) else {
            return true;
        };
        self.counters.replays += u64::from(is_closed);
        receiver.subscription.open(feed, keyframe.sequence, turn.now.instant);
        let batch = Batch::Past(keyframe.sequence, newest);
        let (scratch, out) = (&mut *turn.scratch, &mut *turn.out);
        forward(turn.now, feed, batch, &mut receiver, scratch, out, &mut self.counters);
        true
    }

    /// A late packet may have made the run since an encoding's last keyframe whole: who waits for it
    /// can begin.
    pub fn replay_to_waiting(&mut self, turn: &mut Turn<'_>, key: u64, layer: usize) {
        let subscribers = self.tracks.get(key).map_or(0, |track| track.subscribers.len());
        for at in 0..subscribers {
            let Some(&(leg, slot)) = self.tracks.get(key).and_then(|track| track.subscribers.get(at)) else {
                return;
            };
            if awaited(turn, leg, slot) == Some((key, layer)) {
                // What waits would be replayed and then follow once more, under numbers that were used.
                self.flush(turn, key, layer);
                self.replay(turn, leg, slot);
            }
        }
    }

    /// Asks a track's publisher for a keyframe of an encoding, at once if it was not asked lately.
    pub fn want_keyframe(&mut self, turn: &mut Turn<'_>, track: u64, layer: usize) {
        let encoding = self.tracks.get_mut(track).and_then(|track| track.encodings.get_mut(layer));
        if let Some(encoding) = encoding {
            encoding.keyframes.want(turn.now.instant);
            self.poll_track(turn, track);
        }
    }

    /// Looks at a publisher's encodings: a browser switches some off when its way up is narrow.
    pub fn watch_layers(&mut self, turn: &mut Turn<'_>, leg: u64) {
        let sections = turn.legs.get(leg).map_or(0, |leg| leg.incoming.sections.len());
        for section in 0..sections {
            let track = turn.legs.get(leg).and_then(|leg| leg.incoming.sections.get(section)?.track);
            track.into_iter().for_each(|track| self.watch_track(turn, track));
        }
    }

    /// Looks whether encodings of a track have ceased.
    pub fn watch_track(&mut self, turn: &mut Turn<'_>, key: u64) {
        let Some(track) = self.tracks.get_mut(key).filter(|track| track.encodings.len() > 1) else { return };
        track.note_silence();
        if track.take_change() {
            self.choose_layers(turn, key);
        }
    }
}

/// The source of a slot and the encoding of it that the slot is to get and does not yet.
fn awaited(turn: &Turn<'_>, key: u64, slot: usize) -> Option<(u64, usize)> {
    let leg = turn.legs.get(key)?;
    let subscription = &leg.streams.get(slot)?.subscription;
    let layer = subscription.target.filter(|layer| subscription.waits_for(*layer))?;
    Some((leg.slots.get(slot)?.source?, layer))
}
