//! Loss, delay variation and reordering of each direction from one run of STAMP packets: the reflector counts what
//! it sends back, so what is missing in its count was lost on the way back, and the rest on the way out.

mod pattern;

use super::stamp::ReflectedPacket;
use crate::evidence::LossShare;
use crate::loss::LossSummary;
use crate::variation::{DelayVariation, VariationMs};
use crate::{ClockSample, Distribution};
use serde::{Deserialize, Serialize};
use tongke_protocol::facts::DistributionMs;
use tongke_protocol::time::{NtpTime, WallTime};

/// Packets of one run, at most: twenty minutes of 50 a second. Longer holds are several runs.
pub const MAX_PACKETS: usize = 60_000;

/// One run, at the sender. The reflector must count by itself (stateful, RFC 8762 §4.2).
///
/// Memory: up to 64 bytes for each of [`MAX_PACKETS`] packets.
#[derive(Debug, Clone, Default)]
pub struct TwoWayRun {
    sent: Vec<Sent>,
    /// In the order in which they came.
    replies: Vec<Reply>,
    duplicates: u64,
    /// Of those, copies made on the way out: the reflector counted them.
    copies_out: u64,
    strange: u64,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    at: WallTime,
    /// The reflector's number of its answer.
    answered_as: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Reply {
    seq: u32,
    reflector_seq: u32,
    /// None: a clock was set while the packet was on its way. It came all the same.
    times: Option<Times>,
}

/// Of one packet; those of one way are off by what the clocks differ.
#[derive(Debug, Clone, Copy)]
struct Times {
    out_us: i64,
    back_us: i64,
    round_trip_us: i64,
}

impl Times {
    /// None: they contradict themselves.
    fn of(sample: &ClockSample) -> Option<Times> {
        let possible = sample.delta_us() >= 0 && sample.t3_us >= sample.t2_us;
        possible.then(|| Times {
            out_us: sample.t2_us.wrapping_sub(sample.t1_us) as i64,
            back_us: sample.t4_us.wrapping_sub(sample.t3_us) as i64,
            round_trip_us: sample.delta_us(),
        })
    }
}

/// One direction of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DirectionFigures {
    /// Lost in this direction, of those whose fate is known.
    pub loss: LossShare,
    /// How they were lost; none where nobody can tell which of the packets were.
    pub pattern: Option<LossSummary>,
    /// Packets that came after one sent later (RFC 4737 §4.1).
    pub reordered: u64,
    /// Delay variation; none if nothing came.
    pub variation: Option<VariationMs>,
}

/// What a run comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TwoWayFigures {
    /// Packets sent.
    pub sent: u64,
    /// Of those, answered.
    pub answered: u64,
    /// From here to the reflector.
    pub out: DirectionFigures,
    /// From the reflector to here.
    pub back: DirectionFigures,
    /// Sent after the last one that was answered: lost, in a direction that nobody knows.
    pub undecided: u64,
    /// Round trips without the reflector's own time; none if nothing was answered.
    pub round_trip: Option<DistributionMs>,
    /// Answers that came again.
    pub duplicates: u64,
    /// Answers to what was never sent, or more than can be: a sign of a broken or hostile reflector.
    pub strange: u64,
}

impl TwoWayRun {
    /// Nothing sent yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of the packet that is sent at `at`; none when the run is full.
    pub fn on_send(&mut self, at: WallTime) -> Option<u32> {
        if self.sent.len() == MAX_PACKETS {
            return None;
        }
        self.sent.push(Sent { at, answered_as: None });
        Some(self.sent.len() as u32 - 1)
    }

    /// An answer came at `arrived`. Returns the clock probe that it is; none: it is none, or its times cannot be.
    pub fn on_reply(&mut self, packet: &ReflectedPacket, arrived: WallTime) -> Option<ClockSample> {
        // A reflector counts up from 0 and not faster than packets are sent, a copied one now and then included.
        let plausible = (packet.seq as usize) < 2 * MAX_PACKETS;
        let Some(sent) = self.sent.get_mut(packet.test.seq as usize).filter(|_| plausible) else {
            self.strange += 1;
            return None;
        };
        if let Some(answered_as) = sent.answered_as {
            self.duplicates += 1;
            self.copies_out += u64::from(answered_as != packet.seq);
            return None;
        }
        sent.answered_as = Some(packet.seq);
        let sample = ClockSample {
            t1_us: sent.at.as_unix_us(),
            t2_us: wall_us(packet.received),
            t3_us: wall_us(packet.sent),
            t4_us: arrived.as_unix_us(),
        };
        let times = Times::of(&sample);
        self.replies.push(Reply { seq: packet.test.seq, reflector_seq: packet.seq, times });
        times.map(|_| sample)
    }

    /// What the run comes to, when no more answers are awaited. `skew_ppm` is by how much the reflector's clock is
    /// faster ([`ClockEstimate`](crate::ClockEstimate)): clocks that part would otherwise count as variation, 3 ms
    /// a minute at 50 ppm.
    pub fn figures(&self, skew_ppm: Option<f64>) -> TwoWayFigures {
        let answered = self.replies.len() as u64;
        let (decided, reached) = self.decided_and_reached();
        let by_sender = self.sorted_by(|reply| reply.seq);
        let by_reflector = self.sorted_by(|reply| reply.reflector_seq);
        let parted_us = |reply: &Reply| self.parted_us(reply, skew_ppm.unwrap_or(0.0));
        let out_us = |r: &Reply| Some((r.seq, r.times?.out_us.saturating_sub(parted_us(r))));
        let back_us = |r: &Reply| Some((r.reflector_seq, r.times?.back_us.saturating_add(parted_us(r))));
        let mut round_trips = Distribution::new();
        let times = self.replies.iter().filter_map(|reply| reply.times);
        times.for_each(|times| round_trips.record_us(times.round_trip_us));
        TwoWayFigures {
            sent: self.sent.len() as u64,
            answered,
            out: DirectionFigures {
                loss: LossShare { lost: decided - reached, n: decided },
                pattern: pattern::out(&by_sender, decided, reached),
                reordered: reordered(by_reflector.iter().map(|reply| reply.seq)),
                variation: variation(by_sender.iter().filter_map(out_us)),
            },
            back: DirectionFigures {
                loss: LossShare { lost: reached - answered, n: reached },
                pattern: pattern::back(&by_reflector, reached),
                reordered: reordered(self.replies.iter().map(|reply| reply.reflector_seq)),
                variation: variation(by_reflector.iter().filter_map(back_us)),
            },
            undecided: self.sent.len() as u64 - decided,
            round_trip: round_trips.summary(None),
            duplicates: self.duplicates,
            strange: self.strange,
        }
    }

    /// By how much the clocks parted from the run's start to this packet, µs.
    fn parted_us(&self, reply: &Reply, skew_ppm: f64) -> i64 {
        let since_start_us = self.sent[reply.seq as usize].at.micros_since(self.sent[0].at);
        (since_start_us as f64 * skew_ppm / 1e6).round() as i64
    }

    /// Packets sent up to the last one answered, and how many of them reached the reflector by its own count.
    fn decided_and_reached(&self) -> (u64, u64) {
        let count = |number: fn(&Reply) -> u32| {
            self.replies.iter().map(number).max().map_or(0, |last| u64::from(last) + 1)
        };
        let decided = count(|reply| reply.seq);
        // Copies raise the reflector's count. Not all of them are seen here, but no more came than were sent.
        let counted = count(|reply| reply.reflector_seq).saturating_sub(self.copies_out);
        let reached = counted.clamp(self.replies.len() as u64, decided);
        (decided, reached)
    }

    fn sorted_by(&self, number: fn(&Reply) -> u32) -> Vec<Reply> {
        let mut replies = self.replies.clone();
        replies.sort_by_key(number);
        replies
    }
}

fn wall_us(time: NtpTime) -> u64 {
    WallTime::from(time).as_unix_us()
}

/// RFC 4737 §4.1: a packet is reordered if one with a larger number came before it.
fn reordered(numbers: impl Iterator<Item = u32>) -> u64 {
    let mut next_expected = 0;
    let mut reordered = 0;
    for number in numbers {
        if number < next_expected {
            reordered += 1;
        } else {
            next_expected = number + 1;
        }
    }
    reordered
}

fn variation(delays: impl Iterator<Item = (u32, i64)>) -> Option<VariationMs> {
    let mut variation = DelayVariation::new();
    // The clocks may be far apart: what counts is the difference to the first.
    let mut origin_us = None;
    for (number, delay_us) in delays {
        let origin_us = *origin_us.get_or_insert(delay_us);
        variation.record(u64::from(number), delay_us.saturating_sub(origin_us) as f64 / 1000.0);
    }
    variation.summary()
}

#[cfg(test)]
mod tests;
