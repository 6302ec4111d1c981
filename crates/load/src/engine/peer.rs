//! A peer connection in the loop: its socket, its client, and which side it is.

use super::clock::Clock;
use super::publisher::Publisher;
use super::subscriber::{Board, Subscriber};
use crate::browser::Browser;
use crate::ledger::Session;
use std::net::UdpSocket;
use std::time::Instant;
use tongke_transport::rtp::is_rtcp;
use tongke_transport::webrtc::{DatagramKind, classify};

/// An ICE check goes with every so many turns: each 2.5 s, as browsers send them.
const TICKS_PER_CHECK: u32 = 25;
const TICKS_PER_REPORT: u32 = 10;
/// Turns after which somebody who has no picture asks for one.
const TICKS_TO_ASK: u32 = 5;

/// A publisher or a subscriber.
pub(crate) enum Side {
    Publisher(Box<Publisher>),
    Subscriber(Box<Subscriber>),
}

/// A peer connection.
pub(crate) struct Peer {
    pub browser: Browser,
    pub socket: UdpSocket,
    pub side: Side,
    /// The lesson's number in the load.
    lesson: usize,
    /// The participant's number in the lesson.
    participant: usize,
    /// When its offer was about to be sent, in ns on the machine's wall clock.
    offered_ns: u64,
    /// When it could send and receive media.
    pub connected_ns: Option<u64>,
    ticks: u32,
}

impl Peer {
    /// A peer that has its answer.
    pub(crate) fn new(
        (browser, socket): (Browser, UdpSocket),
        side: Side,
        (lesson, participant): (usize, usize),
        offered_ns: u64,
    ) -> Self {
        Self { browser, socket, side, lesson, participant, offered_ns, connected_ns: None, ticks: 0 }
    }

    /// What is done ten times a second.
    pub(super) fn tick(&mut self, now_ns: u64, now: Instant) {
        self.ticks += 1;
        if self.connected_ns.is_none() {
            self.browser.handle_timeout(now);
            // Until the way is known, checks are repeated as the handshake is.
            self.browser.check();
        } else if self.ticks.is_multiple_of(TICKS_PER_CHECK) {
            self.browser.check();
        }
        match &mut self.side {
            Side::Subscriber(subscriber) => {
                self.browser.send_feedback();
                if self.connected_ns.is_some() && self.ticks > TICKS_TO_ASK {
                    subscriber.ask_keyframe(&mut self.browser, now_ns);
                }
            }
            Side::Publisher(publisher) => {
                if self.connected_ns.is_some() && self.ticks.is_multiple_of(TICKS_PER_REPORT) {
                    publisher.report(now_ns, &mut self.browser);
                }
            }
        }
        self.flush();
    }

    /// How the session stands.
    pub(super) fn session(&self) -> Session {
        let session = Session {
            lesson: self.lesson,
            participant: self.participant,
            port: self.socket.local_addr().map_or(0, |address| address.port()),
            offered_ns: self.offered_ns,
            connected_ns: self.connected_ns,
            ..Session::default()
        };
        match &self.side {
            Side::Publisher(publisher) => {
                Session { publisher: Some(publisher.number), counts: publisher.counts, ..session }
            }
            Side::Subscriber(subscriber) => Session {
                subscribes: true,
                first_media_ns: subscriber.first_media_ns,
                first_keyframe_ns: subscriber.first_keyframe_ns,
                is_measured: subscriber.account.is_measured,
                received: subscriber.account.received,
                uncertain: subscriber.account.uncertain,
                ..session
            },
        }
    }

    /// Sends what the client wants sent. What the kernel does not take is lost, as on any way.
    pub(super) fn flush(&mut self) {
        for datagram in self.browser.out.drain(..) {
            let _ = self.socket.send(&datagram);
        }
    }
}

/// A subscriber's datagram.
pub(super) fn subscribed(
    subscriber: &mut Subscriber,
    browser: &mut Browser,
    datagram: &[u8],
    at_ns: u64,
    board: &mut Board<'_>,
) {
    match datagram.first().map(|first| classify(*first)) {
        Some(DatagramKind::Media) if !is_rtcp(datagram) => subscriber.take(browser, datagram, at_ns, board),
        Some(DatagramKind::Dtls) => browser.handle_dtls(board.clock.instant(at_ns), datagram),
        _ => {}
    }
}

/// A publisher's datagram.
pub(super) fn published(publisher: &mut Publisher, browser: &mut Browser, datagram: &[u8], clock: &Clock) {
    match datagram.first().map(|first| classify(*first)) {
        Some(DatagramKind::Media) if is_rtcp(datagram) => {
            let mut sealed = datagram.to_vec();
            if let Some(plain) = browser.open_rtcp(&mut sealed) {
                publisher.take_rtcp(plain);
            }
        }
        Some(DatagramKind::Dtls) => browser.handle_dtls(clock.instant(clock.ns()), datagram),
        _ => {}
    }
}
