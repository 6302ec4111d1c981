//! What a check says: in words, and as JSON.

use super::machine::Machine;
use super::model::{Capacity, Limit, Means, Measured, SAFE_CORE, SAFE_LINE, SAFE_MEMORY, Stage, lesson_bps};
use serde::Serialize;
use std::fmt::Write as _;

/// Everything that a check found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The machine.
    pub machine: Machine,
    /// The stages.
    pub measured: Measured,
    /// What there is to carry lessons.
    pub means: Means,
    /// What the machine can carry.
    pub capacity: Capacity,
    /// What makes the figures worse than they could be, or less certain.
    pub warnings: Vec<String>,
}

impl Report {
    /// Puts it together.
    pub fn new(machine: Machine, measured: Measured, means: Means, capacity: Capacity) -> Self {
        let mut warnings = machine.warnings();
        warnings.extend(stage_warnings(&measured));
        warnings.extend(model_warning(&capacity));
        Self { machine, measured, means, capacity, warnings }
    }

    /// In words.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Self { machine, capacity, means, measured, .. } = self;
        let name = machine.processor.as_deref().unwrap_or("processor of unknown name");
        writeln!(
            out,
            "{} x {name}, {} of memory\n",
            machine.cores.len(),
            bytes(machine.memory_bytes as f64)
        )?;
        writeln!(
            out,
            "Two-way lessons (each way 720p30 at 2.5 Mbit/s and Opus), a core used to {}:",
            percent(SAFE_CORE)
        )?;
        writeln!(out, "  on one core          {}", capacity.lessons_per_core)?;
        writeln!(
            out,
            "  on all {} cores       {} (relay --workers {})",
            means.cores, capacity.lessons_by_processor, means.cores
        )?;
        writeln!(out, "  in all               {}: {}", capacity.lessons, self.why())?;
        writeln!(out, "Subscribers of one demonstration lesson, on one core: {}\n", capacity.subscribers)?;
        writeln!(out, "{} lessons need", capacity.lessons)?;
        let lesson = lesson_bps(measured);
        writeln!(
            out,
            "  bandwidth            {} each way ({} for each lesson)",
            bits(capacity.needed_bps),
            bits(lesson)
        )?;
        let each = bytes(capacity.memory_by_lessons.each);
        writeln!(
            out,
            "  memory               {} ({each} for each lesson)",
            bytes(capacity.needed_memory_bytes as f64)
        )?;
        let carries = capacity.lessons_by_memory;
        writeln!(out, "  free memory, used to {}, has room for {carries} lessons", percent(SAFE_MEMORY))?;
        if let (Some(lessons), Some(line)) = (capacity.lessons_by_line, means.line_bps) {
            let name = machine.line.as_deref().unwrap_or("the line");
            writeln!(out, "  {name} ({}), used to {}, carries {lessons}", bits(line), percent(SAFE_LINE))?;
        }
        self.write_stages(out)?;
        for warning in &self.warnings {
            writeln!(out, "\nwarning: {warning}")?;
        }
        Ok(())
    }

    fn why(&self) -> &'static str {
        match self.capacity.first_limit {
            Limit::Processor => "the processor ends it first",
            Limit::Delay => "pictures come late before the processor is full",
            Limit::Memory => "free memory ends it first",
            Limit::Network => "the line ends it first",
        }
    }

    fn write_stages(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\nMeasured, one worker over loopback:")?;
        writeln!(
            out,
            "  {:<22} {:>6} {:>10} {:>16} {:>8}",
            "", "core", "us/packet", "frame end p99", "loss"
        )?;
        let lessons = self.measured.lessons.iter().map(|stage| (stage, "two-way lessons"));
        let subscribers = self.measured.demonstration.iter().map(|stage| (stage, "subscribers"));
        for (stage, what) in lessons.chain(subscribers) {
            let Stage { count, core, cpu_us_per_packet, frame_end_p99_ms, loss, .. } = stage;
            writeln!(
                out,
                "  {:<22} {:>6} {cpu_us_per_packet:>10.2} {frame_end_p99_ms:>13.1} ms {:>6.3} %",
                format!("{count} {what}"),
                percent(*core),
                loss * 100.0
            )?;
        }
        let core = self.capacity.core_by_lessons;
        writeln!(
            out,
            "Model, from the two largest: {:.1} % of a core and {:.2} % for each two-way lesson; several cores do nine \
             tenths of their sum.",
            core.base * 100.0,
            core.each * 100.0
        )?;
        if let Some((foretold, was)) = self.capacity.check {
            let (foretold, was) = (percent(foretold), percent(was));
            writeln!(out, "Checked: the smaller stages foretold {foretold} for the largest; it was {was}.")?;
        }
        Ok(())
    }
}

/// What the stages say about the figures' worth.
fn stage_warnings(measured: &Measured) -> Vec<String> {
    let stages = || measured.lessons.iter().chain(&measured.demonstration);
    let mut warnings = Vec::new();
    let waited = stages().map(|stage| stage.waited).fold(0.0, f64::max);
    if stages().any(|stage| stage.waited > super::model::WAITED) {
        warnings.push(format!(
            "others used the relay's processor meanwhile (it waited for {} of its time): delays of those stages \
             were not judged; repeat the check on an idle machine",
            percent(waited)
        ));
    }
    if let Some(limit) = stages().find_map(|stage| stage.load_limit.as_ref()) {
        warnings.push(format!(
            "the load itself did not keep up at times ({limit}): delays were not judged there"
        ));
    }
    warnings
}

/// Whether the model's own check failed.
fn model_warning(capacity: &Capacity) -> Option<String> {
    /// Use above the foretold from which on the model is not to be trusted.
    const TOLERANCE: f64 = 0.15;
    let (foretold, was) = capacity.check?;
    let above = was / foretold.max(1e-9) - 1.0;
    (above > TOLERANCE).then(|| {
        format!(
            "the largest stage used {} more than the smaller ones foretold, so the figures are rough; repeat the \
             check on an idle machine",
            percent(above)
        )
    })
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn bytes(bytes: f64) -> String {
    match bytes {
        bytes if bytes >= 1_073_741_824.0 => format!("{:.1} GiB", bytes / 1_073_741_824.0),
        bytes if bytes >= 1_048_576.0 => format!("{:.1} MiB", bytes / 1_048_576.0),
        bytes => format!("{:.0} KiB", bytes / 1_024.0),
    }
}

fn bits(bps: f64) -> String {
    if bps >= 1e9 { format!("{:.2} Gbit/s", bps / 1e9) } else { format!("{:.1} Mbit/s", bps / 1e6) }
}

#[cfg(test)]
mod tests {
    use super::super::model::capacity;
    use super::*;

    fn stage(count: usize, core: f64) -> Stage {
        Stage {
            count,
            core,
            cpu_us_per_packet: 4.5,
            memory_bytes: (10 + count as u64) << 20,
            frame_end_p99_ms: 1.2,
            loss: 0.0,
            waited: 0.0,
            load_limit: None,
        }
    }

    fn report(change: impl FnOnce(&mut Measured)) -> Report {
        let machine = Machine {
            processor: Some("EPYC".to_owned()),
            cores: vec![0, 1],
            cores_are_siblings: false,
            memory_bytes: 8 << 30,
            free_memory_bytes: 6 << 30,
            load_average: 0.0,
            receive_buffer_max_bytes: None,
            send_buffer_max_bytes: None,
            has_gso: true,
            has_gro: true,
            line_bps: Some(1e9),
            line: Some("eth0".to_owned()),
        };
        let mut measured = Measured {
            lessons: vec![stage(4, 0.03), stage(20, 0.11), stage(50, 0.26)],
            demonstration: vec![stage(20, 0.04), stage(120, 0.24)],
            stream_bps: 2.8e6,
        };
        change(&mut measured);
        let means = Means { cores: 2, free_memory_bytes: 6 << 30, line_bps: Some(1e9) };
        let capacity = capacity(&measured, &means);
        Report::new(machine, measured, means, capacity)
    }

    #[test]
    fn it_says_in_words_what_the_machine_carries_and_what_ends_it() {
        let text = report(|_| {}).text();
        for words in [
            "2 x EPYC, 8.0 GiB of memory",
            "on one core          138",
            "on all 2 cores       248 (relay --workers 2)",
            "in all               125: the line ends it first",
            "on one core: 250",
            "bandwidth            700.0 Mbit/s each way (5.6 Mbit/s for each lesson)",
            "eth0 (1.00 Gbit/s), used to 70 %, carries 125",
            "1.0 MiB for each lesson",
            "50 two-way lessons       26 %",
            "Model, from the two largest: 1.0 % of a core and 0.50 % for each two-way lesson",
            "foretold 26 % for the largest; it was 26 %",
        ] {
            assert!(text.contains(words), "no '{words}' in:\n{text}");
        }
        assert!(!text.contains("warning"), "{text}");
    }

    #[test]
    fn what_makes_the_figures_doubtful_is_said() {
        let others = report(|measured| measured.lessons[1].waited = 0.3).text();
        assert!(others.contains("waited for 30 %"), "{others}");
        let load = report(|measured| measured.lessons[0].load_limit = Some("it was full".to_owned())).text();
        assert!(load.contains("did not keep up at times (it was full)"), "{load}");
        let bent = report(|measured| measured.lessons[2].core = 0.5).text();
        assert!(bent.contains("used 92 % more"), "{bent}");
    }
}
