//! `tongke registry token`: prints a token for the registry's interface, and nothing else.

use super::print;
use crate::failure::Failure;
use crate::registry::{Place, now};
use crate::{secret, span};
use std::time::Duration;
use tongke_protocol::WallTime;
use tongke_registry::access::{Access, AccessKey, MAX_SUB_CHARS, Scope};

const DEFAULT_TTL: &str = "12h";
/// A program that asks each night may have one for a school year.
const LONGEST_TTL: Duration = Duration::from_secs(366 * 86_400);

/// The flags of `tongke registry token`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Who holds it: the author of what is entered with it
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What it allows: read (see), enter (say), grant (let people into lessons), admin (all of these, and
    /// machines)
    #[arg(long, value_name = "read,enter,grant,admin", value_delimiter = ',', required = true)]
    may: Vec<Scope>,
    /// How long it is good for
    #[arg(long, value_name = "TIME", default_value = DEFAULT_TTL)]
    ttl: String,
}

/// Prints a token.
pub fn run(args: Args, place: &Place) -> Result<(), Failure> {
    let access = access(args, now())?;
    let key = secret::read(&place.secret_file).map_err(|failure| {
        failure.hint(
            "'tongke registry' and 'tongke serve' make one when they start; name their folder with --data",
        )
    })?;
    print(&AccessKey::of(&key).sign(&access))
}

fn access(args: Args, now: WallTime) -> Result<Access, Failure> {
    let length = args.name.chars().count();
    if args.name.trim().is_empty() || length > MAX_SUB_CHARS || args.name.chars().any(char::is_control) {
        let why = format!("the name has to fit one line of 1 to {MAX_SUB_CHARS} characters");
        return Err(Failure::usage(format!("{why}: '{}'", args.name.escape_debug())));
    }
    let ttl = span::parse(&args.ttl).map_err(Failure::usage)?;
    if ttl.is_zero() || ttl > LONGEST_TTL {
        return Err(Failure::usage("a token is good for at least 1s and at most 366d"));
    }
    let mut may = args.may;
    may.dedup();
    Ok(Access { sub: args.name, may, exp: now.as_unix_us() / 1_000_000 + ttl.as_secs() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &str, ttl: &str) -> Result<Access, Failure> {
        let args = Args { name: name.into(), may: vec![Scope::Read], ttl: ttl.into() };
        access(args, WallTime(5_000_000))
    }

    #[test]
    fn a_token_holds_for_as_long_as_asked_and_a_school_year_at_the_most() {
        let access = asked("王老师", "1h").unwrap();
        assert_eq!((access.sub.as_str(), access.exp), ("王老师", 3_605));
        for ttl in ["0s", "367d", "soon"] {
            assert!(asked("王老师", ttl).is_err(), "{ttl}");
        }
        for name in ["", " ", "a\nb"] {
            assert!(asked(name, "1h").is_err(), "{name:?}");
        }
    }
}
