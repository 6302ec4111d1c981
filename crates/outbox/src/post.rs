//! The registry's interface, as machines use it.

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Time for one request and its answer.
const REQUEST_WAIT: Duration = Duration::from_secs(60);
/// Time for the TCP and TLS handshakes.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// Longest answer read, in bytes.
const MAX_ANSWER_LEN: usize = 4 << 20;
/// Most of an unexpected answer that is told, in characters.
const MAX_TOLD: usize = 300;
/// Longest wait that a registry may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// What became of a fact. All of these are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Kept.
    New,
    /// It was kept before.
    Known,
    /// Another fact has this id.
    Conflict,
    /// Not taken.
    Refused,
}

/// The registry's answer about one fact.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    pub id: Option<String>,
    pub status: Verdict,
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub message: String,
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Posted {
    /// An answer for each fact, in the order of the facts.
    Answered(Vec<Answer>),
    /// The registry does not take the request as it is: fewer facts at a time may be taken.
    NotTaken(Answer),
    /// Not now.
    Later {
        why: String,
        /// What the registry asked for.
        after: Option<Duration>,
    },
}

/// A connection to the registry.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    client: Client,
    facts: Url,
    reports: Url,
}

/// What speaks HTTP with registries.
pub(crate) fn client(authority: Option<&str>) -> Result<Client, String> {
    // Fails if the program has chosen a provider already: then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .connect_timeout(CONNECT_WAIT)
        .timeout(REQUEST_WAIT)
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(concat!("tongke/", env!("CARGO_PKG_VERSION")));
    if let Some(pem) = authority {
        let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(|error| chain(&error))?;
        builder = roots.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate);
    }
    builder.build().map_err(|error| chain(&error))
}

/// A part of the registry's interface, whatever path the registry stands at.
pub(crate) fn endpoint(base: &Url, what: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/api/v1/{what}", base.path().trim_end_matches('/')));
    url.set_query(None);
    url.set_fragment(None);
    url
}

impl Post {
    pub(crate) fn new(registry: &Url, authority: Option<&str>) -> Result<Self, String> {
        let (facts, reports) = (endpoint(registry, "facts"), endpoint(registry, "reports"));
        Ok(Self { client: client(authority)?, facts, reports })
    }

    /// Sends signed facts, whose ids are these.
    pub(crate) async fn facts(&self, signed: &[&str], ids: &[&str]) -> Posted {
        #[derive(Serialize)]
        struct Facts<'a> {
            facts: &'a [&'a str],
        }
        let sent = self.client.post(self.facts.clone()).json(&Facts { facts: signed }).send().await;
        match sent {
            Ok(response) => read(response, ids).await,
            Err(error) => later(chain(&error)),
        }
    }

    /// Sends a signed report.
    pub(crate) async fn report(&self, report: Vec<u8>) -> Posted {
        let request = self.client.post(self.reports.clone()).header(CONTENT_TYPE, "application/json");
        match request.body(report).send().await {
            Ok(response) => read_of_report(response).await,
            Err(error) => later(chain(&error)),
        }
    }
}

/// What became of a report. Refused is only what the registry itself refuses: something on the way that says no may
/// say yes tomorrow.
async fn read_of_report(response: Response) -> Posted {
    let (status, after) = (response.status(), retry_after(&response));
    let text = match body(response).await {
        Ok(text) => text,
        Err(why) => return later(why),
    };
    let Refusal { code, .. } = Refusal::read(&text);
    let verdict = match status {
        StatusCode::CREATED => Verdict::New,
        StatusCode::OK => Verdict::Known,
        StatusCode::CONFLICT if !code.is_empty() => Verdict::Conflict,
        StatusCode::FORBIDDEN | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY
            if !code.is_empty() =>
        {
            Verdict::Refused
        }
        _ => {
            let why = format!("it answered {status}: {}", message_of(&text));
            return Posted::Later { why, after };
        }
    };
    Posted::Answered(vec![Answer { id: None, status: verdict, code, message: message_of(&text) }])
}

async fn read(response: Response, ids: &[&str]) -> Posted {
    let status = response.status();
    let after = retry_after(&response);
    let text = match body(response).await {
        Ok(text) => text,
        Err(why) => return later(why),
    };
    match status {
        StatusCode::OK => answers(&text, ids),
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
            let code = format!("http_{}", status.as_u16());
            Posted::NotTaken(Answer { id: None, status: Verdict::Refused, code, message: message_of(&text) })
        }
        _ => Posted::Later { why: format!("it answered {status}: {}", message_of(&text)), after },
    }
}

fn later(why: String) -> Posted {
    Posted::Later { why, after: None }
}

/// The answers, if there is one for each fact.
fn answers(text: &str, ids: &[&str]) -> Posted {
    #[derive(Deserialize)]
    struct Answers {
        results: Vec<Answer>,
    }
    let answers = match serde_json::from_str::<Answers>(text) {
        Ok(Answers { results }) => results,
        Err(error) => return later(format!("its answer cannot be understood ({error})")),
    };
    let is_of = |answer: &Answer, id: &str| answer.id.as_deref().is_none_or(|named| named == id);
    if answers.len() != ids.len() || !answers.iter().zip(ids).all(|(answer, id)| is_of(answer, id)) {
        return later(format!("{} facts were sent, its {} answers are of others", ids.len(), answers.len()));
    }
    Posted::Answered(answers)
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// The text of an answer, if it is not too long.
pub(crate) async fn body(mut response: Response) -> Result<String, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| chain(&error))? {
        if body.len() + chunk.len() > MAX_ANSWER_LEN {
            return Err(format!("its answer is longer than {MAX_ANSWER_LEN} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// What an answer says to people: the `message` of the registry's error, or its beginning.
pub(crate) fn message_of(text: &str) -> String {
    match Refusal::read(text) {
        Refusal { message, hint, .. } if !hint.is_empty() => in_one_line(&format!("{message}; {hint}")),
        Refusal { message, .. } => in_one_line(&message),
    }
}

fn in_one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(MAX_TOLD).collect::<String>().trim().to_owned()
}

/// What the registry says when it does not do what it was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Refusal {
    pub code: String,
    pub message: String,
    pub hint: String,
}

impl Refusal {
    /// The refusal in an answer; what is none is told by its beginning.
    pub(crate) fn read(text: &str) -> Refusal {
        let refusal: Option<Refusal> = serde_json::from_str(text).ok();
        let refusal = refusal.filter(|refusal| !refusal.message.is_empty());
        refusal.unwrap_or_else(|| Refusal { message: in_one_line(text), ..Refusal::default() })
    }
}

/// An error with all its causes: what it is about stands in the innermost.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_only_if_each_fact_has_its_own() {
        let text =
            r#"{"results":[{"id":"a","status":"new"},{"id":"b","status":"refused","code":"wrong_key"}]}"#;
        let Posted::Answered(answers) = answers(text, &["a", "b"]) else { panic!("not understood") };
        assert_eq!(answers[1].code, "wrong_key");
        let is_later = |text: &str, ids: &[&str]| matches!(super::answers(text, ids), Posted::Later { .. });
        assert!(is_later(text, &["a"]));
        assert!(is_later(text, &["b", "a"]));
        assert!(is_later(r#"{"results":[{"id":"a","status":"later"}]}"#, &["a"]));
        assert!(is_later("<html>", &["a"]));
    }

    #[test]
    fn the_interface_is_below_the_registrys_own_path() {
        let of = |base: &str| endpoint(&Url::parse(base).unwrap(), "facts").to_string();
        assert_eq!(of("https://registry.example"), "https://registry.example/api/v1/facts");
        assert_eq!(of("http://host:8080/tongke/?x=1#y"), "http://host:8080/tongke/api/v1/facts");
    }

    #[test]
    fn what_an_answer_says_is_told_in_one_short_line() {
        assert_eq!(message_of(r#"{"code":"x","message":"no","hint":"ask"}"#), "no; ask");
        assert_eq!(message_of("<h1>\n502</h1>"), "<h1> 502</h1>");
        assert_eq!(message_of(&"a".repeat(10_000)).len(), MAX_TOLD);
    }
}
