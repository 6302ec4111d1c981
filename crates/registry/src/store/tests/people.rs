//! Accounts, and who is signed in.

use super::databases::{Engine, Fresh, on_both};
use crate::store::{Added, Changed, SessionToken};
use tongke_people::session::{IDLE, LONGEST};
use tongke_people::{Account, Appointment, Role};
use tongke_protocol::WallTime;

fn account(id: &str, login: &str) -> Account {
    Account {
        id: id.parse().unwrap(),
        login: login.into(),
        name: "单志明".into(),
        appointments: vec![Appointment { role: Role::Teacher, place: "school:lake".parse().unwrap() }],
        ended: false,
    }
}

fn after(begin: WallTime, time: std::time::Duration) -> WallTime {
    WallTime(begin.0 + time.as_micros() as u64)
}

const NOW: WallTime = WallTime(1_567_296_000_000_000);

on_both! {
    async fn the_first_account_is_made_once_and_only_once(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        assert!(!store.has_accounts().await.unwrap());
        let both = tokio::join!(
            async { store.add_first_account(&account("a", "first"), "hash", NOW).await.unwrap() },
            async { store.add_first_account(&account("b", "second"), "hash", NOW).await.unwrap() },
        );
        let mut both = [both.0, both.1];
        both.sort_by_key(|it| *it != Added::Done);
        assert_eq!(both, [Added::Done, Added::NotFirst]);
        assert!(store.has_accounts().await.unwrap());
        assert_eq!(store.accounts().await.unwrap().len(), 1);
        let audit = store.audit_after(0, 9).await.unwrap();
        assert_eq!(audit.iter().map(|line| line.what.as_str()).collect::<Vec<_>>(), ["account_first"]);
    }

    async fn an_account_is_found_however_its_name_is_typed_and_a_name_is_one_accounts(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        let shan = account("a", "Shan");
        assert_eq!(store.add_account(&shan, Some("hash"), None, "admin", NOW).await.unwrap(), Added::Done);
        let kept = store.account_of_login(" ＳＨＡＮ ").await.unwrap().unwrap();
        assert_eq!((kept.account.id.as_str(), kept.account.login.as_str()), ("a", "shan"));
        assert_eq!((kept.password.as_deref(), kept.version), (Some("hash"), 1));
        let other = account("b", "SHAN");
        assert_eq!(store.add_account(&other, None, Some("iss|1"), "admin", NOW).await.unwrap(), Added::Taken);
        let other = account("b", "li");
        assert_eq!(store.add_account(&other, None, Some("iss|1"), "admin", NOW).await.unwrap(), Added::Done);
        assert_eq!(store.account_of_subject("iss|1").await.unwrap().unwrap().account.id.as_str(), "b");
        let renamed = Account { login: "Shan".into(), ..other };
        assert_eq!(store.change_account(&renamed, 1, "admin", NOW).await.unwrap(), Changed::Taken);
        assert_eq!(store.account_of_login("nobody").await.unwrap(), None);
    }

    async fn two_who_change_one_account_do_not_overwrite_each_other(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        let before = account("a", "shan");
        store.add_account(&before, None, None, "admin", NOW).await.unwrap();
        let one = Account { name: "单一".into(), ..before.clone() };
        let other = Account { name: "单二".into(), ..before };
        assert_eq!(store.change_account(&one, 1, "admin", NOW).await.unwrap(), Changed::Done);
        assert_eq!(store.change_account(&other, 1, "leader", NOW).await.unwrap(), Changed::Meanwhile);
        let kept = store.account(&one.id).await.unwrap().unwrap();
        assert_eq!((kept.account.name.as_str(), kept.version), ("单一", 2));
        assert_eq!(store.audit_after(0, 9).await.unwrap().len(), 2, "what did not happen is not written down");
    }

    async fn whoever_is_signed_in_is_so_for_a_while_and_the_token_is_not_in_the_database(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        let who = account("a", "shan");
        store.add_account(&who, None, None, "admin", NOW).await.unwrap();
        let token = SessionToken::new();
        store.begin_session(&token, &who.id, NOW).await.unwrap();
        let hashes: Vec<(String,)> =
            sqlx::query_as("SELECT token_hash FROM session").fetch_all(&store.database.pool).await.unwrap();
        assert!(hashes.iter().all(|(hash,)| hash.len() == 64 && !hash.contains(token.as_str())));
        assert!(store.signed_in(&SessionToken::new(), NOW).await.unwrap().is_none());
        let late = after(NOW, IDLE - std::time::Duration::from_secs(1));
        assert_eq!(store.signed_in(&token, late).await.unwrap().unwrap().account, who);
        // Asked for anything, it lasts on; asked for nothing, it does not.
        assert!(store.signed_in(&token, after(NOW, IDLE)).await.unwrap().is_some());
        assert!(store.signed_in(&token, after(late, IDLE)).await.unwrap().is_none());
        assert!(store.signed_in(&token, late).await.unwrap().is_none(), "it does not come back");
    }

    async fn nobody_is_signed_in_for_longer_than_a_day_whatever_they_ask_for(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        let who = account("a", "shan");
        store.add_account(&who, None, None, "admin", NOW).await.unwrap();
        let (token, quiet) = (SessionToken::new(), SessionToken::new());
        store.begin_session(&token, &who.id, NOW).await.unwrap();
        store.begin_session(&quiet, &who.id, NOW).await.unwrap();
        let mut at = NOW;
        while after(at, IDLE / 2) < after(NOW, LONGEST) {
            at = after(at, IDLE / 2);
            assert!(store.signed_in(&token, at).await.unwrap().is_some());
        }
        assert!(store.signed_in(&token, after(NOW, LONGEST)).await.unwrap().is_none());
        assert_eq!(store.forget_sessions(at).await.unwrap(), 1, "what nobody asked for any more");
    }

    async fn a_new_password_and_an_end_sign_out_everywhere(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        let who = account("a", "shan");
        store.add_account(&who, Some("old"), None, "admin", NOW).await.unwrap();
        let token = SessionToken::new();
        store.begin_session(&token, &who.id, NOW).await.unwrap();
        store.set_password(&who, "new", "shan", NOW).await.unwrap();
        assert!(store.signed_in(&token, NOW).await.unwrap().is_none());
        assert_eq!(store.account(&who.id).await.unwrap().unwrap().password.as_deref(), Some("new"));
        store.begin_session(&token, &who.id, NOW).await.unwrap();
        let ended = Account { ended: true, ..who };
        assert_eq!(store.change_account(&ended, 1, "admin", NOW).await.unwrap(), Changed::Done);
        assert!(store.signed_in(&token, NOW).await.unwrap().is_none());
        let said = store.audit_after(0, 9).await.unwrap();
        let said: Vec<_> = said.iter().map(|line| line.what.as_str()).collect();
        assert_eq!(said, ["account_added", "password_set", "account_ended"]);
    }

    async fn wrong_passwords_are_counted_until_a_right_one(engine) {
        let (_fresh, store) = Fresh::opened(engine).await;
        let who = account("a", "shan");
        store.add_account(&who, Some("hash"), None, "admin", NOW).await.unwrap();
        for _ in 0..3 {
            store.note_password(&who.id, Some(NOW)).await.unwrap();
        }
        let failures = store.account(&who.id).await.unwrap().unwrap().failures;
        assert_eq!((failures.count, failures.last), (3, NOW));
        store.note_password(&who.id, None).await.unwrap();
        assert_eq!(store.account(&who.id).await.unwrap().unwrap().failures.count, 0);
    }
}
