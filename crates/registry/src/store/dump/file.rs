//! The file of a backup: lines of JSON between a first and a last one by which it is recognised.

use super::BackupError;
use crate::store::hex;
use ring::digest::{Context, SHA256};
use serde_json::{Map, Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use tongke_protocol::WallTime;

/// The version of the file's form.
const FORM: u64 = 1;
/// Longest line that is read: a report is at most 8 MiB, and as a text in JSON at most twice as long.
const LONGEST_LINE: u64 = 32 << 20;

/// A row, behind the name of its table.
type NamedRow = (String, Map<String, Value>);

/// A backup being written.
pub(super) struct Out {
    file: BufWriter<File>,
    digest: Context,
    lines: u64,
}

impl Out {
    /// Begins a file that its owner alone may read.
    pub(super) fn create(path: &Path, now: WallTime) -> io::Result<Out> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let mut out = Out { file: BufWriter::new(file), digest: Context::new(&SHA256), lines: 0 };
        out.line(&json!({"tongke_registry_backup": FORM, "made_us": now}))?;
        Ok(out)
    }

    pub(super) fn line(&mut self, value: &Value) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.digest.update(&line);
        self.lines += 1;
        self.file.write_all(&line)
    }

    /// Writes the last line; returns how many rows there are when all is on disk.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        let rows = self.lines - 1;
        let sha256 = hex::digits(self.digest.clone().finish().as_ref());
        self.line(&json!({"end": {"rows": rows, "sha256": sha256}}))?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(rows)
    }
}

/// A backup being read.
pub(super) struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    digest: Context,
    line: u64,
    pub(super) rows: u64,
}

impl Lines {
    /// Reads the first line.
    pub(super) fn open(path: &Path) -> Result<Lines, BackupError> {
        let file = File::open(path).map_err(|source| BackupError::File { path: path.to_owned(), source })?;
        let (path, digest) = (path.to_owned(), Context::new(&SHA256));
        let mut lines = Lines { path, file: BufReader::new(file), digest, line: 0, rows: 0 };
        let (head, line) = lines.object()?;
        lines.digest.update(&line);
        match head.get("tongke_registry_backup").and_then(Value::as_u64) {
            Some(FORM) => Ok(lines),
            Some(other) => Err(lines.damaged(&format!("its form {other} is newer than this program"))),
            None => Err(lines.damaged("this is no backup of a registry")),
        }
    }

    pub(super) fn damaged(&self, why: &str) -> BackupError {
        BackupError::Damaged { path: self.path.clone(), line: self.line, why: why.to_owned() }
    }

    /// The next row and its table. None: the backup is whole and this was its end.
    pub(super) fn next(&mut self) -> Result<Option<NamedRow>, BackupError> {
        let (object, line) = self.object()?;
        let mut fields = object.into_iter();
        let (Some((name, Value::Object(row))), None) = (fields.next(), fields.next()) else {
            return Err(self.damaged("it is not of this form"));
        };
        if name != "end" {
            self.rows += 1;
            self.digest.update(&line);
            return Ok(Some((name, row)));
        }
        let so_far = hex::digits(self.digest.clone().finish().as_ref());
        if row.get("rows").and_then(Value::as_u64) != Some(self.rows) {
            return Err(self.damaged("rows are missing"));
        }
        if row.get("sha256").and_then(Value::as_str) != Some(&so_far) {
            return Err(self.damaged("it was changed since it was written"));
        }
        Ok(None)
    }

    fn object(&mut self) -> Result<(Map<String, Value>, Vec<u8>), BackupError> {
        self.line += 1;
        let mut line = Vec::new();
        let mut bounded = io::Read::take(&mut self.file, LONGEST_LINE);
        let read = bounded.read_until(b'\n', &mut line);
        read.map_err(|source| BackupError::File { path: self.path.clone(), source })?;
        if line.pop() != Some(b'\n') {
            return Err(self.damaged("it ends too early"));
        }
        let object = serde_json::from_slice(&line).map_err(|error| self.damaged(&error.to_string()))?;
        line.push(b'\n');
        Ok((object, line))
    }
}
