//! The pages, of a lesson and of tests: shells rendered here, and the style sheets and modules that browsers load.
//!
//! A shell carries no lesson's data: what happens in a lesson a page learns from the relay's HTTP
//! interface, with its grant. In debug builds assets and messages are read from their folders at each
//! request; in release builds they are in the binary.

mod assets;
mod headers;
mod language;
mod modules;
mod pages;
mod texts;
#[cfg(test)]
mod usage;

use axum::Router;
use axum::middleware;
use axum::routing::get;
use tower_http::compression::CompressionLayer;

/// All pages and assets. No path of it is one of the relay's, so that both fit one router.
pub fn router() -> Router {
    Router::new()
        .route("/", get(pages::home))
        .route("/lessons/{lesson}", get(pages::lesson))
        .route("/signal", get(pages::signal))
        .route("/verify", get(pages::verify))
        .route("/assets/{version}/{*path}", get(assets::serve))
        .layer(middleware::from_fn(headers::secure))
        .layer(CompressionLayer::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, Response, StatusCode, header};
    use tower::ServiceExt as _;

    async fn get(path: &str, headers: &[(header::HeaderName, &str)]) -> Response<Body> {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    fn told<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    async fn text(response: Response<Body>) -> String {
        String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    /// The first thing that a page loads.
    async fn an_asset() -> String {
        let page = text(get("/", &[]).await).await;
        let start = page.find("/assets/").unwrap();
        page[start..].split('"').next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn who_comes_without_a_link_finds_the_pages_that_need_none() {
        let page = text(get("/", &[]).await).await;
        for path in ["/signal", "/verify"] {
            assert!(page.contains(&format!("href=\"{path}\"")), "{page}");
            assert_eq!(get(path, &[]).await.status(), 200);
        }
    }

    #[tokio::test]
    async fn a_page_lets_nothing_in_from_elsewhere_and_is_not_kept() {
        for path in
            ["/", "/lessons/math?grant=a.b.c", "/lessons/math%20", "/signal", "/verify", &an_asset().await]
        {
            let response = get(path, &[]).await;
            assert!(told(&response, "content-security-policy").starts_with("default-src 'none'; "), "{path}");
            assert!(told(&response, "permissions-policy").contains("display-capture=(self)"), "{path}");
            assert_eq!(told(&response, "referrer-policy"), "no-referrer", "{path}");
            assert_eq!(told(&response, "x-content-type-options"), "nosniff", "{path}");
        }
        assert_eq!(told(&get("/lessons/math", &[]).await, "cache-control"), "no-store");
    }

    #[tokio::test]
    async fn a_page_has_no_script_or_style_of_its_own_and_names_no_other_host() {
        for path in ["/", "/lessons/math", "/lessons/math%20", "/signal", "/verify"] {
            let page = text(get(path, &[]).await).await;
            for tag in page.split("<script").skip(1) {
                let is_data = tag.starts_with(" type=\"application/json\"");
                assert!(is_data || tag.contains(" src=\"/assets/"), "{path}: {tag}");
            }
            for forbidden in ["<style", " style=", " onclick=", "javascript:", "src=\"http", "href=\"http"] {
                assert!(!page.contains(forbidden), "{path} has {forbidden}");
            }
        }
    }

    #[tokio::test]
    async fn what_cannot_be_a_lesson_is_told_in_words() {
        for id in ["a%20b", "%E8%AF%BE", "%FF", &"a".repeat(65)] {
            let response = get(&format!("/lessons/{id}"), &[]).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{id}");
            let page = text(response).await;
            assert!(page.contains("没有这间教室") && page.contains("lang=\"zh-CN\""), "{page}");
        }
    }

    #[tokio::test]
    async fn a_language_that_was_chosen_is_remembered() {
        let response = get("/lessons/math?lang=en", &[(header::ACCEPT_LANGUAGE, "zh-CN")]).await;
        assert!(told(&response, "set-cookie").starts_with("lang=en; "), "{response:?}");
        assert!(text(response).await.contains("<html lang=\"en\">"));
        let response = get("/lessons/math?lang=en&lang=%", &[(header::COOKIE, "lang=en")]).await;
        assert_eq!((response.status(), told(&response, "set-cookie")), (StatusCode::OK, ""));
        assert!(text(response).await.contains("<html lang=\"en\">"));
    }

    #[tokio::test]
    async fn the_modules_texts_are_json_that_cannot_leave_its_element() {
        let page = text(get("/lessons/math", &[]).await).await;
        let block = page.split("id=\"texts\">").nth(1).unwrap().split("</script>").next().unwrap();
        let texts: std::collections::BTreeMap<String, String> = serde_json::from_str(block).unwrap();
        assert!(!block.contains('<') && texts.keys().all(|key| key.starts_with("js-")));
    }

    #[tokio::test]
    async fn assets_are_kept_for_ever_under_their_version_and_not_at_all_under_another() {
        let path = an_asset().await;
        let response = get(&path, &[(header::ACCEPT_ENCODING, "gzip")]).await;
        assert_eq!(told(&response, "cache-control"), "public, max-age=31536000, immutable");
        let etag = told(&response, "etag").to_owned();
        assert_eq!(get(&path, &[(header::IF_NONE_MATCH, &etag)]).await.status(), StatusCode::NOT_MODIFIED);

        let (_, file) = path.rsplit_once('/').unwrap();
        let other = get(&format!("/assets/0123456789abcdef/{file}"), &[]).await;
        assert_eq!((other.status(), told(&other, "cache-control")), (StatusCode::OK, "no-store"));
    }

    #[tokio::test]
    async fn only_what_is_meant_for_browsers_is_served() {
        let folder = assets::folder();
        for path in ["lesson.html", "../Cargo.toml", "%2e%2e/Cargo.toml", "", "nothing.js", "/etc/hosts"] {
            let response = get(&format!("{folder}/{path}"), &[]).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn pages_and_assets_are_compressed_for_who_takes_it() {
        for path in ["/lessons/math", &format!("{}/lesson.css", assets::folder())] {
            let response = get(path, &[(header::ACCEPT_ENCODING, "gzip")]).await;
            assert_eq!(told(&response, "content-encoding"), "gzip", "{path}");
        }
    }
}
