//! Asking the registry to let this machine into a lesson.

use crate::machine::Machine;
use crate::post::{Refusal, chain, client};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tongke_protocol::{LessonId, WallTime};

/// Time for the answer: somebody waits for the lesson to begin.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// Why a machine got no grant.
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
    #[error("the registry gives no grant: {message}")]
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
        #[derive(Serialize)]
        struct Signed {
            request: String,
        }
        let unreachable = |why| AskError::Unreachable { registry: self.registry().to_owned(), why };
        let client = client(self.authority()).map_err(unreachable)?;
        // Strings and numbers always have a JSON form.
        let request = serde_json::to_vec(&Request { lesson, at_us: now.as_unix_us(), room })
            .expect("a request has a JSON form");
        let signed = Signed { request: self.sign(&request) };
        let sent = client.post(self.endpoint("grants")).timeout(ANSWER_WAIT).json(&signed).send().await;
        let response = sent.map_err(|error| unreachable(chain(&error)))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| unreachable(chain(&error)))?;
        self.read(status, &text)
    }

    fn read(&self, status: StatusCode, text: &str) -> Result<Granted, AskError> {
        let registry = self.registry().to_owned();
        if status.is_success() {
            return serde_json::from_str(text)
                .map_err(|error| AskError::NotARegistry { registry, why: error.to_string() });
        }
        let Refusal { code, message, hint } = Refusal::read(text);
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(AskError::Unreachable { registry, why: format!("it answered {status}: {message}") });
        }
        if code.is_empty() {
            return Err(AskError::NotARegistry { registry, why: format!("it answered {status}: {message}") });
        }
        Err(AskError::Refused { code, message, hint })
    }
}
