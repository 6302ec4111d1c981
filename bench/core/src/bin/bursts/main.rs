//! What held packets that leave in bursts do to slow lines: the tables of docs/forwarding.md.

#![allow(clippy::print_stdout, reason = "a program that reports to a person")]

use std::time::Duration;
use tongke_sim::bursts::{Line, Pacing, Sending, Traffic, Wait, least_queue, study};

const LENGTH: Duration = Duration::from_secs(120);
const LINES_MBPS: [u64; 5] = [3, 4, 8, 20, 100];
/// What a lesson sends in pictures, bit/s: 720p, and a screen of 1080p.
const RATES_BPS: [f64; 2] = [2.5e6, 6e6];
/// Share of a line that is taken at most.
const SHARE: f64 = 0.6;
const QUEUES: [usize; 4] = [8, 16, 32, 64];
/// Longest queue that is looked at.
const MOST: usize = 400;

const fn rule(wait: Wait, group: usize) -> Sending {
    Sending { wait, group }
}

const fn up_to(ms: u64, group: usize) -> Sending {
    rule(Wait::UpTo(Duration::from_millis(ms)), group)
}

const RULES: [Sending; 15] = [
    Sending::AT_ONCE,
    up_to(2, 48),
    up_to(5, 48),
    up_to(10, 48),
    up_to(20, 48),
    up_to(5, 8),
    up_to(10, 8),
    up_to(20, 4),
    up_to(20, 8),
    up_to(20, 16),
    rule(Wait::PictureEnd, 4),
    rule(Wait::PictureEnd, 8),
    rule(Wait::PictureEnd, 16),
    rule(Wait::PictureEnd, 32),
    rule(Wait::PictureEnd, 48),
];

fn name(rule: Sending) -> String {
    let wait = match rule.wait {
        Wait::Never => return "at once".to_owned(),
        Wait::UpTo(most) => format!("{} ms", most.as_millis()),
        Wait::PictureEnd => "picture's end".to_owned(),
    };
    format!("{wait}, {}", rule.group)
}

/// What goes over the lines of some tables.
#[derive(Debug, Clone, Copy)]
struct Case {
    rate_bps: f64,
    pacing: Pacing,
    is_shared: bool,
}

impl Case {
    /// What goes over one of them: less than the rate where the line does not take that.
    fn traffic(self, mbps: u64) -> Traffic {
        let video_bps = self.rate_bps.min(mbps as f64 * 1e6 * SHARE);
        let (tracks, others) = if self.is_shared { (2, 0.5) } else { (1, 0.0) };
        Traffic { tracks, video_bps, pacing: self.pacing, others }
    }
}

fn main() {
    for rate_bps in RATES_BPS {
        for pacing in [Pacing::Even, Pacing::Bursts] {
            for is_shared in [false, true] {
                let others = if is_shared { "two tracks, and others' packets" } else { "one track" };
                println!("\n## {} Mbit/s, {others}; the publisher sends {pacing:?}", rate_bps / 1e6);
                let case = Case { rate_bps, pacing, is_shared };
                print_queues(case);
                print_losses(case);
                print_delays(case);
            }
        }
    }
}

fn print_head(what: &str, columns: impl Iterator<Item = String>) {
    let columns: Vec<String> = columns.collect();
    println!("\n{what}\n\n| waits until, packets | {} |", columns.join(" | "));
    println!("| --- |{}", " ---: |".repeat(columns.len()));
}

fn print_row(rule: Sending, columns: impl Iterator<Item = String>) {
    println!("| {} | {} |", name(rule), columns.collect::<Vec<_>>().join(" | "));
}

fn print_queues(case: Case) {
    print_head(
        "Shortest queue that loses nothing, packets",
        LINES_MBPS.iter().map(|mbps| format!("{mbps} Mbit/s")),
    );
    for rule in RULES {
        let queue = |mbps: &u64| {
            let least = least_queue(mbps * 1_000_000, rule, case.traffic(*mbps), LENGTH, MOST);
            least.map_or(format!("> {MOST}"), |queue| queue.to_string())
        };
        print_row(rule, LINES_MBPS.iter().map(queue));
    }
}

fn print_losses(case: Case) {
    let cells = || LINES_MBPS[..3].iter().flat_map(|mbps| QUEUES.map(|queue| (*mbps, queue)));
    print_head("Video packets lost, %", cells().map(|(mbps, queue)| format!("{mbps} Mbit/s, {queue}")));
    for rule in RULES {
        let loss = |(mbps, queue_packets)| {
            let line = Line { rate_bps: mbps * 1_000_000, queue_packets };
            let seen = study(line, rule, case.traffic(mbps), LENGTH, 1);
            format!("{:.2}", seen.packets_lost as f64 / seen.packets as f64 * 100.0)
        };
        print_row(rule, cells().map(loss));
    }
}

fn print_delays(case: Case) {
    print_head(
        "Nothing lost. Picture's end p50 / p99, sound p50 / p99, ms",
        LINES_MBPS.iter().map(|mbps| format!("{mbps} Mbit/s")),
    );
    for rule in RULES {
        let delay = |mbps: &u64| {
            let line = Line { rate_bps: mbps * 1_000_000, queue_packets: MOST };
            let seen = study(line, rule, case.traffic(*mbps), LENGTH, 1);
            let of = |delays: &tongke_measure::Distribution, q| delays.quantile_ms(q).unwrap_or(f64::NAN);
            let (picture, sound) = (&seen.picture_end, &seen.sound);
            format!(
                "{:.1} / {:.1}, {:.1} / {:.1}",
                of(picture, 0.5),
                of(picture, 0.99),
                of(sound, 0.5),
                of(sound, 0.99)
            )
        };
        print_row(rule, LINES_MBPS.iter().map(delay));
    }
}
