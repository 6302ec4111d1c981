//! WHIP, WHEP and the lesson's resources: statuses, headers, refusals.

use crate::support::*;
use reqwest::{Method, StatusCode};
use tongke_protocol::control::{ClockEcho, Links};
use tongke_protocol::event::LessonEvent;
use tongke_protocol::{Grant, GrantKey, Role};

fn supporting(relay: &tongke_relay::Relay) -> Http {
    Http::new(relay, token("math", "school-1", Role::Supporting))
}

#[tokio::test]
async fn without_a_good_grant_nobody_gets_in_and_is_told_why() {
    let relay = relay();
    let expired = Grant { expires_unix_s: unix_s() - 60, ..grant("math", "school-1", Role::Supporting) };
    let foreign = GrantKey::new(&[9; 32]).unwrap().sign(&grant("math", "school-1", Role::Supporting));
    let cases = [
        (String::new(), StatusCode::UNAUTHORIZED, "grant_missing"),
        ("rubbish".to_owned(), StatusCode::UNAUTHORIZED, "grant_malformed"),
        (foreign, StatusCode::UNAUTHORIZED, "grant_signature"),
        (key().sign(&expired), StatusCode::UNAUTHORIZED, "grant_expired"),
        (token("art", "school-1", Role::Supporting), StatusCode::FORBIDDEN, "grant_other_lesson"),
        (token("math", "inspector-1", Role::Inspector), StatusCode::FORBIDDEN, "grant_role"),
    ];
    for (token, status, code) in cases {
        let response = Http::new(&relay, token).offer("/whip/math", &offer("sendonly")).await;
        let challenge = header(&response, "www-authenticate").to_owned();
        assert_eq!(challenge.starts_with("Bearer"), status == StatusCode::UNAUTHORIZED, "{code}");
        let (got, refusal) = refusal(response).await;
        assert_eq!((got, refusal.code.as_str()), (status, code));
        assert!(refusal.message.len() > 10, "a text for people: {}", refusal.message);
    }
    for path in ["/lessons/math/events", "/lessons/math/links"] {
        let response = Http::new(&relay, String::new()).request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn an_offer_is_answered_with_a_resource_and_the_relays_candidates() {
    let relay = relay();
    for (path, direction) in
        [("/whip/math", "sendonly"), ("/whep/math", "recvonly"), ("/check/math", "recvonly")]
    {
        let response = supporting(&relay).offer(path, &offer(direction)).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{}", response.text().await.unwrap());
        assert_eq!(header(&response, "content-type"), "application/sdp");
        assert!(header(&response, "location").starts_with(&format!("{path}/")));
        let etag = header(&response, "etag").to_owned();
        assert!(etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"'), "{etag}");
        assert!(header(&response, "access-control-expose-headers").contains("Location"));
        assert_eq!(header(&response, "access-control-allow-origin"), "*");
        let answer = response.text().await.unwrap();
        assert!(answer.contains("a=ice-lite"), "{answer}");
        assert!(answer.contains(&format!(" {} typ host", relay.rtc_addrs()[0].port())), "{answer}");
    }
}

#[tokio::test]
async fn an_offer_that_is_none_is_refused_with_the_status_that_says_so() {
    let relay = relay();
    let http = supporting(&relay);
    let post = || http.request(Method::POST, "/whip/math");
    let sdp = || post().header("content-type", "application/sdp");
    let unknown_codec =
        offer("sendonly").replace("H264/90000", "H261/90000").replace("opus/48000/2", "G729/8000");
    let cases = [
        (post().header("content-type", "application/json").body("{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (post().body("v=0"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (sdp().header("accept", "application/json").body(offer("sendonly")), StatusCode::NOT_ACCEPTABLE),
        (sdp().body("hello"), StatusCode::BAD_REQUEST),
        (sdp().body(vec![0xff, 0xfe]), StatusCode::BAD_REQUEST),
        (sdp().body("x".repeat(300 * 1024)), StatusCode::PAYLOAD_TOO_LARGE),
        (sdp().body(unknown_codec), StatusCode::UNPROCESSABLE_ENTITY),
    ];
    for (request, status) in cases {
        let (got, refusal) = refusal(request.send().await.unwrap()).await;
        assert_eq!(got, status, "{}", refusal.message);
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_named() {
    let relay = relay();
    let http = supporting(&relay);
    for (method, path) in [
        (Method::GET, "/whip/math"),
        (Method::PUT, "/whep/math"),
        (Method::GET, "/whip/math/x"),
        (Method::POST, "/whep/math/x"),
    ] {
        let response = http.request(method.clone(), path).send().await.unwrap();
        assert!(!header(&response, "allow").is_empty(), "{method} {path}");
        let (status, refusal) = refusal(response).await;
        assert_eq!((status, refusal.code.as_str()), (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"));
    }
    let (status, _) = refusal(http.request(Method::GET, "/nothing").send().await.unwrap()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, refusal) = refusal(http.offer("/whip/a%20b", &offer("sendonly")).await).await;
    assert_eq!((status, refusal.code.as_str()), (StatusCode::NOT_FOUND, "lesson_unknown"));
}

#[tokio::test]
async fn options_names_the_offer_type_and_lets_pages_of_any_origin_in() {
    let relay = relay();
    let response = supporting(&relay)
        .client
        .request(Method::OPTIONS, format!("http://{}/whip/math", relay.http_addr()))
        .header("origin", "https://school.example")
        .header("access-control-request-method", "POST")
        .send()
        .await
        .unwrap();
    assert!(response.status().is_success(), "without a grant: preflights carry none");
    assert_eq!(header(&response, "accept-post"), "application/sdp");
    assert_eq!(header(&response, "access-control-allow-origin"), "*");
    assert!(header(&response, "access-control-allow-methods").contains("PATCH"));
    assert!(header(&response, "access-control-allow-headers").contains("If-Match"));
}

#[tokio::test]
async fn a_patch_trickles_or_restarts_ice_and_must_name_the_ice_session() {
    let relay = relay();
    let http = supporting(&relay);
    let joined = http.offer("/whip/math", &offer("sendonly")).await;
    let (path, etag) = (header(&joined, "location").to_owned(), header(&joined, "etag").to_owned());

    assert_eq!(http.patch(&path, Some(&etag), &trickle()).await.status(), StatusCode::NO_CONTENT);
    let (status, _) = refusal(http.patch(&path, None, &trickle()).await).await;
    assert_eq!(status, StatusCode::PRECONDITION_REQUIRED);
    let (status, _) = refusal(http.patch(&path, Some("\"other\""), &trickle()).await).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    let (status, _) = refusal(http.patch(&path, Some(&etag), "rubbish").await).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let typeless = http.request(Method::PATCH, &path).header("if-match", &etag).body(trickle());
    assert_eq!(typeless.send().await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let (status, _) = refusal(http.patch("/whip/math/unknown", Some(&etag), &trickle()).await).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let other = Http::new(&relay, token("math", "school-2", Role::Receiving));
    let (status, refusal_) = refusal(other.patch(&path, Some(&etag), &trickle()).await).await;
    assert_eq!((status, refusal_.code.as_str()), (StatusCode::FORBIDDEN, "session_of_another"));

    let restarted = http.patch(&path, Some("*"), &restart()).await;
    assert_eq!(restarted.status(), StatusCode::OK);
    assert_eq!(header(&restarted, "content-type"), "application/trickle-ice-sdpfrag");
    let new_etag = header(&restarted, "etag").to_owned();
    assert_ne!(new_etag, etag);
    assert!(restarted.text().await.unwrap().contains("a=ice-ufrag:"));
    let (status, _) = refusal(http.patch(&path, Some(&etag), &trickle()).await).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED, "the old ICE session is over");
}

#[tokio::test]
async fn a_deleted_session_is_gone_and_only_its_owner_may_delete_it() {
    let relay = relay();
    let http = supporting(&relay);
    let joined = http.offer("/whip/math", &offer("sendonly")).await;
    let path = header(&joined, "location").to_owned();
    let other = Http::new(&relay, token("math", "school-2", Role::Receiving));
    assert_eq!(other.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(http.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(http.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_check_of_the_way_has_a_resource_and_is_in_the_lesson_for_nobody() {
    let relay = relay();
    let http = supporting(&relay);
    let joined = http.offer("/check/math", &offer("recvonly")).await;
    let (path, etag) = (header(&joined, "location").to_owned(), header(&joined, "etag").to_owned());
    assert!(path.starts_with("/check/math/"), "{path}");
    assert_eq!(http.patch(&path, Some(&etag), &trickle()).await.status(), StatusCode::NO_CONTENT);
    let hand = http.request(Method::PUT, "/lessons/math/hand").json(&serde_json::json!({"raised": true}));
    assert_eq!(hand.send().await.unwrap().status(), StatusCode::CONFLICT);
    let other = Http::new(&relay, token("math", "school-2", Role::Receiving));
    assert_eq!(other.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(http.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(http.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_expired_grant_still_ends_the_session_that_it_began() {
    let relay = relay();
    let joined = supporting(&relay).offer("/whip/math", &offer("sendonly")).await;
    let path = header(&joined, "location").to_owned();
    let expired = Grant { expires_unix_s: unix_s() - 60, ..grant("math", "school-1", Role::Supporting) };
    let late = Http::new(&relay, key().sign(&expired));
    assert_eq!(late.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn an_event_stream_begins_with_a_snapshot_and_tells_who_comes_raises_a_hand_and_goes() {
    let relay = relay();
    let listener = Http::new(&relay, token("math", "observer-1", Role::Observer));
    let mut events = EventStream::open(&listener, "math").await;
    match events.next().await.unwrap() {
        LessonEvent::Snapshot { lesson, participants, .. } => {
            assert_eq!((lesson.as_str(), participants.len()), ("math", 0));
        }
        other => panic!("{other:?}"),
    }
    let http = supporting(&relay);
    let (node, _) = Node::join(&relay, hello(http.token.clone(), "math", vec![], 1, 1)).await;
    let event = events.until(|event| matches!(event, LessonEvent::Joined { .. })).await;
    let LessonEvent::Joined { participant } = event else { unreachable!() };
    assert_eq!((participant.id.as_str(), participant.role), ("school-1", Role::Supporting));

    let hand = http.request(Method::PUT, "/lessons/math/hand").json(&serde_json::json!({"raised": true}));
    assert_eq!(hand.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    events.until(|event| matches!(event, LessonEvent::Hand { raised: true, .. })).await;
    let clock = serde_json::json!({"offset_us": -1500, "bound_us": 200});
    let clock = http.request(Method::PUT, "/lessons/math/clock").json(&clock);
    assert_eq!(clock.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    events.until(|event| matches!(event, LessonEvent::Clock { clock, .. } if clock.bound_us == 200)).await;

    let mut late = EventStream::open(&listener, "math").await;
    match late.next().await.unwrap() {
        LessonEvent::Snapshot { participants, .. } => {
            assert!(participants[0].hand_raised && participants[0].clock.is_some());
        }
        other => panic!("{other:?}"),
    }
    node.connection.close(0u32.into(), b"bye");
    events.until(|event| matches!(event, LessonEvent::Left { .. })).await;
}

#[tokio::test]
async fn a_page_may_give_its_grant_in_the_address_of_the_event_stream() {
    let relay = relay();
    let url = format!("http://{}/lessons/math/events?x=1&grant={}", relay.http_addr(), any_token());
    let response = reqwest::get(url).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_relays_clock_answers_and_its_links_name_port_and_certificate() {
    let relay = relay();
    let http = supporting(&relay);
    let probe = http.request(Method::POST, "/lessons/math/clock").json(&serde_json::json!({"t1_us": 17}));
    let echo: ClockEcho =
        serde_json::from_slice(&probe.send().await.unwrap().bytes().await.unwrap()).unwrap();
    assert_eq!(echo.t1_us, 17);
    assert!(echo.t2_us <= echo.t3_us && echo.t2_us / 1_000_000 + 60 > unix_s());
    let (status, refusal) =
        refusal(http.request(Method::POST, "/lessons/math/clock").json(&1).send().await.unwrap()).await;
    assert_eq!((status, refusal.code.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "body_unreadable"));

    let links: Links = http.get("/lessons/math/links").await;
    assert_eq!(links.quic_port, Some(relay.quic_addrs()[0].port()));
    assert_eq!(links.quic_certificate_sha256.as_deref(), Some(relay.quic_certificate_sha256()));
}

#[tokio::test]
async fn whoever_is_not_in_the_lesson_cannot_raise_a_hand() {
    let relay = relay();
    let request = supporting(&relay).request(Method::PUT, "/lessons/math/hand");
    let (status, refusal) =
        refusal(request.json(&serde_json::json!({"raised": true})).send().await.unwrap()).await;
    assert_eq!((status, refusal.code.as_str()), (StatusCode::CONFLICT, "not_in_lesson"));
}

#[tokio::test]
async fn a_receiver_tells_how_large_it_shows_its_slots_and_nobody_else_may() {
    let relay = relay();
    let http = supporting(&relay);
    let response = http.offer("/whep/math", &offer("recvonly")).await;
    let session = header(&response, "location").rsplit('/').next().unwrap().to_owned();
    let put = async |http: &Http, body: serde_json::Value| {
        http.request(Method::PUT, "/lessons/math/slots").json(&body).send().await.unwrap()
    };
    let sizes = |session: &str| serde_json::json!({"session": session, "sizes": [{"slot": 0, "width": 640, "height": 360}]});
    assert_eq!(put(&http, sizes(&session)).await.status(), StatusCode::NO_CONTENT);
    let other = Http::new(&relay, token("math", "school-2", Role::Receiving));
    let (status, of_another) = refusal(put(&other, sizes(&session)).await).await;
    assert_eq!((status, of_another.code.as_str()), (StatusCode::FORBIDDEN, "session_of_another"));
    let (status, unknown) = refusal(put(&http, sizes("none")).await).await;
    assert_eq!((status, unknown.code.as_str()), (StatusCode::NOT_FOUND, "session_unknown"));
    let (status, unread) = refusal(put(&http, serde_json::json!({"session": session})).await).await;
    assert_eq!((status, unread.code.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "body_unreadable"));
}

#[tokio::test]
async fn an_operator_sees_health_and_metrics_without_a_grant() {
    let relay = relay();
    let http = Http::new(&relay, String::new());
    for path in ["/healthz", "/readyz", "/metrics"] {
        let response = http.client.get(format!("{}{path}", http.base)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
    assert!(http.metric("process_resident_memory_bytes").await > 1e6);
    let text = http.request(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    for name in [
        "tongke_packets_forwarded_total 0",
        "tongke_packets_dropped_total 0",
        "tongke_drops_total{reason=\"unknown_address\"} 0",
        "tongke_worker_cpu_seconds_total{worker=\"0\"}",
        "process_cpu_seconds_total",
    ] {
        assert!(text.contains(name), "{name} in\n{text}");
    }
}
