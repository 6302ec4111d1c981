//! The pieces of a self-test: their order, how long each takes, and what it leaves.

use std::time::Duration;
use tongke_inspection::Quantity;
use tongke_inspection::quantity::Step;

/// A piece of a self-test. Each is one function of `Bench` in a file of its own, called by
/// `selftest::run`; a new one needs a line in each function here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Piece {
    /// Whether the relay can be reached over TCP and TLS.
    Reach,
    /// How fast this machine encodes.
    Encoder,
    /// What the camera really gives.
    Camera,
    /// What the microphone hears; somebody is asked to speak.
    Microphone,
    /// What of the loudspeaker comes back to the microphone; the room is asked to be quiet.
    Loudspeaker,
    /// Loss, delay and delay variation of the idle line, and whether UDP comes through at all. It is watched from the
    /// camera's test on.
    IdleLine,
    /// What becomes of a code point.
    Marks,
    /// The largest packet.
    PathMtu,
    /// What the NAT does.
    Nat,
    /// How much the line carries each way.
    Capacity,
    /// Round trips while each way is loaded.
    LoadedLine,
    /// A call of this machine with itself.
    Call,
}

impl Piece {
    /// All of them, in the order in which they are done.
    pub const ALL: [Piece; 12] = [
        Piece::Reach,
        Piece::Encoder,
        Piece::Camera,
        Piece::Microphone,
        Piece::Loudspeaker,
        Piece::IdleLine,
        Piece::Marks,
        Piece::PathMtu,
        Piece::Nat,
        Piece::Capacity,
        Piece::LoadedLine,
        Piece::Call,
    ];

    /// Its name, for texts.
    pub const fn name(self) -> &'static str {
        match self {
            Piece::Reach => "reach",
            Piece::Camera => "camera",
            Piece::Microphone => "microphone",
            Piece::Loudspeaker => "loudspeaker",
            Piece::Encoder => "encoder",
            Piece::IdleLine => "idle-line",
            Piece::Marks => "marks",
            Piece::PathMtu => "path-mtu",
            Piece::Nat => "nat",
            Piece::Capacity => "capacity",
            Piece::LoadedLine => "loaded-line",
            Piece::Call => "call",
        }
    }

    /// The steps that it belongs to.
    pub const fn steps(self) -> &'static [Step] {
        match self {
            Piece::Reach | Piece::Marks | Piece::PathMtu | Piece::Nat => &[Step::Reachability],
            Piece::Camera | Piece::Microphone | Piece::Loudspeaker | Piece::Encoder => &[Step::Devices],
            Piece::IdleLine => &[Step::IdleLine],
            Piece::Capacity => &[Step::Capacity],
            Piece::LoadedLine => &[Step::LoadedLine],
            Piece::Call => &[Step::Delay, Step::Media],
        }
    }

    /// Whether it is done while the idle line is watched: it sends nothing.
    pub(super) const fn is_beside_idle_line(self) -> bool {
        matches!(self, Piece::Camera | Piece::Microphone | Piece::Loudspeaker)
    }

    /// How long it takes on a line that works; `idle` is how long the idle line is yet to be watched.
    pub(super) const fn lasts(self, idle: Duration) -> Duration {
        match self {
            Piece::Reach | Piece::Marks => Duration::from_secs(1),
            Piece::Camera | Piece::Microphone => Duration::from_secs(4),
            Piece::Loudspeaker => Duration::from_secs(5),
            Piece::Encoder => Duration::from_secs(2),
            Piece::IdleLine => idle,
            Piece::PathMtu => Duration::from_secs(3),
            Piece::Nat => Duration::from_secs(2),
            Piece::Capacity => Duration::from_secs(22),
            Piece::LoadedLine => Duration::from_secs(11),
            Piece::Call => Duration::from_secs(25),
        }
    }

    /// The quantities that it leaves; where it was not run they are missing, with its cause. Delays need none here: their
    /// steps are this piece's alone, and what is written of a step says the cause too.
    pub(super) const fn leaves(self) -> &'static [Quantity] {
        match self {
            Piece::Reach => &[Quantity::Tcp, Quantity::Tls],
            Piece::Camera => &[Quantity::CameraMode, Quantity::CameraFps, Quantity::CameraBrightness],
            Piece::Microphone => {
                &[Quantity::MicrophoneLevel, Quantity::MicrophoneNoise, Quantity::MicrophoneClipping]
            }
            Piece::Loudspeaker => &[Quantity::LoudspeakerPath],
            Piece::Encoder => &[Quantity::EncoderHeadroom],
            Piece::IdleLine => &[Quantity::Udp, Quantity::Rtt, Quantity::NetworkLoss, Quantity::Pdv],
            Piece::Marks => &[Quantity::Dscp],
            Piece::PathMtu => &[Quantity::Mtu],
            Piece::Nat => &[Quantity::NatMapping, Quantity::NatFiltering],
            Piece::Capacity => &[Quantity::CapacityRate, Quantity::CapacityRatio, Quantity::DataUsed],
            Piece::LoadedLine => &[Quantity::RttRise],
            Piece::Call => &[],
        }
    }
}
