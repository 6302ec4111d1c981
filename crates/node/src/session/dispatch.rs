//! Dispatches: what an inspector asks of this node. What it measured in the lesson it says itself; everything else is
//! for whoever runs it.

use super::Session;
use std::time::Instant;
use tongke_protocol::dispatch::Dispatch;
use tongke_protocol::facts::NodeFacts;
use tongke_protocol::inspect::{Answer, Ask, Refused, RefusedCode, Reply, Task};
use tongke_protocol::{LessonId, ParticipantId, Role};

/// Answers on their way at a time. What is asked beyond is not answered: whoever asks asks again.
const MAX_ANSWERS: usize = 4;

impl Session {
    /// Answers a dispatch, or hands it on. The relay brings a classroom and an observer those of inspectors only.
    pub(super) fn on_dispatch(&mut self, from: ParticipantId, body: String) {
        // An end of a measured call: whoever makes it stands by in the lesson and hears the same.
        if self.instruments.is_some() {
            return;
        }
        if self.config.grant.role == Role::Inspector {
            return self.hand_on(from, body);
        }
        match Ask::parse(&body) {
            Ok(Ask { id, what: Task::Facts }) => {
                let facts = self.facts(Instant::now(), false);
                self.answer(from, facts_reply(id, facts));
            }
            Ok(Ask { id, what }) if self.dispatches.is_none() => {
                let says = refusal(&self.config.lesson, &what).map(Answer::Refused);
                self.answer(from, says.and_then(|says| Reply { id, says }.to_body().ok()));
            }
            _ => self.hand_on(from, body),
        }
    }

    fn hand_on(&self, from: ParticipantId, body: String) {
        let Some(dispatches) = &self.dispatches else { return };
        if dispatches.try_send((from, body)).is_err() {
            tracing::debug!("a dispatch was dropped: nobody takes it");
        }
    }

    fn answer(&mut self, to: ParticipantId, body: Option<String>) {
        while self.answers.try_join_next().is_some() {}
        let Some(body) = body.filter(|_| self.answers.len() < MAX_ANSWERS) else { return };
        let http = self.http.clone();
        self.answers.spawn(async move {
            if let Err(error) = http.dispatch(&to, body).await {
                tracing::debug!(%error, %to, "an answer was not taken");
            }
        });
    }
}

/// Why a lesson's node does not do what it is asked. None: nothing is to be said. In a test the node that stands by
/// answers under the same name, and this is its call.
fn refusal(lesson: &LessonId, task: &Task) -> Option<Refused> {
    let message = "this is a lesson: its nodes tell their facts, and do nothing that would load their lines";
    let is_refused = task.loads() && !lesson.is_test();
    is_refused.then(|| Refused { code: RefusedCode::LessonLive, message: message.to_owned() })
}

/// Facts as they fit into a dispatch: stages of tracks are left out first, then the tracks of which least came. The
/// notes say so. None: even without them they do not fit.
fn facts_reply(id: u32, mut facts: NodeFacts) -> Option<String> {
    if let Some(body) = fitting(id, &facts) {
        return Some(body);
    }
    facts.notes.push("too long for a dispatch: the stages of all tracks are left out".into());
    facts.sent.iter_mut().for_each(|track| track.stages.clear());
    facts.received.iter_mut().for_each(|track| track.stages.clear());
    let tracks = facts.received.len();
    facts.received.sort_by_key(|track| std::cmp::Reverse(track.packets));
    loop {
        let left_out = tracks - facts.received.len();
        let mut told = facts.clone();
        if left_out > 0 {
            told.notes.push(format!(
                "too long for a dispatch: of {tracks} received tracks the {left_out} with the fewest packets are \
                 left out"
            ));
        }
        match fitting(id, &told) {
            None if facts.received.is_empty() => return None,
            None => facts.received.truncate(facts.received.len() / 2),
            fits => return fits,
        }
    }
}

/// The body, if it fits into a dispatch.
fn fitting(id: u32, facts: &NodeFacts) -> Option<String> {
    let body = Reply { id, says: Answer::Facts(Box::new(facts.clone())) }.to_body().ok()?;
    let dispatch = Dispatch { to: facts.participant.clone(), body };
    dispatch.check_length().is_ok().then_some(dispatch.body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tongke_protocol::TrackKind;
    use tongke_protocol::facts::{
        ConcealedSeconds, DistributionMs, ReceivedSound, ReceivedTrack, SpeechRating, Stage,
    };

    fn facts(tracks: u64) -> NodeFacts {
        let ms = DistributionMs {
            n: 90_000,
            p50: 33.333,
            p95: 66.667,
            p99: Some(99.125),
            max: 1234.567,
            clock_bound_ms: Some(0.125),
        };
        let stages = ["arrival", "buffer", "decode", "render"].map(|stage| Stage { stage: stage.into(), ms });
        let sound = ReceivedSound {
            seconds: ConcealedSeconds { unimpaired: 1_750, concealed: 50, severely_concealed: 3 },
            bitrate_bps: Some(31_812.5),
            rating: SpeechRating::Fullband { of_hundred: 87.875, bound: false },
        };
        let track = |number: u64| ReceivedTrack {
            from: format!("school-{number}").parse().unwrap(),
            track: TrackKind::Camera,
            packets: 1_000 * number,
            lost_before_repair: 12,
            lost_after_repair: 1,
            frames_decoded: 54_000,
            freezes: 2,
            freeze_ms: 812.5,
            concealed_ratio: None,
            capture_to_render_ms: Some(ms),
            markers_read: 0,
            markers_unreadable: 0,
            stages: stages.to_vec(),
            resolution: Some((1280, 720)),
            sound: Some(sound.clone()),
        };
        NodeFacts {
            lesson: "math".parse().unwrap(),
            participant: "oak".parse().unwrap(),
            role: Role::Supporting,
            transport: "quic".into(),
            seconds: 1800.0,
            reconnects: 0,
            cpu_seconds: Some(312.5),
            first_picture_ms: Some(311.0),
            sent: Vec::new(),
            received: (1..=tracks).map(track).collect(),
            av_skew: Vec::new(),
            notes: vec!["a note".into()],
        }
    }

    fn told(tracks: u64) -> NodeFacts {
        let body = facts_reply(3, facts(tracks)).unwrap();
        let dispatch = Dispatch { to: "inspector".parse().unwrap(), body };
        assert!(dispatch.check_length().is_ok());
        let Reply { id: 3, says: Answer::Facts(told) } = Reply::parse(&dispatch.body).unwrap() else {
            panic!("{}", dispatch.body)
        };
        *told
    }

    #[test]
    fn a_lessons_node_refuses_what_would_load_its_line_and_a_tests_leaves_the_word_to_the_node_that_stands_by()
     {
        let refused =
            |lesson: &str, task| refusal(&lesson.parse().unwrap(), &task).map(|refused| refused.code);
        assert_eq!(refused("math", Task::Devices), Some(RefusedCode::LessonLive));
        assert_eq!(refused("math", Task::Stop), None);
        assert_eq!(refused("test-1", Task::Devices), None);
    }

    #[test]
    fn facts_that_fit_are_told_whole() {
        assert_eq!(told(8), facts(8));
    }

    #[test]
    fn of_facts_that_are_too_long_the_notes_say_what_is_left_out() {
        let without_stages = told(80);
        assert_eq!(without_stages.received.len(), 80);
        assert!(without_stages.received.iter().all(|track| track.stages.is_empty()));
        assert_eq!(without_stages.notes.len(), 2, "{:?}", without_stages.notes);
        let without_tracks = told(300);
        let kept = without_tracks.received.len();
        assert!((50..300).contains(&kept), "{kept}");
        assert_eq!(without_tracks.received[0].packets, 300_000, "what came most is told");
        let note = format!("of 300 received tracks the {} with the fewest packets", 300 - kept);
        assert!(without_tracks.notes[2].contains(&note), "{:?}", without_tracks.notes);
    }
}
