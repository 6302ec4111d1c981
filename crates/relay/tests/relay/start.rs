//! A relay that cannot start says why and what to do; one that ends tells everybody.

use crate::support::*;
use tongke_protocol::Role;
use tongke_protocol::control::RelayMessage;
use tongke_protocol::event::LessonEvent;
use tongke_relay::{Relay, RelayConfig, RelayError, RelaySettings};

fn error(config: &RelayConfig) -> RelayError {
    Relay::start(config).err().expect("it must not start")
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_flag_that_changes_it() {
    let first = relay();
    let cases = [
        ("--http", RelayConfig { http: first.http_addr(), ..config() }),
        ("--rtc", RelayConfig { rtc: first.rtc_addrs()[0], ..config() }),
        ("--quic", RelayConfig { quic: first.quic_addrs()[0], ..config() }),
        ("--reflector", RelayConfig { reflector: first.reflector_addr(), ..config() }),
    ];
    for (flag, config) in cases {
        let text = error(&config).to_string();
        assert!(
            text.contains(flag) && text.contains("127.0.0.1:") && text.contains("another relay"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_is_named() {
    let tls = tongke_relay::TlsFiles { cert: "/nowhere/cert.pem".into(), key: "/nowhere/key.pem".into() };
    let text = error(&RelayConfig { tls: Some(tls), ..config() }).to_string();
    assert!(text.contains("/nowhere/cert.pem") && text.contains("--tls-cert"), "{text}");
}

#[test]
fn settings_are_read_from_toml_and_unknown_keys_refused() {
    let settings: RelaySettings =
        toml::from_str("http = \"127.0.0.1:8080\"\nadvertise = [\"10.0.0.1\"]\nworkers = 2").unwrap();
    assert_eq!((settings.http.unwrap().port(), settings.workers), (8080, Some(2)));
    let error = toml::from_str::<RelaySettings>("htpp = \"127.0.0.1:8080\"").unwrap_err().to_string();
    assert!(error.contains("htpp") && error.contains("secret_file"), "{error}");
}

#[tokio::test]
async fn a_relay_that_ends_tells_everybody_to_come_back_and_closes() {
    let relay = relay();
    let http = Http::new(&relay, token("math", "school-1", Role::Supporting));
    let mut events = EventStream::open(&http, "math").await;
    let joining = hello(token("math", "school-2", Role::Receiving), "math", vec![], 1, 1);
    let (mut node, _) = Node::join(&relay, joining).await;
    within("the end", relay.shutdown("the relay is being restarted")).await;

    let ending = |event: &LessonEvent| matches!(event, LessonEvent::Ending { reconnect: true, .. });
    events.until(ending).await;
    assert_eq!(events.next().await, None, "the stream ends after it");
    loop {
        match node.hear().await.expect("the ending comes before the end") {
            RelayMessage::Event { of } if ending(&of) => break,
            _ => {}
        }
    }
    within("the close", node.connection.closed()).await;
}

#[tokio::test]
async fn run_ends_when_it_is_told_to() {
    within("the end", tongke_relay::run(config(), std::future::ready(()))).await.unwrap();
}

#[tokio::test]
async fn a_relay_that_is_dropped_frees_its_addresses() {
    let relay = relay();
    let (http, rtc) = (relay.http_addr(), relay.rtc_addrs()[0]);
    drop(relay);
    let again = async {
        while Relay::start(&RelayConfig { http, rtc, ..config() }).is_err() {
            tokio::task::yield_now().await;
        }
    };
    within("the addresses", again).await;
}
