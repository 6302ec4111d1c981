//! Leases of lines: who wants to load one asks first, and is refused beside a lesson or another test.
//!
//! Whose line it is the relay knows from the address that the request comes from. Behind a proxy that is the proxy's,
//! and only participants are told apart.

use super::Relay;
use super::caller::Caller;
use super::lesson::Body;
use super::refusal::{HttpRefusal, busy, refuse};
use crate::leases::{Holder, Leases, Taken};
use crate::worker::Plane;
use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::net::SocketAddr;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tongke_probe::{Reflector, Stopped};
use tongke_protocol::ParticipantId;
use tongke_protocol::control::{LeaseRequest, LineLease, LoadPurpose, LoadSession};

/// How often it is looked whether a lesson began on a loaded line.
const WATCH_PERIOD: Duration = Duration::from_secs(1);

/// `POST /lessons/{lesson}/load`
pub(super) async fn take(
    State(relay): State<Arc<Relay>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Caller { lesson, grant }: Caller,
    Body(asked): Body<LeaseRequest>,
) -> Result<Json<LineLease>, HttpRefusal> {
    if relay.is_draining() {
        return Err(busy());
    }
    let reflector = (asked.purpose == LoadPurpose::Packets).then(|| relay.takes_load()).transpose()?;
    let holder = Holder { lesson, participant: grant.participant, address: from.ip().to_canonical() };
    if relay.is_live(&holder, asked).await? {
        return Err(lesson_live(&holder));
    }
    let (now, id) = (Instant::now(), rand::random());
    let (lasts_s, load) = {
        let mut leases = relay.leases();
        let lease = leases.take(now, id, holder.clone(), asked).map_err(refused)?;
        let load = reflector.and_then(|reflector| open(reflector, &mut lease.session));
        ((lease.until - now).as_secs(), load)
    };
    if asked.purpose == LoadPurpose::Packets {
        if load.is_none() {
            relay.leases().give_back(id, &holder.participant);
            return Err(refused(Taken::Relay));
        }
        tokio::spawn(watch(Arc::downgrade(&relay), id, holder, asked));
    }
    Ok(Json(LineLease { lease: name(id), lasts_s, load }))
}

/// `DELETE /lessons/{lesson}/load/{lease}`
pub(super) async fn give_back(
    State(relay): State<Arc<Relay>>,
    caller: Caller,
    Path((_, lease)): Path<(String, String)>,
) -> Result<StatusCode, HttpRefusal> {
    let ended = u64::from_str_radix(&lease, 16)
        .is_ok_and(|id| relay.end_lease(id, &caller.grant.participant, Stopped::GivenBack));
    ended.then_some(StatusCode::NO_CONTENT).ok_or_else(|| {
        let text = "there is no such lease of this participant, or its time is over";
        refuse(StatusCode::NOT_FOUND, "lease_unknown", text)
    })
}

fn open(reflector: &Reflector, session: &mut Option<u16>) -> Option<LoadSession> {
    let opened = reflector.open_load()?;
    *session = Some(opened.session);
    Some(LoadSession {
        port: reflector.address().port(),
        session: opened.session,
        key: URL_SAFE_NO_PAD.encode(opened.key),
        fastest_bps: reflector.fastest_load_bps(),
    })
}

/// Takes the line back when a lesson begins on it.
async fn watch(relay: Weak<Relay>, id: u64, holder: Holder, asked: LeaseRequest) {
    let mut periods = tokio::time::interval(WATCH_PERIOD);
    loop {
        periods.tick().await;
        let Some(relay) = relay.upgrade() else { return };
        if relay.leases().get(Instant::now(), id).is_none() {
            return;
        }
        // A worker that is too busy to answer has lessons.
        if relay.is_live(&holder, asked).await.unwrap_or(true) {
            tracing::info!(participant = %holder.participant, "a lesson begins on a line that is tested");
            relay.end_lease(id, &holder.participant, Stopped::LessonLive);
            return;
        }
    }
}

impl Relay {
    fn leases(&self) -> MutexGuard<'_, Leases> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn takes_load(&self) -> Result<&Reflector, HttpRefusal> {
        self.reflector.as_ref().filter(|_| self.takes_load).ok_or_else(|| {
            let text = "this relay lets no line be loaded; its operator decides (--reflector, --load-mbps)";
            refuse(StatusCode::NOT_FOUND, "no_load", text)
        })
    }

    /// Whether a lesson is live on a line.
    async fn is_live(&self, line: &Holder, asked: LeaseRequest) -> Result<bool, HttpRefusal> {
        let address = (!asked.shared_address).then_some(line.address);
        for worker in &self.workers {
            let participant = line.participant.clone();
            let job = move |plane: &mut Plane, _| plane.is_live_on(address, &participant);
            if worker.ask(job).await.map_err(|_| busy())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// False: there is no such lease, or it is another's.
    fn end_lease(&self, id: u64, of: &ParticipantId, why: Stopped) -> bool {
        let Some(lease) = self.leases().give_back(id, of) else { return false };
        if let (Some(session), Some(reflector)) = (lease.session, &self.reflector) {
            reflector.close_load(session, why);
        }
        true
    }
}

fn name(id: u64) -> String {
    format!("{id:016x}")
}

fn lesson_live(line: &Holder) -> HttpRefusal {
    let text = format!(
        "a lesson is live on this line, as the relay sees it ({} at {}); test when it is over. If it may be another \
         school's that shares this address, say shared_address",
        line.participant, line.address
    );
    refuse(StatusCode::CONFLICT, "lesson_live", text)
}

fn refused(taken: Taken) -> HttpRefusal {
    match taken {
        Taken::Line(by) => {
            let text = format!(
                "another test loads this line ({} at {}); try again in two minutes. If another school shares this \
                 address, say shared_address",
                by.participant, by.address
            );
            refuse(StatusCode::CONFLICT, "line_busy", text)
        }
        Taken::Relay => {
            let text = "the relay tests as many lines as it can; try again in two minutes";
            refuse(StatusCode::SERVICE_UNAVAILABLE, "relay_busy", text)
        }
    }
}
