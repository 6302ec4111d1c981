//! Asking the registry something in the name of this machine: first of all to be let into a lesson.

use crate::machine::Machine;
use crate::post::{Refusal, body, chain, client};
use reqwest::{Client, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tongke_protocol::{LessonId, WallTime};

/// Time for the answer: somebody waits for the lesson to begin.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// Why a machine did not get what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody answered, or not now.
    #[error("the registry {registry} does not answer: {why}")]
    Unreachable {
        /// Where it should be.
        registry: String,
        /// Why, in words.
        why: String,
    },
    /// The registry said no.
    #[error("the registry refuses: {message}")]
    Refused {
        /// Its stable code, e.g. `too_early`; empty: it said none.
        code: String,
        /// What it said, with the times that matter.
        message: String,
        /// What to do next.
        hint: String,
    },
    /// What came was no answer to this question.
    #[error("what answers at {registry} is not a registry: {why}")]
    NotARegistry {
        /// The address.
        registry: String,
        /// Why.
        why: String,
    },
}

/// A lesson's door: who may come in, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The grant.
    pub token: String,
    /// The relay's address, if the registry knows it.
    #[serde(default)]
    pub relay: Option<String>,
}

impl Machine {
    /// Asks for this machine's grant of a lesson, in one of its school's rooms if `room` is given. `now` by this
    /// machine's clock. One attempt.
    pub async fn ask_grant(
        &self,
        lesson: &LessonId,
        room: Option<&str>,
        now: WallTime,
    ) -> Result<Granted, AskError> {
        #[derive(Serialize)]
        struct Request<'a> {
            lesson: &'a LessonId,
            at_us: u64,
            #[serde(skip_serializing_if = "Option::is_none")]
            room: Option<&'a str>,
        }
        // Strings and numbers always have a JSON form.
        let request = serde_json::to_vec(&Request { lesson, at_us: now.as_unix_us(), room })
            .expect("a request has a JSON form");
        let client = client(self.authority()).map_err(|why| self.unreachable(why))?;
        let text = self.ask(&client, "grants", &request, ANSWER_WAIT).await?;
        self.understood(&text)
    }

    /// Asks a question that this machine signs. Gives the body of the registry's yes.
    pub(crate) async fn ask(
        &self,
        client: &Client,
        what: &str,
        request: &[u8],
        patience: Duration,
    ) -> Result<String, AskError> {
        #[derive(Serialize)]
        struct Signed {
            request: String,
        }
        let signed = Signed { request: self.sign(request) };
        let sent = client.post(self.endpoint(what)).timeout(patience).json(&signed).send().await;
        let response = sent.map_err(|error| self.unreachable(chain(&error)))?;
        let status = response.status();
        let text = body(response).await.map_err(|why| self.unreachable(why))?;
        if status.is_success() { Ok(text) } else { Err(self.refused(status, &text)) }
    }

    /// The answer in a body.
    pub(crate) fn understood<T: DeserializeOwned>(&self, text: &str) -> Result<T, AskError> {
        let registry = self.registry().to_owned();
        serde_json::from_str(text)
            .map_err(|error| AskError::NotARegistry { registry, why: error.to_string() })
    }

    pub(crate) fn unreachable(&self, why: String) -> AskError {
        AskError::Unreachable { registry: self.registry().to_owned(), why }
    }

    fn refused(&self, status: StatusCode, text: &str) -> AskError {
        let Refusal { code, message, hint } = Refusal::read(text);
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return self.unreachable(format!("it answered {status}: {message}"));
        }
        if code.is_empty() {
            let (registry, why) = (self.registry().to_owned(), format!("it answered {status}: {message}"));
            return AskError::NotARegistry { registry, why };
        }
        AskError::Refused { code, message, hint }
    }
}
