//! The figures of runs, their medians and ratios, and what is asked for.

use crate::run::Outcome;
use crate::target::Kind;
use tongke_load::{Link, Shape};

/// Something measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// CPU time a forwarded packet.
    Cpu,
    /// Of that, in the target's own code.
    CpuUser,
    /// Of that, in the kernel.
    CpuSystem,
    /// Added latency of all packets.
    AllP50,
    /// The same.
    AllP99,
    /// The same.
    AllP999,
    /// Added latency of pictures' last packets.
    FrameEndP50,
    /// The same.
    FrameEndP99,
    /// The same.
    FrameEndP999,
    /// Added latency of sound.
    AudioP50,
    /// The same.
    AudioP99,
    /// The same.
    AudioP999,
    /// Share of packets that never came.
    Loss,
    /// Memory that a subscriber adds.
    KibSubscriber,
    /// Memory that a lesson adds with all who are in it.
    KibLesson,
    /// From the offer to the first media packet, median.
    FirstMedia,
    /// From the offer to the first keyframe, median.
    FirstKeyframe,
    /// Datagrams of one send call.
    Run,
    /// Send and receive calls for each datagram sent.
    Calls,
}

impl Figure {
    /// All, as they are printed.
    pub const ALL: [Figure; 19] = [
        Figure::Cpu,
        Figure::CpuUser,
        Figure::CpuSystem,
        Figure::AllP50,
        Figure::AllP99,
        Figure::AllP999,
        Figure::FrameEndP50,
        Figure::FrameEndP99,
        Figure::FrameEndP999,
        Figure::AudioP50,
        Figure::AudioP99,
        Figure::AudioP999,
        Figure::Loss,
        Figure::KibSubscriber,
        Figure::KibLesson,
        Figure::FirstMedia,
        Figure::FirstKeyframe,
        Figure::Run,
        Figure::Calls,
    ];

    /// What it is, with its unit.
    pub fn name(self) -> &'static str {
        match self {
            Figure::Cpu => "CPU us a forwarded packet",
            Figure::CpuUser => "  in its own code",
            Figure::CpuSystem => "  in the kernel",
            Figure::AllP50 => "latency ms, all packets, p50",
            Figure::AllP99 => "  p99",
            Figure::AllP999 => "  p99.9",
            Figure::FrameEndP50 => "latency ms, frame's end, p50",
            Figure::FrameEndP99 => "  p99 ",
            Figure::FrameEndP999 => "  p99.9 ",
            Figure::AudioP50 => "latency ms, sound, p50",
            Figure::AudioP99 => "  p99  ",
            Figure::AudioP999 => "  p99.9  ",
            Figure::Loss => "loss %",
            Figure::KibSubscriber => "memory KiB a subscriber",
            Figure::KibLesson => "memory KiB a lesson, all in it",
            Figure::FirstMedia => "join: offer to first media ms",
            Figure::FirstKeyframe => "join: offer to first keyframe ms",
            Figure::Run => "datagrams a send call",
            Figure::Calls => "send and receive calls a datagram",
        }
    }

    /// Its value in a run.
    pub fn of(self, outcome: &Outcome) -> Option<f64> {
        let seen = &outcome.seen;
        let counters = || seen.target?.counters.filter(|counters| counters.send_calls > 0.0);
        Some(match self {
            Figure::Cpu => seen.cpu_us()?.0,
            Figure::CpuUser => seen.cpu_us()?.1,
            Figure::CpuSystem => seen.cpu_us()?.2,
            Figure::AllP50 => seen.all.p50_ms,
            Figure::AllP99 => seen.all.p99_ms,
            Figure::AllP999 => seen.all.p999_ms,
            Figure::FrameEndP50 => seen.frame_end.p50_ms,
            Figure::FrameEndP99 => seen.frame_end.p99_ms,
            Figure::FrameEndP999 => seen.frame_end.p999_ms,
            Figure::AudioP50 => seen.audio.p50_ms,
            Figure::AudioP99 => seen.audio.p99_ms,
            Figure::AudioP999 => seen.audio.p999_ms,
            Figure::Loss => seen.loss() * 100.0,
            Figure::KibSubscriber => outcome.kib_per_subscriber()?,
            Figure::KibLesson => outcome.kib_per_lesson()?,
            Figure::FirstMedia => median(outcome.joins.iter().filter_map(|join| join.media_ms))?,
            Figure::FirstKeyframe => median(outcome.joins.iter().filter_map(|join| join.keyframe_ms))?,
            Figure::Run => counters().map(|counters| counters.datagrams_sent / counters.send_calls)?,
            Figure::Calls => {
                let counters = counters().filter(|counters| counters.receive_calls > 0.0)?;
                (counters.send_calls + counters.receive_calls) / counters.datagrams_sent
            }
        })
    }
}

/// What is asked of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// In terms of another target; none: as it is.
    pub beside: Option<Kind>,
    /// At most.
    pub limit: f64,
}

/// What is asked of a figure under a shape.
pub fn asked(figure: Figure, shape: Shape, link: Link) -> Vec<Asked> {
    let beside = |kind, limit| Asked { beside: Some(kind), limit };
    let itself = |limit| Asked { beside: None, limit };
    let (lessons, subscribers) = match shape {
        Shape::Spread { lessons, subscribers } => (lessons, subscribers),
        Shape::Pairs { .. } => return pairs_asked(figure),
    };
    if link == Link::Quic {
        return Vec::new();
    }
    match (figure, lessons, subscribers) {
        (Figure::Cpu, 1, 100) => vec![beside(Kind::Peer, 0.4), beside(Kind::Floor, 1.5)],
        (Figure::Cpu, 20, 5) => vec![beside(Kind::Peer, 0.45)],
        (Figure::FrameEndP50 | Figure::FrameEndP99 | Figure::AudioP50 | Figure::AudioP99, 1, 100) => {
            vec![beside(Kind::Peer, 0.6)]
        }
        (Figure::KibSubscriber, ..) => vec![itself(60.0)],
        (Figure::FirstMedia, ..) => vec![itself(25.0)],
        (Figure::FirstKeyframe, ..) => vec![itself(40.0)],
        _ => Vec::new(),
    }
}

fn pairs_asked(figure: Figure) -> Vec<Asked> {
    let limit = match figure {
        Figure::FrameEndP99 => 5.0,
        Figure::Loss => 0.01,
        Figure::KibLesson => 2_048.0,
        _ => return Vec::new(),
    };
    vec![Asked { beside: None, limit }]
}

/// The middle value; of an even number the mean of the two in the middle.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some((upper + lower) / 2.0)
}

/// The runs of one shape and link.
pub struct Group<'r> {
    /// The shape.
    pub shape: Shape,
    /// The link.
    pub link: Link,
    /// All targets' runs.
    pub outcomes: Vec<&'r Outcome>,
}

impl<'r> Group<'r> {
    /// Runs by shape and link, in the order in which these came first.
    pub fn all(outcomes: &'r [Outcome]) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for outcome in outcomes {
            let of = |group: &&mut Self| (group.shape, group.link) == (outcome.shape, outcome.link);
            match groups.iter_mut().find(of) {
                Some(group) => group.outcomes.push(outcome),
                None => {
                    groups.push(Self { shape: outcome.shape, link: outcome.link, outcomes: vec![outcome] })
                }
            }
        }
        groups
    }

    /// The targets that ran.
    pub fn targets(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = self.outcomes.iter().map(|outcome| outcome.target).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// Median of a target's runs.
    pub fn value(&self, kind: Kind, figure: Figure) -> Option<f64> {
        let runs = self.outcomes.iter().filter(|outcome| outcome.target == kind);
        median(runs.filter_map(|outcome| figure.of(outcome)))
    }

    /// Median of the ratios of runs that were made one after the other.
    pub fn ratio(&self, figure: Figure, beside: Kind) -> Option<f64> {
        let ratio = |ours: &&Outcome| {
            let theirs =
                self.outcomes.iter().find(|other| other.target == beside && other.run == ours.run)?;
            Some(figure.of(ours)? / figure.of(theirs)?)
        };
        median(self.outcomes.iter().filter(|outcome| outcome.target == Kind::Relay).filter_map(ratio))
    }

    /// What an asked figure is, if it was measured.
    pub fn measured(&self, figure: Figure, asked: &Asked) -> Option<f64> {
        match asked.beside {
            Some(kind) => self.ratio(figure, kind),
            None => self.value(Kind::Relay, figure),
        }
    }
}

#[cfg(test)]
mod tests;
