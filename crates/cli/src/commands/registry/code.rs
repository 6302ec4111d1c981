//! `tongke registry code`: a code with which one machine enrols, short enough to be read out.

use super::print;
use crate::failure::Failure;
use crate::registry::{Place, now, unusable};
use crate::span;
use tongke_pairing::id::{NodeId, SchoolId};
use tongke_registry::enrolment::{Leave, LeaveError, allow};
use tongke_registry::store::MachineKind;

const DEFAULT_VALID: &str = "30m";
/// Who allowed it: whoever may use the registry's folder.
const AUTHOR: &str = "tongke registry code";

/// What a machine is, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// A classroom's machine
    Node,
    /// A relay
    Relay,
}

/// The flags of `tongke registry code`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The machine's name at the registry
    #[arg(long, value_name = "ID")]
    machine: NodeId,
    /// What it is
    #[arg(long, value_enum, value_name = "node|relay")]
    kind: Kind,
    /// Whose it is: a node speaks for its own school only
    #[arg(long, value_name = "ID")]
    school: Option<SchoolId>,
    /// As people call it [default: its name at the registry]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How long the code is good for
    #[arg(long, value_name = "TIME", default_value = DEFAULT_VALID)]
    valid: String,
}

/// Prints a code.
pub async fn run(args: Args, place: &Place) -> Result<(), Failure> {
    let leave = leave(args)?;
    let store = place.open_existing().await?;
    let allowed = allow(&store, &leave, AUTHOR, now()).await;
    store.close().await;
    match allowed {
        Ok((code, _)) => print(&code.to_string()),
        Err(LeaveError::Store(error)) => Err(unusable(error)),
        Err(refused) => Err(Failure::usage(refused)),
    }
}

fn leave(args: Args) -> Result<Leave, Failure> {
    let kind = match (args.kind, &args.school) {
        (Kind::Relay, Some(_)) => {
            return Err(Failure::usage("--school: a relay is no school's; leave it out, or use --kind node"));
        }
        (Kind::Node, None) => {
            return Err(Failure::usage("--school ID is missing: a node speaks for its own school only"));
        }
        (Kind::Node, Some(_)) => MachineKind::Node,
        (Kind::Relay, None) => MachineKind::Relay,
    };
    let valid = span::parse(&args.valid).map_err(Failure::usage)?;
    if valid.is_zero() {
        return Err(Failure::usage("a code is good for at least 1s"));
    }
    let name = args.name.unwrap_or_else(|| args.machine.to_string());
    Ok(Leave { name, machine: args.machine, kind, school: args.school, valid })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(kind: Kind, school: Option<&str>, valid: &str) -> Result<Leave, Failure> {
        let machine = "hill-1".parse().unwrap();
        let school = school.map(|school| school.parse().unwrap());
        leave(Args { machine, kind, school, name: None, valid: valid.into() })
    }

    #[test]
    fn a_node_is_a_schools_and_a_relay_is_not() {
        let node = asked(Kind::Node, Some("hill"), "30m").unwrap();
        assert_eq!((node.name.as_str(), node.valid.as_secs()), ("hill-1", 1_800));
        assert_eq!(asked(Kind::Relay, None, "1s").unwrap().kind, MachineKind::Relay);
        assert!(asked(Kind::Node, None, "30m").unwrap_err().to_string().contains("--school"));
        assert!(asked(Kind::Relay, Some("hill"), "30m").is_err());
        assert!(asked(Kind::Relay, None, "0s").is_err());
    }
}
