//! What becomes of a packet's DSCP on its way (RFC 2474, RFC 8837). The far end says what it received; where its
//! host does not tell (IP_RECVTOS), nothing is claimed.

use serde::{Deserialize, Serialize};

/// A differentiated services code point, 6 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dscp(u8);

impl Dscp {
    /// Nothing asked for.
    pub const DEFAULT: Dscp = Dscp(0);
    /// Expedited forwarding: sound.
    pub const EF: Dscp = Dscp(46);
    /// Assured forwarding, class 4: pictures of high priority.
    pub const AF41: Dscp = Dscp(34);
    /// Pictures of high priority, dropped sooner; of medium priority.
    pub const AF42: Dscp = Dscp(36);
    /// Pictures of medium priority, dropped sooner.
    pub const AF43: Dscp = Dscp(38);

    /// From the TOS or traffic class octet, whose low two bits are ECN.
    pub fn of_tos(tos: u8) -> Dscp {
        Dscp(tos >> 2)
    }

    /// As the TOS or traffic class octet, with ECN zero.
    pub fn tos(self) -> u8 {
        self.0 << 2
    }
}

/// What became of the code point of one direction's packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DscpFate {
    /// It arrived as it was sent.
    Kept,
    /// It arrived as zero.
    Cleared,
    /// It arrived as another one.
    Rewritten {
        /// As which.
        to: Dscp,
    },
    /// Packets of one run fared differently.
    Mixed,
    /// Nobody can tell: no packet came, or the host that received them does not say.
    Unknown,
}

/// Collects what arrived of packets that were sent with one code point in one direction.
#[derive(Debug, Clone, Copy)]
pub struct DscpSurvival {
    sent: Dscp,
    fate: Option<DscpFate>,
}

impl DscpSurvival {
    /// For packets sent with this code point.
    pub fn new(sent: Dscp) -> Self {
        Self { sent, fate: None }
    }

    /// A packet arrived; `received` is none where the host cannot tell.
    pub fn on_packet(&mut self, received: Option<Dscp>) {
        let Some(received) = received else { return };
        let fate = match received {
            same if same == self.sent => DscpFate::Kept,
            Dscp::DEFAULT => DscpFate::Cleared,
            to => DscpFate::Rewritten { to },
        };
        self.fate = match self.fate {
            Some(before) if before != fate => Some(DscpFate::Mixed),
            _ => Some(fate),
        };
    }

    /// What became of the code point.
    pub fn fate(&self) -> DscpFate {
        self.fate.unwrap_or(DscpFate::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(received: &[Option<Dscp>]) -> DscpFate {
        let mut survival = DscpSurvival::new(Dscp::EF);
        received.iter().for_each(|received| survival.on_packet(*received));
        survival.fate()
    }

    #[test]
    fn a_code_point_is_kept_cleared_or_rewritten_and_unknown_is_not_kept() {
        let (ef, zero) = (Some(Dscp::EF), Some(Dscp::DEFAULT));
        assert_eq!(fate(&[ef, ef, None]), DscpFate::Kept);
        assert_eq!(fate(&[zero, zero]), DscpFate::Cleared);
        assert_eq!(fate(&[Some(Dscp(8))]), DscpFate::Rewritten { to: Dscp(8) });
        assert_eq!(fate(&[ef, zero, ef]), DscpFate::Mixed);
        assert_eq!(fate(&[None, None]), DscpFate::Unknown);
        assert_eq!(fate(&[]), DscpFate::Unknown);
    }

    #[test]
    fn the_octet_carries_the_code_point_above_ecn() {
        assert_eq!(Dscp::EF.tos(), 0xb8);
        assert_eq!(Dscp::of_tos(0xb8 | 0b11), Dscp::EF);
        assert_eq!([Dscp::AF41, Dscp::AF42, Dscp::AF43].map(Dscp::tos), [0x88, 0x90, 0x98]);
    }
}
