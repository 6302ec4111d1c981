//! How often something may be tried, by where the tries come from: codes in vain, checks of anybody's files.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use tongke_protocol::WallTime;

/// Tries from one place before the first wait.
const PLACE_TRIES: f64 = 10.0;
/// Seconds after which one place may try once more.
const PLACE_WAIT_S: f64 = 20.0;
/// Tries from everywhere before the first wait: who asks from many places is held up too.
const ALL_TRIES: f64 = 200.0;
/// Seconds after which somebody may try once more.
const ALL_WAIT_S: f64 = 0.5;
/// Places that are remembered. Beyond it the one that was quiet longest is forgotten.
const PLACES: usize = 1024;

/// What was tried.
#[derive(Debug, Default)]
pub(crate) struct Tries(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    all: Option<Left>,
    places: HashMap<IpAddr, Left>,
}

/// Tries that are left, as of a moment.
#[derive(Debug, Clone, Copy)]
struct Left {
    tries: f64,
    at: WallTime,
}

impl Left {
    fn at(before: Option<Left>, most: f64, wait_s: f64, now: WallTime) -> Left {
        let Some(before) = before else { return Left { tries: most, at: now } };
        let passed_s = now.micros_since(before.at).max(0) as f64 / 1e6;
        Left { tries: (before.tries + passed_s / wait_s).min(most), at: now }
    }

    fn wait_s(self, wait_s: f64) -> Option<u64> {
        (self.tries < 1.0).then(|| ((1.0 - self.tries) * wait_s).ceil() as u64)
    }
}

impl Tries {
    /// Whether somebody there may try now; if not, in how many seconds.
    pub(crate) fn may(&self, place: Option<IpAddr>, now: WallTime) -> Result<(), u64> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = Left::at(known.all, ALL_TRIES, ALL_WAIT_S, now).wait_s(ALL_WAIT_S);
        let of_place = place.and_then(|place| {
            let left = Left::at(known.places.get(&place).copied(), PLACE_TRIES, PLACE_WAIT_S, now);
            left.wait_s(PLACE_WAIT_S)
        });
        all.max(of_place).map_or(Ok(()), Err)
    }

    /// Somebody there tried.
    pub(crate) fn count(&self, place: Option<IpAddr>, now: WallTime) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = Left::at(known.all, ALL_TRIES, ALL_WAIT_S, now);
        all.tries = (all.tries - 1.0).max(0.0);
        known.all = Some(all);
        let Some(place) = place else { return };
        let mut left = Left::at(known.places.get(&place).copied(), PLACE_TRIES, PLACE_WAIT_S, now);
        left.tries = (left.tries - 1.0).max(0.0);
        if known.places.len() >= PLACES && !known.places.contains_key(&place) {
            let quiet = known.places.iter().min_by_key(|(_, left)| left.at).map(|(place, _)| *place);
            quiet.map(|quiet| known.places.remove(&quiet));
        }
        known.places.insert(place, left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn place(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn who_tries_in_vain_waits_and_others_do_not() {
        let (tries, now) = (Tries::default(), WallTime(1_000 * SECOND));
        for _ in 0..10 {
            assert_eq!(tries.may(place(1), now), Ok(()));
            tries.count(place(1), now);
        }
        assert_eq!(tries.may(place(1), now), Err(20));
        assert_eq!(tries.may(place(2), now), Ok(()));
        assert_eq!(tries.may(place(1), WallTime(now.0 + 10 * SECOND)), Err(10));
        assert_eq!(tries.may(place(1), WallTime(now.0 + 20 * SECOND)), Ok(()));
        assert_eq!(tries.may(place(1), WallTime(now.0 - SECOND)), Err(20), "a clock that is set back");
    }

    #[test]
    fn tries_from_everywhere_are_bounded_too_and_so_is_what_is_remembered() {
        let (tries, now) = (Tries::default(), WallTime(1_000 * SECOND));
        for n in 0..200_u8 {
            tries.count(place(n), now);
        }
        assert_eq!(tries.may(place(250), now), Err(1));
        assert_eq!(tries.may(None, now), Err(1));
        for n in 0..5_000_u32 {
            tries.count(Some(IpAddr::from(n.to_be_bytes())), now);
        }
        assert_eq!(tries.0.lock().unwrap().places.len(), PLACES);
    }
}
