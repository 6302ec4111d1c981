//! Addresses that are told what was decided.

use super::asked::{Json, Path};
use super::caller::{Admin, May};
use super::described::Described as _;
use super::list::List;
use super::refusal::{HttpRefusal, Refusal, refuse, unfit, unknown};
use crate::service::Service;
use crate::store::{Deed, Webhook};
use crate::telling::secret;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tongke_pairing::id::WebhookId;
use tongke_protocol::WallTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Longest address, in bytes.
const MAX_URL_LEN: usize = 1_000;
/// Most webhooks that stand at a time: each is told everything.
const MOST: usize = 50;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().with(routes!(webhooks)).with(routes!(put_webhook, end_webhook))
}

/// Where to tell.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Address {
    /// An address of http or https. Addresses within the schools' own network are allowed; it is asked as it is,
    /// and redirects are not followed.
    #[schema(example = "https://county.example/hooks/lessons", max_length = 1000)]
    url: String,
}

/// A webhook that was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeWebhook {
    /// Its name.
    id: WebhookId,
    /// Where to.
    url: String,
    /// What signs the messages: `whsec_` and the key in base64 (Standard Webhooks). It is shown here and nowhere
    /// else; none: the webhook was made before.
    secret: Option<String>,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookCard {
    /// Its name.
    id: String,
    /// Where to.
    url: String,
    /// Since when, µs since the Unix epoch.
    #[schema(value_type = u64)]
    made_us: WallTime,
}

/// Has an address told of every lesson that becomes worth another thing. Messages are signed as Standard
/// Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), sent again for a day until they are taken,
/// and may come twice and in any order.
#[utoipa::path(put, path = "/webhooks/{id}", tag = "webhooks", operation_id = "put_webhook", security(("token" = ["admin"])),
    params(("id" = WebhookId, Path, description = "A name of one's own choice")), request_body = Address,
    responses(
        (status = 200, description = "It was made before", body = MadeWebhook),
        (status = 201, description = "It is told from now on", body = MadeWebhook),
        (status = 409, description = "A webhook of that name has or had another address: `webhook_known`; there are too many: `too_many_webhooks`", body = Refusal),
        (status = 422, description = "`url_unfit`, `json_unfit`", body = Refusal),
    ))]
async fn put_webhook(
    State(service): State<Arc<Service>>,
    May { access, .. }: May<Admin>,
    Path(id): Path<WebhookId>,
    Json(Address { url }): Json<Address>,
) -> Result<Response, HttpRefusal> {
    let url = checked(&url)?;
    let standing = service.store.webhooks().await?;
    if standing.iter().any(|hook| hook.id == id.as_str() && hook.url == url) {
        return Ok(axum::Json(MadeWebhook { id, url, secret: None }).into_response());
    }
    if standing.len() >= MOST {
        let message = format!("{MOST} webhooks stand already");
        return Err(refuse(StatusCode::CONFLICT, "too_many_webhooks", message, "end one of them first"));
    }
    let (now, secret) = (service.now(), secret());
    let made = Webhook { id: id.to_string(), url, secret, made_us: now, ended_us: None };
    if !service.store.add_webhook(&made).await? {
        let message = format!("a webhook '{id}' is or was there");
        let hint = "choose another name; an ended one does not come back";
        return Err(refuse(StatusCode::CONFLICT, "webhook_known", message, hint));
    }
    let deed = Deed { who: &access.sub, what: "webhook_added", about: id.as_str(), detail: &made.url };
    service.store.audit(deed, now).await?;
    let made = MadeWebhook { id, url: made.url, secret: Some(made.secret) };
    Ok((StatusCode::CREATED, axum::Json(made)).into_response())
}

fn checked(text: &str) -> Result<String, HttpRefusal> {
    let unfit = |why: &str| {
        unfit("url_unfit", format!("this cannot be told anything: {why}"), "write https://HOST/PATH")
    };
    if text.len() > MAX_URL_LEN {
        return Err(unfit("the address is too long"));
    }
    let url = Url::parse(text).map_err(|why| unfit(&why.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(unfit("it is no address of http or https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(unfit("a name and a password have no place in it; messages are signed"));
    }
    Ok(url.to_string())
}

/// The webhooks that stand, by name.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", operation_id = "webhooks", security(("token" = ["admin"])),
    responses((status = 200, description = "All of them; there are few", body = List<WebhookCard>)))]
async fn webhooks(
    State(service): State<Arc<Service>>,
    _: May<Admin>,
) -> Result<axum::Json<List<WebhookCard>>, HttpRefusal> {
    let card = |Webhook { id, url, made_us, .. }: Webhook| WebhookCard { id, url, made_us };
    let items = service.store.webhooks().await?.into_iter().map(card).collect();
    Ok(axum::Json(List { items, next: None }))
}

/// Ends a webhook; what is on its way to it is given up.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", operation_id = "end_webhook", security(("token" = ["admin"])),
    params(("id" = WebhookId, Path, description = "Its name")),
    responses(
        (status = 204, description = "It is told nothing any more"),
        (status = 404, description = "None of that name stands: `webhook_unknown`", body = Refusal),
    ))]
async fn end_webhook(
    State(service): State<Arc<Service>>,
    May { access, .. }: May<Admin>,
    Path(id): Path<WebhookId>,
) -> Result<StatusCode, HttpRefusal> {
    let now = service.now();
    if !service.store.end_webhook(id.as_str(), now).await? {
        let message = format!("no webhook '{id}' stands");
        return Err(unknown("webhook_unknown", message, "GET /webhooks lists those that do"));
    }
    let deed = Deed { who: &access.sub, what: "webhook_ended", about: id.as_str(), detail: "" };
    service.store.audit(deed, now).await?;
    Ok(StatusCode::NO_CONTENT)
}
