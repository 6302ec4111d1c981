//! Memory over a long run: whether it stays flat.

/// Readings of a target's memory.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Seconds since the window began, and bytes held.
    readings: Vec<(f64, u64)>,
}

impl Memory {
    /// Notes a reading.
    pub fn note(&mut self, seconds: f64, bytes: u64) {
        self.readings.push((seconds, bytes));
    }

    /// Growth in KiB a minute: the slope of the straight line that fits best. The first tenth is left out,
    /// in which caches fill.
    pub fn slope_kib_per_minute(&self) -> Option<f64> {
        let skip = self.readings.len() / 10;
        let points: Vec<(f64, f64)> =
            self.readings.iter().skip(skip).map(|(s, bytes)| (*s / 60.0, *bytes as f64 / 1_024.0)).collect();
        if points.len() < 3 {
            return None;
        }
        let count = points.len() as f64;
        let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
        let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
        let covariance: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
        let variance: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
        (variance > 0.0).then(|| covariance / variance)
    }

    /// First and last readings for people, with the slope.
    pub fn text(&self) -> Option<String> {
        let ((_, first), (seconds, last)) = (self.readings.first()?, self.readings.last()?);
        let slope = self.slope_kib_per_minute()?;
        let mib = |bytes: &u64| *bytes as f64 / 1_048_576.0;
        Some(format!(
            "memory {:.1} MiB at first, {:.1} MiB after {seconds:.0} s: {slope:+.1} KiB a minute",
            mib(first),
            mib(last)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_has_a_slope_and_noise_has_none() {
        let (mut leak, mut flat) = (Memory::default(), Memory::default());
        for second in 0..600_u64 {
            leak.note(second as f64, (10 << 20) + second * 1_024);
            flat.note(second as f64, (10 << 20) + second % 7 * 4_096);
        }
        assert!((leak.slope_kib_per_minute().unwrap() - 60.0).abs() < 0.01);
        assert!(flat.slope_kib_per_minute().unwrap().abs() < 0.1);
    }

    #[test]
    fn what_fills_in_the_beginning_is_no_leak() {
        let mut memory = Memory::default();
        (0..100_u64)
            .for_each(|second| memory.note(second as f64, if second < 10 { second << 20 } else { 10 << 20 }));
        assert!(memory.slope_kib_per_minute().unwrap().abs() < 1e-6);
        assert_eq!(Memory::default().slope_kib_per_minute(), None);
    }
}
