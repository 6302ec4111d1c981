//! Single packets and the keys that seal and open them.

use tongke_protocol::NtpTime;
use tongke_transport::rtp::{
    AbsCaptureTime, ExtensionKind, ExtensionMap, Extensions, RtpHeader, write_header,
};
use tongke_transport::webrtc::srtp::{Context, MAX_OVERHEAD, MasterKey, Profile};

/// Length of a packet before sealing, header included.
pub const LEN: usize = 1_200;

/// The header extensions of every WebRTC leg here.
pub fn extensions() -> ExtensionMap {
    let mut map = ExtensionMap::default();
    let offered = [
        (3, ExtensionKind::AudioLevel),
        (4, ExtensionKind::AbsSendTime),
        (5, ExtensionKind::TransportCc),
        (7, ExtensionKind::AbsCaptureTime),
        (9, ExtensionKind::Mid),
        (10, ExtensionKind::Rid),
        (11, ExtensionKind::RepairedRid),
    ];
    offered.into_iter().for_each(|(id, kind)| map.set(id, kind));
    map
}

/// A plain packet of [`LEN`] bytes with room for its seal.
pub fn plain(sequence: u16) -> Vec<u8> {
    let mut out = Vec::with_capacity(LEN + MAX_OVERHEAD);
    let extensions_of_it = Extensions {
        abs_capture_time: Some(AbsCaptureTime { capture: NtpTime(7), clock_offset: None }),
        transport_cc: Some(sequence),
        ..Extensions::default()
    };
    write_header(&mut out, &header(sequence), &extensions_of_it, &extensions());
    out.resize(LEN, 0x55);
    out
}

/// The header of such a packet.
pub fn header(sequence: u16) -> RtpHeader {
    RtpHeader { sequence, ssrc: 7, payload_type: 102, ..RtpHeader::default() }
}

/// One direction's keys: always the same ones, so that what one seals another opens.
pub fn context(profile: Profile) -> Context {
    let (key, salt) = ([1; 32], [2; 14]);
    let master = MasterKey::new(profile, &key[..profile.key_len()], &salt[..profile.salt_len()]);
    Context::new(profile, &master.expect("both have the profile's length"))
}

/// Sealed packets with the numbers from 0 on.
pub fn sealed(profile: Profile, count: u16) -> Vec<Vec<u8>> {
    let mut seal = context(profile);
    let seal = |sequence| {
        let mut packet = plain(sequence);
        assert!(seal.seal_rtp(&mut packet, 0), "a plain packet can be sealed");
        packet
    };
    (0..count).map(seal).collect()
}

/// Payloads of H.264 as browsers send them: a keyframe's aggregate with its parameters, its first fragment, a
/// later one, and the first fragment of another picture.
pub fn payloads() -> Vec<Vec<u8>> {
    let aggregate: &[u8] = &[0x78, 0, 2, 0x09, 0x10, 0, 5, 0x67, 0x42, 0xC0, 0x1F, 0xDA, 0, 2, 0x68, 0xCE];
    let starts = [aggregate, &[0x7C, 0x85], &[0x7C, 0x05], &[0x7C, 0x81]];
    let padded = |start: &[u8]| {
        let mut payload = start.to_vec();
        payload.resize(LEN, 0x55);
        payload
    };
    starts.map(padded).to_vec()
}
