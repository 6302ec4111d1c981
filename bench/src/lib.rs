//! What the floor and the peer share: the HTTP side of what is measured beside the relay.

pub mod target;
