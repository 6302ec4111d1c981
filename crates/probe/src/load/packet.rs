//! Packets of a load test, all of one form: head, body, HMAC over both, and padding.
//!
//! ```text
//!  0  "TKLD"     4  session   6  kind   7  run
//!  8  seq       12  sent, µs since the sender's begin
//! 20  body, 48 bytes, by kind; what a kind does not use is zero
//! 68  HMAC      84  padding
//! ```
//!
//! Numbers are big-endian. A STAMP packet, which comes to the same port, would have to be the 1.4-billionth of its
//! session to begin so.

use crate::key::{HMAC_LEN, Key};
use std::time::Duration;
use tongke_measure::network::capacity::{Report, Row, SubInterval};

const MAGIC: [u8; 4] = *b"TKLD";
const BODY_AT: usize = 20;
const BODY_LEN: usize = 48;
const HMAC_AT: usize = BODY_AT + BODY_LEN;
/// Bytes of a packet without padding.
pub(crate) const LEN: usize = HMAC_AT + HMAC_LEN;
/// In place of the number of a whole second: there is none yet.
const NO_SECOND: u16 = u16::MAX;

/// Which way the load goes, as the school sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From here to the relay.
    Out,
    /// From the relay to here.
    Back,
}

/// How fast a run sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As the search for the capacity says, and never faster than this row.
    Search { fastest: Row },
    /// Always so many thousand bits of IP packets a second.
    Fixed { kbps: u32 },
}

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub direction: Direction,
    pub pace: Pace,
    /// For how long packets are sent, in whole ms.
    pub length: Duration,
}

/// What the receiver tells the sender.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Told {
    pub report: Report,
    /// The newest whole second, and its number from 0. Each second is told some twenty times, so none gets lost.
    pub newest: Option<(u16, SubInterval)>,
}

/// Why the relay ends a run before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The line was given back, or its time is over.
    GivenBack,
    /// A lesson began on the line.
    LessonLive,
}

/// What a packet is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Body {
    /// School: where am I?
    Hello,
    /// Relay: show that you are where this came.
    Challenge { token: u64 },
    /// School: here; do this.
    Start { token: u64, plan: Plan },
    /// Relay: it begins.
    Ready,
    /// The sender, whichever end it is.
    Load,
    /// The receiver.
    Report(Told),
    /// Relay: it is over.
    Stop(Stopped),
}

/// A packet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Packet {
    pub session: u16,
    /// The run of the session, from 1.
    pub run: u8,
    pub seq: u32,
    pub sent_us: u64,
    pub body: Body,
}

/// Why bytes are no packet of a load test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoadPacketError {
    /// Too short, or of another kind of test.
    #[error("these bytes are no packet of a load test")]
    Form,
    /// Of another session, or altered.
    #[error("the packet's HMAC is not that of its session")]
    Hmac,
    /// Something in it cannot be.
    #[error("the packet says what cannot be")]
    Content,
}

/// The session that a packet says it is of; not verified. None: it is of no load test.
pub(crate) fn session_of(bytes: &[u8]) -> Option<u16> {
    (bytes.len() >= LEN && bytes[..4] == MAGIC).then(|| u16::from_be_bytes([bytes[4], bytes[5]]))
}

/// Puts the HMAC where it belongs.
pub(crate) fn sign(bytes: &mut [u8], key: &Key) {
    let hmac = key.sign(&[&bytes[..HMAC_AT]]);
    bytes[HMAC_AT..LEN].copy_from_slice(&hmac);
}

impl Packet {
    /// Writes it to the front of `bytes`; what is behind is its padding.
    ///
    /// # Panics
    ///
    /// With fewer than [`LEN`] bytes.
    pub fn write(&self, bytes: &mut [u8], key: &Key) {
        bytes[..HMAC_AT].fill(0);
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..6].copy_from_slice(&self.session.to_be_bytes());
        bytes[6] = self.body.kind();
        bytes[7] = self.run;
        bytes[8..12].copy_from_slice(&self.seq.to_be_bytes());
        bytes[12..20].copy_from_slice(&self.sent_us.to_be_bytes());
        self.body.write(&mut Writer { bytes: &mut bytes[BODY_AT..HMAC_AT] });
        sign(bytes, key);
    }

    /// Reads a packet of the session that has this key.
    pub fn parse(bytes: &[u8], key: &Key) -> Result<Packet, LoadPacketError> {
        let session = session_of(bytes).ok_or(LoadPacketError::Form)?;
        if !key.fits(&[&bytes[..HMAC_AT]], &bytes[HMAC_AT..LEN]) {
            return Err(LoadPacketError::Hmac);
        }
        let mut head = Reader { bytes: &bytes[8..BODY_AT] };
        let (seq, sent_us) = (head.u32(), head.u64());
        let body = Body::parse(bytes[6], &mut Reader { bytes: &bytes[BODY_AT..HMAC_AT] })
            .ok_or(LoadPacketError::Content)?;
        Ok(Packet { session, run: bytes[7], seq, sent_us, body })
    }
}

impl Body {
    fn kind(&self) -> u8 {
        match self {
            Body::Hello => 1,
            Body::Challenge { .. } => 2,
            Body::Start { .. } => 3,
            Body::Ready => 4,
            Body::Load => 5,
            Body::Report(_) => 6,
            Body::Stop(_) => 7,
        }
    }

    fn write(&self, to: &mut Writer<'_>) {
        match self {
            Body::Hello | Body::Ready | Body::Load => {}
            Body::Challenge { token } => to.u64(*token),
            Body::Start { token, plan } => {
                to.u64(*token);
                plan.write(to);
            }
            Body::Report(told) => told.write(to),
            Body::Stop(Stopped::GivenBack) => to.u16(1),
            Body::Stop(Stopped::LessonLive) => to.u16(2),
        }
    }

    fn parse(kind: u8, from: &mut Reader<'_>) -> Option<Body> {
        Some(match kind {
            1 => Body::Hello,
            2 => Body::Challenge { token: from.u64() },
            3 => Body::Start { token: from.u64(), plan: Plan::parse(from)? },
            4 => Body::Ready,
            5 => Body::Load,
            6 => Body::Report(Told::parse(from)),
            7 => Body::Stop(match from.u16() {
                1 => Stopped::GivenBack,
                2 => Stopped::LessonLive,
                _ => return None,
            }),
            _ => return None,
        })
    }
}

impl Plan {
    fn write(&self, to: &mut Writer<'_>) {
        to.u16(match self.direction {
            Direction::Out => 1,
            Direction::Back => 2,
        });
        let (kind, value) = match self.pace {
            Pace::Search { fastest } => (1, u32::from(fastest.number())),
            Pace::Fixed { kbps } => (2, kbps),
        };
        to.u16(kind);
        to.u32(value);
        // Plans are of seconds.
        to.u32(self.length.as_millis() as u32);
    }

    fn parse(from: &mut Reader<'_>) -> Option<Plan> {
        let direction = match from.u16() {
            1 => Direction::Out,
            2 => Direction::Back,
            _ => return None,
        };
        let pace = match (from.u16(), from.u32()) {
            (1, row) => Pace::Search { fastest: Row::new(u16::try_from(row).ok()?) },
            (2, kbps) => Pace::Fixed { kbps },
            _ => return None,
        };
        Some(Plan { direction, pace, length: Duration::from_millis(from.u32().into()) })
    }
}

impl Told {
    fn write(&self, to: &mut Writer<'_>) {
        to.count(self.report.seq_errors);
        to.ms(self.report.delay_variation_ms);
        to.u64(self.report.best_bps as u64);
        let (number, second) = self.newest.unwrap_or((NO_SECOND, SubInterval::default()));
        to.u16(number);
        to.u64(second.ip_bytes);
        for count in [second.packets, second.lost, second.reordered, second.duplicates] {
            to.count(count);
        }
        to.ms(second.delay_variation_ms);
    }

    fn parse(from: &mut Reader<'_>) -> Told {
        let report = Report {
            seq_errors: from.u32().into(),
            delay_variation_ms: from.ms(),
            best_bps: from.u64() as f64,
        };
        let number = from.u16();
        let second = SubInterval {
            ip_bytes: from.u64(),
            packets: from.u32().into(),
            lost: from.u32().into(),
            reordered: from.u32().into(),
            duplicates: from.u32().into(),
            delay_variation_ms: from.ms(),
        };
        Told { report, newest: (number != NO_SECOND).then_some((number, second)) }
    }
}

/// Writes numbers one after the other into a body, which has room for each kind's.
struct Writer<'a> {
    bytes: &'a mut [u8],
}

impl Writer<'_> {
    fn put(&mut self, number: &[u8]) {
        let (here, rest) = std::mem::take(&mut self.bytes).split_at_mut(number.len());
        here.copy_from_slice(number);
        self.bytes = rest;
    }

    fn u16(&mut self, number: u16) {
        self.put(&number.to_be_bytes());
    }

    fn u32(&mut self, number: u32) {
        self.put(&number.to_be_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.put(&number.to_be_bytes());
    }

    /// The largest there is in place of a larger one.
    fn count(&mut self, count: u64) {
        self.u32(count.try_into().unwrap_or(u32::MAX));
    }

    /// In µs; what is larger than an hour is as bad as an hour.
    fn ms(&mut self, ms: f64) {
        self.u32((ms * 1e3).round() as u32);
    }
}

/// Reads numbers one after the other out of a body, whose length every kind fits in.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (here, rest) = self.bytes.split_at(N);
        self.bytes = rest;
        std::array::from_fn(|i| here[i])
    }

    fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.take())
    }

    fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.take())
    }

    fn ms(&mut self) -> f64 {
        f64::from(self.u32()) / 1e3
    }
}

#[cfg(test)]
mod tests;
