//! What an inspection is begun with, as far as nobody chooses it.

use crate::config::NodeConfig;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::time::Duration;
use tongke_inspection::conduct::beside::BesidePlan;
use tongke_inspection::conduct::{Head, Plan};
use tongke_protocol::ParticipantId;
use tongke_protocol::inspect::Sight;

/// The program, as it stands in facts and in what a node says of itself.
pub(super) const SOFTWARE: &str = concat!("tongke ", env!("CARGO_PKG_VERSION"));

/// The plan of an inspection between two nodes: half a minute of patience, idle lines of 30 s, loads of up to 120 Mbit/s,
/// a call of a minute.
pub fn plan_for(config: &NodeConfig, from: ParticipantId, to: ParticipantId, asked_by: &str) -> Plan {
    Plan {
        head: head("inspection", config, from, to, asked_by),
        patience: Duration::from_secs(30),
        idle_s: 30,
        most_mbps: 120,
        metered: false,
        hold_s: 60,
        sight: Sight::Software,
    }
}

/// The plan of an inspection beside a lesson, whose nodes are asked in this period.
pub fn beside_plan_for(
    config: &NodeConfig,
    from: ParticipantId,
    to: ParticipantId,
    asked_by: &str,
    every: Duration,
) -> BesidePlan {
    BesidePlan { head: head("beside", config, from, to, asked_by), every }
}

fn head(kind: &str, config: &NodeConfig, a: ParticipantId, b: ParticipantId, asked_by: &str) -> Head {
    let now = Timestamp::now();
    Head {
        id: format!("{kind}-{a}-{b}-{}", now.as_millisecond()),
        asked_by: asked_by.to_owned(),
        relay: config.relay.to_string(),
        software: SOFTWARE.to_owned(),
        utc_offset_minutes: TimeZone::system().to_offset(now).seconds() / 60,
        a,
        b,
        first_ask: rand::random(),
    }
}
