//! Many join at once while lessons run: what the newcomers wait, and what the others notice.

use crate::args::Args;
use crate::progress::Line;
use crate::report::median_and_most;
use crate::run::{AT_ONCE, config};
use crate::target::{self, Kind};
use serde_json::{Value, json};
use std::error::Error;
use std::time::Duration;
use tongke_load::{JoinTimes, Joining, Link, Load, Seen, Shape};

/// They come in this time.
const OVER: Duration = Duration::from_secs(2);
/// The running lessons are measured so long before.
const BEFORE: Duration = Duration::from_secs(4);
/// A picture is there in time.
const IN_TIME_MS: f64 = 1_000.0;

/// What was seen.
pub struct Burst {
    target: Kind,
    shape: Shape,
    count: usize,
    /// The running lessons before.
    before: Seen,
    /// The running lessons during.
    during: Seen,
    joins: Vec<JoinTimes>,
}

/// Has `count` subscribers join the running lessons of a shape.
///
/// # Errors
/// If the target does not run, or somebody is not let in or gets no picture.
pub fn run(
    args: &Args,
    kind: Kind,
    shape: Shape,
    count: usize,
    line: &mut Line,
) -> Result<Burst, Box<dyn Error>> {
    let running = target::start(args, kind)?;
    line.say(&format!("{} {shape} and {count} more: lessons begin", kind.name()));
    let mut load = Load::start(running.target.clone(), config(args, shape, Link::Webrtc))?;
    load.join_publishers()?;
    load.join_subscribers(Joining::Calmly(AT_ONCE))?;
    load.wait(Duration::from_secs(args.warm_up), &mut |_| {})?;
    let before = load.window(BEFORE, &mut |_| {})?;
    line.say(&format!("{} {shape} and {count} more: they join", kind.name()));
    let during = load.window_while(|load| {
        load.join_more(count, Joining::Over(OVER))?;
        load.wait(Duration::from_millis(500), &mut |_| {})
    })?;
    let joins = load.joins()?.split_off(shape.subscribers());
    Ok(Burst { target: kind, shape, count, before, during, joins })
}

impl Burst {
    fn late(&self) -> usize {
        self.joins.iter().filter(|join| join.keyframe_ms.is_none_or(|ms| ms > IN_TIME_MS)).count()
    }

    /// For people.
    pub fn text(&self) -> String {
        let Self { before, during, .. } = self;
        let keyframes = median_and_most(self.joins.iter().filter_map(|join| join.keyframe_ms));
        let mut text = format!(
            "\n{} joins in 2 s into {} ({}): first media {}; first keyframe {keyframes}; later than 1 s: {} \
             (asked: 0)\n  running lessons before and during: frame's end p99 {:.2} and {:.2} ms, \
             sound p99 {:.2} and {:.2} ms, lost {} and {}\n",
            self.count,
            self.shape,
            self.target.name(),
            median_and_most(self.joins.iter().filter_map(|join| join.media_ms)),
            self.late(),
            before.frame_end.p99_ms,
            during.frame_end.p99_ms,
            before.audio.p99_ms,
            during.audio.p99_ms,
            before.lost,
            during.lost,
        );
        if let Some(why) = during.generator.limit() {
            text.push_str(&format!("  the generator was the limit: {why}\n"));
        }
        text
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let side = |seen: &Seen| {
            json!({
                "frame_end_p99_ms": seen.frame_end.p99_ms, "audio_p99_ms": seen.audio.p99_ms,
                "lost": seen.lost, "expected": seen.expected, "generator_busy": seen.generator.busy,
            })
        };
        let times =
            |of: fn(&JoinTimes) -> Option<f64>| -> Vec<f64> { self.joins.iter().filter_map(of).collect() };
        json!({
            "target": self.target.name(), "shape": self.shape.to_string(), "joins": self.count,
            "later_than_1_s": self.late(), "before": side(&self.before), "during": side(&self.during),
            "media_ms": times(|join| join.media_ms), "keyframe_ms": times(|join| join.keyframe_ms),
        })
    }
}
