//! The thread that makes the load: one epoll loop over all peer connections. Sends come first, each at
//! its moment; receiving can wait, since the kernel stamps what comes.

pub(crate) mod clock;
mod handle;
mod peer;
mod publisher;
mod subscriber;

pub(crate) use handle::EngineHandle;
pub(crate) use peer::{Peer, Side};
pub(crate) use publisher::Publisher;
pub(crate) use subscriber::Subscriber;

use crate::LoadError;
use crate::browser::extensions;
use crate::ledger::{Ledger, Session};
use crate::port::Batch;
use clock::Clock;
use handle::Work;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;
use subscriber::Board;
use tongke_transport::rtp::ExtensionKind;

/// Before a moment that is as near as this the thread does not sleep: waking takes as long.
const SPIN_NS: u64 = 60_000;
/// Feedback, checks, reports: each peer's turn comes this often.
const TICK_NS: u64 = 100_000_000;
/// Sockets told of in one wait.
const EVENTS: usize = 64;
/// Marks of what is no peer.
const WAKE: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;

/// All peers and what they share.
pub(crate) struct Engine {
    pub clock: Clock,
    pub peers: Vec<Peer>,
    pub ledger: Ledger,
    epoll: Epoll,
    timer: TimerFd,
    work: Receiver<Work>,
    /// Publishers' next packets.
    due: BinaryHeap<Reverse<(u64, usize)>>,
    /// Peers' next turns; all have the same period, so the front is the next.
    ticks: VecDeque<(u64, usize)>,
    batch: Batch,
    scratch: Vec<u8>,
    transport_cc: u8,
}

impl Engine {
    fn new(work: Receiver<Work>, wake: &nix::sys::eventfd::EventFd) -> Result<Self, LoadError> {
        let failed = LoadError::system::<nix::Error>("set up epoll");
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(&failed)?;
        let timer =
            TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)
                .map_err(&failed)?;
        // Edges, so that neither has to be read.
        let edge = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
        epoll.add(wake, EpollEvent::new(edge, WAKE)).map_err(&failed)?;
        epoll.add(&timer, EpollEvent::new(edge, TIMER)).map_err(&failed)?;
        Ok(Self {
            clock: Clock::start(),
            peers: Vec::new(),
            ledger: Ledger::default(),
            epoll,
            timer,
            work,
            due: BinaryHeap::new(),
            ticks: VecDeque::new(),
            batch: Batch::new(),
            scratch: Vec::with_capacity(2_048),
            transport_cc: extensions().get(ExtensionKind::TransportCc).unwrap_or_default(),
        })
    }

    /// Takes a peer in that has its answer.
    pub(crate) fn add(&mut self, peer: Peer) -> Result<(), LoadError> {
        let at = self.peers.len();
        if let Side::Publisher(publisher) = &peer.side {
            self.ledger.admit(publisher.number);
        }
        let event = EpollEvent::new(EpollFlags::EPOLLIN, at as u64);
        self.epoll.add(&peer.socket, event).map_err(LoadError::system("watch a socket"))?;
        self.peers.push(peer);
        self.ticks.push_back((self.clock.ns() + TICK_NS, at));
        self.peers[at].flush();
        Ok(())
    }

    /// Works until its handle is gone.
    fn run(mut self) {
        let mut events = [EpollEvent::empty(); EVENTS];
        loop {
            let before_ns = self.clock.ns();
            self.send_due(before_ns);
            self.tick_due(before_ns);
            let next_ns = self.next_ns();
            let gap_ns = next_ns.saturating_sub(self.clock.ns());
            let spins = gap_ns <= SPIN_NS;
            if !spins {
                self.arm(gap_ns - SPIN_NS / 2);
            }
            let timeout = if spins { EpollTimeout::ZERO } else { EpollTimeout::NONE };
            let ready = self.epoll.wait(&mut events, timeout).unwrap_or_default();
            // An edge is told of once only.
            if events[..ready].iter().any(|event| event.data() == WAKE) && !self.do_work() {
                return;
            }
            for event in events[..ready].iter().filter(|event| ![WAKE, TIMER].contains(&event.data())) {
                self.receive(event.data() as usize);
                if self.clock.ns() >= next_ns {
                    // What is left is told of again.
                    break;
                }
            }
            if spins && ready == 0 {
                self.ledger.idle_ns += self.clock.ns().saturating_sub(before_ns);
            }
        }
    }

    fn next_ns(&self) -> u64 {
        let packet = self.due.peek().map(|Reverse((at, _))| *at);
        let tick = self.ticks.front().map(|(at, _)| *at);
        packet.into_iter().chain(tick).min().unwrap_or(self.clock.ns() + TICK_NS)
    }

    fn arm(&self, in_ns: u64) {
        let expiration = Expiration::OneShot(TimeSpec::from_duration(Duration::from_nanos(in_ns)));
        // It fails for no time that lies ahead.
        let _ = self.timer.set(expiration, TimerSetTimeFlags::empty());
    }

    /// Does what the handle asks; false: the handle is gone.
    fn do_work(&mut self) -> bool {
        loop {
            match self.work.try_recv() {
                Ok(work) => work(self),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn send_due(&mut self, now_ns: u64) {
        while let Some(&Reverse((due_ns, at))) = self.due.peek()
            && due_ns <= now_ns
        {
            self.due.pop();
            let Peer { side: Side::Publisher(publisher), browser, socket, .. } = &mut self.peers[at] else {
                continue;
            };
            let record = &mut self.ledger.records[usize::from(publisher.number)];
            let (sent_ns, next_ns) = publisher.send_next(&self.clock, browser, socket, record);
            self.due.push(Reverse((next_ns, at)));
            self.ledger.lateness.add(sent_ns.saturating_sub(due_ns));
            self.ledger.sent += 1;
        }
    }

    fn tick_due(&mut self, now_ns: u64) {
        while let Some(&(due_ns, at)) = self.ticks.front()
            && due_ns <= now_ns
        {
            self.ticks.rotate_left(1);
            if let Some(back) = self.ticks.back_mut() {
                back.0 = due_ns.max(now_ns.saturating_sub(TICK_NS)) + TICK_NS;
            }
            let instant = self.clock.instant(now_ns);
            self.peers[at].tick(now_ns, instant);
        }
    }

    fn receive(&mut self, at: usize) {
        let Self { peers, clock, ledger, scratch, batch, transport_cc, .. } = self;
        let Ledger { records, window, tally, .. } = ledger;
        let Some(Peer { browser, socket, side, connected_ns, .. }) = peers.get_mut(at) else { return };
        let mut board =
            Board { clock, records, window: *window, tally, scratch, transport_cc: *transport_cc };
        batch.receive(socket, |datagram, at_ns| match side {
            Side::Subscriber(subscriber) => {
                peer::subscribed(subscriber, browser, datagram, at_ns, &mut board)
            }
            Side::Publisher(publisher) => peer::published(publisher, browser, datagram, clock),
        });
        if connected_ns.is_none() && browser.is_connected() {
            *connected_ns = Some(clock.ns());
            if let Side::Publisher(publisher) = side {
                self.due.push(Reverse((publisher.begin(clock), at)));
            }
        }
        self.peers[at].flush();
    }

    /// Begins to measure.
    pub(crate) fn open_window(&mut self) {
        self.ledger.open_window(self.clock.ns());
        for peer in &mut self.peers {
            if let Side::Subscriber(subscriber) = &mut peer.side {
                subscriber.account.begin_window();
            }
        }
    }

    /// All sessions as they stand.
    pub(crate) fn sessions(&self) -> Vec<Session> {
        self.peers.iter().map(Peer::session).collect()
    }
}
