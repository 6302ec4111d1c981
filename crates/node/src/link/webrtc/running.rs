//! A WebRTC link that is up.

use super::peer::Reports;
use super::receive::{Came, Receiver, pass_packets};
use super::tap::Heard;
use super::{Halves, is_down};
use crate::clock::{MachineClock, wait_until};
use crate::link::http::EventStream;
use crate::link::{LinkCommand, LinkDown, LinkEnds, LinkEvent};
use rtc::peer_connection::state::RTCPeerConnectionState;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tongke_measure::ClockSample;
use tongke_protocol::control::ClockProbe;
use tongke_protocol::event::LessonEvent;
use webrtc::media_stream::track_remote::TrackRemote;

/// Packets between the tracks' tasks and the link's; beyond it the tracks' own queues fill, and drop.
const PACKETS: usize = 512;

/// What can happen to a running link.
enum Turn {
    Command(Option<LinkCommand>),
    Packet(Came),
    Heard(Heard),
    Lesson(Result<LessonEvent, String>),
    Clock(ClockSample),
    State(RTCPeerConnectionState),
    NewTrack(Arc<dyn TrackRemote>),
    Due,
}

/// A link that is up.
pub(super) struct Running {
    halves: Halves,
    lesson_events: EventStream,
    ends: LinkEnds,
    clock: MachineClock,
    packets: (mpsc::Sender<Came>, mpsc::Receiver<Came>),
    samples: (mpsc::Sender<ClockSample>, mpsc::Receiver<ClockSample>),
    /// Requests under way and the tracks' readers.
    tasks: JoinSet<()>,
    probing: bool,
    rtt: Option<Duration>,
}

impl Running {
    pub(super) fn new(
        halves: Halves,
        lesson_events: EventStream,
        ends: LinkEnds,
        clock: MachineClock,
    ) -> Self {
        Self {
            halves,
            lesson_events,
            ends,
            clock,
            packets: mpsc::channel(PACKETS),
            samples: mpsc::channel(4),
            tasks: JoinSet::new(),
            probing: false,
            rtt: None,
        }
    }

    pub(super) async fn run(mut self) {
        let down = loop {
            let turn = self.next_turn().await;
            if let Some(down) = self.take(turn).await {
                break down;
            }
        };
        self.ends.events.tell(LinkEvent::Down(down)).await;
        self.halves.leave().await;
    }

    async fn next_turn(&mut self) -> Turn {
        let due = self.halves.receiver.as_ref().and_then(Receiver::poll_timeout);
        let Halves { publisher, receiver, .. } = &mut self.halves;
        let publish = publisher.as_mut().map(|half| &mut half.reports);
        let receive = receiver.as_mut().map(|half| &mut half.reports);
        // Which of two ready things comes first does not matter: each is one short step.
        tokio::select! {
            command = self.ends.commands.recv() => Turn::Command(command),
            Some(came) = self.packets.1.recv() => Turn::Packet(came),
            Some(sample) = self.samples.1.recv() => Turn::Clock(sample),
            event = self.lesson_events.next() => Turn::Lesson(event),
            turn = hear(publish) => turn,
            turn = hear(receive) => turn,
            () = wait_until(due) => Turn::Due,
            Some(_) = self.tasks.join_next() => Turn::Due,
        }
    }

    /// Does what happened; some reason ends the link.
    async fn take(&mut self, turn: Turn) -> Option<LinkDown> {
        match turn {
            Turn::Command(command) => return self.command(command).await,
            Turn::Packet(came) => {
                if let Some(event) = self.halves.receiver.as_mut().and_then(|half| half.on_packet(came)) {
                    self.ends.events.offer(event);
                }
            }
            Turn::Heard(heard) => self.heard(heard),
            Turn::Lesson(Ok(event)) => return self.lesson_event(event).await,
            Turn::Lesson(Err(reason)) => {
                return Some(LinkDown {
                    reason: format!("the event stream broke off ({reason})"),
                    reconnect: true,
                });
            }
            Turn::Clock(sample) => {
                self.probing = false;
                self.learn_rtt(sample);
                self.ends.events.offer(LinkEvent::Clock(sample));
            }
            Turn::State(state) if is_down(state) => {
                let reason = format!("the media connection {state}");
                return Some(LinkDown { reason, reconnect: true });
            }
            Turn::State(_) => {}
            Turn::NewTrack(track) => {
                self.tasks.spawn(pass_packets(track, self.packets.0.clone()));
            }
            Turn::Due => {
                if let Some(receiver) = &mut self.halves.receiver {
                    receiver.ask_for_missing(Instant::now()).await;
                }
            }
        }
        None
    }

    async fn command(&mut self, command: Option<LinkCommand>) -> Option<LinkDown> {
        match command {
            Some(LinkCommand::Send { track, packets }) => {
                if let Some(publisher) = &mut self.halves.publisher {
                    publisher.send(track, packets).await;
                }
            }
            Some(LinkCommand::RequestKeyframe { slot }) => {
                if let Some(receiver) = &self.halves.receiver {
                    receiver.request_keyframe(slot).await;
                }
            }
            Some(LinkCommand::Hand { raised }) => {
                let http = self.halves.http.clone();
                self.tasks.spawn(async move { http.report_hand(raised).await });
            }
            Some(LinkCommand::ReportClock(report)) => {
                let http = self.halves.http.clone();
                self.tasks.spawn(async move { http.report_clock(report).await });
            }
            Some(LinkCommand::ProbeClock) => self.probe_clock(),
            Some(LinkCommand::Close) | None => {
                return Some(LinkDown { reason: "left".into(), reconnect: false });
            }
        }
        None
    }

    /// One probe at a time: on a way so slow that the next one is due, more of them say nothing.
    fn probe_clock(&mut self) {
        if std::mem::replace(&mut self.probing, true) {
            return;
        }
        let (http, clock, samples) = (self.halves.http.clone(), self.clock, self.samples.0.clone());
        self.tasks.spawn(async move {
            let t1_us = clock.now().wall.as_unix_us();
            let echo = http.probe_clock(ClockProbe { t1_us }).await;
            let t4_us = clock.now().wall.as_unix_us();
            // A failed probe counts as an impossible one, so that the next may go.
            let (t2_us, t3_us) = echo.map_or((1, 0), |echo| (echo.t2_us, echo.t3_us));
            let _ = samples.send(ClockSample { t1_us, t2_us, t3_us, t4_us }).await;
        });
    }

    /// The smallest round trip of the probes so far is what a repair takes at best.
    fn learn_rtt(&mut self, sample: ClockSample) {
        let Ok(delta_us) = u64::try_from(sample.delta_us()) else { return };
        let rtt = Duration::from_micros(delta_us);
        if sample.t3_us >= sample.t2_us && self.rtt.is_none_or(|best| rtt < best) {
            self.rtt = Some(rtt);
            if let Some(receiver) = &mut self.halves.receiver {
                receiver.set_rtt(rtt);
            }
        }
    }

    fn heard(&self, heard: Heard) {
        let track_of = |ssrc| self.halves.publisher.as_ref().and_then(|half| half.track_of(ssrc));
        let event = match heard {
            Heard::KeyframeRequest { ssrc } => {
                track_of(ssrc).map(|track| LinkEvent::KeyframeRequest { track })
            }
            Heard::Report { ssrc, fraction_lost } => {
                track_of(ssrc).map(|track| LinkEvent::Loss { track, fraction_lost, rtt: self.rtt })
            }
            Heard::Retransmitted { ssrc } => {
                track_of(ssrc).map(|track| LinkEvent::Retransmitted { track, packets: 1 })
            }
        };
        event.into_iter().for_each(|event| self.ends.events.offer(event));
    }

    async fn lesson_event(&mut self, event: LessonEvent) -> Option<LinkDown> {
        let ending = match &event {
            LessonEvent::Ending { reason, reconnect } => Some(LinkDown {
                reason: format!("the relay ends the session: {reason}"),
                reconnect: *reconnect,
            }),
            _ => None,
        };
        self.ends.events.tell(LinkEvent::Lesson(event)).await;
        ending
    }
}

/// The next thing a peer connection reports.
async fn hear(reports: Option<&mut Reports>) -> Turn {
    let Some(reports) = reports else { return std::future::pending().await };
    tokio::select! {
        Some(heard) = reports.heard.recv() => Turn::Heard(heard),
        Some(track) = reports.tracks.recv() => Turn::NewTrack(track),
        changed = reports.state.changed() => match changed {
            Ok(()) => Turn::State(*reports.state.borrow_and_update()),
            Err(_) => Turn::State(RTCPeerConnectionState::Closed),
        },
    }
}
