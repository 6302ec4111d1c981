//! What the pieces left, put together as facts.

use super::SelfTestError;
use super::bench::{Bench, Found, Nothing};
use super::piece::Piece;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use tongke_inspection::Facts;
use tongke_inspection::facts::{Cause, Finding, Kind, Place, Places, StepRecord, Time, VERSION};
use tongke_inspection::quantity::Step;

/// Steps in their order.
const STEPS: [Step; 8] = [
    Step::Devices,
    Step::Reachability,
    Step::IdleLine,
    Step::Capacity,
    Step::LoadedLine,
    Step::Delay,
    Step::Media,
    Step::Echo,
];

/// What the pieces left.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) findings: Vec<Finding>,
    /// Steps that a piece was done for, or why none of theirs was.
    steps: BTreeMap<Step, Option<Cause>>,
}

impl Record {
    /// What a piece left. A refusal ends the test.
    pub(super) fn add(&mut self, piece: Piece, found: Found) -> Result<(), SelfTestError> {
        let not_run = match found {
            Ok(findings) => {
                self.findings.extend(findings);
                None
            }
            Err(Nothing::Missing(cause, detail)) => {
                let missing = |quantity| Finding::missing_alone(quantity, cause, detail.as_ref());
                self.findings.extend(piece.leaves().iter().copied().flat_map(missing));
                Some(cause)
            }
            Err(Nothing::Refused(error)) => return Err(error),
        };
        for step in piece.steps() {
            let told = self.steps.entry(*step).or_insert(not_run);
            if not_run.is_none() {
                *told = None;
            }
        }
        Ok(())
    }

    /// The document.
    pub(super) fn facts(self, bench: &Bench<'_>, began: Timestamp) -> Facts {
        let (config, plan) = (bench.config, bench.plan);
        let offset = TimeZone::system().to_offset(began);
        let school = config.grant.name.clone();
        let node = config.grant.participant.to_string();
        // What no piece is there for nobody could ask for.
        let not_run = |step| self.steps.get(&step).copied().unwrap_or(Some(Cause::NotAsked));
        Facts {
            version: VERSION,
            id: format!("selftest-{}-{}", node, began.as_millisecond()),
            kind: Kind::SelfTest,
            asked_by: plan.asked_by.clone(),
            places: Places {
                a: Place {
                    school: if school.is_empty() { node.clone() } else { school },
                    room: String::new(),
                    node,
                },
                b: None,
                relay: config.relay.to_string(),
            },
            time: Time {
                began,
                // A clock that was set back makes no test end before its begin.
                ended: Timestamp::now().max(began),
                utc_offset_minutes: offset.seconds() / 60,
                clocks: bench.clocks.clone(),
            },
            software: concat!("tongke ", env!("CARGO_PKG_VERSION")).to_owned(),
            steps: STEPS.map(|step| StepRecord { step, not_run: not_run(step) }).into(),
            findings: self.findings,
            notes: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selftest::reach::open;
    use tongke_inspection::Quantity;
    use tongke_inspection::facts::Outcome;

    fn missing(record: &Record, quantity: Quantity) -> Option<Cause> {
        let finding = record.findings.iter().find(|finding| finding.quantity == quantity)?;
        match &finding.outcome {
            Outcome::Missing(missing) => Some(missing.cause),
            _ => None,
        }
    }

    #[test]
    fn a_piece_that_came_to_nothing_leaves_its_cause_and_the_step_is_done_if_another_did_something() {
        let mut record = Record::default();
        record.add(Piece::Reach, Ok(vec![open(Quantity::Tcp, true)])).unwrap();
        record.add(Piece::PathMtu, Err(Cause::EndedEarly.into())).unwrap();
        record.add(Piece::Camera, Err(Cause::NoDevice.into())).unwrap();
        assert_eq!(missing(&record, Quantity::Mtu), Some(Cause::EndedEarly));
        let ways = record.findings.iter().filter(|finding| finding.quantity == Quantity::Mtu).count();
        assert_eq!(ways, 2, "there and back");
        assert_eq!(record.steps[&Step::Reachability], None, "it was done");
        assert_eq!(record.steps[&Step::Devices], Some(Cause::NoDevice));
        record.add(Piece::Encoder, Ok(Vec::new())).unwrap();
        assert_eq!(record.steps[&Step::Devices], None);
    }

    #[test]
    fn a_refusal_ends_the_whole() {
        let refused = Err(Nothing::Refused(SelfTestError::NoAddress("relay".into())));
        assert!(Record::default().add(Piece::Reach, refused).is_err());
    }
}
