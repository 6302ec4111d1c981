//! The pages: what each needs, and its answer.

use crate::assets;
use crate::language::Language;
use crate::texts::Texts;
use askama::Template;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use tongke_protocol::LessonId;

/// What a page may be asked for in its address.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    lang: Option<String>,
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
    lesson: LessonId,
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
pub(crate) async fn home(Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let language = Language::choose(asked.lang.as_deref(), &headers);
    let page = Home { language, text: Texts::of(language), assets: assets::folder() };
    answer(StatusCode::OK, &page, &asked)
}

/// `GET /lessons/{lesson}`
pub(crate) async fn lesson(
    Path(lesson): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let language = Language::choose(asked.lang.as_deref(), &headers);
    let (text, assets) = (Texts::of(language), assets::folder());
    match lesson.parse() {
        Ok(lesson) => answer(StatusCode::OK, &Lesson { language, text, assets, lesson }, &asked),
        Err(_) => answer(StatusCode::NOT_FOUND, &NotFound { language, text, assets }, &asked),
    }
}

fn answer(status: StatusCode, page: &impl Template, asked: &Asked) -> Response {
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
    if let Some(language) = asked.lang.as_deref().and_then(Language::of_tag) {
        headers.insert(header::SET_COOKIE, language.cookie());
    }
    response
}
