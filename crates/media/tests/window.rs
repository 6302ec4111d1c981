//! Windows on a screen that exists in memory: Xvfb, an X server without hardware.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use tongke_media::picture::Picture;
use tongke_media::render::{Window, WindowOptions};

/// Says to this very program that it is the one with a screen.
const CHILD: &str = "TONGKE_TEST_WINDOW_CHILD";

/// An X server, for as long as it is held.
struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    fn start() -> Screen {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "640x360x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed (make test-packages)");
        let mut number = String::new();
        let told = server.stdout.take().expect("its output is a pipe");
        BufReader::new(told).read_line(&mut number).expect("Xvfb tells its display");
        Screen { server, display: format!(":{}", number.trim()) }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A process cannot change its own environment safely, so what needs a screen runs in another one.
#[test]
fn windows_open_one_after_the_other_and_never_two_at_once() {
    let screen = Screen::start();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, "1")
        .env("DISPLAY", &screen.display)
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
}

#[test]
fn without_a_screen_the_reason_is_told_each_time() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_without_a_screen", "--nocapture"])
        .env(CHILD, "1")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
}

#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    for _ in 0..3 {
        let window = Window::open(&WindowOptions::default()).unwrap();
        window.show(0, "同课", Picture::filled(320, 180, [128, 128, 128], Instant::now()));
        let second = Window::open(&WindowOptions::default()).err().expect("one at a time");
        assert!(second.to_string().contains("shows one already"), "{second}");
        assert!(!window.is_closed());
    }
}

#[test]
fn child_without_a_screen() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    for _ in 0..2 {
        let refused = Window::open(&WindowOptions::default()).err().expect("there is no screen");
        assert!(refused.to_string().contains("there is no screen"), "{refused}");
    }
}
