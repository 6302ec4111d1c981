//! Who a machine is to the registry: its name, its key and where the registry is, in two files of its data
//! folder. A machine enrols once, with a short code; from then on its signature says who it is.

use crate::disk::replace;
use crate::post::{Post, chain, client, endpoint};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::{StatusCode, Url};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use tongke_protocol::signed::{MachineKey, PublicKey};

/// The secret key, PKCS #8 in PEM (RFC 7468), readable for its owner only.
const KEY_FILE: &str = "machine.key";
/// Everything else.
const CARD_FILE: &str = "machine.json";
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";
/// Characters of a line of PEM (RFC 7468 §2).
const PEM_LINE: usize = 64;

/// Why a machine's files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// A file cannot be read or written.
    #[error("'{path}' cannot be used: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error(
        "'{path}' is not what it should be: {why}; put the right file back, or remove it and enrol again"
    )]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// Why a machine is not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The machine's files.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The registry's address.
    #[error("'{0}' is not a registry's address; write https://HOST:PORT")]
    Address(String),
    /// The registry's authority.
    #[error("this is no certificate in PEM: {0}")]
    Authority(String),
    /// Nobody answered.
    #[error("the registry does not answer ({0}); nothing is changed, try again with the same code")]
    Unreachable(String),
    /// The registry said no.
    #[error("the registry refuses ({status}): {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// What came was no answer to this question.
    #[error("what answers at this address is not a registry: {0}")]
    NotARegistry(String),
}

/// What [`CARD_FILE`] holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    /// The name under which the registry knows the machine.
    node: String,
    /// Where the registry is.
    registry: String,
    /// PEM of the registry's authority, if no public one signed its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authority: Option<String>,
}

/// A machine that is enrolled.
#[derive(Debug)]
pub struct Machine {
    card: Card,
    registry: Url,
    key: MachineKey,
}

impl Machine {
    /// The machine that this data folder is of; none: it is not enrolled.
    pub fn load(folder: &Path) -> Result<Option<Machine>, MachineError> {
        let path = folder.join(CARD_FILE);
        let Some(card) = read(&path)? else { return Ok(None) };
        let card: Card = serde_json::from_str(&card).map_err(|error| content(&path, &error))?;
        let registry = address(&card.registry).map_err(|error| content(&path, &error))?;
        let path = folder.join(KEY_FILE);
        let key = read(&path)?.ok_or_else(|| content(&path, &"the key that was enrolled is missing"))?;
        Ok(Some(Machine { card, registry, key: read_key(&path, &key)? }))
    }

    /// Makes the folder's machine one that is enrolled as `node`: for whoever enrols it on the same computer.
    /// Its key is that of [`public_key`].
    pub fn keep(
        folder: &Path,
        node: &str,
        registry: &str,
        authority: Option<&str>,
    ) -> Result<Machine, EnrolError> {
        let registry = address(registry)?;
        let authority = authority.map(str::to_owned);
        let card = Card { node: node.to_owned(), registry: registry.to_string(), authority };
        let key = key_in(folder)?;
        let path = folder.join(CARD_FILE);
        // Strings in a struct always have a JSON form.
        let json = serde_json::to_vec_pretty(&card).expect("a card has a JSON form");
        replace(&path, &json).map_err(|source| MachineError::File { path, source })?;
        Ok(Machine { card, registry, key })
    }

    /// Its name at the registry.
    pub fn node(&self) -> &str {
        &self.card.node
    }

    /// Where the registry is.
    pub fn registry(&self) -> &str {
        self.registry.as_str()
    }

    /// PEM of the registry's authority, if no public one signed its certificate.
    pub fn authority(&self) -> Option<&str> {
        self.card.authority.as_deref()
    }

    /// Whether the registry is at this address's host.
    pub fn is_beside(&self, address: &str) -> bool {
        let host = |url: &Url| url.host_str().map(str::to_owned);
        Url::parse(address).is_ok_and(|address| host(&address) == host(&self.registry))
    }

    /// Its key, for what is signed elsewhere: the report of an inspection.
    pub fn key(&self) -> &MachineKey {
        &self.key
    }

    /// Signs a fact, or a request.
    pub(crate) fn sign(&self, fact: &[u8]) -> String {
        self.key.sign(&self.card.node, fact)
    }

    /// A part of the registry's interface.
    pub(crate) fn endpoint(&self, what: &str) -> Url {
        endpoint(&self.registry, what)
    }

    /// What posts to its registry.
    pub(crate) fn post(&self) -> Result<Post, String> {
        Post::new(&self.registry, self.card.authority.as_deref())
    }
}

/// The public half of the folder's key, which is made if there is none: once, and never written over.
pub fn public_key(folder: &Path) -> Result<PublicKey, MachineError> {
    Ok(key_in(folder)?.public())
}

/// Enrols this machine: its key is made and stays here, its public half goes to the registry with the code.
/// After a failure the same key is used again, so that a code whose answer was lost is not lost with it.
pub async fn enrol(
    folder: &Path,
    registry: &str,
    code: &str,
    name: &str,
    authority: Option<&str>,
) -> Result<Machine, EnrolError> {
    #[derive(Serialize)]
    struct Enrolment<'a> {
        code: &'a str,
        public_key: PublicKey,
        name: &'a str,
    }
    #[derive(Deserialize)]
    struct Enrolled {
        node: String,
    }
    let base = address(registry)?;
    let client = client(authority).map_err(EnrolError::Authority)?;
    let enrolment = Enrolment { code: code.trim(), public_key: public_key(folder)?, name };
    let sent = client.post(endpoint(&base, "machines")).json(&enrolment).send().await;
    let response = sent.map_err(|error| EnrolError::Unreachable(chain(&error)))?;
    let status = response.status();
    let text = response.text().await.map_err(|error| EnrolError::Unreachable(chain(&error)))?;
    if status != StatusCode::OK {
        return Err(EnrolError::Refused { status: status.as_u16(), message: crate::post::message_of(&text) });
    }
    let enrolled: Enrolled =
        serde_json::from_str(&text).map_err(|error| EnrolError::NotARegistry(error.to_string()))?;
    Machine::keep(folder, &enrolled.node, registry, authority)
}

fn address(text: &str) -> Result<Url, EnrolError> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| EnrolError::Address(text.to_owned()))
}

fn key_in(folder: &Path) -> Result<MachineKey, MachineError> {
    let unusable = |path: &Path, source| MachineError::File { path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| unusable(folder, error))?;
    let path = folder.join(KEY_FILE);
    if let Some(pem) = read(&path)? {
        return read_key(&path, &pem);
    }
    let document = MachineKey::generate().map_err(|error| content(&path, &error))?;
    let pem = write_pem(&document);
    replace(&path, pem.as_bytes()).map_err(|error| unusable(&path, error))?;
    read_key(&path, &pem)
}

fn write_pem(document: &[u8]) -> String {
    let text = BASE64.encode(document);
    let mut pem = format!("{PEM_BEGIN}\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(PEM_LINE));
        pem.push_str(line);
        pem.push('\n');
        rest = next;
    }
    pem.push_str(PEM_END);
    pem.push('\n');
    pem
}

fn read_key(path: &Path, pem: &str) -> Result<MachineKey, MachineError> {
    let inner = pem.split_once(PEM_BEGIN).and_then(|(_, rest)| Some(rest.split_once(PEM_END)?.0));
    let inner = inner.ok_or_else(|| content(path, &"it holds no private key in PEM"))?;
    let text: String = inner.split_ascii_whitespace().collect();
    let document = BASE64.decode(text).map_err(|error| content(path, &error))?;
    MachineKey::from_pkcs8(&document).map_err(|error| content(path, &error))
}

fn read(path: &Path) -> Result<Option<String>, MachineError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(source) => Err(MachineError::File { path: path.to_owned(), source }),
    }
}

fn content(path: &Path, why: &dyn ToString) -> MachineError {
    MachineError::Content { path: path.to_owned(), why: why.to_string() }
}
