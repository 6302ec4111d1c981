//! A second lesson on the same core, which must not notice what happens in the first.

use super::{H264, Lesson, OPUS, frame, sound};
use tongke_protocol::{MediaKind, Role, TrackKind};
use tongke_transport::quic::LegEvent;

/// Two schools over QUIC, and a browser that watches one and publishes to the other: a well-behaved lesson.
pub struct Witness {
    sender: usize,
    school: usize,
    publisher: usize,
    watcher: usize,
    beats: u32,
}

/// Packets of a picture of the witness.
const PICTURE: usize = 4;

impl Witness {
    /// Joins lesson "art". Afterwards whoever joins goes to the first lesson again.
    pub fn join(lesson: &mut Lesson) -> Self {
        let before = std::mem::replace(&mut lesson.id, "art".parse().unwrap());
        let witness = Self {
            sender: lesson.join("teacher", Role::Supporting),
            school: lesson.join("class", Role::Receiving),
            publisher: lesson.publish("page", Role::Receiving),
            watcher: lesson.watch("page", Role::Receiving, 1, 1),
            beats: 0,
        };
        lesson.id = before;
        witness
    }

    /// A picture and 20 ms of sound from each side. All of it must be there at this very moment, in order,
    /// and without having been asked for again.
    pub fn beat(&mut self, lesson: &mut Lesson) {
        let number = self.beats;
        self.beats += 1;
        for client in [self.publisher, self.watcher] {
            if number % 30 == 29 {
                lesson.browsers[client].check();
            }
        }
        for packet in frame(number, number == 0, PICTURE) {
            lesson.browsers[self.publisher].send(11, H264, packet);
        }
        lesson.browsers[self.publisher].send(13, OPUS, sound(number));
        lesson.send(self.sender, TrackKind::Camera, frame(number, number == 0, PICTURE));
        lesson.send(self.sender, TrackKind::Microphone, vec![sound(number)]);
        self.check_school(lesson);
        self.check_browser(lesson);
    }

    /// A beat each 20 ms.
    pub fn pass(&mut self, lesson: &mut Lesson, ms: u64) {
        for _ in 0..ms / 20 {
            self.beat(lesson);
            lesson.pass(20);
        }
    }

    /// The sender and the browser are both in the class's slots.
    fn check_school(&self, lesson: &mut Lesson) {
        let school = &mut lesson.schools[self.school];
        let repaired = |event: &LegEvent| matches!(event, LegEvent::Rtp { recovered: true, .. });
        assert!(!school.seen.iter().any(repaired), "nothing was lost");
        for (media, each) in [(MediaKind::Video, PICTURE), (MediaKind::Audio, 1)] {
            let first = school.first_slot(media);
            for slot in [first, first + 1] {
                let got = school.packets(slot);
                assert_eq!(got.len(), each, "beat {} in slot {slot}", self.beats);
                for (at, (_, packet)) in got.iter().enumerate() {
                    self.check_payload(&packet.payload, at, media);
                }
            }
        }
        school.seen.clear();
    }

    fn check_browser(&self, lesson: &mut Lesson) {
        let browser = &mut lesson.browsers[self.watcher];
        let sources = browser.sources();
        let video = browser.packets_of(sources[0]);
        assert_eq!(video.len(), PICTURE, "beat {} in the browser", self.beats);
        video.iter().enumerate().for_each(|(at, it)| self.check_payload(&it.payload, at, MediaKind::Video));
        let audio: Vec<_> = browser.received.iter().filter(|it| it.header.payload_type == OPUS).collect();
        assert_eq!(audio.len(), 1, "beat {} in the browser", self.beats);
        self.check_payload(&audio[0].payload, 0, MediaKind::Audio);
        assert_eq!(browser.received.len(), PICTURE + 1, "nothing else");
        browser.received.clear();
        browser.rtcp.clear();
    }

    fn check_payload(&self, payload: &[u8], at: usize, media: MediaKind) {
        let number = self.beats - 1;
        match media {
            MediaKind::Video => {
                assert_eq!((&payload[2..6], payload[6]), (&number.to_be_bytes()[..], at as u8));
            }
            MediaKind::Audio => assert_eq!(payload[1..5], number.to_be_bytes()),
        }
    }
}
