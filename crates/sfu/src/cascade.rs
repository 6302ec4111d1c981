//! A lesson that is too large for one core, spread over several.
//!
//! Its **home** is the room that is the authority: publishers, classrooms, conduct, facts, events. Its
//! **branches** are rooms of the same lesson in other cores, with receiving legs of whoever only looks
//! on (observers, inspectors) and nothing else. A branch is to its home what a receiver is to its relay:
//! it asks, and is sent every packet once, however many look on behind it. Between the two runs a
//! **trunk**: plain data out and in, which the shells carry in order ([`TrunkBatch`]).
//!
//! - Opening: the core that is to hold a branch is told so ([`Core::open_branch`](crate::Core::open_branch)). It says
//!   [`Up::Attach`] to the home with everyone who is there; the answer is a [`Down::Whole`] with the whole
//!   state, what a late joiner gets of each encoding, and [`Down::Ready`].
//! - Down come all that a room's receivers live by: tracks, packets of all encodings in the order and in
//!   the lots in which the home's own receivers get them, sender reports with the publisher's clock, and
//!   the events of [`Audience::Lesson`](crate::Audience::Lesson), from which the branch also learns who
//!   is there and how the lesson is conducted. Messages between teachers stay at home: nobody at a branch
//!   may read them.
//! - Up go wishes for keyframes (the publisher is asked by the home) and who looks on: at home they are
//!   participants like all others, so that facts, lists and limits are right.
//! - The branch forwards from rings of its own with the code of any room: it answers NACKs, replays,
//!   chooses encodings and fills slots by itself. It writes no facts and never changes the conduct.
//! - A silent microphone's packets stay at home. When it is heard again the branch's ring begins anew.
//! - What does not fit through is dropped as a whole lot: [`DropReason::TrunkFull`](crate::DropReason).
//!   The sender then says everything again (`Whole`, `Attach`) as soon as it fits, within a tick, so that
//!   nobody acts on a gap; the branch asks for keyframes.
//! - Ending: a branch without legs and listeners says [`Up::Detach`]. When the home ends, or its core is
//!   gone ([`Core::site_lost`](crate::Core::site_lost)), the branch lets everyone go with "come again", as at a relay's restart.
//!   A lesson's end closes the legs, as at home; listeners stay and hear of a reopening.
//!
//! Who sits where is decided at home ([`Core::place`](crate::Core::place)), when somebody first asks for anything.

mod batch;
mod branch;
mod gate;
mod home;
mod lines;
mod observers;
mod seats;

pub use batch::TrunkBatch;
pub(crate) use batch::{Down, EncodingState, Item, Lot, Observer, Pass, Person, TrackState, Up, Whole};
pub(crate) use branch::Home;
pub(crate) use home::Branches;

/// A core among those of one relay, as the shells name it. A core that replaces one that is gone is
/// another site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site(pub u32);

/// One trunk, by a random number that its branch gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TrunkId(pub(crate) u64);
