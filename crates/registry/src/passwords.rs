//! Passwords as they are kept: argon2id (RFC 9106) with the parameters that OWASP names for servers: 19 MiB, two
//! passes, one lane. Hashing is slow on purpose, so it is done beside the threads that serve, a few at a time.

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// At a time: each takes a processor and its memory. Whoever tries more waits for the others.
const AT_A_TIME: usize = 2;
/// Waiting at most; further ones are to come again.
const WAITING: usize = 64;

/// Hashes and compares passwords.
#[derive(Debug)]
pub(crate) struct Passwords {
    working: Semaphore,
    waiting: Semaphore,
    /// What is compared with when there is no such account, so that it takes as long.
    nobodys: String,
}

/// Too many are waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Busy;

impl Passwords {
    pub(crate) fn new() -> Passwords {
        Passwords {
            working: Semaphore::new(AT_A_TIME),
            waiting: Semaphore::new(WAITING),
            nobodys: hash_now("nobody has this password"),
        }
    }

    /// A password as it is kept.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Busy> {
        let password = password.to_owned();
        self.beside(move || hash_now(&password)).await
    }

    /// Whether a password is the one that is kept; with none kept it never is, and it takes as long to say so.
    pub(crate) async fn is(&self, password: &str, kept: Option<&str>) -> Result<bool, Busy> {
        let (password, real) = (password.to_owned(), kept.is_some());
        let kept = kept.unwrap_or(&self.nobodys).to_owned();
        self.beside(move || fits(&password, &kept) && real).await
    }

    async fn beside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let _waiting = self.waiting.try_acquire().map_err(|_| Busy)?;
        // Neither is ever closed.
        let _working = self.working.acquire().await.map_err(|_| Busy)?;
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => Ok(done),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("the parameters are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_now(password: &str) -> String {
    let salt = SaltString::generate(&mut OsRng);
    argon2()
        .hash_password(password.as_bytes(), &salt)
        .expect("a password of this length can be hashed")
        .to_string()
}

fn fits(password: &str, kept: &str) -> bool {
    // What is kept says with which parameters: older ones stay good.
    PasswordHash::new(kept).is_ok_and(|kept| argon2().verify_password(password.as_bytes(), &kept).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_itself_and_nothing_else() {
        let passwords = Passwords::new();
        let (one, again) =
            (passwords.hash("竹林 river").await.unwrap(), passwords.hash("竹林 river").await.unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && one != again, "{one}");
        assert_eq!(passwords.is("竹林 river", Some(&one)).await, Ok(true));
        for other in ["竹林 River", "竹林 river ", ""] {
            assert_eq!(passwords.is(other, Some(&one)).await, Ok(false));
        }
        assert_eq!(passwords.is("nobody has this password", None).await, Ok(false));
        assert_eq!(passwords.is("x", Some("no hash")).await, Ok(false));
    }

    #[tokio::test]
    async fn more_than_can_wait_are_sent_away() {
        let passwords = Passwords::new();
        let held = passwords.waiting.acquire_many(WAITING as u32).await.unwrap();
        assert_eq!(passwords.is("x", None).await, Err(Busy));
        drop(held);
        assert_eq!(passwords.is("x", None).await, Ok(false));
    }
}
