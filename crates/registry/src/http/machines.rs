//! Machines that may report: they enrol once with a code, and can be shut out.

use super::asked::{Json, Path, Query};
use super::caller::{Admin, May, Origin, Read};
use super::described::Described as _;
use super::list::{List, Page, WhichPage};
use super::refusal::{HttpRefusal, Refusal, refuse, unfit, unknown};
use crate::enrolment::{self, Code, Leave, LeaveError};
use crate::service::Service;
use crate::store::{Deed, Enrolled, Machine, MachineKind};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tongke_pairing::id::{NodeId, SchoolId};
use tongke_protocol::WallTime;
use tongke_protocol::signed::PublicKey;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .with(routes!(enrol_machine, machines))
        .with(routes!(machine, revoke_machine))
        .with(routes!(allow_machine))
}

/// What a machine brings to enrol.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Enrolment {
    /// The code that it was given. Case, spaces and hyphens do not matter.
    #[schema(example = "ABCD-EFGH", max_length = 40)]
    code: String,
    /// Its public key: Ed25519, base64url without padding (`x` of RFC 8037).
    #[schema(value_type = String, example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", pattern = "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]
    public_key: PublicKey,
    /// As it calls itself. It is written down; the name that people gave it stays.
    #[serde(default)]
    #[schema(max_length = 100)]
    name: String,
}

/// A machine that enrolled.
#[derive(Debug, Serialize, ToSchema)]
struct Node {
    /// The name that it signs with from now on.
    node: NodeId,
}

/// Enrols a machine: its code is used up, its key is the one that its words are checked with. Needs no token.
#[utoipa::path(post, path = "/machines", tag = "machines", operation_id = "enrol_machine", security(()),
    request_body = Enrolment,
    responses(
        (status = 200, description = "It may report", body = Node),
        (status = 403, description = "No such code, or it was used, or its time is over: `no_such_code`", body = Refusal),
        (status = 409, description = "Another machine has that name, or this key was revoked: `name_taken`", body = Refusal),
        (status = 429, description = "Too many tries in vain: `too_many_tries`; `Retry-After` says when", body = Refusal),
    ))]
async fn enrol_machine(
    State(service): State<Arc<Service>>,
    Origin(place): Origin,
    Json(Enrolment { code, public_key, name }): Json<Enrolment>,
) -> Result<axum::Json<Node>, HttpRefusal> {
    let now = service.now();
    service.tries.may(place, now).map_err(|seconds| {
        let message = "too many codes were tried that do not exist";
        let hint = format!("try again in {seconds} s");
        refuse(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", message, hint).after(seconds)
    })?;
    let enrolled = match Code::typed(&code) {
        Some(code) => service.store.enrol(code.as_str(), &public_key.to_string(), now).await?,
        None => Enrolled::NoSuchCode,
    };
    match enrolled {
        Enrolled::Done(machine) => {
            let name: String =
                name.chars().filter(|c| !c.is_control()).take(enrolment::MAX_NAME_CHARS).collect();
            let detail = format!("key {public_key}, calls itself '{name}'");
            let who = machine.id.as_str();
            service
                .store
                .audit(Deed { who, what: "machine_enrolled", about: who, detail: &detail }, now)
                .await?;
            Ok(axum::Json(Node { node: machine.id }))
        }
        Enrolled::NoSuchCode => {
            service.tries.count(place, now);
            let message = "there is no such code, or it was used, or its time is over";
            let hint = "look at the code, or ask for a new one";
            Err(refuse(StatusCode::FORBIDDEN, "no_such_code", message, hint))
        }
        Enrolled::NameTaken => {
            let message = "another machine has that name, or this key was revoked before";
            let hint = "revoke the other machine first, or let this one make a new key; the code still holds";
            Err(refuse(StatusCode::CONFLICT, "name_taken", message, hint))
        }
    }
}

/// Which machine may enrol.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Allowed {
    /// Its name to be.
    #[schema(example = "lake-room-3")]
    machine: NodeId,
    /// What it is.
    kind: MachineSort,
    /// Whose; a node is a school's.
    #[serde(default)]
    #[schema(example = "lake")]
    school: Option<SchoolId>,
    /// As people call it.
    #[schema(min_length = 1, max_length = 100, example = "三年级二班")]
    name: String,
    /// Seconds for which the code holds; a day, if nothing is said.
    #[serde(default)]
    #[schema(maximum = 2_592_000)]
    valid_s: Option<u64>,
}

/// A code that was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeCode {
    /// To be typed in at the machine. It is shown here and nowhere else.
    #[schema(example = "ABCD-EFGH")]
    code: String,
    /// Until when it holds, µs since the Unix epoch.
    #[schema(value_type = u64)]
    expires_us: WallTime,
}

/// What a machine is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum MachineSort {
    /// A classroom's node: it speaks for its school's rooms alone.
    Node,
    /// A relay: it speaks for whoever is connected to it.
    Relay,
}

/// Makes a code by which one machine may enrol, once.
#[utoipa::path(post, path = "/enrolments", tag = "machines", operation_id = "allow_machine", security(("token" = ["admin"])),
    request_body = Allowed,
    responses(
        (status = 201, description = "The code", body = MadeCode),
        (status = 422, description = "`school_missing`, `unknown_school`, `name_unfit`, `valid_too_long`", body = Refusal),
    ))]
async fn allow_machine(
    State(service): State<Arc<Service>>,
    May { access, .. }: May<Admin>,
    Json(Allowed { machine, kind, school, name, valid_s }): Json<Allowed>,
) -> Result<Response, HttpRefusal> {
    let kind = match kind {
        MachineSort::Node => MachineKind::Node,
        MachineSort::Relay => MachineKind::Relay,
    };
    let valid = valid_s.map_or(enrolment::USUAL, Duration::from_secs);
    let leave = Leave { machine, kind, school, name, valid };
    let allowed = enrolment::allow(&service.store, &leave, &access.sub, service.now()).await;
    let (code, expires_us) = allowed.map_err(|why| {
        let code = match why {
            LeaveError::Store(error) => return HttpRefusal::from(error),
            LeaveError::NoSchool => "school_missing",
            LeaveError::UnknownSchool(_) => "unknown_school",
            LeaveError::Name => "name_unfit",
            LeaveError::TooLong => "valid_too_long",
        };
        unfit(code, why.to_string(), "correct it and send it again")
    })?;
    Ok((StatusCode::CREATED, axum::Json(MadeCode { code: code.to_string(), expires_us })).into_response())
}

/// A machine.
#[derive(Debug, Serialize, ToSchema)]
struct MachineCard {
    /// Its name, which stands in its signatures.
    id: NodeId,
    /// What it is.
    kind: MachineSort,
    /// Whose, if it is a school's.
    school: Option<SchoolId>,
    /// As people call it.
    name: String,
    /// Its key.
    public_key: String,
    /// Since when it may report, µs since the Unix epoch.
    #[schema(value_type = u64)]
    enrolled_us: WallTime,
    /// Since when no longer.
    #[schema(value_type = Option<u64>)]
    revoked_us: Option<WallTime>,
    /// Whether it stands by for orders (`tongke standby`).
    link_open: bool,
    /// When it was last heard of over that link; none: not since the registry was started.
    #[schema(value_type = Option<u64>)]
    seen_us: Option<WallTime>,
}

impl MachineCard {
    fn of(machine: Machine, service: &Service) -> MachineCard {
        let seen = service.links.seen(&machine.id, service.now());
        let (link_open, seen_us) = (seen.is_open && machine.revoked_us.is_none(), seen.at);
        let Machine { id, kind, school, name, public_key, enrolled_us, revoked_us } = machine;
        let kind = match kind {
            MachineKind::Node => MachineSort::Node,
            MachineKind::Relay => MachineSort::Relay,
        };
        MachineCard { id, kind, school, name, public_key, enrolled_us, revoked_us, link_open, seen_us }
    }
}

/// All machines, by name; those that enrolled again stand once for each key.
#[utoipa::path(get, path = "/machines", tag = "machines", operation_id = "machines", security(("token" = ["read"])),
    params(WhichPage), responses((status = 200, description = "A page", body = List<MachineCard>)))]
async fn machines(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Query(WhichPage { limit, cursor }): Query<WhichPage>,
) -> Result<axum::Json<List<MachineCard>>, HttpRefusal> {
    let page = Page::<(String, String)>::asked(limit, cursor.as_deref())?;
    let behind = page.behind.as_ref().map(|(id, key)| (id.as_str(), key.as_str()));
    let found = service.store.machines_behind(behind, page.and_one()).await?;
    let list = page.cut(found, |machine| (machine.id.to_string(), machine.public_key.clone()));
    Ok(axum::Json(list.map(|machine| MachineCard::of(machine, &service))))
}

/// A machine, with the key that it has now.
#[utoipa::path(get, path = "/machines/{id}", tag = "machines", operation_id = "machine", security(("token" = ["read"])),
    params(("id" = NodeId, Path, description = "The machine")),
    responses(
        (status = 200, description = "The machine", body = MachineCard),
        (status = 404, description = "There is none: `machine_unknown`", body = Refusal),
    ))]
async fn machine(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(id): Path<NodeId>,
) -> Result<axum::Json<MachineCard>, HttpRefusal> {
    let machine = service.store.machine(&id).await?.ok_or_else(|| no_machine(&id))?;
    Ok(axum::Json(MachineCard::of(machine, &service)))
}

fn no_machine(id: &NodeId) -> HttpRefusal {
    unknown("machine_unknown", format!("no machine is enrolled as '{id}'"), "GET /machines lists all")
}

/// Shuts a machine out: from now on it may not report. What it said stays, and counts.
#[utoipa::path(delete, path = "/machines/{id}", tag = "machines", operation_id = "revoke_machine",
    security(("token" = ["admin"])), params(("id" = NodeId, Path, description = "The machine")),
    responses(
        (status = 204, description = "It is shut out, or was before"),
        (status = 404, description = "There is none: `machine_unknown`", body = Refusal),
    ))]
async fn revoke_machine(
    State(service): State<Arc<Service>>,
    May { access, .. }: May<Admin>,
    Path(id): Path<NodeId>,
) -> Result<StatusCode, HttpRefusal> {
    let now = service.now();
    if service.store.revoke(&id, now).await? {
        let deed = Deed { who: &access.sub, what: "machine_revoked", about: id.as_str(), detail: "" };
        service.store.audit(deed, now).await?;
        tracing::info!(machine = %id, by = access.sub, "a machine was revoked");
    } else if service.store.machine(&id).await?.is_none() {
        return Err(no_machine(&id));
    }
    Ok(StatusCode::NO_CONTENT)
}
