//! What this end hears of the other: delays, what is missing and invented, beeps, and what comes back of its own
//! sweeps.

use super::delays::Delays;
use super::findings::{Told, missing, missing_as};
use super::recording::Recording;
use super::speech::Speech;
use super::times::Times;
use super::turns::Turns;
use crate::rating;
use crate::receive::{PieceKind, TappedSound};
use std::time::{Duration, Instant};
use tongke_inspection::Quantity;
use tongke_inspection::facts::{Cause, Event, EventKind, Finding, Measured, Method, Missing, RemarkCode};
use tongke_measure::Concealment;
use tongke_measure::echo::Echo;
use tongke_measure::emodel::Loss;
use tongke_measure::evidence::LossShare;
use tongke_measure::room::{Microphone, RoomFacts, RoomMeter};
use tongke_media::beat::BeepDetector;
use tongke_media::sound::SAMPLE_RATE;

/// Events kept for the time line.
const EVENTS: usize = 1_000;
/// Invented pieces nearer to each other than this are one loss on the time line, in seconds.
const ONE_LOSS_S: f64 = 0.1;
/// What the other end says is heard no later than so long after it.
const LONGEST_WAY: Duration = Duration::from_secs(1);
/// Beeps kept: an hour of them.
const BEEPS: usize = 1_000;
/// Echoes of sweeps kept: an hour of them.
const ECHOES: usize = 800;

/// Collects the sound of the other end.
#[derive(Debug)]
pub(super) struct Sounds {
    delays: Delays,
    concealment: Concealment,
    losses: Vec<Event>,
    room: RoomMeter,
    beep: BeepDetector,
    beeps: Vec<Instant>,
    recording: Recording,
    sweeps: Turns,
    words: Turns,
    speech: Speech,
    echoes: Vec<Echo>,
}

impl Sounds {
    pub(super) fn new(times: &Times, speech: Speech) -> Self {
        Self {
            delays: Delays::default(),
            concealment: Concealment::new(SAMPLE_RATE),
            losses: Vec::new(),
            room: RoomMeter::new(SAMPLE_RATE),
            beep: BeepDetector::default(),
            beeps: Vec::new(),
            recording: Recording::new(times.begin),
            sweeps: Turns::of_sweeps(times.side),
            words: Turns::of_speech(times.side.other()),
            speech,
            echoes: Vec::new(),
        }
    }

    /// A piece goes to the loudspeaker.
    pub(super) fn on_sound(&mut self, times: &Times, tapped: &TappedSound) {
        let TappedSound { samples, channels, heard, kind, delay_us, .. } = tapped;
        let mono: Vec<f32> = samples
            .chunks_exact(usize::from(*channels).max(1))
            .map(|of| f32::from(of[0]) / 32_768.0)
            .collect();
        match kind {
            PieceKind::Received | PieceKind::Stretched => self.concealment.on_played(mono.len() as u64),
            PieceKind::Concealed => {
                self.concealment.on_concealed(mono.len() as u64, false);
                self.lost(times.at_s(*heard), mono.len() as f64 / f64::from(SAMPLE_RATE));
            }
            PieceKind::Silence => {}
        }
        if *kind == PieceKind::Received {
            self.room.push(&mono);
        }
        if let Some((delay_us, bound_us)) = delay_us {
            self.delays.push(times, *heard, *delay_us, *bound_us);
        }
        if let Some(beep) = self.beep.on_samples(samples, *channels, *heard)
            && self.beeps.len() < BEEPS
        {
            self.beeps.push(beep);
        }
        self.recording.push(*heard, &mono);
        self.listen(times);
        while let Some(turn) = self.sweeps.next(times, &self.recording, Duration::ZERO) {
            for echo in turn.echoes(times) {
                match echo {
                    Ok(echo) if self.echoes.len() < ECHOES => self.echoes.push(echo),
                    Ok(_) => {}
                    Err(error) => tracing::debug!(%error, "a sweep without an echo to look for"),
                }
            }
        }
    }

    /// Keeps a turn of the other end's speech, once all of it must have come.
    fn listen(&mut self, times: &Times) {
        while let Some(turn) = self.words.next(times, &self.recording, LONGEST_WAY) {
            if let Some(began) = times.instant_of(turn.time.start) {
                self.speech.push(turn, times.at_s(began));
            }
        }
    }

    fn lost(&mut self, at_s: f64, lasting_s: f64) {
        if let Some(last) = self.losses.last_mut()
            && at_s - (last.at_s + last.lasting_s) < ONE_LOSS_S
        {
            last.lasting_s = (at_s + lasting_s - last.at_s).max(0.0);
        } else if self.losses.len() < EVENTS {
            self.losses.push(Event { what: EventKind::Loss, at_s, lasting_s });
        }
    }

    /// How alike the speech that came is to what was said; `fault` is what [`fault`](Self::fault) says.
    pub(super) fn speech(self, fault: Option<&Missing>, told: &Told) -> Finding {
        let heard = || self.speech.compared().measured(told);
        told.finding(Quantity::SpeechVisqol, fault.map_or_else(heard, |of| Err(of.clone())))
    }

    /// Beeps that were heard, in order.
    pub(super) fn beeps(&self) -> &[Instant] {
        &self.beeps
    }

    /// What came back of this end's sweeps, one by one.
    pub(super) fn echoes(&self) -> &[Echo] {
        &self.echoes
    }

    /// What the other end's microphone heard.
    pub(super) fn room(&self) -> RoomFacts {
        self.room.facts()
    }

    /// How well the clocks behind the delays are known, ms.
    pub(super) fn clock_bound_ms(&self) -> f64 {
        self.delays.clock_bound_ms()
    }

    pub(super) fn mouth_to_ear_ms(&self) -> Option<f64> {
        self.delays.median_ms()
    }

    /// The loss that was heard.
    pub(super) fn heard_loss(&self) -> Loss {
        rating::loss(&self.concealment)
    }

    /// Why there is nothing to be said of the other end's sound; none: there is. `none_came`: if that is why.
    pub(super) fn fault(&self, none_came: &Missing) -> Option<Missing> {
        if self.concealment.total_samples() == 0 {
            return Some(none_came.clone());
        }
        (self.room().microphone == Microphone::Muted).then(|| missing(Cause::MicrophoneMuted))
    }

    /// The findings. `packets`: lost after repair, of how many; `fault` is what [`fault`](Self::fault) says.
    pub(super) fn findings(
        &self,
        packets: LossShare,
        clock_steps: u64,
        fault: Option<&Missing>,
        told: &Told,
    ) -> Vec<Finding> {
        let unknown = || fault.cloned().unwrap_or_else(|| missing(Cause::NoPackets));
        let delay = match fault {
            Some(fault) => Err(fault.clone()),
            None => {
                let unstamped = missing_as(Cause::SignalUnreadable, RemarkCode::SoundUnstamped);
                self.delays.measured(Method::StampSoftware, 0.0, clock_steps, told, unstamped).map(lookahead)
            }
        };
        let seconds = self.concealment.seconds();
        let whole = seconds.unimpaired + seconds.concealed;
        let share = |of: u64| {
            let some = (whole > 0).then(|| told.value(whole, of as f64 / whole as f64, Method::Rfc7294));
            some.ok_or_else(unknown)
        };
        vec![
            told.finding(Quantity::MouthToEar, delay),
            told.finding(Quantity::AudioLoss, self.loss(packets, told).ok_or_else(unknown)),
            told.finding(Quantity::ConcealedSeconds, share(seconds.concealed)),
            told.finding(Quantity::SeverelyConcealedSeconds, share(seconds.severely_concealed)),
        ]
    }

    fn loss(&self, packets: LossShare, told: &Told) -> Option<Measured> {
        let (share, (low, high)) = packets.share().zip(packets.interval())?;
        let bound = Some((share - low).max(high - share));
        let events = self.losses.clone();
        Some(Measured { bound, events, ..told.value(packets.n, share, Method::ReceiverCount) })
    }
}

/// Stamps are set before the encoder, and what its look ahead holds back comes out of the decoder later.
fn lookahead(measured: Measured) -> Measured {
    Measured { reference: vec![RemarkCode::OpusLooksAhead.into()], ..measured }
}
