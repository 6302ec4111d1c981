//! Floods from addresses that anybody may have written on them.

use crate::support::payload_types::H264;
use crate::support::{Browser, Lesson, Witness, frame, live_bytes};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use std::net::SocketAddr;
use tongke_protocol::{MediaKind, Role};
use tongke_sfu::DropReason;
use tongke_transport::webrtc::{Path, stun};

fn stranger(number: u32) -> Path {
    let [_, b, c, d] = number.to_be_bytes();
    Path::Udp {
        local: "127.0.0.1:5000".parse().unwrap(),
        remote: SocketAddr::from(([203, b, c, d], 1024 + number as u16 % 50_000)),
    }
}

fn transaction(random: &mut StdRng) -> stun::TransactionId {
    let mut id = [0; 12];
    random.fill_bytes(&mut id);
    id
}

/// Our credentials and the browser's fragment, as in the answer and the offer.
fn credentials(browser: &Browser) -> (String, String) {
    let line = |text: &str, name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned)).unwrap()
    };
    let answer = &browser.joined.as_ref().unwrap().answer;
    let username = format!("{}:{}", line(answer, "a=ice-ufrag:"), line(&browser.offer, "a=ice-ufrag:"));
    (username, line(answer, "a=ice-pwd:"))
}

/// Bytes that the core wants to send to a path; forgets all of it.
fn answered(lesson: &mut Lesson, path: Path) -> usize {
    let outputs = lesson.core.outputs();
    let to = outputs.udp.iter().filter(|transmit| transmit.path == path);
    let bytes = to.map(|transmit| transmit.range.len()).sum();
    outputs.clear();
    bytes
}

/// Hands the core a datagram from each of `count` strangers. None may be answered with more bytes than it sent,
/// nothing of it may stay in memory, and the witness must not notice. Bytes of all answers.
fn flood(
    lesson: &mut Lesson,
    witness: &mut Witness,
    count: u32,
    mut datagram: impl FnMut(u32) -> Vec<u8>,
) -> usize {
    let mut warm = 0;
    let mut out = 0;
    for number in 0..count {
        let mut bytes = datagram(number);
        let sent = bytes.len();
        lesson.core.handle_datagram(lesson.now, stranger(number), &mut bytes);
        let back = answered(lesson, stranger(number));
        assert!(back <= sent, "{back} bytes back for {sent}, number {number}");
        out += back;
        if number % (count / 100) == 0 {
            witness.beat(lesson);
            lesson.pass(20);
            lesson.forget();
        }
        if number == count * 9 / 10 {
            warm = live_bytes();
        }
    }
    // The clients of the witness keep what they sent for a while.
    assert!(live_bytes() - warm < 80 * 1024, "{} more bytes", live_bytes() - warm);
    out
}

/// A lesson with a publishing browser and somebody who watches, before the flood; and that both go on after it.
fn with_publisher(run: impl FnOnce(&mut Lesson, &mut Witness, usize)) {
    let mut lesson = Lesson::new();
    let mut witness = Witness::join(&mut lesson);
    let a = lesson.publish("a", Role::Supporting);
    let b = lesson.join("b", Role::Receiving);
    lesson.settle();
    run(&mut lesson, &mut witness, a);
    // Without another check: its address must still be known.
    lesson.forget();
    for packet in frame(9000, true, 4) {
        lesson.browsers[a].send(11, H264, packet);
    }
    lesson.settle();
    let slot = lesson.schools[b].first_slot(MediaKind::Video);
    assert_eq!(lesson.schools[b].packets(slot).len(), 4, "the publisher is heard as before");
    assert!(lesson.closed.is_empty());
}

#[test]
fn checks_for_sessions_that_do_not_exist_are_dropped_before_anything_is_computed() {
    with_publisher(|lesson, witness, _| {
        let mut random = StdRng::seed_from_u64(401);
        let out = flood(lesson, witness, 20_000, |_| {
            let username = format!("{:08x}:{:04x}", random.random::<u32>(), random.random::<u16>());
            stun::binding_request(transaction(&mut random), &username, b"nobody's", 100, true)
        });
        assert_eq!(out, 0);
        // Counted where no session was looked at: integrity is a session's to check.
        assert_eq!(lesson.total().dropped(DropReason::UnknownAddress), 20_000);
        assert_eq!(lesson.total().dropped(DropReason::Session), 0);
    });
}

#[test]
fn checks_for_a_session_with_a_wrong_password_are_not_answered() {
    with_publisher(|lesson, witness, a| {
        let (username, _) = credentials(&lesson.browsers[a]);
        let mut random = StdRng::seed_from_u64(402);
        let out = flood(lesson, witness, 20_000, |_| {
            let password: [u8; 24] = random.random();
            stun::binding_request(transaction(&mut random), &username, &password, 100, true)
        });
        assert_eq!(out, 0);
        assert_eq!(lesson.counters_of("math").dropped(DropReason::Session), 20_000);
    });
}

#[test]
fn a_check_that_was_overheard_proves_nothing_for_other_addresses() {
    with_publisher(|lesson, witness, a| {
        lesson.browsers[a].check();
        let overheard = lesson.browsers[a].out[0].clone();
        lesson.settle();
        let out = flood(lesson, witness, 5_000, |_| overheard.clone());
        assert_eq!(out, 0, "an answer, or media, went to a forged address");
    });
}

#[test]
fn a_peer_that_checks_from_everywhere_keeps_the_way_it_uses_and_costs_no_memory() {
    with_publisher(|lesson, witness, a| {
        let (username, password) = credentials(&lesson.browsers[a]);
        let mut random = StdRng::seed_from_u64(403);
        let out = flood(lesson, witness, 5_000, |_| {
            // Authentic, but it nominates nothing.
            stun::binding_request(transaction(&mut random), &username, password.as_bytes(), 100, false)
        });
        assert!(out > 0, "who has the password is answered, with no more than it sent");
        let known = (0..5_000).filter(|number| lesson.core.knows_path(stranger(*number))).count();
        assert!(known <= 16, "{known} addresses are remembered");
    });
}

#[test]
fn handshakes_of_strangers_are_not_begun() {
    with_publisher(|lesson, witness, _| {
        let mut random = StdRng::seed_from_u64(404);
        let out = flood(lesson, witness, 20_000, |number| {
            // A fragment of a ClientHello: a record of epoch 0 with a handshake message of 2 kB.
            let mut hello = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0];
            hello.extend_from_slice(&(number as u16).to_be_bytes());
            hello.extend_from_slice(&[2, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0xf4]);
            hello.resize(525, random.random());
            hello
        });
        assert_eq!(out, 0);
        assert_eq!(lesson.total().dropped(DropReason::UnknownAddress), 20_000);
    });
}

/// Forged records of the peer's own address: a fatal alert, a goodbye, a ClientHello, a heap of empty handshake
/// fragments.
fn forged_records() -> [Vec<u8>; 4] {
    let mut hello = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 100, 1, 0, 0, 88];
    hello.resize(113, 7);
    let mut fragments = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 4, 0xb0];
    for message in 0..100_u8 {
        fragments.extend_from_slice(&[1, 0, 0, 0, 7, message, 0, 0, 0, 0, 0, 0]);
    }
    let alert = |level: u8, what: u8| vec![21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, level, what];
    [alert(2, 40), alert(1, 0), hello, fragments]
}

/// For a minute forged records come, 50 a second. `uses_keys`: the peer has sent media before.
fn forge(uses_keys: bool) {
    with_publisher(|lesson, witness, a| {
        if uses_keys {
            for packet in frame(0, true, 4) {
                lesson.browsers[a].send(11, H264, packet);
            }
            lesson.settle();
        }
        // The clients' own histories are full after that.
        for _ in 0..4 {
            lesson.browsers[a].check();
            witness.pass(lesson, 2_000);
            lesson.forget();
        }
        let (path, warm) = (lesson.browsers[a].path, live_bytes());
        for number in 0..3_000 {
            let mut record = forged_records()[number % 4].clone();
            // Numbers of their own, or they would be repeats.
            record[7..11].copy_from_slice(&(1000 + number as u32).to_be_bytes());
            lesson.core.handle_datagram(lesson.now, path, &mut record);
            if number % 100 == 0 {
                lesson.browsers[a].check();
            }
            witness.pass(lesson, 20);
            lesson.forget();
        }
        assert!(live_bytes() - warm < 256 * 1024, "{} more bytes", live_bytes() - warm);
    });
}

#[test]
fn records_in_the_clear_from_a_forged_address_do_not_end_a_session_or_fill_its_memory() {
    forge(true);
}

#[test]
fn nor_those_of_a_peer_that_has_not_sent_anything_yet() {
    forge(false);
}
