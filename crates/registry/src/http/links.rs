//! The link that a machine holds: it asks what is to be done, when its school has lessons, and says how its orders go.
//! Each question is signed by the machine.

use super::asked::{Json, Path};
use super::described::Described as _;
use super::orders::no_order;
use super::refusal::{HttpRefusal, Refusal, refuse, unfit};
use super::signed::{Signed, must_be_fresh, refused, signer};
use crate::service::Service;
use crate::store::{Machine, Noted};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tongke_protocol::order::{
    MAX_WAIT_S, MAX_WORDS_CHARS, MachineAsks, Order, OrderState, PlannedLesson, Question,
};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .with(routes!(ask_orders))
        .with(routes!(ask_timetable))
        .with(routes!(ask_self_test))
        .with(routes!(tell_news))
}

/// Who asks, and what; its link was heard of.
async fn asked(service: &Service, request: &str) -> Result<(Machine, Question), HttpRefusal> {
    let signer = signer(service, request).await?;
    let MachineAsks { at_us, asks } = signer.words(request).map_err(|why| refused(&why))?;
    must_be_fresh(service, at_us)?;
    service.links.heard(&signer.machine.id, service.now());
    Ok((signer.machine, asks))
}

fn other_question() -> HttpRefusal {
    unfit("other_question", "something else was signed than is asked for here", "sign what is to be asked")
}

/// What is to be done.
#[derive(Debug, Serialize, ToSchema)]
struct Orders {
    /// At most one: a machine does one thing at a time.
    #[schema(value_type = Vec<Object>)]
    orders: Vec<Order>,
}

/// What the machine that asks is to do now. The answer comes when there is something, at the latest after `wait_s` (up
/// to 25). An order stays until it is taken (`POST /orders/{id}/progress`) or its time is over. Signed:
/// `{"at_us": …, "asks": {"orders": {"wait_s": 25}}}`.
#[utoipa::path(post, path = "/machines/me/orders", tag = "tests", operation_id = "ask_orders", security(()),
    request_body = Signed,
    responses(
        (status = 200, description = "An order, or none", body = Orders),
        (status = 403, description = "`unknown_machine`, `machine_revoked`, `wrong_key`, `clock_off`", body = Refusal),
        (status = 422, description = "`malformed`, `other_question`, `json_unfit`", body = Refusal),
    ))]
async fn ask_orders(
    State(service): State<Arc<Service>>,
    Json(Signed { request }): Json<Signed>,
) -> Result<axum::Json<Orders>, HttpRefusal> {
    let (machine, question) = asked(&service, &request).await?;
    let Question::Orders { wait_s } = question else { return Err(other_question()) };
    let until = Instant::now() + Duration::from_secs(u64::from(wait_s.min(MAX_WAIT_S)));
    let woken = service.links.heard(&machine.id, service.now());
    loop {
        let order = service.store.order_for(&machine.id, service.now()).await?;
        if order.is_some() || timeout_at(until, woken.notified()).await.is_err() {
            return Ok(axum::Json(Orders { orders: order.into_iter().collect() }));
        }
    }
}

/// A school's lessons.
#[derive(Debug, Serialize, ToSchema)]
struct Lessons {
    /// Of today and tomorrow, by begin: `lesson`, `start_us`, `end_us`.
    #[schema(value_type = Vec<Object>)]
    lessons: Vec<PlannedLesson>,
}

/// When the school of the machine that asks has lessons, today and tomorrow. Signed: `{"at_us": …, "asks": "timetable"}`.
#[utoipa::path(post, path = "/machines/me/timetable", tag = "tests", operation_id = "ask_timetable", security(()),
    request_body = Signed,
    responses(
        (status = 200, description = "The lessons", body = Lessons),
        (status = 403, description = "`unknown_machine`, `machine_revoked`, `wrong_key`, `clock_off`, `not_a_node`", body = Refusal),
        (status = 422, description = "`malformed`, `other_question`, `json_unfit`", body = Refusal),
    ))]
async fn ask_timetable(
    State(service): State<Arc<Service>>,
    Json(Signed { request }): Json<Signed>,
) -> Result<axum::Json<Lessons>, HttpRefusal> {
    let (machine, question) = asked(&service, &request).await?;
    if question != Question::Timetable {
        return Err(other_question());
    }
    let Some(school) = &machine.school else {
        let message = format!("'{}' is no school's node", machine.id);
        return Err(refuse(StatusCode::FORBIDDEN, "not_a_node", message, "only schools have lessons"));
    };
    let sessions = service.lessons_near(school, service.now()).await?;
    let lessons = sessions.into_iter().map(|session| PlannedLesson {
        lesson: session.id,
        start_us: session.start_us.as_unix_us(),
        end_us: session.end_us.as_unix_us(),
    });
    Ok(axum::Json(Lessons { lessons: lessons.collect() }))
}

/// What lets the machine that asks test itself, as its plan says: an order of its own. Refused as an order by people
/// is. Signed: `{"at_us": …, "asks": "self_test"}`.
#[utoipa::path(post, path = "/machines/me/self-tests", tag = "tests", operation_id = "ask_self_test", security(()),
    request_body = Signed,
    responses(
        (status = 201, description = "The order", body = Object, content_type = "application/json"),
        (status = 403, description = "`unknown_machine`, `machine_revoked`, `wrong_key`, `clock_off`", body = Refusal),
        (status = 409, description = "`lesson_live`, `machine_busy`, `not_a_node`, `relay_unknown`", body = Refusal),
        (status = 422, description = "`malformed`, `other_question`, `json_unfit`", body = Refusal),
    ))]
async fn ask_self_test(
    State(service): State<Arc<Service>>,
    Json(Signed { request }): Json<Signed>,
) -> Result<Response, HttpRefusal> {
    let (machine, question) = asked(&service, &request).await?;
    if question != Question::SelfTest {
        return Err(other_question());
    }
    let order = service.self_test(&machine.id, machine.id.as_str()).await?;
    Ok((StatusCode::CREATED, axum::Json(order)).into_response())
}

/// Says how an order goes: that it is taken before anything is done, what is being done at least every ten seconds,
/// what came of it. Signed: `{"at_us": …, "asks": {"news": {"order": …, "news": {"state": "taken", "words": …, "report": …}}}}`.
#[utoipa::path(post, path = "/orders/{id}/progress", tag = "tests", operation_id = "tell_news", security(()),
    params(("id" = String, Path, description = "The order")), request_body = Signed,
    responses(
        (status = 204, description = "It is written down"),
        (status = 403, description = "`unknown_machine`, `machine_revoked`, `wrong_key`, `clock_off`", body = Refusal),
        (status = 404, description = "This machine has no such order: `order_unknown`", body = Refusal),
        (status = 409, description = "`order_expired`: nobody took it in time; `order_over`: it came to its end before", body = Refusal),
        (status = 422, description = "`malformed`, `other_question`, `news_unfit`, `json_unfit`", body = Refusal),
    ))]
async fn tell_news(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    Json(Signed { request }): Json<Signed>,
) -> Result<StatusCode, HttpRefusal> {
    let (machine, question) = asked(&service, &request).await?;
    let Question::News { order, news } = question else { return Err(other_question()) };
    if order != id {
        return Err(other_question());
    }
    let is_long = |text: &str| text.chars().count() > MAX_WORDS_CHARS;
    let is_odd = |text: &str| is_long(text) || text.contains('\0');
    if news.state == OrderState::Given || is_odd(&news.words) || news.report.as_deref().is_some_and(is_odd) {
        let message =
            format!("news are 'taken', 'done' or 'failed', in at most {MAX_WORDS_CHARS} characters");
        return Err(unfit("news_unfit", message, "correct it and send it again"));
    }
    let hint = "do nothing of it; ask for what is to be done now";
    match service.store.note_order(&id, &machine.id, &news, service.now()).await? {
        Noted::Done => Ok(StatusCode::NO_CONTENT),
        Noted::NoSuchOrder => Err(no_order(&id)),
        Noted::Expired => {
            Err(refuse(StatusCode::CONFLICT, "order_expired", "nobody took the order in time", hint))
        }
        Noted::Over => {
            Err(refuse(StatusCode::CONFLICT, "order_over", "the order came to its end before", hint))
        }
    }
}
