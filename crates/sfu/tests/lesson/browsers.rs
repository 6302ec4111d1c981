//! WebRTC legs, and media across both transports.

use super::support::{Lesson, frame, grant, lesson_id, sound};
use tongke_protocol::{MediaKind, Role, TrackKind};
use tongke_sfu::{PatchError, Patched};
use tongke_transport::rtp::rtcp::{self, Rtcp, SenderInfo, write_sender_report};
use tongke_transport::rtp::{AbsCaptureTime, h264};
use tongke_transport::webrtc::IceCredentials;

pub use super::support::payload_types::{H264, H264_RTX, OPUS};

/// Everything of a kind in the RTCP that a browser got.
fn count(rtcp: &[Vec<u8>], wanted: impl Fn(&Rtcp<'_>) -> bool) -> usize {
    rtcp.iter()
        .flat_map(|compound| rtcp::read(compound))
        .filter(|packet| wanted(packet.as_ref().unwrap()))
        .count()
}

#[test]
fn a_browser_and_a_quic_school_see_each_other_and_capture_times_arrive_unharmed() {
    let mut lesson = Lesson::new();
    let school = lesson.join("s", Role::Supporting);
    let sender = lesson.publish("b", Role::Receiving);
    let watcher = lesson.watch("b", Role::Receiving, 3, 2);
    let mut first = frame(0, true, 4);
    let offset =
        AbsCaptureTime { clock_offset: Some(-(3 << 32)), ..first[0].extensions.abs_capture_time.unwrap() };
    first[0].extensions.abs_capture_time = Some(offset);
    lesson.send(school, TrackKind::Camera, first.clone());
    lesson.send(school, TrackKind::Microphone, vec![sound(0)]);
    for packet in first.clone() {
        lesson.browsers[sender].send(11, H264, packet);
    }
    lesson.browsers[sender].send(13, OPUS, sound(7));
    lesson.settle();

    let sources = lesson.browsers[watcher].sources();
    let video = lesson.browsers[watcher].packets_of(sources[0]);
    assert_eq!(video.len(), 4, "the school's camera in the first slot, its own nowhere");
    assert_eq!(lesson.browsers[watcher].received.len(), 5);
    for (got, sent) in video.iter().zip(&first) {
        assert_eq!((&got.payload, got.header.marker), (&sent.payload, sent.header.marker));
        assert_eq!(got.header.payload_type, H264);
        assert_eq!(got.extensions.abs_capture_time, sent.extensions.abs_capture_time);
        assert!(got.extensions.transport_cc.is_some() && got.extensions.mid.is_some());
    }
    let slot = lesson.schools[school].first_slot(MediaKind::Video);
    let back = lesson.schools[school].packets(slot);
    assert_eq!(back.len(), 4);
    for ((_, got), sent) in back.iter().zip(&first) {
        assert_eq!(got.payload, sent.payload);
        assert_eq!(got.extensions.abs_capture_time, sent.extensions.abs_capture_time);
        assert_eq!(got.extensions.transport_cc, None, "what belongs to a leg stays there");
    }
    let audio = lesson.schools[school].first_slot(MediaKind::Audio);
    assert_eq!(lesson.schools[school].packets(audio)[0].1.extensions, sound(7).extensions);
}

#[test]
fn a_picture_leaves_in_one_run_of_equal_datagrams() {
    let mut lesson = Lesson::new();
    let school = lesson.join("s", Role::Supporting);
    let watcher = lesson.watch("b", Role::Receiving, 1, 1);
    lesson.send(school, TrackKind::Camera, frame(0, true, 4));
    lesson.sends.clear();
    // Cut as libwebrtc cuts: sizes that differ by one byte.
    let mut packets = frame(1, false, 5);
    for (packet, len) in packets.iter_mut().zip([900, 900, 901, 901, 901]) {
        let mut payload = packet.payload.to_vec();
        payload.resize(len, 1);
        packet.payload = payload.into();
    }
    lesson.send(school, TrackKind::Camera, packets.clone());
    assert_eq!(lesson.sends.len(), 1, "one send");
    assert_eq!(lesson.sends[0].sizes.len(), 5);
    assert!(lesson.sends[0].sizes.windows(2).all(|two| two[0] == two[1]));
    assert_eq!(lesson.browsers[watcher].padded, 2, "a byte of padding where it was missing");
    let got = &lesson.browsers[watcher].received[4..];
    assert!(got.iter().zip(&packets).all(|(got, sent)| got.payload == sent.payload));
}

#[test]
fn a_browser_that_misses_packets_gets_them_as_rtx() {
    let mut lesson = Lesson::new();
    let school = lesson.join("s", Role::Supporting);
    let watcher = lesson.watch("b", Role::Receiving, 1, 1);
    lesson.film(school, TrackKind::Camera, 0..3, true);
    let sources = lesson.browsers[watcher].sources();
    let original = lesson.browsers[watcher].packets_of(sources[0])[5].clone();
    lesson.browsers[watcher].nack(sources[0], &[original.header.sequence]);
    lesson.settle();
    let repeats = lesson.browsers[watcher].packets_of(sources[1]);
    assert_eq!(repeats.len(), 1);
    let repeat = &repeats[0];
    assert_eq!(repeat.header.payload_type, H264_RTX);
    assert_eq!(repeat.header.timestamp, original.header.timestamp);
    assert_eq!(repeat.payload[..2], original.header.sequence.to_be_bytes());
    assert_eq!(repeat.payload[2..], original.payload);
    assert_ne!(repeat.extensions.transport_cc, original.extensions.transport_cc);
    assert_eq!(repeat.extensions.abs_capture_time, original.extensions.abs_capture_time);
}

#[test]
fn a_publishing_browser_is_asked_for_gaps_and_its_rtx_is_unwrapped() {
    let mut lesson = Lesson::new();
    let school = lesson.join("s", Role::Supporting);
    let sender = lesson.publish("b", Role::Receiving);
    let packets = frame(0, true, 4);
    let mut lost = 0;
    for (at, packet) in packets.iter().cloned().enumerate() {
        if at == 2 {
            lost = lesson.browsers[sender].number(11);
        } else {
            lesson.browsers[sender].send(11, H264, packet);
        }
    }
    lesson.settle();
    assert_eq!(lesson.schools[school].packet_count(), 3);
    lesson.pass(5);
    let asked = |packet: &Rtcp<'_>| matches!(packet, Rtcp::Nack { media_ssrc: 11, lost: list, .. } if list.iter().eq([lost]));
    assert_eq!(count(&lesson.browsers[sender].rtcp, asked), 1);
    let mut rtx = packets[2].clone();
    rtx.payload = [&lost.to_be_bytes()[..], &rtx.payload].concat().into();
    lesson.browsers[sender].send(12, H264_RTX, rtx);
    lesson.settle();
    let slot = lesson.schools[school].first_slot(MediaKind::Video);
    let mut got = lesson.schools[school].packets(slot);
    got.sort_by_key(|(number, _)| *number);
    assert!(got.iter().zip(&packets).all(|((_, got), sent)| got.payload == sent.payload));
    assert_eq!((got.len(), lesson.total().recovered), (4, 1));
}

#[test]
fn a_publishing_browser_gets_reports_and_transport_wide_feedback() {
    let mut lesson = Lesson::new();
    lesson.join("s", Role::Supporting);
    let sender = lesson.publish("b", Role::Receiving);
    for number in 0..40 {
        for mut packet in frame(number, number == 0, 2) {
            packet.extensions.transport_cc = Some((number * 2 + u32::from(packet.header.marker)) as u16);
            lesson.browsers[sender].send(11, H264, packet);
        }
        lesson.pass(33);
    }
    let rtcp = &lesson.browsers[sender].rtcp;
    let told: usize = rtcp
        .iter()
        .flat_map(|compound| rtcp::read(compound))
        .filter_map(|packet| match packet.unwrap() {
            Rtcp::TransportCc(feedback) => Some(usize::from(feedback.status_count)),
            _ => None,
        })
        .sum();
    assert!(told >= 70, "{told} of 80 packets told");
    assert!(
        count(
            rtcp,
            |packet| matches!(packet, Rtcp::ReceiverReport { reports, .. } if reports.iter().next().is_some_and(|block| block.ssrc == 11))
        ) >= 1
    );
}

#[test]
fn a_watching_browser_gets_sender_reports_that_fit_its_timestamps() {
    let mut lesson = Lesson::new();
    let sender = lesson.publish("a", Role::Supporting);
    let watcher = lesson.watch("b", Role::Receiving, 1, 1);
    for packet in frame(0, true, 1) {
        lesson.browsers[sender].send(11, H264, packet);
    }
    let ntp = lesson.now.wall.offset_by_us(-500_000).into();
    lesson.browsers[sender].send_rtcp(|out| {
        let info = SenderInfo { ssrc: 11, ntp, rtp_timestamp: 0, packets: 1, octets: 500 };
        write_sender_report(out, &info, &[]);
    });
    lesson.pass(150);
    let ssrc = lesson.browsers[watcher].sources()[0];
    let told =
        lesson.browsers[watcher].rtcp.iter().flat_map(|compound| rtcp::read(compound)).find_map(|packet| {
            match packet.unwrap() {
                Rtcp::SenderReport { info, .. } if info.ssrc == ssrc => Some(info),
                _ => None,
            }
        });
    let info = told.expect("a report within 150 ms of the publisher's first");
    let picture = lesson.browsers[watcher].packets_of(ssrc)[0].header.timestamp;
    let since = info.rtp_timestamp.wrapping_sub(picture);
    assert!((9_000..=13_500).contains(&since), "{since} ticks after the picture, some 100 ms ago");
    assert_eq!((info.packets, info.octets), (1, 500));
}

#[test]
fn a_late_browser_gets_its_first_picture_with_the_handshake() {
    let mut lesson = Lesson::new();
    let school = lesson.join("s", Role::Supporting);
    lesson.film(school, TrackKind::Camera, 0..100, true);
    let watcher = lesson.watch("b", Role::Receiving, 1, 1);
    assert_eq!(lesson.schools[school].keyframe_requests(), 1, "asked for at the offer");
    lesson.film(school, TrackKind::Camera, 100..101, true);
    assert!(h264::is_keyframe_start(&lesson.browsers[watcher].received[0].payload));
    let later = lesson.watch("c", Role::Receiving, 1, 1);
    assert_eq!(lesson.browsers[later].received.len(), 4, "straight from the ring");
}

#[test]
fn a_browser_that_asks_for_a_keyframe_gets_one() {
    let mut lesson = Lesson::new();
    let sender = lesson.publish("a", Role::Supporting);
    let watcher = lesson.watch("b", Role::Receiving, 1, 1);
    for number in 0..30 {
        for packet in frame(number, number == 0, 2) {
            lesson.browsers[sender].send(11, H264, packet);
        }
        lesson.pass(33);
    }
    let ssrc = lesson.browsers[watcher].sources()[0];
    lesson.browsers[watcher].pli(ssrc);
    lesson.settle();
    let is_pli = |packet: &Rtcp<'_>| matches!(packet, Rtcp::Pli { media_ssrc: 11, .. });
    assert_eq!(count(&lesson.browsers[sender].rtcp, is_pli), 1);
}

#[test]
fn a_browser_that_starts_again_under_another_source_is_followed_at_its_keyframe() {
    let mut lesson = Lesson::new();
    let school = lesson.join("s", Role::Supporting);
    let sender = lesson.publish("b", Role::Receiving);
    for packet in frame(0, true, 2) {
        lesson.browsers[sender].send(11, H264, packet);
    }
    lesson.settle();
    for mut packet in frame(900, false, 2).into_iter().chain(frame(901, true, 2)) {
        packet.extensions.mid = tongke_transport::rtp::SmallId::new("0");
        lesson.browsers[sender].send(99, H264, packet);
    }
    lesson.settle();
    let slot = lesson.schools[school].first_slot(MediaKind::Video);
    let got = lesson.schools[school].packets(slot);
    assert_eq!(got.len(), 4, "the pictures before its keyframe are left out");
    assert!(h264::is_keyframe_start(&got[2].1.payload));
    assert!(got.windows(2).all(|two| two[1].0 == two[0].0 + 1));
}

#[test]
fn a_silent_browser_is_closed_and_its_participant_gone() {
    let mut lesson = Lesson::new();
    lesson.join("s", Role::Supporting);
    lesson.watch("b", Role::Receiving, 1, 1);
    lesson.take_public_events();
    lesson.pass(5_900);
    assert!(lesson.closed.is_empty());
    lesson.pass(300);
    assert_eq!(lesson.closed.len(), 1);
    assert_eq!(lesson.take_public_events(), ["left b: nothing heard from the peer any more"]);
}

#[test]
fn an_ice_restart_moves_the_browser_without_a_gap() {
    let mut lesson = Lesson::new();
    let school = lesson.join("s", Role::Supporting);
    let watcher = lesson.watch("b", Role::Receiving, 1, 1);
    lesson.film(school, TrackKind::Camera, 0..1, true);
    let joined = lesson.browsers[watcher].joined.clone().unwrap();
    let trickle = "a=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.7 5 typ host\r\n";
    let core = &mut lesson.core;
    assert_eq!(core.patch(lesson.now, joined.leg, trickle, None), Err(PatchError::NoEtag));
    let other = core.patch(lesson.now, joined.leg, trickle, Some("\"old\"")).unwrap_err();
    assert_eq!(other, PatchError::OtherEtag { current: joined.etag.clone() });
    assert_eq!(core.patch(lesson.now, joined.leg, trickle, Some(&joined.etag)), Ok(Patched::NoContent));
    let local = IceCredentials { ufrag: "moved".into(), pwd: "q".repeat(24) };
    let restart = format!("a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", local.ufrag, local.pwd);
    let Ok(Patched::Restarted { fragment, etag }) = core.patch(lesson.now, joined.leg, &restart, Some("*"))
    else {
        panic!("no restart")
    };
    assert_ne!(etag, joined.etag);
    assert_eq!(core.leg_info(joined.leg).unwrap().etag, etag);
    let line = |name| fragment.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    let remote = IceCredentials { ufrag: line("a=ice-ufrag:"), pwd: line("a=ice-pwd:") };
    let browser = &mut lesson.browsers[watcher];
    browser.restart(local, remote);
    browser.path = tongke_transport::webrtc::Path::Udp {
        local: "127.0.0.1:5000".parse().unwrap(),
        remote: "198.51.100.1:7".parse().unwrap(),
    };
    browser.check();
    lesson.settle();
    lesson.film(school, TrackKind::Camera, 1..2, false);
    assert_eq!(lesson.browsers[watcher].received.len(), 8, "media goes to the new address");
}

#[test]
fn a_second_whip_session_of_a_participant_replaces_the_first_and_not_its_whep_session() {
    let mut lesson = Lesson::new();
    lesson.publish("b", Role::Receiving);
    lesson.watch("b", Role::Receiving, 1, 1);
    lesson.take_public_events();
    lesson.publish("b", Role::Receiving);
    assert_eq!(lesson.closed.len(), 1);
    assert!(lesson.browsers[0].is_closed && !lesson.browsers[1].is_closed);
    assert_eq!(lesson.take_public_events(), Vec::<String>::new(), "the participant was there all the time");
}

#[test]
fn sessions_are_found_by_name_until_they_end() {
    let mut lesson = Lesson::new();
    let watcher = lesson.watch("b", Role::Receiving, 1, 1);
    let joined = lesson.browsers[watcher].joined.clone().unwrap();
    assert_eq!(lesson.core.find_session(&joined.session), Some(joined.leg));
    let info = lesson.core.leg_info(joined.leg).unwrap();
    assert_eq!((info.lesson, info.participant.as_str()), (lesson_id(), "b"));
    lesson.core.leave(lesson.now, joined.leg, "deleted");
    lesson.settle();
    assert_eq!(lesson.core.find_session(&joined.session), None);
    assert!(lesson.core.leg_info(joined.leg).is_none());
    assert!(lesson.browsers[watcher].is_closed);
}

#[test]
fn an_observer_may_not_publish_over_whip() {
    let mut lesson = Lesson::new();
    let refused =
        lesson.core.join_whip(lesson.now, &lesson_id(), &grant("o", Role::Observer), "v=0\r\n").unwrap_err();
    assert_eq!(refused.code(), "grant_role");
}
