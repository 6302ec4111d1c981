//! Who loads which line: at most one test at a time on each, and few on the relay. Pure.
//!
//! A line is known by what the relay sees of it: the address that requests come from, and the participant. Schools
//! that share one public address cannot be told apart by it, so a caller who knows that it shares one is compared by
//! participant alone.

use std::net::IpAddr;
use std::time::{Duration, Instant};
use tongke_protocol::control::{LeaseRequest, LoadPurpose};
use tongke_protocol::{LessonId, ParticipantId};

/// Tests with packets of load at one time: each may take what the relay's own line carries.
pub(crate) const MOST_LOADS: usize = 2;
/// Measured calls at one time, counted by their ends: each is as much as a lesson's.
const MOST_CALLS: usize = 32;
/// How long a lease lasts by itself.
const LASTS: Duration = Duration::from_secs(120);
/// How long a call may last.
const LONGEST_CALL: Duration = Duration::from_secs(3600);

/// Who asks, and whence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pub lesson: LessonId,
    pub participant: ParticipantId,
    /// As the relay sees it.
    pub address: IpAddr,
}

/// A line that somebody loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lease {
    pub id: u64,
    pub holder: Holder,
    pub purpose: LoadPurpose,
    pub shared_address: bool,
    pub until: Instant,
    /// With which its packets of load are sent, once there is one.
    pub session: Option<u16>,
}

/// Why a line is not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Another test loads it; who, and whence.
    Line(Holder),
    /// The relay has as many as it takes.
    Relay,
}

/// The leases. Bounded: [`MOST_LOADS`] and [`MOST_CALLS`].
#[derive(Debug, Default)]
pub(crate) struct Leases {
    held: Vec<Lease>,
}

impl Leases {
    /// Gives a line to `holder`, by the name `id`, which must be hard to guess.
    pub fn take(
        &mut self,
        now: Instant,
        id: u64,
        holder: Holder,
        asked: LeaseRequest,
    ) -> Result<&mut Lease, Taken> {
        self.held.retain(|lease| lease.until > now);
        if let Some(other) = self.held.iter().find(|lease| lease.excludes(&holder, asked)) {
            return Err(Taken::Line(other.holder.clone()));
        }
        let most = match asked.purpose {
            LoadPurpose::Packets => MOST_LOADS,
            LoadPurpose::Call => MOST_CALLS,
        };
        if self.held.iter().filter(|lease| lease.purpose == asked.purpose).count() >= most {
            return Err(Taken::Relay);
        }
        let lasts = match (asked.purpose, asked.seconds) {
            (LoadPurpose::Call, Some(seconds)) => Duration::from_secs(seconds.max(1)).min(LONGEST_CALL),
            _ => LASTS,
        };
        let LeaseRequest { purpose, shared_address, .. } = asked;
        let until = now + lasts;
        Ok(self.held.push_mut(Lease { id, holder, purpose, shared_address, until, session: None }))
    }

    /// Ends a lease; none: it is over, or another participant's.
    pub fn give_back(&mut self, id: u64, of: &ParticipantId) -> Option<Lease> {
        let at = self.held.iter().position(|lease| lease.id == id && lease.holder.participant == *of)?;
        Some(self.held.swap_remove(at))
    }

    /// A lease that is not over.
    pub fn get(&self, now: Instant, id: u64) -> Option<&Lease> {
        self.held.iter().find(|lease| lease.id == id && lease.until > now)
    }
}

impl Lease {
    fn excludes(&self, other: &Holder, asked: LeaseRequest) -> bool {
        let both_calls = self.purpose == LoadPurpose::Call && asked.purpose == LoadPurpose::Call;
        if self.holder.participant == other.participant {
            return true;
        }
        let shared = self.shared_address || asked.shared_address;
        let ends_of_one_call = both_calls && self.holder.lesson == other.lesson;
        self.holder.address == other.address && !shared && !ends_of_one_call
    }
}

#[cfg(test)]
mod tests;
