//! What the link tells, handed where it belongs.

use super::{Instruments, Session, Wire};
use crate::error::NodeError;
use crate::link::{LinkCommand, LinkEvent};
use crate::receive::{SeenClock, SlotPacket};
use std::time::Instant;
use tongke_measure::SampleVerdict;
use tongke_protocol::event::LessonEvent;

impl Session {
    pub(super) fn on_link_event(&mut self, now: Instant, event: LinkEvent) -> Result<(), NodeError> {
        match event {
            LinkEvent::Rtp { slot, ext_seq, packet, recovered, arrived } => {
                let came = SlotPacket { slot, ext_seq, packet, recovered, arrived };
                self.receiving.on_packet(now, &self.keeper, came);
            }
            LinkEvent::KeyframeRequest { track } => self.sending.request_keyframe(track),
            LinkEvent::Loss { track, fraction_lost, .. } => self.sending.on_loss(now, track, fraction_lost),
            LinkEvent::Retransmitted { track, packets } => self.sending.on_retransmitted(track, packets),
            LinkEvent::Lesson(event) => self.on_lesson_event(event)?,
            LinkEvent::Clock(sample) => {
                if self.keeper.on_sample(sample) == SampleVerdict::Step {
                    tracing::warn!("a clock was set: delays measured across this moment are void");
                }
                if let Some(Instruments { program, tap, .. }) = &self.instruments {
                    let report = self.keeper.own();
                    report.iter().for_each(|report| program.clock.set(report.offset_us));
                    tap.note_clock(SeenClock { report, steps: self.keeper.steps() });
                }
                if let Some(report) = self.keeper.poll_report(now) {
                    self.command(LinkCommand::ReportClock(report));
                }
            }
            // Taken before.
            LinkEvent::Down(_) => {}
        }
        Ok(())
    }

    pub(super) fn on_lesson_event(&mut self, event: LessonEvent) -> Result<(), NodeError> {
        self.roster.on_event(&event);
        match event {
            LessonEvent::Snapshot { participants, .. } => {
                for info in &participants {
                    if let Some(clock) = info.clock {
                        self.keeper.on_peer(&info.id, clock);
                    }
                }
                let roster = &self.roster;
                self.receiving.empty_all_but(|source| roster.has_track(&source.participant, source.track));
            }
            LessonEvent::Joined { participant } => {
                if let Some(clock) = participant.clock {
                    self.keeper.on_peer(&participant.id, clock);
                }
                tracing::info!("{} joined", self.roster.name(&participant.id));
            }
            LessonEvent::Left { participant, reason } => tracing::info!("{participant} left: {reason}"),
            LessonEvent::Clock { participant, clock } => self.keeper.on_peer(&participant, clock),
            LessonEvent::Slot { session, slot, source, .. } => {
                if matches!(&self.wire, Wire::Up(link, _) if link.session == session) {
                    let name = match &source {
                        Some(source) => self.roster.name(&source.participant).to_owned(),
                        None => String::new(),
                    };
                    self.receiving.on_slot(slot, source, &name)?;
                }
            }
            LessonEvent::Hand { participant, raised } => {
                let name = self.roster.name(&participant);
                tracing::info!("{name} put the hand {}", if raised { "up" } else { "down" });
            }
            LessonEvent::Dispatch { from, body } => self.on_dispatch(from, body),
            LessonEvent::TrackStarted { .. }
            | LessonEvent::TrackEnded { .. }
            | LessonEvent::State { .. }
            | LessonEvent::Message { .. }
            | LessonEvent::SessionEnded { .. }
            | LessonEvent::Ending { .. } => {}
        }
        Ok(())
    }
}
