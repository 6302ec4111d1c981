//! The pages: what each needs, and its answer.

use crate::assets;
use crate::language::Language;
use crate::modules::{self, Entry};
use crate::texts::Texts;
use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use tongke_protocol::LessonId;

/// What a page may be asked for in its address.
#[derive(Deserialize)]
struct Asked {
    lang: Option<String>,
}

/// The language that an address asks for; nonsense in it is no reason to refuse a page.
fn asked(uri: &Uri) -> Option<Language> {
    let Query(asked) = Query::<Asked>::try_from_uri(uri).ok()?;
    Language::of_tag(&asked.lang?)
}

/// What Tongke is, for somebody who came without a link.
#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    language: Language,
    text: Arc<Texts>,
    assets: String,
}

/// A lesson's page, the same for everybody: the grant tells the page who looks.
#[derive(Template)]
#[template(path = "lesson.html")]
struct Lesson {
    language: Language,
    text: Arc<Texts>,
    assets: String,
    /// What the page's module imports.
    modules: Vec<String>,
    lesson: LessonId,
}

/// Signals to be filmed and heard, and the camera that reads them.
#[derive(Template)]
#[template(path = "signal.html")]
struct Signal {
    language: Language,
    text: Arc<Texts>,
    assets: String,
    modules: Vec<String>,
}

/// Whether a report was altered.
#[derive(Template)]
#[template(path = "verify.html")]
struct Verify {
    language: Language,
    text: Arc<Texts>,
    assets: String,
    modules: Vec<String>,
}

/// An address that cannot be a lesson's.
#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFound {
    language: Language,
    text: Arc<Texts>,
    assets: String,
}

/// `GET /`
pub(crate) async fn home(uri: Uri, headers: HeaderMap) -> Response {
    let asked = asked(&uri);
    let language = Language::choose(asked, &headers);
    let page = Home { language, text: Texts::of(language), assets: assets::folder() };
    answer(StatusCode::OK, &page, asked)
}

/// `GET /lessons/{lesson}`
pub(crate) async fn lesson(
    lesson: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let asked = asked(&uri);
    let language = Language::choose(asked, &headers);
    let (text, assets) = (Texts::of(language), assets::folder());
    match lesson.ok().and_then(|Path(lesson)| lesson.parse().ok()) {
        Some(lesson) => {
            let modules = modules::of(Entry::Lesson);
            answer(StatusCode::OK, &Lesson { language, text, assets, modules, lesson }, asked)
        }
        None => answer(StatusCode::NOT_FOUND, &NotFound { language, text, assets }, asked),
    }
}

/// `GET /signal`
pub(crate) async fn signal(uri: Uri, headers: HeaderMap) -> Response {
    let asked = asked(&uri);
    let language = Language::choose(asked, &headers);
    let (text, assets, modules) = (Texts::of(language), assets::folder(), modules::of(Entry::Signal));
    answer(StatusCode::OK, &Signal { language, text, assets, modules }, asked)
}

/// `GET /verify`
pub(crate) async fn verify(uri: Uri, headers: HeaderMap) -> Response {
    let asked = asked(&uri);
    let language = Language::choose(asked, &headers);
    let (text, assets, modules) = (Texts::of(language), assets::folder(), modules::of(Entry::Verify));
    answer(StatusCode::OK, &Verify { language, text, assets, modules }, asked)
}

fn answer(status: StatusCode, page: &impl Template, asked: Option<Language>) -> Response {
    let html = match page.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(language) = asked {
        headers.insert(header::SET_COOKIE, language.cookie());
    }
    response
}
