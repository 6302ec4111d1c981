//! Datagrams, streams, control messages, and the client leg behind them.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use std::time::Instant;
use tongke_protocol::control::{ClientMessage, Codec, PublishTrack, QuicSlot, RelayMessage};
use tongke_protocol::{MediaKind, Now, TrackKind, WallTime};
use tongke_transport::quic::control::ControlReader;
use tongke_transport::quic::framing::{StreamReader, read_datagram};
use tongke_transport::quic::{ClientLeg, ClientLegConfig};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

fuzz_target!(|input: &[u8]| {
    let _ = read_datagram(input);
    let (mut stream, mut client, mut relay) =
        (StreamReader::new(), ControlReader::new(), ControlReader::new());
    for piece in input.chunks(11) {
        stream.push(piece);
        while let Ok(Some(_)) = stream.next_datagram() {}
        client.push(piece);
        let _ = client.next_message::<ClientMessage>();
        relay.push(piece);
        let _ = relay.next_message::<RelayMessage>();
    }
    let track = PublishTrack { kind: TrackKind::Camera, codec: Codec::H264, ssrc: 1 };
    let mut leg = ClientLeg::new(ClientLegConfig { publish: vec![track], ..Default::default() });
    leg.set_slots(&[QuicSlot { slot: 0, media: MediaKind::Video, ssrc: 2 }]);
    let mut now = Now { instant: *START, wall: WallTime(1 << 50) };
    let mut rest = input;
    while let Some((len, after)) = rest.split_first() {
        let (datagram, after) = after.split_at(usize::from(*len).min(after.len()));
        leg.handle_datagram(now, &Bytes::copy_from_slice(datagram));
        leg.handle_timeout(now);
        if let Some(due) = leg.poll_timeout() {
            now = now.plus(due.saturating_duration_since(now.instant));
        }
        rest = after;
    }
});
