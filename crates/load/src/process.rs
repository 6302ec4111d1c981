//! What a process of this machine used, from `/proc`.

use std::path::Path;

/// A process so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ProcessUse {
    /// Time on a processor, all threads, in ns.
    pub cpu_ns: u64,
    /// Time that threads were ready and had to wait for a processor, in ns: others' load.
    pub wait_ns: u64,
    /// Clock ticks in its own code, coarse.
    pub user_ticks: u64,
    /// Clock ticks in the kernel, coarse.
    pub system_ticks: u64,
    /// Memory held, in bytes.
    pub rss_bytes: u64,
    /// Of that, its own: no files and no shared memory.
    pub anonymous_bytes: u64,
}

impl ProcessUse {
    /// Reads it; none if there is no such process.
    pub fn read(pid: u32) -> Option<Self> {
        let root = format!("/proc/{pid}");
        let mut sum = Self::default();
        for task in std::fs::read_dir(format!("{root}/task")).ok()?.flatten() {
            // A thread that ends in this moment is left out.
            sum.add_task(&task.path());
        }
        let status = std::fs::read_to_string(format!("{root}/status")).ok()?;
        sum.rss_bytes = kib(&status, "VmRSS:") * 1_024;
        sum.anonymous_bytes = kib(&status, "RssAnon:") * 1_024;
        Some(sum)
    }

    /// Time on a processor of one of this process' threads, in ns.
    pub(crate) fn thread_cpu_ns(tid: i32) -> u64 {
        let mut sum = Self::default();
        sum.add_task(Path::new(&format!("/proc/self/task/{tid}")));
        sum.cpu_ns
    }

    fn add_task(&mut self, task: &Path) {
        let schedstat = std::fs::read_to_string(task.join("schedstat")).unwrap_or_default();
        let mut fields = schedstat.split_ascii_whitespace().filter_map(|field| field.parse::<u64>().ok());
        self.cpu_ns += fields.next().unwrap_or_default();
        self.wait_ns += fields.next().unwrap_or_default();
        let stat = std::fs::read_to_string(task.join("stat")).unwrap_or_default();
        let (user, system) = ticks(&stat).unwrap_or_default();
        self.user_ticks += user;
        self.system_ticks += system;
    }

    /// Share of the CPU time between two readings that was its own code's; the kernel had the rest.
    pub fn user_share_since(&self, before: &Self) -> f64 {
        let user = self.user_ticks.saturating_sub(before.user_ticks);
        let system = self.system_ticks.saturating_sub(before.system_ticks);
        user as f64 / (user + system).max(1) as f64
    }
}

/// User and system time of a `stat` line.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    // The name in parentheses may hold anything; utime and stime are the 12th and 13th field after it.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn kib(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// Datagrams that the kernel dropped because these ports' receive buffers were full.
pub(crate) fn udp_drops(ports: &[u16]) -> u64 {
    ["/proc/net/udp", "/proc/net/udp6"]
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .map(|table| drops_in(&table, ports))
        .sum()
}

fn drops_in(table: &str, ports: &[u16]) -> u64 {
    let drops = |line: &str| {
        let (_, port) = line.split_ascii_whitespace().nth(1)?.rsplit_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        ports.binary_search(&port).ok()?;
        line.split_ascii_whitespace().next_back()?.parse::<u64>().ok()
    };
    table.lines().skip(1).filter_map(drops).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_and_time() {
        let this = ProcessUse::read(std::process::id()).unwrap();
        assert!(this.rss_bytes > 0 && this.cpu_ns > 0 && this.rss_bytes >= this.anonymous_bytes);
        assert_eq!(ProcessUse::read(u32::MAX), None);
    }

    #[test]
    fn a_name_with_parentheses_hides_no_fields() {
        let stat = "1 (a) b (c)) S 2 3 4 5 6 7 8 9 10 11 120 45 0 0 20";
        assert_eq!(ticks(stat), Some((120, 45)));
    }

    #[test]
    fn only_drops_of_own_ports_count() {
        let line = |port: &str, drops| {
            format!("  1: 0100007F:{port} 0100007F:138C 01 0:0 00:0 00000000 0 0 1 2 0000 {drops}")
        };
        let table = format!("head\n{}\n{}\n{}\n", line("1388", 3), line("1389", 4), line("138A", 0));
        assert_eq!(drops_in(&table, &[5_000, 5_002]), 3);
        assert_eq!(drops_in(&table, &[5_000, 5_001]), 7);
    }
}
