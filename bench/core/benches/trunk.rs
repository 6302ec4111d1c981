//! A lesson over several cores: what a trunk costs the lesson's home beside a receiver, and its branch.

#![allow(missing_docs, reason = "criterion's macros make the functions")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tongke_protocol::control::{Codec, Hello, PublishTrack};
use tongke_protocol::{Grant, LessonId, LessonScope, Now, Role, TrackKind, WallTime};
use tongke_sfu::{Core, CoreConfig, LegId, Site, TrunkBatch};
use tongke_transport::webrtc::Certificate;

const SSRC: u32 = 7;
const PACKETS_PER_PICTURE: u32 = 10;
/// 303 packets a second, about 2.5 Mbit/s.
const STEP: Duration = Duration::from_micros(3300);
/// Before measuring: rings and buffers have their size.
const WARM_UP: u64 = 1500;

/// A home with receivers over QUIC, and branches with one each.
struct Spread {
    home: Core,
    branches: Vec<Core>,
    publisher: LegId,
    now: Now,
    number: u32,
    batches: Vec<TrunkBatch>,
    datagram: Vec<u8>,
}

fn lesson() -> LessonId {
    "math".parse().expect("a name of letters")
}

fn join(core: &mut Core, now: Now, name: &str, role: Role, publish: Vec<PublishTrack>) -> LegId {
    let grant = Grant {
        lesson: LessonScope::Any,
        participant: name.parse().expect("a name of letters and digits"),
        name: name.to_owned(),
        role,
        expires_unix_s: u64::MAX,
    };
    let hello = Hello { token: String::new(), lesson: lesson(), publish, video_slots: 1, audio_slots: 1 };
    core.join_quic(now, &grant, &hello).expect("there is room").0
}

impl Spread {
    fn new(receivers: usize, branches: usize) -> Self {
        let certificate = Arc::new(Certificate::generate().expect("the system has random numbers"));
        let core = |seed: u64| Core::new(CoreConfig::new(certificate.clone()), seed);
        let now = Now { instant: Instant::now(), wall: WallTime(1_795_000_000_000_000) };
        let mut home = core(0);
        let camera = PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: SSRC };
        let publisher = join(&mut home, now, "school", Role::Supporting, vec![camera]);
        (0..receivers).for_each(|at| {
            join(&mut home, now, &format!("here-{at}"), Role::Observer, vec![]);
        });
        let mut spread = Self {
            home,
            branches: (1..=branches as u64).map(core).collect(),
            publisher,
            now,
            number: 0,
            batches: Vec::new(),
            datagram: Vec::new(),
        };
        (0..branches).for_each(|at| spread.open(at));
        (0..WARM_UP).for_each(|_| {
            spread.step();
        });
        spread
    }

    fn open(&mut self, at: usize) {
        let branch = &mut self.branches[at];
        branch.open_branch(self.now, &lesson(), Site(0));
        join(branch, self.now, &format!("there-{at}"), Role::Observer, vec![]);
        while let Some(mut batch) = branch.outputs().trunk.pop() {
            self.home.handle_trunk(self.now, Site(1 + at as u32), &mut batch);
        }
        branch.outputs().clear();
    }

    /// The next packet of the publisher: time of the home, and of all branches together.
    fn step(&mut self) -> [Duration; 2] {
        self.now = self.now.plus(STEP);
        self.write_packet();
        let start = Instant::now();
        self.home.handle_quic_datagram(self.now, self.publisher, &self.datagram);
        while let Some(batch) = self.home.outputs().trunk.pop() {
            self.batches.push(batch);
        }
        self.home.outputs().clear();
        let at_home = start.elapsed();
        let start = Instant::now();
        for mut batch in self.batches.drain(..) {
            let branch = &mut self.branches[batch.to().0 as usize - 1];
            branch.handle_trunk(self.now, Site(0), &mut batch);
            branch.outputs().clear();
            self.home.outputs().recycle(batch);
        }
        [at_home, start.elapsed()]
    }

    fn write_packet(&mut self) {
        let (picture, at) = (self.number / PACKETS_PER_PICTURE, self.number % PACKETS_PER_PICTURE);
        let is_last = at + 1 == PACKETS_PER_PICTURE;
        let unit = if picture.is_multiple_of(60) { 5 } else { 1 };
        self.datagram.clear();
        self.datagram.extend_from_slice(&[1, 0x80, 96 | u8::from(is_last) << 7]);
        self.datagram.extend_from_slice(&(self.number as u16).to_be_bytes());
        self.datagram.extend_from_slice(&(picture.wrapping_mul(3000)).to_be_bytes());
        self.datagram.extend_from_slice(&SSRC.to_be_bytes());
        let fragment = [0x7C, u8::from(at == 0) << 7 | u8::from(is_last) << 6 | unit];
        self.datagram.extend_from_slice(&fragment);
        self.datagram.resize(1060, 3);
        self.number += 1;
    }
}

/// Time of a packet that was received.
fn trunk(criterion: &mut Criterion) {
    let shapes = [(0, 0), (1, 0), (2, 0), (0, 1), (0, 2)];
    for (part, name) in ["home", "branch"].into_iter().enumerate() {
        let mut group = criterion.benchmark_group(format!("spread lesson, time of the {name}"));
        for (receivers, branches) in shapes.into_iter().filter(|shape| part == 0 || shape.1 == 1) {
            let mut spread = Spread::new(receivers, branches);
            let shape = BenchmarkId::from_parameter(format!("{receivers} receivers, {branches} trunks"));
            group.bench_function(shape, |bencher| {
                bencher.iter_custom(|packets| (0..packets).map(|_| spread.step()[part]).sum());
            });
        }
    }
}

criterion_group!(benches, trunk);
criterion_main!(benches);
