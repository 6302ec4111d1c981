//! The branch's end of a trunk: a room that lives by what its home sends. Its tracks are in `lines.rs`.

use super::lines::Line;
use super::{Down, Lot, Observer, Person, Site, TrunkId, Up, Whole};
use crate::clock::PublisherClock;
use crate::leg::EndedBy;
use crate::outputs::Outputs;
use crate::participant::Participant;
use crate::room::{Room, Turn};
use tongke_protocol::ParticipantId;
use tongke_protocol::event::LessonEvent;

/// A branch's own participants are numbered from here on; below are the home's.
pub(crate) const FIRST_OWN_NUMBER: u64 = 1 << 32;

/// What a branch knows of its home.
#[derive(Debug)]
pub(crate) struct Home {
    pub site: Site,
    pub trunk: TrunkId,
    /// Name of the relay's run, as the home tells it.
    pub run: String,
    /// Whether the home has told how the lesson stands.
    pub is_synced: bool,
    /// Whether somebody listens here, with a session or without.
    pub is_listened: bool,
    /// Something did not reach the home: nothing more goes up before everything does.
    pub is_behind: bool,
    /// The home's tracks.
    pub lines: Vec<Line>,
    /// The publishers' clocks, by the home's keys of their legs.
    pub clocks: Vec<(u64, PublisherClock)>,
}

impl Home {
    pub fn new(site: Site, trunk: TrunkId) -> Self {
        Self {
            site,
            trunk,
            run: String::new(),
            is_synced: false,
            is_listened: false,
            is_behind: false,
            lines: Vec::new(),
            clocks: Vec::new(),
        }
    }

    pub fn up(&self, out: &mut Outputs, item: Up) {
        if !self.is_behind {
            out.trunk(self.site, self.trunk).up(item);
        }
    }
}

impl Room {
    /// Takes one thing that the home sent.
    pub fn on_down(&mut self, turn: &mut Turn<'_>, item: Down, lot: &mut Lot<'_>) {
        match item {
            Down::Whole(whole) => self.become_like(turn, *whole),
            Down::Ready => self.on_ready(turn),
            Down::Came(person) => {
                let event = LessonEvent::Joined { participant: person.info.clone() };
                self.seat_person(*person);
                turn.out.tell_lesson(&self.lesson, event);
            }
            Down::Told(event) => self.on_told(turn, *event),
            Down::TrackBegan(state) => self.begin_track(turn, &state),
            Down::Encoding { track, layer, encoding } => self.set_encoding(turn, (track, layer), encoding),
            Down::TrackEnded { track } => self.drop_line(turn, track),
            Down::Packets { track, layer, pass, count } => {
                self.take_packets(turn, (track, layer), pass, lot, count);
            }
            Down::Report { track, layer, info, clock } => {
                self.take_report(turn, (track, layer), info, clock);
            }
            Down::Dismiss { participant, reason } => self.dismiss_local(turn, &participant, &reason),
            Down::End => self.end_legs(turn),
            Down::Closed { reason } => self.lose_home(turn, &reason),
        }
    }

    /// Takes over how the lesson stands.
    fn become_like(&mut self, turn: &mut Turn<'_>, whole: Whole) {
        let Whole { run, state, people, tracks } = whole;
        turn.conduct.state = state;
        let is_there = |it: &Participant| people.iter().any(|person| person.number == it.number);
        self.participants.retain(|it| it.number >= FIRST_OWN_NUMBER || is_there(it));
        people.into_iter().for_each(|person| self.seat_person(person));
        let Some(home) = &mut self.home else { return };
        home.run = run;
        home.is_synced = true;
        let gone =
            home.lines.iter().map(|line| line.key).filter(|key| tracks.iter().all(|it| it.key != *key));
        for key in gone.collect::<Vec<_>>() {
            self.drop_line(turn, key);
        }
        for state in tracks {
            let known = self.home.as_ref().is_some_and(|home| home.line(state.key).is_some());
            if known {
                for (layer, encoding) in state.encodings.iter().enumerate() {
                    self.set_encoding(turn, (state.key, layer), *encoding);
                }
            } else {
                self.begin_track(turn, &state);
            }
        }
    }

    /// All that belongs to a sync has come. What was lost before it is asked for as keyframes.
    fn on_ready(&mut self, turn: &mut Turn<'_>) {
        turn.out.greet.push(self.lesson.clone());
        if turn.conduct.state.ended {
            return self.end_legs(turn);
        }
        let Some(home) = &mut self.home else { return };
        let running: Vec<u64> =
            home.lines.iter().filter(|line| !line.is_new).map(|line| line.track).collect();
        home.lines.iter_mut().for_each(|line| line.is_new = false);
        self.obey(turn);
        for track in running {
            self.want_all(turn, track);
        }
    }

    fn seat_person(&mut self, person: Person) {
        let Person { number, info } = person;
        if self.participant(number).is_none() {
            self.participants.push(Participant::named(number, &info.id, &info.name, info.role));
        }
        let Some(participant) = self.participant_mut(number) else { return };
        participant.name = info.name;
        participant.role = info.role;
        participant.hand_raised = info.hand_raised;
        participant.clock = info.clock;
        participant.is_announced = true;
    }

    /// Learns from an event of the lesson, and passes it on to whoever listens here.
    fn on_told(&mut self, turn: &mut Turn<'_>, event: LessonEvent) {
        let of_home = |it: &&mut Participant| it.number < FIRST_OWN_NUMBER;
        let mut obeys = false;
        match &event {
            LessonEvent::State { state } => {
                turn.conduct.state.clone_from(state);
                obeys = true;
            }
            LessonEvent::Left { participant, .. } => {
                self.participants.retain(|it| it.number >= FIRST_OWN_NUMBER || it.id != *participant);
            }
            LessonEvent::Hand { participant, raised } => {
                let known = self.participants.iter_mut().filter(of_home).find(|it| it.id == *participant);
                known.into_iter().for_each(|it| it.hand_raised = *raised);
            }
            LessonEvent::Clock { participant, clock } => {
                let known = self.participants.iter_mut().filter(of_home).find(|it| it.id == *participant);
                known.into_iter().for_each(|it| it.clock = Some(*clock));
            }
            _ => {}
        }
        turn.out.tell_lesson(&self.lesson, event);
        if obeys {
            self.obey(turn);
        }
    }

    fn dismiss_local(&mut self, turn: &mut Turn<'_>, id: &ParticipantId, reason: &str) {
        let own = self.participants.iter().find(|it| it.number >= FIRST_OWN_NUMBER && it.id == *id);
        for leg in own.map(|it| it.legs.clone()).unwrap_or_default() {
            self.close_leg(turn, leg, EndedBy::Newer, reason);
        }
    }

    /// The home is gone: everyone is let go, to come again where the lesson is then.
    pub fn lose_home(&mut self, turn: &mut Turn<'_>, reason: &str) {
        let ending = LessonEvent::Ending { reason: reason.to_owned(), reconnect: true };
        turn.out.tell_lesson(&self.lesson, ending);
        if let Some(home) = &mut self.home {
            home.is_listened = false;
            home.is_behind = true;
        }
        for key in self.legs.clone() {
            self.close_leg(turn, key, EndedBy::Lesson, reason);
        }
    }

    /// The core ends: so do all trunks of the room.
    pub fn close_trunks(&mut self, turn: &mut Turn<'_>, reason: &str) {
        self.close_branches(turn, reason);
        if let Some(home) = &mut self.home {
            home.is_listened = false;
        }
    }

    /// Tells the home of an observer's sessions here; `reason`: why the last one ended.
    pub fn tell_home(&self, turn: &mut Turn<'_>, number: u64, reason: &str) {
        let Some(home) = &self.home else { return };
        if let Some(observer) = self.participant(number).map(|it| observer(it, reason)) {
            home.up(turn.out, Up::Observer(Box::new(observer)));
        }
    }

    /// Tells the home that this branch is there, and everyone in it.
    pub fn attach_to_home(&mut self, out: &mut Outputs) {
        let own = self.participants.iter().filter(|it| it.number >= FIRST_OWN_NUMBER);
        let observers = own.map(|it| observer(it, "")).collect();
        if let Some(home) = &mut self.home {
            home.is_behind = false;
            home.up(out, Up::Attach { lesson: self.lesson.clone(), observers });
        }
    }

    /// Looks after the trunks and the publishers' encodings, at regular times.
    pub fn tend_trunks(&mut self, turn: &mut Turn<'_>) {
        self.sync_behind(turn);
        let Some(home) = &self.home else { return };
        let tracks: Vec<u64> = home.lines.iter().map(|line| line.track).collect();
        if home.is_behind {
            self.attach_to_home(turn.out);
        }
        for key in tracks {
            self.watch_track(turn, key);
        }
    }
}

fn observer(participant: &Participant, reason: &str) -> Observer {
    Observer {
        id: participant.id.clone(),
        name: participant.name.clone(),
        role: participant.role,
        legs: participant.legs.len(),
        is_present: participant.is_present,
        reason: reason.to_owned(),
    }
}
