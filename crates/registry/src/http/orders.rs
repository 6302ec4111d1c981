//! Self-tests and inspections that people order, and how each goes.

use super::asked::{Json, Path};
use super::caller::{Inspect, May, Read};
use super::described::Described as _;
use super::refusal::{HttpRefusal, Refusal, refuse, unfit, unknown};
use crate::ordering::{InspectionWish, Lead, NotOrdered, USUAL_HOLD_S, USUAL_IDLE_S};
use crate::service::Service;
use crate::store::{ORDER_LOST_US, StoredOrder};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tongke_pairing::id::NodeId;
use tongke_protocol::order::OrderState;
use tongke_protocol::{LessonId, WallTime};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().with(routes!(order_self_test)).with(routes!(order_inspection)).with(routes!(order))
}

/// What was ordered.
#[derive(Debug, Serialize, ToSchema)]
struct OrderedTest {
    /// The order's name: `/orders/{id}` says how it goes.
    order: String,
    /// Whether the machine's link is open; if not, the order is over in two minutes unless the machine comes.
    link_open: bool,
}

/// Has a machine test its devices and its line to the relay now. Refused while its school has a lesson, or would have
/// one before the test is over: nothing overrides that.
#[utoipa::path(post, path = "/machines/{id}/self-tests", tag = "tests", operation_id = "order_self_test",
    security(("token" = ["inspect"])), params(("id" = NodeId, Path, description = "The machine")),
    responses(
        (status = 201, description = "It is ordered", body = OrderedTest),
        (status = 404, description = "There is none: `machine_unknown`", body = Refusal),
        (status = 409, description = "`lesson_live`, `machine_busy`, `machine_revoked`, `not_a_node`, `relay_unknown`", body = Refusal),
    ))]
async fn order_self_test(
    State(service): State<Arc<Service>>,
    May { access, .. }: May<Inspect>,
    Path(id): Path<NodeId>,
) -> Result<Response, HttpRefusal> {
    let order = service.order_self_test(&id, &access.sub).await?;
    tracing::info!(machine = %id, order, by = access.sub, "a self-test was ordered");
    let link_open = service.links.seen(&id, service.now()).is_open;
    Ok((StatusCode::CREATED, axum::Json(OrderedTest { order, link_open })).into_response())
}

/// An inspection that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InspectionWanted {
    /// The node that it begins from. Its school is place a of the report.
    #[schema(example = "lake-room-3")]
    from: NodeId,
    /// The other node, of any school.
    #[schema(example = "oak-hall")]
    to: NodeId,
    /// How long the call is held, in seconds; five minutes, if nothing is said.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3600)]
    hold_s: Option<u32>,
    /// How long idle lines are watched, in seconds; half a minute, if nothing is said.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 60)]
    idle_s: Option<u16>,
    /// What is sent costs money: a node that leads has no more sent than it must.
    #[serde(default)]
    metered: bool,
    /// Who leads it; the node that it begins from, if nothing is said.
    #[serde(default)]
    lead: Option<LeadWanted>,
}

/// Who leads an inspection.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LeadWanted {
    /// The node that it begins from: it signs the report and brings it here.
    From,
    /// Whoever asks: the answer then has an inspector's grant for `tongke inspect`.
    Asker,
}

/// An inspection that was ordered.
#[derive(Debug, Serialize, ToSchema)]
struct OrderedInspection {
    /// The test lesson.
    #[schema(value_type = String)]
    lesson: LessonId,
    /// Where the relay is.
    relay: String,
    /// The inspector's grant, if whoever asked leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<String>,
    /// The order to the node that it begins from.
    from: OrderedTest,
    /// The order to the other one.
    to: OrderedTest,
}

/// Has two schools' machines inspected together, whether or not they are a pair. It never counts as a lesson. Refused
/// while one of the schools has a lesson, or would have one before it is over: nothing overrides that.
#[utoipa::path(post, path = "/inspections", tag = "tests", operation_id = "order_inspection",
    security(("token" = ["inspect"])), request_body = InspectionWanted,
    responses(
        (status = 201, description = "It is ordered", body = OrderedInspection),
        (status = 404, description = "There is none: `machine_unknown`", body = Refusal),
        (status = 409, description = "`lesson_live`, `machine_busy`, `machine_revoked`, `not_a_node`, `relay_unknown`", body = Refusal),
        (status = 422, description = "`same_node`, `hold_unfit`, `json_unfit`", body = Refusal),
    ))]
async fn order_inspection(
    State(service): State<Arc<Service>>,
    May { access, .. }: May<Inspect>,
    Json(wanted): Json<InspectionWanted>,
) -> Result<Response, HttpRefusal> {
    let InspectionWanted { from, to, hold_s, idle_s, metered, lead } = wanted;
    let lead = match lead {
        None | Some(LeadWanted::From) => Lead::From,
        Some(LeadWanted::Asker) => Lead::Asker,
    };
    let (hold_s, idle_s) = (hold_s.unwrap_or(USUAL_HOLD_S), idle_s.unwrap_or(USUAL_IDLE_S));
    let wish = InspectionWish { from, to, hold_s, idle_s, metered, lead };
    let ordered = service.order_inspection(&wish, &access.sub).await?;
    tracing::info!(from = %wish.from, to = %wish.to, lesson = %ordered.lesson, by = access.sub, "an inspection was ordered");
    let now = service.now();
    let test = |order, machine| OrderedTest { order, link_open: service.links.seen(machine, now).is_open };
    let answer = OrderedInspection {
        lesson: ordered.lesson,
        relay: ordered.relay,
        grant: ordered.grant,
        from: test(ordered.from, &wish.from),
        to: test(ordered.to, &wish.to),
    };
    Ok((StatusCode::CREATED, axum::Json(answer)).into_response())
}

impl From<NotOrdered> for HttpRefusal {
    fn from(why: NotOrdered) -> HttpRefusal {
        let hint = match why {
            NotOrdered::Store(error) => return error.into(),
            NotOrdered::MachineUnknown(_) => {
                return unknown("machine_unknown", why.to_string(), "GET /machines lists all");
            }
            NotOrdered::SameNode(_) | NotOrdered::Hold => {
                return unfit(why.code(), why.to_string(), "correct it and send it again");
            }
            NotOrdered::MachineRevoked(_) => "enrol the machine again",
            NotOrdered::NotANode(_) => "name a machine of a classroom",
            NotOrdered::NoRelay => "start the registry with --relay-url",
            NotOrdered::LessonLive { .. } => "try again when the lesson is over",
            NotOrdered::MachineBusy(_) => "try again in a few minutes",
        };
        refuse(StatusCode::CONFLICT, why.code(), why.to_string(), hint)
    }
}

/// How an order goes.
#[derive(Debug, Serialize, ToSchema)]
struct OrderCard {
    /// Its name.
    id: String,
    /// Who is to do it.
    machine: NodeId,
    /// What: `self_test`, `join_inspection`.
    kind: String,
    /// In which test lesson.
    #[schema(value_type = String)]
    lesson: LessonId,
    /// Who wanted it; a machine's own name: its plan.
    author: String,
    /// When it was given, µs since the Unix epoch.
    #[schema(value_type = u64)]
    made_us: WallTime,
    /// Until when it could be taken.
    #[schema(value_type = u64)]
    expires_us: WallTime,
    /// What became of it.
    state: OrderStanding,
    /// What is being done, or why it failed.
    words: String,
    /// The report that it led to. It comes by itself, and may still be on its way.
    report: Option<String>,
    /// When the machine said so, or when it was given.
    #[schema(value_type = u64)]
    changed_us: WallTime,
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OrderStanding {
    /// Nobody has taken it yet.
    Given,
    /// Nobody took it in time: it is never done.
    Expired,
    /// The machine is at work.
    Taken,
    /// It was taken, and the machine said nothing for two minutes.
    Lost,
    /// Done.
    Done,
    /// It came to nothing.
    Failed,
}

impl OrderCard {
    fn of(stored: StoredOrder, now: WallTime) -> OrderCard {
        let silent_us = now.0.saturating_sub(stored.changed_us.0);
        let state = match stored.news.state {
            OrderState::Given if stored.expires_us <= now => OrderStanding::Expired,
            OrderState::Given => OrderStanding::Given,
            OrderState::Taken if silent_us >= ORDER_LOST_US => OrderStanding::Lost,
            OrderState::Taken => OrderStanding::Taken,
            OrderState::Done => OrderStanding::Done,
            OrderState::Failed => OrderStanding::Failed,
        };
        let StoredOrder { id, machine, kind, lesson, author, made_us, expires_us, news, changed_us } = stored;
        let (words, report) = (news.words, news.report);
        OrderCard { id, machine, kind, lesson, author, made_us, expires_us, state, words, report, changed_us }
    }
}

/// How an order goes; it is remembered for a month.
#[utoipa::path(get, path = "/orders/{id}", tag = "tests", operation_id = "order", security(("token" = ["read"])),
    params(("id" = String, Path, description = "The order")),
    responses(
        (status = 200, description = "The order", body = OrderCard),
        (status = 404, description = "There is none: `order_unknown`", body = Refusal),
    ))]
async fn order(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(id): Path<String>,
) -> Result<axum::Json<OrderCard>, HttpRefusal> {
    let stored = service.store.order(&id).await?.ok_or_else(|| no_order(&id))?;
    Ok(axum::Json(OrderCard::of(stored, service.now())))
}

pub(super) fn no_order(id: &str) -> HttpRefusal {
    unknown(
        "order_unknown",
        format!("there is no order '{id}'"),
        "look at the id; orders are forgotten after a month",
    )
}
