//! Who is at the branches, as the home knows it: participants of the lesson like all others, whose legs
//! are elsewhere.

use super::home::Branch;
use super::{Observer, Site, TrunkId};
use crate::participant::{Away, Participant};
use crate::room::{Room, Turn};

impl Room {
    /// A branch is there, with these observers and no others.
    pub fn attach(&mut self, turn: &mut Turn<'_>, site: Site, trunk: TrunkId, observers: &[Observer]) {
        if self.branches.get_mut(trunk).is_none() {
            tracing::info!(lesson = %self.lesson, site = site.0, "branch opened");
            self.branches.list.push(Branch::new(site, trunk));
        }
        for number in self.away_at(trunk) {
            let id = self.participant(number).map(|known| &known.id);
            if observers.iter().all(|observer| Some(&observer.id) != id) {
                self.went_from(turn, trunk, number, "left");
            }
        }
        observers.iter().for_each(|observer| self.on_observer(turn, trunk, observer));
        self.sync_branch(turn, trunk);
    }

    /// A branch is gone, and with it everyone who was only there.
    pub fn detach(&mut self, turn: &mut Turn<'_>, trunk: TrunkId, reason: &str) {
        for number in self.away_at(trunk) {
            self.went_from(turn, trunk, number, reason);
        }
        let Some(at) = self.branches.list.iter().position(|branch| branch.trunk == trunk) else { return };
        let branch = self.branches.list.remove(at);
        self.branches.seats.forget_site(branch.site);
        tracing::info!(lesson = %self.lesson, site = branch.site.0, reason, "branch closed");
    }

    fn away_at(&self, trunk: TrunkId) -> Vec<u64> {
        let of_trunk = |it: &&Participant| it.away.is_some_and(|away| away.trunk == trunk);
        self.participants.iter().filter(of_trunk).map(|participant| participant.number).collect()
    }

    /// An observer's sessions at a branch changed.
    pub fn on_observer(&mut self, turn: &mut Turn<'_>, trunk: TrunkId, observer: &Observer) {
        let Some(site) = self.branches.get_mut(trunk).map(|branch| branch.site) else { return };
        if observer.legs == 0 {
            let number = self.find(&observer.id).map(|known| known.number);
            return number.into_iter().for_each(|it| self.went_from(turn, trunk, it, &observer.reason));
        }
        let Some(number) = self.observer_for(turn, trunk, observer) else { return };
        self.branches.seats.give(&observer.id, site);
        let Some(participant) = self.participant_mut(number) else { return };
        participant.name.clone_from(&observer.name);
        let before = participant.away.replace(Away { trunk, legs: observer.legs });
        self.count_away(trunk, before.map_or(0, |before| before.legs), observer.legs);
        if observer.is_present {
            self.announce(turn, number);
        }
    }

    /// Whoever a branch tells of, who is taken in if new. None: it is elsewhere by now, as something else.
    fn observer_for(&mut self, turn: &mut Turn<'_>, trunk: TrunkId, observer: &Observer) -> Option<u64> {
        let Observer { id, name, role, .. } = observer;
        let Some(known) = self.find(id) else {
            let number = self.take_number();
            self.participants.push(Participant::named(number, id, name, *role));
            return Some(number);
        };
        let (number, away, is_here) = (known.number, known.away, !known.legs.is_empty());
        if known.role != *role {
            if is_here {
                self.branches.dismiss(turn.out, trunk, id, "joined again with another role");
                return None;
            }
            self.change_role(turn, number, *role);
        }
        if away.is_some_and(|away| away.trunk != trunk) {
            self.call_home(turn, number, "joined elsewhere");
        }
        Some(number)
    }

    /// A participant has no sessions left at a branch.
    fn went_from(&mut self, turn: &mut Turn<'_>, trunk: TrunkId, number: u64, reason: &str) {
        let Some(participant) = self.participant_mut(number) else { return };
        let is_gone = participant.legs.is_empty();
        let Some(away) = participant.away.take_if(|away| away.trunk == trunk) else { return };
        self.count_away(trunk, away.legs, 0);
        if is_gone {
            self.part(turn, number, reason);
            self.participants.retain(|participant| participant.number != number);
        }
    }

    fn count_away(&mut self, trunk: TrunkId, before: usize, now: usize) {
        if let Some(branch) = self.branches.get_mut(trunk) {
            branch.legs = (branch.legs + now).saturating_sub(before);
        }
    }

    /// A participant is elsewhere now: its sessions at a branch end.
    pub fn call_home(&mut self, turn: &mut Turn<'_>, number: u64, reason: &str) {
        let Some(participant) = self.participant_mut(number) else { return };
        let Some(away) = participant.away.take() else { return };
        let id = participant.id.clone();
        self.branches.dismiss(turn.out, away.trunk, &id, reason);
        self.count_away(away.trunk, away.legs, 0);
    }
}
