//! Child processes that end with the demo, however it ends.

use rustix::process::{Pid, Signal};
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// One process of the demo. Dropped, it is killed.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts this same binary with `args`; what it says goes to `log`.
    pub fn start(name: &str, args: &[String], log: &Path) -> io::Result<Process> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--end-with-parent").arg(std::process::id().to_string()).args(args);
        // The demo's lesson is the one described here, whatever the caller's environment sets.
        for (key, _) in std::env::vars_os().filter(|(key, _)| key.to_string_lossy().starts_with("TONGKE_")) {
            command.env_remove(key);
        }
        let file = File::create(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        // Ctrl-C in the terminal is for the demo, which then ends the lesson in order.
        command.process_group(0);
        Ok(Process { name: name.to_owned(), child: command.spawn()?, log: log.to_owned() })
    }

    /// What the demo calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its number in the system.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where its log is.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to end in good order.
    pub fn ask_to_end(&mut self) {
        if self.ended().is_none()
            && let Some(pid) = Pid::from_raw(self.child.id() as i32)
        {
            // It may have ended in between; there is nothing left to ask then.
            let _ = rustix::process::kill_process(pid, Signal::TERM);
        }
    }

    /// The end of its log, for a message about its failure.
    pub fn last_words(&self, lines: usize) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Has the system kill this process when its parent dies: the demo's children outlive it in no way,
/// not even when it is killed itself. Ends at once if the parent is no longer `parent`.
pub fn end_with_parent(parent: u32) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let now = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
    if now == Some(parent as i32) { Ok(()) } else { Err(io::Error::other("the parent process is gone")) }
}
