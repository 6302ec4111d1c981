//! Telling others what was decided: signed as Standard Webhooks, as often as it takes, for a day. Of several
//! messages to one address the oldest goes first; while an address does not take it, the others wait with it.

use crate::service::Service;
use crate::store::{Attempt, Delivery, StoreError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::StreamExt as _;
use futures_util::stream;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::collections::HashMap;
use std::time::Duration;
use tongke_protocol::WallTime;

/// Before the key, so that people see what it is (Standard Webhooks).
const SECRET_PREFIX: &str = "whsec_";
/// Length of a key, in bytes.
const SECRET_LEN: usize = 32;
/// Time for one message and its answer.
const REQUEST_WAIT: Duration = Duration::from_secs(15);
/// Addresses that are told at a time.
const AT_ONCE: usize = 8;
/// Messages that are looked at in a round, and how many of them go to one address.
const ROUND: u32 = 256;
const OF_ONE: usize = 16;
/// The wait after the first attempt in vain, and the longest one.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// For how long a message is tried.
const GIVE_UP: Duration = Duration::from_hours(24);
/// For how long what became of a message can be looked up.
const REMEMBERED: Duration = Duration::from_hours(30 * 24);
/// Longest wait, if nothing is due.
const IDLE: Duration = Duration::from_secs(60);

/// A new key, as its receiver is told.
pub(crate) fn secret() -> String {
    let mut bytes = [0; SECRET_LEN];
    // Without a source of random bytes nothing here would start.
    SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
    format!("{SECRET_PREFIX}{}", BASE64.encode(bytes))
}

/// What tells.
pub(crate) struct Teller {
    client: Client,
}

impl Teller {
    pub(crate) fn new() -> Result<Teller, reqwest::Error> {
        // Fails if the program has chosen a provider already: then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(REQUEST_WAIT)
            // A message is for the address that somebody entered, and for no other.
            .redirect(Policy::none())
            .no_proxy()
            .user_agent(concat!("tongke/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Teller { client })
    }

    /// Tells what is due. Gives how long nothing more will be.
    pub(crate) async fn round(&self, service: &Service) -> Result<Duration, StoreError> {
        let (store, now) = (&service.store, service.now());
        store.give_up_deliveries(earlier(now, GIVE_UP)).await?;
        store.forget_deliveries(earlier(now, REMEMBERED)).await?;
        let mut of_each: HashMap<String, Vec<Delivery>> = HashMap::new();
        for delivery in store.due_deliveries(now, ROUND).await? {
            let of_one = of_each.entry(delivery.webhook.id.clone()).or_default();
            if of_one.len() < OF_ONE {
                of_one.push(delivery);
            }
        }
        let each = of_each.into_values().map(|messages| self.tell_one(service, messages));
        let told: Vec<_> = stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
        told.into_iter().collect::<Result<(), _>>()?;
        let next = store.next_delivery().await?;
        let wait = next.map_or(IDLE, |next| {
            Duration::from_micros(u64::try_from(next.micros_since(service.now())).unwrap_or(0))
        });
        Ok(wait.min(IDLE))
    }

    /// Tells one address, until it takes a message no more.
    async fn tell_one(&self, service: &Service, messages: Vec<Delivery>) -> Result<(), StoreError> {
        for message in messages {
            let (now, hook) = (service.now(), &message.webhook.id);
            match self.send(&message, now).await {
                Sent::Taken => {
                    tracing::debug!(webhook = hook, message = message.id, "told");
                    service.store.note_attempt(&message.id, &Attempt::Delivered).await?;
                }
                Sent::Gone => {
                    tracing::warn!(webhook = hook, "an address says that it is gone; it is told no more");
                    service
                        .store
                        .note_attempt(&message.id, &Attempt::GivenUp("it is gone (410)".to_owned()))
                        .await?;
                    service.store.end_webhook(hook, now).await?;
                    return Ok(());
                }
                Sent::NotTaken { why, after } => {
                    let wait = wait(message.attempts, chance()).max(after.unwrap_or_default());
                    tracing::info!(webhook = hook, message = message.id, why, ?wait, "not taken");
                    let due = later(now, wait);
                    service.store.note_attempt(&message.id, &Attempt::Again(due, why)).await?;
                    service.store.put_off_deliveries(hook, due).await?;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn send(&self, message: &Delivery, now: WallTime) -> Sent {
        let timestamp = (now.as_unix_us() / 1_000_000).to_string();
        let signature = signature(&message.webhook.secret, &message.id, &timestamp, &message.body);
        let request = self
            .client
            .post(&message.webhook.url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(message.body.clone());
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Sent::Taken,
            Ok(answer) if answer.status() == StatusCode::GONE => Sent::Gone,
            Ok(answer) => {
                Sent::NotTaken { why: format!("it answered {}", answer.status()), after: after(&answer) }
            }
            Err(error) => Sent::NotTaken { why: chain(&error.without_url()), after: None },
        }
    }
}

/// What became of a message.
enum Sent {
    Taken,
    /// The address is no more.
    Gone,
    NotTaken {
        why: String,
        after: Option<Duration>,
    },
}

/// `v1,` and HMAC-SHA-256 over id, time and body (Standard Webhooks).
fn signature(secret: &str, id: &str, timestamp: &str, body: &str) -> String {
    let secret = secret.strip_prefix(SECRET_PREFIX).unwrap_or(secret);
    // A secret that is no base64 was not made here; its receiver has the same text.
    let key = BASE64.decode(secret).unwrap_or_else(|_| secret.as_bytes().to_vec());
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signed = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", BASE64.encode(signed))
}

fn after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// The wait after one more attempt in vain: the upper half of a time that doubles, by chance (0 to 1).
fn wait(attempts: u32, chance: f64) -> Duration {
    let whole = FIRST_WAIT.saturating_mul(1 << attempts.min(20)).min(LONGEST_WAIT);
    whole.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

fn chance() -> f64 {
    let mut byte = [0];
    // By chance or not: the wait is within its bounds.
    let _ = SystemRandom::new().fill(&mut byte);
    f64::from(byte[0]) / 255.0
}

fn earlier(now: WallTime, by: Duration) -> WallTime {
    WallTime(now.0.saturating_sub(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)))
}

fn later(now: WallTime, by: Duration) -> WallTime {
    WallTime(now.0.saturating_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)))
}

/// An error with all its causes: what it is about stands in the innermost.
fn chain(error: &dyn std::error::Error) -> String {
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

    /// The example of the Standard Webhooks libraries.
    #[test]
    fn a_message_is_signed_as_the_specification_has_it() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let (id, timestamp) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330");
        let signed = signature(secret, id, timestamp, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(super::secret().len(), SECRET_PREFIX.len() + 44);
        assert_ne!(super::secret(), super::secret());
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<u64> = (0..12).map(|attempts| wait(attempts, 1.0).as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
        assert_eq!(wait(u32::MAX, 0.0), Duration::from_secs(1800));
    }
}
