//! Facts: machines bring them, as often as it takes; whoever may read sees them as they came.

use super::asked::{Json, Jws, Path};
use super::caller::{May, Read};
use super::described::Described as _;
use super::refusal::{HttpRefusal, Refusal, refuse, unfit, unknown};
use crate::intake::{self, NoneTaken, NotTaken, Outcome, Taken};
use crate::service::Service;
use crate::store::{Kept, StoredFact};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::SemaphorePermit;
use tongke_protocol::WallTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Most facts of one request.
const MOST: usize = 1_000;
/// Seconds after which a machine may try again.
const BUSY_S: u64 = 2;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().with(routes!(bring_facts)).with(routes!(put_fact, fact))
}

/// Signed facts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Facts {
    /// Each a JWS in compact serialisation (RFC 7515, EdDSA); the header's `kid` names the machine. Of at most
    /// 20 machines.
    #[schema(min_items = 1, max_items = 1000, example = json!(["eyJhbGciOiJFZERTQSIsImtpZCI6Im5vZGUtMSJ9.e30.c2ln"]))]
    facts: Vec<String>,
}

/// What became of facts.
#[derive(Debug, Serialize, ToSchema)]
struct Results {
    /// An answer for each fact, in the order of the facts.
    results: Vec<FactResult>,
}

/// What became of a fact. All of these are final: nothing need be sent again.
#[derive(Debug, Serialize, ToSchema)]
struct FactResult {
    /// The fact's id; none: it could not be read.
    id: Option<String>,
    /// What became of it.
    status: FactStatus,
    /// Why it was refused: `malformed`, `unknown_machine`, `machine_revoked`, `wrong_key`, `wrong_school`,
    /// `wrong_kind`, `wrong_lesson`, `test_lesson`.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// `clock_ahead`: it was kept, but its time is still to come, and until then it counts for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FactStatus {
    /// Kept: it is on disk.
    New,
    /// It was kept before.
    Known,
    /// Another fact has this id, and stays; this one is not kept.
    Conflict,
    /// Not taken.
    Refused,
}

impl FactResult {
    fn of(taken: Taken) -> FactResult {
        let status = match &taken.outcome {
            Outcome::Kept(Kept::New) => FactStatus::New,
            Outcome::Kept(Kept::Known) => FactStatus::Known,
            Outcome::Kept(Kept::Conflict) => FactStatus::Conflict,
            Outcome::Refused(_) => FactStatus::Refused,
        };
        let why = match &taken.outcome {
            Outcome::Refused(why) => Some((why.code(), why.to_string())),
            Outcome::Kept(Kept::Conflict) => Some(("conflict", OTHER_FACT.to_owned())),
            Outcome::Kept(_) => None,
        };
        let (code, message) = why.unzip();
        let warning = (taken.is_ahead && status != FactStatus::Conflict).then_some("clock_ahead");
        FactResult { id: taken.id, status, code, message, warning }
    }
}

const OTHER_FACT: &str = "another fact is kept under this id";

/// Takes facts in, in any order and any number of times. Needs no token: their signatures say who speaks.
#[utoipa::path(post, path = "/facts", tag = "facts", operation_id = "bring_facts", security(()),
    request_body = Facts,
    responses(
        (status = 200, description = "An answer for each", body = Results),
        (status = 422, description = "`json_unfit`, `no_facts`, `too_many_facts`, `too_many_machines`", body = Refusal),
        (status = 429, description = "Too much at once: `busy`; `Retry-After` says when", body = Refusal),
    ))]
async fn bring_facts(
    State(service): State<Arc<Service>>,
    Json(Facts { facts }): Json<Facts>,
) -> Result<axum::Json<Results>, HttpRefusal> {
    if facts.is_empty() {
        return Err(unfit("no_facts", "there are no facts", "send 1 to 1000 of them"));
    }
    if facts.len() > MOST {
        let message = format!("{} facts came, at most {MOST} are taken at a time", facts.len());
        return Err(unfit("too_many_facts", message, "send them in several requests, in any order"));
    }
    let results = take(&service, facts).await?.into_iter().map(FactResult::of).collect();
    Ok(axum::Json(Results { results }))
}

/// Takes one fact in. Needs no token: its signature says who speaks.
#[utoipa::path(put, path = "/facts/{id}", tag = "facts", operation_id = "put_fact", security(()),
    params(("id" = String, Path, description = "The id that stands in the fact", max_length = 200)),
    request_body(content((String = "application/jose"), (String = "text/plain")), description = "The JWS"),
    responses(
        (status = 200, description = "It was kept before", body = FactResult),
        (status = 201, description = "Kept: it is on disk", body = FactResult),
        (status = 403, description = "`unknown_machine`, `machine_revoked`, `wrong_key`, `wrong_school`, `wrong_kind`", body = Refusal),
        (status = 409, description = "Another fact has this id: `conflict`", body = Refusal),
        (status = 422, description = "`malformed`, `wrong_lesson`, `test_lesson`, `id_differs`", body = Refusal),
        (status = 429, description = "Too much at once: `busy`; `Retry-After` says when", body = Refusal),
    ))]
async fn put_fact(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    Jws(jws): Jws,
) -> Result<Response, HttpRefusal> {
    if intake::id_in(&jws).is_some_and(|within| within != id) {
        return Err(unfit("id_differs", format!("the fact in it is not '{id}'"), "put it at its own id"));
    }
    let taken = take(&service, vec![jws]).await?.pop().expect("there is an answer for each fact");
    match &taken.outcome {
        Outcome::Refused(why) => Err(refused(why)),
        Outcome::Kept(Kept::Conflict) => {
            let hint = "ids are for ever: a machine whose store was lost must choose new ones";
            Err(refuse(StatusCode::CONFLICT, "conflict", OTHER_FACT, hint))
        }
        Outcome::Kept(kept) => {
            let status = if *kept == Kept::New { StatusCode::CREATED } else { StatusCode::OK };
            Ok((status, axum::Json(FactResult::of(taken))).into_response())
        }
    }
}

fn refused(why: &NotTaken) -> HttpRefusal {
    let (status, hint) = match why {
        NotTaken::Malformed(_) | NotTaken::WrongLesson(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "look at the program that made it; sending it again is of no use",
        ),
        NotTaken::TestLesson(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "hold lessons under names that do not begin with 'test-'; what tests find is told as reports",
        ),
        NotTaken::UnknownMachine(_) | NotTaken::MachineRevoked(_) | NotTaken::WrongKey(_) => (
            StatusCode::FORBIDDEN,
            "`tongke enrol` enrols a machine, with a code from whoever runs the registry",
        ),
        NotTaken::WrongSchool { .. } | NotTaken::WrongKind => {
            (StatusCode::FORBIDDEN, "look at which machine is in which room")
        }
    };
    refuse(status, why.code(), why.to_string(), hint)
}

impl From<NoneTaken> for HttpRefusal {
    fn from(why: NoneTaken) -> HttpRefusal {
        match why {
            NoneTaken::Store(error) => error.into(),
            NoneTaken::TooManyMachines(_) => {
                unfit("too_many_machines", why.to_string(), "send each machine's facts by themselves")
            }
        }
    }
}

async fn take(service: &Service, facts: Vec<String>) -> Result<Vec<Taken>, HttpRefusal> {
    let _place = place(service)?;
    let taken = intake::take(&service.store, facts, service.now()).await?;
    if taken.iter().any(|taken| taken.outcome == Outcome::Kept(Kept::New)) {
        service.something_came();
    }
    Ok(taken)
}

/// A place among those who bring facts. Whoever gets none tries again; nothing is lost, it is on disk there.
fn place(service: &Service) -> Result<SemaphorePermit<'_>, HttpRefusal> {
    service.intake.try_acquire().map_err(|_| {
        let message = "too many machines bring facts at once";
        refuse(StatusCode::TOO_MANY_REQUESTS, "busy", message, "try again in a few seconds").after(BUSY_S)
    })
}

/// A fact as it is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeptFact {
    /// Its number in the order of arrival, from 1.
    seq: u64,
    /// Its id.
    id: String,
    /// The machine that signed it.
    author: String,
    /// When it arrived, µs since the Unix epoch.
    #[schema(value_type = u64)]
    received_us: WallTime,
    /// What it says.
    #[schema(value_type = Object)]
    fact: serde_json::Value,
    /// As it came: the JWS that the machine signed.
    jws: String,
}

impl KeptFact {
    pub(super) fn of(stored: StoredFact) -> KeptFact {
        let StoredFact { seq, received_us, said } = stored;
        let (jws, author) = (said.jws(), said.author.to_string());
        // What was signed is shown, not what this program understood of it. It was read once, so it is JSON.
        let fact = serde_json::from_str(&said.body).unwrap_or_default();
        KeptFact { seq, id: said.fact.id, author, received_us, fact, jws }
    }
}

/// A fact with its signature: the evidence that a count rests on.
#[utoipa::path(get, path = "/facts/{id}", tag = "facts", operation_id = "fact", security(("token" = ["read"])),
    params(("id" = String, Path, description = "The fact's id")),
    responses(
        (status = 200, description = "The fact", body = KeptFact),
        (status = 404, description = "There is none: `fact_unknown`", body = Refusal),
    ))]
async fn fact(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(id): Path<String>,
) -> Result<axum::Json<KeptFact>, HttpRefusal> {
    let fact = service.store.fact(&id).await?;
    let hint = "it may not have come yet, or not have been taken";
    let fact = fact.ok_or_else(|| unknown("fact_unknown", format!("there is no fact '{id}'"), hint))?;
    Ok(axum::Json(KeptFact::of(fact)))
}
