//! `tongke token`: prints a grant as a token, or as the link of a lesson's page, and nothing else.

use crate::config;
use crate::failure::Failure;
use crate::logging::LogArgs;
use crate::serve::secret_in;
use crate::{secret, span};
use serde::Deserialize;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tongke_protocol::grant::MAX_NAME_CHARS;
use tongke_protocol::{Grant, LessonScope, ParticipantId, Role};

const DEFAULT_TTL: &str = "2h";
/// Grants are short-lived: a term's timetable is signed lesson by lesson.
const LONGEST_TTL: Duration = Duration::from_secs(31 * 86_400);

/// The flags of `tongke token`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file; its keys are the flags' names
    #[arg(long, value_name = "FILE", env = "TONGKE_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Settings,
}

/// What a token says, as asked for.
#[derive(Debug, Clone, Default, Deserialize, clap::Args)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// File with the secret that the relay has too
    #[arg(long, value_name = "FILE", env = "TONGKE_SECRET_FILE")]
    secret_file: Option<PathBuf>,
    /// The folder of 'tongke serve', which has the secret, instead of --secret-file
    #[arg(long, value_name = "DIR", env = "TONGKE_DATA")]
    data: Option<PathBuf>,
    /// The lesson it is good for; '*' is any, for benches
    #[arg(long, value_name = "LESSON", env = "TONGKE_LESSON")]
    lesson: Option<LessonScope>,
    /// supporting, receiving, observer or inspector
    #[arg(long, value_name = "ROLE", env = "TONGKE_ROLE")]
    role: Option<Role>,
    /// Who holds it; two tokens with the same participant are the same classroom
    /// [default: the role and a random number]
    #[arg(long, value_name = "ID", env = "TONGKE_PARTICIPANT")]
    participant: Option<ParticipantId>,
    /// The name shown to the class, e.g. the school's [default: the participant]
    #[arg(long, value_name = "NAME", env = "TONGKE_NAME")]
    name: Option<String>,
    /// How long it is good for [default: 2h]
    #[arg(long, value_name = "TIME", env = "TONGKE_TTL")]
    ttl: Option<String>,
    /// Print the link of the lesson's page at this address, as 'tongke serve' told it, instead of the
    /// token
    #[arg(long, value_name = "https://HOST:PORT", env = "TONGKE_URL")]
    url: Option<String>,
}

impl Settings {
    fn over(self, file: Settings) -> Settings {
        Settings {
            secret_file: self.secret_file.or(file.secret_file),
            data: self.data.or(file.data),
            lesson: self.lesson.or(file.lesson),
            role: self.role.or(file.role),
            participant: self.participant.or(file.participant),
            name: self.name.or(file.name),
            ttl: self.ttl.or(file.ttl),
            url: self.url.or(file.url),
        }
    }

    fn secret_file(&self) -> Result<PathBuf, Failure> {
        match (&self.secret_file, &self.data) {
            (Some(file), None) => Ok(file.clone()),
            (None, Some(folder)) => Ok(secret_in(folder)),
            (None, None) => Err(missing("data DIR or --secret-file", "FILE")),
            (Some(_), Some(_)) => Err(Failure::usage("--data and --secret-file: give one of the two")),
        }
    }
}

/// Prints the token or the link.
pub fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let file = config::load::<Settings>(args.config.as_deref())?;
    log.over(file.log).start()?;
    let settings = args.flags.over(file.settings);
    let key = secret::read(&settings.secret_file()?)?;
    let url = settings.url.as_deref().map(origin).transpose()?;
    let grant = grant(settings, SystemTime::now())?;
    let token = key.sign(&grant);
    let text = match url {
        Some(url) => link(&url, &grant, &token)?,
        None => token,
    };
    writeln!(std::io::stdout(), "{text}")
        .map_err(|error| Failure::running(format!("cannot print the token: {error}")))
}

/// The part of an address that pages are below.
fn origin(url: &str) -> Result<String, Failure> {
    let wrong = || {
        Failure::setting("url", &format!("'{url}' is not an address like https://192.168.1.5:8443"))
            .hint("'tongke serve' tells its addresses when it starts")
    };
    let (scheme, place) = url.trim_end_matches('/').split_once("://").ok_or_else(wrong)?;
    let is_place =
        !place.is_empty() && place.chars().all(|c| c.is_ascii_alphanumeric() || "-.:[]_".contains(c));
    if !["https", "http"].contains(&scheme) || !is_place {
        return Err(wrong());
    }
    Ok(format!("{scheme}://{place}"))
}

/// The link of the lesson's page for the grant's holder.
fn link(origin: &str, grant: &Grant, token: &str) -> Result<String, Failure> {
    match &grant.lesson {
        LessonScope::Only(lesson) => Ok(format!("{origin}/lessons/{lesson}?grant={token}")),
        LessonScope::Any => Err(Failure::usage("a link is for one lesson; name it with --lesson")),
    }
}

fn grant(settings: Settings, now: SystemTime) -> Result<Grant, Failure> {
    let role = settings.role.ok_or_else(|| missing("role", "supporting|receiving|observer|inspector"))?;
    let participant = match settings.participant {
        Some(participant) => participant,
        None => format!("{role}-{:06x}", rand::random::<u32>() >> 8).parse().map_err(Failure::running)?,
    };
    let name = settings.name.unwrap_or_else(|| participant.to_string());
    if name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(Failure::usage(format!(
            "the name has to fit one line of at most {MAX_NAME_CHARS} characters: '{}'",
            name.escape_debug()
        )));
    }
    let ttl = span::parse(settings.ttl.as_deref().unwrap_or(DEFAULT_TTL)).map_err(Failure::usage)?;
    if ttl.is_zero() || ttl > LONGEST_TTL {
        return Err(Failure::usage(format!(
            "a token is good for at least 1s and at most {}d",
            LONGEST_TTL.as_secs() / 86_400
        )));
    }
    let now = now
        .duration_since(UNIX_EPOCH)
        .map_err(|_| Failure::running("this machine's clock is before 1970"))?;
    Ok(Grant {
        lesson: settings.lesson.ok_or_else(|| missing("lesson", "LESSON"))?,
        participant,
        name,
        role,
        expires_unix_s: (now + ttl).as_secs(),
    })
}

fn missing(flag: &str, value: &str) -> Failure {
    Failure::usage(format!("--{flag} {value} is missing")).hint("see 'tongke token --help'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Settings {
        Settings { lesson: Some(LessonScope::Any), role: Some(Role::Observer), ..Settings::default() }
    }

    #[test]
    fn two_tokens_without_a_participant_are_two_classrooms() {
        let (a, b) = (grant(asked(), UNIX_EPOCH).unwrap(), grant(asked(), UNIX_EPOCH).unwrap());
        assert_ne!(a.participant, b.participant);
        assert_eq!(a.name, a.participant.to_string());
        assert!(a.participant.as_str().starts_with("observer-"));
    }

    #[test]
    fn a_token_lasts_two_hours_unless_told() {
        assert_eq!(grant(asked(), UNIX_EPOCH).unwrap().expires_unix_s, 7_200);
        let short = Settings { ttl: Some("45s".into()), ..asked() };
        assert_eq!(grant(short, UNIX_EPOCH).unwrap().expires_unix_s, 45);
        for ttl in ["0s", "32d", "soon"] {
            assert!(grant(Settings { ttl: Some(ttl.into()), ..asked() }, UNIX_EPOCH).is_err(), "{ttl}");
        }
    }

    #[test]
    fn a_link_leads_to_the_lessons_page_with_the_grant() {
        let grant = grant(Settings { lesson: "math".parse().ok(), ..asked() }, UNIX_EPOCH).unwrap();
        for url in ["https://192.168.1.5:8443", "https://192.168.1.5:8443/"] {
            let link = link(&origin(url).unwrap(), &grant, "a.b.c").unwrap();
            assert_eq!(link, "https://192.168.1.5:8443/lessons/math?grant=a.b.c");
        }
        for url in ["192.168.1.5:8443", "ftp://school", "https://", "https://school/lessons", "https://a?b"] {
            assert!(origin(url).is_err(), "{url}");
        }
        assert!(origin("http://[::1]:8080").is_ok());
    }

    #[test]
    fn a_name_that_would_break_a_line_is_refused() {
        assert!(grant(Settings { name: Some("a\nb".into()), ..asked() }, UNIX_EPOCH).is_err());
        assert!(grant(Settings { name: Some("课".repeat(65)), ..asked() }, UNIX_EPOCH).is_err());
    }
}
