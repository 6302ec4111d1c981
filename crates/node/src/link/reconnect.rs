//! When to try again, and by which ways. The only place in the program that decides it.

use super::{Link, LinkError, LinkFailure, LinkKind, LinkPlan, RelayHttp, quic, webrtc};
use crate::clock::MachineClock;
use std::time::Duration;

/// First wait.
const FIRST: Duration = Duration::from_millis(100);
/// Longest wait before jitter. Short enough that after a restart of the relay everybody is back
/// within two seconds, connecting included.
const LONGEST: Duration = Duration::from_millis(1000);

/// Waits between attempts: doubling from 100 ms to 1 s, each 20 % shorter or longer at random so
/// that the nodes of a lesson do not come all at once.
#[derive(Debug, Clone)]
pub struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    /// The wait before the next attempt. `random` is evenly spread over 0 to 1.
    pub fn wait(&mut self, random: f64) -> Duration {
        let wait = self.next.mul_f64(0.8 + 0.4 * random.clamp(0.0, 1.0));
        self.next = (self.next * 2).min(LONGEST);
        wait
    }

    /// A link came up and stayed: the next loss is a new story.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Tries each of `kinds` in turn, once. The failures are those of the ways before the one that worked,
/// or of all.
pub(crate) async fn connect(
    kinds: &[LinkKind],
    plan: &LinkPlan,
    http: &RelayHttp,
    clock: MachineClock,
) -> Result<(Link, Vec<LinkFailure>), Vec<LinkFailure>> {
    let mut failures = Vec::new();
    for &kind in kinds {
        let outcome = match kind {
            LinkKind::Quic => quic::connect(plan, http, clock).await,
            LinkKind::WebrtcUdp | LinkKind::WebrtcTcp => webrtc::connect(kind, plan, http, clock).await,
        };
        match outcome {
            Ok(link) => return Ok((link, failures)),
            Err(error) => {
                tracing::debug!(link = %kind, %error, "this way to the relay failed");
                let pointless = matches!(error, LinkError::Http(_)) || error.is_final().is_some();
                failures.push(LinkFailure { kind, error: error.clone() });
                if pointless {
                    // Every way begins with an HTTP request under the same grant: the others would
                    // fail alike, later.
                    let rest = kinds.iter().skip_while(|other| **other != kind).skip(1);
                    failures.extend(rest.map(|&kind| LinkFailure { kind, error: error.clone() }));
                    break;
                }
            }
        }
    }
    Err(failures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_second_and_begin_again_after_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..6).map(|_| backoff.wait(0.5).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1000, 1000]);
        backoff.reset();
        assert_eq!(backoff.wait(0.5), FIRST);
    }

    #[test]
    fn no_wait_is_longer_than_what_brings_all_back_within_two_seconds() {
        let mut backoff = Backoff::default();
        let longest = (0..20).map(|_| backoff.wait(1.0)).max().unwrap();
        assert!(longest <= Duration::from_millis(1200), "{longest:?}");
        assert!(Backoff::default().wait(0.0) >= Duration::from_millis(80));
    }
}
