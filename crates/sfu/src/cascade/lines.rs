//! The home's tracks at a branch: lines that packets come on, into rings of the branch's own.

use super::{EncodingState, Home, Lot, Pass, TrackState, Up};
use crate::clock::PublisherClock;
use crate::encoding::{Encoding, SenderInfo};
use crate::forward::Batch;
use crate::room::{Room, Turn};
use crate::track::{Origin, Track};
use tongke_protocol::MediaKind;

/// In the place of a publisher's leg: there is none here.
const NO_LEG: u64 = u64::MAX;

/// A track of the home and what it is here.
#[derive(Debug)]
pub(crate) struct Line {
    pub key: u64,
    pub track: u64,
    /// The publisher's leg at home.
    pub leg: u64,
    /// Nothing of it has come yet.
    pub is_new: bool,
}

impl Home {
    pub fn line(&self, key: u64) -> Option<&Line> {
        self.lines.iter().find(|line| line.key == key)
    }

    /// The clock of a track's publisher; `track` is the key here.
    pub fn clock_of(&self, track: u64) -> Option<&PublisherClock> {
        let line = self.lines.iter().find(|line| line.track == track)?;
        self.clocks.iter().find(|(leg, _)| *leg == line.leg).map(|(_, clock)| clock)
    }

    fn set_clock(&mut self, leg: u64, clock: PublisherClock) {
        match self.clocks.iter_mut().find(|(of, _)| *of == leg) {
            Some((_, known)) => *known = clock,
            None => self.clocks.push((leg, clock)),
        }
    }
}

impl Room {
    pub fn begin_track(&mut self, turn: &mut Turn<'_>, state: &TrackState) {
        let Some(home) = &mut self.home else { return };
        let Some((first, others)) = state.encodings.split_first() else { return };
        let encoding = |of: &EncodingState| {
            let mut encoding = Encoding::new(turn.now.instant, of.rank, state.codec, of.ssrc);
            encoding.sender_info = of.info;
            encoding
        };
        let origin = Origin {
            owner: state.owner,
            leg: NO_LEG,
            kind: state.kind,
            codec: state.codec,
            asks_again: false,
            asks_keyframes: true,
        };
        let mut track = Track::new(origin, encoding(first));
        track.encodings.extend(others.iter().map(encoding));
        (0..track.encodings.len()).for_each(|layer| track.set_clock(layer));
        let here = self.tracks.insert_with(|_| track);
        home.lines.push(Line { key: state.key, track: here, leg: state.leg, is_new: true });
        home.set_clock(state.leg, state.clock.clone());
        self.silence(turn, here);
    }

    /// An encoding is new, or has begun anew.
    pub fn set_encoding(&mut self, turn: &mut Turn<'_>, (key, layer): (u64, usize), state: EncodingState) {
        let Some(here) = self.home.as_ref().and_then(|home| home.line(key)).map(|line| line.track) else {
            return;
        };
        let Some(track) = self.tracks.get_mut(here) else { return };
        match track.encodings.get(layer).map(|encoding| encoding.ssrc) {
            Some(ssrc) if ssrc == state.ssrc => {}
            Some(_) => self.restart(turn, here, layer, state.ssrc),
            None if layer == track.encodings.len() => {
                track.encodings.push(Encoding::new(turn.now.instant, state.rank, track.codec, state.ssrc));
            }
            None => {}
        }
    }

    pub fn drop_line(&mut self, turn: &mut Turn<'_>, key: u64) {
        let Some(home) = &mut self.home else { return };
        let Some(at) = home.lines.iter().position(|line| line.key == key) else { return };
        let Line { track, leg, .. } = home.lines.remove(at);
        if home.lines.iter().all(|line| line.leg != leg) {
            home.clocks.retain(|(of, _)| *of != leg);
        }
        self.end_track(turn, track);
        self.assign_slots(turn);
    }

    /// Puts packets into the ring and forwards them as they were forwarded at home.
    pub fn take_packets(
        &mut self,
        turn: &mut Turn<'_>,
        (key, layer): (u64, usize),
        pass: Pass,
        lot: &mut Lot<'_>,
        count: usize,
    ) {
        let packets = lot.take(count);
        let Some(home) = &mut self.home else { return };
        let Some(line) = home.lines.iter_mut().find(|line| line.key == key) else { return };
        let here = line.track;
        let Some(track) = self.tracks.get_mut(here) else { return };
        let Some(encoding) = track.encodings.get_mut(layer) else { return };
        let mut sequences = std::mem::take(&mut turn.scratch.held);
        sequences.clear();
        for (info, payload) in packets {
            match encoding.take_over(info, payload) {
                Ok(()) => sequences.push(info.sequence),
                Err(reason) => self.counters.drop(reason),
            }
        }
        if pass == Pass::Past {
            turn.scratch.held = sequences;
            return;
        }
        if std::mem::take(&mut line.is_new) {
            track.take_change();
            // A picture that begins here is replayed, and must not follow once more.
            let is_sound = track.media() == MediaKind::Audio;
            self.assign_slots(turn);
            if !is_sound {
                sequences.clear();
            }
        }
        self.pass_on_lot(turn, (here, layer), pass, &sequences);
        turn.scratch.held = sequences;
        if self.tracks.get_mut(here).is_some_and(Track::take_change) {
            self.choose_layers(turn, here);
        }
    }

    fn pass_on_lot(&mut self, turn: &mut Turn<'_>, of: (u64, usize), pass: Pass, sequences: &[u64]) {
        if pass == Pass::Live {
            return self.forward(turn, of, Batch::Live(sequences));
        }
        for sequence in sequences {
            self.forward(turn, of, Batch::Late(*sequence));
        }
        self.replay_to_waiting(turn, of.0, of.1);
    }

    pub fn take_report(
        &mut self,
        turn: &mut Turn<'_>,
        (key, layer): (u64, usize),
        info: SenderInfo,
        clock: PublisherClock,
    ) {
        let Some(home) = &mut self.home else { return };
        let Some((here, leg)) = home.line(key).map(|line| (line.track, line.leg)) else { return };
        home.set_clock(leg, clock);
        self.note_report(turn, here, layer, info);
    }

    /// Passes the wishes for keyframes of a track on to the home.
    pub fn ask_home(&mut self, turn: &mut Turn<'_>, here: u64) {
        let Some(home) = &self.home else { return };
        let Some(key) = home.lines.iter().find(|line| line.track == here).map(|line| line.key) else {
            return;
        };
        let Some(track) = self.tracks.get_mut(here) else { return };
        for (layer, encoding) in track.encodings.iter_mut().enumerate() {
            if encoding.keyframes.poll(turn.now.instant) {
                home.up(turn.out, Up::Keyframe { track: key, layer });
            }
        }
        if let Some(at) = track.poll_timeout() {
            self.wake_at(at);
        }
    }

    /// Asks for keyframes of all encodings of a track that somebody gets.
    pub fn want_all(&mut self, turn: &mut Turn<'_>, key: u64) {
        let Some(track) = self.tracks.get(key).filter(|track| track.media() == MediaKind::Video) else {
            return;
        };
        let layers = track
            .subscribers
            .iter()
            .filter_map(|&(leg, slot)| turn.legs.get(leg)?.streams.get(slot)?.subscription.target);
        let mut layers: Vec<usize> = layers.collect();
        layers.sort_unstable();
        layers.dedup();
        layers.into_iter().for_each(|layer| self.want_keyframe(turn, key, layer));
    }
}
