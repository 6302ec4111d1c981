//! A node's life: a link is made, kept and made again; what happens is handed where it belongs.

use crate::clock::{ClockKeeper, MachineClock};
use crate::config::NodeConfig;
use crate::error::NodeError;
use crate::facts::{FactsFile, cpu_seconds};
use crate::link::reconnect::{Backoff, connect};
use crate::link::{
    Link, LinkCommand, LinkDown, LinkEvent, LinkFailure, LinkKind, LinkPlan, RelayHttp, describe_failures,
};
use crate::rates::Rates;
use crate::receive::{Outputs, Receiving, SlotPacket};
use crate::roster::Roster;
use crate::send::Sending;
use crate::status::{StatusPrinter, StatusView, line};
use std::future::Future;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tongke_measure::SampleVerdict;
use tongke_protocol::event::LessonEvent;
use tongke_protocol::facts::NodeFacts;

/// How often the status line and the facts file are written.
const TICK: Duration = Duration::from_secs(1);
/// A link that held this long was a good one: the next loss begins with the shortest wait.
const GOOD_LINK: Duration = Duration::from_secs(5);
/// Time for the goodbye.
const FAREWELL: Duration = Duration::from_millis(1500);

type Attempt = Result<(Link, Vec<LinkFailure>), Vec<LinkFailure>>;

/// Where the node stands with its link.
enum Wire {
    /// Trying; the task ends with the outcome.
    Connecting(JoinSet<Attempt>),
    /// The next attempt is at this moment.
    Waiting(Instant),
    /// Up since.
    Up(Link, Instant),
}

/// What a program may do to a running node, and see of it.
#[derive(Debug, Default)]
pub struct Controls {
    /// Puts the class's hand up or down.
    pub hand: Option<mpsc::Receiver<bool>>,
    /// Gets the facts so far, once a second.
    pub facts: Option<watch::Sender<Option<NodeFacts>>>,
}

pub(crate) struct Session {
    config: NodeConfig,
    clock: MachineClock,
    http: RelayHttp,
    plan: LinkPlan,
    keeper: ClockKeeper,
    sending: Sending,
    receiving: Receiving,
    roster: Roster,
    wire: Wire,
    backoff: Backoff,
    /// The link used last.
    last_kind: Option<LinkKind>,
    links_made: u64,
    first_asked: Option<Instant>,
    /// Failures of the current outage were told.
    outage_told: bool,
    rates: Rates,
    printer: Option<StatusPrinter>,
    facts_file: Option<FactsFile>,
    notes: Vec<String>,
}

/// What happens next.
enum Turn {
    Stop,
    Link(Option<LinkEvent>),
    Attempted(Attempt),
    Retry,
    Decoder(crate::receive::DecoderNews),
    Hand(bool),
    Due,
    Tick,
}

impl Session {
    pub(crate) async fn start(config: NodeConfig) -> Result<Session, NodeError> {
        // Fails if the program has chosen a provider already: then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = MachineClock::start();
        let http = RelayHttp::new(
            config.relay.clone(),
            config.lesson.clone(),
            config.token.clone(),
            config.relay_ca.as_deref(),
        )
        .map_err(|reason| NodeError::System { what: "set up HTTP", reason })?;
        let outputs = Outputs::open(&config)?;
        let sending = Sending::start(&config, clock).await?;
        let plan = LinkPlan {
            lesson: config.lesson.clone(),
            token: config.token.clone(),
            publish: sending.published(),
            video_slots: config.video_slots,
            audio_slots: config.audio_slots,
        };
        Ok(Session {
            clock,
            http,
            plan,
            keeper: ClockKeeper::default(),
            sending,
            receiving: Receiving::new(clock, outputs),
            roster: Roster::default(),
            wire: Wire::Waiting(Instant::now()),
            backoff: Backoff::default(),
            last_kind: None,
            links_made: 0,
            first_asked: None,
            outage_told: false,
            rates: Rates::default(),
            printer: config.status.then(StatusPrinter::new),
            facts_file: config.facts.clone().map(FactsFile::new),
            notes: Vec::new(),
            config,
        })
    }

    pub(crate) async fn run(
        mut self,
        mut controls: Controls,
        shutdown: impl Future<Output = ()>,
    ) -> Result<NodeFacts, NodeError> {
        let seconds = self.config.seconds;
        let stop = async {
            match seconds {
                Some(seconds) => {
                    tokio::select! {
                        () = shutdown => {}
                        () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
                    }
                }
                None => shutdown.await,
            }
        };
        tokio::pin!(stop);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let ended = loop {
            let turn = tokio::select! {
                () = &mut stop => Turn::Stop,
                turn = self.next_turn(&mut controls) => turn,
                _ = tick.tick() => Turn::Tick,
            };
            if let (Turn::Tick, Some(watch)) = (&turn, &controls.facts) {
                watch.send_replace(Some(self.facts(Instant::now(), false)));
            }
            match self.take(turn) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.end(ended).await
    }

    /// Waits for the next thing to happen. Safe to cancel.
    async fn next_turn(&mut self, controls: &mut Controls) -> Turn {
        let due = [self.receiving.poll_timeout(), self.keeper.poll_timeout()].into_iter().flatten().min();
        let wire = async {
            match &mut self.wire {
                Wire::Connecting(attempt) => match attempt.join_next().await {
                    Some(Ok(attempt)) => Turn::Attempted(attempt),
                    // Only a panic ends the task without an outcome.
                    _ => Turn::Attempted(Err(Vec::new())),
                },
                Wire::Waiting(until) => {
                    tokio::time::sleep_until((*until).into()).await;
                    Turn::Retry
                }
                Wire::Up(link, _) => Turn::Link(link.from_relay.recv().await),
            }
        };
        let hand = async {
            match &mut controls.hand {
                Some(hand) => match hand.recv().await {
                    Some(raised) => raised,
                    None => std::future::pending().await,
                },
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            turn = wire => turn,
            news = self.receiving.next_feedback() => Turn::Decoder(news),
            raised = hand => Turn::Hand(raised),
            () = wait_until(due) => Turn::Due,
        }
    }

    /// Does what happened. False: the lesson is over for this node.
    fn take(&mut self, turn: Turn) -> Result<bool, NodeError> {
        let now = Instant::now();
        match turn {
            Turn::Stop => return Ok(false),
            Turn::Retry => self.attempt(),
            Turn::Attempted(Ok((link, failures))) => self.on_up(now, link, &failures),
            Turn::Attempted(Err(failures)) => self.on_failed(now, failures)?,
            Turn::Link(Some(LinkEvent::Down(down))) => return Ok(self.on_down(now, &down)),
            Turn::Link(None) => {
                let down = LinkDown { reason: "its task ended".into(), reconnect: true };
                return Ok(self.on_down(now, &down));
            }
            Turn::Link(Some(event)) => self.on_link_event(now, event)?,
            Turn::Decoder(news) => self.receiving.on_feedback(news),
            Turn::Hand(raised) => self.command(LinkCommand::Hand { raised }),
            Turn::Due => {
                self.receiving.handle_timeout(now, &self.keeper);
                if self.keeper.poll_probe(now) {
                    self.command(LinkCommand::ProbeClock);
                }
            }
            Turn::Tick => {
                self.report(now);
                return Ok(!self.receiving.is_closed());
            }
        }
        for slot in self.receiving.take_keyframes_wanted() {
            self.command(LinkCommand::RequestKeyframe { slot });
        }
        Ok(true)
    }

    /// Tells the link, if there is one. A full queue drops it: all of this is repeated when needed.
    fn command(&self, command: LinkCommand) {
        if let Wire::Up(link, _) = &self.wire {
            let _ = link.to_relay.try_send(command);
        }
    }

    /// Starts trying: first the way that worked last, then the others in order.
    fn attempt(&mut self) {
        let mut kinds = self.config.links.clone();
        if let Some(last) = self.last_kind {
            kinds.sort_by_key(|kind| *kind != last);
        }
        let (plan, http, clock) = (self.plan.clone(), self.http.clone(), self.clock);
        let mut attempt = JoinSet::new();
        attempt.spawn(async move { connect(&kinds, &plan, &http, clock).await });
        self.wire = Wire::Connecting(attempt);
    }

    fn on_up(&mut self, now: Instant, link: Link, failures: &[LinkFailure]) {
        if failures.is_empty() {
            tracing::info!(link = %link.kind, "connected to {}", self.config.relay);
        } else {
            tracing::info!(link = %link.kind, "connected to {}; before that failed:{}",
                self.config.relay, describe_failures(failures));
        }
        self.first_asked.get_or_insert(link.asked);
        self.links_made += 1;
        self.last_kind = Some(link.kind);
        self.outage_told = false;
        self.receiving.on_link(&link.slots);
        self.keeper.on_link(now);
        self.sending.outlet.set(Some(link.to_relay.clone()));
        self.sending.request_all_keyframes();
        self.wire = Wire::Up(link, now);
    }

    fn on_failed(&mut self, now: Instant, failures: Vec<LinkFailure>) -> Result<(), NodeError> {
        if let Some(refusal) = failures.iter().find_map(|failure| failure.error.is_final()) {
            return Err(NodeError::Refused(refusal.clone()));
        }
        let never = self.links_made == 0;
        let waited = now.saturating_duration_since(self.clock.origin().instant);
        if never && waited >= self.config.connect_timeout {
            return Err(NodeError::Unreachable { relay: self.config.relay.to_string(), failures });
        }
        if !std::mem::replace(&mut self.outage_told, true) {
            tracing::warn!(
                "the relay {} cannot be reached, trying on:{}",
                self.config.relay,
                describe_failures(&failures)
            );
        }
        self.wire = Wire::Waiting(now + self.backoff.wait(rand::random()));
        Ok(())
    }

    /// The link is gone. False: the lesson is over.
    fn on_down(&mut self, now: Instant, down: &LinkDown) -> bool {
        self.sending.outlet.set(None);
        self.keeper.on_link_down();
        if let Wire::Up(_, since) = &self.wire
            && now.saturating_duration_since(*since) >= GOOD_LINK
        {
            self.backoff.reset();
        }
        self.wire = Wire::Waiting(now + self.backoff.wait(rand::random()));
        if down.reconnect {
            tracing::warn!("the link is lost: {}; connecting again", down.reason);
        } else {
            tracing::info!("{}", down.reason);
            self.notes.push(format!("ended by the relay: {}", down.reason));
        }
        down.reconnect
    }

    fn on_link_event(&mut self, now: Instant, event: LinkEvent) -> Result<(), NodeError> {
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
                if let Some(report) = self.keeper.poll_report(now) {
                    self.command(LinkCommand::ReportClock(report));
                }
            }
            // Taken before.
            LinkEvent::Down(_) => {}
        }
        Ok(())
    }

    fn on_lesson_event(&mut self, event: LessonEvent) -> Result<(), NodeError> {
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
            LessonEvent::TrackStarted { .. }
            | LessonEvent::TrackEnded { .. }
            | LessonEvent::Ending { .. } => {}
        }
        Ok(())
    }

    /// Once a second: the status line and the facts file.
    fn report(&mut self, now: Instant) {
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
    }

    fn facts(&self, now: Instant, at_end: bool) -> NodeFacts {
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
    async fn end(mut self, ended: Result<(), NodeError>) -> Result<NodeFacts, NodeError> {
        let facts = self.facts(Instant::now(), true);
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
        ended.map(|()| facts)
    }
}

async fn wait_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
