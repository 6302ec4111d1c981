//! A process that keeps facts until it is killed: the test starts itself again. The child says what it has kept,
//! so that its parent knows what must not be lost.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Tells the child where its data is, and which fact comes next.
const FOLDER: &str = "TONGKE_TEST_DYING_FOLDER";
const FIRST: &str = "TONGKE_TEST_DYING_FIRST";

/// Where the child's data is, and which fact comes next. None: this is an ordinary run of the tests.
pub fn told() -> Option<(PathBuf, u64)> {
    Some((std::env::var(FOLDER).ok()?.into(), std::env::var(FIRST).ok()?.parse().unwrap()))
}

/// In the child: keeps these facts one by one, and says of each that it is kept.
pub fn keep(numbers: impl IntoIterator<Item = u64>, keep_one: impl Fn(u64)) {
    let mut out = std::io::stdout();
    for number in numbers {
        keep_one(number);
        // The leading line end: the test harness may have begun a line.
        if writeln!(out, "\nkept {number}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// Starts the child, a test of this name, and kills it after so many signs of life and a little. Returns the
/// next fact's number.
pub fn live_and_die(child: &str, folder: &Path, first: u64, signs: u64, pause: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", child, "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut next = first;
    let mut hear = |line: String| {
        let number = line.strip_prefix("kept ").and_then(|number| number.parse::<u64>().ok());
        number.inspect(|number| next = number + 1).is_some()
    };
    (0..signs).for_each(|_| while said.next().is_some_and(|line| !hear(line)) {});
    // The moment itself, which nothing may depend on.
    std::thread::sleep(pause);
    child.kill().unwrap();
    child.wait().unwrap();
    for line in said {
        hear(line);
    }
    next
}
