//! What is true of every route: refusals, tokens, ETags, the description.

use crate::databases::{Engine, on_both};
use crate::world::{World, admin, at, secret, token};
use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::Value;
use std::collections::BTreeSet;
use tongke_registry::access::{Access, AccessKey, Scope};

on_both! {
    async fn what_is_not_there_is_refused_in_the_same_words_everywhere(engine) {
        let world = World::on(engine).await;
        for path in ["/api/v1/nothing", "/api/v1", "/api/v1/", "/api", "/", "/api/v1/facts/a/b"] {
            let answer = world.ask(Method::GET, path, "", None).await;
            answer.is(404, "no_such_address");
            assert_eq!(answer.json()["message"], format!("there is nothing at {path}"));
        }
        let answer = world.ask(Method::DELETE, "/api/v1/status", "", None).await;
        answer.is(405, "method_not_allowed");
        assert_eq!(answer.headers[header::ALLOW], "GET,HEAD");
        world.ask(Method::POST, "/api/openapi.json", "", None).await.is(405, "method_not_allowed");
        world.get("/facts/a%00b").await.is(400, "address_unfit");
        world.get("/machines?limit=1&cursor=%00").await.is(400, "address_unfit");
        world.get("/machines/a%20b").await.is(400, "address_unfit");
        world.get("/machines/%FF").await.is(400, "address_unfit");
        world.get("/machines?limit=many").await.is(400, "query_unfit");
        world.get("/machines?limt=1").await.is(400, "query_unfit");
        world.get("/machines?limit=0").await.is(400, "limit_unfit");
        world.get("/machines?cursor=made-up").await.is(400, "cursor_unknown");
    }

    async fn a_token_says_who_may_what_and_until_when(engine) {
        let world = World::on(engine).await;
        let machines = |token: String| {
            let world = &world;
            async move { world.ask(Method::GET, "/api/v1/machines", &token, None).await }
        };
        let missing = machines(String::new()).await;
        missing.is(401, "access_missing");
        assert_eq!(missing.headers[header::WWW_AUTHENTICATE], r#"Bearer realm="tongke registry""#);
        machines("abc".to_owned()).await.is(401, "access_malformed");
        let good = token("clerk", &[Scope::Read]);
        machines(good.clone()).await.ok();
        machines(format!("{}A", &good[..good.len() - 2])).await.is(401, "access_signature");
        machines(token("clerk", &[Scope::Enter, Scope::Grant])).await.is(403, "access_scope");
        machines(token("clerk", &[Scope::Admin])).await.ok();
        let over = Access { sub: "clerk".into(), may: vec![Scope::Read], exp: at(1, 8, 0).0 / 1_000_000 };
        let over = machines(AccessKey::of(&secret()).sign(&over)).await;
        over.is(401, "access_expired");
        assert_eq!(
            over.headers[header::WWW_AUTHENTICATE],
            r#"Bearer realm="tongke registry", error="invalid_token""#
        );
        world
            .ask(Method::GET, &format!("/api/v1/machines?token={good}"), "", None)
            .await
            .is(401, "access_missing");
    }

    async fn what_is_known_already_is_not_sent_again(engine) {
        let world = World::on(engine).await;
        for path in ["/api/v1/status", "/api/openapi.json"] {
            let first = world.ask(Method::GET, path, "", None).await;
            let tag = first.headers[header::ETAG].clone();
            let with = |method: Method, tag: &str| {
                let request = Request::builder().method(method).uri(path).header(header::IF_NONE_MATCH, tag);
                world.send(request.body(Body::empty()).unwrap())
            };
            let again = with(Method::GET, tag.to_str().unwrap()).await;
            assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
            assert_eq!(again.headers[header::ETAG], tag);
            assert_eq!(with(Method::GET, "\"other\"").await.bytes, first.bytes);
            let head = world.ask(Method::HEAD, path, "", None).await;
            assert_eq!((head.status.as_u16(), head.bytes.len(), &head.headers[header::ETAG]), (200, 0, &tag));
        }
        let refused = world.ask(Method::GET, "/api/v1/nothing", "", None).await;
        assert!(!refused.headers.contains_key(header::ETAG));
    }
}

#[tokio::test]
async fn the_description_has_every_route_with_a_name_of_its_own_and_how_it_refuses() {
    let world = World::on(Engine::Sqlite).await;
    let api = world.ask(Method::GET, "/api/openapi.json", "", None).await.ok();
    assert_eq!(api["openapi"], "3.1.0");
    let paths = api["paths"].as_object().unwrap();
    let mut names = BTreeSet::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let what = format!("{method} {path}");
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{what} has no name"));
            assert!(names.insert(name), "{what}: {name} is the name of another one");
            assert!(operation["security"].is_array(), "{what} does not say who may");
            assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{what} says nothing");
            assert!(operation["tags"].is_array(), "{what} has no tag");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{what} never works");
            for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
                let schema = &response["content"]["application/json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Refusal", "{what} {status}");
            }
            let is_open =
                operation["security"].as_array().unwrap().iter().any(|one| one == &serde_json::json!({}));
            assert_eq!(responses.contains_key("401"), !is_open, "{what}");
        }
    }
    let routes = "/status /facts /facts/{id} /machines /machines/{id} /enrolments /entries /entries/{id} /things/{kind} \
        /things/{kind}/{key} /timetable /timetable.ics /lessons /lessons/{lesson} /lessons/{lesson}/facts \
        /lessons/{lesson}/grants /grants /webhooks /webhooks/{id} /audit /reports /reports/check /reports/{id} /reports/{id}/judgement /machines/{id}/self-tests \
        /inspections /orders/{id} /orders/{id}/progress /machines/me/orders /machines/me/timetable /machines/me/self-tests /schools/{id}/pupils /schools/{id}/pupils/{pupil}";
    for route in routes.split_whitespace() {
        assert!(paths.contains_key(route), "{route}");
    }
    references(&api, &mut |to| {
        let there = api.pointer(to.strip_prefix('#').unwrap());
        assert!(there.is_some(), "{to} is nowhere");
    });
}

#[tokio::test]
async fn bodies_are_taken_in_the_types_that_are_described_and_in_no_other() {
    let world = World::on(Engine::Sqlite).await;
    let api = world.ask(Method::GET, "/api/openapi.json", "", None).await.ok();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(described) = operation["requestBody"]["content"].as_object() else { continue };
            let names = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
            let uri = format!("/api/v1{}", names.collect::<Vec<_>>().join("/"));
            for kind in [
                "application/json",
                "application/jose",
                "application/octet-stream",
                "text/plain",
                "text/html",
            ] {
                let request = Request::builder().method(method.to_uppercase().as_str()).uri(&uri);
                let request = request.header(header::AUTHORIZATION, format!("Bearer {}", admin()));
                let request = request.header(header::CONTENT_TYPE, kind).body(Body::from("?")).unwrap();
                let is_taken = world.send(request).await.status != 415;
                assert_eq!(is_taken, described.contains_key(kind), "{method} {path} {kind}");
            }
            // RFC 9110 §15.5.14 is about bytes; too many things are nothing else that cannot be meant.
            let too_long = operation["responses"]["413"]["description"].as_str().unwrap();
            assert!(
                too_long.contains("`body_too_large`") && !too_long.contains("too_many"),
                "{method} {path}"
            );
        }
    }
}

fn references(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(to)) = members.get("$ref") {
                found(to);
            }
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}
