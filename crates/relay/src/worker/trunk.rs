//! The trunks between workers: what one core has for another goes to that worker as an [`Input`], and the
//! memory comes back to be used again. Nothing else of media crosses a thread.

use super::Input;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tongke_sfu::{Core, Site, TrunkBatch};

/// Emptied batches on their way back; further ones are given up.
const SPENT_QUEUE: usize = 64;

/// How the other workers reach one.
#[derive(Clone)]
pub(crate) struct TrunkPort {
    site: Site,
    inputs: mpsc::Sender<Input>,
    spent: mpsc::Sender<TrunkBatch>,
}

/// A worker's ends of its trunks.
pub(crate) struct Trunks {
    site: Site,
    /// The other workers, by their index.
    peers: Vec<Option<TrunkPort>>,
    spent: mpsc::Receiver<TrunkBatch>,
}

/// The ends of a worker that is about to start, and what the others need for theirs.
pub(crate) fn open(inputs: mpsc::Sender<Input>) -> (Trunks, TrunkPort) {
    /// A worker that replaces one that ended is another site.
    static NEXT_SITE: AtomicU32 = AtomicU32::new(0);
    let site = Site(NEXT_SITE.fetch_add(1, Ordering::Relaxed));
    let (back, spent) = mpsc::channel(SPENT_QUEUE);
    (Trunks { site, peers: Vec::new(), spent }, TrunkPort { site, inputs, spent: back })
}

impl Trunks {
    /// Knows another worker from now on. Returns the site that it replaces.
    pub(crate) fn meet(&mut self, worker: usize, port: TrunkPort) -> Option<Site> {
        if self.peers.len() <= worker {
            self.peers.resize_with(worker + 1, || None);
        }
        let site = port.site;
        self.peers[worker].replace(port).map(|before| before.site).filter(|before| *before != site)
    }

    /// Another worker has ended. Returns the site that it was.
    pub(crate) fn lose(&mut self, worker: usize) -> Option<Site> {
        self.peers.get_mut(worker)?.take().map(|port| port.site)
    }

    /// Another worker's site.
    pub(crate) fn site_of(&self, worker: usize) -> Option<Site> {
        self.peers.get(worker)?.as_ref().map(|port| port.site)
    }

    /// The worker that is a site.
    pub(crate) fn worker_at(&self, site: Site) -> Option<usize> {
        self.peers.iter().position(|peer| peer.as_ref().is_some_and(|port| port.site == site))
    }

    fn port(&self, site: Site) -> Option<&TrunkPort> {
        self.peers.iter().flatten().find(|port| port.site == site)
    }

    /// Hands something else to another worker, if it takes it.
    pub(crate) fn pass(&self, worker: usize, input: Input) -> Result<(), Box<Input>> {
        let port = self.peers.get(worker).and_then(Option::as_ref);
        let Some(port) = port else { return Err(Box::new(input)) };
        port.inputs.try_send(input).map_err(|refused| match refused {
            TrySendError::Full(input) | TrySendError::Closed(input) => Box::new(input),
        })
    }

    /// Sends all that the core has for other cores, a batch for each trunk. One that does not fit is
    /// dropped, and the core told so.
    pub(crate) fn send(&mut self, core: &mut Core) {
        while let Ok(batch) = self.spent.try_recv() {
            core.outputs().recycle(batch);
        }
        while let Some(batch) = core.outputs().trunk.pop() {
            let Some(port) = self.port(batch.to()) else {
                core.trunk_dropped(batch);
                continue;
            };
            match port.inputs.try_send(Input::Trunk { from: self.site, batch }) {
                Ok(()) => {}
                Err(TrySendError::Full(input) | TrySendError::Closed(input)) => {
                    if let Input::Trunk { batch, .. } = input {
                        core.trunk_dropped(batch);
                    }
                }
            }
        }
    }

    /// Gives an emptied batch back to where it came from.
    pub(crate) fn give_back(&self, from: Site, batch: TrunkBatch) {
        if let Some(port) = self.port(from) {
            // Full: that worker has enough of them.
            let _ = port.spent.try_send(batch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::INPUT_QUEUE;
    use super::*;
    use std::sync::Arc;
    use std::time::Instant;
    use tongke_protocol::{LessonId, Now, WallTime};
    use tongke_sfu::CoreConfig;
    use tongke_transport::webrtc::{Certificate, Path};

    struct End {
        core: Core,
        trunks: Trunks,
        inputs: mpsc::Receiver<Input>,
    }

    fn ends(queue: usize) -> [End; 2] {
        let certificate = Arc::new(Certificate::generate().unwrap());
        let make = |seed: u64| {
            let (sender, inputs) = mpsc::channel(queue);
            let (trunks, port) = open(sender);
            (End { core: Core::new(CoreConfig::new(certificate.clone()), seed), trunks, inputs }, port)
        };
        let ((mut home, home_port), (mut branch, branch_port)) = (make(1), make(2));
        home.trunks.meet(1, branch_port);
        branch.trunks.meet(0, home_port);
        [home, branch]
    }

    fn now() -> Now {
        Now { instant: Instant::now(), wall: WallTime(1_795_000_000_000_000) }
    }

    fn take(end: &mut End) -> bool {
        let Ok(Input::Trunk { from, mut batch }) = end.inputs.try_recv() else { return false };
        end.core.handle_trunk(now(), from, &mut batch);
        end.trunks.give_back(from, batch);
        true
    }

    #[test]
    fn batches_go_to_the_other_worker_and_their_memory_comes_back() {
        let [mut home, mut branch] = ends(INPUT_QUEUE);
        let lesson: LessonId = "math".parse().unwrap();
        let site = branch.trunks.site_of(0).unwrap();
        assert_eq!(branch.trunks.worker_at(site), Some(0));
        branch.core.open_branch(now(), &lesson, site);
        branch.core.set_listened(now(), &lesson, true);
        branch.trunks.send(&mut branch.core);
        assert!(take(&mut home));
        home.trunks.send(&mut home.core);
        assert!(take(&mut branch) && branch.core.is_synced(&lesson));
        assert_eq!((home.trunks.spent.len(), branch.trunks.spent.len()), (1, 1));
    }

    #[test]
    fn a_full_queue_loses_a_batch_and_nothing_more() {
        let [mut home, mut branch] = ends(1);
        let lesson: LessonId = "math".parse().unwrap();
        let site = branch.trunks.site_of(0).unwrap();
        let gone = Path::Tcp { connection: 0, remote: "127.0.0.1:2".parse().unwrap() };
        let blocking = Input::TcpClosed { connection: 0, path: gone };
        assert!(branch.trunks.pass(0, blocking).is_ok());
        branch.core.open_branch(now(), &lesson, site);
        branch.core.set_listened(now(), &lesson, true);
        branch.trunks.send(&mut branch.core);
        home.inputs.try_recv().unwrap();
        assert!(!take(&mut home), "dropped");
        branch.core.handle_timeout(now().plus(std::time::Duration::from_millis(200)));
        branch.trunks.send(&mut branch.core);
        assert!(take(&mut home), "said again");
        let (_trunks, port) = open(mpsc::channel(1).0);
        assert_eq!(branch.trunks.meet(0, port.clone()), Some(site), "another worker in its place");
        assert_eq!(branch.trunks.meet(0, port), None, "the same again");
    }
}
