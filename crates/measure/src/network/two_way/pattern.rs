//! Which packets were lost in a direction, as far as two counts can tell.
//!
//! Both ways there is none where packets were copied on the way out: the reflector counted the copies too.

use super::Reply;
use crate::loss::{LossPattern, LossSummary, Outcome};

/// How packets were lost on the way back: every number of the reflector's up to the last one seen was sent.
pub(super) fn back(by_reflector: &[Reply], reached: u64) -> Option<LossSummary> {
    if counted(by_reflector) != reached {
        return None;
    }
    let mut pattern = LossPattern::new();
    let mut next = 0;
    for reply in by_reflector {
        lose(&mut pattern, reply.reflector_seq - next);
        pattern.record(Outcome::Received);
        next = reply.reflector_seq + 1;
    }
    Some(pattern.summary())
}

/// How packets were lost on the way out, of `decided` ones, of which `reached` came there. Of packets without an answer
/// that were sent one after the other, the reflector's count says how many reached it, not which: where only some did,
/// nobody can tell.
pub(super) fn out(by_sender: &[Reply], decided: u64, reached: u64) -> Option<LossSummary> {
    if counted(by_sender) != reached {
        return None;
    }
    let lost_back = reached - by_sender.len() as u64;
    let mut pattern = LossPattern::new();
    let (mut next, mut next_reflected) = (0, 0);
    for reply in by_sender {
        let missing = reply.seq - next;
        let reached_of_these = match lost_back {
            0 => 0,
            // All that is missing was lost on the way back.
            _ if decided == reached => missing,
            // None: a packet overtook another one on its way, so the counts do not stand side by side.
            _ => reply.reflector_seq.checked_sub(next_reflected)?,
        };
        match reached_of_these {
            0 => lose(&mut pattern, missing),
            all if all == missing => (0..missing).for_each(|_| pattern.record(Outcome::Received)),
            _ => return None,
        }
        pattern.record(Outcome::Received);
        (next, next_reflected) = (reply.seq + 1, reply.reflector_seq + 1);
    }
    (decided > 0).then(|| pattern.summary())
}

/// How many the reflector counted, up to the last one that is known.
fn counted(replies: &[Reply]) -> u64 {
    replies.iter().map(|reply| u64::from(reply.reflector_seq) + 1).max().unwrap_or(0)
}

fn lose(pattern: &mut LossPattern, packets: u32) {
    (0..packets).for_each(|_| pattern.record(Outcome::Lost));
}
