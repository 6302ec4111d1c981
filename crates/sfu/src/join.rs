//! Joining: an offer or a hello becomes a leg.

use crate::codecs::CodecSet;
use crate::core::Core;
use crate::incoming::Incoming;
use crate::leg::{IceState, LegKind, NewLeg};
use crate::record::hex;
use crate::room::Room;
use crate::slots::Slot;
use crate::subscription::{Stream, Subscription};
use crate::wire::Link;
use crate::{JoinError, LegId, PatchError};
use rand::Rng;
use tongke_protocol::control::{Hello, MAX_SLOTS, QuicSlot, Welcome};
use tongke_protocol::{Grant, LessonId, MediaKind, Now, Role};
use tongke_transport::rtp::{ExtensionKind, ExtensionMap, SmallId};
use tongke_transport::webrtc::sdp::{
    AnswerParams, Candidate, Leg as SdpLeg, NegotiatedMedia, Offer, SendStream, TrickleFragment, answer,
    restart_fragment,
};
use tongke_transport::webrtc::{IceCredentials, Session, SessionConfig};

/// An accepted WHIP or WHEP offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The new leg.
    pub leg: LegId,
    /// The session's name: the last segment of its resource's path.
    pub session: String,
    /// The entity tag of its ICE session, quotes included.
    pub etag: String,
    /// The SDP answer.
    pub answer: String,
}

/// What a PATCH did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patched {
    /// Candidates were noted: 204.
    NoContent,
    /// ICE restarts: 200 with the relay's new credentials.
    Restarted {
        /// The SDP fragment for the body.
        fragment: String,
        /// The new entity tag, quotes included.
        etag: String,
    },
}

/// The relay's canonical name in RTCP.
const CNAME: &str = "tongke";

impl Core {
    /// Answers a WHIP offer. The grant must have been verified for the lesson.
    pub fn join_whip(
        &mut self,
        now: Now,
        lesson: &LessonId,
        grant: &Grant,
        offer: &str,
    ) -> Result<Joined, JoinError> {
        self.check_room(lesson, grant)?;
        check_role(grant.role)?;
        self.join_webrtc(now, lesson, grant, offer, LegKind::Whip)
    }

    /// Answers a WHEP offer. The grant must have been verified for the lesson.
    pub fn join_whep(
        &mut self,
        now: Now,
        lesson: &LessonId,
        grant: &Grant,
        offer: &str,
    ) -> Result<Joined, JoinError> {
        self.check_room(lesson, grant)?;
        self.join_webrtc(now, lesson, grant, offer, LegKind::Whep)
    }

    /// Answers the offer of a check of the way to the relay, which is made as for WHEP. The grant must
    /// have been verified for the lesson.
    pub fn join_check(
        &mut self,
        now: Now,
        lesson: &LessonId,
        grant: &Grant,
        offer: &str,
    ) -> Result<Joined, JoinError> {
        self.check_room(lesson, grant)?;
        self.join_webrtc(now, lesson, grant, offer, LegKind::Check)
    }

    /// Takes a QUIC session in, after its hello. The grant must have been verified for the lesson.
    /// Send the welcome before the events that are in the outputs afterwards.
    pub fn join_quic(
        &mut self,
        now: Now,
        grant: &Grant,
        hello: &Hello,
    ) -> Result<(LegId, Welcome), JoinError> {
        self.check_room(&hello.lesson, grant)?;
        if !hello.publish.is_empty() {
            check_role(grant.role)?;
        }
        check_hello(hello)?;
        let session = self.session_name();
        let media = std::iter::repeat_n(MediaKind::Video, usize::from(hello.video_slots))
            .chain(std::iter::repeat_n(MediaKind::Audio, usize::from(hello.audio_slots)));
        let slots: Vec<_> = (0..).zip(media).map(|(index, media)| (index, self.quic_slot(media))).collect();
        let told = slots.iter().map(|(index, (slot, subscription))| QuicSlot {
            slot: *index,
            media: slot.media,
            ssrc: subscription.stream.ssrc,
        });
        let welcome = Welcome {
            participant: grant.participant.clone(),
            session: session.clone(),
            slots: told.collect(),
        };
        let new = NewLeg {
            owner: grant.participant.clone(),
            kind: LegKind::Quic,
            session,
            ice: IceState::default(),
            link: Link::Quic,
            incoming: Incoming::from_hello(&hello.publish),
            local_ssrc: self.random.random(),
            slots: slots.into_iter().map(|(index, (slot, stream))| (index, slot, stream)).collect(),
            limits: self.config.ingress,
        };
        Ok((self.enter(now, &hello.lesson, grant, new), welcome))
    }

    fn quic_slot(&mut self, media: MediaKind) -> (Slot<u64>, Subscription) {
        let codecs = CodecSet::quic();
        let stream = Stream {
            ssrc: self.random.random(),
            rtx_ssrc: None,
            codecs,
            extensions: ExtensionMap::quic(),
            mid: None,
        };
        (Slot { media, codecs, source: None }, Subscription::new(stream, self.random.random()))
    }

    fn join_webrtc(
        &mut self,
        now: Now,
        lesson: &LessonId,
        grant: &Grant,
        offer: &str,
        kind: LegKind,
    ) -> Result<Joined, JoinError> {
        let offer = Offer::parse(offer).map_err(|error| JoinError::Offer(error.to_string()))?;
        let local = self.credentials();
        let publishes = kind == LegKind::Whip;
        let streams = if publishes { Vec::new() } else { self.send_streams(&offer) };
        let params = AnswerParams {
            leg: if publishes { SdpLeg::Publish } else { SdpLeg::Subscribe },
            ice: &local,
            fingerprint: &self.config.certificate.fingerprint().to_string(),
            candidates: &self.candidates(),
            streams: &streams,
            cname: CNAME,
            session_id: self.random.random(),
        };
        let (text, media) = answer(&offer, &params).map_err(|error| JoinError::Offer(error.to_string()))?;
        let remote_ufrag = offer.ice.ufrag.clone();
        let config =
            SessionConfig::new(self.config.certificate.clone(), local.clone(), offer.ice, offer.fingerprint);
        let session = Session::new(now, config).map_err(|error| JoinError::Offer(error.to_string()))?;
        let name = self.session_name();
        let etag = etag_of(&local);
        let is_whep = kind == LegKind::Whep;
        let new = NewLeg {
            owner: grant.participant.clone(),
            kind,
            session: name.clone(),
            link: Link::Webrtc(Box::new(session)),
            incoming: if publishes { Incoming::from_sdp(&media) } else { Incoming::default() },
            local_ssrc: self.random.random(),
            slots: if is_whep { self.whep_slots(&media) } else { Vec::new() },
            limits: self.config.ingress,
            ice: IceState {
                etag: etag.clone(),
                remote_ufrag,
                local_ufrags: vec![local.ufrag.clone()],
                media,
                paths: Vec::new(),
            },
        };
        let leg = self.enter(now, lesson, grant, new);
        self.by_session.insert(name.clone(), leg.0);
        self.by_ufrag.insert(local.ufrag, leg.0);
        Ok(Joined { leg, session: name, etag, answer: text })
    }

    /// One stream for each media section. The first picture and the first sound are played in sync
    /// by browsers; of the others nobody knows yet which belong together.
    fn send_streams(&mut self, offer: &Offer) -> Vec<SendStream> {
        let mut has_first = [false; 2];
        let stream = |(index, kind): (usize, Option<MediaKind>)| {
            let of_kind = usize::from(kind == Some(MediaKind::Audio));
            let is_first = !std::mem::replace(&mut has_first[of_kind], true);
            SendStream {
                ssrc: self.random.random(),
                rtx_ssrc: self.random.random(),
                stream_id: if is_first { "tongke".into() } else { format!("tongke-{index}") },
            }
        };
        offer.media.iter().map(|media| media.kind).enumerate().map(stream).collect()
    }

    fn whep_slots(&mut self, media: &[NegotiatedMedia]) -> Vec<(u8, Slot<u64>, Subscription)> {
        let active = media.iter().filter(|media| media.active);
        active
            .filter_map(|media| {
                let mut codecs = CodecSet::default();
                for codec in &media.codecs {
                    codecs.add(codec.codec, codec.payload_type, codec.rtx_payload_type);
                }
                let mut extensions = media.extensions;
                // One of the two is enough for a receiver to tell the way's state.
                let unused = if media.twcc { ExtensionKind::AbsSendTime } else { ExtensionKind::TransportCc };
                extensions.set(0, unused);
                let stream = Stream {
                    ssrc: media.ssrc?,
                    rtx_ssrc: media.rtx_ssrc,
                    codecs,
                    extensions,
                    mid: SmallId::new(&media.mid),
                };
                let slot = Slot { media: media.kind, codecs, source: None };
                Some((media.index, slot, Subscription::new(stream, self.random.random())))
            })
            .collect()
    }

    /// Puts a leg into its lesson's room, which is made if there is none.
    fn enter(&mut self, now: Now, lesson: &LessonId, grant: &Grant, new: NewLeg) -> LegId {
        if grant.role.may_publish() {
            // Classrooms join where the lesson's home is: it is here now.
            self.leave_home(now, lesson, "the lesson has moved");
        }
        let room = self.room_of_lesson(now, lesson);
        let joined = self.in_room(now, room, |state, turn| match new.kind {
            LegKind::Check => state.join_check(turn, room, new),
            _ => state.join(turn, room, grant, new),
        });
        joined.expect("the room was found or made above")
    }

    /// The room of a lesson, which is made if there is none.
    pub(crate) fn room_of_lesson(&mut self, now: Now, lesson: &LessonId) -> u64 {
        if let Some(room) = self.by_lesson.get(lesson) {
            return *room;
        }
        let conduct = self.kept.enter(now, lesson);
        self.kept.set_open(now, conduct, true);
        let room = self.rooms.insert_with(|_| Room::new(lesson.clone(), conduct));
        self.by_lesson.insert(lesson.clone(), room);
        room
    }

    pub(crate) fn check_room(&self, lesson: &LessonId, grant: &Grant) -> Result<(), JoinError> {
        if self.is_ending {
            return Err(JoinError::ShuttingDown);
        }
        if !grant.lesson.covers(lesson) {
            return Err(JoinError::OtherLesson { granted: grant.lesson.clone(), asked: lesson.clone() });
        }
        let room = self.by_lesson.get(lesson).and_then(|room| self.rooms.get(*room));
        let at_branch = room.is_some_and(|room| room.home.is_some()) && !grant.role.may_publish();
        if !at_branch {
            // Who joins at a branch was let in by the home.
            self.check_conduct(lesson, grant)?;
        }
        if self.legs.len() >= self.config.max_legs {
            return Err(JoinError::RelayFull(self.config.max_legs));
        }
        let limit = self.config.max_legs_per_lesson;
        if room.is_some_and(|room| room.legs.len() + room.branches.legs() >= limit) {
            return Err(JoinError::LessonFull(limit));
        }
        Ok(())
    }

    /// Changes the ICE session of a WHIP or WHEP leg (RFC 9725 §4.3).
    pub fn patch(
        &mut self,
        _now: Now,
        leg: LegId,
        fragment: &str,
        if_match: Option<&str>,
    ) -> Result<Patched, PatchError> {
        let state = self.legs.get(leg.0).ok_or(PatchError::NoSession)?;
        if !matches!(state.wire.link, Link::Webrtc(_)) {
            return Err(PatchError::NoSession);
        }
        let if_match = if_match.ok_or(PatchError::NoEtag)?;
        let current = state.ice.etag.clone();
        if !if_match.split(',').map(str::trim).any(|tag| tag == "*" || tag == current) {
            return Err(PatchError::OtherEtag { current });
        }
        let fragment =
            TrickleFragment::parse(fragment).map_err(|error| PatchError::Fragment(error.to_string()))?;
        match fragment.ice {
            Some(remote) if remote.ufrag != state.ice.remote_ufrag => Ok(self.restart_ice(leg, remote)),
            // Candidates are of no use to an ICE-lite agent: it answers whoever knows the password.
            _ => Ok(Patched::NoContent),
        }
    }

    fn restart_ice(&mut self, leg: LegId, remote: IceCredentials) -> Patched {
        let local = self.credentials();
        let candidates = self.candidates();
        let etag = etag_of(&local);
        let Some(state) = self.legs.get_mut(leg.0) else { return Patched::NoContent };
        let fragment = restart_fragment(&state.ice.media, &local, &candidates);
        state.ice.etag.clone_from(&etag);
        state.ice.remote_ufrag.clone_from(&remote.ufrag);
        state.ice.local_ufrags.push(local.ufrag.clone());
        if state.ice.local_ufrags.len() > 2 {
            self.by_ufrag.remove(&state.ice.local_ufrags.remove(0));
        }
        self.by_ufrag.insert(local.ufrag.clone(), leg.0);
        if let Link::Webrtc(session) = &mut state.wire.link {
            session.restart_ice(local, remote);
        }
        Patched::Restarted { fragment, etag }
    }

    fn candidates(&self) -> Vec<Candidate> {
        let udp = self.config.udp_addresses.iter().map(|address| Candidate::Udp(*address));
        let tcp = self.config.tcp_addresses.iter().map(|address| Candidate::TcpPassive(*address));
        udp.chain(tcp).collect()
    }

    fn credentials(&mut self) -> IceCredentials {
        IceCredentials::from_random(&self.random.random())
    }

    /// 128 random bits in hex: whoever knows a session's name could end it, if not for the grant.
    fn session_name(&mut self) -> String {
        hex(&self.random.random::<[u8; 16]>())
    }
}

/// The local user fragment changes with each restart, so it names the ICE session.
fn etag_of(local: &IceCredentials) -> String {
    format!("\"{}\"", local.ufrag)
}

fn check_role(role: Role) -> Result<(), JoinError> {
    if role.may_publish() { Ok(()) } else { Err(JoinError::MayNotPublish(role)) }
}

/// Refuses a hello that contradicts itself.
fn check_hello(hello: &Hello) -> Result<(), JoinError> {
    let refuse = |why: String| Err(JoinError::Hello(why));
    if hello.video_slots > MAX_SLOTS || hello.audio_slots > MAX_SLOTS {
        return refuse(format!("at most {MAX_SLOTS} receive slots of each kind can be asked for"));
    }
    for (index, track) in hello.publish.iter().enumerate() {
        if track.codec.media() != track.kind.media() {
            return refuse(format!("the {} cannot be encoded as {:?}", track.kind, track.codec));
        }
        let others = &hello.publish[..index];
        if others.iter().any(|other| other.kind == track.kind) {
            return refuse(format!("the {} is announced twice", track.kind));
        }
        if others.iter().any(|other| other.ssrc == track.ssrc) {
            return refuse(format!("two tracks have the source {}", track.ssrc));
        }
    }
    Ok(())
}
