//! What the witnesses of one session saw, put in order: facts that say the same twice are one, and those
//! whose clock cannot be right stand apart.

use super::relay::{self, Record};
use super::{Evidence, Flow, Interval, Misfit, RoomPresence, SetAside, Told, Witness, rooms};
use crate::id::{SchoolId, school_of};
use crate::policy::Policy;
use crate::spans::Spans;
use std::collections::{BTreeMap, BTreeSet};
use tongke_protocol::conduct::HeadCount;
use tongke_protocol::record::{FactKind, LessonFact};
use tongke_protocol::{ParticipantId, Role, WallTime};

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    /// By stretches and rooms; sorted, equal neighbours merged.
    pub flows: Vec<Flow>,
    /// When the relay missed nothing.
    pub watched: Spans,
    /// When each participant was there.
    pub rooms: BTreeMap<ParticipantId, Seen>,
    /// The last head count of each room that was confirmed in the lesson.
    pub counts: BTreeMap<ParticipantId, HeadCount>,
}

/// When one participant was there, and as what.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub role: Option<Role>,
    pub connected: Spans,
    pub running: Spans,
}

impl Sight {
    /// What the facts say that can be right, what those say that cannot, and how many these are. In
    /// `window` the session may have taken place.
    pub fn of(evidence: &Evidence, window: Interval, policy: &Policy) -> (Sight, Sight, Vec<SetAside>) {
        let told = once(&evidence.told);
        let (odd, sound): (Vec<_>, Vec<_>) =
            told.into_iter().map(|told| (misfit(told, policy), told)).partition(|(why, _)| why.is_some());
        let mut aside: BTreeMap<Misfit, SetAside> = BTreeMap::new();
        for (why, told) in &odd {
            let Some(why) = *why else { continue };
            let first_us = WallTime(told.fact.at_us);
            let entry = aside.entry(why).or_insert(SetAside { why, facts: 0, first_us });
            entry.facts += 1;
        }
        let sound: Vec<&LessonFact> = sound.into_iter().map(|(_, told)| &told.fact).collect();
        let odd: Vec<&LessonFact> = odd.into_iter().map(|(_, told)| &told.fact).collect();
        // A relay that said nothing at the time may not have been heard yet; and if its clock goes wrong, its
        // silence may be only seeming.
        let spoke = sound.iter().any(|fact| says_who_is_there(fact) && window.holds(WallTime(fact.at_us)));
        let is_taken_at_its_word = spoke && !odd.iter().any(|fact| is_of_relay(fact));
        let mut sight = Sight::read(&sound, policy, is_taken_at_its_word);
        sight.watched = sight.watched.or(&Spans::of(evidence.relay_reported.iter().copied()));
        let claims = Sight::read(&odd, policy, false);
        // A clock that goes wrong does not make a teacher's count wrong.
        for (room, count) in &claims.counts {
            sight.counts.entry(room.clone()).or_insert(*count);
        }
        (sight, claims, aside.into_values().collect())
    }

    fn read(facts: &[&LessonFact], policy: &Policy, silence_is_absence: bool) -> Sight {
        let of_relay = facts.iter().copied().filter(|fact| is_of_relay(fact));
        let Record { mut flows, connected, roles, watched } =
            relay::read(of_relay, policy, silence_is_absence);
        flows.extend(facts.iter().filter_map(|fact| rooms::flow(fact, policy)));
        let mut sight = Sight { flows: merged(flows), watched, ..Sight::default() };
        for (room, role) in roles {
            sight.rooms.entry(room).or_default().role = Some(role);
        }
        for (room, during) in connected {
            let seen = sight.rooms.entry(room).or_default();
            seen.connected = seen.connected.or(&during.into());
        }
        for (room, during) in facts.iter().filter_map(|fact| rooms::stretch(fact)) {
            let seen = sight.rooms.entry(room.clone()).or_default();
            seen.running = seen.running.or(&during.into());
        }
        for fact in facts {
            if let FactKind::HeadCount { participant, count } = &fact.what {
                sight.counts.insert(participant.clone(), *count);
            }
        }
        sight
    }

    /// The stretches of a school's rooms, as one witness tells of them.
    pub fn of_school<'a>(&'a self, witness: Witness, school: &'a SchoolId) -> impl Iterator<Item = &'a Flow> {
        self.flows.iter().filter(move |flow| flow.witness == witness && flow.school == *school)
    }

    /// When any room of a school was there, by any witness.
    pub fn presence_of(&self, school: &SchoolId) -> Spans {
        self.rooms_of(school).fold(Spans::default(), |all, seen| all.or(&seen.connected).or(&seen.running))
    }

    /// When any room of a school was connected, as the relay says.
    pub fn connections_of(&self, school: &SchoolId) -> Spans {
        self.rooms_of(school).fold(Spans::default(), |all, seen| all.or(&seen.connected))
    }

    fn rooms_of<'a>(&'a self, school: &'a SchoolId) -> impl Iterator<Item = &'a Seen> {
        let is_of = move |room: &ParticipantId| school_of(room).as_ref() == Some(school);
        self.rooms.iter().filter(move |(room, _)| is_of(room)).map(|(_, seen)| seen)
    }

    /// Every room's presence, to be shown.
    pub fn presences(&self) -> Vec<RoomPresence> {
        let present = self.rooms.iter().map(|(room, seen)| RoomPresence {
            room: room.clone(),
            school: school_of(room),
            role: seen.role,
            connected: seen.connected.clone().into(),
            running: seen.running.clone().into(),
        });
        present.collect()
    }
}

/// Whether it is the relay that says it.
fn is_of_relay(fact: &LessonFact) -> bool {
    !matches!(fact.what, FactKind::Flow { .. } | FactKind::Quality { .. })
}

/// Whether the relay says by it who is there.
fn says_who_is_there(fact: &LessonFact) -> bool {
    matches!(fact.what, FactKind::Came { .. } | FactKind::Went { .. } | FactKind::Present { .. })
}

/// Each fact once, in the order in which they happened. Of two that share a name, which the registry lets
/// nobody hand in, the earlier stands.
fn once(told: &[Told]) -> Vec<&Told> {
    let mut facts: Vec<&Told> = told.iter().collect();
    let by_name = |a: &&Told, b: &&Told| a.fact.id.cmp(&b.fact.id).then(a.fact.at_us.cmp(&b.fact.at_us));
    facts.sort_by(|a, b| {
        let by_time = by_name(a, b).then(a.received_us.cmp(&b.received_us));
        by_time.then_with(|| format!("{:?}", a.fact.what).cmp(&format!("{:?}", b.fact.what)))
    });
    let mut names = BTreeSet::new();
    facts.retain(|told| names.insert(told.fact.id.as_str()));
    facts.sort_by_key(|told| (told.fact.at_us, run_and_number(&told.fact.id)));
    facts
}

/// A machine numbers its facts: of two at the same moment the lower number came first.
fn run_and_number(id: &str) -> (&str, u64, &str) {
    let numbered = id.rsplit_once('-').and_then(|(run, number)| Some((run, number.parse().ok()?)));
    numbered.map_or((id, 0, id), |(run, number)| (run, number, id))
}

/// What is wrong with a fact, if anything.
fn misfit(told: &Told, policy: &Policy) -> Option<Misfit> {
    let stretch = rooms::stretch(&told.fact).map(|(_, during)| during);
    let latest = stretch.map_or(told.fact.at_us, |during| during.until_us.0.max(told.fact.at_us));
    let tolerance_us = policy.time.clock_tolerance_s.saturating_mul(1_000_000);
    if latest > told.received_us.0.saturating_add(tolerance_us) {
        return Some(Misfit::Future);
    }
    let longest_us = policy.time.longest_stretch_s.saturating_mul(1_000_000);
    stretch.filter(|it| it.is_empty() || it.length_us() > longest_us).map(|_| Misfit::Malformed)
}

/// Sorted, each once, and what goes on unchanged in one piece: forty minutes of a good lesson are one line.
fn merged(mut flows: Vec<Flow>) -> Vec<Flow> {
    flows.sort_unstable();
    flows.dedup();
    let mut whole: Vec<Flow> = Vec::new();
    for flow in flows.into_iter().filter(|flow| !flow.during.is_empty()) {
        match whole.last_mut() {
            Some(last) if goes_on(last, &flow) => {
                last.during.until_us = last.during.until_us.max(flow.during.until_us);
            }
            _ => whole.push(flow),
        }
    }
    whole
}

fn goes_on(last: &Flow, next: &Flow) -> bool {
    next.during.from_us <= last.during.until_us
        && (last.witness, &last.room, last.sent, &last.got)
            == (next.witness, &next.room, next.sent, &next.got)
}
