//! `tongke deliver`: brings to the registry what waits on this machine.

use crate::failure::Failure;
use crate::logging::LogArgs;
use crate::{shutdown, span};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tongke_outbox::{Delivery, DeliveryStatus, Follow, Limits, Machine, Outbox, Pace, Reports};

const DEFAULT_WAIT: &str = "60s";

/// The flags of `tongke deliver`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of a machine that was enrolled ('tongke enrol')
    #[arg(long, value_name = "DIR", env = "TONGKE_DATA")]
    data: PathBuf,
    /// How long to try; what is left then waits on
    #[arg(long, value_name = "TIME", default_value = DEFAULT_WAIT)]
    wait: String,
}

/// What a folder holds that may wait.
struct Waiting {
    /// Of facts.
    deliveries: Vec<Delivery>,
    /// Of signed reports.
    reports: Option<Delivery>,
    /// Held meanwhile, as a relay that writes a journal holds it.
    _journal: Option<File>,
}

/// Delivers what waits, or says what is left.
pub fn run(args: &Args, log: &LogArgs) -> Result<(), Failure> {
    log.start()?;
    let wait = span::parse(&args.wait).map_err(|why| Failure::setting("wait", &why))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::running(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(async {
        let waiting = Waiting::of(&args.data)?;
        let shutdown = shutdown::requested()?;
        tokio::select! {
            () = waiting.finish(wait) => {}
            () = shutdown => {}
        }
        waiting.tell(&args.data)
    })
}

impl Waiting {
    /// Begins to deliver what waits in a folder.
    fn of(data: &Path) -> Result<Waiting, Failure> {
        let machine = || {
            let machine = Machine::load(data).map_err(Failure::usage)?;
            machine.ok_or_else(|| {
                Failure::usage(format!("'{}' is not enrolled at a registry", data.display()))
                    .hint("enrol it first: tongke enrol --registry URL --code CODE --data DIR")
            })
        };
        machine()?;
        let mut waiting = Waiting { deliveries: Vec::new(), reports: None, _journal: None };
        let (outbox, facts) = (data.join("outbox"), data.join("facts"));
        if outbox.is_dir() {
            let outbox = Outbox::open(&outbox, Limits::default()).map_err(|error| {
                Failure::usage(error).hint("a node that runs with this folder delivers what waits itself")
            })?;
            waiting.deliveries.push(outbox.deliver(machine()?, Pace::default()));
        }
        if facts.is_dir() {
            waiting._journal = Some(take(&facts)?);
            // No day is closed: the relay may add to any of the last ones.
            let follow = Follow::open(&facts, &data.join("delivered"), "")
                .map_err(|error| Failure::usage(format!("'{}' cannot be read: {error}", facts.display())))?;
            waiting.deliveries.push(follow.deliver(machine()?, Pace::default()));
        }
        let reports = data.join("reports");
        if reports.is_dir() {
            let machine = machine()?;
            let delivery = Reports::open(&reports).and_then(|it| it.deliver(machine, Pace::default()));
            waiting.reports = Some(delivery.map_err(|error| {
                Failure::usage(error).hint("'tongke standby' with this folder delivers what waits itself")
            })?);
        }
        Ok(waiting)
    }

    async fn finish(&self, wait: Duration) {
        let all = async {
            for delivery in self.deliveries.iter().chain(&self.reports) {
                delivery.finish(wait).await;
            }
        };
        let _ = tokio::time::timeout(wait, all).await;
    }

    fn tell(&self, data: &Path) -> Result<(), Failure> {
        let facts: Vec<DeliveryStatus> = self.deliveries.iter().map(Delivery::status).collect();
        let reports: Vec<DeliveryStatus> = self.reports.iter().map(Delivery::status).collect();
        let left: u64 = facts.iter().chain(&reports).map(|it| it.waiting_bytes).sum();
        let mut text = told("facts", &facts, &format!("refused.jsonl in '{}'", data.display()));
        text += &told("reports", &reports, &format!("'{}'", data.join("reports/refused").display()));
        if text.is_empty() && left == 0 {
            text += "nothing waited\n";
        }
        // Whoever reads may have gone away; what is delivered is delivered.
        let _ = std::io::stdout().write_all(text.as_bytes());
        if left == 0 {
            return Ok(());
        }
        let why = facts.iter().chain(&reports).find_map(|it| it.trouble.clone());
        let why =
            why.map_or_else(|| "there was no more time".to_owned(), |why| format!("the registry: {why}"));
        Err(Failure::incomplete(format!("{left} bytes still wait ({why})"))
            .hint("nothing is lost; try again when the registry answers, or with a longer --wait"))
    }
}

/// What became of facts or reports, a line each; nothing if none waited.
fn told(what: &str, all: &[DeliveryStatus], refused_in: &str) -> String {
    let sum = |part: fn(&DeliveryStatus) -> u64| all.iter().map(part).sum::<u64>();
    let (delivered, refused) = (sum(|it| it.new + it.known), sum(|it| it.refused));
    let mut text = String::new();
    if delivered > 0 {
        text += &format!("{delivered} {what} delivered\n");
    }
    if refused > 0 {
        text += &format!("{refused} {what} were refused; see {refused_in}\n");
    }
    text
}

/// Takes the journal as a relay does, so that none writes to it meanwhile.
fn take(facts: &Path) -> Result<File, Failure> {
    let path = facts.join("lock");
    let unusable =
        |error: std::io::Error| Failure::usage(format!("cannot write '{}': {error}", path.display()));
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::usage(format!("a relay runs with '{}'", facts.display()))
                .hint("it delivers what waits itself; its /metrics and /readyz tell how that goes"))
        }
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}
