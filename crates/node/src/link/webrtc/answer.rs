//! What a link must know of the relay's SDP answer beyond what the `webrtc` crate makes of it: which
//! source is in which slot, and the candidates of one carrier only.

use super::packet::ExtensionIds;
use super::peer::Carrier;
use std::str::FromStr;
use tongke_protocol::MediaKind;

/// A media section of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Section {
    /// Its index, which is the slot's number.
    pub index: u8,
    pub media: MediaKind,
    /// The relay rejected it.
    pub rejected: bool,
    /// The source that the relay sends in it.
    pub ssrc: Option<u32>,
    pub extensions: ExtensionIds,
}

/// The media sections of an answer, in order.
pub(super) fn sections(sdp: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    for block in sdp.split("\nm=").skip(1) {
        let index = sections.len() as u8;
        let mut words = block.split_ascii_whitespace();
        let media = match words.next() {
            Some("video") => MediaKind::Video,
            _ => MediaKind::Audio,
        };
        let rejected = words.next() == Some("0");
        let lines = || block.lines().map(str::trim_end);
        let ssrc = lines().find_map(|line| leading_number(line.strip_prefix("a=ssrc:")?));
        let extensions = ExtensionIds::from_pairs(lines().filter_map(|line| {
            let rest = line.strip_prefix("a=extmap:")?;
            Some((leading_number(rest)?, rest.split_ascii_whitespace().nth(1)?))
        }));
        sections.push(Section { index, media, rejected, ssrc, extensions });
    }
    sections
}

fn leading_number<N: FromStr>(text: &str) -> Option<N> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// The answer without candidates of the other carrier, and this carrier's candidates.
pub(super) fn only_carrier(sdp: &str, carrier: Carrier) -> (String, Vec<String>) {
    let mut kept = String::with_capacity(sdp.len());
    let mut candidates = Vec::new();
    for line in sdp.lines() {
        if let Some(candidate) = line.strip_prefix("a=candidate:") {
            let protocol = candidate.split_ascii_whitespace().nth(2).unwrap_or_default();
            if protocol.eq_ignore_ascii_case("tcp") != (carrier == Carrier::Tcp) {
                continue;
            }
            candidates.push(format!("candidate:{}", candidate.trim_end()));
        }
        kept.push_str(line.trim_end());
        kept.push_str("\r\n");
    }
    (kept, candidates)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96 98\r\na=mid:0\r\n\
        a=candidate:1 1 udp 2130706431 127.0.0.1 4000 typ host\r\n\
        a=candidate:2 1 tcp 1518280447 127.0.0.1 4000 typ host tcptype passive\r\n\
        a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time\r\n\
        a=ssrc-group:FID 77 78\r\na=ssrc:77 cname:x\r\na=ssrc:78 cname:x\r\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:2\r\na=ssrc:79 cname:x\r\n\
        a=extmap:3/sendonly urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n";

    #[test]
    fn slots_are_the_sections_of_the_answer() {
        let read: Vec<_> = sections(ANSWER).iter().map(|s| (s.index, s.media, s.rejected, s.ssrc)).collect();
        let expected = [
            (0, MediaKind::Video, false, Some(77)),
            (1, MediaKind::Video, true, None),
            (2, MediaKind::Audio, false, Some(79)),
        ];
        assert_eq!(read, expected);
        assert_eq!(sections(ANSWER)[0].extensions.abs_capture_time, Some(2));
        assert_eq!(sections(ANSWER)[2].extensions.audio_level, Some(3));
    }

    #[test]
    fn each_carrier_gets_its_own_candidates() {
        let (udp, candidates) = only_carrier(ANSWER, Carrier::Udp);
        assert!(udp.contains(" udp ") && !udp.contains(" tcp "));
        assert_eq!(candidates.len(), 1);
        let (tcp, candidates) = only_carrier(ANSWER, Carrier::Tcp);
        assert!(tcp.contains(" tcp ") && !tcp.contains(" udp "));
        assert_eq!(candidates, ["candidate:2 1 tcp 1518280447 127.0.0.1 4000 typ host tcptype passive"]);
    }
}
