//! What a node knows at the end of a lesson, and the report of a demo lesson.
//!
//! Facts only: numbers that were measured. What could not be measured is `None` and says why in
//! `notes`; judging the numbers is somebody else's work.

use crate::id::{LessonId, ParticipantId, Role, TrackKind};
use serde::{Deserialize, Serialize};

/// A distribution of samples in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DistributionMs {
    /// Samples.
    pub n: u64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile; none: whoever measured did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<f64>,
    /// Largest.
    pub max: f64,
    /// Hard bound of the error from the clocks of two machines; none where one clock measured both ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_bound_ms: Option<f64>,
}

/// One stage of a picture's or a sound's way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name: `encode` and `send` at the sender; `arrival`, `buffer`, `decode` and `render` at the
    /// receiver. `arrival` is from the capture to the last packet's arrival: the sender's two stages
    /// are in it, and what they leave of it is the network's.
    pub stage: String,
    /// Its duration.
    pub ms: DistributionMs,
}

/// What a node sent on one track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SentTrack {
    /// Which track.
    pub track: TrackKind,
    /// Where it came from and how it was handled, e.g. `rtsp://…, H.264 passed through`.
    pub source: String,
    /// Pictures, or 20 ms sound frames, sent.
    pub frames: u64,
    /// RTP packets sent, repeats not counted.
    pub packets: u64,
    /// RTP packets sent again.
    pub retransmitted: u64,
    /// Pictures dropped before encoding, because the encoder was behind.
    pub dropped: u64,
    /// Stages on this side: capture to encoded, encoded to sent.
    pub stages: Vec<Stage>,
}

/// Whole seconds of sound that were played, by how much of them was invented (RFC 7294 §4.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConcealedSeconds {
    /// Nothing.
    pub unimpaired: u64,
    /// Something; the severely concealed ones are among these.
    pub concealed: u64,
    /// More than 5 %.
    pub severely_concealed: u64,
}

/// What a conversation over sound as it came is rated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpeechRating {
    /// By ITU-T G.107.2, from delay, codec and what was invented: a planning value, no subjective score.
    Fullband {
        /// The fullband R divided by 1.48: 0 to 100.
        of_hundred: f64,
        /// Whether the rate is above those that values of Opus are published for: then it is a pessimistic bound.
        bound: bool,
    },
    /// Not at all: the microphone is muted, unplugged or dead.
    Muted,
    /// Not at all, and why.
    Unrated(String),
}

/// What is known of received sound only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceivedSound {
    /// Seconds by how much of them was invented.
    pub seconds: ConcealedSeconds,
    /// Opus's mean rate while it was sent, bit/s; none: nothing came.
    pub bitrate_bps: Option<f64>,
    /// Of all that was heard in the lesson so far.
    pub rating: SpeechRating,
}

/// What a node received on one track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceivedTrack {
    /// From whom.
    pub from: ParticipantId,
    /// Which track.
    pub track: TrackKind,
    /// RTP packets received, repeats not counted.
    pub packets: u64,
    /// Packets missing when first expected, i.e. before repair.
    pub lost_before_repair: u64,
    /// Packets that never came in time.
    pub lost_after_repair: u64,
    /// Pictures decoded, or sound frames played.
    pub frames_decoded: u64,
    /// Freezes (W3C webrtc-stats rule); pictures only.
    pub freezes: u64,
    /// Their total length.
    pub freeze_ms: f64,
    /// Share of the sound that was invented, silence left out; sound only.
    pub concealed_ratio: Option<f64>,
    /// From the sender's capture stamp to the decoded picture or played sound.
    pub capture_to_render_ms: Option<DistributionMs>,
    /// Time markers read out of the decoded pictures: read and unreadable.
    pub markers_read: u64,
    /// Pictures whose marker could not be read.
    pub markers_unreadable: u64,
    /// Stages on this side: arrival, buffer, decode, render; they add up to `capture_to_render_ms`.
    pub stages: Vec<Stage>,
    /// Width and height of the last picture.
    pub resolution: Option<(u32, u32)>,
    /// Of sound; none: it is a picture, or whoever measured did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<ReceivedSound>,
}

/// Sound against picture from one participant; positive: sound is early.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AvSkew {
    /// From whom.
    pub from: ParticipantId,
    /// Median.
    pub p50_ms: f64,
    /// 95th percentile of the absolute value.
    pub p95_ms: f64,
    /// Samples.
    pub n: u64,
}

/// What one node measured in one lesson.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeFacts {
    /// The lesson.
    pub lesson: LessonId,
    /// Who measured.
    pub participant: ParticipantId,
    /// As what.
    pub role: Role,
    /// The link used last: `quic`, `webrtc-udp`, `webrtc-tcp`.
    pub transport: String,
    /// How long the node was in the lesson.
    pub seconds: f64,
    /// How often the link was lost and made again.
    pub reconnects: u64,
    /// Processor time used, in seconds.
    pub cpu_seconds: Option<f64>,
    /// From asking the relay to the first decoded picture.
    pub first_picture_ms: Option<f64>,
    /// What was sent.
    pub sent: Vec<SentTrack>,
    /// What was received.
    pub received: Vec<ReceivedTrack>,
    /// Sound against picture, per participant.
    pub av_skew: Vec<AvSkew>,
    /// What could not be measured, and why.
    pub notes: Vec<String>,
}

/// The pictures' part of a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoPath {
    /// Pictures sent.
    pub frames_sent: Option<u64>,
    /// Pictures decoded.
    pub frames_decoded: Option<u64>,
    /// Freezes.
    pub freezes: Option<u64>,
    /// Their total length.
    pub freeze_ms: Option<f64>,
    /// Capture to render.
    pub capture_to_render_ms: Option<DistributionMs>,
}

/// The sound's part of a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AudioPath {
    /// Packets sent.
    pub packets_sent: Option<u64>,
    /// Packets lost after repair.
    pub packets_lost: Option<u64>,
    /// Share of invented sound.
    pub concealed_ratio: Option<f64>,
    /// Mouth to ear.
    pub mouth_to_ear_ms: Option<DistributionMs>,
}

/// Median and 95th percentile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SkewMs {
    /// Median.
    pub p50: f64,
    /// 95th percentile of the absolute value.
    pub p95: f64,
}

/// One direction between two schools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathReport {
    /// Sender.
    pub from: ParticipantId,
    /// Receiver.
    pub to: ParticipantId,
    /// The receiver's link.
    pub transport: String,
    /// The camera's pictures.
    pub video: VideoPath,
    /// The microphone's sound.
    pub audio: AudioPath,
    /// Sound against picture.
    pub av_skew_ms: Option<SkewMs>,
}

/// What forwarding cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RelayReport {
    /// Processor time per forwarded packet.
    pub cpu_us_per_forwarded_packet: Option<f64>,
    /// Resident memory at the end.
    pub rss_bytes: Option<u64>,
    /// Packets forwarded.
    pub packets_forwarded: Option<u64>,
    /// Packets that should have been forwarded and were not.
    pub packets_dropped: Option<u64>,
}

/// One school in a lesson, as the registry counts it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SchoolAttendance {
    /// Its id at the registry.
    pub school: String,
    /// Whether it was the supporting one.
    pub supporting: bool,
    /// What the lesson is worth to it: `held`, `undecided`, …
    pub status: String,
    /// Why: the registry's code.
    pub reason: String,
    /// How long one of its rooms was there, by any witness.
    pub present_s: f64,
    /// How long sound and pictures provably flowed as the policy asks.
    pub proven_s: Option<f64>,
    /// Pupils in its rooms, as entered; none: not counted.
    pub pupils: Option<u32>,
    /// Teachers in its rooms.
    pub teachers: Option<u32>,
}

/// On what ground the registry decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceReport {
    /// The policy's name and version.
    pub policy: String,
    /// What kind of policy that is, in words.
    pub policy_note: String,
    /// How long sound and pictures had to flow.
    pub needed_s: Option<f64>,
    /// Facts of the lesson that machines signed and the registry keeps.
    pub facts: u64,
    /// Stretches of time of which the relay is the witness.
    pub seen_by_relay: u64,
    /// Stretches of time of which the rooms' own machines are the witnesses.
    pub seen_by_rooms: u64,
    /// Facts that count for nothing, because they do not fit.
    pub set_aside: u64,
}

/// What the registry knows of a lesson.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegistryReport {
    /// The lesson, as it stands in the timetable.
    pub lesson: LessonId,
    /// What it is worth: `held`, `partly_held`, `not_held`, `undecided`, …
    pub lesson_status: String,
    /// The schools that it counts for.
    pub credited_to: Vec<String>,
    /// Who was there.
    pub attendance: Vec<SchoolAttendance>,
    /// Why it is worth that.
    pub evidence: EvidenceReport,
}

/// The demo's report file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoReport {
    /// The lesson.
    pub lesson: LessonId,
    /// How long it ran.
    pub seconds: f64,
    /// Every direction between every pair.
    pub paths: Vec<PathReport>,
    /// The relay.
    pub relay: RelayReport,
    /// What the registry knows of the lesson; none: it was not asked, `notes` say why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<RegistryReport>,
    /// Whether the lesson took place: every path had picture and sound, and the registry credits it to every
    /// school.
    pub ok: bool,
    /// What could not be measured, and why; what went wrong.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_of_nodes_that_count_less_can_be_read_and_say_no_more_than_they_did() {
        let distribution = r#"{"n":3,"p50":1.5,"p95":2.0,"max":2.5}"#;
        let track = format!(
            r#"{{"from":"a","track":"microphone","packets":9,"lost_before_repair":0,"lost_after_repair":0,
            "frames_decoded":9,"freezes":0,"freeze_ms":0.0,"concealed_ratio":0.0,"capture_to_render_ms":{distribution},
            "markers_read":0,"markers_unreadable":0,"stages":[],"resolution":null}}"#
        );
        let track: ReceivedTrack = serde_json::from_str(&track).unwrap();
        assert_eq!((track.sound.as_ref(), track.capture_to_render_ms.unwrap().p99), (None, None));
        let again = serde_json::to_string(&track).unwrap();
        assert!(!again.contains("p99") && !again.contains("sound"), "{again}");
    }
}
