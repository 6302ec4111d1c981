use super::super::packet::{Body, Direction, Pace};
use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn plan() -> Plan {
    Plan { direction: Direction::Back, pace: Pace::Fixed { kbps: 1000 }, length: 2 * SECOND }
}

fn load(seq: u32) -> Packet {
    Packet { session: 1, run: 1, seq, sent_us: u64::from(seq) * 10_000, body: Body::Load }
}

/// A packet each 10 ms, from `begin` on, so many of them.
fn receive(receiving: &mut Receiving, begin: Instant, packets: u32) -> Instant {
    for seq in 0..packets {
        receiving.on_load(&load(seq), begin + Duration::from_millis(10) * seq, 1250);
    }
    begin + Duration::from_millis(10) * packets
}

#[test]
fn the_last_second_is_told_before_the_end() {
    let begin = Instant::now();
    let mut receiving = Receiving::new(begin, &plan());
    let end = receive(&mut receiving, begin, 200);
    receiving.on_empty(end + SECOND / 2);
    let (number, second) = receiving.poll_report().unwrap().newest.unwrap();
    assert_eq!((number, second.packets, second.rate_bps()), (1, 100, 1e6));
    assert!(!receiving.is_over(), "the report may be lost");
    receiving.on_empty(end + LINGER);
    assert!(receiving.is_over());
    assert_eq!((receiving.sent(), receiving.seconds().len()), (200, 2));
}

#[test]
fn a_second_is_not_closed_while_its_packets_wait_in_the_socket() {
    let begin = Instant::now();
    let mut receiving = Receiving::new(begin, &plan());
    receive(&mut receiving, begin, 100);
    // Whoever reads was away for a while: a packet of the second that is over is read late.
    assert_eq!(receiving.poll_report().unwrap().newest, None);
    receiving.on_load(&load(100), begin + SECOND - Duration::from_millis(1), 1250);
    receiving.on_empty(begin + SECOND + Duration::from_millis(90));
    assert_eq!(receiving.poll_report().unwrap().newest.unwrap().1.packets, 101);
}

#[test]
fn silence_ends_it_sooner_once_something_came() {
    let begin = Instant::now();
    let mut receiving = Receiving::new(begin, &plan());
    receiving.on_empty(begin + START_WAIT - Duration::from_millis(1));
    assert!(!receiving.is_over() && receiving.poll_report().is_none());
    let mut other = Receiving::new(begin, &plan());
    receiving.on_empty(begin + START_WAIT);
    assert!(receiving.is_over() && receiving.sent() == 0);
    let end = receive(&mut other, begin, 10);
    other.on_empty(end + GIVE_UP);
    assert!(other.is_over());
}

#[test]
fn a_packet_stamped_before_the_receiver_began_counts() {
    let begin = Instant::now();
    let mut receiving = Receiving::new(begin, &plan());
    receiving.on_load(&load(0), begin - Duration::from_millis(3), 1250);
    assert_eq!(receiving.sent(), 1);
    assert!(receiving.poll_timeout() > begin);
}
