//! Rooms, tracks, subscriptions, slots: one packet in, which packets out.
