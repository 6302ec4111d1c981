//! From what the nodes and the relay measured to the demo's report.

use super::registry;
use std::collections::HashSet;
use tongke_protocol::facts::{
    AudioPath, DemoReport, NodeFacts, PathReport, ReceivedTrack, RegistryReport, RelayReport, SentTrack,
    SkewMs, VideoPath,
};
use tongke_protocol::{LessonId, ParticipantId, TrackKind};

/// A path carries pictures, or sound, if at least this share of what was sent arrived: less is no
/// lesson. How good the lesson was is for the numbers to say.
const LEAST_SHARE: f64 = 0.5;

/// One school of the demo and what its node measured.
#[derive(Debug, Clone)]
pub struct School {
    /// Its name in the lesson.
    pub id: ParticipantId,
    /// What its node wrote at the end, or why there is nothing.
    pub facts: Result<NodeFacts, String>,
}

impl School {
    /// Whether more came than the first pictures of somebody.
    pub fn has_seen_somebody(&self) -> bool {
        const FIRST_PICTURES: u64 = 30;
        let facts = self.facts.iter();
        facts.flat_map(|facts| &facts.received).any(|track| track.frames_decoded > FIRST_PICTURES)
    }

    fn sent(&self, track: TrackKind) -> Option<&SentTrack> {
        self.facts.as_ref().ok()?.sent.iter().find(|sent| sent.track == track)
    }

    fn received(&self, from: &ParticipantId, track: TrackKind) -> Option<&ReceivedTrack> {
        let facts = self.facts.as_ref().ok()?;
        facts.received.iter().find(|received| received.from == *from && received.track == track)
    }
}

/// Puts the report together. `notes` are what went wrong while it ran.
pub fn assemble(
    lesson: LessonId,
    seconds: f64,
    schools: &[School],
    relay: RelayReport,
    mut notes: Vec<String>,
) -> DemoReport {
    let happened = notes.len();
    let mut failures = Vec::new();
    let mut paths = Vec::new();
    for (from, to) in directions(schools) {
        failures.extend(failures_of(from, to));
        paths.push(path(from, to));
    }
    for school in schools {
        match &school.facts {
            Ok(facts) => notes.extend(facts.notes.iter().map(|note| format!("{}: {note}", school.id))),
            Err(why) => notes.push(format!("{}: nothing was measured: {why}", school.id)),
        }
    }
    notes.extend(open_fields(&relay));
    let ok = failures.is_empty();
    // What happened before what followed from it, and nothing twice.
    notes.splice(happened..happened, failures);
    let mut seen = HashSet::new();
    notes.retain(|note| seen.insert(note.clone()));
    DemoReport { lesson, seconds, paths, relay, registry: None, ok, notes }
}

/// The report with the registry's record of the lesson, or why there is none.
pub fn with_record(mut report: DemoReport, record: Result<RegistryReport, String>) -> DemoReport {
    let failures = match &record {
        Ok(record) => registry::failures_of(record),
        Err(why) => vec![format!("registry: {why}")],
    };
    report.ok &= failures.is_empty();
    report.registry = record.ok();
    report.notes.splice(0..0, failures);
    report
}

/// Every direction, both of a pair next to each other.
fn directions(schools: &[School]) -> impl Iterator<Item = (&School, &School)> {
    schools
        .iter()
        .enumerate()
        .flat_map(move |(i, one)| schools[i + 1..].iter().flat_map(move |other| [(one, other), (other, one)]))
}

fn path(from: &School, to: &School) -> PathReport {
    let (camera, microphone) = (TrackKind::Camera, TrackKind::Microphone);
    let (video, audio) = (to.received(&from.id, camera), to.received(&from.id, microphone));
    let facts = to.facts.as_ref().ok();
    PathReport {
        from: from.id.clone(),
        to: to.id.clone(),
        transport: facts.map_or_else(|| "unknown".to_owned(), |facts| facts.transport.clone()),
        video: VideoPath {
            frames_sent: from.sent(camera).map(|sent| sent.frames),
            frames_decoded: video.map(|track| track.frames_decoded),
            freezes: video.map(|track| track.freezes),
            freeze_ms: video.map(|track| track.freeze_ms),
            capture_to_render_ms: video.and_then(|track| track.capture_to_render_ms),
        },
        audio: AudioPath {
            packets_sent: from.sent(microphone).map(|sent| sent.packets),
            packets_lost: audio.map(|track| track.lost_after_repair),
            concealed_ratio: audio.and_then(|track| track.concealed_ratio),
            mouth_to_ear_ms: audio.and_then(|track| track.capture_to_render_ms),
        },
        av_skew_ms: facts
            .and_then(|facts| facts.av_skew.iter().find(|skew| skew.from == from.id))
            .map(|skew| SkewMs { p50: skew.p50_ms, p95: skew.p95_ms }),
    }
}

/// What is missing on a path, in words; nothing: the path is fine.
fn failures_of(from: &School, to: &School) -> Vec<String> {
    let mut failures = Vec::new();
    let expected = [
        (TrackKind::Camera, "pictures", true),
        (TrackKind::Microphone, "sound", true),
        // Receiving schools show no courseware.
        (TrackKind::Screen, "courseware", from.sent(TrackKind::Screen).is_some()),
    ];
    for (track, word, is_expected) in expected {
        if !is_expected {
            continue;
        }
        let sent = from.sent(track).map_or(0, |sent| sent.frames);
        let shown = to.received(&from.id, track).map_or(0, |track| track.frames_decoded);
        if sent == 0 {
            failures.push(format!("{} sent no {word}", from.id));
        } else if (shown as f64) < sent as f64 * LEAST_SHARE {
            failures.push(format!("{word} from {} did not reach {}: {shown} of {sent} came", from.id, to.id));
        }
    }
    failures
}

fn open_fields(relay: &RelayReport) -> Vec<String> {
    let open = [
        ("processor time per packet", relay.cpu_us_per_forwarded_packet.is_none()),
        ("memory", relay.rss_bytes.is_none()),
        ("packets forwarded", relay.packets_forwarded.is_none()),
        ("packets dropped", relay.packets_dropped.is_none()),
    ];
    let open: Vec<&str> = open.iter().filter(|(_, is_open)| *is_open).map(|(what, _)| *what).collect();
    if open.is_empty() {
        vec![]
    } else {
        vec![format!("relay: its metrics did not tell {}", open.join(", "))]
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use tongke_protocol::Role;
    use tongke_protocol::facts::{AvSkew, DistributionMs, Stage};

    const SCHOOLS: [&str; 3] = ["teacher-school", "hill-school", "island-school"];

    pub(in crate::demo) fn school(name: &str) -> School {
        let delay =
            DistributionMs { n: 598, p50: 41.25, p95: 58.0, p99: None, max: 77.0, clock_bound_ms: Some(0.1) };
        let sent = |track, frames| SentTrack {
            track,
            source: "test".into(),
            frames,
            packets: frames,
            retransmitted: 0,
            dropped: 0,
            stages: vec![Stage { stage: "encode".into(), ms: delay }],
        };
        let received = |from: &str, track, frames_decoded| ReceivedTrack {
            from: from.parse().unwrap(),
            track,
            packets: frames_decoded,
            lost_before_repair: 0,
            lost_after_repair: 0,
            frames_decoded,
            freezes: 0,
            freeze_ms: 0.0,
            concealed_ratio: Some(0.0),
            capture_to_render_ms: Some(delay),
            markers_read: 0,
            markers_unreadable: 0,
            stages: vec![Stage { stage: "decode".into(), ms: delay }],
            resolution: Some((1280, 720)),
            sound: None,
        };
        let others = || SCHOOLS.iter().filter(|other| **other != name);
        let facts = NodeFacts {
            lesson: "demo".parse().unwrap(),
            participant: name.parse().unwrap(),
            role: Role::Receiving,
            transport: "quic".into(),
            seconds: 20.0,
            reconnects: 0,
            cpu_seconds: Some(4.0),
            first_picture_ms: Some(80.0),
            sent: vec![sent(TrackKind::Camera, 600), sent(TrackKind::Microphone, 1000)],
            received: others()
                .flat_map(|from| {
                    [received(from, TrackKind::Camera, 598), received(from, TrackKind::Microphone, 999)]
                })
                .collect(),
            av_skew: others()
                .map(|from| AvSkew { from: from.parse().unwrap(), p50_ms: -3.0, p95_ms: 9.0, n: 10 })
                .collect(),
            notes: vec![],
        };
        School { id: name.parse().unwrap(), facts: Ok(facts) }
    }

    pub(in crate::demo) fn lesson(change: impl FnOnce(&mut Vec<School>)) -> DemoReport {
        let mut schools = SCHOOLS.map(school).to_vec();
        change(&mut schools);
        let relay = RelayReport {
            cpu_us_per_forwarded_packet: Some(21.5),
            rss_bytes: Some(12_000_000),
            packets_forwarded: Some(90_000),
            packets_dropped: Some(0),
        };
        assemble("demo".parse().unwrap(), 20.0, &schools, relay, vec![])
    }

    #[test]
    fn a_lesson_of_three_schools_has_six_paths_and_is_ok() {
        let report = lesson(|_| {});
        assert_eq!(report.paths.len(), 6);
        assert!(report.ok, "{:?}", report.notes);
        assert_eq!(report.paths[0].video.frames_sent, Some(600));
        assert_eq!(report.paths[0].av_skew_ms, Some(SkewMs { p50: -3.0, p95: 9.0 }));
    }

    #[test]
    fn a_path_without_sound_fails_the_lesson_and_names_the_path() {
        let report = lesson(|schools| {
            let facts = schools[1].facts.as_mut().unwrap();
            facts.received.retain(|track| {
                track.track != TrackKind::Microphone || track.from.as_str() != "teacher-school"
            });
        });
        assert!(!report.ok);
        assert_eq!(report.notes, ["sound from teacher-school did not reach hill-school: 0 of 1000 came"]);
        assert_eq!(report.paths[0].audio.packets_lost, None, "what was not measured is not zero");
    }

    #[test]
    fn courseware_that_did_not_arrive_fails_the_lesson() {
        let report = lesson(|schools| {
            let facts = schools[0].facts.as_mut().unwrap();
            let screen = SentTrack { track: TrackKind::Screen, ..facts.sent[0].clone() };
            facts.sent.push(screen);
        });
        assert!(!report.ok);
        assert!(report.notes[0].starts_with("courseware from teacher-school did not reach hill-school"));
    }

    #[test]
    fn a_school_without_facts_leaves_its_numbers_open_and_fails_the_lesson() {
        let report = lesson(|schools| schools[2].facts = Err("it was killed".into()));
        assert!(!report.ok);
        assert!(report.notes.contains(&"island-school: nothing was measured: it was killed".to_owned()));
        let open = report.paths.iter().find(|path| path.to.as_str() == "island-school").unwrap();
        assert_eq!((open.video.frames_decoded, open.video.frames_sent), (None, Some(600)));
    }

    #[test]
    fn a_lesson_that_the_registry_does_not_credit_fails_and_says_so_first() {
        let report = with_record(lesson(|_| {}), Ok(registry::held()));
        assert!(report.ok && report.registry.is_some(), "{:?}", report.notes);
        let report = with_record(lesson(|_| {}), Err("it does not answer".into()));
        assert!(!report.ok && report.registry.is_none());
        assert_eq!(report.notes[0], "registry: it does not answer");
    }

    #[test]
    fn the_json_has_the_shape_that_was_agreed() {
        let json = serde_json::to_value(with_record(lesson(|_| {}), Ok(registry::held()))).unwrap();
        let keys = |value: &serde_json::Value| {
            let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
            keys.sort();
            keys.join(" ")
        };
        assert_eq!(keys(&json), "lesson notes ok paths registry relay seconds");
        assert_eq!(keys(&json["registry"]), "attendance credited_to evidence lesson lesson_status");
        let path = &json["paths"][0];
        assert_eq!(keys(path), "audio av_skew_ms from to transport video");
        assert_eq!(keys(&path["video"]), "capture_to_render_ms frames_decoded frames_sent freeze_ms freezes");
        assert_eq!(keys(&path["video"]["capture_to_render_ms"]), "clock_bound_ms max n p50 p95");
        assert_eq!(keys(&path["audio"]), "concealed_ratio mouth_to_ear_ms packets_lost packets_sent");
        assert_eq!(keys(&path["av_skew_ms"]), "p50 p95");
        assert_eq!(
            keys(&json["relay"]),
            "cpu_us_per_forwarded_packet packets_dropped packets_forwarded rss_bytes"
        );
    }
}
