//! The quantities that a self-test or an inspection knows: their names, units, and where each is measured.

use serde::{Deserialize, Serialize};
use std::fmt;

/// In what a quantity is told. Facts, criteria and reports use the same units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// Part of a whole, 0 to 1; reports print per cent.
    Share,
    /// On a scale of its own, without a unit.
    Index,
    /// How many times something, e.g. the configured rate.
    Ratio,
    /// Mean opinion score that was calculated, 1 to 5. Narrowband, wideband, fullband and listening quality are four
    /// scales.
    Mos,
    /// Points of the E-model: a rating R of 0 to 100, or an impairment that is subtracted from it.
    Rating,
    /// Decibels.
    Db,
    /// Decibels against full scale.
    Dbfs,
    /// Bits a second.
    Bps,
    /// Bytes.
    Bytes,
    /// A number of things.
    Count,
    /// Pictures a second.
    Fps,
    /// One of the quantity's words, or a short text; no number.
    Word,
}

/// Where a quantity is measured, and so which results belong to a whole inspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// From one place to the other: both directions are asked.
    Directed,
    /// At a place: every school is asked.
    Place,
    /// Once for the whole.
    Whole,
}

/// The steps of a self-test or an inspection, in the order they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Cameras, microphones, loudspeakers, the machine.
    Devices,
    /// UDP, TCP, TLS, NAT, path MTU, DSCP.
    Reachability,
    /// Delay, loss and delay variation of an idle line.
    IdleLine,
    /// How much the line carries.
    Capacity,
    /// Delay while the line is loaded.
    LoadedLine,
    /// Delay of pictures and sound, and of one against the other.
    Delay,
    /// Sound and pictures as they came.
    Media,
    /// Echo and double talk.
    Echo,
}

impl Step {
    /// All of them, in their order.
    pub const ALL: [Step; 8] = [
        Step::Devices,
        Step::Reachability,
        Step::IdleLine,
        Step::Capacity,
        Step::LoadedLine,
        Step::Delay,
        Step::Media,
        Step::Echo,
    ];
}

/// What a quantity is.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Its name in facts and criteria.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Where it is measured.
    pub extent: Extent,
    /// The step that measures it.
    pub step: Step,
    /// For [`Unit::Word`]: the words that it can be; none: any short text.
    pub words: &'static [&'static str],
}

macro_rules! quantities {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $unit:ident, $extent:ident, $step:ident $(, [$($word:literal),*])?;)*) => {
        /// A quantity. Its name is the same in facts, criteria and texts, and never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Quantity {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Quantity {
            /// All of them, in the order that reports tell them.
            pub const ALL: &'static [Quantity] = &[$(Quantity::$variant,)*];

            /// What it is.
            pub const fn definition(self) -> Definition {
                match self {
                    $(Quantity::$variant => Definition {
                        name: $name,
                        unit: Unit::$unit,
                        extent: Extent::$extent,
                        step: Step::$step,
                        words: &[$($($word),*)?],
                    },)*
                }
            }
        }
    };
}

quantities! {
    /// From the scene before the camera to the far screen, one way.
    GlassToGlass = "delay.glass_to_glass", Ms, Directed, Delay;
    /// From the mouth to the far ear, one way.
    MouthToEar = "delay.mouth_to_ear", Ms, Directed, Delay;
    /// Sound against picture at the far side; positive: the sound is early.
    LipSync = "av.lip_sync", Ms, Directed, Delay;
    /// Share of the markers that could be read: without them a picture's delay is not known.
    MarkerDecode = "marker.decode_share", Share, Directed, Delay;
    /// Share of the sound's packets that were missing after repair.
    AudioLoss = "audio.loss_post_repair", Share, Directed, Media;
    /// Share of the seconds with any concealed sound (RFC 7294 §3).
    ConcealedSeconds = "audio.concealed_seconds_share", Share, Directed, Media;
    /// Share of the seconds with more than 5 % of concealed sound (RFC 7294 §3).
    SeverelyConcealedSeconds = "audio.severely_concealed_seconds_share", Share, Directed, Media;
    /// Fullband rating R of ITU-T G.107.2, divided by 1.48 so that it lies on 0 to 100.
    SpeechRatingFb = "speech.r_fb", Rating, Directed, Media;
    /// Fullband MOS-CQE, calculated by ITU-T G.107.2.
    SpeechMosFb = "speech.mos_fb", Mos, Directed, Media;
    /// Wideband MOS-CQE, calculated by ITU-T G.107.1.
    SpeechMosWb = "speech.mos_wb", Mos, Directed, Media;
    /// Narrowband MOS-CQE, calculated by ITU-T G.107.
    SpeechMosNb = "speech.mos_nb", Mos, Directed, Media;
    /// MOS-LQO: how alike what was heard is to what was said (ViSQOL). Of listening, not of conversation, and estimated
    /// from signals: no value of the three scales above.
    SpeechVisqol = "speech.visqol_lqo", Mos, Directed, Media;
    /// Share of the time in which the picture stood still (W3C webrtc-stats rule).
    FreezeShare = "video.freeze_share", Share, Directed, Media;
    /// Freezes (W3C webrtc-stats rule).
    Freezes = "video.freezes", Count, Directed, Media;
    /// Pictures shown a second.
    VideoFps = "video.fps", Fps, Directed, Media;
    /// Likeness of pictures that were matched by their markers, 0 to 1 (SSIM).
    Ssim = "video.ssim", Index, Directed, Media;
    /// Width and height of the pictures shown.
    Resolution = "video.resolution", Word, Directed, Media;
    /// How much the echo that a speaker hears of himself takes off the rating (Idte of ITU-T G.107 §7.4).
    EchoIdte = "echo.telr_idte", Rating, Directed, Echo;
    /// Talker echo loudness rating.
    Telr = "echo.telr", Db, Directed, Echo;
    /// After which time the echo comes back.
    EchoDelay = "echo.delay", Ms, Directed, Echo;
    /// Double talk: by how much the talker of the first place goes out weaker while its loudspeaker speaks.
    DoubleTalkAttenuation = "echo.double_talk_attenuation", Db, Directed, Echo;
    /// Double talk: the type of ITU-T P.340, by that attenuation.
    DoubleTalk = "echo.double_talk", Word, Directed, Echo, ["1", "2a", "2b", "2c", "3"];
    /// How busy the relay's busiest worker was, as a share of its processor.
    RelayCpu = "relay.cpu", Share, Whole, Media;
    /// Capacity, as a multiple of the rate that media are configured for.
    CapacityRatio = "capacity.ratio", Ratio, Directed, Capacity;
    /// Capacity (RFC 9097).
    CapacityRate = "capacity.rate", Bps, Directed, Capacity;
    /// What the capacity test sent.
    DataUsed = "capacity.data_used", Bytes, Whole, Capacity;
    /// By how much the round trip grows under load.
    RttRise = "network.rtt_rise_under_load", Ms, Directed, LoadedLine;
    /// Delay variation against the smallest delay (RFC 5481 §4.2).
    Pdv = "network.pdv", Ms, Directed, IdleLine;
    /// Share of the probes that were lost on their way.
    NetworkLoss = "network.loss", Share, Directed, IdleLine;
    /// Share of the packets that came after one sent later (RFC 4737 §4.1).
    Reordered = "network.reordered", Share, Directed, IdleLine;
    /// Bursts of loss (RFC 3611 §4.7.2: two lost packets or more, never 16 in a row between them).
    LossBursts = "network.loss_bursts", Count, Directed, IdleLine;
    /// Mean run of lost packets against that of random loss (ITU-T G.107 BurstR); 1: random.
    BurstRatio = "network.burst_ratio", Index, Directed, IdleLine;
    /// Chance that a packet is lost after one that came (Gilbert model).
    GilbertP = "network.gilbert_p", Share, Directed, IdleLine;
    /// Chance that a packet comes after one that was lost (Gilbert model).
    GilbertQ = "network.gilbert_q", Share, Directed, IdleLine;
    /// Round trip of an idle line.
    Rtt = "network.rtt", Ms, Whole, IdleLine;
    /// Path MTU (RFC 8899).
    Mtu = "network.mtu", Bytes, Directed, Reachability;
    /// What became of the DSCP that was set.
    Dscp = "network.dscp", Word, Directed, Reachability, ["kept", "cleared", "rewritten"];
    /// The link that media take.
    Transport = "network.transport", Word, Place, Reachability, ["quic", "webrtc-udp", "webrtc-tcp"];
    /// Whether the relay can be reached over UDP.
    Udp = "network.udp", Word, Place, Reachability, ["reachable", "blocked"];
    /// Whether the relay can be reached over TCP.
    Tcp = "network.tcp", Word, Place, Reachability, ["reachable", "blocked"];
    /// Whether the relay can be reached over TLS on its port.
    Tls = "network.tls", Word, Place, Reachability, ["reachable", "blocked"];
    /// How the NAT maps addresses (RFC 5780 §4.3).
    NatMapping = "network.nat_mapping", Word, Place, Reachability,
        ["none", "endpoint_independent", "address_dependent", "address_and_port_dependent"];
    /// What the NAT lets in (RFC 5780 §4.4).
    NatFiltering = "network.nat_filtering", Word, Place, Reachability,
        ["none", "endpoint_independent", "address_dependent", "address_and_port_dependent"];
    /// The camera's mode, as it really delivers it.
    CameraMode = "device.camera_mode", Word, Place, Devices;
    /// Pictures a second that the camera really delivers.
    CameraFps = "device.camera_fps", Fps, Place, Devices;
    /// How bright the camera's picture is, 0 to 1.
    CameraBrightness = "device.camera_brightness", Share, Place, Devices;
    /// The microphone's level while somebody speaks.
    MicrophoneLevel = "device.microphone_level", Dbfs, Place, Devices;
    /// The microphone's level while nobody speaks.
    MicrophoneNoise = "device.microphone_noise", Dbfs, Place, Devices;
    /// Share of the sound that is cut off at full scale.
    MicrophoneClipping = "device.microphone_clipping", Share, Place, Devices;
    /// Loss between the room's loudspeaker and its microphone.
    LoudspeakerPath = "device.loudspeaker_path", Db, Place, Devices;
    /// How many times faster than needed the machine encodes.
    EncoderHeadroom = "machine.encoder_headroom", Ratio, Place, Devices;
    /// Processors in use.
    Cpu = "machine.cpu", Index, Place, Devices;
}

impl Quantity {
    /// Its name in facts and criteria.
    pub const fn name(self) -> &'static str {
        self.definition().name
    }

    /// The quantity of a name.
    pub fn of_name(name: &str) -> Option<Quantity> {
        Quantity::ALL.iter().copied().find(|quantity| quantity.name() == name)
    }

    /// Whether it is a delay from one place to another, which needs a [`Scope`](crate::facts::Scope).
    pub const fn has_scope(self) -> bool {
        matches!(self, Quantity::GlassToGlass | Quantity::MouthToEar)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_is_of_one_quantity_and_leads_back_to_it() {
        let names: BTreeSet<_> = Quantity::ALL.iter().map(|quantity| quantity.name()).collect();
        assert_eq!(names.len(), Quantity::ALL.len());
        for quantity in Quantity::ALL {
            assert_eq!(Quantity::of_name(quantity.name()), Some(*quantity));
            let json = serde_json::to_string(quantity).unwrap();
            assert_eq!(json, format!("\"{}\"", quantity.name()));
        }
        assert_eq!(Quantity::of_name("speech.mos"), None);
    }

    #[test]
    fn the_speech_scales_are_as_many_quantities() {
        let scales =
            [Quantity::SpeechMosNb, Quantity::SpeechMosWb, Quantity::SpeechMosFb, Quantity::SpeechVisqol];
        let names = ["speech.mos_nb", "speech.mos_wb", "speech.mos_fb", "speech.visqol_lqo"];
        assert_eq!(scales.map(Quantity::name), names);
    }
}
