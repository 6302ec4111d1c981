//! Reports of self-tests and inspections as machines bring them, and what a check of anybody's file says.

use crate::store::{Kept, Machine, MachineKind, ReportCard, ReportPlace, Store, StoreError};
use tongke_inspection::facts::{Facts, FactsError, Kind, MAX_LEN, Place};
use tongke_inspection::signature::{Alteration, Check, KnownKeys, Report, verify};
use tongke_pairing::id::{NodeId, SchoolId, school_of};
use tongke_protocol::WallTime;
use tongke_protocol::signed::PublicKey;

/// Longest file, in bytes.
pub(crate) const MAX_FILE: usize = MAX_LEN;

/// Why a report is not kept. The texts are shown to people.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotKept {
    #[error("this is no report: {0}")]
    Malformed(#[from] FactsError),
    #[error("nobody signed the report; only signed ones are kept")]
    NotSigned,
    #[error("the report was altered, or is none: {0}")]
    Altered(Alteration),
    #[error("no machine is enrolled as '{0}'; enrol it")]
    UnknownMachine(String),
    #[error("the machine '{0}' was revoked; if it is to report again, enrol it again")]
    MachineRevoked(NodeId),
    #[error("the signature does not fit the key of '{0}'; the machine may have to be enrolled again")]
    WrongKey(NodeId),
    #[error("'{0}' is no school's node, and a self-test is of a school's line")]
    NotANode(NodeId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotKept {
    /// Stable, for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            NotKept::Malformed(_) => "malformed",
            NotKept::NotSigned => "not_signed",
            NotKept::Altered(_) => "altered",
            NotKept::UnknownMachine(_) => "unknown_machine",
            NotKept::MachineRevoked(_) => "machine_revoked",
            NotKept::WrongKey(_) => "wrong_key",
            NotKept::NotANode(_) => "not_a_node",
            NotKept::Store(_) => "store",
        }
    }
}

/// Keeps a signed report, once; gives its id and what became of it. When this returns it is on disk.
pub(crate) async fn take(
    store: &Store,
    file: Vec<u8>,
    received: WallTime,
) -> Result<(String, Kept), NotKept> {
    let (text, facts, check) = read(file).await?;
    let (name, key) = match check {
        Check::Intact { machine, key } | Check::UnknownKey { machine, key } => (machine, key),
        Check::Altered { why } => return Err(NotKept::Altered(why)),
        Check::NotSigned => return Err(NotKept::NotSigned),
    };
    let machine = signer(store, name, key).await?;
    let card = card(store, facts, &machine).await?;
    let kept = store.keep_report(&card, &text, received).await?;
    Ok((card.id, kept))
}

/// A report's text and facts, and what its signature says by itself. Eight megabytes take a while, in which others
/// want to be answered.
async fn read(file: Vec<u8>) -> Result<(String, Facts, Check), NotKept> {
    let read = tokio::task::spawn_blocking(move || {
        let facts = Report::parse(&file)?.facts;
        let check = verify(&file, &KnownKeys::default());
        // What was parsed as JSON is UTF-8.
        Ok((String::from_utf8_lossy(&file).into_owned(), facts, check))
    });
    // A panic in there is one out here too.
    read.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// The machine that signs with this key and may report.
async fn signer(store: &Store, name: String, key: PublicKey) -> Result<Machine, NotKept> {
    let Ok(id) = name.parse::<NodeId>() else { return Err(NotKept::UnknownMachine(name)) };
    let Some(machine) = store.machine(&id).await? else { return Err(NotKept::UnknownMachine(name)) };
    if machine.revoked_us.is_some() {
        return Err(NotKept::MachineRevoked(id));
    }
    if machine.public_key != key.to_string() {
        return Err(NotKept::WrongKey(id));
    }
    Ok(machine)
}

async fn card(store: &Store, facts: Facts, machine: &Machine) -> Result<ReportCard, NotKept> {
    let is_node = machine.kind == MachineKind::Node && machine.school.is_some();
    if facts.kind == Kind::SelfTest && !is_node {
        return Err(NotKept::NotANode(machine.id.clone()));
    }
    // A school's node tests its own school's line, whatever it calls itself.
    let a = match facts.kind {
        Kind::SelfTest => ReportPlace { node: facts.places.a.node, school: machine.school.clone() },
        Kind::Inspection | Kind::BesideLesson => place(store, facts.places.a).await?,
    };
    let b = match facts.places.b {
        Some(b) => Some(place(store, b).await?),
        None => None,
    };
    let began_us = WallTime(u64::try_from(facts.time.began.as_microsecond()).unwrap_or(0));
    Ok(ReportCard { id: facts.id, kind: facts.kind, machine: machine.id.clone(), a, b, began_us })
}

/// Whose node it is: an enrolled machine's school, else the school that stands in a participant's name.
async fn place(store: &Store, Place { node, .. }: Place) -> Result<ReportPlace, StoreError> {
    let machine = match node.parse::<NodeId>() {
        Ok(id) => store.machine(&id).await?,
        Err(_) => None,
    };
    let enrolled = machine.and_then(|machine| machine.school);
    let named = || node.parse().ok().and_then(|participant| school_of(&participant));
    let school: Option<SchoolId> = enrolled.or_else(named);
    Ok(ReportPlace { node, school })
}

/// What is known of a file that somebody shows.
#[derive(Debug)]
pub(crate) struct Seen {
    /// What its signature says; [`Check::Intact`] only with a key that its machine has or had.
    pub check: Check,
    /// The machine that signed it, if it is known.
    pub machine: Option<Machine>,
    /// What it says, if it is a report.
    pub report: Option<Report>,
}

/// Says whether a file was altered since a machine that is known here signed it.
pub(crate) async fn look(store: &Store, file: Vec<u8>) -> Result<Seen, StoreError> {
    let looked = tokio::task::spawn_blocking(move || {
        let report = Report::parse(&file).ok();
        (verify(&file, &KnownKeys::default()), report)
    });
    let (mut check, report) =
        looked.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    let mut known = None;
    if let Check::UnknownKey { machine, key } = &check
        && let Ok(id) = machine.parse::<NodeId>()
    {
        let keys = store.keys_of(&id).await?;
        known = keys.into_iter().find(|machine| machine.public_key == key.to_string());
    }
    if let (Check::UnknownKey { machine, key }, Some(_)) = (&check, &known) {
        check = Check::Intact { machine: machine.clone(), key: *key };
    }
    Ok(Seen { check, machine: known, report })
}
