//! A worker that ends by itself under a lesson that is on several: what comes back, and for whom.

use crate::spread::{CAMERA, join, next_picture, send_picture};
use crate::support::*;
use crate::witness::Witness;
use reqwest::Method;
use std::collections::BTreeSet;
use tongke_protocol::Role;
use tongke_protocol::conduct::{LessonState, Pass};
use tongke_protocol::event::LessonEvent;
use tongke_relay::{Relay, RelayConfig};

const WORKERS: u16 = 3;
/// Sessions that receive at the home; then observers are sent to others, so many to each.
const SPREAD_AFTER: usize = 2;
const OBSERVERS: usize = 4;

/// Somebody in the lesson who receives.
struct Seat {
    name: String,
    role: Role,
    node: Node,
    worker: usize,
    /// Nothing has come yet: the last picture may come once more first.
    is_new: bool,
}

impl Seat {
    /// Comes, or comes back, to the worker that the links name.
    async fn take(relay: &Relay, name: &str, role: Role) -> Self {
        let (node, port) = join(relay, name, role, vec![]).await;
        Self { name: name.to_owned(), role, node, worker: worker_at(relay, port), is_new: true }
    }

    async fn sees(&mut self, picture: u32) {
        let mut seen = next_picture(&self.node).await;
        if std::mem::take(&mut self.is_new) && seen + 1 == picture {
            seen = next_picture(&self.node).await;
        }
        assert_eq!(seen, picture, "{}", self.name);
    }
}

/// A teacher who films, a class that has the floor, and observers, on all three workers.
struct Lesson {
    teacher: Node,
    home: usize,
    seats: Vec<Seat>,
    pictures: u32,
}

impl Lesson {
    async fn begin(relay: &Relay) -> Self {
        let (teacher, port) = join(relay, "teacher", Role::Supporting, vec![CAMERA]).await;
        let mut seats = vec![Seat::take(relay, "class", Role::Receiving).await];
        for number in 0..OBSERVERS {
            seats.push(Seat::take(relay, &format!("observer-{number}"), Role::Observer).await);
        }
        let workers: BTreeSet<_> = seats.iter().map(|seat| seat.worker).collect();
        assert_eq!(workers.len(), usize::from(WORKERS));
        let mut lesson = Self { teacher, home: worker_at(relay, port), seats, pictures: 0 };
        lesson.act(relay, serde_json::json!({"action": "floor", "to": "class"})).await;
        lesson.act(relay, serde_json::json!({"action": "lock", "locked": true})).await;
        lesson.film(20).await;
        lesson
    }

    async fn act(&self, relay: &Relay, action: serde_json::Value) {
        let teacher = Http::new(relay, token("math", "teacher", Role::Supporting));
        let request = teacher.request(Method::POST, "/lessons/math/actions").json(&action);
        assert!(request.send().await.unwrap().status().is_success(), "{action}");
    }

    /// Pictures, each of which everybody must have before the next is sent, and no other.
    async fn film(&mut self, pictures: u32) {
        for _ in 0..pictures {
            send_picture(&self.teacher, self.pictures);
            for seat in &mut self.seats {
                seat.sees(self.pictures).await;
            }
            self.pictures += 1;
        }
    }

    /// Takes those out who sit at a worker.
    fn take_from(&mut self, worker: usize) -> Vec<Seat> {
        self.seats.extract_if(.., |seat| seat.worker == worker).collect()
    }

    async fn come_back(&mut self, relay: &Relay, seats: Vec<Seat>) {
        for Seat { name, role, .. } in seats {
            self.seats.push(Seat::take(relay, &name, role).await);
        }
    }

    fn branches(&self) -> BTreeSet<usize> {
        self.seats.iter().map(|seat| seat.worker).filter(|worker| *worker != self.home).collect()
    }

    /// Everybody goes, and nothing of the lesson is left on any worker.
    async fn end(self, relay: &Relay, witnesses: usize) {
        let http = Http::new(relay, String::new());
        let others = 2 * witnesses;
        let settles = async |name: &str, value: usize| {
            http.metric_reaches(name, value as f64).await;
            http.metric_falls(name, value as f64).await;
        };
        settles("tongke_lesson_participants", self.seats.len() + 1 + others).await;
        settles("tongke_branches", self.branches().len()).await;
        settles("tongke_quic_sessions", self.seats.len() + 1 + others).await;
        settles("tongke_worker_restarts_total", 1).await;
        drop(self);
        settles("tongke_branches", 0).await;
        settles("tongke_lessons", witnesses).await;
        settles("tongke_lesson_participants", others).await;
        settles("tongke_quic_sessions", others).await;
    }
}

fn three_workers(data: &Data) -> Relay {
    let data = Some(data.path().to_owned());
    let spread = RelayConfig { workers: WORKERS, spread_after: SPREAD_AFTER, data, ..config() };
    Relay::start(&spread).unwrap()
}

fn worker_at(relay: &Relay, port: u16) -> usize {
    relay.quic_addrs().iter().position(|address| address.port() == port).unwrap()
}

async fn state(relay: &Relay) -> LessonState {
    let teacher = Http::new(relay, token("math", "teacher", Role::Supporting));
    teacher.get::<Pass>("/lessons/math/self").await.state
}

/// Breaks a worker at which somebody listens, and waits until it is known to be broken.
async fn break_worker(relay: &Relay, worker: usize, listener: (&str, Role)) {
    let http = Http::new(relay, token("math", listener.0, listener.1));
    let mut events = EventStream::open(&http, "math").await;
    relay.break_worker(worker).await;
    while events.next().await.is_some() {}
}

#[tokio::test]
async fn a_lesson_whose_home_ends_begins_again_elsewhere_with_everybody_who_was_at_its_branches() {
    let data = Data::new();
    let relay = three_workers(&data);
    let mut lesson = Lesson::begin(&relay).await;
    let (broken, before) = (lesson.home, state(&relay).await);
    let mut witnesses = Witness::join_all_but(&relay, broken).await;
    let [first, second] = &mut witnesses[..] else { panic!("two workers live") };
    let falls = async {
        break_worker(&relay, broken, ("teacher", Role::Supporting)).await;
        let cut_off = lesson.take_from(broken);
        let mut let_go = std::mem::take(&mut lesson.seats);
        for Seat { node, .. } in &mut let_go {
            node.event(|event| matches!(event, LessonEvent::Ending { reconnect: true, .. })).await;
            let reason = within("the end of the connection", node.connection.closed()).await.to_string();
            assert!(reason.contains("a part of the relay is being restarted"), "{reason}");
        }
        let (teacher, port) = join(&relay, "teacher", Role::Supporting, vec![CAMERA]).await;
        (lesson.teacher, lesson.home) = (teacher, worker_at(&relay, port));
        assert_ne!(lesson.home, broken);
        assert_eq!(state(&relay).await, before, "the class has the floor, and the door is locked");
        lesson.come_back(&relay, cut_off).await;
        lesson.come_back(&relay, let_go).await;
        lesson.film(20).await;
    };
    tokio::join!(falls, first.film(1_000), second.film(1_000));
    assert!(!lesson.branches().is_empty(), "it is spread again");
    lesson.end(&relay, witnesses.len()).await;
}

#[tokio::test]
async fn a_lesson_that_loses_a_branch_goes_on_for_all_others_and_takes_those_of_the_branch_in_again() {
    let data = Data::new();
    let relay = three_workers(&data);
    let mut lesson = Lesson::begin(&relay).await;
    let broken = lesson.seats[2].worker;
    let name = lesson.seats[2].name.clone();
    assert_ne!(broken, lesson.home);
    let mut witnesses = Witness::join_all_but(&relay, broken).await;
    let [first, second] = &mut witnesses[..] else { panic!("two workers live") };
    let falls = async {
        break_worker(&relay, broken, (&name, Role::Observer)).await;
        let cut_off = lesson.take_from(broken);
        assert!(!cut_off.is_empty());
        // Not one of them is let go or misses anything.
        lesson.film(20).await;
        lesson.come_back(&relay, cut_off).await;
        assert_eq!(lesson.seats.len(), 1 + OBSERVERS);
        lesson.film(20).await;
    };
    tokio::join!(falls, first.film(1_000), second.film(1_000));
    // What replaced the worker is known to all others, and takes a branch as the one before it did.
    let http = Http::new(&relay, String::new());
    http.metric_reaches("tongke_worker_restarts_total", 1.0).await;
    lesson.act(&relay, serde_json::json!({"action": "lock", "locked": false})).await;
    for number in OBSERVERS..OBSERVERS + 2 * SPREAD_AFTER {
        lesson.seats.push(Seat::take(&relay, &format!("observer-{number}"), Role::Observer).await);
    }
    assert!(lesson.branches().contains(&broken), "{:?}", lesson.branches());
    lesson.film(20).await;
    lesson.end(&relay, witnesses.len()).await;
}
