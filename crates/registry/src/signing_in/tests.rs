use super::*;
use crate::service::Clock;
use crate::store::Store;
use crate::store::tests::databases::{Engine, Fresh};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tongke_protocol::{GrantKey, WallTime};

const GOOD: &str = "竹林 river 七弦 84";

/// A registry whose clock is moved by hand, in seconds.
struct Desk {
    service: Service,
    time_s: Arc<AtomicU64>,
    _fresh: Fresh,
}

impl Desk {
    async fn new() -> Desk {
        let fresh = Fresh::new(Engine::Sqlite).await;
        let store: Store = fresh.open().await;
        let time_s = Arc::new(AtomicU64::new(1_567_296_000));
        let told = Arc::clone(&time_s);
        let clock: Clock = Arc::new(move || WallTime(told.load(Ordering::Relaxed) * 1_000_000));
        let service = Service::new(store, GrantKey::new(&[7; 32]).unwrap()).with_clock(clock);
        Desk { service, time_s, _fresh: fresh }
    }

    fn first(&self) -> FirstAccount {
        FirstAccount {
            code: self.service.set_up_code().to_string(),
            name: " 单志明 ".into(),
            login: "Shan".into(),
            password: GOOD.into(),
        }
    }

    async fn set_up() -> Desk {
        let desk = Desk::new().await;
        desk.service.set_up(desk.first(), None).await.unwrap();
        desk
    }

    fn pass(&self, seconds: u64) {
        self.time_s.fetch_add(seconds, Ordering::Relaxed);
    }
}

fn place(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, last]))
}

#[tokio::test]
async fn the_first_account_is_an_administrator_and_signed_in() {
    let desk = Desk::new().await;
    let token = desk.service.set_up(desk.first(), None).await.unwrap();
    let kept = desk.service.store.signed_in(&token, desk.service.now()).await.unwrap().unwrap();
    assert_eq!((kept.account.name.as_str(), kept.account.login.as_str()), ("单志明", "shan"));
    assert_eq!(kept.account.appointments[0].role, Role::Administrator);
    assert!(matches!(desk.service.set_up(desk.first(), None).await, Err(SetUpError::Over)));
}

#[tokio::test]
async fn whoever_found_only_the_address_makes_no_first_account() {
    let desk = Desk::new().await;
    let other = Service::new(desk.service.store.clone(), GrantKey::new(&[8; 32]).unwrap());
    let wrong = FirstAccount { code: other.set_up_code().to_string(), ..desk.first() };
    for _ in 0..10 {
        let refused = desk.service.set_up(wrong.clone(), place(1)).await;
        assert!(matches!(refused, Err(SetUpError::Code)), "{refused:?}");
    }
    assert!(matches!(desk.service.set_up(desk.first(), place(1)).await, Err(SetUpError::Wait { .. })));
    let typed = desk.service.set_up_code().as_str().to_lowercase();
    let (one, two) = typed.split_at(4);
    let typed = FirstAccount { code: format!("{one} - {two}"), ..desk.first() };
    assert!(desk.service.set_up(typed, place(2)).await.is_ok(), "as people type it");
}

#[tokio::test]
async fn what_is_wrong_with_the_first_account_is_named_and_nothing_is_made() {
    let desk = Desk::new().await;
    let unfit = FirstAccount { login: "a b".into(), ..desk.first() };
    assert!(matches!(desk.service.set_up(unfit, None).await, Err(SetUpError::Unfit(_))));
    let weak = FirstAccount { password: "1234567890".into(), ..desk.first() };
    assert!(matches!(desk.service.set_up(weak, None).await, Err(SetUpError::Password(_))));
    assert!(!desk.service.store.has_accounts().await.unwrap());
}

#[tokio::test]
async fn each_sign_in_has_a_token_of_its_own_and_a_form_belongs_to_one() {
    let desk = Desk::set_up().await;
    let one = desk.service.sign_in("ＳＨＡＮ", GOOD, None).await.unwrap();
    let other = desk.service.sign_in("shan", GOOD, None).await.unwrap();
    assert!(one != other);
    let form = desk.service.form_token(&one);
    assert!(desk.service.is_form_token(&one, &form));
    assert!(!desk.service.is_form_token(&other, &form) && !desk.service.is_form_token(&one, ""));
}

#[tokio::test]
async fn a_wrong_password_ten_times_waits_and_the_right_one_waits_with_it() {
    let desk = Desk::set_up().await;
    let mut waited = 0;
    for n in 0..10 {
        let mut refused = desk.service.sign_in("shan", "竹林 river 七弦 85", place(n)).await;
        if let Err(SignInError::Wait { seconds }) = refused {
            desk.pass(seconds);
            waited += seconds;
            refused = desk.service.sign_in("shan", "竹林 river 七弦 85", place(n)).await;
        }
        assert!(matches!(refused, Err(SignInError::Wrong)), "{n}: {refused:?}");
    }
    assert_eq!(waited, 15 + 30 + 60 + 120 + 240, "each costs more");
    let right = desk.service.sign_in("shan", GOOD, place(99)).await;
    assert!(matches!(right, Err(SignInError::Wait { seconds: 480 })), "{right:?}");
    desk.pass(480);
    assert!(desk.service.sign_in("shan", GOOD, place(99)).await.is_ok());
    assert!(
        matches!(desk.service.sign_in("shan", "x", place(98)).await, Err(SignInError::Wrong)),
        "forgotten"
    );
}

#[tokio::test]
async fn guessing_names_from_one_place_waits_too_and_tells_nothing() {
    let desk = Desk::set_up().await;
    for n in 0..10 {
        let refused = desk.service.sign_in(&format!("nobody{n}"), GOOD, place(1)).await;
        assert!(matches!(refused, Err(SignInError::Wrong)));
    }
    assert!(matches!(desk.service.sign_in("shan", GOOD, place(1)).await, Err(SignInError::Wait { .. })));
    assert!(desk.service.sign_in("shan", GOOD, place(2)).await.is_ok());
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_signs_out_everywhere_else() {
    let desk = Desk::set_up().await;
    let elsewhere = desk.service.sign_in("shan", GOOD, None).await.unwrap();
    let now = desk.service.now();
    let who = desk.service.store.signed_in(&elsewhere, now).await.unwrap().unwrap().account.id;
    let wrong = desk.service.change_password(&who, "x", "三只猫在屋顶上唱歌跳舞", None).await;
    assert!(matches!(wrong, Err(NewPasswordError::SignIn(SignInError::Wrong))));
    let same = desk.service.change_password(&who, GOOD, GOOD, None).await;
    assert!(matches!(same, Err(NewPasswordError::Password(PasswordProblem::Same))));
    let token = desk.service.change_password(&who, GOOD, "三只猫在屋顶上唱歌跳舞", None).await.unwrap();
    assert!(desk.service.store.signed_in(&elsewhere, now).await.unwrap().is_none());
    assert!(desk.service.store.signed_in(&token, now).await.unwrap().is_some());
    assert!(matches!(desk.service.sign_in("shan", GOOD, None).await, Err(SignInError::Wrong)));
}

#[tokio::test]
async fn an_account_that_ended_is_as_if_it_were_not_there() {
    let desk = Desk::set_up().await;
    let kept = desk.service.store.account_of_login("shan").await.unwrap().unwrap();
    let ended = Account { ended: true, ..kept.account };
    desk.service.store.change_account(&ended, 1, "admin", desk.service.now()).await.unwrap();
    assert!(matches!(desk.service.sign_in("shan", GOOD, None).await, Err(SignInError::Wrong)));
}
