//! The tests that send packets, one after the other.

use super::SelfTestProgress;
use std::net::SocketAddr;
use std::time::Duration;
use tongke_measure::network::dscp::Dscp;
use tongke_measure::network::path_mtu::PathMtu;
use tongke_probe::{Idle, Line, LineError, MarkedWay, Opened};

/// Sessions that are needed.
pub(super) const SESSIONS: usize = 3;

/// What was seen of the line.
pub(super) struct Seen {
    pub idle: Idle,
    /// What became of the code point of sound; none: nothing comes through anyway.
    pub marked: Option<MarkedWay>,
    /// None: nothing comes through anyway.
    pub mtu: Option<PathMtu>,
}

/// Watches the idle line first: nothing else may load it meanwhile.
pub(super) fn watch(
    far: SocketAddr,
    sessions: &[Opened],
    packets: u32,
    period: Duration,
    tell: &mut dyn FnMut(SelfTestProgress),
) -> Result<Seen, LineError> {
    let mut lines = sessions.iter().map(|opened| Line::open(far, opened));
    let mut next = || lines.next().expect("there is a session for each test");
    let progress = &mut |number: u32| tell(SelfTestProgress::Idle(number + 1, packets));
    let idle = next()?.idle(packets, period, progress)?;
    if idle.figures.answered == 0 {
        return Ok(Seen { idle, marked: None, mtu: None });
    }
    tell(SelfTestProgress::Marking);
    let marked = Some(next()?.mark(Dscp::EF)?);
    tell(SelfTestProgress::Sizing);
    let mtu = Some(next()?.path_mtu()?);
    Ok(Seen { idle, marked, mtu })
}
