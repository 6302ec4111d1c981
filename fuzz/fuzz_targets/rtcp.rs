//! RTCP compounds: every packet type, every list.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;
use tongke_transport::rtp::rtcp::{self, Rtcp};

fuzz_target!(|datagram: &[u8]| {
    for packet in rtcp::read(datagram).flatten() {
        match packet {
            Rtcp::SenderReport { reports, .. } | Rtcp::ReceiverReport { reports, .. } => {
                assert!(reports.iter().count() <= 31);
            }
            Rtcp::Nack { lost, .. } => {
                // Order and repeats inside a pair are not kept.
                let lost: Vec<u16> = lost.iter().collect();
                let mut out = Vec::new();
                rtcp::write_nack(&mut out, 1, 2, &lost);
                let again: BTreeSet<u16> = rtcp::read(&out)
                    .flat_map(|packet| match packet {
                        Ok(Rtcp::Nack { lost, .. }) => lost.iter(),
                        other => panic!("{other:?}"),
                    })
                    .collect();
                assert_eq!(again, BTreeSet::from_iter(lost));
            }
            Rtcp::Fir { requests, .. } => drop(requests.iter().count()),
            Rtcp::Goodbye { ssrcs } | Rtcp::Remb { ssrcs, .. } => drop(ssrcs.iter().count()),
            Rtcp::TransportCc(feedback) => {
                assert_eq!(feedback.statuses().count(), usize::from(feedback.status_count));
            }
            Rtcp::Pli { .. } | Rtcp::Other { .. } => {}
        }
    }
});
