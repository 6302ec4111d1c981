//! Routes put together with their descriptions. Two types of one name would stand in the description as one, and
//! one of them wrongly: whoever adds such a type learns it from the first test that makes a router.

use crate::service::Service;
use std::sync::Arc;
use utoipa::openapi::{OpenApi, RefOr, Schema};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

type Routes = OpenApiRouter<Arc<Service>>;

/// Adds routes.
pub(super) trait Described {
    /// Adds those of one address.
    fn with(self, routes: UtoipaMethodRouter<Arc<Service>>) -> Self;
    /// Adds those of a file.
    fn with_all(self, routes: Routes) -> Self;
}

impl Described for Routes {
    fn with(self, routes: UtoipaMethodRouter<Arc<Service>>) -> Self {
        let (schemas, ..) = &routes;
        for (at, (name, schema)) in schemas.iter().enumerate() {
            let before = schemas[..at].iter().find(|(other, _)| other == name);
            must_be_one(name, schema, before.map(|(_, schema)| schema));
            must_be_one(name, schema, schema_of(self.get_openapi(), name));
        }
        self.routes(routes)
    }

    fn with_all(self, routes: Routes) -> Self {
        let theirs = routes.get_openapi().components.iter().flat_map(|components| &components.schemas);
        for (name, schema) in theirs {
            must_be_one(name, schema, schema_of(self.get_openapi(), name));
        }
        self.merge(routes)
    }
}

fn schema_of<'a>(api: &'a OpenApi, name: &str) -> Option<&'a RefOr<Schema>> {
    api.components.as_ref()?.schemas.get(name)
}

fn must_be_one(name: &str, schema: &RefOr<Schema>, before: Option<&RefOr<Schema>>) {
    let is_one = before.is_none_or(|before| before == schema);
    assert!(is_one, "two types are described as '{name}'; rename one, or give it #[schema(as = …)]");
}
