//! Sessions against a client in memory, under a clock that the tests turn.

use super::super::test_peer::*;
use super::super::*;
use super::*;
use crate::rtp::mutation::storm;
use crate::webrtc::ice::IgnoredCheck;
use crate::webrtc::srtp::Profile;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const MS: Duration = Duration::from_millis(1);

fn assert_media_flows(peer: &mut Peer, session: &mut Session, now: Now, sequence: u16) {
    let plain = rtp(11, sequence);
    let mut sealed = peer.seal.as_mut().unwrap().encrypt_rtp(&plain).unwrap().to_vec();
    match session.handle_datagram(now, peer.path, &mut sealed) {
        Received::Rtp(opened) => assert_eq!(opened, plain),
        other => panic!("media came to {other:?}"),
    }
    let plain = rtp(22, sequence);
    let mut sealed = plain.clone();
    assert!(session.seal_rtp(&mut sealed, 0));
    assert_eq!(peer.open.as_mut().unwrap().decrypt_rtp(&sealed).unwrap().as_ref(), plain);
}

#[test]
fn the_relays_order_decides_the_profile_and_media_flows_both_ways() {
    use Profile::{Aes128CmSha1_80, Aes128Gcm, Aes256Gcm};
    for (offered, chosen) in [
        (vec![Aes128CmSha1_80, Aes256Gcm, Aes128Gcm], Aes128Gcm),
        (vec![Aes128CmSha1_80, Aes256Gcm], Aes256Gcm),
        (vec![Aes128CmSha1_80], Aes128CmSha1_80),
    ] {
        let now = start();
        let (mut peer, mut session) = connected(now, ClientKey::Ecdsa, &offered);
        assert_eq!(session.profile(), Some(chosen));
        assert_eq!(
            events(&mut session),
            [SessionEvent::PathChanged(peer.path), SessionEvent::Connected { profile: chosen }]
        );
        for sequence in 0..5 {
            assert_media_flows(&mut peer, &mut session, now, sequence);
        }
        let mut sealed = peer.seal.as_mut().unwrap().encrypt_rtcp(&rtcp(11)).unwrap().to_vec();
        assert_eq!(session.handle_datagram(now, peer.path, &mut sealed), Received::Rtcp(&rtcp(11)));
        let mut sealed = rtcp(22);
        assert!(session.seal_rtcp(&mut sealed, 0));
        assert_eq!(peer.open.as_mut().unwrap().decrypt_rtcp(&sealed).unwrap().as_ref(), rtcp(22));
    }
}

#[test]
fn a_client_with_an_rsa_certificate_is_taken() {
    let now = start();
    let (mut peer, mut session) = connected(now, ClientKey::Rsa, &Profile::ALL);
    assert_media_flows(&mut peer, &mut session, now, 1);
}

#[test]
fn a_client_with_another_certificate_than_its_offer_named_is_refused() {
    let now = start();
    let mut peer = Peer::new(ClientKey::Ecdsa, &Profile::ALL);
    let mut session =
        peer.session_with(now, |config| config.remote_fingerprint = Fingerprint::sha256(b"another"));
    peer.send_check(true);
    peer.start_dtls(now);
    exchange(now, &mut peer, &mut session, || false);
    assert!(!session.is_connected() && !peer.is_connected);
    assert!(matches!(events(&mut session).last(), Some(SessionEvent::Closed(CloseReason::Dtls(_)))));
    assert_eq!(
        session.handle_datagram(now, peer.path, &mut rtp(1, 1)),
        Received::Dropped(DropReason::Closed)
    );
}

#[test]
fn a_client_without_a_common_profile_is_refused() {
    let now = start();
    let mut peer = Peer::new(ClientKey::Ecdsa, &[Profile::Aes256Gcm]);
    let mut session = peer.session_with(now, |config| config.profiles = vec![Profile::Aes128Gcm]);
    peer.send_check(true);
    peer.start_dtls(now);
    exchange(now, &mut peer, &mut session, || false);
    assert_eq!(
        events(&mut session).last(),
        Some(&SessionEvent::Closed(CloseReason::Dtls(DtlsError::NoCommonProfile)))
    );
}

/// Runs a handshake under loss until both ends are connected; the virtual time it took.
fn connect_under_loss(seed: u64, loss: f64) -> Duration {
    let mut rng = StdRng::seed_from_u64(seed);
    let begin = start();
    let mut peer = Peer::new(ClientKey::Ecdsa, &Profile::ALL);
    let mut session = peer.session(begin);
    peer.start_dtls(begin);
    for elapsed in (0..CONNECT_TIMEOUT.as_millis() as u32).step_by(10) {
        let now = begin.plus(elapsed * MS);
        if elapsed % 100 == 0 {
            peer.send_check(true);
        }
        peer.handle_timeout(now);
        if session.poll_timeout().is_some_and(|at| at <= now.instant) {
            session.handle_timeout(now);
        }
        exchange(now, &mut peer, &mut session, || rng.random_bool(loss));
        if peer.is_connected && session.is_connected() {
            return elapsed * MS;
        }
    }
    panic!("seed {seed}: not connected; peer {}, session {session:?}", peer.is_connected);
}

#[test]
fn handshakes_end_well_though_a_quarter_of_all_datagrams_is_lost() {
    let mut took: Vec<Duration> = (0..100).map(|seed| connect_under_loss(seed, 0.25)).collect();
    took.sort();
    assert!(took[50] <= 2000 * MS, "median {:?}", took[50]);
}

#[test]
fn a_lost_server_flight_is_sent_again_without_waiting_for_the_client() {
    let begin = start();
    let mut peer = Peer::new(ClientKey::Ecdsa, &Profile::ALL);
    let mut session = peer.session(begin);
    peer.send_check(true);
    peer.start_dtls(begin);
    // The check's answer and the cookie pass; then the certificate flight is lost.
    let mut sent = 0;
    exchange(begin, &mut peer, &mut session, || {
        sent += 1;
        sent > 5
    });
    assert!(!peer.is_connected);
    let later = begin.plus(200 * MS);
    assert!(session.poll_timeout().unwrap() <= later.instant);
    session.handle_timeout(later);
    exchange(later, &mut peer, &mut session, || false);
    assert!(peer.is_connected && session.is_connected());
}

#[test]
fn dtls_from_an_address_that_has_not_proved_itself_gets_no_answer() {
    let now = start();
    let mut peer = Peer::new(ClientKey::Ecdsa, &Profile::ALL);
    let mut session = peer.session(now);
    peer.start_dtls(now);
    let (_, mut hello) = peer.out[0].clone();
    assert_eq!(
        session.handle_datagram(now, udp(77), &mut hello.clone()),
        Received::Dropped(DropReason::DtlsFromStranger)
    );
    let mut check = peer.check(false);
    assert_eq!(session.handle_datagram(now, udp(88), &mut check), Received::Handled);
    assert!(matches!(session.poll_transmit(), Some((path, _)) if path == udp(88)));
    assert_eq!(
        session.handle_datagram(now, udp(77), &mut hello),
        Received::Dropped(DropReason::DtlsFromStranger)
    );
    assert!(session.poll_transmit().is_none());
}

#[test]
fn before_the_peer_is_known_no_datagram_of_any_kind_is_answered() {
    let now = start();
    let (mut peer, mut other) = connected(now, ClientKey::Ecdsa, &Profile::ALL);
    let mut stranger = Peer::new(ClientKey::Ecdsa, &Profile::ALL);
    stranger.remote.pwd = "a guess that is not the password".into();
    stranger.start_dtls(now);
    let mut media = rtp(1, 1);
    assert!(other.seal_rtp(&mut media, 0));
    let samples = vec![
        stranger.check(true),
        stun::success_response([1; 12], udp(3).remote(), b"guess"),
        stranger.out[0].1.clone(),
        media,
        peer.seal.as_mut().unwrap().encrypt_rtcp(&rtcp(5)).unwrap().to_vec(),
        vec![0x45; 40],
    ];
    let mut session = peer.session(now);
    storm(&samples, |bytes| {
        let received = session.handle_datagram(now, udp(9), &mut bytes.to_vec()).is_dropped();
        assert!(received, "{bytes:x?} was taken");
        assert!(session.poll_transmit().is_none(), "{bytes:x?} was answered");
        assert!(stun_local_ufrag(bytes).is_none_or(|ufrag| ufrag.len() <= bytes.len()));
    });
    assert!(session.poll_event().is_none());
}

impl Received<'_> {
    fn is_dropped(&self) -> bool {
        matches!(self, Received::Dropped(_))
    }
}

#[test]
fn damaged_datagrams_of_a_known_peer_never_panic_and_never_swell() {
    let begin = start();
    let mut peer = Peer::new(ClientKey::Ecdsa, &Profile::ALL);
    let mut recorder = peer.session(begin);
    peer.send_check(true);
    peer.start_dtls(begin);
    let mut samples = Vec::new();
    for _ in 0..8 {
        let to_session = std::mem::take(&mut peer.out);
        for (path, datagram) in to_session {
            samples.push(datagram.clone());
            recorder.handle_datagram(begin, path, &mut datagram.clone());
        }
        while let Some((_, datagram)) = recorder.poll_transmit() {
            peer.handle_datagram(begin, &datagram);
        }
    }
    assert!(peer.is_connected);
    samples.push(peer.seal.as_mut().unwrap().encrypt_rtp(&rtp(1, 1)).unwrap().to_vec());
    let mut fresh = 0;
    let mut now = begin;
    let mut session = peer.session(now);
    storm(&samples, |bytes| {
        fresh += 1;
        now = now.plus(MS);
        if fresh % 50 == 0 || session.poll_timeout().is_none() {
            session = peer.session(now);
            let mut check = peer.check(true);
            session.handle_datagram(now, peer.path, &mut check);
        }
        session.handle_datagram(now, peer.path, &mut bytes.to_vec());
        session.handle_timeout(now);
        let mut sent = 0;
        while let Some((_, datagram)) = session.poll_transmit() {
            sent += datagram.len();
        }
        // The path is proved, so a handshake flight may be larger than what asked for it.
        assert!(sent < 8_000, "{sent} bytes answered");
    });
}

#[test]
fn a_peer_that_takes_the_wrong_role_is_told_so() {
    let now = start();
    let mut peer = Peer::new(ClientKey::Ecdsa, &Profile::ALL);
    let mut session = peer.session(now);
    // ICE-CONTROLLING 0x802a becomes ICE-CONTROLLED 0x8029; the signature is made anew.
    let check = peer.check(true);
    let at = check.windows(2).position(|pair| pair == [0x80, 0x2a]).unwrap();
    let check = stun::resigned(&check, peer.remote.pwd.as_bytes(), |bytes| bytes[at + 1] = 0x29);
    peer.out.push((peer.path, check));
    exchange(now, &mut peer, &mut session, || false);
    assert_eq!((peer.checks_answered, peer.errors_answered), (0, 1));
    assert_eq!(session.path(), None);
}

#[test]
fn media_follows_the_nominated_path_and_does_not_flap() {
    let now = start();
    let (mut peer, mut session) = connected(now, ClientKey::Ecdsa, &Profile::ALL);
    let (first, second) = (peer.path, udp(2000));
    // An aggressive peer nominates a worse path too: no change.
    let mut worse = peer.check_with_priority(true, 50);
    session.handle_datagram(now, second, &mut worse);
    assert_eq!(session.path(), Some(first));
    // A better one takes over at once.
    let mut better = peer.check_with_priority(true, 150);
    session.handle_datagram(now, udp(3000), &mut better);
    assert_eq!(session.path(), Some(udp(3000)));
    // The worse one does once the better is nominated no more.
    let later = now.plus(1_500 * MS);
    let mut worse = peer.check_with_priority(true, 50);
    session.handle_datagram(later, second, &mut worse);
    assert_eq!(session.path(), Some(second));
    // An ordinary check changes nothing.
    let mut check = peer.check_with_priority(false, 500);
    session.handle_datagram(later, first, &mut check);
    assert_eq!(session.path(), Some(second));
}

#[test]
fn media_flows_where_the_handshake_was_until_the_peer_nominates() {
    let now = start();
    let mut peer = Peer::new(ClientKey::Ecdsa, &Profile::ALL);
    let mut session = peer.session(now);
    peer.send_check(false);
    peer.start_dtls(now);
    exchange(now, &mut peer, &mut session, || false);
    assert_eq!(session.path(), Some(peer.path));
    assert!(matches!(events(&mut session)[..], [SessionEvent::Connected { .. }]));
    assert_media_flows(&mut peer, &mut session, now, 1);
    // A browser nominates some 50 ms later, and not always this path.
    let mut check = peer.check_with_priority(true, 1);
    session.handle_datagram(now, udp(2000), &mut check);
    assert_eq!(session.path(), Some(udp(2000)));
    assert_eq!(events(&mut session), [SessionEvent::PathChanged(udp(2000))]);
}

#[test]
fn before_the_handshake_is_done_only_a_nomination_is_a_path() {
    let now = start();
    let mut peer = Peer::new(ClientKey::Ecdsa, &Profile::ALL);
    let mut session = peer.session(now);
    peer.send_check(false);
    peer.start_dtls(now);
    let mut sent = 0;
    exchange(now, &mut peer, &mut session, || {
        sent += 1;
        sent > 5
    });
    assert!(!session.is_connected() && session.path().is_none());
}

#[test]
fn a_tcp_path_carries_a_session_and_its_loss_waits_for_another() {
    let now = start();
    let mut peer = Peer::new(ClientKey::Ecdsa, &Profile::ALL);
    peer.path = Path::Tcp { connection: 4, remote: udp(1).remote() };
    let mut session = peer.session(now);
    peer.send_check(true);
    peer.start_dtls(now);
    exchange(now, &mut peer, &mut session, || false);
    assert!(session.is_connected());
    assert_media_flows(&mut peer, &mut session, now, 1);
    session.forget_path(peer.path);
    assert!(!session.is_connected() && session.path().is_none());
    peer.path = Path::Tcp { connection: 5, remote: udp(2).remote() };
    peer.send_check(true);
    exchange(now, &mut peer, &mut session, || false);
    assert!(session.is_connected());
    assert_eq!(session.path(), Some(peer.path));
}

#[test]
fn an_ice_restart_moves_the_path_while_media_flows() {
    let now = start();
    let (mut peer, mut session) = connected(now, ClientKey::Ecdsa, &Profile::ALL);
    events(&mut session);
    let old = (peer.local.clone(), peer.remote.clone());
    session.restart_ice(credentials("relay2"), credentials("client2"));
    assert_media_flows(&mut peer, &mut session, now, 1);
    peer.send_check(true);
    exchange(now, &mut peer, &mut session, || false);
    assert_eq!(peer.checks_answered, 2, "the old credentials are good until the new ones are used");
    peer.local = credentials("client2");
    peer.remote = credentials("relay2");
    peer.path = udp(4000);
    let mut check = peer.check_with_priority(true, 1);
    assert_eq!(session.handle_datagram(now, peer.path, &mut check), Received::Handled);
    assert_eq!(events(&mut session), [SessionEvent::PathChanged(udp(4000))]);
    assert_media_flows(&mut peer, &mut session, now, 2);
    (peer.local, peer.remote) = old;
    let mut check = peer.check(true);
    assert_eq!(
        session.handle_datagram(now, udp(1000), &mut check),
        Received::Dropped(DropReason::Check(IgnoredCheck::Stranger))
    );
}

#[test]
fn a_silent_peer_is_given_up_and_any_authentic_packet_keeps_the_session() {
    let begin = start();
    let (mut peer, mut session) = connected(begin, ClientKey::Ecdsa, &Profile::ALL);
    let five = begin.plus(Duration::from_secs(5));
    let mut sealed = peer.seal.as_mut().unwrap().encrypt_rtcp(&rtcp(11)).unwrap().to_vec();
    session.handle_datagram(five, peer.path, &mut sealed);
    // A forged packet does not count.
    let ten = begin.plus(Duration::from_secs(10));
    session.handle_datagram(ten, peer.path, &mut rtp(11, 1));
    session.handle_timeout(ten);
    assert!(session.is_connected());
    let eleven = begin.plus(Duration::from_secs(11));
    assert_eq!(session.poll_timeout(), Some(eleven.instant));
    session.handle_timeout(eleven);
    assert_eq!(events(&mut session).last(), Some(&SessionEvent::Closed(CloseReason::Idle)));
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn a_peer_that_never_connects_is_given_up() {
    let begin = start();
    let mut peer = Peer::new(ClientKey::Ecdsa, &Profile::ALL);
    let mut session = peer.session(begin);
    for second in 1..=15 {
        let now = begin.plus(Duration::from_secs(second));
        peer.send_check(true);
        exchange(now, &mut peer, &mut session, || false);
        session.handle_timeout(now);
    }
    assert_eq!(events(&mut session).last(), Some(&SessionEvent::Closed(CloseReason::ConnectTimeout)));
}

/// The peer's first packet shows that it has finished its handshake.
fn prove_keys(peer: &mut Peer, session: &mut Session, now: Now) {
    let mut sealed = peer.seal.as_mut().unwrap().encrypt_rtcp(&rtcp(11)).unwrap().to_vec();
    assert!(matches!(session.handle_datagram(now, peer.path, &mut sealed), Received::Rtcp(_)));
}

#[test]
fn either_end_may_say_goodbye_before_and_after_the_handshake_is_forgotten() {
    let now = start();
    for is_forgotten in [false, true] {
        let (mut peer, mut session) = connected(now, ClientKey::Ecdsa, &Profile::ALL);
        if is_forgotten {
            prove_keys(&mut peer, &mut session, now);
        }
        session.close(now);
        exchange(now, &mut peer, &mut session, || false);
        assert!(peer.is_closed);
        assert_eq!(events(&mut session).last(), Some(&SessionEvent::Closed(CloseReason::Local)));
        assert!(!session.seal_rtp(&mut rtp(1, 1), 0));

        let (mut peer, mut session) = connected(now, ClientKey::Ecdsa, &Profile::ALL);
        if is_forgotten {
            prove_keys(&mut peer, &mut session, now);
        }
        peer.close(now);
        exchange(now, &mut peer, &mut session, || false);
        assert_eq!(events(&mut session).last(), Some(&SessionEvent::Closed(CloseReason::PeerClosed)));
    }
}

#[test]
fn a_goodbye_that_somebody_made_up_ends_nothing() {
    let now = start();
    let (mut peer, mut session) = connected(now, ClientKey::Ecdsa, &Profile::ALL);
    prove_keys(&mut peer, &mut session, now);
    peer.close(now);
    let (path, mut goodbye) = peer.out.pop().unwrap();
    for bit in 0..8 * goodbye.len() {
        let mut forged = goodbye.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        // So slowly that it is read.
        session.handle_datagram(now.plus(bit as u32 * 100 * MS), path, &mut forged);
        assert!(session.is_connected(), "bit {bit}");
    }
    session.handle_datagram(now.plus(60_000 * MS), path, &mut goodbye);
    assert!(!session.is_connected());
}

#[test]
fn a_last_flight_that_is_lost_is_repeated_for_who_asks_with_its_own() {
    let begin = start();
    let mut peer = Peer::new(ClientKey::Ecdsa, &Profile::ALL);
    let mut session = peer.session(begin);
    peer.send_check(true);
    peer.start_dtls(begin);
    for round in 0..20 {
        let now = begin.plus(round * 200 * MS);
        let was_connected = session.is_connected();
        // Everything that the session says after its own end of the handshake is lost once.
        for (path, mut datagram) in std::mem::take(&mut peer.out) {
            session.handle_datagram(now, path, &mut datagram);
        }
        while let Some((_, datagram)) = session.poll_transmit() {
            if was_connected || !session.is_connected() {
                peer.handle_datagram(now, &datagram);
            }
        }
        peer.handle_timeout(now);
    }
    assert!(peer.is_connected && session.is_connected());
    prove_keys(&mut peer, &mut session, begin.plus(4_000 * MS));
}

#[test]
fn a_flood_of_handshake_records_is_rationed() {
    let now = start();
    let mut peer = Peer::new(ClientKey::Ecdsa, &Profile::ALL);
    let mut session = peer.session(now);
    peer.send_check(true);
    peer.start_dtls(now);
    let (_, hello) = peer.out[1].clone();
    exchange(now, &mut peer, &mut session, || false);
    let mut answers = 0;
    for _ in 0..10_000 {
        session.handle_datagram(now, peer.path, &mut hello.clone());
        while session.poll_transmit().is_some() {
            answers += 1;
        }
    }
    assert!(answers < 200, "{answers} answers to repeated hellos");
}
