//! Pupils' names: optional, sealed, erasable without changing a count. Only who may enter sees them.

use super::asked::{Json, Path, Query};
use super::caller::{Enter, May};
use super::described::Described as _;
use super::refusal::{HttpRefusal, Refusal, refuse, unfit, unknown};
use crate::service::Service;
use crate::store::{Deed, Pupil, PupilKey};
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tongke_pairing::id::SchoolId;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Most names of a class.
const MOST: usize = 200;
/// Longest name of a class or a pupil, in characters.
const MAX_CHARS: usize = 50;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().with(routes!(pupils, put_class, erase_pupils)).with(routes!(erase_pupil))
}

/// A pupil.
#[derive(Debug, Serialize, ToSchema)]
struct PupilCard {
    /// Says nothing about the pupil.
    id: String,
    /// The class as the school names it.
    class: String,
    /// The name.
    name: String,
}

impl From<Pupil> for PupilCard {
    fn from(Pupil { id, class, name }: Pupil) -> PupilCard {
        PupilCard { id, class, name }
    }
}

/// Pupils.
#[derive(Debug, Serialize, ToSchema)]
struct Pupils {
    /// In the order in which they were added.
    items: Vec<PupilCard>,
}

impl Pupils {
    fn of(pupils: Vec<Pupil>) -> axum::Json<Pupils> {
        axum::Json(Pupils { items: pupils.into_iter().map(PupilCard::from).collect() })
    }
}

/// A class.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Class {
    /// The class as the school names it.
    #[schema(example = "3-2", min_length = 1, max_length = 50)]
    class: String,
    /// The names of its pupils; none: all of them are erased.
    #[schema(max_items = 200)]
    names: Vec<String>,
}

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Of that class.
    class: Option<String>,
}

fn key(service: &Service) -> Result<&PupilKey, HttpRefusal> {
    service.pupils.as_ref().ok_or_else(|| {
        let hint = "nothing else needs names; who wants them starts the registry with a file for their key";
        refuse(StatusCode::SERVICE_UNAVAILABLE, "no_key", "this registry has no key for pupils' names", hint)
    })
}

async fn known(service: &Service, school: &SchoolId) -> Result<(), HttpRefusal> {
    if service.store.book().await?.school(school).is_some() {
        return Ok(());
    }
    Err(unknown("school_unknown", format!("there is no school '{school}'"), "look at the id"))
}

/// The names of a school's pupils.
#[utoipa::path(get, path = "/schools/{id}/pupils", tag = "pupils", operation_id = "pupils", security(("token" = ["enter"])),
    params(("id" = SchoolId, Path, description = "The school"), Which),
    responses(
        (status = 200, description = "Those that are kept", body = Pupils),
        (status = 404, description = "`school_unknown`", body = Refusal),
        (status = 503, description = "Names are not kept here: `no_key`; `store_unavailable`", body = Refusal),
    ))]
async fn pupils(
    State(service): State<Arc<Service>>,
    _: May<Enter>,
    Path(id): Path<SchoolId>,
    Query(Which { class }): Query<Which>,
) -> Result<axum::Json<Pupils>, HttpRefusal> {
    let key = key(&service)?;
    known(&service, &id).await?;
    let mut pupils = service.store.pupils(key, &id).await?;
    pupils.retain(|pupil| class.as_ref().is_none_or(|class| pupil.class == *class));
    Ok(Pupils::of(pupils))
}

/// Makes these the names of a class, in the place of those that it had: who is not among them is erased.
#[utoipa::path(put, path = "/schools/{id}/pupils", tag = "pupils", operation_id = "put_class", security(("token" = ["enter"])),
    params(("id" = SchoolId, Path, description = "The school")), request_body = Class,
    responses(
        (status = 200, description = "The class as it is kept now", body = Pupils),
        (status = 404, description = "`school_unknown`", body = Refusal),
        (status = 422, description = "`class_unfit`, `name_unfit`, `too_many_names`, `json_unfit`", body = Refusal),
        (status = 503, description = "Names are not kept here: `no_key`; `store_unavailable`", body = Refusal),
    ))]
async fn put_class(
    State(service): State<Arc<Service>>,
    May { access, .. }: May<Enter>,
    Path(id): Path<SchoolId>,
    Json(Class { class, names }): Json<Class>,
) -> Result<axum::Json<Pupils>, HttpRefusal> {
    let key = key(&service)?;
    if names.len() > MOST {
        let message = format!("{} names are more than a class has", names.len());
        return Err(unfit("too_many_names", message, "send each class by itself, 200 names at the most"));
    }
    let hint = "write 1 to 50 characters, and no control characters";
    if !is_name(&class) {
        return Err(unfit("class_unfit", "this cannot be a class's name", hint));
    }
    if let Some(at) = names.iter().position(|name| !is_name(name)) {
        return Err(unfit("name_unfit", format!("names[{at}] cannot be a pupil's name"), hint));
    }
    known(&service, &id).await?;
    let now = service.now();
    let pupils = service.store.set_class(key, &id, &class, &names, now).await?;
    let detail = format!("class '{class}', {} names", pupils.len());
    let deed = Deed { who: &access.sub, what: "class_listed", about: id.as_str(), detail: &detail };
    service.store.audit(deed, now).await?;
    Ok(Pupils::of(pupils))
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= MAX_CHARS && !name.chars().any(char::is_control)
}

/// Erases all names of a school. No count changes. Backups made before still hold them, sealed.
#[utoipa::path(delete, path = "/schools/{id}/pupils", tag = "pupils", operation_id = "erase_pupils",
    security(("token" = ["enter"])), params(("id" = SchoolId, Path, description = "The school")),
    responses((status = 204, description = "None are kept any more")))]
async fn erase_pupils(
    State(service): State<Arc<Service>>,
    May { access, .. }: May<Enter>,
    Path(id): Path<SchoolId>,
) -> Result<StatusCode, HttpRefusal> {
    // Erasing needs no key: what cannot be read any more can still be erased.
    let gone = service.store.erase_pupils_of(&id).await?;
    if gone > 0 {
        let detail = format!("{gone} names");
        let deed = Deed { who: &access.sub, what: "pupils_erased", about: id.as_str(), detail: &detail };
        service.store.audit(deed, service.now()).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Erases a pupil's name. No count changes. Backups made before still hold it, sealed.
#[utoipa::path(delete, path = "/schools/{id}/pupils/{pupil}", tag = "pupils", operation_id = "erase_pupil",
    security(("token" = ["enter"])),
    params(("id" = SchoolId, Path, description = "The school"), ("pupil" = String, Path, description = "The pupil's id")),
    responses(
        (status = 204, description = "It is kept no more"),
        (status = 404, description = "The school has no such pupil: `pupil_unknown`", body = Refusal),
    ))]
async fn erase_pupil(
    State(service): State<Arc<Service>>,
    May { access, .. }: May<Enter>,
    Path((id, pupil)): Path<(SchoolId, String)>,
) -> Result<StatusCode, HttpRefusal> {
    if !service.store.erase_pupil(&id, &pupil).await? {
        let message = "the school has no pupil of that id";
        return Err(unknown("pupil_unknown", message, "it may have been erased before"));
    }
    let deed = Deed { who: &access.sub, what: "pupil_erased", about: id.as_str(), detail: &pupil };
    service.store.audit(deed, service.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
