//! What is said beside a number, or in place of one: by a code with what belongs into its sentence, so that a report says
//! it in its reader's language.

use super::FactsError;
use super::check::{MAX_TEXT, at_most, wrong};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Something that is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Remark {
    /// Words as they came: a device's, an operating system's, an inspector's. Nobody translates them.
    Words(String),
    /// What there is a sentence for in every language.
    Coded(Coded),
}

/// A sentence by its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coded {
    /// Which.
    pub code: RemarkCode,
    /// What belongs into it: exactly [`RemarkCode::arguments`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// The node that it is said of, where that does not follow from where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

impl Remark {
    /// A sentence without anything in it yet.
    pub fn of(code: RemarkCode) -> Remark {
        Remark::Coded(Coded { code, with: BTreeMap::new(), node: None })
    }

    /// With one more argument; words take none.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Remark {
        if let Remark::Coded(coded) = &mut self {
            let value: String = value.to_string().chars().take(MAX_TEXT).collect();
            coded.with.insert(name.to_owned(), value);
        }
        self
    }

    /// As said of that node.
    #[must_use]
    pub fn of_node(self, node: impl fmt::Display) -> Remark {
        let coded = match self {
            Remark::Coded(coded) => coded,
            Remark::Words(words) => {
                let with = BTreeMap::from([("words".to_owned(), words)]);
                Coded { code: RemarkCode::NodeSays, with, node: None }
            }
        };
        Remark::Coded(Coded { node: Some(node.to_string()), ..coded })
    }

    /// Its code; none: words.
    pub fn code(&self) -> Option<RemarkCode> {
        match self {
            Remark::Words(_) => None,
            Remark::Coded(coded) => Some(coded.code),
        }
    }

    /// Refuses what no sentence can be made of; `part` is where it stands.
    pub(crate) fn check(&self, part: &str) -> Result<(), FactsError> {
        let coded = match self {
            Remark::Words(words) => return at_most(part, words, MAX_TEXT),
            Remark::Coded(coded) => coded,
        };
        if !coded.with.keys().map(String::as_str).eq(coded.code.arguments().iter().copied()) {
            let needed = coded.code.arguments().join(", ");
            return Err(wrong(part, format!("the remark {:?} needs exactly: {needed}", coded.code)));
        }
        coded.with.values().chain(&coded.node).try_for_each(|text| at_most(part, text, MAX_TEXT))
    }
}

impl From<String> for Remark {
    fn from(words: String) -> Self {
        Remark::Words(words)
    }
}

impl From<&str> for Remark {
    fn from(words: &str) -> Self {
        Remark::Words(words.to_owned())
    }
}

impl From<RemarkCode> for Remark {
    fn from(code: RemarkCode) -> Self {
        Remark::of(code)
    }
}

impl fmt::Display for Remark {
    /// For logs: words as they are, or the code and what belongs to it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let coded = match self {
            Remark::Words(words) => return f.write_str(words),
            Remark::Coded(coded) => coded,
        };
        write!(f, "{:?}", coded.code)?;
        coded.with.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_as_they_are_and_codes_with_their_arguments() {
        let json = |remark: &Remark| serde_json::to_string(remark).unwrap();
        assert_eq!(json(&"停电一次".into()), "\"停电一次\"");
        let told = Remark::of(RemarkCode::NoWord).with("seconds", 15).of_node("hill");
        assert_eq!(json(&told), r#"{"code":"no_word","with":{"seconds":"15"},"node":"hill"}"#);
        for remark in [told, Remark::of(RemarkCode::NoRoom), "x".into(), Remark::from("x").of_node("hill")] {
            assert_eq!(serde_json::from_str::<Remark>(&json(&remark)).unwrap(), remark);
            remark.check("notes").unwrap();
        }
    }

    #[test]
    fn a_remark_that_lacks_an_argument_or_has_one_too_many_is_refused() {
        let lacking = Remark::of(RemarkCode::ChirpsTwice).with("first_ms", 3);
        let more = lacking.clone().with("second_ms", 9).with("third_ms", 12);
        for remark in [lacking, more] {
            let problem = remark.check("device.loudspeaker_path").unwrap_err().to_string();
            assert!(problem.contains("first_ms, second_ms"), "{problem}");
        }
        assert!(Remark::from("長".repeat(MAX_TEXT + 1)).check("notes").is_err());
    }

    #[test]
    fn arguments_stand_in_the_order_in_which_they_are_written() {
        for code in RemarkCode::ALL {
            assert!(code.arguments().is_sorted(), "{code:?}");
        }
    }
}
