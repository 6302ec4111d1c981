//! What people and programs are told: the status line, the facts, and both at the end.

use super::{Session, Wire};
use crate::error::NodeError;
use crate::facts::cpu_seconds;
use crate::link::LinkCommand;
use crate::record::Totals;
use crate::status::{StatusView, line};
use std::time::{Duration, Instant};
use tongke_protocol::facts::NodeFacts;

/// Time for the goodbye.
const FAREWELL: Duration = Duration::from_millis(1500);

impl Session {
    /// Once a second: the status line and the facts file.
    pub(super) fn report(&mut self, now: Instant) {
        let meters = &self.receiving.meters;
        let (sent, received) = self.rates.take(now, &self.sending.totals(), meters, &self.roster);
        if let Some(printer) = &mut self.printer {
            let link = match &self.wire {
                Wire::Up(link, _) => link.kind.to_string(),
                Wire::Connecting(_) | Wire::Waiting(_) => "connecting".to_owned(),
            };
            let hands = self.roster.hands().into_iter().map(str::to_owned).collect();
            let view = StatusView { link, participants: self.roster.len(), hands, sent, received };
            printer.print(now, &line(&view));
        }
        let facts = self.facts(now, false);
        if let Some(file) = &mut self.facts_file {
            file.write(&facts);
        }
        if self.record.as_ref().is_some_and(|record| record.is_due(now)) {
            self.tell_flow(now);
        }
    }

    /// Tells the registry what flowed since the last time.
    fn tell_flow(&mut self, now: Instant) {
        let (totals, clock) = (self.totals(), self.clock);
        let ahead_us = self.keeper.own().map_or(0, |report| report.offset_us);
        if let Some(record) = &mut self.record {
            record.tell_flow(now, totals, |at| clock.wall_of(at).offset_by_us(ahead_us));
        }
    }

    /// What was sent and played so far.
    pub(super) fn totals(&self) -> Totals {
        let (sent_sound, sent_pictures) = self.sending.flowed();
        Totals { sent_sound, sent_pictures, got: self.receiving.meters.played() }
    }

    pub(super) fn facts(&self, now: Instant, at_end: bool) -> NodeFacts {
        let kind = match &self.wire {
            Wire::Up(link, _) => Some(link.kind),
            _ if at_end => self.last_kind,
            _ => None,
        };
        let mut notes = self.notes.clone();
        notes.extend(self.receiving.meters.notes());
        if self.keeper.own().is_none() {
            notes.push("this clock was never measured against the relay's".into());
        }
        if self.keeper.steps() > 0 {
            notes.push("a clock was set during the lesson: delays across that moment are void".into());
        }
        let first_picture = self.receiving.first_picture.zip(self.first_asked);
        NodeFacts {
            lesson: self.config.lesson.clone(),
            participant: self.config.grant.participant.clone(),
            role: self.config.grant.role,
            transport: kind.map_or_else(|| "none".to_owned(), |kind| kind.to_string()),
            seconds: now.saturating_duration_since(self.clock.origin().instant).as_secs_f64(),
            reconnects: self.links_made.saturating_sub(1),
            cpu_seconds: cpu_seconds(),
            first_picture_ms: first_picture
                .map(|(shown, asked)| shown.saturating_duration_since(asked).as_secs_f64() * 1000.0),
            sent: self.sending.facts(),
            received: self.receiving.facts(),
            av_skew: self.receiving.skews(),
            notes,
        }
    }

    /// Says goodbye and gives the facts, whatever ended the lesson.
    pub(super) async fn end(mut self, ended: Result<(), NodeError>) -> Result<NodeFacts, NodeError> {
        let now = Instant::now();
        let facts = self.facts(now, true);
        self.tell_flow(now);
        let ahead_us = self.keeper.own().map_or(0, |report| report.offset_us);
        if let Some(record) = &mut self.record {
            record.tell_quality(self.clock.wall_of(now).offset_by_us(ahead_us), &facts);
        }
        // Media goes on to the last: a pause before the goodbye would be concealed as a loss.
        if let Wire::Up(link, _) = self.wire {
            let _ = link.to_relay.try_send(LinkCommand::Close);
            link.closed(FAREWELL).await;
        }
        self.receiving.end();
        if let Some(printer) = &self.printer {
            printer.end();
        }
        if let Some(file) = self.facts_file {
            file.finish(&facts).await;
        }
        if let Some(record) = self.record {
            record.finish().await;
        }
        ended.map(|()| facts)
    }
}
