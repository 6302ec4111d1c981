//! The core's side of spreading: branches are opened, batches taken in, seats given, losses noticed.

use super::seats::{Choice, choose};
use super::{Home, Item, Lot, Site, TrunkBatch, TrunkId, Up};
use crate::JoinError;
use crate::cascade::branch::FIRST_OWN_NUMBER;
use crate::core::Core;
use crate::room::Room;
use crate::stats::DropReason;
use rand::Rng;
use tongke_protocol::{Grant, LessonId, Now, ParticipantId};

impl Core {
    /// Opens a branch of a lesson whose home is at another site, unless there is one. To be followed at
    /// once by somebody's joining or listening: a branch without anybody closes.
    pub fn open_branch(&mut self, now: Now, lesson: &LessonId, home: Site) {
        if let Some(room) = self.room(lesson) {
            match &room.home {
                Some(known) if known.site != home => self.leave_home(now, lesson, "the lesson has moved"),
                _ => return,
            }
        }
        let trunk = TrunkId(self.random.random());
        let key = self.room_of_lesson(now, lesson);
        self.by_trunk.insert(trunk, key);
        let Some(room) = self.rooms.get_mut(key) else { return };
        room.home = Some(Home::new(home, trunk));
        room.next_number = FIRST_OWN_NUMBER;
        room.attach_to_home(&mut self.outputs);
        tracing::info!(%lesson, home = home.0, "branch begins");
    }

    /// Whether somebody listens to a lesson's events here: a branch stays open for it.
    pub fn set_listened(&mut self, now: Now, lesson: &LessonId, is_listened: bool) {
        let Some(key) = self.by_lesson.get(lesson).copied() else { return };
        self.in_room(now, key, |room, _| {
            if let Some(home) = &mut room.home {
                home.is_listened = is_listened;
            }
        });
    }

    /// Whether it is known here how a lesson stands: false at a branch that has not heard from its home.
    pub fn is_synced(&self, lesson: &LessonId) -> bool {
        self.room(lesson).is_none_or(Room::is_synced)
    }

    /// Takes in what another core sent. The batch is empty afterwards: its memory may go back.
    pub fn handle_trunk(&mut self, now: Now, from: Site, batch: &mut TrunkBatch) {
        let trunk = batch.trunk;
        let (items, mut lot) = batch.unpack();
        for item in items {
            match item {
                Item::Up(Up::Attach { lesson, observers }) => {
                    let Some(key) = self.home_for(now, from, trunk, &lesson) else { continue };
                    self.in_room(now, key, |room, turn| room.attach(turn, from, trunk, &observers));
                }
                item => self.take_item(now, trunk, item, &mut lot),
            }
        }
    }

    fn take_item(&mut self, now: Now, trunk: TrunkId, item: Item, lot: &mut Lot<'_>) {
        let Some(key) = self.by_trunk.get(&trunk).copied() else { return };
        let is_detached = matches!(item, Item::Up(Up::Detach));
        self.in_room(now, key, |room, turn| match item {
            Item::Down(item) => room.on_down(turn, item, lot),
            Item::Up(Up::Observer(observer)) => room.on_observer(turn, trunk, &observer),
            Item::Up(Up::Keyframe { track, layer }) => room.want_keyframe(turn, track, layer),
            Item::Up(Up::Detach) => room.detach(turn, trunk, "left"),
            Item::Up(Up::Attach { .. }) => {}
        });
        if is_detached {
            self.by_trunk.remove(&trunk);
        }
    }

    /// The room to be a branch's home.
    fn home_for(&mut self, now: Now, from: Site, trunk: TrunkId, lesson: &LessonId) -> Option<u64> {
        let is_branch = self.room(lesson).is_some_and(|room| room.home.is_some());
        if self.is_ending || is_branch {
            let reason = "the lesson is not here any more".to_owned();
            self.outputs.trunk(from, trunk).down(super::Down::Closed { reason });
            return None;
        }
        let key = self.room_of_lesson(now, lesson);
        self.by_trunk.insert(trunk, key);
        Some(key)
    }

    /// A batch did not fit on its way: its packets are lost, everything else is said again soon.
    pub fn trunk_dropped(&mut self, batch: TrunkBatch) {
        let key = self.by_trunk.get(&batch.trunk).copied();
        if let Some(room) = key.and_then(|key| self.rooms.get_mut(key)) {
            room.counters.drop_many(DropReason::TrunkFull, batch.packets() as u64);
            room.branches.fell_behind(batch.trunk);
            if let Some(home) = &mut room.home {
                home.is_behind = true;
            }
        }
        self.outputs.recycle(batch);
    }

    /// A site is gone: branches of lessons that had their home there let everyone go, and its own
    /// branches are forgotten with everyone in them.
    pub fn site_lost(&mut self, now: Now, site: Site) {
        for key in self.rooms.keys() {
            self.in_room(now, key, |room, turn| {
                if room.home.as_ref().is_some_and(|home| home.site == site) {
                    room.lose_home(turn, "a part of the relay is being restarted");
                }
                let lost = room.branches.list.iter().filter(|branch| branch.site == site);
                for trunk in lost.map(|branch| branch.trunk).collect::<Vec<_>>() {
                    room.detach(turn, trunk, "a part of the relay failed");
                }
                room.branches.seats.forget_site(site);
            });
        }
        let rooms = &self.rooms;
        let is_known =
            |key: &u64, trunk: &TrunkId| rooms.get(*key).is_some_and(|room| room.has_trunk(*trunk));
        self.by_trunk.retain(|trunk, key| is_known(key, trunk));
    }

    /// The lesson's home is not where this branch has it: the branch ends.
    pub(crate) fn leave_home(&mut self, now: Now, lesson: &LessonId, reason: &str) {
        let Some(key) = self.by_lesson.get(lesson).copied() else { return };
        if self.rooms.get(key).is_some_and(|room| room.home.is_some()) {
            self.in_room(now, key, |room, turn| {
                room.lose_home(turn, reason);
                if let Some(home) = &mut room.home {
                    home.is_behind = false;
                }
            });
        }
    }

    /// Whether a lesson would take the holder of a grant in at a branch: for its home to say. The grant
    /// must have been verified for the lesson.
    pub fn vet(&self, lesson: &LessonId, grant: &Grant) -> Result<(), JoinError> {
        self.check_room(lesson, grant)
    }

    /// Where somebody who only looks on is to join, listen and be asked for: none is here, at the
    /// lesson's home. Whoever was given a place keeps it. `sites`: those that could hold a branch, the
    /// least loaded first.
    pub fn place(&mut self, lesson: &LessonId, participant: &ParticipantId, sites: &[Site]) -> Option<Site> {
        let full = self.config.spread_after;
        let key = self.by_lesson.get(lesson).copied().filter(|_| full > 0)?;
        let room = self.rooms.get_mut(key).filter(|room| room.home.is_none())?;
        if room.find(participant).is_some_and(|known| !known.legs.is_empty()) {
            return None;
        }
        if let Some(site) = room.session_at(participant) {
            return Some(site);
        }
        if let Some(seat) = room.branches.seats.of(participant).filter(|site| sites.contains(site)) {
            return Some(seat);
        }
        let is_receiving = |key: &&u64| self.legs.get(**key).is_some_and(|leg| !leg.slots.is_empty());
        if room.legs.iter().filter(is_receiving).count() < full {
            return None;
        }
        let legs_at = |site: Site| {
            let at_site = room.branches.list.iter().filter(|branch| branch.site == site);
            at_site.map(|branch| branch.legs).reduce(|sum, legs| sum + legs)
        };
        let choices: Vec<_> = sites.iter().map(|&site| Choice { site, legs: legs_at(site) }).collect();
        let site = choose(&choices, full)?;
        room.branches.seats.give(participant, site);
        Some(site)
    }

    /// The branch at which somebody sits, of a lesson whose home is here; none: at none that is known.
    pub fn seat_of(&self, lesson: &LessonId, participant: &ParticipantId) -> Option<Site> {
        let room = self.room(lesson)?;
        room.session_at(participant).or_else(|| room.branches.seats.of(participant))
    }
}

impl Room {
    /// The branch at which somebody has a session.
    fn session_at(&self, participant: &ParticipantId) -> Option<Site> {
        let trunk = self.find(participant)?.away?.trunk;
        self.branches.list.iter().find(|branch| branch.trunk == trunk).map(|branch| branch.site)
    }

    fn has_trunk(&self, trunk: TrunkId) -> bool {
        self.home.as_ref().is_some_and(|home| home.trunk == trunk)
            || self.branches.list.iter().any(|branch| branch.trunk == trunk)
    }
}
