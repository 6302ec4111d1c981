//! One lesson on two cores: its home, and a branch at the other end of a trunk without delay.

use super::{Lesson, Stage, frame, lesson_id, sound};
use std::ops::Range;
use tongke_protocol::TrackKind;
use tongke_sfu::{CoreConfig, Site, TrunkBatch};

pub const HOME: Site = Site(1);
pub const BRANCH: Site = Site(2);

pub struct Spread {
    pub home: Lesson,
    pub branch: Lesson,
    /// Batches that do not fit on their way: true drops one.
    pub is_full: Box<dyn FnMut(&TrunkBatch) -> bool>,
    /// Batches that went from home to branch.
    pub carried_down: usize,
}

impl Spread {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(set: impl Fn(&mut CoreConfig)) -> Self {
        let home = Lesson::with(7, &set);
        let mut branch = Lesson::with(8, &set);
        branch.now = home.now;
        Self { home, branch, is_full: Box::new(|_| false), carried_down: 0 }
    }

    /// To be followed by somebody's joining the branch.
    pub fn open(&mut self) {
        self.branch.core.open_branch(self.branch.now, &lesson_id(), HOME);
    }

    /// An observer over QUIC at the branch; its index there.
    pub fn observe(&mut self, name: &str) -> usize {
        self.open();
        let index = self.branch.join(name, tongke_protocol::Role::Observer);
        self.settle();
        index
    }

    /// A WHEP observer at the branch, with two slots of each kind; its index there.
    pub fn watch(&mut self, name: &str) -> usize {
        self.open();
        let index = self.branch.watch(name, tongke_protocol::Role::Observer, 2, 2);
        self.settle();
        index
    }

    /// Lets everything happen that needs no time.
    pub fn settle(&mut self) {
        loop {
            self.home.settle();
            self.branch.settle();
            let (down, up) = (std::mem::take(&mut self.home.trunk), std::mem::take(&mut self.branch.trunk));
            if down.is_empty() && up.is_empty() {
                return;
            }
            for batch in down {
                assert_eq!(batch.to(), BRANCH);
                self.carried_down += 1;
                carry(&mut self.is_full, HOME, batch, &mut self.home, &mut self.branch);
            }
            for batch in up {
                assert_eq!(batch.to(), HOME);
                carry(&mut self.is_full, BRANCH, batch, &mut self.branch, &mut self.home);
            }
        }
    }

    pub fn pass(&mut self, ms: u64) {
        self.settle();
        for _ in 0..ms {
            self.home.pass(1);
            self.branch.pass(1);
            self.settle();
        }
    }

    /// Sends pictures of a school at home, 30 a second, the first one a keyframe if so wished.
    pub fn film(&mut self, school: usize, numbers: Range<u32>, keyframe: bool) {
        for number in numbers.clone() {
            let is_key = keyframe && number == numbers.start;
            self.home.send(school, TrackKind::Camera, frame(number, is_key, 4));
            self.pass(33);
        }
    }

    /// Sends sound of a school at home, 50 packets a second.
    pub fn speak(&mut self, school: usize, numbers: Range<u32>) {
        for number in numbers {
            self.home.send(school, TrackKind::Microphone, vec![sound(number)]);
            self.pass(20);
        }
    }
}

impl Stage for Spread {
    fn home(&mut self) -> &mut Lesson {
        &mut self.home
    }

    fn pass(&mut self, ms: u64) {
        Spread::pass(self, ms);
    }
}

fn carry(
    is_full: &mut dyn FnMut(&TrunkBatch) -> bool,
    from: Site,
    mut batch: TrunkBatch,
    sender: &mut Lesson,
    receiver: &mut Lesson,
) {
    if is_full(&batch) {
        return sender.core.trunk_dropped(batch);
    }
    receiver.core.handle_trunk(receiver.now, from, &mut batch);
    sender.core.outputs().recycle(batch);
}
