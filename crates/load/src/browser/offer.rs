//! What the client offers (SDP, RFC 8829): one picture in H.264 and one sound in Opus.

use std::fmt::Write as _;
use tongke_transport::rtp::{ExtensionKind, ExtensionMap};
use tongke_transport::webrtc::{Fingerprint, IceCredentials};

/// H.264.
pub const VIDEO_PAYLOAD_TYPE: u8 = 102;
/// Opus.
pub const AUDIO_PAYLOAD_TYPE: u8 = 109;

/// Synchronization sources of a publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sources {
    /// The picture.
    pub video: u32,
    /// Its retransmissions.
    pub rtx: u32,
    /// The sound.
    pub audio: u32,
}

/// The header extensions offered.
pub fn extensions() -> ExtensionMap {
    let mut map = ExtensionMap::default();
    let offered = [
        (3, ExtensionKind::AudioLevel),
        (4, ExtensionKind::AbsSendTime),
        (5, ExtensionKind::TransportCc),
        (7, ExtensionKind::AbsCaptureTime),
        (9, ExtensionKind::Mid),
    ];
    offered.into_iter().for_each(|(id, kind)| map.set(id, kind));
    map
}

/// The formats of a media section and the name that its mid has.
const SECTIONS: [(&str, &str); 2] = [
    (
        "video 9 UDP/TLS/RTP/SAVPF 102 103",
        "a=rtpmap:102 H264/90000\r\na=rtcp-fb:102 transport-cc\r\na=rtcp-fb:102 nack\r\n\
         a=rtcp-fb:102 nack pli\r\n\
         a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n\
         a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n",
    ),
    (
        "audio 9 UDP/TLS/RTP/SAVPF 109",
        "a=rtpmap:109 opus/48000/2\r\na=rtcp-fb:109 transport-cc\r\na=fmtp:109 useinbandfec=1\r\n",
    ),
];

/// The offer; with `sources` to send them, else to receive.
pub(super) fn write(local: &IceCredentials, fingerprint: &Fingerprint, sources: Option<&Sources>) -> String {
    let mut text = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n".to_owned();
    let direction = if sources.is_some() { "sendonly" } else { "recvonly" };
    for (mid, (line, formats)) in SECTIONS.into_iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "m={line}\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:{fingerprint}\r\n\
             a=setup:actpass\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n{formats}",
            local.ufrag, local.pwd
        );
        for kind in ExtensionKind::ALL {
            if let Some(id) = extensions().get(kind) {
                let _ = write!(text, "a=extmap:{id} {}\r\n", kind.uri());
            }
        }
        if let Some(sources) = sources {
            text.push_str(&source_lines(mid, sources));
        }
    }
    text
}

fn source_lines(mid: usize, sources: &Sources) -> String {
    let Sources { video, rtx, audio } = sources;
    if mid == 0 {
        format!(
            "a=msid:load camera\r\na=ssrc-group:FID {video} {rtx}\r\n\
             a=ssrc:{video} cname:load\r\na=ssrc:{rtx} cname:load\r\n"
        )
    } else {
        format!("a=msid:load microphone\r\na=ssrc:{audio} cname:load\r\n")
    }
}
