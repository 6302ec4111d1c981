//! A school calls itself: with grants for that, and for nothing else.

use crate::support::*;
use reqwest::{Method, StatusCode};
use tongke_protocol::conduct::Pass;
use tongke_protocol::control::{Loopback, Refusal};
use tongke_protocol::{Role, WallTime};
use tongke_relay::Relay;

async fn open(http: &Http, lesson: &str) -> Result<Loopback, (StatusCode, Refusal)> {
    let request = http.request(Method::POST, &format!("/lessons/{lesson}/loopback"));
    let response = request.send().await.unwrap();
    if response.status() != StatusCode::OK {
        return Err(refusal(response).await);
    }
    Ok(serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
}

fn class(relay: &Relay, participant: &str) -> Http {
    Http::new(relay, token("math", participant, Role::Receiving))
}

fn refused<T: std::fmt::Debug>(answer: Result<T, (StatusCode, Refusal)>) -> (u16, String) {
    let (status, refusal) = answer.unwrap_err();
    (status.as_u16(), refusal.code)
}

#[tokio::test]
async fn its_grants_are_good_for_five_minutes_of_one_test_lesson_and_for_nothing_else() {
    let relay = relay();
    let opened = open(&class(&relay, "oak"), "math").await.unwrap();
    assert!(opened.lesson.is_test());
    for (token, name, role) in
        [(&opened.near, "near", Role::Supporting), (&opened.far, "far", Role::Receiving)]
    {
        let http = Http::new(&relay, token.clone());
        let pass: Pass = http.get(&format!("/lessons/{}/self", opened.lesson)).await;
        assert_eq!((pass.participant.as_str(), pass.role, pass.name.as_str()), (name, role, "oak"));
        assert!(pass.expires_unix_s.abs_diff(unix_s() + 300) <= 5, "{}", pass.expires_unix_s);
        let late = WallTime((pass.expires_unix_s + 1) * 1_000_000);
        assert!(key().verify_for(token, &opened.lesson, late).is_err());
        let elsewhere = http.offer("/whip/math", &offer("sendonly")).await;
        let (status, refusal) = refusal(elsewhere).await;
        assert_eq!((status.as_u16(), refusal.code.as_str()), (403, "grant_other_lesson"));
        let (status, code) = refused(open(&http, opened.lesson.as_str()).await);
        assert_eq!((status, code.as_str()), (403, "loopback_of_loopback"));
    }
    let near = Http::new(&relay, opened.near);
    let call = near.offer(&format!("/whip/{}", opened.lesson), &offer("sendonly")).await;
    assert_eq!(call.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn whoever_asks_too_often_or_without_a_grant_is_refused() {
    let relay = relay();
    let oak = class(&relay, "oak");
    let mut lessons = Vec::new();
    for _ in 0..3 {
        lessons.push(open(&oak, "math").await.unwrap().lesson);
    }
    lessons.dedup();
    assert_eq!(lessons.len(), 3);
    assert_eq!(refused(open(&oak, "math").await), (429, "loopback_too_often".to_owned()));
    assert!(open(&class(&relay, "hill"), "math").await.is_ok());
    let stranger = Http::new(&relay, "nothing".into());
    assert_eq!(refused(open(&stranger, "math").await), (401, "grant_malformed".to_owned()));
    assert_eq!(refused(open(&oak, "art").await), (403, "grant_other_lesson".to_owned()));
}
