//! What a machine asks for itself: words that it signed just now. No token is needed: the signature says who asks.

use super::refusal::{HttpRefusal, refuse, unfit};
use crate::intake::{self, NotTaken, Signer};
use crate::service::Service;
use axum::http::StatusCode;
use serde::Deserialize;
use tongke_pairing::calendar::local;
use utoipa::ToSchema;

/// By how much a machine's clock may be off when it asks: its request is good for no longer.
const OFF_US: u64 = 2 * 60 * 1_000_000;

/// A machine's own wish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    /// A JWS that an enrolled node signed. What it is of is said at each address; `at_us` in it is when the node asks, at
    /// most two minutes off the registry's clock.
    #[schema(max_length = 4096)]
    pub request: String,
}

/// The machine that signed it.
pub(super) async fn signer(service: &Service, request: &str) -> Result<Signer, HttpRefusal> {
    intake::signer(&service.store, request).await?.map_err(|why| refused(&why))
}

/// Why signed words are not taken.
pub(super) fn refused(why: &NotTaken) -> HttpRefusal {
    match why {
        NotTaken::Malformed(_) => unfit(why.code(), why.to_string(), "sign what is to be asked"),
        _ => {
            let hint = "enrol the machine, or look at which one it is";
            refuse(StatusCode::FORBIDDEN, why.code(), why.to_string(), hint)
        }
    }
}

/// Refuses what was not signed just now.
pub(super) fn must_be_fresh(service: &Service, at_us: u64) -> Result<(), HttpRefusal> {
    let now = service.now();
    if now.0.abs_diff(at_us) <= OFF_US {
        return Ok(());
    }
    let message = format!("it is {} here ({} µs since 1970)", local(now), now.0);
    Err(refuse(StatusCode::FORBIDDEN, "clock_off", message, "set the machine's clock, and ask again"))
}
