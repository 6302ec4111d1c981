use super::*;
use tongke_protocol::{GrantKey, Role};

fn token_for(lesson: &str, role: Role) -> String {
    GrantKey::new(&[7; 32]).unwrap().sign(&Grant {
        lesson: lesson.parse().unwrap(),
        participant: "school-1".parse().unwrap(),
        name: "永嘉县实验小学".into(),
        role,
        expires_unix_s: 4_000_000_000,
    })
}

fn settings(role: Role) -> NodeSettings {
    NodeSettings {
        relay: Some("http://127.0.0.1:8080".into()),
        token: Some(token_for("math", role)),
        ..NodeSettings::default()
    }
}

fn problem(settings: NodeSettings) -> String {
    NodeConfig::try_from(settings).unwrap_err().to_string()
}

#[test]
fn a_relay_and_a_grant_are_enough() {
    let config = NodeConfig::try_from(settings(Role::Supporting)).unwrap();
    assert_eq!(config.lesson.as_str(), "math");
    assert_eq!(config.links, LinkKind::ALL);
    assert_eq!(config.camera, Some(VideoSource::V4l2("/dev/video0".into())));
    assert_eq!(config.screen, None);
    assert_eq!(config.format.to_string(), "1280x720@30");
    assert_eq!(config.video_out, VideoOut::Window { fullscreen: false });
}

#[test]
fn what_is_missing_is_named_by_its_key() {
    assert!(problem(NodeSettings::default()).starts_with("relay: is missing"));
    let no_token = NodeSettings { token: None, ..settings(Role::Receiving) };
    assert!(problem(no_token).starts_with("token: is missing"));
    let any = NodeSettings { token: Some(token_for("*", Role::Receiving)), ..settings(Role::Receiving) };
    assert!(problem(any).starts_with("lesson: is missing"));
}

#[test]
fn what_contradicts_is_refused_with_what_is_allowed() {
    let with = |change: fn(&mut NodeSettings)| {
        let mut changed = settings(Role::Supporting);
        change(&mut changed);
        problem(changed)
    };
    assert!(with(|s| s.lesson = Some("art".into())).contains("for lesson 'math', not for 'art'"));
    assert!(with(|s| s.link = Some("udp".into())).contains("webrtc-udp"));
    assert!(with(|s| s.width = Some(1281)).contains("even"));
    assert!(with(|s| s.video_bitrate_max_kbps = Some(100)).contains("2000 to 100000"));
    assert!(with(|s| s.camera = Some("a.avi".into())).starts_with("camera: "));
    assert!(with(|s| s.video_slots = Some(33)).contains("at most 32"));
    assert!(with(|s| s.token_file = Some("x".into())).contains("together"));
}

#[test]
fn observers_send_nothing_whatever_the_file_says() {
    let mut observer = settings(Role::Observer);
    observer.camera = Some("test".into());
    let config = NodeConfig::try_from(observer).unwrap();
    assert!(config.camera.is_none() && config.screen.is_none() && config.microphone.is_none());
}

#[test]
fn a_misspelled_key_is_an_error_that_lists_the_right_ones() {
    let error = serde_json::from_str::<NodeSettings>(r#"{"cammera":"test"}"#).unwrap_err().to_string();
    assert!(error.contains("cammera") && error.contains("`camera`"), "{error}");
}

#[test]
fn flags_win_over_the_file_and_a_token_replaces_a_token_file() {
    let file = NodeSettings { token_file: Some("f".into()), fps: Some(25), ..NodeSettings::default() };
    let flags = NodeSettings { token: Some("t".into()), width: Some(640), ..NodeSettings::default() };
    let merged = file.merge(flags);
    assert_eq!((merged.fps, merged.width), (Some(25), Some(640)));
    assert_eq!((merged.token.as_deref(), merged.token_file), (Some("t"), None));
}
