//! What is said of the schools of a session, and what follows from one for another: the supporting school
//! stands and falls with the receiving ones.

use super::{Code, Reason, SchoolCredit, Status};
use crate::entry::Ruling;
use crate::evidence::{Verdict, Word};
use crate::id::SchoolId;

/// A status and its reason.
pub(super) type Said = (Status, Reason);

/// Lets a dispute or a ruling stand above what the policy says of the schools, the supporting one first.
/// Where a ruling does not name the supporting school, it took part if any receiving one did.
pub(super) fn people_say(word: &Word, names: &[&SchoolId], said: &mut [Said]) {
    let by_word = |code| Reason {
        author: Some(word.author.clone()),
        detail: Some(word.reason.clone()),
        ..Reason::bare(code)
    };
    let ruling = match &word.says {
        Verdict::Disputed(_) => {
            let disputed = (Status::Disputed, by_word(Code::Contested));
            return said.fill(disputed);
        }
        Verdict::Ruled(ruling) => ruling,
    };
    let Ruling { held, schools, .. } = ruling;
    let is_meant = |name: &SchoolId| schools.is_empty() || schools.contains(name);
    let ruled = (if *held { Status::Held } else { Status::NotHeld }, by_word(Code::Ruled));
    let meant = names.iter().zip(said.iter_mut()).filter(|(name, _)| is_meant(name));
    meant.for_each(|(_, said)| *said = ruled.clone());
    if let ([name, others @ ..], [own, receiving @ ..]) = (names, said)
        && !is_meant(name)
        && others.iter().any(|other| is_meant(other))
    {
        *own = supporting(&mut receiving.to_vec(), 1);
    }
}

/// A closed school is credited with nothing by itself. If it seems to have taken part all the same, the
/// closing day may be wrong, and a person has to say.
pub(super) fn unless_closed(said: &mut Said, is_closed: bool) {
    if is_closed {
        *said = match said.0 {
            Status::Held => (Status::Undecided, Reason { code: Code::ClosedButHeld, ..said.1.clone() }),
            _ => (Status::NotHeld, Reason { code: Code::Closed, ..said.1.clone() }),
        };
    }
}

/// What follows for the supporting school; and if too few receiving schools took part, for these too.
pub(super) fn supporting(receiving: &mut [Said], needed: usize) -> Said {
    let needed = needed.min(receiving.len()).max(1);
    let count = |wanted| receiving.iter().filter(|(status, _)| *status == wanted).count();
    let (held, open) = (count(Status::Held), count(Status::Undecided));
    if held >= needed {
        // The longest of its links is the supporting school's own.
        let minutes = |said: &Said| said.1.minutes.unwrap_or(0.0);
        let longest = |a: &&Said, b: &&Said| minutes(a).total_cmp(&minutes(b));
        let best = receiving.iter().filter(|(status, _)| *status == Status::Held).max_by(longest);
        return best.cloned().unwrap_or((Status::Held, Reason::bare(Code::MediaFlowed)));
    }
    let status = if held + open >= needed { Status::Undecided } else { Status::NotHeld };
    for said in receiving.iter_mut().filter(|(status, _)| *status == Status::Held) {
        *said = (status, Reason { code: Code::TooFewReceiving, ..said.1.clone() });
    }
    if receiving.is_empty() {
        return (status, Reason::bare(Code::NoReceivingSchool));
    }
    let same = receiving.iter().find(|said| said.0 == status).cloned();
    same.unwrap_or((status, Reason::bare(Code::TooFewReceiving)))
}

/// What the schools' statuses make of the session.
pub(super) fn together(schools: &[SchoolCredit]) -> Said {
    let Some((supporting, receiving)) = schools.split_first() else {
        return (Status::NotHeld, Reason::bare(Code::NoReceivingSchool));
    };
    let said = |credit: &SchoolCredit| (credit.status, credit.reason.clone());
    if receiving.is_empty() {
        return said(supporting);
    }
    let first =
        |wanted| receiving.iter().chain([supporting]).find(|credit| credit.status == wanted).map(said);
    if schools.iter().all(|credit| credit.status == Status::Held) {
        return said(supporting);
    }
    if schools.iter().any(|credit| credit.status == Status::Held) {
        return (Status::PartlyHeld, Reason::bare(Code::SomeSchools));
    }
    let order = [
        Status::NeverCounts,
        Status::Disputed,
        Status::Undecided,
        Status::Planned,
        Status::Live,
        Status::Cancelled,
    ];
    order.into_iter().find_map(first).unwrap_or_else(|| said(&receiving[0]))
}
