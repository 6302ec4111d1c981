//! `tongke selftest`: what this school's devices and its line to the relay do, for the school's IT staff.

use super::way::WayArgs;
use crate::config;
use crate::failure::Failure;
use crate::logging::LogArgs;
use crate::shutdown;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tongke_inspection::signature::Report;
use tongke_inspection::{Criteria, Facts};
use tongke_node::{Held, History, LoadPlan, NodeSettings, Progress, SelfTest, admit, selftest};
use tongke_report::{Language, Source, doing, history, trend, volume};

/// Longest time that the idle line is watched.
const MOST_SECONDS: u64 = 60;

/// The flags of `tongke selftest`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration file of this machine's node (see configs/send.toml); flags win over it
    #[arg(long, value_name = "FILE", env = "TONGKE_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    way: WayArgs,
    /// Folder of this machine: earlier self-tests are kept in it, to show the trend. If it was enrolled, the
    /// registry gives grant and relay
    #[arg(long, value_name = "DIR", env = "TONGKE_DATA")]
    data: Option<PathBuf>,
    /// The camera, as for 'tongke send': /dev/videoN, rtsp://…, FILE.mp4, FILE.y4m, 'test' or 'none' [default:
    /// /dev/video0]
    #[arg(long, value_name = "SOURCE", env = "TONGKE_CAMERA")]
    camera: Option<String>,
    /// The microphone: 'default', a device's name, FILE.wav, 'test' or 'none' [default: default]
    #[arg(long, value_name = "SOURCE", env = "TONGKE_MICROPHONE")]
    microphone: Option<String>,
    /// The loudspeaker, which will sound: 'default', a device's name or 'none' [default: default]
    #[arg(long, value_name = "WHERE", env = "TONGKE_SOUND_OUT")]
    loudspeaker: Option<String>,
    /// Nobody is there to speak into the microphone: a quiet room is no fault then
    #[arg(long)]
    unattended: bool,
    /// How long the idle line is watched, in seconds, 1 to 60
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=MOST_SECONDS))]
    seconds: u64,
    /// Fastest load that is tried to see what the line carries, in Mbit/s; 0: the line is not loaded
    #[arg(long, value_name = "MBPS", default_value_t = 120, value_parser = clap::value_parser!(u16).range(0..=1000))]
    most_mbps: u16,
    /// The line's data is paid for: it is loaded no faster than one and a half times the media's rate and 2 Mbit/s
    #[arg(long)]
    metered: bool,
    /// Other schools share this one's public address: their lessons and tests are no reason to wait
    #[arg(long)]
    shared_address: bool,
    /// Who tests, for the record [default: IT staff]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// zh-CN or en [default: as the system speaks]
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<Language>,
    /// Tell the earlier self-tests that are kept in --data, and what has changed, instead of testing
    #[arg(long)]
    history: bool,
    /// Print the facts as JSON instead of words
    #[arg(long)]
    json: bool,
    /// Keep the facts in this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Tests and says what was found; or says what was found earlier.
pub fn run(args: &Args, log: LogArgs) -> Result<(), Failure> {
    let file = config::load::<NodeSettings>(args.config.as_deref())?;
    log.over(file.log).start()?;
    let settings = settings(args, file.settings);
    let language = args.language.unwrap_or_else(spoken);
    let kept = settings.data.as_deref().map(History::of);
    if args.history {
        return print(&earlier(kept.as_ref(), language)?);
    }
    let _held = Held::by_selftest(settings.data.as_deref()).map_err(Failure::running)?;
    let facts = test(args, settings, language)?;
    let before = match &kept {
        Some(kept) => kept.tests().map_err(Failure::running)?,
        None => Vec::new(),
    };
    let json = facts.to_json().map_err(Failure::running)?;
    if let Some(path) = &args.out {
        keep(path, &json)?;
    }
    if args.json {
        print(&[json, b"\n".to_vec()].concat())?;
    } else {
        print(words(&facts, kept.is_some().then_some(&before), language).as_bytes())?;
    }
    kept.map_or(Ok(()), |kept| kept.keep(&facts)).map_err(Failure::running)
}

/// Does the test, and tells on a terminal how far it is.
fn test(args: &Args, settings: NodeSettings, language: Language) -> Result<Facts, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    let tested = runtime.block_on(async {
        let config = admit(settings).await.map_err(super::node::ended)?;
        let plan = SelfTest {
            asked_by: args.by.clone().unwrap_or_else(|| staff(language).to_owned()),
            idle: Duration::from_secs(args.seconds),
            attended: !args.unattended,
            load: LoadPlan {
                most_mbps: args.most_mbps,
                metered: args.metered,
                shared_address: args.shared_address,
            },
        };
        let live = std::io::stderr().is_terminal();
        let stop = shutdown::requested()?;
        let tested = selftest(&config, &plan, &mut progress(live, language), stop).await;
        clear(live);
        tested.map_err(Failure::running)
    });
    // A test that was stopped must not wait for the packets it still had to send.
    runtime.shutdown_background();
    tested
}

/// The tests that were kept, and what the last one shows.
fn earlier(kept: Option<&History>, language: Language) -> Result<Vec<u8>, Failure> {
    let kept =
        kept.ok_or_else(|| Failure::setting("data", "is missing; earlier self-tests are kept there"))?;
    let tests = kept.tests().map_err(Failure::running)?;
    let criteria = Criteria::shipped();
    let mut told = history(&tests, &criteria, language);
    if let Some((last, before)) = tests.split_last() {
        told = format!("{told}\n{}", trend(last, before, &criteria, language));
    }
    Ok(told.into_bytes())
}

fn print(told: &[u8]) -> Result<(), Failure> {
    match std::io::stdout().write_all(told) {
        // Whoever reads may have gone away; the facts are kept.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::running(format!("cannot print it: {error}")))
        }
        _ => Ok(()),
    }
}

fn settings(args: &Args, file: NodeSettings) -> NodeSettings {
    let file = args.way.over(file);
    NodeSettings {
        data: args.data.clone().or(file.data),
        camera: args.camera.clone().or(file.camera),
        microphone: args.microphone.clone().or(file.microphone),
        sound_out: args.loudspeaker.clone().or(file.sound_out),
        ..file
    }
}

/// The report as text, and what has changed since the tests before, where they are kept.
fn words(facts: &Facts, before: Option<&Vec<Facts>>, language: Language) -> String {
    let criteria = Criteria::shipped();
    let report = Report { facts: facts.clone(), criteria: criteria.title.clone() };
    let text = Source { report: &report, criteria: &criteria, signer: None, before: &[] }.text(language);
    match before {
        Some(before) => format!("{text}\n{}", trend(facts, before, &criteria, language)),
        None => text,
    }
}

/// Who tests a school's line.
fn staff(language: Language) -> &'static str {
    match language {
        Language::Chinese => "学校网络管理员",
        Language::English => "IT staff",
    }
}

/// The language that the system speaks (environment variables of POSIX, §8.2).
fn spoken() -> Language {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set);
    Language::of_locale(&locale.unwrap_or_default())
}

fn keep(path: &Path, json: &[u8]) -> Result<(), Failure> {
    let failed = |error| Failure::running(format!("cannot write '{}': {error}", path.display()));
    std::fs::write(path, json).map_err(failed)
}

/// What is being done, on a terminal.
#[expect(clippy::print_stderr, reason = "progress is for the person who waits")]
fn progress(live: bool, language: Language) -> impl FnMut(Progress) {
    let mut announced = None;
    move |now| {
        // Data may cost money: whoever waits is told before it is used, terminal or not.
        if now.at_most_bytes > 0 && announced.replace(now.doing) != Some(now.doing) {
            clear(live);
            eprintln!("{}", volume(now.doing.name(), now.at_most_bytes, language));
        }
        if live {
            eprint!("\r\x1b[K{}", doing(now.doing.name(), now.left, now.whole_left, language));
        }
    }
}

/// What follows begins a line of its own, wherever the test ended.
#[expect(clippy::print_stderr, reason = "progress is for the person who waits")]
fn clear(live: bool) {
    if live {
        eprint!("\r\x1b[K");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_are_words_for_every_piece_of_a_self_test() {
        for piece in tongke_node::Piece::ALL {
            assert!(tongke_report::DOING.contains(&piece.name()), "{}", piece.name());
        }
    }
}
