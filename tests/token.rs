//! `tongke token`, as scripts use it.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod support;

use support::process::{Said, run};
use support::scratch::Scratch;
use tongke_protocol::{GrantKey, Role, WallTime};

const SECRET: &str = "0123456789abcdef0123456789abcdef\n";

fn token(scratch: &Scratch, more: &[&str]) -> Said {
    let secret = scratch.write("secret", SECRET);
    run(["token", "--secret-file", secret.to_str().unwrap()].iter().chain(more))
}

#[test]
fn it_prints_the_token_and_nothing_else() {
    let scratch = Scratch::new("token");
    let said = token(&scratch, &["--lesson", "math", "--role", "supporting", "--name", "永嘉县实验小学"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(said.out.lines().count(), 1);
    let key = GrantKey::from_secret_file(SECRET.as_bytes()).unwrap();
    let grant = key.verify_for(said.out.trim_end(), &"math".parse().unwrap(), WallTime(0)).unwrap();
    assert_eq!((grant.role, grant.name.as_str()), (Role::Supporting, "永嘉县实验小学"));
}

#[test]
fn a_grant_for_a_test_is_like_any_other() {
    let scratch = Scratch::new("token-test");
    let said = token(&scratch, &["--lesson", "test-1", "--role", "inspector"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let key = GrantKey::from_secret_file(SECRET.as_bytes()).unwrap();
    let token = said.out.trim_end();
    assert!(key.verify_for(token, &"test-1".parse().unwrap(), WallTime(0)).is_ok());
    assert!(
        key.verify_for(token, &"test-2".parse().unwrap(), WallTime(0)).is_err(),
        "it is for that test alone"
    );
}

#[test]
fn a_secret_that_others_may_read_is_warned_about_on_standard_error() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new("token-open");
    scratch.write("secret", SECRET);
    std::fs::set_permissions(scratch.file("secret"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = token(&scratch, &["--lesson", "*", "--role", "observer"]);
    assert_eq!((said.code, said.out.lines().count()), (Some(0), 1));
    assert!(said.err.contains("chmod 600"), "{}", said.err);
}

#[test]
fn a_missing_or_short_secret_file_says_how_to_make_one() {
    let scratch = Scratch::new("token-secret");
    for path in [scratch.file("nowhere"), scratch.write("short", "abc\n")] {
        let said =
            run(["token", "--lesson", "math", "--role", "observer", "--secret-file", path.to_str().unwrap()]);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
        assert!(
            said.err.contains(path.to_str().unwrap()) && said.err.contains("/dev/urandom"),
            "{}",
            said.err
        );
    }
}

#[test]
fn with_an_address_it_prints_the_link_of_the_lessons_page_and_nothing_else() {
    let scratch = Scratch::new("token-link");
    scratch.write("secret", SECRET);
    let folder = scratch.path().to_str().unwrap();
    let link = |lesson: &str, url: &str| {
        run(["token", "--data", folder, "--lesson", lesson, "--role", "receiving", "--url", url])
    };
    let said = link("math", "https://192.168.1.5:8443/");
    assert_eq!((said.code, said.out.lines().count()), (Some(0), 1), "{}", said.err);
    let token = said.out.trim_end().strip_prefix("https://192.168.1.5:8443/lessons/math?grant=").unwrap();
    let key = GrantKey::from_secret_file(SECRET.as_bytes()).unwrap();
    let grant = key.verify_for(token, &"math".parse().unwrap(), WallTime(0)).unwrap();
    assert_eq!(grant.role, Role::Receiving);

    for (lesson, url, told) in [
        ("*", "https://192.168.1.5:8443", "name it with --lesson"),
        ("math", "192.168.1.5:8443", "like https://192.168.1.5:8443"),
    ] {
        let said = link(lesson, url);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
        assert!(said.err.contains(told), "{}", said.err);
    }
}

#[test]
fn the_secret_is_named_once() {
    let scratch = Scratch::new("token-once");
    let said = token(&scratch, &["--lesson", "math", "--role", "observer", "--data", "/nowhere"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("--data and --secret-file"), "{}", said.err);
    let said = run(["token", "--lesson", "math", "--role", "observer"]);
    assert!(said.err.contains("--data DIR or --secret-file FILE is missing"), "{}", said.err);
}

#[test]
fn what_is_missing_is_named() {
    let scratch = Scratch::new("token-missing");
    let said = token(&scratch, &["--role", "observer"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("--lesson"), "{}", said.err);
    let said = token(&scratch, &["--lesson", "math", "--role", "teacher"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("use supporting, receiving, observer or inspector"), "{}", said.err);
}
