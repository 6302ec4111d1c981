//! A relay's worker thread with real sockets: packets neither touch its heap nor make it wait for a lock, or
//! wake anybody who does.
//!
//! A lock that nobody else holds makes no system call and is not seen here. In the pure core a lint forbids
//! locks; this is about what the worker, its runtime and its sockets do beside it.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

mod peers;
mod watched;

use peers::{Peer, join};
use std::sync::atomic::Ordering::Relaxed;
use tongke_bench_core::client::Offer;
use tongke_bench_core::media::Schedule;
use tongke_protocol::{GrantKey, MediaKind};
use tongke_relay::{Relay, RelayConfig};
use watched::{ALLOCATIONS, FUTEX_CALLS};

const RECEIVERS: u64 = 4;
/// One of so many packets is let off: once a second the worker writes down its figures.
const SHARE: u64 = 10;
/// Pictures before the count begins, and counted: together fewer than a publisher may send at once.
const PICTURES: (usize, usize) = (60, 120);

/// A relay whose lessons spread after so many sessions, 0: never.
fn relay(key: &GrantKey, workers: u16, spread_after: usize) -> Relay {
    // A second call would fail, but there is none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let free = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let config = RelayConfig {
        http: free,
        rtc: free,
        quic: free,
        reflector: None,
        key: key.clone(),
        tls: None,
        advertise: vec![],
        workers,
        spread_after,
        reflector_second: None,
        load_mbps: 120,
        pin_workers: true,
        data: None,
    };
    Relay::start(&config).unwrap()
}

/// Sends pictures one after the other, each when everybody has the one before; says how many packets.
fn film(publisher: &mut Peer, watchers: &mut [Peer], schedule: &mut Schedule, pictures: usize) -> u64 {
    watchers.iter_mut().chain([&mut *publisher]).for_each(Peer::check);
    let mut sent = 0;
    for _ in 0..pictures {
        let mut packets = 0;
        loop {
            let is_picture = schedule.peek().1 == MediaKind::Video;
            let packet = schedule.take();
            let is_last = packet.header.marker;
            if is_picture {
                publisher.send(packet);
                packets += 1;
            }
            if is_last {
                break;
            }
        }
        watchers.iter_mut().for_each(|watcher| watcher.receive(packets));
        sent += packets;
    }
    sent
}

#[test]
fn packets_through_a_worker_and_over_a_trunk_neither_allocate_nor_wait_for_locks() {
    for (workers, spread_after) in [(1, 0), (2, RECEIVERS as usize / 2)] {
        let (packets, allocations, futex_calls) = watch(workers, spread_after);
        println!(
            "{workers} workers, {packets} packets: {allocations} allocations, {futex_calls} futex calls"
        );
        assert!(allocations < packets / SHARE, "{allocations} allocations for {packets} packets");
        assert!(futex_calls < packets / SHARE, "{futex_calls} futex calls for {packets} packets");
    }
}

/// Films a lesson with [`RECEIVERS`] who look on: packets, allocations and futex calls of the workers.
fn watch(workers: u16, spread_after: usize) -> (u64, u64, u64) {
    let key = GrantKey::new(&[42; 32]).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    let relay = relay(&key, workers, spread_after);
    let mut publisher = join(&relay, &key, 0, Offer::Publish);
    let mut watchers: Vec<_> =
        (1..=RECEIVERS).map(|number| join(&relay, &key, number as u16, Offer::Watch)).collect();
    let at_home = watchers.iter().filter(|watcher| watcher.worker == publisher.worker).count();
    assert_eq!(at_home as u64, RECEIVERS / u64::from(workers), "the others are at a branch");
    let mut schedule = Schedule::default();
    film(&mut publisher, &mut watchers, &mut schedule, PICTURES.0);
    let before = (ALLOCATIONS.load(Relaxed), FUTEX_CALLS.load(Relaxed));
    let packets = film(&mut publisher, &mut watchers, &mut schedule, PICTURES.1);
    let allocations = ALLOCATIONS.load(Relaxed) - before.0;
    let futex_calls = FUTEX_CALLS.load(Relaxed) - before.1;
    assert!(before.0 > 0, "the worker's joins were seen");
    (packets, allocations, futex_calls)
}
