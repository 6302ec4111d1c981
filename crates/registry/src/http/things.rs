//! Things that entries are about: what holds of each, and all that was ever said of it.

use super::asked::{Path, Query};
use super::caller::{May, Read};
use super::described::Described as _;
use super::entries::KeptEntry;
use super::list::{List, Page, WhichPage};
use super::refusal::{HttpRefusal, Refusal, unknown};
use crate::service::Service;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use std::sync::Arc;
use tongke_pairing::entry::{Says, Thing};
use tongke_protocol::WallTime;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What entries can be about, as [`Says::thing`] names it.
const KINDS: [&str; 13] = [
    "school",
    "pair",
    "agreement",
    "commitment",
    "term",
    "bells",
    "slot",
    "session",
    "head_count",
    "dispute",
    "reported",
    "ledger_row",
    "settlement",
];

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().with(routes!(things)).with(routes!(history))
}

fn known(kind: &str) -> Result<(), HttpRefusal> {
    if KINDS.contains(&kind) {
        return Ok(());
    }
    let message = format!("nothing is of the kind '{kind}'; there are {}", KINDS.join(", "));
    Err(unknown("kind_unknown", message, "look at the kind"))
}

/// Which things, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only those whose keys begin so.
    #[serde(default)]
    #[param(required = false)]
    beginning: String,
    /// Items looked at for a page, 50 if nothing is said. What was withdrawn is left out of them.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What holds of all things of a kind, by their keys.
#[utoipa::path(get, path = "/things/{kind}", tag = "entries", operation_id = "things", security(("token" = ["read"])),
    params(("kind" = String, Path, description = "`school`, `pair`, `agreement`, `commitment`, `term`, `bells`, \
        `slot`, `session`, `head_count`, `dispute`, `reported`, `ledger_row`, `settlement`", example = "school"), Which),
    responses(
        (status = 200, description = "A page; for each thing the entry that holds", body = List<KeptEntry>),
        (status = 404, description = "No such kind: `kind_unknown`", body = Refusal),
    ))]
async fn things(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(kind): Path<String>,
    Query(Which { beginning, limit, cursor }): Query<Which>,
) -> Result<Json<List<KeptEntry>>, HttpRefusal> {
    known(&kind)?;
    let page = Page::<String>::asked(limit, cursor.as_deref())?;
    let behind = page.behind.as_deref();
    let found = service.store.latest_behind(&kind, &beginning, behind, page.and_one()).await?;
    let mut list = page.cut(found, |stored| stored.entry.says.thing().key);
    list.items.retain(|stored| !matches!(stored.entry.says, Says::Withdrawn(_)));
    Ok(Json(list.map(KeptEntry::from)))
}

/// All that was ever said of a thing, by its moment: the last holds.
#[utoipa::path(get, path = "/things/{kind}/{*key}", tag = "entries", operation_id = "history", security(("token" = ["read"])),
    params(("kind" = String, Path, description = "As in `/things/{kind}`", example = "commitment"),
        ("key" = String, Path, description = "Which; it may hold slashes", example = "lake/2020"), WhichPage),
    responses(
        (status = 200, description = "A page; empty: nothing was ever said of it", body = List<KeptEntry>),
        (status = 404, description = "No such kind: `kind_unknown`", body = Refusal),
    ))]
async fn history(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path((kind, key)): Path<(String, String)>,
    Query(WhichPage { limit, cursor }): Query<WhichPage>,
) -> Result<Json<List<KeptEntry>>, HttpRefusal> {
    known(&kind)?;
    let page = Page::<(WallTime, String)>::asked(limit, cursor.as_deref())?;
    let behind = page.behind.as_ref().map(|(at, id)| (*at, id.as_str()));
    let found = service.store.entries_about_behind(&Thing { kind, key }, behind, page.and_one()).await?;
    let list = page.cut(found, |stored| (stored.entry.at_us, stored.entry.id.clone()));
    Ok(Json(list.map(KeptEntry::from)))
}
