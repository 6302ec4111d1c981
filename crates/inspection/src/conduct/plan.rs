//! What an inspection does, in which order, and how long that takes.

use super::Side;
use crate::quantity::Step;
use std::time::Duration;
use tongke_protocol::ParticipantId;
use tongke_protocol::inspect::{CallEnd, CallPlan, LinePlan, LineStep, Sight, Task};

/// A task may take so much longer than planned before its node is given up.
pub(super) const SLACK: Duration = Duration::from_secs(60);

/// What is written over an inspection's document, and whom it asks.
#[derive(Debug, Clone)]
pub struct Head {
    /// The document's name.
    pub id: String,
    /// Who asked for it.
    pub asked_by: String,
    /// The relay's address.
    pub relay: String,
    /// The inspector's program.
    pub software: String,
    /// The places' civil time, in minutes east of UTC.
    pub utc_offset_minutes: i32,
    /// Place a.
    pub a: ParticipantId,
    /// Place b.
    pub b: ParticipantId,
    /// The number of the first ask, drawn by lot.
    pub first_ask: u32,
}

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is written over it, and who is asked.
    pub head: Head,
    /// How long a node that answers nothing is waited for before it counts as asleep.
    pub patience: Duration,
    /// How long idle lines are watched, in seconds.
    pub idle_s: u16,
    /// The fastest that a capacity test may send, in Mbit/s.
    pub most_mbps: u16,
    /// Whether what is sent costs money.
    pub metered: bool,
    /// How long the call is held, in seconds.
    pub hold_s: u32,
    /// What the call's cameras look at.
    pub sight: Sight,
}

/// A stage of an inspection: what is asked of both places at once, or of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Whether both are there.
    Knocking,
    /// Cameras, microphones, loudspeakers, machines; both at once.
    Devices,
    /// The idle lines, both at once: neither loads the other's.
    Lines,
    /// Place a's line, loaded.
    CapacityA,
    /// Place b's line, loaded.
    CapacityB,
    /// The call, both ways at once.
    Call,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Stage; 6] =
        [Stage::Knocking, Stage::Devices, Stage::Lines, Stage::CapacityA, Stage::CapacityB, Stage::Call];

    /// The stage that a step belongs to, for a side.
    pub(super) fn of(step: Step, side: Side) -> Stage {
        match step {
            Step::Devices => Stage::Devices,
            Step::Reachability | Step::IdleLine => Stage::Lines,
            Step::Capacity | Step::LoadedLine if side == Side::A => Stage::CapacityA,
            Step::Capacity | Step::LoadedLine => Stage::CapacityB,
            Step::Delay | Step::Media | Step::Echo => Stage::Call,
        }
    }

    pub(super) fn next(self) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| *stage > self)
    }
}

impl Head {
    /// Who is at a side.
    pub fn node(&self, side: Side) -> &ParticipantId {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }
}

impl Plan {
    /// What a stage asks of a side; none: nothing.
    pub(super) fn task(&self, stage: Stage, side: Side) -> Option<Task> {
        let line = |steps: &[LineStep]| {
            Some(Task::Line(LinePlan {
                steps: steps.to_vec(),
                idle_s: self.idle_s,
                most_mbps: self.most_mbps,
                metered: self.metered,
            }))
        };
        match (stage, side) {
            (Stage::Knocking, _) => Some(Task::Here),
            (Stage::Devices, _) => Some(Task::Devices),
            (Stage::Lines, _) => {
                line(&[LineStep::Reach, LineStep::Idle, LineStep::Marks, LineStep::Mtu, LineStep::Nat])
            }
            (Stage::CapacityA, Side::A) | (Stage::CapacityB, Side::B) => {
                line(&[LineStep::Capacity, LineStep::Loaded])
            }
            (Stage::CapacityA, Side::B) | (Stage::CapacityB, Side::A) => None,
            (Stage::Call, _) => Some(Task::Call(CallPlan {
                with: self.head.node(side.other()).clone(),
                end: if side == Side::A { CallEnd::A } else { CallEnd::B },
                seconds: self.hold_s,
                sight: self.sight,
            })),
        }
    }

    /// How long a stage takes where nothing is in its way.
    pub(super) fn takes(&self, stage: Stage) -> Duration {
        Duration::from_secs(match stage {
            Stage::Knocking => 2,
            Stage::Devices => 15,
            Stage::Lines => u64::from(self.idle_s) + 20,
            Stage::CapacityA | Stage::CapacityB => 45,
            Stage::Call => u64::from(self.hold_s) + 15,
        })
    }
}
