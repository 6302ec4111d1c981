//! The home's end of its lesson's trunks: what goes down to the branches.

use super::seats::Seats;
use super::{Down, Pass, Person, Site, TrackState, TrunkBatch, TrunkId, Whole};
use crate::clock::PublisherClock;
use crate::encoding::SenderInfo;
use crate::forward::Batch;
use crate::layers::MAX_LAYERS;
use crate::leg::Leg;
use crate::outputs::{Audience, Outputs};
use crate::room::{Room, Turn};
use crate::slab::Slab;
use crate::stats::{Counters, DropReason};
use crate::track::{MAX_REPLAY_AGE, MAX_REPLAY_PACKETS, Track};
use tongke_protocol::ParticipantId;
use tongke_protocol::event::LessonEvent;

/// The branches of a lesson, and who was sent to them.
#[derive(Debug, Default)]
pub(crate) struct Branches {
    pub list: Vec<Branch>,
    pub seats: Seats,
}

/// One branch.
#[derive(Debug)]
pub(crate) struct Branch {
    pub site: Site,
    pub trunk: TrunkId,
    /// Sessions there.
    pub legs: usize,
    /// The tracks that it knows.
    told: Vec<ToldTrack>,
    /// Something did not reach it: nothing more goes down before the whole state does.
    pub is_behind: bool,
}

/// A track that a branch knows, and the sources of its encodings.
#[derive(Debug)]
struct ToldTrack {
    key: u64,
    sources: [Option<u32>; MAX_LAYERS],
}

impl ToldTrack {
    fn of(key: u64, track: &Track) -> Self {
        let mut sources = [None; MAX_LAYERS];
        for (source, encoding) in sources.iter_mut().zip(&track.encodings) {
            *source = Some(encoding.ssrc);
        }
        Self { key, sources }
    }
}

impl Branch {
    pub fn new(site: Site, trunk: TrunkId) -> Self {
        Self { site, trunk, legs: 0, told: Vec::new(), is_behind: true }
    }

    fn batch<'o>(&self, out: &'o mut Outputs) -> &'o mut TrunkBatch {
        out.trunk(self.site, self.trunk)
    }

    fn down(&self, out: &mut Outputs, item: Down) {
        self.batch(out).down(item);
    }

    /// Passes packets of an encoding on, and before them what makes it known. Returns how many.
    fn pass_on(
        &mut self,
        out: &mut Outputs,
        track: &Track,
        (key, layer): (u64, usize),
        pass: Pass,
        sequences: &[u64],
    ) -> Result<usize, DropReason> {
        let encoding = track.encodings.get(layer).ok_or(DropReason::UnknownStream)?;
        let known = self.told.iter_mut().find(|told| told.key == key).ok_or(DropReason::UnknownStream)?;
        let batch = out.trunk(self.site, self.trunk);
        if !batch.has_room() {
            self.is_behind = true;
            return Err(DropReason::TrunkFull);
        }
        let source = known.sources.get_mut(layer).ok_or(DropReason::UnknownStream)?;
        if source.replace(encoding.ssrc) != Some(encoding.ssrc) {
            batch.down(Down::Encoding { track: key, layer, encoding: encoding.state() });
        }
        batch.push_packets((key, layer), pass, &encoding.ring, sequences.iter().copied());
        Ok(sequences.len())
    }
}

impl Branches {
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Sessions at all branches.
    pub fn legs(&self) -> usize {
        self.list.iter().map(|branch| branch.legs).sum()
    }

    pub fn get_mut(&mut self, trunk: TrunkId) -> Option<&mut Branch> {
        self.list.iter_mut().find(|branch| branch.trunk == trunk)
    }

    /// What was dropped on its way to a branch is said again, as a whole.
    pub fn fell_behind(&mut self, trunk: TrunkId) {
        if let Some(branch) = self.get_mut(trunk) {
            branch.is_behind = true;
        }
    }

    fn current(&mut self) -> impl Iterator<Item = &mut Branch> {
        self.list.iter_mut().filter(|branch| !branch.is_behind)
    }

    /// Passes packets on as the home's own receivers get them.
    pub fn pass_on(
        &mut self,
        out: &mut Outputs,
        track: &Track,
        of: (u64, usize),
        batch: Batch<'_>,
        counters: &mut Counters,
    ) {
        let (pass, sequences) = match &batch {
            Batch::Live(sequences) => (Pass::Live, *sequences),
            Batch::Late(sequence) => (Pass::Late, std::slice::from_ref(sequence)),
            Batch::Past(..) => return,
        };
        for branch in self.current() {
            match branch.pass_on(out, track, of, pass, sequences) {
                Ok(count) => counters.trunk_packets += count as u64,
                Err(reason) => counters.drop(reason),
            }
        }
    }

    /// Passes a publisher's report on.
    pub fn report(
        &mut self,
        out: &mut Outputs,
        (track, layer): (u64, usize),
        info: SenderInfo,
        clock: &PublisherClock,
    ) {
        for branch in self.current() {
            branch.down(out, Down::Report { track, layer, info, clock: clock.clone() });
        }
    }

    /// The lesson was ended.
    pub fn end(&mut self, out: &mut Outputs) {
        self.current().for_each(|branch| branch.down(out, Down::End));
    }

    /// A participant that was at a branch is not to be there any more.
    pub fn dismiss(&mut self, out: &mut Outputs, trunk: TrunkId, participant: &ParticipantId, reason: &str) {
        if let Some(branch) = self.get_mut(trunk) {
            branch.down(out, Down::Dismiss { participant: participant.clone(), reason: reason.to_owned() });
        }
    }
}

impl Room {
    /// Passes the lesson's events on that were told since the last call. What else goes down comes after
    /// them, so that a branch hears all in the home's order.
    pub fn share_events(&mut self, out: &mut Outputs) {
        let first = std::mem::replace(&mut out.shared_events, out.events.len()).min(out.events.len());
        if self.branches.is_empty() {
            return;
        }
        for at in first..out.events.len() {
            let told = &out.events[at];
            if !matches!(&told.to, Audience::Lesson(lesson) if *lesson == self.lesson) {
                continue;
            }
            let event = told.event.clone();
            for branch in self.branches.list.iter().filter(|branch| !branch.is_behind) {
                let item = match &event {
                    LessonEvent::Joined { participant } => match self.find(&participant.id) {
                        Some(known) => {
                            Down::Came(Box::new(Person { number: known.number, info: participant.clone() }))
                        }
                        None => continue,
                    },
                    other => Down::Told(Box::new(other.clone())),
                };
                branch.down(out, item);
            }
        }
    }

    /// Passes packets of an encoding on to the branches, if it is to be heard.
    pub fn share_packets(&mut self, turn: &mut Turn<'_>, of: (u64, usize), batch: Batch<'_>) {
        if self.branches.is_empty() {
            return;
        }
        self.share_events(turn.out);
        if let Some(track) = self.tracks.get(of.0).filter(|track| !track.is_silent) {
            self.branches.pass_on(turn.out, track, of, batch, &mut self.counters);
        }
    }

    /// Tells the branches that the lesson was ended.
    pub fn share_end(&mut self, turn: &mut Turn<'_>) {
        self.share_events(turn.out);
        self.branches.end(turn.out);
    }

    /// The home ends, and with it all that hangs on it.
    pub fn close_branches(&mut self, turn: &mut Turn<'_>, reason: &str) {
        self.share_events(turn.out);
        while let Some(branch) = self.branches.list.first() {
            branch.down(turn.out, Down::Closed { reason: reason.to_owned() });
            let trunk = branch.trunk;
            self.detach(turn, trunk, reason);
        }
    }

    /// Tells the branches of a track that began.
    pub fn share_track(&mut self, turn: &mut Turn<'_>, key: u64) {
        self.share_events(turn.out);
        let Some(track) = self.tracks.get(key) else { return };
        for branch in self.branches.current() {
            branch.told.push(ToldTrack::of(key, track));
            branch.down(turn.out, Down::TrackBegan(Box::new(track_state(turn.legs, key, track))));
        }
    }

    /// Tells the branches of a track that ended.
    pub fn share_track_end(&mut self, turn: &mut Turn<'_>, key: u64) {
        self.share_events(turn.out);
        for branch in self.branches.current() {
            branch.told.retain(|told| told.key != key);
            branch.down(turn.out, Down::TrackEnded { track: key });
        }
    }

    /// Tells a branch everything, with what a late joiner gets of each encoding.
    pub fn sync_branch(&mut self, turn: &mut Turn<'_>, trunk: TrunkId) {
        for key in self.tracks.keys() {
            // What waits for the end of its picture would come once more.
            self.flush_all(turn, key);
        }
        self.share_events(turn.out);
        let whole = self.whole(turn);
        let Some(branch) = self.branches.list.iter_mut().find(|branch| branch.trunk == trunk) else { return };
        branch.told = self.tracks.iter().map(|(key, track)| ToldTrack::of(key, track)).collect();
        branch.is_behind = false;
        let batch = branch.batch(turn.out);
        batch.down(Down::Whole(Box::new(whole)));
        for (key, track) in self.tracks.iter().filter(|(_, track)| !track.is_silent) {
            for (layer, encoding) in track.encodings.iter().enumerate() {
                let ring = &encoding.ring;
                let from = ring.replay_from(turn.now.instant, MAX_REPLAY_AGE, MAX_REPLAY_PACKETS);
                if let (Some(keyframe), Some(newest)) = (from, ring.newest()) {
                    batch.push_packets((key, layer), Pass::Past, ring, keyframe.sequence..=newest);
                }
            }
        }
        batch.down(Down::Ready);
    }

    fn whole(&self, turn: &Turn<'_>) -> Whole {
        let visible = self.participants.iter().filter(|participant| participant.is_announced);
        Whole {
            run: turn.scribe.run().to_owned(),
            state: turn.conduct.state.clone(),
            people: visible
                .map(|participant| Person {
                    number: participant.number,
                    info: participant.info(self.tracks_of(participant.number)),
                })
                .collect(),
            tracks: self.tracks.iter().map(|(key, track)| track_state(turn.legs, key, track)).collect(),
        }
    }

    /// Says again what branches have missed.
    pub fn sync_behind(&mut self, turn: &mut Turn<'_>) {
        let behind: Vec<_> =
            self.branches.list.iter().filter(|branch| branch.is_behind).map(|it| it.trunk).collect();
        behind.into_iter().for_each(|trunk| self.sync_branch(turn, trunk));
    }
}

fn track_state(legs: &Slab<Leg>, key: u64, track: &Track) -> TrackState {
    TrackState {
        key,
        owner: track.owner,
        leg: track.leg,
        kind: track.kind,
        codec: track.codec,
        encodings: track.encodings.iter().map(|encoding| encoding.state()).collect(),
        clock: legs.get(track.leg).map(|leg| leg.clock.clone()).unwrap_or_default(),
    }
}
