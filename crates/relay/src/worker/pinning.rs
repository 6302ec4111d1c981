//! Workers on CPUs of their own: a worker that stays finds its lessons' packets and keys in that
//! CPU's caches.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io;

/// The CPU for each worker: the n-th that this process may use for the n-th worker. None, if there are
/// fewer CPUs than workers, or one worker, which would only be kept from a CPU that is free.
pub(crate) fn cpus(workers: usize) -> Option<Vec<usize>> {
    if workers < 2 {
        return None;
    }
    let allowed = match sched_getaffinity(None) {
        Ok(set) => (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect(),
        Err(error) => {
            let error = io::Error::from(error);
            tracing::warn!(%error, "workers are not pinned: it is not known which CPUs there are");
            return None;
        }
    };
    let chosen = choose(allowed, workers);
    match &chosen {
        Ok(cpus) => tracing::info!(?cpus, "each worker has a CPU of its own"),
        Err(allowed) => tracing::info!(
            workers,
            cpus = allowed.len(),
            "workers are not pinned: there are fewer CPUs for this process than workers"
        ),
    }
    chosen.ok()
}

/// The first `workers` CPUs; the error is what there is instead.
fn choose(mut allowed: Vec<usize>, workers: usize) -> Result<Vec<usize>, Vec<usize>> {
    if allowed.len() < workers {
        return Err(allowed);
    }
    allowed.truncate(workers);
    Ok(allowed)
}

/// Keeps the calling thread on a CPU from now on.
pub(super) fn pin(worker: usize, cpu: usize) {
    let mut set = CpuSet::new();
    set.set(cpu);
    if let Err(error) = sched_setaffinity(None, &set) {
        let error = io::Error::from(error);
        tracing::warn!(worker, cpu, %error, "the worker is not pinned");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_worker_gets_the_nth_cpu_that_may_be_used_if_there_are_enough() {
        assert_eq!(choose(vec![2, 3, 7], 2), Ok(vec![2, 3]));
        assert_eq!(choose(vec![2, 3], 2), Ok(vec![2, 3]));
        assert_eq!(choose(vec![5], 2), Err(vec![5]));
        assert_eq!(cpus(1), None);
    }

    #[test]
    fn a_pinned_thread_runs_on_that_cpu_alone() {
        let allowed = sched_getaffinity(None).unwrap();
        let cpu = (0..CpuSet::MAX_CPU).rfind(|cpu| allowed.is_set(*cpu)).unwrap();
        let pinned = std::thread::spawn(move || {
            pin(0, cpu);
            let set = sched_getaffinity(None).unwrap();
            (set.count(), set.is_set(cpu))
        });
        assert_eq!(pinned.join().unwrap(), (1, true));
    }
}
