//! A node's life: a link is made, kept and made again; what happens is handed where it belongs.

mod dispatch;
mod events;
mod report;
mod wire;

use crate::clock::{ClockKeeper, MachineClock, wait_until};
use crate::config::NodeConfig;
use crate::error::NodeError;
use crate::facts::FactsFile;
use crate::link::reconnect::Backoff;
use crate::link::{Link, LinkCommand, LinkDown, LinkEvent, LinkFailure, LinkKind, LinkPlan, RelayHttp};
use crate::rates::Rates;
use crate::receive::{Outputs, Receiving, Tap};
use crate::record::Record;
use crate::roster::Roster;
use crate::send::Sending;
use crate::status::StatusPrinter;
use std::future::Future;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tongke_media::program::Program;
use tongke_protocol::facts::NodeFacts;
use tongke_protocol::{ParticipantId, TrackKind};

/// How often the status line and the facts file are written.
const TICK: Duration = Duration::from_secs(1);

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
    /// Gets the dispatches that come, with whom they are from, but for those that ask for facts. What does not fit is
    /// dropped: whoever asks asks again.
    pub dispatches: Option<mpsc::Sender<(ParticipantId, String)>>,
}

/// What a measured call puts into a session.
#[derive(Debug, Clone)]
pub(crate) struct Instruments {
    /// What this end shows and sounds.
    pub program: Program,
    /// Who sees what it shows, plays and hears.
    pub tap: Tap,
    /// The session's clock.
    pub clock: MachineClock,
    /// Whether the other ends run on it too.
    pub one_clock: bool,
    /// Whether this end's camera films what its display shows, which is the other end's screen alone. The camera's and
    /// the screen's pictures are tapped then, before they are encoded, and screens are held to the sound.
    pub films: bool,
}

pub(crate) struct Session {
    config: NodeConfig,
    clock: MachineClock,
    http: RelayHttp,
    plan: LinkPlan,
    keeper: ClockKeeper,
    sending: Sending,
    receiving: Receiving,
    instruments: Option<Instruments>,
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
    /// What is told to the registry, if anything is.
    record: Option<Record>,
    /// Who is given dispatches.
    dispatches: Option<mpsc::Sender<(ParticipantId, String)>>,
    /// Answers to dispatches, on their way.
    answers: JoinSet<()>,
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
    /// Opens what the configuration names. `instruments`: it is one end of a measured call.
    pub(crate) async fn start(
        config: NodeConfig,
        instruments: Option<Instruments>,
    ) -> Result<Session, NodeError> {
        // Fails if the program has chosen a provider already: then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = instruments.as_ref().map_or_else(MachineClock::start, |of| of.clock);
        let one_clock = instruments.as_ref().is_some_and(|of| of.one_clock);
        let record = Record::open(&config)?;
        let http = RelayHttp::new(
            config.relay.clone(),
            config.lesson.clone(),
            config.token.clone(),
            config.relay_ca.as_deref(),
        )
        .map_err(|reason| NodeError::System { what: "set up HTTP", reason })?;
        let films = instruments.as_ref().is_some_and(|of| of.films);
        let lips = if films { TrackKind::Screen } else { TrackKind::Camera };
        let mut outputs = Outputs::open(&config)?;
        if films {
            outputs.show_only(TrackKind::Screen);
        }
        let sending = Sending::start(&config, clock, instruments.as_ref()).await?;
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
            keeper: if one_clock { ClockKeeper::of_one_clock() } else { ClockKeeper::default() },
            sending,
            receiving: Receiving::new(clock, outputs, instruments.as_ref().map(|of| of.tap.clone()), lips),
            instruments,
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
            record,
            dispatches: None,
            answers: JoinSet::new(),
            notes: Vec::new(),
            config,
        })
    }

    pub(crate) async fn run(
        mut self,
        mut controls: Controls,
        shutdown: impl Future<Output = ()>,
    ) -> Result<NodeFacts, NodeError> {
        self.dispatches = controls.dispatches.take();
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
}
