//! One file per command: its flags and what it does.

pub mod demo;
pub mod node;
pub mod receive;
pub mod relay;
pub mod send;
pub mod serve;
pub mod token;
