//! Both ends of a STAMP session (RFC 8762) over UDP: the [`Reflector`] of a relay, and the [`Line`] of a
//! classroom's machine to it. What the stamps mean is `tongke-measure`'s.
//!
//! A session is opened over the relay's HTTP interface, by whoever has a grant; its key authenticates each packet
//! (HMAC TLV, RFC 8972 §4.8), so nobody else is reflected, and what is reflected has the size of what came.

mod line;
mod packet;
mod reflector;
mod sessions;
mod socket;

pub use line::{Idle, Line, LineError, MarkedWay};
pub use packet::{KEY_LEN, PacketError};
pub use reflector::{Opened, Reflector};
pub use sessions::{LASTS, MOST_PACKETS, MOST_SESSIONS};
