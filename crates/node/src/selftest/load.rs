//! How the line may be loaded, how much data that takes, and what load does to round trips.

use super::Piece;
use super::bench::{Bench, Found, Nothing, blocking};
use super::capacity::Lent;
use super::findings::{BY, over_time};
use super::line::PERIOD;
use crate::config::NodeConfig;
use std::thread;
use std::time::Duration;
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Finding, Measured, Method, Way};
use tongke_measure::network::capacity::{Capacity, Row, SearchSettings, TEST_LENGTH, Volume};
use tongke_measure::network::load::DelayUnderLoad;
use tongke_probe::{Direction, Held, Idle, Line, LineError, LoadError, LoadLine};

/// Share of the capacity that the line is loaded with (quality.md §5).
const SHARE: f64 = 0.8;
/// How long each way is loaded, s.
const LOADED_S: u8 = 5;
/// When the first round trip begins: the load is steady then.
const SETTLES: Duration = Duration::from_millis(500);
/// Round trips in each way: four seconds of them.
const ROUND_TRIPS: u32 = 200;
/// A second that carried less than this share of the load was not loaded.
const LOADED_SHARE: f64 = 0.5;

/// How the line may be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadPlan {
    /// The fastest that is tried, Mbit/s of IP packets; 0: the line is not loaded.
    pub most_mbps: u16,
    /// The line's data is paid for: no faster than one and a half times the media's rate and two megabits more.
    pub metered: bool,
    /// Other schools share this one's public address: their lessons and tests are no reason to wait.
    pub shared_address: bool,
}

impl Default for LoadPlan {
    /// Faster than a line of 100 Mbit/s, so that this one is measured (a proposal).
    fn default() -> Self {
        LoadPlan { most_mbps: 120, metered: false, shared_address: false }
    }
}

impl LoadPlan {
    /// What a capacity test goes by, for media of that rate, at a relay that takes no more than `relay_bps`.
    pub(super) fn settings(&self, media_bps: f64, relay_bps: f64) -> SearchSettings {
        let most = Row::not_above(relay_bps).min(Row::new(self.most_mbps));
        let fastest = if self.metered { most.min(Row::for_metered_line(media_bps)) } else { most };
        SearchSettings { fastest, ..SearchSettings::default() }
    }
}

/// The rate of one school's media as configured: the picture's at the begin, and the sound's.
pub(super) fn media_bps(config: &NodeConfig) -> f64 {
    f64::from(config.video_bitrate.start_bps) + f64::from(config.sound_bitrate_bps)
}

/// The data that a piece takes, at most, both ways together.
pub(super) fn volume_bytes(piece: Piece, config: &NodeConfig, plan: &LoadPlan) -> u64 {
    if plan.most_mbps == 0 {
        return 0;
    }
    let settings = plan.settings(media_bps(config), f64::INFINITY);
    match piece {
        Piece::Capacity => 2 * Volume::of(&settings, TEST_LENGTH).at_most_bytes,
        Piece::LoadedLine => {
            (2.0 * SHARE * settings.fastest.rate_bps() / 8.0 * f64::from(LOADED_S)).ceil() as u64
        }
        _ => 0,
    }
}

/// Round trips while one way is loaded, then the other; the line is given back afterwards.
pub(super) async fn loaded_line(bench: &mut Bench<'_>) -> Found {
    let Lent { lease, mut line, out, back } = std::mem::replace(&mut bench.lent, Err(Cause::NotAsked))?;
    let mut all = Vec::new();
    for (way, direction, capacity) in [(Way::AToB, Direction::Out, out), (Way::BToA, Direction::Back, back)] {
        let (Capacity::Measured { bps, .. } | Capacity::AtLeast { bps, .. }) = capacity else {
            all.push(Finding::missing(Quantity::RttRise, Some(way), Cause::NoPackets));
            continue;
        };
        let (probes, _) = bench.line().await?;
        let (again, loaded) = blocking(move || {
            let loaded = load_and_probe(&mut line, direction, bps * SHARE, probes);
            (line, loaded)
        })
        .await?;
        line = again;
        let (held, idle) = loaded?;
        all.push(rise(way, &bench.idle_ms, &idle, &held, bps * SHARE));
    }
    lease.give_back().await;
    Ok(all)
}

/// Both at once: load, and round trips from a socket of their own.
fn load_and_probe(
    line: &mut LoadLine,
    direction: Direction,
    bps: f64,
    probes: Line,
) -> Result<(Held, Idle), Nothing> {
    thread::scope(|scope| {
        let probing = scope.spawn(|| {
            thread::sleep(SETTLES);
            probes.idle(ROUND_TRIPS, PERIOD, &mut |_| ())
        });
        let held: Result<Held, LoadError> = line.hold(direction, bps, LOADED_S, &mut |_| {});
        let idle: Result<Idle, LineError> =
            probing.join().map_err(|_| Nothing::Refused(super::SelfTestError::Broken))?;
        Ok((held?, idle?))
    })
}

fn rise(way: Way, idle_ms: &[f64], loaded: &Idle, held: &Held, wanted_bps: f64) -> Finding {
    let missing = |cause| Finding::missing(Quantity::RttRise, Some(way), cause);
    if !held.seconds.iter().any(|second| second.rate_bps() >= wanted_bps * LOADED_SHARE) {
        return missing(Cause::NoPackets);
    }
    if idle_ms.is_empty() {
        return missing(Cause::NotAsked);
    }
    let mut delay = DelayUnderLoad::new();
    idle_ms.iter().for_each(|ms| delay.on_idle_ms(*ms));
    loaded.round_trips.iter().for_each(|(_, ms)| delay.on_loaded_ms(*ms));
    let Some(rise) = delay.rise() else { return missing(Cause::NoPackets) };
    let mut points = over_time(&loaded.round_trips);
    for point in &mut points {
        point.value -= rise.idle_p50_ms;
        point.low = point.low.map(|low| low - rise.idle_p50_ms);
        point.high = point.high.map(|high| high - rise.idle_p50_ms);
    }
    let measured = Measured {
        median: Some(rise.rise_p50_ms),
        p95: Some(rise.rise_p95_ms),
        over_time: points,
        ..Measured::new(rise.loaded_n, Method::Stamp, BY)
    };
    Finding::measured(Quantity::RttRise, Some(way), measured)
}

#[cfg(test)]
mod tests;
