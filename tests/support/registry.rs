//! `tongke registry` under test.

use super::process::{Running, run, tongke};
use super::relay::free_address;
use super::scratch::Scratch;
use super::{eventually, http, s};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A registry over plain HTTP on loopback.
pub struct Registry {
    pub listen: SocketAddr,
    pub folder: PathBuf,
    process: Running,
}

impl Registry {
    /// Starts it on a free port; returns when it has said where it listens.
    pub fn start(scratch: &Scratch, folder: &Path, more: &[&str]) -> Registry {
        Registry::start_at(scratch, folder, free_address(), more)
    }

    pub fn start_at(scratch: &Scratch, folder: &Path, listen: SocketAddr, more: &[&str]) -> Registry {
        let log = scratch.file(&format!("registry-{}.log", listen.port()));
        let _ = std::fs::remove_file(&log);
        let mut command = tongke();
        command.args(["registry", "--listen", &listen.to_string(), "--data"]).arg(folder).args(more);
        if !more.contains(&"--http=false") {
            command.arg("--http");
        }
        let mut process = Running::start(command, &log);
        eventually("it has said where it listens", s(20), || {
            assert!(process.ended().is_none(), "it did not start:\n{}", process.log());
            process.log().contains("registry is ready").then_some(())
        });
        Registry { listen, folder: folder.to_owned(), process }
    }

    /// What `tongke registry token` prints for its folder.
    pub fn token(&self, may: &str) -> String {
        let folder = self.folder.to_str().unwrap();
        let said = run(["registry", "token", "--data", folder, "--name", "clerk", "--may", may]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        said.out.trim_end().to_owned()
    }

    /// The answer to GET below `/api/v1`: its status and its JSON.
    pub fn get(&self, what: &str, token: &str) -> (u16, Value) {
        self.ask("GET", what, token, "")
    }

    pub fn ask(&self, method: &str, what: &str, token: &str, body: &str) -> (u16, Value) {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("Content-Type", "application/json")];
        if !token.is_empty() {
            headers.push(("Authorization", &bearer));
        }
        let path = format!("/api/v1/{what}");
        let (status, body) = http::request(self.listen, method, &path, &headers, body).unwrap();
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    pub fn log(&self) -> String {
        self.process.log()
    }

    pub fn kill(&mut self) {
        self.process.kill();
    }

    pub fn terminate(&mut self) -> Option<i32> {
        self.process.terminate()
    }
}
