//! Whether a report was altered since a machine signed it.
//!
//! A report's file is one JSON object, `{"report":…,"signature":"…"}` and a line feed. The signature is a JWS of
//! the machine's key ([`protocol::signed`](tongke_protocol::signed)) over the SHA-256 of the report's bytes as they
//! stand in the file: nothing is parsed and written again before it is checked, so no byte can differ unseen.

use crate::criteria::{Title, hex};
use crate::facts::{Facts, FactsError, MAX_LEN};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tongke_protocol::signed::{MachineKey, PublicKey, SignatureError, kid_of};

const BEGIN: &str = "{\"report\":";
const MIDDLE: &str = ",\"signature\":\"";
const END: &str = "\"}\n";
/// What a statement says it is of, so that nothing else that a machine signed can stand for it.
const PURPOSE: &str = "tongke inspection report";

/// What is signed: facts, and by which criteria they were judged. The verdict follows from both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// What was measured.
    pub facts: Facts,
    /// By which criteria it was judged when it was signed.
    pub criteria: Title,
}

/// The words that the machine signs.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    purpose: String,
    /// Of the report's bytes, in hexadecimal.
    sha256: String,
    /// The key that signs, so that one who does not know the machine can still compare it.
    key: PublicKey,
}

/// What a check of a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// Not a byte was altered since a machine that is known signed it.
    Intact {
        /// The machine.
        machine: String,
        /// Its key.
        key: PublicKey,
    },
    /// It fits its signature, but nobody here knows the key: anybody may have made it.
    UnknownKey {
        /// What the signer calls itself.
        machine: String,
        /// The key.
        key: PublicKey,
    },
    /// It was altered, or it is something else.
    Altered {
        /// How that shows.
        why: Alteration,
    },
    /// A report that nobody signed.
    NotSigned,
}

/// How it shows that a file was altered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Alteration {
    /// It does not begin and end as a report does.
    #[error(
        "it does not have the form of a report: {{\"report\":…,\"signature\":\"…\"}} and a line feed, nothing more"
    )]
    Form,
    /// The signature is not one.
    #[error("its signature is broken: {0}")]
    Signature(#[from] SignatureError),
    /// The signature is of other words.
    #[error("its signature is of something else")]
    Statement,
    /// The signature is of another report.
    #[error("its words are not those that were signed")]
    Words,
}

/// Keys of machines that are known. A machine that was enrolled again has several.
#[derive(Debug, Clone, Default)]
pub struct KnownKeys(Vec<(String, PublicKey)>);

impl KnownKeys {
    /// Adds a machine's key.
    pub fn add(&mut self, machine: &str, key: PublicKey) {
        self.0.push((machine.to_owned(), key));
    }

    fn know(&self, machine: &str, key: PublicKey) -> bool {
        self.0.iter().any(|(known, its)| known == machine && *its == key)
    }
}

impl Report {
    /// The file, signed in the name of `machine`. The same report gives the same bytes.
    pub fn sign(&self, machine: &str, key: &MachineKey) -> Result<String, FactsError> {
        let report = self.to_json()?;
        let statement =
            Statement { purpose: PURPOSE.to_owned(), sha256: sha256(report.as_bytes()), key: key.public() };
        let signature = key.sign(machine, &serde_json::to_vec(&statement)?);
        Ok(format!("{BEGIN}{report}{MIDDLE}{signature}{END}"))
    }

    /// The file without a signature.
    pub fn unsigned(&self) -> Result<String, FactsError> {
        Ok(format!("{BEGIN}{}}}\n", self.to_json()?))
    }

    /// The report of a file, signed or not. Whether it was altered is [`verify`]'s to say.
    pub fn parse(file: &[u8]) -> Result<Report, FactsError> {
        Ok(read(file)?.report)
    }

    /// SHA-256 of what would be signed, in hexadecimal: what two people compare by eye.
    pub fn sha256(&self) -> Result<String, FactsError> {
        Ok(sha256(self.to_json()?.as_bytes()))
    }

    fn to_json(&self) -> Result<String, FactsError> {
        self.facts.check()?;
        Ok(serde_json::to_string(self)?)
    }
}

/// A report's file, as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    report: Report,
    #[serde(default)]
    signature: Option<String>,
}

fn read(file: &[u8]) -> Result<File, FactsError> {
    if file.len() > MAX_LEN {
        return Err(FactsError::TooLong(file.len()));
    }
    let file: File = serde_json::from_slice(file)?;
    file.report.facts.check()?;
    Ok(file)
}

/// Says whether a file was altered.
pub fn verify(file: &[u8], known: &KnownKeys) -> Check {
    let Some((report, signature)) = std::str::from_utf8(file).ok().and_then(take_apart) else {
        let is_unsigned = read(file).is_ok_and(|file| file.signature.is_none());
        return if is_unsigned { Check::NotSigned } else { Check::Altered { why: Alteration::Form } };
    };
    match check(report, signature) {
        Ok((machine, key)) if known.know(&machine, key) => Check::Intact { machine, key },
        Ok((machine, key)) => Check::UnknownKey { machine, key },
        Err(why) => Check::Altered { why },
    }
}

fn sha256(report: &[u8]) -> String {
    hex(&Sha256::digest(report))
}

/// The report and its signature. The signature has no quotation mark in it, so the last place that looks like its
/// begin is its begin.
fn take_apart(file: &str) -> Option<(&str, &str)> {
    file.strip_prefix(BEGIN)?.strip_suffix(END)?.rsplit_once(MIDDLE)
}

fn check(report: &str, signature: &str) -> Result<(String, PublicKey), Alteration> {
    let machine = kid_of(signature)?;
    let unproven = signature.split('.').nth(1).ok_or(SignatureError::Malformed)?;
    let key = statement_key(unproven)?;
    // Only now are the words the signer's: the key stands in what it signs.
    let statement: Statement =
        serde_json::from_slice(&key.verify(signature)?).map_err(|_| Alteration::Statement)?;
    if statement.purpose != PURPOSE || statement.key != key {
        return Err(Alteration::Statement);
    }
    if statement.sha256 != sha256(report.as_bytes()) {
        return Err(Alteration::Words);
    }
    Ok((machine, key))
}

/// The key that a statement names, which nothing has proven yet.
fn statement_key(payload: &str) -> Result<PublicKey, Alteration> {
    use base64::Engine as _;
    let words = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload);
    let words = words.map_err(|_| SignatureError::Malformed)?;
    let statement: Statement = serde_json::from_slice(&words).map_err(|_| Alteration::Statement)?;
    Ok(statement.key)
}

#[cfg(test)]
mod tests;
