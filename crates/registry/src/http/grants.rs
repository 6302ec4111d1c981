//! Grants: what lets a school's room into a lesson. The relay verifies them alone.

use super::asked::{Json, Path};
use super::caller::{Grant, May};
use super::described::Described as _;
use super::refusal::{HttpRefusal, Refusal, refuse};
use super::signed::{Signed, must_be_fresh, refused, signer};
use crate::access::Scope;
use crate::granting::{self, Asker, NoGrant, Wish};
use crate::service::Service;
use crate::store::MachineKind;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tongke_pairing::id::SchoolId;
use tongke_protocol::{LessonId, Role};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().with(routes!(grant_for_lesson)).with(routes!(grant_for_machine))
}

/// Whom to let in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The school.
    #[schema(example = "lake")]
    school: SchoolId,
    /// Which of its rooms; none: it has one.
    #[serde(default)]
    #[schema(pattern = "^[A-Za-z0-9_-]{1,20}$")]
    room: Option<String>,
    /// As what; none: as what the timetable has it, and who is not to take part looks on.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(supporting|receiving|observer|inspector)$")]
    role: Option<Role>,
    /// The name shown to the others; none: the school's.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64)]
    name: Option<String>,
}

/// What lets a room into a lesson.
#[derive(Debug, Serialize, ToSchema)]
struct Granted {
    /// For the relay.
    token: String,
    /// The lesson.
    #[schema(value_type = String)]
    lesson: LessonId,
    /// As whom: `SCHOOL` or `SCHOOL.ROOM`.
    #[schema(value_type = String)]
    participant: String,
    /// As what.
    #[schema(value_type = String)]
    role: Role,
    /// The name shown to the others.
    name: String,
    /// Until when it is good, seconds since the Unix epoch.
    expires_unix_s: u64,
    /// Where the relay is, if the registry was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    relay: Option<String>,
}

/// Lets a school's room into a lesson, from now until two hours after its planned end.
#[utoipa::path(post, path = "/lessons/{lesson}/grants", tag = "lessons", operation_id = "grant_for_lesson",
    security(("token" = ["grant"])),
    params(("lesson" = String, Path, description = "The lesson", pattern = "^[A-Za-z0-9._-]{1,64}$", example = "s1-20190902")), request_body = Wanted,
    responses(
        (status = 201, description = "The grant", body = Granted),
        (status = 403, description = "`access_scope`, `role_unfit`", body = Refusal),
        (status = 404, description = "It is neither planned nor noted: `lesson_unknown`", body = Refusal),
        (status = 409, description = "`lesson_over`, `lesson_cancelled`", body = Refusal),
        (status = 422, description = "`unknown_school`, `room_unfit`, `name_unfit`, `json_unfit`", body = Refusal),
    ))]
async fn grant_for_lesson(
    State(service): State<Arc<Service>>,
    May { access, .. }: May<Grant>,
    Path(lesson): Path<LessonId>,
    Json(Wanted { school, room, role, name }): Json<Wanted>,
) -> Result<Response, HttpRefusal> {
    let asker = Asker::Person { inspects: access.allows(Scope::Admin) };
    let granted = give(&service, Wish { lesson, school, room, role, name }, asker).await?;
    tracing::info!(lesson = %granted.lesson, participant = granted.participant, by = access.sub, "granted");
    Ok((StatusCode::CREATED, axum::Json(granted)).into_response())
}

#[derive(Debug, Deserialize)]
struct MachineWish {
    lesson: LessonId,
    at_us: u64,
    #[serde(default)]
    room: Option<String>,
}

/// Lets the node that asks into a lesson of its school, from half an hour before its planned begin. Needs no
/// token: its signature says who asks. Signed: `{"lesson": …, "at_us": …, "room": …}`: which lesson, and which of its
/// school's rooms it is, if not the only one.
#[utoipa::path(post, path = "/grants", tag = "lessons", operation_id = "grant_for_machine", security(()),
    request_body = Signed,
    responses(
        (status = 201, description = "The grant", body = Granted),
        (status = 403, description = "`unknown_machine`, `machine_revoked`, `wrong_key`, `not_a_node`, `clock_off`, `not_in_lesson`", body = Refusal),
        (status = 404, description = "It is neither planned nor noted: `lesson_unknown`", body = Refusal),
        (status = 409, description = "`too_early`, `lesson_over`, `lesson_cancelled`", body = Refusal),
        (status = 422, description = "`malformed`, `unknown_school`, `room_unfit`, `json_unfit`", body = Refusal),
    ))]
async fn grant_for_machine(
    State(service): State<Arc<Service>>,
    Json(Signed { request }): Json<Signed>,
) -> Result<Response, HttpRefusal> {
    let signer = signer(&service, &request).await?;
    let wish = signer.words::<MachineWish>(&request).map_err(|why| refused(&why))?;
    let node = signer.machine;
    let Some(school) = node.school.filter(|_| node.kind == MachineKind::Node) else {
        let message = format!("'{}' is no school's node", node.id);
        return Err(refuse(StatusCode::FORBIDDEN, "not_a_node", message, "only nodes take part in lessons"));
    };
    must_be_fresh(&service, wish.at_us)?;
    let wish = Wish { lesson: wish.lesson, school, room: wish.room, role: None, name: None };
    let granted = give(&service, wish, Asker::Machine).await?;
    tracing::info!(lesson = %granted.lesson, participant = granted.participant, by = %node.id, "granted");
    Ok((StatusCode::CREATED, axum::Json(granted)).into_response())
}

async fn give(service: &Service, wish: Wish, asker: Asker) -> Result<Granted, HttpRefusal> {
    let book = service.store.book().await?;
    let grant = granting::grant(&book, &wish, asker, service.now()).map_err(|why| no_grant(&why))?;
    Ok(Granted {
        token: service.grants.sign(&grant),
        lesson: wish.lesson,
        participant: grant.participant.to_string(),
        role: grant.role,
        name: grant.name,
        expires_unix_s: grant.expires_unix_s,
        relay: service.relay_url.clone(),
    })
}

fn no_grant(why: &NoGrant) -> HttpRefusal {
    let (status, hint) = match why {
        NoGrant::LessonUnknown(_) => {
            (StatusCode::NOT_FOUND, "look at the id; GET /timetable lists what there is")
        }
        NoGrant::UnknownSchool(_) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "look at the id, or enter the school")
        }
        NoGrant::LessonCancelled(_) => {
            (StatusCode::CONFLICT, "if it takes place all the same, enter it anew")
        }
        NoGrant::LessonOver(_) => (StatusCode::CONFLICT, "look at the lesson; the next one has another id"),
        NoGrant::TooEarly(_) => (StatusCode::CONFLICT, "ask again then"),
        NoGrant::NotInLesson(_) => (StatusCode::FORBIDDEN, "look at the lesson, or at the timetable"),
        NoGrant::RoleUnfit { .. } => (StatusCode::FORBIDDEN, "leave the role out, or ask for 'observer'"),
        NoGrant::RoomUnfit | NoGrant::NameUnfit => (StatusCode::UNPROCESSABLE_ENTITY, "choose another one"),
    };
    refuse(status, why.code(), why.to_string(), hint)
}
