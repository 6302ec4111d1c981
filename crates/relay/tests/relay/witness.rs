//! A lesson that must not notice what happens in others.

use crate::support::*;
use tongke_protocol::control::{Codec, Links, PublishTrack};
use tongke_protocol::{Role, TrackKind};
use tongke_relay::Relay;

const CAMERA: PublishTrack = PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: 0x77 };
const CAMERA_FLOW: u8 = 1;

/// Two nodes, one of which films.
pub struct Witness {
    sender: Node,
    receiver: Node,
    next: u16,
}

impl Witness {
    /// Lesson "art".
    pub async fn join(relay: &Relay) -> Self {
        Self::join_lesson(relay, "art").await
    }

    async fn join_lesson(relay: &Relay, lesson: &str) -> Self {
        let address = relay.quic_addrs()[worker_of(relay, lesson).await];
        let supporting = hello(token(lesson, "school-1", Role::Supporting), lesson, vec![CAMERA], 0, 0);
        let (sender, _) = Node::connect_to(address).await.greet(supporting).await;
        let receiving = hello(token(lesson, "school-2", Role::Receiving), lesson, vec![], 1, 0);
        let (receiver, _) = Node::connect_to(address).await.greet(receiving).await;
        Self { sender, receiver, next: 100 }
    }

    /// One on each worker but this.
    pub async fn join_all_but(relay: &Relay, worker: usize) -> Vec<Self> {
        let mut witnesses = Vec::new();
        let mut missing: Vec<usize> = (0..relay.quic_addrs().len()).filter(|it| *it != worker).collect();
        let mut lessons = (0..).map(|number| format!("art-{number}"));
        while !missing.is_empty() {
            let lesson = lessons.next().unwrap();
            let here = worker_of(relay, &lesson).await;
            if let Some(at) = missing.iter().position(|it| *it == here) {
                missing.swap_remove(at);
                witnesses.push(Self::join_lesson(relay, &lesson).await);
            }
        }
        witnesses
    }

    /// Pictures, each of which must come before the next is sent, and all in order.
    pub async fn film(&mut self, pictures: u16) {
        for _ in 0..pictures {
            let payload = [&keyframe()[..], &self.next.to_be_bytes()].concat();
            let packet = rtp(CAMERA.ssrc, self.next, u32::from(self.next) * 3000, true, &payload);
            self.sender.send_rtp(CAMERA_FLOW, &packet);
            let (_, packet) = self.receiver.next_media().await;
            assert!(packet.ends_with(&payload), "picture {}", self.next);
            self.next += 1;
        }
    }
}

/// The worker that a lesson lives on.
async fn worker_of(relay: &Relay, lesson: &str) -> usize {
    let http = Http::new(relay, token(lesson, "school-1", Role::Supporting));
    let links: Links = http.get(&format!("/lessons/{lesson}/links")).await;
    relay.quic_addrs().iter().position(|address| Some(address.port()) == links.quic_port).unwrap()
}
