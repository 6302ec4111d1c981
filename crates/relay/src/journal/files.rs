//! Files of facts: appending to them, finding them, reading them back after whatever happened.

use super::SUFFIX;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use tongke_protocol::LessonId;
use tongke_protocol::record::LessonFact;

/// Appends lines to a file and returns its length when they are on disk. After an error none of them is in it,
/// unless the disk does not even take that back.
pub(super) fn append(path: &Path, lines: &[u8]) -> io::Result<u64> {
    let mut file = match open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_parent(path)?;
            open(path)?
        }
        opened => opened?,
    };
    let before = file.metadata()?.len();
    let written = begin_line(&file, before).and_then(|start| {
        file.write_all(start)?;
        file.write_all(lines)
    });
    if let Err(error) = written {
        // What is left of a line is cut back when it is read, if not now.
        let _ = file.set_len(before);
        return Err(error);
    }
    file.sync_data()?;
    if before == 0 {
        path.ancestors().skip(1).take(2).try_for_each(|directory| File::open(directory)?.sync_all())?;
    }
    Ok(file.metadata()?.len())
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)
}

fn make_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().ok_or(io::ErrorKind::NotFound)?;
    DirBuilder::new().recursive(true).mode(0o700).create(parent)
}

/// What must come before a new line: the end of a line that was broken off.
fn begin_line(file: &File, len: u64) -> io::Result<&'static [u8]> {
    let Some(last) = len.checked_sub(1) else { return Ok(b"") };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(if byte == *b"\n" { b"" } else { b"\n" })
}

/// The files of each lesson since a day, oldest first.
pub(super) fn of_lessons(facts: &Path, since: &str) -> io::Result<BTreeMap<LessonId, Vec<PathBuf>>> {
    let mut lessons: BTreeMap<LessonId, Vec<PathBuf>> = BTreeMap::new();
    for day in entries(facts)? {
        let is_day = |name: &OsStr| name.to_str().is_some_and(|name| name >= since && is_date(name));
        if !day.file_name().is_some_and(is_day) {
            continue;
        }
        for file in entries(&day)? {
            let is_record = file.extension() == Some(OsStr::new(SUFFIX)) && file.is_file();
            let stem = file.file_stem().filter(|_| is_record);
            if let Some(lesson) = stem.and_then(|stem| stem.to_str()?.parse().ok()) {
                lessons.entry(lesson).or_default().push(file);
            }
        }
    }
    Ok(lessons)
}

fn is_date(name: &str) -> bool {
    name.len() == 10 && name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// What is in a directory, in the order of the names.
fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort_unstable();
    Ok(paths)
}

/// All facts of these files. A file that cannot be read is passed over: lessons must begin today,
/// whatever became of yesterday's record.
pub(super) fn read_all(paths: &[PathBuf]) -> Vec<LessonFact> {
    let read = |path: &PathBuf| {
        read(path).unwrap_or_else(|error| {
            tracing::error!(file = %path.display(), %error, "facts cannot be read");
            Vec::new()
        })
    };
    paths.iter().flat_map(read).collect()
}

/// The facts of a file. A last line that was broken off is cut back; other unreadable lines stay and
/// are passed over.
fn read(path: &Path) -> io::Result<Vec<LessonFact>> {
    let bytes = fs::read(path)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let (lines, rest) = bytes.split_at(whole);
    let mut facts = Vec::new();
    let mut unreadable = 0_usize;
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(fact) => facts.push(fact),
            Err(_) => unreadable += 1,
        }
    }
    // The last line may be whole but for its end; then the next one begins with that.
    match serde_json::from_slice(rest) {
        Ok(fact) => facts.push(fact),
        Err(_) if rest.is_empty() => {}
        Err(_) => cut_back(path, whole, rest.len()),
    }
    if unreadable > 0 {
        tracing::warn!(file = %path.display(), unreadable, "lines that are no facts were passed over");
    }
    Ok(facts)
}

fn cut_back(path: &Path, whole: usize, lost: usize) {
    tracing::warn!(file = %path.display(), bytes = lost,
        "the last line was broken off, as after a power cut, and is cut back");
    let cut = OpenOptions::new().write(true).open(path).and_then(|file| {
        file.set_len(whole as u64)?;
        file.sync_data()
    });
    if let Err(error) = cut {
        tracing::warn!(file = %path.display(), %error, "it could not be cut back");
    }
}
