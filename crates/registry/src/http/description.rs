//! The description of the interface (OpenAPI 3.1). Routes bring their own part; what is true of many of
//! them is said here once.

use super::refusal::Refusal;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response,
    ResponseBuilder, Server,
};
use utoipa::{PartialSchema as _, ToSchema as _};

/// Below what all routes are.
pub(super) const BASE: &str = "/api/v1";
/// The name of the token in the description.
pub(super) const TOKEN: &str = "token";

const ABOUT: &str = "What took place in synchronized classrooms, what counts, how far each school is. \
    Times are microseconds since the Unix epoch, days are those of the schools' clocks. Every answer that \
    refuses has the same body, `Refusal`. Lists come in pages: `next` of one is `cursor` of the following one. \
    Every GET has an ETag. Whoever may ask has a token (`tongke registry token`); machines have none, they \
    sign what they say.";

/// The description without routes.
pub(super) fn empty() -> OpenApi {
    let scheme = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("Scopes: read, enter, grant, inspect, admin (all of them)"))
        .build();
    let mut components = Components::new();
    components.add_security_scheme(TOKEN, SecurityScheme::Http(scheme));
    let mut schemas = vec![(Refusal::name().into_owned(), Refusal::schema())];
    Refusal::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let info = InfoBuilder::new()
        .title("Tongke pairing registry")
        .description(Some(ABOUT))
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    OpenApiBuilder::new().info(info).servers(Some([Server::new(BASE)])).components(Some(components)).build()
}

/// Adds to every route how it may refuse.
pub(super) fn complete(mut api: OpenApi) -> OpenApi {
    // The router's sign for "all that follows" is none of OpenAPI's.
    let paths = std::mem::take(&mut api.paths.paths);
    api.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    for item in api.paths.paths.values_mut() {
        operations(item).for_each(refusals);
    }
    api
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten()
}

fn refusals(operation: &mut Operation) {
    let nobody = SecurityRequirement::default();
    let is_open = operation.security.as_ref().is_some_and(|all| all.contains(&nobody));
    let mut may = vec![("400", "The address, the query or the body cannot be read")];
    if !is_open {
        may.push(("401", "No token, or none that is good: `access_missing`, `access_malformed`, `access_signature`, `access_expired`"));
        may.push(("403", "The token does not allow it: `access_scope`"));
    }
    if operation.request_body.is_some() {
        may.push(("408", "The body did not come in time: `body_too_slow`"));
        may.push(("413", "The body is too long: `body_too_large`"));
        may.push(("415", "The body is of another type: `wrong_content_type`"));
        may.push(("422", "The body can be read but not be meant"));
    }
    may.push(("500", "The registry failed: `internal`"));
    may.push(("503", "Not now: `busy`, `store_unavailable`; `Retry-After` says when"));
    for (status, about) in may {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(refusal(about)));
    }
}

fn refusal(about: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Refusal::name()))).build();
    ResponseBuilder::new().description(about).content("application/json", content).build()
}
