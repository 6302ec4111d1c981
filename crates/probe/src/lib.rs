//! Both ends of tests of a line over UDP: the [`Reflector`] of a relay, and a classroom's machine, which measures
//! delay and loss with packets that are reflected (STAMP, RFC 8762; [`Line`]), how a NAT behaves (RFC 5780;
//! [`nat()`]), and what the line carries with packets of load (RFC 9097; [`LoadLine`]). What the figures mean is
//! `tongke-measure`'s.
//!
//! A session is opened over the relay's HTTP interface, by whoever has a grant; its key authenticates each packet
//! (HMAC TLV, RFC 8972 §4.8), so nobody else is reflected, and what is reflected has the size of what came.

#[doc(hidden)]
pub mod fuzzing;
mod key;
mod line;
mod load;
mod nat;
mod packet;
mod reflector;
mod sessions;
mod socket;

pub use key::KEY_LEN;
pub use line::{Idle, Line, LineError, MarkedWay};
pub use load::{
    CapacityRun, Direction, Held, LOAD_LASTS, LONGEST_RUN, LoadError, LoadLine, LoadPacketError, MOST_LOADS,
    Stopped,
};
pub use nat::{NatSeen, nat};
pub use packet::PacketError;
pub use reflector::{Opened, Reflector};
pub use sessions::{LASTS, MOST_PACKETS, MOST_SESSIONS};
