//! Load: how much a line carries (RFC 9097), and packets at a constant rate beside which delay is measured.
//!
//! A session is opened over the relay's HTTP interface; its packets come to the reflector's port. The school says
//! hello, is answered with a token, which proves that it is where it says, and starts a run with it. From then on one
//! end sends and the other reports, every 50 ms: a sender that hears nothing for a second stops. At the relay a run
//! has a thread and a socket of its own, so that neither reflected packets nor lessons wait for it.

mod line;
mod packet;
mod receiving;
mod run;
mod sending;
mod sessions;
mod way;

pub use line::{CapacityRun, Held, LoadError, LoadLine};
pub use packet::{Direction, LoadPacketError, Stopped};
pub use sessions::{LOAD_LASTS, LONGEST_RUN, MOST_LOADS};

pub(crate) use packet::{LEN, Packet, session_of, sign};
pub(crate) use run::{Owner, at_relay};
pub(crate) use sessions::{Asked, LoadSessions, NewRun};
pub(crate) use way::Way;
