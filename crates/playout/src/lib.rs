//! When to show what: the jitter buffers of picture ([`video`]) and sound ([`audio`]), what to do
//! about packets that are not there, and keeping the two together ([`sync`]).
//!
//! Pure: packets and the time in, decisions out. Both buffers adapt their delay to what the network
//! does: they note how late media arrives (its transit), delay all of it as much as the
//! late part needs, grow at once and shrink slowly. Repairs arrive a round trip late, so where
//! packets are lost and repaired the delay comes to include that round trip by itself.

pub mod audio;
pub mod sync;
mod transit;
pub mod video;

pub use audio::{AudioAction, AudioBuffer, AudioConfig, AudioPacket, AudioStats};
pub use sync::{ExtraDelay, LipSync, LipSyncConfig};
pub use video::{Frame, VideoBuffer, VideoConfig, VideoOutput, VideoPart, VideoStats};
