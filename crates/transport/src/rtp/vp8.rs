//! VP8 payloads (RFC 7741): told apart, never taken apart.

/// Whether a payload is the first packet of a keyframe: it starts the first partition, and the
/// frame header's inverse key frame flag is 0 (RFC 7741 §4.2, §4.3).
pub fn is_keyframe_start(payload: &[u8]) -> bool {
    frame_start(payload).is_some_and(|first| first & 0x01 == 0)
}

/// Whether a payload is the first packet of any frame.
pub fn is_frame_start(payload: &[u8]) -> bool {
    frame_start(payload).is_some()
}

/// The first byte of the frame header, when the payload begins a frame.
fn frame_start(payload: &[u8]) -> Option<u8> {
    let required = *payload.first()?;
    let begins_frame = required & 0x10 != 0 && required & 0x07 == 0;
    if !begins_frame {
        return None;
    }
    let mut at = 1;
    if required & 0x80 != 0 {
        let extended = *payload.get(at)?;
        at += 1;
        if extended & 0x80 != 0 {
            // The picture id has a second byte when its first bit is set.
            at += if payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
        }
        at += usize::from(extended & 0x40 != 0) + usize::from(extended & 0x30 != 0);
    }
    payload.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyframes_are_found_behind_every_form_of_descriptor() {
        assert!(is_keyframe_start(&[0x10, 0x00]));
        assert!(!is_keyframe_start(&[0x10, 0x01]), "an interframe");
        assert!(!is_keyframe_start(&[0x00, 0x00]), "not the start of a partition");
        assert!(!is_keyframe_start(&[0x11, 0x00]), "the second partition");
        assert!(is_keyframe_start(&[0x90, 0x80, 0x7F, 0x00]), "short picture id");
        assert!(is_keyframe_start(&[0x90, 0x80, 0x80, 0x01, 0x00]), "long picture id");
        assert!(is_keyframe_start(&[0x90, 0xE0, 0x80, 0x01, 9, 0x41, 0x00]), "all fields");
        assert!(!is_keyframe_start(&[0x90, 0xE0, 0x80, 0x01, 9, 0x41]), "cut off");
        assert!(is_frame_start(&[0x10, 0x01]) && !is_frame_start(&[]));
    }

    #[test]
    fn mutated_payloads_never_panic() {
        super::super::mutation::storm(&[vec![0x90, 0xE0, 0x80, 0x01, 9, 0x41, 0x00]], |bytes| {
            let _ = is_keyframe_start(bytes);
        });
    }
}
