//! Offers of real clients, and the ways in which an offer can be wrong.

use super::*;
use crate::rtp::ExtensionKind;
use crate::rtp::mutation::storm;
use crate::webrtc::IceCredentials;
use tongke_protocol::control::Codec;
use tongke_protocol::{MediaKind, TrackKind};

const CHROMIUM_PUBLISH: &str = include_str!("../../../tests/data/chromium-publish.sdp");
const CHROMIUM_SUBSCRIBE: &str = include_str!("../../../tests/data/chromium-subscribe.sdp");
/// Chromium 148 with `sendEncodings` h, m and l.
const CHROMIUM_SIMULCAST: &str = include_str!("../../../tests/data/chromium-simulcast.sdp");
const AIORTC_PUBLISH: &str = include_str!("../../../tests/data/aiortc-publish.sdp");

/// In the manner of OBS: transport attributes at the session, one codec each, no RTX.
const OBS_LIKE: &str = "v=0
o=rtc 2514262013 0 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=group:LS 0 1
a=msid-semantic:WMS *
a=setup:actpass
a=ice-ufrag:Z3Ps
a=ice-pwd:mQhBIHIWgS5pzfpD2W1LAR
a=ice-options:ice2,trickle
a=fingerprint:sha-256 8B:50:BF:31:02:0A:52:5C:10:83:17:ED:32:68:0A:C9:45:CB:55:CC:CF:56:DD:8C:C3:70:39:4F:50:E7:8F:48
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
a=sendonly
a=ssrc:1234 cname:obs
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=sendonly
a=ssrc:1235 cname:obs
a=rtcp-mux
a=rtpmap:96 H264/90000
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtcp-fb:96 goog-remb
a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1
";

fn ice() -> IceCredentials {
    IceCredentials { ufrag: "relayufr".into(), pwd: "relay/password+of+24char".into() }
}

fn streams(count: u32) -> Vec<SendStream> {
    (0..count)
        .map(|n| SendStream { ssrc: 1_000 + n, rtx_ssrc: 2_000 + n, stream_id: format!("slot{n}") })
        .collect()
}

fn answer_to(offer: &str, leg: Leg) -> Result<(String, Vec<NegotiatedMedia>), SdpError> {
    let ice = ice();
    let candidates = [
        Candidate::Udp("192.0.2.7:3478".parse().unwrap()),
        Candidate::TcpPassive("192.0.2.7:3478".parse().unwrap()),
    ];
    let streams = streams(8);
    let params = AnswerParams {
        leg,
        ice: &ice,
        fingerprint: "sha-256 AA:BB",
        candidates: &candidates,
        streams: &streams,
        cname: "relay",
        session_id: 4,
    };
    answer(&Offer::parse(offer)?, &params)
}

fn refusal(offer: &str, leg: Leg) -> String {
    answer_to(offer, leg).unwrap_err().to_string()
}

#[test]
fn chromium_publishing_gets_h264_opus_and_their_retransmissions() {
    let offer = Offer::parse(CHROMIUM_PUBLISH).unwrap();
    assert_eq!((offer.ice.ufrag.len(), offer.setup), (4, Setup::ActPass));
    assert!(offer.extmap_allow_mixed && !offer.candidates.is_empty());
    let (text, media) = answer_to(CHROMIUM_PUBLISH, Leg::Publish).unwrap();
    let [audio, video] = &media[..] else { panic!("{media:?}") };
    assert_eq!((audio.kind, audio.track), (MediaKind::Audio, Some(TrackKind::Microphone)));
    assert_eq!((video.kind, video.track), (MediaKind::Video, Some(TrackKind::Camera)));
    let codecs: Vec<_> = audio.codecs.iter().map(|codec| codec.codec).collect();
    assert_eq!(codecs, [Codec::Opus, Codec::Red]);
    let first = &video.codecs[0];
    assert_eq!((first.codec, first.h264_profile_level), (Codec::H264, Some([0x42, 0xe0, 0x1f])));
    assert!(first.nack && first.pli && first.fir && first.transport_cc && video.twcc);
    assert!(video.codecs.iter().all(|codec| codec.rtx_payload_type.is_some()));
    assert_eq!(video.codecs.last().unwrap().codec, Codec::Vp8);
    assert_eq!(video.ssrc, Some(2_986_122_565));
    assert_eq!(video.rtx_ssrc, Some(3_671_207_763));
    assert!(video.extensions.get(ExtensionKind::Mid).is_some());
    assert!(video.extensions.get(ExtensionKind::Rid).is_none(), "no simulcast");
    for line in ["a=ice-lite", "a=setup:passive", "a=recvonly", "a=rtcp-mux", "a=end-of-candidates"] {
        assert!(text.contains(&format!("{line}\r\n")), "{line} is missing in\n{text}");
    }
    assert!(text.contains("a=candidate:1 1 udp 2130706431 192.0.2.7 3478 typ host\r\n"));
    assert!(text.contains(" 192.0.2.7 3478 typ host tcptype passive\r\n"));
    assert!(text.contains(" minptime=10;useinbandfec=1\r\n"));
}

/// The encodings taken of the first section, which is a picture.
fn rids_of(offer: &str) -> (String, Vec<String>) {
    let (text, media) = answer_to(offer, Leg::Publish).unwrap();
    let rids = media[0].rids.iter().map(|rid| rid.as_str().to_owned()).collect();
    let named = [ExtensionKind::Rid, ExtensionKind::RepairedRid].map(|kind| media[0].extensions.get(kind));
    assert_eq!(named, if media[0].rids.is_empty() { [None; 2] } else { [Some(10), Some(11)] });
    (text, rids)
}

#[test]
fn a_simulcast_of_chromium_is_taken_with_all_its_encodings_in_h264() {
    let (text, rids) = rids_of(CHROMIUM_SIMULCAST);
    assert_eq!(rids, ["h", "m", "l"]);
    for line in ["a=rid:h recv", "a=rid:m recv", "a=rid:l recv", "a=simulcast:recv h;m;l"] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line} is missing in\n{text}");
    }
    assert!(text.contains("rtp-hdrext:sdes:repaired-rtp-stream-id\r\n"));
    let (_, media) = answer_to(CHROMIUM_SIMULCAST, Leg::Publish).unwrap();
    assert!(media[0].codecs.iter().all(|codec| codec.codec == Codec::H264), "{:?}", media[0].codecs);
    assert_eq!((media[0].ssrc, media[0].rtx_ssrc), (None, None), "sources come with their names");
}

#[test]
fn a_simulcast_without_h264_or_without_names_is_answered_with_one_encoding() {
    let vp8 = CHROMIUM_SIMULCAST.replace("H264/90000", "H265/90000");
    let (text, rids) = rids_of(&vp8);
    assert!(rids.is_empty() && !text.contains("simulcast") && text.contains("VP8/90000"), "{text}");
    let unnamed = CHROMIUM_SIMULCAST.replace("sdes:rtp-stream-id", "sdes:other");
    assert!(rids_of(&unnamed).1.is_empty());
    assert!(rids_of(&CHROMIUM_SIMULCAST.replace("send h;m;l", "send h")).1.is_empty());
    assert!(rids_of(&CHROMIUM_SIMULCAST.replace("a=simulcast:", "a=x-simulcast:")).1.is_empty());
}

#[test]
fn encodings_are_bounded_and_only_those_that_would_be_sent_count() {
    let listed = |list: &str, more: &str| {
        let offer =
            CHROMIUM_SIMULCAST.replace("a=simulcast:send h;m;l", &format!("{more}a=simulcast:{list}"));
        rids_of(&offer).1
    };
    assert_eq!(listed("send ~l;h,m recv x", ""), ["l", "h"]);
    assert_eq!(listed("recv x send l;h;l;y", "a=rid:y recv\n"), ["l", "h"]);
    let more: String = (0..9).map(|n| format!("a=rid:{n} send pt=103\n")).collect();
    assert_eq!(listed("send 0;1;2;3;4;5", &more), ["0", "1", "2", "3"]);
}

#[test]
fn a_client_that_names_redundant_sound_first_gets_it_first() {
    let offer = CHROMIUM_PUBLISH.replace("SAVPF 111 63 ", "SAVPF 63 111 ");
    let (text, media) = answer_to(&offer, Leg::Publish).unwrap();
    let codecs: Vec<_> = media[0].codecs.iter().map(|codec| codec.codec).collect();
    assert_eq!(codecs, [Codec::Red, Codec::Opus]);
    assert!(text.contains("m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n"), "{text}");
}

#[test]
fn chromium_subscribing_gets_named_sources_in_every_slot() {
    let (text, media) = answer_to(CHROMIUM_SUBSCRIBE, Leg::Subscribe).unwrap();
    assert!(media.iter().all(|section| section.active));
    assert_eq!((media[0].ssrc, media[0].rtx_ssrc), (Some(1_000), Some(2_000)));
    assert_eq!((media[1].ssrc, media[1].rtx_ssrc), (Some(1_001), None), "no RTX for sound");
    for line in
        ["a=sendonly", "a=ssrc-group:FID 1000 2000", "a=ssrc:2000 cname:relay", "a=msid:slot1 slot1-1"]
    {
        assert!(text.contains(&format!("{line}\r\n")), "{line} is missing in\n{text}");
    }
}

#[test]
fn an_answer_can_be_read_by_rtc_sdp() {
    for (offer, leg) in [
        (CHROMIUM_PUBLISH, Leg::Publish),
        (CHROMIUM_SUBSCRIBE, Leg::Subscribe),
        (CHROMIUM_SIMULCAST, Leg::Publish),
        (AIORTC_PUBLISH, Leg::Publish),
        (OBS_LIKE, Leg::Publish),
    ] {
        let (text, media) = answer_to(offer, leg).unwrap();
        let mut bytes = std::io::Cursor::new(text.as_bytes());
        let theirs = rtc_sdp::SessionDescription::unmarshal(&mut bytes).unwrap();
        assert_eq!(theirs.media_descriptions.len(), media.len());
        assert_eq!(theirs.marshal(), text);
    }
}

#[test]
fn aiortc_publishing_is_understood() {
    let (_, media) = answer_to(AIORTC_PUBLISH, Leg::Publish).unwrap();
    let codecs: Vec<_> = media[0].codecs.iter().map(|codec| (codec.codec, codec.payload_type)).collect();
    assert_eq!(codecs, [(Codec::H264, 101), (Codec::H264, 99), (Codec::Vp8, 97)]);
    assert_eq!(media[1].codecs.len(), 1);
    assert!(!media[0].twcc);
}

#[test]
fn transport_attributes_may_stand_at_the_session() {
    let offer = Offer::parse(OBS_LIKE).unwrap();
    assert_eq!(offer.ice.pwd, "mQhBIHIWgS5pzfpD2W1LAR");
    let (text, media) = answer_to(OBS_LIKE, Leg::Publish).unwrap();
    assert!(media.iter().all(|section| section.active));
    assert_eq!(media[1].codecs[0].rtx_payload_type, None);
    assert_eq!((media[0].ssrc, media[1].ssrc), (Some(1_234), Some(1_235)));
    assert!(text.contains("a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1;"));
}

#[test]
fn data_channels_other_directions_and_surplus_slots_are_rejected_with_port_zero() {
    let with_data = format!(
        "{OBS_LIKE}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\nc=IN IP4 0.0.0.0\na=mid:2\na=sctp-port:5000\n"
    )
    .replace("BUNDLE 0 1", "BUNDLE 0 1 2");
    let (text, media) = answer_to(&with_data, Leg::Publish).unwrap();
    assert!(!media[2].active);
    assert!(text.contains("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
    assert!(text.contains("a=group:BUNDLE 0 1\r\n"));

    let half = OBS_LIKE.replacen("a=sendonly", "a=recvonly", 1);
    let (text, media) = answer_to(&half, Leg::Publish).unwrap();
    assert_eq!((media[0].active, media[1].active), (false, true));
    assert!(text.contains("m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n"));

    let ice = ice();
    let streams = streams(1);
    let params = AnswerParams {
        leg: Leg::Subscribe,
        ice: &ice,
        fingerprint: "sha-256 AA",
        candidates: &[],
        streams: &streams,
        cname: "relay",
        session_id: 0,
    };
    let (_, media) = answer(&Offer::parse(CHROMIUM_SUBSCRIBE).unwrap(), &params).unwrap();
    assert_eq!((media[0].active, media[1].active), (true, false));
}

#[test]
fn a_second_picture_is_the_screen_and_a_hint_goes_before_order() {
    let video = OBS_LIKE.split("m=video").nth(1).unwrap();
    let two = format!("{OBS_LIKE}m=video{}", video.replace("mid:1", "mid:2").replace("1235", "1236"))
        .replace("BUNDLE 0 1", "BUNDLE 0 1 2");
    let tracks = |offer: &str| -> Vec<Option<TrackKind>> {
        answer_to(offer, Leg::Publish).unwrap().1.iter().map(|section| section.track).collect()
    };
    let (microphone, camera, screen) =
        (Some(TrackKind::Microphone), Some(TrackKind::Camera), Some(TrackKind::Screen));
    assert_eq!(tracks(&two), [microphone, camera, screen]);
    let slides_first = two.replacen("a=mid:1", "a=mid:1\na=content:slides", 1);
    assert_eq!(tracks(&slides_first), [microphone, screen, camera]);
    let by_track = two.replacen("a=mid:1", "a=mid:1\na=msid:- screen", 1);
    assert_eq!(tracks(&by_track), [microphone, screen, camera]);
}

#[test]
fn an_unknown_extension_or_one_that_cannot_be_read_is_left_out() {
    let capture = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";
    let offer = |line: &str| OBS_LIKE.replacen("a=mid:1", &format!("a=mid:1\n{line}"), 1);
    let id_of = |offer: &str| {
        let (text, media) = answer_to(offer, Leg::Publish).unwrap();
        let id = media[1].extensions.get(ExtensionKind::AbsCaptureTime);
        assert_eq!(text.contains(capture), id.is_some());
        id
    };
    assert_eq!(id_of(&offer(&format!("a=extmap:7 {capture}"))), Some(7));
    assert_eq!(id_of(&offer(&format!("a=extmap:7/sendonly {capture}"))), Some(7));
    assert_eq!(id_of(&offer(&format!("a=extmap:7/inactive {capture}"))), None);
    assert_eq!(id_of(&offer(&format!("a=extmap:20 {capture}"))), None, "needs two bytes");
    let mixed = offer(&format!("a=extmap:20 {capture}")).replacen("t=0 0", "t=0 0\na=extmap-allow-mixed", 1);
    assert_eq!(id_of(&mixed), Some(20));
    assert_eq!(id_of(&offer(&format!("a=extmap:4097 {capture}"))), None);
    assert_eq!(id_of(&offer("a=extmap:7 urn:example:unknown")), None);
}

#[test]
fn h264_needs_packetization_mode_1_and_a_profile_we_know() {
    let with = |fmtp: &str| {
        OBS_LIKE
            .replace("a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1", fmtp)
    };
    let is_taken = |fmtp: &str| answer_to(&with(fmtp), Leg::Publish).unwrap().1[1].active;
    for profile in ["42e01f", "42001f", "42c00d", "4d001f", "4D0032", "64001f", "640c1f"] {
        assert!(is_taken(&format!("a=fmtp:96 packetization-mode=1;profile-level-id={profile}")), "{profile}");
    }
    assert!(is_taken("a=fmtp:96 packetization-mode=1"), "baseline where no profile is named");
    for fmtp in [
        "",
        "a=fmtp:96 packetization-mode=0;profile-level-id=42e01f",
        "a=fmtp:96 packetization-mode=1;profile-level-id=f4001f",
        "a=fmtp:96 packetization-mode=1;profile-level-id=42e0",
        "a=fmtp:96 packetization-mode=1;profile-level-id=zzzzzz",
    ] {
        assert!(!is_taken(fmtp), "{fmtp}");
    }
}

#[test]
fn refusals_name_the_line_and_the_remedy() {
    let without = |line: &str| OBS_LIKE.replace(&format!("{line}\n"), "");
    for (offer, line, part) in [
        (String::new(), None, "POST the offer as application/sdp"),
        ("{\"type\":\"offer\"}".into(), Some(1), "not as JSON"),
        ("v=1\n".into(), Some(1), "begins with v=0"),
        ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n".into(), None, "no m= line"),
        (without("a=ice-ufrag:Z3Ps"), None, "a=ice-ufrag"),
        (without("a=ice-pwd:mQhBIHIWgS5pzfpD2W1LAR"), None, "a=ice-pwd"),
        (OBS_LIKE.replace("a=ice-ufrag:Z3Ps", "a=ice-ufrag:Z3"), Some(9), "4 to 256 characters"),
        (OBS_LIKE.replace("a=fingerprint:sha-256", "a=fingerprint:md5"), Some(12), "use sha-256"),
        (OBS_LIKE.replace("a=setup:actpass", "a=setup:passive"), Some(8), "actpass"),
        (OBS_LIKE.replace("a=group:BUNDLE 0 1\n", ""), None, "max-bundle"),
        (OBS_LIKE.replace("m=audio 9", "m=audio 99999"), Some(13), "up to 65535"),
        (OBS_LIKE.replace("SAVPF 111", "SAVPF 311"), Some(13), "0 to 127"),
        (OBS_LIKE.replace("UDP/TLS/RTP/SAVPF 111", "RTP/AVP 111"), Some(13), "encrypted media only"),
        (OBS_LIKE.replace("opus/48000/2", "opus"), Some(19), "rtpmap"),
        (OBS_LIKE.replace("a=ssrc:1234 cname:obs", "a=ssrc:x"), Some(17), "ssrc"),
        (OBS_LIKE.replace("a=mid:0", "a=mid:"), Some(15), "a mid has"),
    ] {
        let error = Offer::parse(&offer).expect_err(part);
        assert_eq!(error.line, line, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn an_offer_with_nothing_to_take_says_what_to_offer() {
    let opus_less = OBS_LIKE.replace("opus/48000/2", "PCMU/8000").replace("H264/90000", "AV1/90000");
    let refused = refusal(&opus_less, Leg::Publish);
    assert!(refused.starts_with("line 13 of the SDP: m=audio: no codec in common"), "{refused}");
    assert!(refusal(OBS_LIKE, Leg::Subscribe).contains("must offer it as recvonly"));
    assert!(refusal(CHROMIUM_SUBSCRIBE, Leg::Publish).contains("must offer it as sendonly"));
    assert!(refusal(&OBS_LIKE.replace("a=rtcp-mux\n", ""), Leg::Publish).contains("rtcp-mux"));
    let data_only = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\n\
                     a=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\na=mid:0\n\
                     a=fingerprint:sha-256 8B:50:BF:31:02:0A:52:5C:10:83:17:ED:32:68:0A:C9:45:CB:55:CC:CF:56:DD:8C:C3:70:39:4F:50:E7:8F:48\n";
    assert!(refusal(data_only, Leg::Publish).contains("no m=audio or m=video"));
}

#[test]
fn fragments_trickle_or_restart() {
    let trickle = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n\
                   a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw\r\n\
                   a=end-of-candidates\r\n";
    let fragment = TrickleFragment::parse(trickle).unwrap();
    assert_eq!(fragment.ice.unwrap().ufrag, "EsAw");
    assert!(fragment.end_of_candidates && fragment.candidates.len() == 1);
    let bare = TrickleFragment::parse("m=audio 9 RTP/AVP 0\na=mid:0\na=end-of-candidates\n").unwrap();
    assert_eq!(bare.ice, None);
    let half = TrickleFragment::parse("a=ice-ufrag:EsAw\n").unwrap_err();
    assert_eq!(half.to_string(), "line 1 of the SDP: 'a=ice-ufrag:EsAw': a=ice-pwd is missing beside it");
    assert!(TrickleFragment::parse("").is_err());
    assert!(TrickleFragment::parse("hello").is_err());
}

#[test]
fn the_answer_to_a_restart_is_itself_a_fragment() {
    let (_, media) = answer_to(OBS_LIKE, Leg::Publish).unwrap();
    let candidates = [Candidate::Udp("[2001:db8::1]:3478".parse().unwrap())];
    let text = restart_fragment(&media, &ice(), &candidates);
    assert!(text.contains("a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"), "{text}");
    let fragment = TrickleFragment::parse(&text).unwrap();
    assert_eq!(fragment.ice, Some(ice()));
    assert_eq!(fragment.candidates, ["1 1 udp 2130706431 2001:db8::1 3478 typ host"]);
}

#[test]
fn damaged_text_never_panics_and_never_yields_more_sections_than_it_has() {
    let samples: Vec<Vec<u8>> =
        [CHROMIUM_PUBLISH, CHROMIUM_SUBSCRIBE, CHROMIUM_SIMULCAST, AIORTC_PUBLISH, OBS_LIKE]
            .map(|text| text.as_bytes().to_vec())
            .into();
    storm(&samples, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        for leg in [Leg::Publish, Leg::Subscribe] {
            match answer_to(&text, leg) {
                Ok((answer, media)) => {
                    assert_eq!(answer.matches("\r\nm=").count(), media.len());
                    assert!(answer.is_ascii() || !text.is_ascii());
                    assert!(!answer.contains("\n\n") && !answer.contains("\r\n\r\n"));
                }
                Err(error) => assert!(error.to_string().len() < 400, "{error}"),
            }
        }
        let _ = TrickleFragment::parse(&text);
    });
}

#[test]
fn huge_offers_are_refused() {
    let long = format!("v=0\n{}", "a=x\n".repeat(MAX_SDP_LEN / 3));
    assert!(Offer::parse(&long).unwrap_err().to_string().contains("the most that is read"));
    let many = format!("{OBS_LIKE}{}", "m=audio 9 UDP/TLS/RTP/SAVPF 111\n".repeat(MAX_MEDIA));
    assert!(Offer::parse(&many).unwrap_err().to_string().contains("more than 128 media sections"));
}
