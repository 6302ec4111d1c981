//! What the machine is, read from the system.

use quinn_udp::{UdpSockRef, UdpSocketState};
use serde::Serialize;
use std::fs::read_to_string;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;

/// Socket buffers that the relay asks for.
const SOCKET_BUFFER: u64 = 4 << 20;
/// Above this load for each processor before the check, others are at work.
const BUSY: f64 = 0.25;

/// A machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: Option<String>,
    /// Numbers of the processors that this process may use.
    pub cores: Vec<usize>,
    /// Whether the first and the last of them are threads of one core.
    pub cores_are_siblings: bool,
    /// Memory.
    pub memory_bytes: u64,
    /// Memory that is free for more programs.
    pub free_memory_bytes: u64,
    /// Processes that wanted a processor in the last minute, on average.
    pub load_average: f64,
    /// Largest receive buffer that a socket may ask for.
    pub receive_buffer_max_bytes: Option<u64>,
    /// Largest send buffer.
    pub send_buffer_max_bytes: Option<u64>,
    /// Whether one call sends several datagrams (UDP GSO).
    pub has_gso: bool,
    /// Whether one receive call brings several datagrams of a sender (UDP GRO).
    pub has_gro: bool,
    /// The fastest line that is up, in bits a second; none: no driver tells.
    pub line_bps: Option<f64>,
    /// That line's name.
    pub line: Option<String>,
}

impl Machine {
    /// Reads it.
    pub fn read() -> Self {
        let text = |path: &str| read_to_string(path).unwrap_or_default();
        let cores = cores(&text("/proc/self/status"));
        let memory = text("/proc/meminfo");
        let (has_gso, has_gro) = offloads();
        let line = fastest_line(Path::new("/sys/class/net"));
        Self {
            processor: processor(&text("/proc/cpuinfo")),
            cores_are_siblings: are_siblings(&cores),
            cores,
            memory_bytes: kib(&memory, "MemTotal:") << 10,
            free_memory_bytes: kib(&memory, "MemAvailable:") << 10,
            load_average: first_number(&text("/proc/loadavg")).unwrap_or(0.0),
            receive_buffer_max_bytes: text("/proc/sys/net/core/rmem_max").trim().parse().ok(),
            send_buffer_max_bytes: text("/proc/sys/net/core/wmem_max").trim().parse().ok(),
            has_gso,
            has_gro,
            line_bps: line.as_ref().map(|(_, mbps)| mbps * 1e6),
            line: line.map(|(name, _)| name),
        }
    }

    /// What makes its figures worse than they could be, or less certain.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let buffers = [("rmem_max", self.receive_buffer_max_bytes), ("wmem_max", self.send_buffer_max_bytes)];
        for (name, bytes) in buffers {
            if let Some(bytes) = bytes.filter(|bytes| *bytes < SOCKET_BUFFER) {
                warnings.push(format!(
                    "net.core.{name} is {bytes}: socket buffers stay small and bursts may be lost; raise it \
                     with: sysctl -w net.core.{name}={SOCKET_BUFFER}"
                ));
            }
        }
        for (has, name, what) in [(self.has_gso, "GSO", "sent"), (self.has_gro, "GRO", "received")] {
            if !has {
                warnings.push(format!(
                    "the kernel has no UDP {name}, so every datagram is {what} by itself, which costs several \
                     times as much; Linux 5.0 or newer has it"
                ));
            }
        }
        if self.cores.len() == 1 {
            warnings.push(
                "there is one processor, which relay and load shared: their CPU time was told apart by their \
                 threads' own clocks (/proc/PID/task/*/schedstat), but delays hold the load's work too and \
                 were not judged"
                    .to_owned(),
            );
        } else if self.cores_are_siblings {
            warnings.push(
                "relay and load ran on two threads of one core, which slow each other down: alone the relay \
                 carries more"
                    .to_owned(),
            );
        }
        if self.is_busy() {
            warnings.push(format!(
                "the machine was busy before the check (load {:.2} on {} processors): it carries more when it \
                 is not; repeat the check then",
                self.load_average,
                self.cores.len()
            ));
        }
        if self.line_bps.is_none() {
            warnings.push(
                "no network card tells its line's speed, as on most virtual machines: compare the bandwidth \
                 needed with your contract"
                    .to_owned(),
            );
        }
        warnings
    }

    fn is_busy(&self) -> bool {
        self.load_average > BUSY * self.cores.len() as f64
    }
}

fn kib(text: &str, key: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn first_number(text: &str) -> Option<f64> {
    text.split_ascii_whitespace().next()?.parse().ok()
}

fn processor(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The processors of a `status` file; the first one if it does not tell.
fn cores(status: &str) -> Vec<usize> {
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let cores = list.map(|list| list_of_numbers(list.trim())).unwrap_or_default();
    if cores.is_empty() { vec![0] } else { cores }
}

/// Numbers and ranges of them, as `0-3,8`.
fn list_of_numbers(text: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    text.split(',').filter_map(range).flatten().collect()
}

fn are_siblings(cores: &[usize]) -> bool {
    let (Some(first), Some(last)) = (cores.first(), cores.last()) else { return false };
    let path = format!("/sys/devices/system/cpu/cpu{first}/topology/thread_siblings_list");
    let siblings = list_of_numbers(read_to_string(path).unwrap_or_default().trim());
    first != last && siblings.contains(last)
}

/// GSO and GRO, as the relay's own socket finds them.
fn offloads() -> (bool, bool) {
    let state = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|socket| UdpSocketState::new(UdpSockRef::from(&socket)));
    state.map_or((false, false), |state| (state.max_gso_segments() > 1, state.gro_segments() > 1))
}

/// Name and Mbit/s of the fastest line that is up.
fn fastest_line(folder: &Path) -> Option<(String, f64)> {
    let line = |entry: std::fs::DirEntry| {
        let path = entry.path();
        let is_up = read_to_string(path.join("operstate")).ok()?.trim() == "up";
        // Reading fails, or gives -1, where the driver does not know.
        let mbps: f64 = read_to_string(path.join("speed")).ok()?.trim().parse().ok()?;
        (is_up && mbps > 0.0).then(|| (entry.file_name().to_string_lossy().into_owned(), mbps))
    };
    let lines = std::fs::read_dir(folder).ok()?.flatten().filter_map(line);
    lines.max_by(|(_, one), (_, other)| one.total_cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            processor: None,
            cores: vec![0, 1],
            cores_are_siblings: false,
            memory_bytes: 8 << 30,
            free_memory_bytes: 6 << 30,
            load_average: 0.1,
            receive_buffer_max_bytes: Some(SOCKET_BUFFER),
            send_buffer_max_bytes: Some(SOCKET_BUFFER),
            has_gso: true,
            has_gro: true,
            line_bps: Some(1e9),
            line: Some("eth0".to_owned()),
        }
    }

    #[test]
    fn a_good_machine_is_not_warned_of() {
        assert_eq!(machine().warnings(), Vec::<String>::new());
    }

    #[test]
    fn each_lack_is_warned_of_with_what_to_do() {
        let good = machine();
        let cases = [
            (
                Machine { receive_buffer_max_bytes: Some(212_992), ..good.clone() },
                "sysctl -w net.core.rmem_max=4194304",
            ),
            (
                Machine { send_buffer_max_bytes: Some(212_992), ..good.clone() },
                "sysctl -w net.core.wmem_max=4194304",
            ),
            (Machine { has_gso: false, ..good.clone() }, "no UDP GSO"),
            (Machine { has_gro: false, ..good.clone() }, "no UDP GRO"),
            (Machine { cores: vec![3], ..good.clone() }, "schedstat"),
            (Machine { cores_are_siblings: true, ..good.clone() }, "threads of one core"),
            (Machine { load_average: 1.5, ..good.clone() }, "load 1.50 on 2"),
            (Machine { line_bps: None, ..good }, "your contract"),
        ];
        for (machine, words) in cases {
            let warnings = machine.warnings();
            assert!(warnings.len() == 1 && warnings[0].contains(words), "{words}: {warnings:?}");
        }
    }

    #[test]
    fn processors_are_those_that_the_process_may_use() {
        assert_eq!(cores("Name:\tx\nCpus_allowed_list:\t2-4,7\n"), [2, 3, 4, 7]);
        assert_eq!(cores(""), [0]);
    }

    #[test]
    fn a_line_that_is_down_or_does_not_tell_is_no_line() {
        let folder = std::env::temp_dir().join(format!("tongke-lines-{}", std::process::id()));
        for (name, state, speed) in
            [("a", "up", "-1"), ("b", "down", "10000"), ("c", "up", "1000"), ("d", "up", "100")]
        {
            std::fs::create_dir_all(folder.join(name)).unwrap();
            std::fs::write(folder.join(name).join("operstate"), state).unwrap();
            std::fs::write(folder.join(name).join("speed"), speed).unwrap();
        }
        assert_eq!(fastest_line(&folder), Some(("c".to_owned(), 1_000.0)));
        assert_eq!(fastest_line(&folder.join("nowhere")), None);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn this_machine_has_memory_and_a_processor() {
        let machine = Machine::read();
        assert!(machine.memory_bytes >= machine.free_memory_bytes && machine.free_memory_bytes > 0);
        assert!(!machine.cores.is_empty());
    }
}
