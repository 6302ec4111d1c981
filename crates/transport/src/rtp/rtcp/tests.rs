use super::*;
use crate::rtp::mutation::storm;
use rtc_rtcp::packet::Packet;
use rtc_rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc_rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc_rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc_rtcp::receiver_report::ReceiverReport;
use rtc_rtcp::sender_report::SenderReport;
use rtc_rtcp::source_description::SourceDescription;
use rtc_rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc_rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;

const BLOCK: ReportBlock = ReportBlock {
    ssrc: 0xBC5E_9A40,
    fraction_lost: 12,
    cumulative_lost: 345,
    highest_sequence: 0x0001_46E1,
    jitter: 273,
    last_sr: 0x09F3_6432,
    delay_since_last_sr: 150_137,
};

const INFO: SenderInfo =
    SenderInfo { ssrc: 7, ntp: NtpTime(0xDA8B_D1FC_DDDD_A05A), rtp_timestamp: 9, packets: 10, octets: 11 };

fn one(bytes: &[u8]) -> Rtcp<'_> {
    let mut packets = read(bytes);
    let packet = packets.next().unwrap().unwrap();
    assert!(packets.next().is_none());
    packet
}

/// The packets of a compound as the oracle reads them.
fn oracle(bytes: &[u8]) -> Vec<Box<dyn Packet>> {
    rtc_rtcp::packet::unmarshal(&mut bytes::Bytes::copy_from_slice(bytes)).unwrap()
}

fn as_a<P: 'static>(packet: &dyn Packet) -> &P {
    packet.as_any().downcast_ref().unwrap()
}

/// A compound with every packet type that we write.
fn everything() -> Vec<u8> {
    let mut out = Vec::new();
    write_sender_report(&mut out, &INFO, &[BLOCK]);
    write_receiver_report(&mut out, 8, &[BLOCK, BLOCK]);
    write_cname(&mut out, 7, "relay");
    write_nack(&mut out, 1, 2, &[65_530, 65_535, 3, 100]);
    write_pli(&mut out, 1, 2);
    write_fir(&mut out, 1, 2, 5);
    write_remb(&mut out, 1, 2_500_000, &[2, 3]);
    let head = FeedbackHead { sender_ssrc: 1, media_ssrc: 2, base_sequence: 65_534, feedback_count: 3 };
    write_transport_cc(&mut out, &head, &[Some(1000), None, Some(1300), Some(1299), Some(1301)]);
    write_goodbye(&mut out, &[7, 8]);
    out
}

#[test]
fn the_oracle_reads_what_we_write() {
    let bytes = everything();
    let packets = oracle(&bytes);
    let sr: &SenderReport = as_a(&*packets[0]);
    assert_eq!((sr.ssrc, sr.ntp_time, sr.rtp_time), (7, INFO.ntp.0, 9));
    assert_eq!((sr.packet_count, sr.octet_count, sr.reports[0].total_lost), (10, 11, 345));
    let rr: &ReceiverReport = as_a(&*packets[1]);
    let block = &rr.reports[1];
    assert_eq!((rr.ssrc, block.ssrc, block.fraction_lost, block.jitter), (8, BLOCK.ssrc, 12, 273));
    assert_eq!((block.last_sender_report, block.delay), (BLOCK.last_sr, BLOCK.delay_since_last_sr));
    assert_eq!(block.last_sequence_number, BLOCK.highest_sequence);
    let sdes: &SourceDescription = as_a(&*packets[2]);
    assert_eq!((sdes.chunks[0].source, &sdes.chunks[0].items[0].text[..]), (7, &b"relay"[..]));
    let nack: &TransportLayerNack = as_a(&*packets[3]);
    let lost: Vec<u16> = nack.nacks.iter().flat_map(|pair| pair.packet_list()).collect();
    assert_eq!((nack.media_ssrc, lost), (2, vec![65_530, 65_535, 3, 100]));
    assert_eq!(nack.nacks.len(), 2, "neighbours over the wrap share a pair");
    let pli: &PictureLossIndication = as_a(&*packets[4]);
    assert_eq!((pli.sender_ssrc, pli.media_ssrc), (1, 2));
    let fir: &FullIntraRequest = as_a(&*packets[5]);
    assert_eq!((fir.fir[0].ssrc, fir.fir[0].sequence_number), (2, 5));
    let remb: &ReceiverEstimatedMaximumBitrate = as_a(&*packets[6]);
    assert_eq!((remb.bitrate, &remb.ssrcs[..]), (2_500_000.0, &[2, 3][..]));
    let feedback: &TransportLayerCc = as_a(&*packets[7]);
    assert_eq!((feedback.base_sequence_number, feedback.packet_status_count), (65_534, 5));
    assert_eq!((feedback.reference_time, feedback.fb_pkt_count), (3, 3));
    let deltas: Vec<i64> = feedback.recv_deltas.iter().map(|delta| delta.delta / 250).collect();
    assert_eq!(deltas, [232, 300, -1, 2]);
    assert_eq!(as_a::<rtc_rtcp::goodbye::Goodbye>(&*packets[8]).sources, [7, 8]);
}

#[test]
fn we_read_what_we_write() {
    let bytes = everything();
    let packets: Vec<_> = read(&bytes).map(Result::unwrap).collect();
    let [
        Rtcp::SenderReport { info, reports },
        Rtcp::ReceiverReport { ssrc: 8, reports: heard },
        Rtcp::Other { packet_type: 202, format: 1 },
        Rtcp::Nack { sender_ssrc: 1, media_ssrc: 2, lost },
        Rtcp::Pli { sender_ssrc: 1, media_ssrc: 2 },
        Rtcp::Fir { sender_ssrc: 1, requests },
        Rtcp::Remb { sender_ssrc: 1, bitrate_bps: 2_500_000, ssrcs },
        Rtcp::TransportCc(feedback),
        Rtcp::Goodbye { ssrcs: ended },
    ] = &packets[..]
    else {
        panic!("{packets:?}");
    };
    assert_eq!((*info, reports.iter().collect::<Vec<_>>()), (INFO, vec![BLOCK]));
    assert_eq!(heard.iter().collect::<Vec<_>>(), [BLOCK, BLOCK]);
    assert_eq!(lost.iter().collect::<Vec<_>>(), [65_530, 65_535, 3, 100]);
    assert_eq!(requests.iter().collect::<Vec<_>>(), [(2, 5)]);
    assert_eq!(ssrcs.iter().collect::<Vec<_>>(), [2, 3]);
    assert_eq!(ended.iter().collect::<Vec<_>>(), [7, 8]);
    let statuses: Vec<_> = feedback.statuses().map(|s| (s.sequence, s.arrival_us)).collect();
    assert_eq!(
        statuses,
        [(65_534, Some(250_000)), (65_535, None), (0, Some(325_000)), (1, Some(324_750)), (2, Some(325_250))]
    );
}

#[test]
fn the_cumulative_loss_keeps_its_sign_and_its_bounds() {
    for (told, read_back) in
        [(-3, -3), (0x7F_FFFF, 0x7F_FFFF), (0x80_0000, 0x7F_FFFF), (i32::MIN, -0x80_0000)]
    {
        let mut out = Vec::new();
        write_receiver_report(&mut out, 1, &[ReportBlock { cumulative_lost: told, ..BLOCK }]);
        let Rtcp::ReceiverReport { reports, .. } = one(&out) else { panic!() };
        assert_eq!(reports.iter().next().unwrap().cumulative_lost, read_back);
    }
}

#[test]
fn many_blocks_and_many_losses_go_into_several_packets() {
    let mut out = Vec::new();
    write_sender_report(&mut out, &INFO, &[BLOCK; 70]);
    let counts: Vec<_> = read(&out)
        .map(|packet| match packet.unwrap() {
            Rtcp::SenderReport { reports, .. } | Rtcp::ReceiverReport { reports, .. } => {
                reports.iter().count()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counts, [31, 31, 8]);
    let lost: Vec<u16> = (0..600).map(|i| i * 20).collect();
    let mut out = Vec::new();
    write_nack(&mut out, 1, 2, &lost);
    let back: Vec<u16> = read(&out)
        .flat_map(|packet| match packet.unwrap() {
            Rtcp::Nack { lost, .. } => lost.iter(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(back, lost);
    assert!(oracle(&out).len() == 3);
}

#[test]
fn padding_is_removed_and_must_fit() {
    let mut out = Vec::new();
    write_pli(&mut out, 1, 2);
    out[0] |= 0x20;
    out.extend([0, 0, 0, 4]);
    out[3] += 1;
    assert!(matches!(one(&out), Rtcp::Pli { sender_ssrc: 1, media_ssrc: 2 }));
    for bad in [0, 13] {
        *out.last_mut().unwrap() = bad;
        assert_eq!(read(&out).next().unwrap().unwrap_err(), RtcpError::Padding);
    }
}

#[test]
fn a_broken_packet_does_not_take_the_next_one_along() {
    let mut out = vec![0x81, 201, 0, 1, 0, 0, 0, 9];
    write_pli(&mut out, 1, 2);
    let packets: Vec<_> = read(&out).collect();
    assert_eq!(packets[0].as_ref().unwrap_err(), &RtcpError::Truncated, "a report without its block");
    assert!(matches!(packets[1], Ok(Rtcp::Pli { .. })));
    assert_eq!(read(&[0x80, 200, 0, 9]).map(Result::unwrap_err).collect::<Vec<_>>(), [RtcpError::Truncated]);
    assert_eq!(read(&[0x40, 200, 0, 0]).map(Result::unwrap_err).collect::<Vec<_>>(), [RtcpError::Version]);
}

#[test]
fn the_largest_rates_are_told_and_read() {
    for (rate, close) in [(0, 0), (262_143, 262_143), (262_145, 262_144), (u64::MAX, !0 << 46)] {
        let mut out = Vec::new();
        write_remb(&mut out, 1, rate, &[]);
        let Rtcp::Remb { bitrate_bps, .. } = one(&out) else { panic!() };
        assert_eq!(bitrate_bps, close);
    }
    let huge = [0x8F, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 0, 0xFF, 0xFF, 0xFF];
    assert!(matches!(one(&huge), Rtcp::Remb { bitrate_bps: u64::MAX, .. }));
}

#[test]
fn feedback_of_every_shape_survives() {
    use rand::{Rng, SeedableRng};
    let mut rng = rand::rngs::StdRng::seed_from_u64(3);
    for round in 0..2000 {
        let mut clock = rng.random_range(0..100_000_i64);
        let (loss, large) = (rng.random_range(0.0..1.0), rng.random_range(0.0..0.5));
        let arrivals: Vec<Option<i64>> = (0..rng.random_range(1..400))
            .map(|_| {
                clock += if rng.random_bool(large) {
                    rng.random_range(-300..3000)
                } else {
                    rng.random_range(0..256)
                };
                clock = clock.max(0);
                rng.random_bool(1.0 - loss).then_some(clock)
            })
            .collect();
        let head = FeedbackHead { sender_ssrc: 1, media_ssrc: 2, base_sequence: 65_400, feedback_count: 0 };
        let mut out = Vec::new();
        let told = write_transport_cc(&mut out, &head, &arrivals);
        let Rtcp::TransportCc(feedback) = one(&out) else { panic!("round {round}") };
        let back: Vec<_> = feedback.statuses().map(|s| s.arrival_us.map(|us| us / 250)).collect();
        assert_eq!(back, arrivals[..told], "round {round}");
        assert!(told == arrivals.len() || arrivals.iter().flatten().any(|at| *at > 32_767));
    }
}

#[test]
fn a_claim_of_many_statuses_costs_no_memory() {
    // 65,535 small deltas claimed by nine runs, none present.
    let mut bytes = vec![0x8F, 205, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0];
    bytes.extend([0x3F, 0xFF].repeat(9));
    bytes.extend([0, 0]);
    assert_eq!(read(&bytes).next().unwrap().unwrap_err(), RtcpError::Truncated);
}

#[test]
fn mutated_compounds_never_panic() {
    let mut single = Vec::new();
    let head = FeedbackHead { sender_ssrc: 1, media_ssrc: 2, base_sequence: 0, feedback_count: 0 };
    write_transport_cc(&mut single, &head, &[Some(0), None, Some(400), Some(401)].repeat(9));
    storm(&[everything(), single], |bytes| {
        for packet in read(bytes).flatten() {
            match packet {
                Rtcp::SenderReport { reports, .. } | Rtcp::ReceiverReport { reports, .. } => {
                    let _ = reports.iter().count();
                }
                Rtcp::Nack { lost, .. } => drop(lost.iter().count()),
                Rtcp::Fir { requests, .. } => drop(requests.iter().count()),
                Rtcp::Goodbye { ssrcs } | Rtcp::Remb { ssrcs, .. } => drop(ssrcs.iter().count()),
                Rtcp::TransportCc(feedback) => {
                    assert_eq!(feedback.statuses().count(), usize::from(feedback.status_count));
                }
                Rtcp::Pli { .. } | Rtcp::Other { .. } => {}
            }
        }
    });
}
