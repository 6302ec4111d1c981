//! What a peer connection of the `webrtc` crate tells us about its RTCP.
//!
//! Inbound RTCP ends inside that crate's interceptor chain. This interceptor stands closest to the
//! wire, lets everything pass unchanged and tells the link what concerns it: keyframe requests,
//! reports about our tracks, and how often the crate answered a NACK. It needs no
//! `Attribute::DeliverToApplication`, which would route a compound by its first SSRC only.

use rtc::interceptor::{Attribute, Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use std::collections::VecDeque;
use std::time::Instant;
use tokio::sync::mpsc;

/// One thing that was said by RTCP, or done because of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Heard {
    /// The relay wants a keyframe of this source.
    KeyframeRequest { ssrc: u32 },
    /// The relay reports how it receives this source: share lost since its last report, 0 to 1.
    Report { ssrc: u32, fraction_lost: f32 },
    /// A packet was sent again, on the RTX source `ssrc` (or the source itself without RTX).
    Retransmitted { ssrc: u32 },
}

/// Passes everything and tells [`Heard`] things. When the listener is behind, they are dropped:
/// the relay repeats a request that was not met.
pub(super) struct Tap {
    heard: mpsc::Sender<Heard>,
    read_queue: VecDeque<TaggedPacket>,
    write_queue: VecDeque<TaggedPacket>,
}

impl Tap {
    /// The tap's place, wire-ward of the NACK responder so that its retransmissions pass by.
    pub(super) const SLOT: usize = 3_500;

    pub(super) fn new(heard: mpsc::Sender<Heard>) -> Self {
        Self { heard, read_queue: VecDeque::new(), write_queue: VecDeque::new() }
    }

    fn tell(&self, heard: Heard) {
        // Full: dropped, see above. Closed: the link is going away.
        let _ = self.heard.try_send(heard);
    }

    fn listen(&self, packet: &dyn rtc::rtcp::Packet) {
        let any = packet.as_any();
        if let Some(pli) = any.downcast_ref::<PictureLossIndication>() {
            self.tell(Heard::KeyframeRequest { ssrc: pli.media_ssrc });
        } else if let Some(fir) = any.downcast_ref::<FullIntraRequest>() {
            fir.fir.iter().for_each(|entry| self.tell(Heard::KeyframeRequest { ssrc: entry.ssrc }));
        } else if let Some(report) = any.downcast_ref::<ReceiverReport>() {
            self.tell_reports(&report.reports);
        } else if let Some(report) = any.downcast_ref::<SenderReport>() {
            self.tell_reports(&report.reports);
        }
    }

    fn tell_reports(&self, reports: &[ReceptionReport]) {
        for report in reports {
            let fraction_lost = f32::from(report.fraction_lost) / 256.0;
            self.tell(Heard::Report { ssrc: report.ssrc, fraction_lost });
        }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Tap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, message: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &message.message.packet {
            packets.iter().for_each(|packet| self.listen(packet.as_ref()));
        }
        self.read_queue.push_back(message);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.read_queue.pop_front()
    }

    fn handle_write(&mut self, message: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtp(packet) = &message.message.packet
            && message.message.has(&Attribute::Retransmission)
        {
            self.tell(Heard::Retransmitted { ssrc: packet.header.ssrc });
        }
        self.write_queue.push_back(message);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.write_queue.pop_front()
    }
}

impl Interceptor for Tap {
    fn bind_local_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _info: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _info: &StreamInfo) {}
}
