//! A program under the load, and what is asked of all of them: every packet arrives, opens and is what
//! its header says, at everybody but its publisher.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tongke_load::{Joining, Link, Load, LoadConfig, Pace, Seen, Shape, Target};

/// A running program; it ends with this.
struct Program {
    child: Child,
    url: String,
}

impl Program {
    fn start(program: &str) -> Self {
        let mut command = Command::new(program);
        command.args(["--http", "127.0.0.1:0", "--rtc", "127.0.0.1:0"]).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut said = String::new();
        let stderr = child.stderr.take().expect("it is piped");
        BufReader::new(stderr).read_line(&mut said).expect("it says what it is");
        let address = said.split("HTTP on ").nth(1).and_then(|rest| rest.split(',').next());
        let url = format!("http://{}", address.expect("it says where"));
        Self { child, url }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn seen(program: &str, shape: Shape) -> Seen {
    let program = Program::start(program);
    let target = Target { url: program.url.clone(), key: None, pid: Some(program.child.id()) };
    let config = LoadConfig { shape, link: Link::Webrtc, pace: Pace::Even, seed: 1 };
    let mut load = Load::start(target, config).expect("the program is ready");
    load.join_publishers().expect("publishers join");
    load.join_subscribers(Joining::Calmly(4)).expect("subscribers get a picture");
    load.window(Duration::from_secs(2), &mut |_| {}).expect("the load goes on")
}

/// Puts the shape on a program.
pub fn check(program: &str, shape: Shape) {
    let seen = seen(program, shape);
    assert!(seen.expected > 0);
    let wrong = [seen.lost, seen.duplicates, seen.mismapped, seen.renumbered, seen.unopened];
    assert_eq!((seen.received, wrong), (seen.expected, [0; 5]), "{seen:?}");
    let counters = seen.target.and_then(|used| used.counters).expect("it tells its counters");
    // Its counters are read a little beside the window.
    assert!(counters.datagrams_sent > seen.received as f64 * 0.8, "{counters:?}");
    assert!(counters.send_calls <= counters.datagrams_sent);
}
