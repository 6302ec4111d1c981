//! Entries: what people say, as they said it.

use super::asked::{Json, Path, Query};
use super::caller::{Enter, May, Read};
use super::described::Described as _;
use super::list::{List, Page, WhichPage};
use super::refusal::{HttpRefusal, Refusal, refuse, unfit, unknown};
use crate::access::{Access, Scope};
use crate::entering::{self, Entered, NotEntered};
use crate::service::Service;
use crate::store::{Kept, StoredEntry};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tongke_pairing::check::Notice;
use tongke_pairing::entry::Entry;
use tongke_protocol::WallTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Most entries of one request.
const MOST: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().with(routes!(entries, enter)).with(routes!(entry, put_entry))
}

/// Entries to be kept, all of them or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Entries {
    /// In the order in which they are to be judged.
    #[schema(min_items = 1, max_items = 1000)]
    entries: Vec<Entry>,
}

/// What became of entries.
#[derive(Debug, Serialize, ToSchema)]
struct EntryResults {
    /// An answer for each, in the order of the entries.
    results: Vec<EntryResult>,
}

/// What became of an entry.
#[derive(Debug, Serialize, ToSchema)]
struct EntryResult {
    /// Its id.
    id: String,
    /// What became of it.
    status: EntryStatus,
    /// What is strange about it. It is kept all the same.
    warnings: Vec<Notice>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum EntryStatus {
    /// Kept.
    New,
    /// It was kept before.
    Known,
}

impl EntryResult {
    fn of(Entered { id, kept, warnings }: Entered) -> EntryResult {
        let status = if kept == Kept::New { EntryStatus::New } else { EntryStatus::Known };
        EntryResult { id, status, warnings }
    }
}

/// Enters several things, each judged beside what stands and those before it: all of them or none.
#[utoipa::path(post, path = "/entries", tag = "entries", operation_id = "enter", security(("token" = ["enter"])),
    request_body = Entries,
    responses(
        (status = 200, description = "All are kept, or were before", body = EntryResults),
        (status = 403, description = "`access_scope`, `author_differs`", body = Refusal),
        (status = 409, description = "Another entry has one of the ids: `conflict`", body = Refusal),
        (status = 422, description = "Something cannot be meant: `refused`, with all `problems`; `json_unfit`, `no_entries`, `too_many_entries`", body = Refusal),
    ))]
async fn enter(
    State(service): State<Arc<Service>>,
    May { access, .. }: May<Enter>,
    Json(Entries { entries }): Json<Entries>,
) -> Result<axum::Json<EntryResults>, HttpRefusal> {
    if entries.is_empty() {
        return Err(unfit("no_entries", "there are no entries", "send 1 to 1000 of them"));
    }
    if entries.len() > MOST {
        let message = format!("{} entries came, at most {MOST} are taken at a time", entries.len());
        let hint = "send them in several requests, what others need first";
        return Err(unfit("too_many_entries", message, hint));
    }
    entries.iter().try_for_each(|entry| may_say(&access, entry))?;
    let entered = entering::enter(&service, entries).await;
    let entered = entered.map_err(|why| not_entered(why, |at, field| format!("entries[{at}].{field}")))?;
    Ok(axum::Json(EntryResults { results: entered.into_iter().map(EntryResult::of).collect() }))
}

/// Enters something, under an id of one's own choice: it may be sent again until it is answered.
#[utoipa::path(put, path = "/entries/{id}", tag = "entries", operation_id = "put_entry", security(("token" = ["enter"])),
    params(("id" = String, Path, description = "The entry's id", max_length = 100)),
    request_body = Entry,
    responses(
        (status = 200, description = "It was kept before", body = EntryResult),
        (status = 201, description = "Kept", body = EntryResult),
        (status = 403, description = "`access_scope`, `author_differs`", body = Refusal),
        (status = 409, description = "Another entry has this id: `conflict`", body = Refusal),
        (status = 422, description = "It cannot be meant: `refused`, with all `problems`; `json_unfit`, `id_differs`", body = Refusal),
    ))]
async fn put_entry(
    State(service): State<Arc<Service>>,
    May { access, .. }: May<Enter>,
    Path(id): Path<String>,
    Json(entry): Json<Entry>,
) -> Result<Response, HttpRefusal> {
    if entry.id != id {
        let message = format!("the entry in it is not '{id}'");
        return Err(unfit("id_differs", message, "put it at its own id"));
    }
    may_say(&access, &entry)?;
    let entered = entering::enter(&service, vec![entry]).await;
    let entered = entered.map_err(|why| not_entered(why, |_, field| field.to_owned()))?;
    let result = entered.into_iter().map(EntryResult::of).next().expect("there is an answer for each entry");
    let status = if result.status == EntryStatus::New { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(result)).into_response())
}

/// Everybody speaks in their own name; who may do everything may hand on what others said.
fn may_say(access: &Access, entry: &Entry) -> Result<(), HttpRefusal> {
    if access.sub == entry.author || access.allows(Scope::Admin) {
        return Ok(());
    }
    let message = format!("the entry is in the name of '{}', the token of '{}'", entry.author, access.sub);
    let hint = "enter it in your own name, or use a token with 'admin'";
    Err(refuse(StatusCode::FORBIDDEN, "author_differs", message, hint))
}

fn not_entered(why: NotEntered, field: impl Fn(usize, &str) -> String) -> HttpRefusal {
    match why {
        NotEntered::Store(error) => error.into(),
        NotEntered::Conflict(id) => {
            let message = format!("another entry is kept as '{id}'");
            let hint = "entries are never changed; say what you mean under a new id, and it takes its place";
            refuse(StatusCode::CONFLICT, "conflict", message, hint)
        }
        NotEntered::Refused(problems) => {
            let of = |(at, problem): (usize, Notice)| Notice { field: field(at, &problem.field), ..problem };
            let problems: Vec<Notice> = problems.into_iter().map(of).collect();
            let message = problems.first().map_or_else(String::new, |first| first.message.clone());
            let hint = "correct what 'problems' names, and send it again; nothing was kept";
            unfit("refused", message, hint).with_problems(problems)
        }
    }
}

/// An entry that is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeptEntry {
    /// Its number in the order of arrival, from 1.
    seq: u64,
    /// When it arrived, µs since the Unix epoch.
    #[schema(value_type = u64)]
    received_us: WallTime,
    /// As it was said.
    entry: Entry,
}

impl From<StoredEntry> for KeptEntry {
    fn from(StoredEntry { seq, received_us, entry }: StoredEntry) -> KeptEntry {
        KeptEntry { seq, received_us, entry }
    }
}

/// All entries, in the order of arrival.
#[utoipa::path(get, path = "/entries", tag = "entries", operation_id = "entries", security(("token" = ["read"])),
    params(WhichPage), responses((status = 200, description = "A page", body = List<KeptEntry>)))]
async fn entries(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Query(WhichPage { limit, cursor }): Query<WhichPage>,
) -> Result<axum::Json<List<KeptEntry>>, HttpRefusal> {
    let page = Page::<u64>::asked(limit, cursor.as_deref())?;
    let found = service.store.entries_after(page.behind.unwrap_or(0), page.and_one()).await?;
    Ok(axum::Json(page.cut(found, |entry| entry.seq).map(KeptEntry::from)))
}

/// An entry.
#[utoipa::path(get, path = "/entries/{id}", tag = "entries", operation_id = "entry", security(("token" = ["read"])),
    params(("id" = String, Path, description = "The entry's id")),
    responses(
        (status = 200, description = "The entry", body = KeptEntry),
        (status = 404, description = "There is none: `entry_unknown`", body = Refusal),
    ))]
async fn entry(
    State(service): State<Arc<Service>>,
    _: May<Read>,
    Path(id): Path<String>,
) -> Result<axum::Json<KeptEntry>, HttpRefusal> {
    let entry = service.store.entry(&id).await?;
    let hint = "GET /entries lists all";
    let entry = entry.ok_or_else(|| unknown("entry_unknown", format!("there is no entry '{id}'"), hint))?;
    Ok(axum::Json(entry.into()))
}
