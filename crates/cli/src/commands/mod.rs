//! One file per command: its flags and what it does.

pub mod deliver;
pub mod demo;
pub mod enrol;
pub mod inspect;
pub mod node;
pub mod receive;
pub mod registry;
pub mod relay;
pub mod report;
pub mod selftest;
pub mod send;
pub mod serve;
pub mod standby;
pub mod token;
pub mod verify;
mod way;
