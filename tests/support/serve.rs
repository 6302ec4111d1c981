//! `tongke serve` under test.

use super::process::{Running, run, tongke};
use super::relay::free_address;
use super::scratch::Scratch;
use super::{eventually, s};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Pages and relay on loopback.
pub struct Serve {
    pub listen: SocketAddr,
    pub folder: PathBuf,
    process: Running,
}

impl Serve {
    /// Starts it on a free port; returns when it has said where it listens.
    pub fn start(scratch: &Scratch, folder: &Path, more: &[&str]) -> Serve {
        Serve::start_at(scratch, folder, free_address(), more)
    }

    pub fn start_at(scratch: &Scratch, folder: &Path, listen: SocketAddr, more: &[&str]) -> Serve {
        let log = scratch.file("serve.log");
        // What an earlier one said must not be taken for this one's.
        let _ = std::fs::remove_file(&log);
        let mut command = tongke();
        command.arg("serve").args(flags(folder, listen)).args(more);
        let mut process = Running::start(command, &log);
        eventually("it has said where it listens", s(10), || {
            assert!(process.ended().is_none(), "it did not start:\n{}", process.log());
            process.log().contains("Tongke is ready").then_some(())
        });
        Serve { listen, folder: folder.to_owned(), process }
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.listen)
    }

    /// The certificate that it made.
    pub fn certificate(&self) -> Vec<u8> {
        std::fs::read(self.folder.join("tls/cert.pem")).unwrap()
    }

    pub fn log(&self) -> String {
        self.process.log()
    }

    /// What `tongke token` prints for its folder.
    pub fn token(&self, more: &[&str]) -> String {
        let said = run(["token", "--data", self.folder.to_str().unwrap()].iter().chain(more));
        assert_eq!(said.code, Some(0), "{}", said.err);
        said.out.trim_end().to_owned()
    }

    pub fn terminate(&mut self) -> Option<i32> {
        self.process.terminate()
    }
}

/// The flags of one that disturbs no other.
pub fn flags(folder: &Path, listen: SocketAddr) -> Vec<String> {
    let (folder, listen) = (folder.display().to_string(), listen.to_string());
    ["--data", &folder, "--listen", &listen, "--rtc", "127.0.0.1:0", "--quic", "127.0.0.1:0"]
        .map(str::to_owned)
        .to_vec()
}
