//! The path between two machines: what fits through it, what comes out at the other end, and how late.
//!
//! Everything here is told the time and the packets, and says what to send; whoever calls it owns the sockets.

pub mod capacity;
pub mod dscp;
pub mod load;
pub mod nat;
pub mod path_mtu;
pub mod reach;
pub mod stamp;
pub mod tcp;
pub mod two_way;
