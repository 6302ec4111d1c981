//! Against `rtc-srtp` as an oracle, and against damage.

use super::*;
use crate::rtp::mutation::storm;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rtc_srtp::context::Context as Oracle;
use rtc_srtp::protection_profile::ProtectionProfile;

fn master(profile: Profile) -> MasterKey {
    let key: Vec<u8> = (1..=profile.key_len() as u8).collect();
    let salt: Vec<u8> = (100..100 + profile.salt_len() as u8).collect();
    MasterKey::new(profile, &key, &salt).unwrap()
}

fn oracle(profile: Profile) -> Oracle {
    let theirs = match profile {
        Profile::Aes128Gcm => ProtectionProfile::AeadAes128Gcm,
        Profile::Aes256Gcm => ProtectionProfile::AeadAes256Gcm,
        Profile::Aes128CmSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
    };
    let provider = rtc_dtls::crypto_provider::default_provider().unwrap();
    let master = master(profile);
    Oracle::new(&master.key, &master.salt, theirs, None, None, provider.crypto()).unwrap()
}

/// An RTP packet with up to three contributing sources, perhaps an extension, and a random payload.
fn rtp(rng: &mut StdRng, ssrc: u32, sequence: u16) -> Vec<u8> {
    let csrcs = rng.random_range(0..4u8);
    let extended = rng.random_bool(0.5);
    let mut packet = vec![0x80 | csrcs | (u8::from(extended) << 4), 96];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&rng.random::<[u8; 4]>());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    (0..csrcs).for_each(|n| packet.extend_from_slice(&u32::from(n).to_be_bytes()));
    if extended {
        packet.extend_from_slice(&[0xbe, 0xde, 0, 2, 0x22, 1, 2, 3, 0x10, 7, 0, 0]);
    }
    let payload = rng.random_range(1..1200);
    packet.extend((0..payload).map(|_| rng.random::<u8>()));
    packet
}

/// A sender report and a source description.
fn rtcp(rng: &mut StdRng, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 200, 0, 6];
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend((0..20).map(|_| rng.random::<u8>()));
    packet.extend_from_slice(&[0x81, 202, 0, 3]);
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&[1, 2, b'a', b'b', 0, 0, 0, 0]);
    packet
}

#[test]
fn what_we_seal_the_oracle_opens_over_a_rollover() {
    for profile in Profile::ALL {
        let mut rng = StdRng::seed_from_u64(1);
        let (mut ours, mut theirs) = (Context::new(profile, &master(profile)), oracle(profile));
        for step in 0..400u16 {
            for ssrc in [7, 0xffff_ff07] {
                let plain = rtp(&mut rng, ssrc, 65_400u16.wrapping_add(step));
                let mut sealed = b"before".to_vec();
                sealed.extend_from_slice(&plain);
                assert!(ours.seal_rtp(&mut sealed, 6));
                assert_eq!(&sealed[..6], b"before");
                let opened = theirs.decrypt_rtp(&sealed[6..]).unwrap();
                assert_eq!(opened.as_ref(), plain, "{profile:?} {step}");
            }
        }
    }
}

#[test]
fn what_the_oracle_seals_we_open_over_a_rollover_with_loss_and_reordering() {
    for profile in Profile::ALL {
        let mut rng = StdRng::seed_from_u64(2);
        let (mut ours, mut theirs) = (Context::new(profile, &master(profile)), oracle(profile));
        let mut sealed: Vec<(Vec<u8>, Vec<u8>)> = (0..600u16)
            .map(|step| {
                let plain = rtp(&mut rng, 9, 65_300u16.wrapping_add(step));
                (theirs.encrypt_rtp(&plain).unwrap().to_vec(), plain)
            })
            .collect();
        for at in 1..sealed.len() {
            let other = at.saturating_sub(rng.random_range(0..30)).max(1);
            sealed.swap(at, other);
        }
        for (sealed, plain) in sealed.iter().filter(|_| rng.random_bool(0.8)) {
            let mut packet = sealed.clone();
            let len = ours.open_rtp(&mut packet).unwrap();
            assert_eq!(&packet[..len], plain);
            assert_eq!(ours.open_rtp(&mut sealed.clone()), Err(SrtpError::Replayed));
        }
    }
}

#[test]
fn rtcp_passes_both_ways_between_us_and_the_oracle() {
    for profile in Profile::ALL {
        let mut rng = StdRng::seed_from_u64(3);
        let (mut seals, mut opens) = (Context::new(profile, &master(profile)), oracle(profile));
        let (mut their_seals, mut our_opens) = (oracle(profile), Context::new(profile, &master(profile)));
        for _ in 0..50 {
            let plain = rtcp(&mut rng, 5);
            let mut sealed = plain.clone();
            assert!(seals.seal_rtcp(&mut sealed, 0));
            assert!(sealed.len() - plain.len() <= MAX_OVERHEAD);
            assert_eq!(opens.decrypt_rtcp(&sealed).unwrap().as_ref(), plain);

            let mut packet = their_seals.encrypt_rtcp(&plain).unwrap().to_vec();
            let replay = packet.clone();
            let len = our_opens.open_rtcp(&mut packet).unwrap();
            assert_eq!(&packet[..len], plain);
            assert_eq!(our_opens.open_rtcp(&mut replay.clone()), Err(SrtpError::Replayed));
        }
    }
}

#[test]
fn every_changed_bit_is_noticed() {
    for profile in Profile::ALL {
        let mut rng = StdRng::seed_from_u64(4);
        let mut seal = Context::new(profile, &master(profile));
        let (mut media, mut control) = (rtp(&mut rng, 3, 10), rtcp(&mut rng, 3));
        media.truncate(60);
        assert!(seal.seal_rtp(&mut media, 0) && seal.seal_rtcp(&mut control, 0));
        for bit in 0..media.len() * 8 {
            let mut damaged = media.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let mut open = Context::new(profile, &master(profile));
            assert!(open.open_rtp(&mut damaged).is_err(), "{profile:?} bit {bit}");
        }
        for bit in 0..control.len() * 8 {
            let mut damaged = control.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let mut open = Context::new(profile, &master(profile));
            assert!(open.open_rtcp(&mut damaged).is_err(), "{profile:?} bit {bit}");
        }
    }
}

#[test]
fn damaged_packets_neither_panic_nor_disturb_the_good_ones() {
    for profile in Profile::ALL {
        let mut rng = StdRng::seed_from_u64(5);
        let mut seal = Context::new(profile, &master(profile));
        let (mut media, mut control) = (rtp(&mut rng, 3, 10), rtcp(&mut rng, 3));
        media.truncate(60);
        let plain = (media.clone(), control.clone());
        assert!(seal.seal_rtp(&mut media, 0) && seal.seal_rtcp(&mut control, 0));
        let mut open = Context::new(profile, &master(profile));
        storm(&[media.clone(), control.clone()], |bytes| {
            if bytes != media && bytes != control {
                assert!(open.open_rtp(&mut bytes.to_vec()).is_err());
                assert!(open.open_rtcp(&mut bytes.to_vec()).is_err());
            }
            let mut out = bytes.to_vec();
            if !seal.seal_rtp(&mut out, 0) {
                assert_eq!(out, bytes);
            }
        });
        let len = open.open_rtp(&mut media).unwrap();
        assert_eq!(media[..len], plain.0);
        let len = open.open_rtcp(&mut control).unwrap();
        assert_eq!(control[..len], plain.1);
    }
}

#[test]
fn a_session_takes_a_bounded_number_of_sources() {
    let profile = Profile::Aes128Gcm;
    let mut rng = StdRng::seed_from_u64(6);
    let mut theirs = oracle(profile);
    let mut ours = Context::new(profile, &master(profile));
    for ssrc in 0..MAX_SOURCES as u32 {
        let mut packet = theirs.encrypt_rtp(&rtp(&mut rng, ssrc, 1)).unwrap().to_vec();
        assert!(ours.open_rtp(&mut packet).is_ok());
    }
    let mut packet = theirs.encrypt_rtp(&rtp(&mut rng, 100_000, 1)).unwrap().to_vec();
    assert_eq!(ours.open_rtp(&mut packet), Err(SrtpError::TooManySources));
}

#[test]
fn keys_must_have_the_lengths_of_their_profile() {
    assert!(MasterKey::new(Profile::Aes128Gcm, &[0; 16], &[0; 14]).is_none());
    assert!(MasterKey::new(Profile::Aes256Gcm, &[0; 16], &[0; 12]).is_none());
    let profile = Profile::Aes128CmSha1_80;
    assert!(KeyPair::from_exported(profile, &[0; 59]).is_none());
    let material: Vec<u8> = (0..60).collect();
    let pair = KeyPair::from_exported(profile, &material).unwrap();
    assert_eq!((pair.client.key[0], pair.server.key[0]), (0, 16));
    assert_eq!((pair.client.salt[0], pair.server.salt[0]), (32, 46));
}
