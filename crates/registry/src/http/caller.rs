//! Who asks, from where, and whether the token allows it.

use super::refusal::HttpRefusal;
use crate::access::{Access, AccessError, Scope};
use crate::service::Service;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tongke_protocol::grant::bearer;

/// Something that a request needs.
pub(crate) trait Needs: Send {
    /// What the token must allow.
    const SCOPE: Scope;
    /// Whether the token may stand in the query: calendars can send no header.
    const IN_QUERY: bool = false;
}

macro_rules! needs {
    ($($name:ident)*) => {$(
        /// See the scope of this name.
        pub(crate) enum $name {}
        impl Needs for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )*};
}

needs! { Read Enter Grant Inspect Admin }

/// As [`Read`], for calendars.
pub(crate) enum Calendar {}

impl Needs for Calendar {
    const SCOPE: Scope = Scope::Read;
    const IN_QUERY: bool = true;
}

/// Whoever asks, with a token that allows it.
pub(crate) struct May<N> {
    /// Who, and what else the token allows.
    pub access: Access,
    needs: PhantomData<N>,
}

impl<N: Needs> FromRequestParts<Arc<Service>> for May<N> {
    type Rejection = HttpRefusal;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, HttpRefusal> {
        let in_query = N::IN_QUERY.then(|| query_token(parts)).flatten();
        let from_header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = from_header.and_then(bearer).or(in_query).ok_or(AccessError::Missing)?;
        let access = service.access.verify(token, service.now())?;
        if !access.allows(N::SCOPE) {
            return Err(AccessError::Scope { needed: N::SCOPE }.into());
        }
        Ok(May { access, needs: PhantomData })
    }
}

/// Where a request comes from; none: behind something that does not say.
pub(crate) struct Origin(pub Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Origin(parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.ip())))
    }
}

/// The token of `?token=`. Tokens need no percent-encoding.
fn query_token(parts: &Parts) -> Option<&str> {
    parts.uri.query()?.split('&').find_map(|pair| pair.strip_prefix("token="))
}
