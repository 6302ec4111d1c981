//! Which sentences there are, and what belongs into each.

use serde::{Deserialize, Serialize};

/// The codes with their arguments, which stand in the order of the alphabet.
macro_rules! codes {
    ($($(#[$doc:meta])+ $code:ident [$($argument:ident)*],)+) => {
        /// Which sentence.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum RemarkCode {
            $($(#[$doc])+ $code,)+
        }

        impl RemarkCode {
            /// All of them.
            pub const ALL: &[RemarkCode] = &[$(RemarkCode::$code,)+];

            /// What belongs into the sentence.
            pub const fn arguments(self) -> &'static [&'static str] {
                match self {
                    $(RemarkCode::$code => &[$(stringify!($argument),)*],)+
                }
            }
        }
    };
}

codes! {
    /// Words of a node.
    NodeSays [words],
    /// Of a delay of sound: what Opus looks ahead, microphone and loudspeaker are not in it.
    OpusLooksAhead [],
    /// Of a self-test's call: up to the relay and down again on one clock, encoded and decoded on this machine.
    ThereAndBackOnOneClock [format],
    /// Of a delay of pictures: camera and display are not in it.
    NoCameraNoDisplay [],
    /// The delay from the program through both devices and back, ms.
    DeviceDelay [ms],
    /// What was encoded, and by what.
    Encoded [encoder format kbps],
    /// The other end's sweeps came from there through this room.
    SweepsThroughRoom [],
    /// TELR by the loudness ratings of G.107's defaults.
    DefaultLoudness [],
    /// Idte at this TELR, in dB, and so many ms one way.
    IdteInput [ms telr_db],
    /// Which model rated.
    Rated [model],
    /// The node of a lesson rated by G.107.2, with a third party's values of Opus at the mean rate that came.
    RatedByNode [kbps],
    /// Where the codec's values come from.
    ImpairmentFrom [codec source],
    /// A third party's work, which does not name the scale of R for its values.
    ScaleUnsaid [],
    /// A bit rate above the table: its highest row is a pessimistic bound.
    BeyondTable [],
    /// G.711's values stand for Opus's, which nobody published.
    G711ForOpus [bpl ie kbps],
    /// Echo is not charged on this scale.
    EchoNotCharged [],
    /// TELR as measured.
    TelrMeasured [db],
    /// TELR is at least that, and was taken as that.
    TelrAtLeast [db],
    /// TELR was not measured; the model's default was taken.
    TelrNotMeasured [db],
    /// The loss of two legs that lose independently.
    LegsIndependent [],
    /// The middle between the greater leg's figure and the sum of both.
    LegsLate [],
    /// The narrower leg's figure.
    LegsNarrower [],
    /// The sum of the medians of both places' round trips.
    LegsRoundTrip [],
    /// The sum of both places' tests.
    LegsSum [],
    /// Over so many minutes that the node had been in the lesson.
    OverMinutes [minutes],
    /// Whence the relay saw the socket, at the begin and at the end.
    MappingStayed [local mapped],
    /// The relay saw the socket elsewhere at the end.
    MappingMoved [at_end local mapped],
    /// The relay saw the socket, and did not answer at the end.
    MappingUnanswered [local mapped],
    /// Somebody was asked to speak, and nothing stood out of the room's noise.
    NothingSpoken [],
    /// The chirps came back twice.
    ChirpsTwice [first_ms second_ms],
    /// No camera is configured; what there is.
    CameraNotConfigured [there],
    /// No microphone is configured; what there is.
    MicrophoneNotConfigured [there],
    /// No loudspeaker is configured; what there is.
    LoudspeakerNotConfigured [there],
    /// The camera gave no picture that can be decoded.
    CameraUndecoded [camera],
    /// The sending end of the call was done before the other.
    SenderDoneFirst [],
    /// The relay's grant for a call is for no one lesson.
    GrantForNoLesson [],
    /// A node said nothing for so many seconds.
    NoWord [seconds],
    /// A node did not answer wholly within so many seconds.
    NoWholeAnswer [seconds],
    /// The inspection was ended.
    InspectionEnded [],
    /// A node's answer cannot be read.
    AnswerUnreadable [problem],
    /// A figure that cannot be true was left out.
    FigureLeftOut [problem],
    /// Which program a node runs.
    NodeSoftware [software],
    /// A node's leg: round trip, ms.
    LegRoundTrip [ms],
    /// A node's leg: loss up and down, per cent.
    LegLoss [down_percent up_percent],
    /// A node's leg: capacity up and down, Mbit/s.
    LegCapacity [down_mbps up_mbps],
    /// Measured beside the lesson, from what its nodes counted.
    BesideLesson [],
    /// A node disappeared after so many answers.
    NodeDisappeared [answers],
    /// A node answered nothing.
    NodeSilent [],
    /// A node gave so many answers.
    NodeAnswers [answers],
    /// A node's program is of a version that does not count this.
    NodeDoesNotCount [],
    /// The other end of a call never came.
    OtherEndNeverCame [],
    /// Neither picture nor sound of the other end came.
    NothingOfOtherEnd [],
    /// So many pictures and sounds were not measured: the machine was busy.
    NotMeasuredBusy [count],
    /// Test signals went from machine to machine: no room took part.
    NoRoom [],
    /// A device of the room could not be opened: the room took no part.
    RoomNotOpened [problem],
    /// The other end has no camera to send from.
    OtherEndWithoutCamera [],
    /// The other end has no microphone to send from.
    OtherEndWithoutMicrophone [],
    /// In none of so many turns the sweeps were found.
    SweepsNotFound [turns],
    /// No turn of sweeps was heard to its end.
    NoTurnHeard [],
    /// Sweeps say different things.
    SweepsDiffer [sweeps],
    /// The test program's voice was compared turn by turn: the method, and the median similarity.
    SpeechCompared [similarity source],
    /// Of listening, and estimated from signals: no MOS of the E-model.
    NoEModelScore [],
    /// Too few turns of speech were compared, and others could not be.
    TurnsTooFew [compared needed others],
    /// No echo stands out of the noise.
    NoEchoFound [],
    /// No sound was stamped by a clock that is known.
    SoundUnstamped [],
    /// The delay is not known.
    DelayUnknown [],
    /// Pictures were the one before again.
    PicturesRepeated [pictures repeats],
    /// No picture's marker could be read.
    NoMarkerRead [],
    /// No received picture could be matched with the one sent.
    NoPictureMatched [],
    /// No flash was seen.
    NoFlashSeen [],
    /// No beep was heard.
    NoBeepHeard [],
    /// No flash and beep belong to each other.
    NoFlashWithBeep [],
    /// Opus in this mode has values from a rate on that is above the call's.
    OpusBelowTable [end_kbps kbps mode],
    /// Opus in this mode has values up to a rate that is below the call's.
    OpusAboveTable [end_kbps kbps mode],
    /// There is no value for Opus on this scale.
    NoOpusValue [],
    /// Sweeps of the test talker while the loudspeaker spoke, and while it was silent.
    TalkerSweeps [alone together],
    /// P.340's limits between types are from memory.
    DoubleTalkTypes [],
    /// Too few sweeps of the test talker while the loudspeaker spoke, or while it was silent.
    TalkerTooFew [alone together],
    /// The loudspeaker played no speech while the test talker talked.
    LoudspeakerPlayedNothing [],
    /// The test talker hardly stands out of the room's noise.
    TalkerInNoise [],
    /// The talker goes out weaker by so many dB at least; noise hides by how much.
    TalkerHidden [db],
    /// Of a delay read off a filmed screen: so many of the markers that were found; it is half a camera's period late
    /// in the mean, which is not taken off; ± holds the periods of camera and display.
    FilmedScreen [camera_ms display_ms found half_ms read],
    /// Of a delay there and back: from this end's picture to the other end's screen, filmed, and back to this end. Half
    /// of it is one way only if both directions take the same time.
    FilmedThereAndBack [],
    /// No camera is configured to film the screen with.
    NoCameraForScreen [],
    /// No display is configured for the camera to film.
    NoDisplayForCamera [],
    /// The camera gave no picture.
    NoPictureFilmed [],
    /// In none of the camera's pictures the other end's marker was seen.
    NoMarkerFilmed [pictures],
    /// In none of the pictures of the other end's camera this end's marker was seen.
    NoMarkerReturned [pictures],
    /// No picture of the other end's camera came.
    NoCameraOfOtherEnd [],
    /// Of so many markers that were filmed too few could be read.
    FewMarkersFilmed [found read],
}
