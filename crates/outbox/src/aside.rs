//! Facts that the registry does not take, kept where a person can look at them.

use crate::post::{Answer, Verdict};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Longest file of such facts, in bytes. Full: nothing more is delivered until somebody has looked into it
/// and moved it away; facts wait meanwhile as if the registry did not answer.
const MAX_LEN: u64 = 64 << 20;

/// `refused.jsonl`: one JSON object a line.
#[derive(Debug)]
pub(crate) struct Aside(PathBuf);

#[derive(Serialize)]
struct Line<'a> {
    status: &'static str,
    code: &'a str,
    message: &'a str,
    /// The fact, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    fact: Option<&'a RawValue>,
    /// What it is otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
}

impl Aside {
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.join("refused.jsonl"))
    }

    /// Writes down facts with what the registry said of them. When this returns they are on disk.
    pub(crate) fn keep(&self, facts: &[(Vec<u8>, Answer)]) -> io::Result<()> {
        let lines: Vec<u8> = facts.iter().flat_map(|(fact, answer)| line(fact, answer)).collect();
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.0)?;
        let before = file.metadata()?.len();
        if before > MAX_LEN {
            let why = format!("{} is full; see what it says and move it away", self.0.display());
            return Err(io::Error::new(io::ErrorKind::StorageFull, why));
        }
        let written = file.write_all(&lines).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // Part of a line is of no use; all of them are written again.
            let _ = file.set_len(before);
            return Err(error);
        }
        if before == 0 {
            self.0.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())?;
        }
        Ok(())
    }
}

fn line(fact: &[u8], answer: &Answer) -> Vec<u8> {
    let status = match answer.status {
        Verdict::New => "new",
        Verdict::Known => "known",
        Verdict::Conflict => "conflict",
        Verdict::Refused => "refused",
    };
    let json: Option<&RawValue> = serde_json::from_slice(fact).ok();
    // A line has no line ends in it.
    let json = json.filter(|json| !json.get().contains('\n'));
    let text = json.is_none().then(|| String::from_utf8_lossy(fact));
    let line = Line { status, code: &answer.code, message: &answer.message, fact: json, text };
    // Strings and JSON that was read always have a JSON form.
    let mut line = serde_json::to_vec(&line).expect("a line has a JSON form");
    line.push(b'\n');
    line
}
