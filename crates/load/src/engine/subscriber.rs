//! The receiving side of a peer connection: what came, mapped to what was sent.

use super::clock::Clock;
use crate::browser::{AUDIO_PAYLOAD_TYPE, Browser, VIDEO_PAYLOAD_TYPE};
use crate::clear::{self, ClearHeader};
use crate::record::{Record, Sent};
use crate::schedule::Track;
use crate::stamp::{KEYFRAME_START, Stamp};
use crate::stream::{Clear, Got, Judged, Stream};
use crate::tally::{Account, Tally, Window};
use tongke_transport::rtp::RtpView;

/// A keyframe is asked for at most this often.
const KEYFRAME_REQUEST_NS: u64 = 500_000_000;

/// What all subscribers look into and count in.
pub(crate) struct Board<'e> {
    pub clock: &'e Clock,
    pub records: &'e [Record],
    pub window: Window,
    pub tally: &'e mut Tally,
    /// For packets that are opened.
    pub scratch: &'e mut Vec<u8>,
    pub transport_cc: u8,
}

/// A subscriber.
#[derive(Default)]
pub(crate) struct Subscriber {
    /// Its media's first packet, in ns on the machine's wall clock.
    pub first_media_ns: Option<u64>,
    /// First packet of its first keyframe.
    pub first_keyframe_ns: Option<u64>,
    /// What it got.
    pub account: Account,
    streams: Vec<(u32, Stream)>,
    last_stream: usize,
    keyframe_asked_ns: u64,
    video_ssrc: u32,
}

impl Subscriber {
    /// A subscriber that was promised this source of pictures.
    pub(crate) fn new(video_ssrc: u32) -> Self {
        Self { video_ssrc, ..Self::default() }
    }

    /// Takes a sealed RTP packet that came at `at_ns`.
    pub(crate) fn take(&mut self, browser: &mut Browser, packet: &[u8], at_ns: u64, board: &mut Board<'_>) {
        let Some(header) = clear::read(packet, board.transport_cc) else { return };
        if let Some(number) = header.transport_cc {
            browser.note_arrival(board.clock.instant(at_ns), number);
        }
        if ![VIDEO_PAYLOAD_TYPE, AUDIO_PAYLOAD_TYPE].contains(&header.payload_type) {
            return;
        }
        self.first_media_ns.get_or_insert(at_ns);
        let at = self.stream_of(header.ssrc);
        let located = at.and_then(|at| {
            let stream = &self.streams[at].1;
            stream.locate(board.records.get(usize::from(stream.publisher))?, header.clear)
        });
        let awaits_keyframe = header.payload_type == VIDEO_PAYLOAD_TYPE && self.first_keyframe_ns.is_none();
        if let (Some(at), Some(number), false) = (at, located, awaits_keyframe)
            && !self.streams[at].1.is_check_due()
        {
            self.streams[at].1.wait(Got { number, at_ns }, header.clear);
            return;
        }
        match open(browser, packet, board) {
            Some((stamp, sent)) => self.take_opened((at, located), &header, &stamp, &sent, at_ns, board),
            None => board.tally.unopened += 1,
        }
        if awaits_keyframe && self.first_keyframe_ns.is_none() {
            self.video_ssrc = header.ssrc;
            self.ask_keyframe(browser, at_ns);
        }
    }

    fn stream_of(&mut self, ssrc: u32) -> Option<usize> {
        if self.streams.get(self.last_stream).is_none_or(|(known, _)| *known != ssrc) {
            self.last_stream = self.streams.iter().position(|(known, _)| *known == ssrc)?;
        }
        Some(self.last_stream)
    }

    fn take_opened(
        &mut self,
        (at, located): (Option<usize>, Option<u32>),
        header: &ClearHeader,
        stamp: &Stamp,
        sent: &Sent,
        at_ns: u64,
        board: &mut Board<'_>,
    ) {
        if stamp.flags & KEYFRAME_START != 0 {
            self.first_keyframe_ns.get_or_insert(at_ns);
        }
        let at = at.filter(|at| self.streams[*at].1.publisher == stamp.publisher);
        match at {
            Some(at) => self.judge(at, located, sent, header.clear, board),
            None => {
                self.streams.retain(|(ssrc, _)| *ssrc != header.ssrc);
                self.streams.push((header.ssrc, Stream::new(stamp, sent, header.clear)));
            }
        }
        let Some(at) = self.stream_of(header.ssrc) else { return };
        let (publisher, track) = (self.streams[at].1.publisher, self.streams[at].1.track);
        self.count((publisher, track), sent, at_ns, board);
    }

    /// Those that waited for this check count if the headers told the truth.
    fn judge(&mut self, at: usize, located: Option<u32>, sent: &Sent, clear: Clear, board: &mut Board<'_>) {
        let stream = &mut self.streams[at].1;
        let (publisher, track) = (stream.publisher, stream.track);
        let judged = stream.judge(located, sent, clear);
        let waiting: Vec<Got> = stream.take_waiting().collect();
        match judged {
            Judged::Wrong => {
                self.doubt(waiting.len() as u64, board);
                return;
            }
            Judged::Renumbered => board.tally.renumbered += 1,
            Judged::Right => {}
        }
        let Some(record) = board.records.get(usize::from(publisher)) else { return };
        for got in waiting {
            if let Some(sent) = record.find(track, got.number) {
                self.count((publisher, track), sent, got.at_ns, board);
            }
        }
    }

    /// A header told something wrong, and perhaps those of so many packets before it.
    fn doubt(&mut self, waiting: u64, board: &mut Board<'_>) {
        if self.account.is_measured {
            board.tally.mismapped += waiting + 1;
            self.account.uncertain += waiting;
        }
    }

    fn count(&mut self, of: (u16, Track), sent: &Sent, at_ns: u64, board: &mut Board<'_>) {
        self.account.count(of, sent, at_ns, board.window, board.tally);
    }

    /// Asks for a keyframe, if it still waits for one and did not ask just now.
    pub(crate) fn ask_keyframe(&mut self, browser: &mut Browser, now_ns: u64) {
        let is_due = now_ns.saturating_sub(self.keyframe_asked_ns) >= KEYFRAME_REQUEST_NS;
        if self.first_keyframe_ns.is_none() && is_due {
            self.keyframe_asked_ns = now_ns;
            browser.ask_keyframe(self.video_ssrc);
        }
    }
}

/// Opens a packet: its stamp, and what was sent as that.
fn open(browser: &mut Browser, packet: &[u8], board: &mut Board<'_>) -> Option<(Stamp, Sent)> {
    board.scratch.clear();
    board.scratch.extend_from_slice(packet);
    let plain = browser.open_rtp(board.scratch)?;
    let stamp = Stamp::read(RtpView::parse(plain).ok()?.payload)?;
    let sent = *board.records.get(usize::from(stamp.publisher))?.of_stamp(&stamp)?;
    Some((stamp, sent))
}
